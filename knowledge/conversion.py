"""Rows of a file becoming entries: what a row leaves open, what is wrong with it, what its writer should know."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec
from msgspec import Struct

from knowledge.columns import ENGLISH, GIVEN, HEADS, first_day, kind, last_day, named, parts, yes
from knowledge.entries import IMPORTED, LONGEST_ANSWER, SHORT, Entry, no_text, too_long_for_sms
from knowledge.standard import standard, unknown
from knowledge.topics import Topics, by_name
from knowledge.words import LABELS, Words, said

SUFFIXES = (".csv", ".xlsx", ".md", ".docx")  # of files that can be imported
VALID_DAYS = 365
KEPT = ("questions", "audience", "district", "person", "source_en")  # of an entry, where a file has no column for it
OWN_ID = "id"  # kept by a row that names no entry of its own: what answers its question goes by any name
_WRITTEN = ("spoken", "sms", "steps", *ENGLISH)  # nothing without an answer


class Sheet(Struct):
    """The rows of a table with their numbers, what is wrong with rows as such and what is told of them, by number. `columns`
    are those of a table, `heads` what it calls them."""

    rows: list[tuple[int, dict[str, str]]]
    columns: frozenset[str] = frozenset()
    wrong: dict[int, list[Words]] = {}
    name: str = ""
    told: dict[int, list[Words]] = {}
    heads: dict[str, str] = {}


class ConvertedRow(Struct, frozen=True):
    """What became of one row of a sheet: an entry, or what is wrong with it. `keeps` names the fields that the file does not
    speak of: an entry that is there keeps them. `notes` are for the writer to know, and no problem."""

    number: int
    id: str
    problems: list[Words]
    entry: Entry | None = None
    keeps: tuple[str, ...] = ()
    notes: tuple[Words, ...] = ()
    sheet: str = ""

    def place(self, language: str) -> str:
        """Where it stands in the file, for its writer."""
        sheet = Words(f"工作表“{self.sheet}”", f"sheet “{self.sheet}” ").told(language) if self.sheet else ""
        return sheet + Words(f"第 {self.number} 行", f"row {self.number}").told(language)


class ImportReport(Struct, frozen=True):
    """`problem` is about the file as a whole; then there are no rows. `unanswered` standard questions stand in it without
    an answer, and are none of the rows. `notes` are about the file."""

    rows: list[ConvertedRow]
    problem: Words | None = None
    unanswered: int = 0
    notes: list[Words] = []

    @property
    def entries(self) -> list[Entry]:
        return [row.entry for row in self.rows if row.entry is not None]

    @property
    def bad(self) -> int:
        return sum(bool(row.problems) for row in self.rows)


class Conversion:
    """Rows becoming entries of these topics; a row may be wrong by what another says."""

    def __init__(self, sheets: Sequence[Sheet], owner: str, today: date, topics: Topics) -> None:
        self.topics = topics
        self._names = {name.casefold(): id for name, id in by_name(topics).items()}
        self._names |= {each.en.casefold(): each.id for each in topics.values()}
        self._sheets = sheets
        self._owner = owner
        self._today = today
        self._seen: dict[str, Words] = {}
        self._asked: dict[str, tuple[str, Words]] = {}  # by what is asked: the answer, and where it stands
        own = any(sheet.columns & {"wording", "standard"} for sheet in sheets)
        self._questions = standard().questions if own else {}

    def report(self) -> ImportReport:
        rows, unanswered = [], 0
        for sheet in self._sheets:
            for number, values in sheet.rows:
                if _is_open(sheet, number, values):
                    unanswered += 1
                else:
                    rows.append(self._row(sheet, number, values))
        return ImportReport(rows, unanswered=unanswered)

    def _row(self, sheet: Sheet, number: int, values: Mapping[str, str]) -> ConvertedRow:
        raw = self._filled(sheet, values)
        id, heads = str(raw["id"]), _Heads(sheet)
        row = ConvertedRow(number, id, [], sheet=sheet.name)
        notes = tuple(sheet.told.get(number, ()))
        if problems := [*sheet.wrong.get(number, ()), *self._problems(sheet, row, raw, values)]:
            return msgspec.structs.replace(row, problems=problems, notes=notes)
        try:
            entry = msgspec.convert(raw, Entry, strict=False)
        except msgspec.ValidationError as error:
            return msgspec.structs.replace(row, problems=[said(error, heads.labels)], notes=notes)
        if problems := [*entry.problems(), *_too_long(entry)]:
            return msgspec.structs.replace(row, problems=problems, notes=notes)
        if (again := self._again(row, entry, "id" in values)) is not None:
            problems, told = again
            return msgspec.structs.replace(row, problems=problems, notes=(*notes, *told))
        spoken_of = (sheet.columns - {"person"}) | values.keys()  # an empty cell does not say that nobody is needed
        keeps = tuple(name for name in KEPT if name not in spoken_of)
        if not (sheet.columns | values.keys()) & ENGLISH.keys():
            keeps += ("en",)
        if "wording" in sheet.columns or "id" not in values:
            keeps += (OWN_ID,)
        notes += tuple(self._notes(sheet, id, values, heads))
        return msgspec.structs.replace(row, entry=entry, keeps=keeps, notes=notes)

    def _filled(self, sheet: Sheet, values: Mapping[str, str]) -> dict[str, object]:
        """What a row says, and what is so where it says nothing."""
        today, template = self._today, "wording" in sheet.columns
        raw: dict[str, object] = {
            "topic": "course_faq", "source": IMPORTED, "owner": self._owner, "valid_from": today.isoformat(),
            "valid_until": (today + timedelta(days=VALID_DAYS)).isoformat(), "id": named_by(values.get("questions", "")),
            "kind": "guide" if "steps" in values and template else "faq",
        }  # fmt: skip
        if template:
            raw["id"] = raw["standard"] = values.get("id", "")
            if (question := self._questions.get(values.get("id", ""))) is not None:
                raw["topic"] = question.topic
        readers = {**_READERS, "valid_from": first_day(today)}
        raw |= {name: readers.get(name, str)(value) for name, value in values.items() if name not in GIVEN}
        raw["topic"] = self._names.get(str(raw["topic"]).casefold(), raw["topic"])
        english = {ENGLISH[name]: raw.pop(name) for name in ENGLISH if name in raw}
        return raw | {"en": english} if english else raw

    def _problems(
        self, sheet: Sheet, row: ConvertedRow, raw: Mapping[str, object], values: Mapping[str, str]
    ) -> Iterator[Words]:
        """What an entry cannot say of itself."""
        heads, template = _Heads(sheet), "wording" in sheet.columns
        if template and "id" not in values:
            yield Words(
                "没有编号：标准问题由系统给定；自己的问题请另做一个文件，列是 问题、回答",
                "No id: the standard questions are given; put your own into another file with the columns question and answer",
            )
        elif (name := raw.get("standard")) is not None and name not in self._questions:
            yield unknown(str(name), self._questions)
        if not template and "questions" not in values:
            yield Words(f"“{heads('questions').zh}”空着", f"“{heads('questions').en}” is empty")
        if (topic := str(raw["topic"])) not in self.topics:
            yield Words(
                f"{heads('topic').zh}：没有“{topic[:40]}”；可以是 {'、'.join(each.zh for each in self.topics.values())}",
                f"{heads('topic').en}: there is no “{topic[:40]}”; there are {', '.join(each.en for each in self.topics.values())}",
            )
        if "answer" not in values:
            yield Words(f"“{heads('answer').zh}”空着", f"“{heads('answer').en}” is empty")
        elif (length := len(values["answer"])) > LONGEST_ANSWER:
            yield Words(
                f"“{heads('answer').zh}”有 {length} 字，最多 {LONGEST_ANSWER} 字",
                f"“{heads('answer').en}” has {length} characters, {LONGEST_ANSWER} at most",
            )

    def _again(self, row: ConvertedRow, entry: Entry, named: bool) -> tuple[list[Words], list[Words]] | None:
        """What is wrong with a row, and what is told of it, that says again what another said; None where none did."""
        here, asked = Words(row.place("zh"), row.place("en")), [_plain(each) for each in entry.questions]
        for question, words in zip(asked, entry.questions, strict=True):
            if (other := self._asked.get(question)) is not None and other[0] != entry.answer:
                told = Words(
                    f"“{words[:40]}”已经有另一个回答：{other[1].zh}；请只留一个",
                    f"“{words[:40]}” has another answer: {other[1].en}; keep one of them",
                )
                return [told], []
        if (first := self._seen.get(entry.id)) is not None:
            if named:
                return [
                    Words(
                        f"编号 {entry.id} 重复：{first.zh}已经有了",
                        f"The id {entry.id} stands twice: {first.en} has it",
                    )
                ], []
            return [], [Words(f"和{first.zh}一样，没有再收", f"The same as {first.en}: not taken again")]
        self._seen[entry.id] = here
        self._asked |= dict.fromkeys(asked, (entry.answer, here))
        return None

    def _notes(self, sheet: Sheet, id: str, values: Mapping[str, str], heads: "_Heads") -> Iterator[Words]:
        length = len(values["answer"])
        if length > SHORT and "sms" not in values:
            yield Words(
                f"“{heads('answer').zh}”有 {length} 字，短信只发开头放得下的整句",
                f"“{heads('answer').en}” has {length} characters: a text message takes its first whole sentences only",
            )
        question = self._questions.get(id)
        if question is None or "wording" not in sheet.columns:
            return
        for name, wording in (("wording", question.zh), ("english", question.en)):
            if (written := values.get(name)) and written != wording:
                yield Words(
                    f"“{heads(name).zh}”的改动没有采用，说法由系统给定：{wording}",
                    f"The change of “{heads(name).en}” was not taken, the wording is given: {wording}",
                )


_READERS: Mapping[str, Callable[[str], object]] = {
    "questions": parts, "steps": parts, "en_steps": parts, "valid_until": last_day, "kind": kind,
    "person": yes,
}  # fmt: skip


class _Heads:
    """The columns of a sheet as it calls them; `labels` for what is wrong with a value."""

    def __init__(self, sheet: Sheet) -> None:
        self._heads = sheet.heads
        names = {**{name: name for name in LABELS}, **{f"en.{field}": name for name, field in ENGLISH.items()}}
        self.labels = {field: self(name) for field, name in names.items() if name in HEADS}

    def __call__(self, name: str) -> Words:
        return named(name, self._heads.get(name, ""))


def _is_open(sheet: Sheet, number: int, values: Mapping[str, str]) -> bool:
    """Whether it is a standard question that nobody has answered yet."""
    return "wording" in sheet.columns and not values.keys() & {"answer", *_WRITTEN} and number not in sheet.wrong


def _too_long(entry: Entry) -> Iterator[Words]:
    if (length := too_long_for_sms(entry)) is not None:
        yield no_text(length)


def _plain(question: str) -> str:
    """A question without what makes no difference to it."""
    folded = unicodedata.normalize("NFKC", question).casefold()
    return "".join(char for char in folded if char.isalnum()) or folded


def named_by(questions: str) -> str:
    """The id of a row that gives none: of its first question, so that the same row again is the same entry."""
    first = next(iter(parts(questions)), "")
    return f"import-{hashlib.sha256(_plain(first).encode()).hexdigest()[:12]}"
