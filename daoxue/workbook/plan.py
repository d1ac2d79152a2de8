"""What a workbook would change: looked at as a whole, beside what there is, before anything is written."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from msgspec.structs import replace

from accounts.registering import KnownLearner, Registered
from bot.texts import NO_SUCH_TEXT, Texts
from daoxue import check
from daoxue.resolved import greets_of
from daoxue.workbook import centre as centres
from daoxue.workbook import details, left_out, records, rows
from daoxue.workbook.book import Book, FilledPage
from daoxue.workbook.cells import ungrouped
from daoxue.workbook.columns import BookSheet
from daoxue.workbook.faults import Fault
from daoxue.workbook.records import THE_CENTRE, Records, Taken, named
from daoxue.workbook.rows import Key, PageReading, Place
from daoxue.workbook.sheets import (
    ANSWERS,
    BANK,
    CENTRE,
    HOURS,
    LEARNERS,
    ORGANISATIONS,
    QUESTIONS,
    SEATS,
    SHEETS,
    SPECIAL_DAYS,
    TEXTS,
)
from desk.staff import StaffAccount
from integrations.channels import CHANNELS
from knowledge.catalogue import KIND_OF, Catalogue, Organisation, Record
from knowledge.centre import Centre
from knowledge.consistency import inconsistencies
from knowledge.conversion import Conversion
from knowledge.conversion import Sheet as AnswerRows
from knowledge.entries import Entry
from knowledge.gaps import about
from knowledge.headings import Heading
from knowledge.library import Partial
from knowledge.renaming import renamed
from knowledge.sessions import with_past
from knowledge.standard import IN_DANGER, standard
from knowledge.words import Words, in_words

_PLACED = re.compile(r"(\w+) (\S+): (?:([\w.]+): )?(.*)")
_TAKEN_BY = re.compile(r" is taken by (\S+)$")
_DATED = ("valid_from", "valid_until", "owner", "source")  # of an answer that is there, where a row does not say them
_PAST = Words(
    "已经过去的特殊日子没有删，有班还没上完，末次课按它算；那天其实开了门，就写上那天的时间",
    "special days that are over stay, a class that goes on is reckoned by them; was it open then, write that day's hours",
)
_SHEET_OF = {sheet.kind: sheet for sheet in SHEETS if sheet.kind and not sheet.detail}


@dataclass(frozen=True, slots=True)
class State:
    """What there is. `published` are all answers; `answers` those on record, one by standard question; `own` those to
    questions of the centre's own, by id. `kept` gives what an answer of a sheet becomes beside them. `desk` says who
    wrote something last at the desk, by kind and id; an answer's kind is `entry`."""

    records: Records
    centre: Centre
    published: Collection[Entry]
    answers: Mapping[str, Entry]
    own: Mapping[str, Entry]
    staff: Mapping[str, StaffAccount]
    learners: Mapping[str, KnownLearner]
    revision: int
    kept: Callable[[Sequence[Partial]], Sequence[Entry]]
    desk: Mapping[Key, str]


@dataclass(slots=True)
class Counts:
    new: int = 0
    changed: int = 0
    same: int = 0

    def add(self, before: object, after: object) -> bool:
        """Counts one; whether it is not as it was."""
        if before is None:
            self.new += 1
        elif before != after:
            self.changed += 1
        else:
            self.same += 1
        return before != after


@dataclass(slots=True)
class Plan:
    """What is to be written, what was counted by sheet, what is there and not in its sheet (`left`), what is wrong, and
    what should be known."""

    revision: int
    records: list[Record] = field(default_factory=list)
    dropped: list[Key] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    expired: list[Entry] = field(default_factory=list)
    staff: list[tuple[StaffAccount, bool]] = field(default_factory=list)  # and whether they are new
    learners: list[tuple[Registered, int | None]] = field(default_factory=list)
    counts: dict[str, Counts] = field(default_factory=dict)
    left: list[tuple[str, str]] = field(default_factory=list)  # the sheet's name, and what
    problems: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.records or self.dropped or self.entries or self.expired or self.staff or self.learners)

    def count(self, sheet: BookSheet, before: object, after: object) -> bool:
        return self.counts.setdefault(sheet.name, Counts()).add(before, after)


def planned(book: Book, state: State, by: str, today: date, *, remove: bool) -> Plan:
    """What a workbook would change; with `remove` what is left goes too."""
    plan = Plan(state.revision, problems=list(book.problems), notes=list(book.notes))
    reading = PageReading(named(state.records), today, plan.problems)
    taken = records.taken(reading, book, state.records, state.centre)
    _catalogue(plan, state, taken, remove, today)
    for record in plan.records:
        sheet = _SHEET_OF[kind := KIND_OF[type(record)]]
        _tell_of_desk(plan, state, (kind, record.id), reading.places.get((kind, record.id)) or (sheet, 0))
    after = {key: each for key, each in {**state.records, **taken.records}.items() if key not in plan.dropped}
    _centre(plan, reading, after)
    topics = Catalogue.of(after.values()).topics
    for sheet in (ANSWERS, QUESTIONS):
        if (filled := book.sheets.get(sheet.key)) is not None:
            fields = (
                filled.fields | {"wording"} if sheet is ANSWERS else filled.fields
            )  # which marks standard questions
            conversion = Conversion([AnswerRows(filled.rows, fields)], by, today, topics)
            _answers(plan, filled, conversion, state, remove)
    if (filled := book.sheets.get(SEATS.key)) is not None:
        _staff(plan, reading, filled, state.staff, remove)
    if (filled := book.sheets.get(LEARNERS.key)) is not None:
        _learners(plan, reading, filled, state.learners, remove)
    _leaving(plan, state, taken.left, after, remove=remove)
    _gaps(plan, state, Catalogue.of(after.values()), today)
    if not plan.problems:
        plan.problems += _misfits(reading, after.values(), state.records.values())
    return plan


# -- the catalogue


def _catalogue(plan: Plan, state: State, taken: Taken, remove: bool, today: date) -> None:
    """Records that differ from what there is; and what is left of them, which goes where that is wanted."""
    owners = {**state.records, **taken.records}
    plan.left += [(sheet.name, records.name_of(owners[sheet.kind, id])) for sheet, id in taken.details]
    plan.left += [(TEXTS.name, f"{key}（{language}）") for language, key in taken.texts]
    if remove:
        plan.dropped = taken.left
        for sheet, id in taken.details:
            if (sheet.kind, id) not in taken.left:
                taken.records[sheet.kind, id] = details.without(owners[sheet.kind, id], sheet)
        if taken.texts:
            said = taken.records.get(THE_CENTRE)
            taken.records[THE_CENTRE] = centres.without(said if isinstance(said, Centre) else state.centre, taken.texts)
    _renamed(plan, state, taken)
    before = Catalogue.of(state.records.values())
    for (kind, id), new in taken.records.items():
        if (record := with_past(new, before, today)) is not new:
            taken.records[kind, id] = record
            name = records.name_of(record)
            plan.notes.append(Fault(about(id, Words(name, name), _PAST), SPECIAL_DAYS.name))
        if plan.count(_SHEET_OF[kind], state.records.get((kind, id)), record):
            plan.records.append(record)


def _renamed(plan: Plan, state: State, taken: Taken) -> None:
    """What stands under a heading by the name that it had goes along with its new one, unless another has that now."""
    after = {key: each for key, each in {**state.records, **taken.records}.items() if key not in plan.dropped}
    names = {(kind, each.name) for (kind, _), each in after.items() if isinstance(each, Heading)}
    for key, heading in [*taken.records.items()]:
        before = state.records.get(key)
        if isinstance(heading, Heading) and isinstance(before, Heading) and (key[0], before.name) not in names:
            below = renamed(after.values(), before, heading.name)
            taken.records |= {(KIND_OF[type(each)], each.id): each for each in below}


def _tell_of_desk(plan: Plan, state: State, key: Key, place: Place) -> None:
    """What somebody wrote at the desk since is written over: an older workbook is no newer for being taken in."""
    if (who := state.desk.get(key)) is not None:
        zh, en = (
            f"{who} 在坐席台改过，这次以表里的为准；不对就先用 export --workbook 取新的表再改",
            f"{who} changed it at the desk; the sheet wins now",
        )
        plan.notes.append(Fault(Words(zh, en), place[0].name, place[1]))


def _centre(plan: Plan, reading: PageReading, after: Records) -> None:
    """What is wrong with what the centre says of itself, where it says anything new."""
    centre = next((each for each in plan.records if isinstance(each, Centre)), None)
    if centre is None:
        return
    texts = Texts(greets=greets_of(CHANNELS))
    for each in texts.misfits(centre.texts, centre, CHANNELS):
        sheet, row = reading.places.get((f"texts/{each.language}", each.key), (TEXTS, 0))
        longer = Words(each.why, "it does not fit an SMS or the telephone: give it a shorter form")
        said = longer if each.form else in_words(each.why)
        column = each.form or ("key" if each.why == NO_SUCH_TEXT else "text")
        plan.problems.append(Fault(said, sheet.name, row, sheet.head(column)))
    for problem in centre.problems():
        sheet, row = reading.places.get(("centre", problem.partition(":")[0]), (CENTRE, 0))
        said = Words(problem.partition(": ")[2], "this colour is too light for white letters")
        plan.problems.append(Fault(said, sheet.name, row, sheet.head("zh")))


def _misfits(reading: PageReading, after: Collection[Record], before: Collection[Record]) -> Iterator[Fault]:
    """What would be wrong with the catalogue as a whole, and was not before."""
    known = set(inconsistencies(Catalogue.of(before)))
    for problem in inconsistencies(Catalogue.of(after)):
        if problem not in known:
            yield _placed(reading, problem)
    colleges = [each for each in after if isinstance(each, Organisation) and each.level == "college"]
    for each in colleges[1:]:
        sheet, row = reading.places.get(("organisation", each.id), (ORGANISATIONS, 0))
        said = Words(f"学院只能有一个，已经有 {colleges[0].name}", f"there is one college, {colleges[0].name}")
        yield Fault(said, sheet.name, row, sheet.head("level"))


def _placed(reading: PageReading, problem: str) -> Fault:
    """A problem of the catalogue at the row that it is about."""
    if problem.startswith("bank: "):
        return Fault(in_words(problem), BANK.name, 0, "")
    match = _PLACED.fullmatch(problem)
    if match is None:
        return Fault(in_words(problem))
    kind, id, name, text = match.groups()
    place: Place | None = reading.places.get((HOURS.key, id)) if name == "hours" else None
    sheet, row = place or reading.places.get((kind, id)) or (_SHEET_OF[kind], 0)
    said = in_words(text)
    if (other := _TAKEN_BY.search(text)) and (there := reading.places.get((kind, other[1]), (sheet, 0))[1]):
        said = Words(f"{said.zh}（第 {there} 行）", f"{said.en} (row {there})")
    if not row:  # what is wrong is in something that is there, and not in the workbook
        return Fault(Words(f"{id}：{said.zh}", f"{id}: {said.en}"), sheet.name)
    return Fault(said, sheet.name, row, sheet.head(name or "id"))


def _leaving(plan: Plan, state: State, left: Sequence[Key], after: Records, *, remove: bool) -> None:
    """Records that are gone from their sheets, with what still names them: where that needs them they cannot go."""
    gone = {each.id for each in plan.expired}
    there = left_out.Remaining(
        [each for key, each in after.items() if key not in left],
        [*{**state.staff, **{each.name: each for each, _ in plan.staff}}.values()],
        [*{**{card: each.learner for card, each in state.learners.items()}, **{each.card: each for each, _ in plan.learners}}.values()],
        [each for id, each in {**{each.id: each for each in state.published}, **{each.id: each for each in plan.entries}}.items() if id not in gone],
    )  # fmt: skip
    listed = []
    for key in left:
        record, sheet = state.records[key], _SHEET_OF[key[0]]
        named = left_out.naming(record, there)
        listed.append((sheet.name, left_out.left(record, named)))
        if remove and named and left_out.needs(record):
            plan.problems.append(Fault(left_out.kept(record, named), sheet.name))
    plan.left[:0] = listed


# -- answers


def _answers(plan: Plan, filled: FilledPage, conversion: Conversion, state: State, remove: bool) -> None:
    """Of either sheet: what it says of the answers that it is the sheet of."""
    sheet, report, cells = filled.sheet, conversion.report(), dict(filled.rows)
    known = state.own if sheet is QUESTIONS else state.answers
    found: list[Partial] = []
    places: dict[str, int] = {}
    for row in report.rows:
        plan.problems += [Fault(each, sheet.name, row.number) for each in row.problems]
        plan.notes += [Fault(each, sheet.name, row.number) for each in row.notes]
        if sheet is QUESTIONS and row.id in standard().questions:
            said = Words(
                "这是标准问题的编号：回答请写在“标准问题”表", "a standard question has this id: answer it on 标准问题"
            )
            plan.problems.append(Fault(said, sheet.name, row.number, sheet.head("id")))
        elif row.entry is not None:
            old = known.get(row.entry.standard or row.id)
            dated = _DATED if old is not None and old.valid_until >= row.entry.valid_from else ()
            found.append((row.entry, (*row.keeps, *(each for each in dated if each not in cells[row.number]))))
            places[row.entry.standard or row.id] = row.number
    entries = state.kept(found)
    fresh = [each for each in entries if plan.count(sheet, known.get(each.standard or each.id), each)]
    plan.entries += fresh
    for entry in fresh:
        _tell_of_desk(plan, state, ("entry", entry.id), (sheet, places.get(entry.standard or entry.id, 0)))
    numbers = {entry.id: places.get(entry.standard or entry.id, 0) for entry in entries}
    for problem in check.misplaced(fresh, conversion.topics):
        id = problem.split(": ")[0].removeprefix("entry ")
        plan.problems.append(Fault(in_words(problem), sheet.name, numbers.get(id, 0)))
    if found:
        gone = {key: entry for key, entry in known.items() if key not in places}
        plan.left += [
            (sheet.name, f"{each.title}（{key}）" if sheet is QUESTIONS else key) for key, each in gone.items()
        ]
        if remove:
            _expire(plan, sheet, gone)


def _expire(plan: Plan, sheet: BookSheet, gone: Mapping[str, Entry]) -> None:
    """Takes these out; but for what people in danger hear, which nobody takes out alone."""
    plan.expired += [each for key, each in gone.items() if key not in IN_DANGER]
    kept = Words(
        "居民遇到危险时要说，没有删除：要下线请两个人在坐席台办",
        "people in danger hear it, so it stays: two people take it out at the desk",
    )
    plan.notes += [
        Fault(about(key, Words(each.title, each.title), kept), sheet.name)
        for key, each in gone.items()
        if key in IN_DANGER
    ]


def _gaps(plan: Plan, state: State, after: Catalogue, today: date) -> None:
    """What residents will ask in vain from now on, and did not before."""
    gone, entries = {each.id for each in plan.expired}, {each.id: each for each in state.published}
    then = {**entries, **{each.id: each for each in plan.entries}}
    before = check.gaps(entries.values(), Catalogue.of(state.records.values()), today)
    said = check.gaps([each for id, each in then.items() if id not in gone], after, today)
    plan.notes += [Fault(each, ANSWERS.name) for each in said if each not in before]


# -- people


def _staff(
    plan: Plan, reading: PageReading, filled: FilledPage, known: Mapping[str, StaffAccount], remove: bool
) -> None:
    found = _read_once(reading, filled, StaffAccount, "name", known)
    records.misnamed(reading, filled, found, known)
    for account in found.values():
        if plan.count(SEATS, known.get(account.name), account):
            plan.staff.append((account, account.name not in known))
    gone = [each for name, each in known.items() if name not in found and each.active] if filled.rows else []
    plan.left += [(SEATS.name, each.name) for each in gone]
    if remove:
        plan.staff += [(replace(each, active=False), False) for each in gone]
    after = {**known, **{account.name: account for account, _ in plan.staff}}
    if _administered(known.values()) and not _administered(after.values()):
        said = Words("至少要留一位在用的管理员", "an active administrator has to remain")
        plan.problems.append(Fault(said, SEATS.name, 0, SEATS.head("role")))


def _administered(accounts: Iterable[StaffAccount]) -> bool:
    return any(each.active and each.role == "administrator" for each in accounts)


def _learners(
    plan: Plan, reading: PageReading, filled: FilledPage, known: Mapping[str, KnownLearner], remove: bool
) -> None:
    before = {card: each.learner for card, each in known.items()}
    found = _read_once(reading, filled, Registered, "card", before)
    for number, cells in filled.rows:
        learner = found.get(ungrouped(cells.get("card", "")))
        if learner is not None and learner.card not in known and not learner.checks:
            said = Words("最后一位是校验位，和前面对不上", "the last digit checks the others, and does not fit")
            reading.wrong(filled.sheet, number, filled.sheet.head("card"), said)
    for learner in found.values():
        if plan.count(LEARNERS, before.get(learner.card), learner):
            old = known.get(learner.card)
            plan.learners.append((learner, old.id if old else None))
    gone = [each for card, each in known.items() if card not in found and each.learner.status != "void"]
    if filled.rows:
        plan.left += [(LEARNERS.name, f"卡号尾号 {each.learner.card[-4:]}") for each in gone]
        plan.learners += [(replace(each.learner, status="void"), each.id) for each in gone] if remove else []


def _read_once(
    reading: PageReading, filled: FilledPage, kind: type[rows.T], key: str, known: Mapping[str, rows.T]
) -> dict[str, rows.T]:
    """The rows by what tells them apart, of which none may stand there twice."""
    found: dict[str, rows.T] = {}
    first: dict[str, int] = {}
    for number, cells in filled.rows:
        row = rows.read(reading, filled, (number, cells), kind, known.get(ungrouped(cells.get(key, ""))))
        if row is None:
            continue
        name = str(getattr(row, key))
        if name in found:
            said = Words(f"与第 {first[name]} 行重复", f"the same as row {first[name]}")
            reading.wrong(filled.sheet, number, filled.sheet.head(key), said)
        found[name], first[name] = row, number
    return found


def removable(plan: Plan) -> Iterable[str]:
    """What is left, by sheet."""
    sheets: dict[str, list[str]] = {}
    for sheet, what in plan.left:
        sheets.setdefault(sheet, []).append(what)
    return [f"{sheet}：{'、'.join(whats)}" for sheet, whats in sheets.items()]
