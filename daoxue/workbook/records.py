"""The catalogue out of the sheets, and into them: records, their details, the centre, the rules of the credit bank."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import cast

import msgspec
from msgspec import Struct

from accounts.rules import Earning
from daoxue.workbook import centre as centres
from daoxue.workbook import details, rows
from daoxue.workbook.book import Book, FilledPage
from daoxue.workbook.cells import Cell, Names
from daoxue.workbook.centre import TextOf
from daoxue.workbook.columns import BookSheet
from daoxue.workbook.details import DetailsOf
from daoxue.workbook.rows import BankRow, Key, PageReading, written
from daoxue.workbook.sheets import (
    ACTIVITIES,
    BANK,
    CATEGORIES,
    CLASSES,
    COURSES,
    EARNINGS,
    ITEMS,
    OFFICES,
    ORGANISATIONS,
    RULES,
    THEMES,
    TOPICS,
)
from desk.names import unfit
from desk.staff import StaffAccount
from knowledge.catalogue import (
    Activity,
    BankRules,
    Course,
    CreditRule,
    Lesson,
    Office,
    Opening,
    Organisation,
    Record,
    RedemptionItem,
    SpecialDay,
    TrainingClass,
)
from knowledge.centre import Centre
from knowledge.headings import Category, Theme
from knowledge.topics import Topic
from knowledge.words import Words

Records = Mapping[Key, Record]
KINDS: tuple[tuple[BookSheet, type[Record]], ...] = (
    (TOPICS, Topic), (ORGANISATIONS, Organisation), (THEMES, Theme), (COURSES, Course), (CLASSES, TrainingClass),
    (ACTIVITIES, Activity), (RULES, CreditRule), (CATEGORIES, Category), (ITEMS, RedemptionItem), (OFFICES, Office),
)  # fmt: skip
THE_CENTRE: Key = ("centre", "centre")


@dataclass(slots=True)
class Taken:
    """The records as they are to be, and what is there and not in the sheets: records, and details of records."""

    records: dict[Key, Record] = field(default_factory=dict)
    left: list[Key] = field(default_factory=list)
    details: list[DetailsOf] = field(default_factory=list)
    texts: list[TextOf] = field(default_factory=list)


def name_of(record: Record) -> str:
    match record:
        case Topic():
            return record.zh
        case BankRules():
            return record.version
        case _:
            return record.name


def named(records: Records) -> Names:
    names = Names()
    for (kind, id), record in records.items():
        names.add(kind, id, name_of(record))
    return names


# -- out of the sheets


def taken(reading: PageReading, book: Book, known: Records, centre: Centre) -> Taken:
    """What the sheets say, on top of what is `known`; of what they have no sheet or column for, nothing changes."""
    found = Taken()
    identified = {
        sheet.key: rows.identified(reading, book.sheets[sheet.key], sheet.kind)
        for sheet, _ in KINDS
        if sheet.key in book.sheets and sheet is not TOPICS
    }
    if TOPICS.key in book.sheets:
        identified[TOPICS.key] = _topics(reading, book.sheets[TOPICS.key])
    for sheet, kind in KINDS:
        for row in identified.get(sheet.key, ()):
            key = (sheet.kind, row[1]["id"])
            old = known.get(key)
            row = row[0], _filled_in(row[1], old, reading.today)
            if (record := rows.read(reading, book.sheets[sheet.key], row, kind, _as(kind, old))) is not None:
                found.records[key] = record
    _versions(reading, book, found, known)
    found.details = details.taken(reading, book, known, found.records)
    said, found.texts = centres.taken(reading, book, centre)
    if said != centre:
        found.records[THE_CENTRE] = said
    found.left = _left(book, reading, known)
    return found


def _as(kind: type[Record], record: Record | None) -> Record | None:
    """What is known and of this kind. New records have no details yet, and say so."""
    if record is not None:
        return record
    empty: dict[type[Record], Callable[[], object]] = {Organisation: tuple, Course: tuple}
    return cast(Record, _Details()) if kind in empty else None


class _Details(Struct, frozen=True):
    """Of what is new."""

    hours: tuple[Opening, ...] = ()
    special_days: tuple[SpecialDay, ...] = ()
    lessons: tuple[Lesson, ...] = ()


def _topics(reading: PageReading, filled: FilledPage) -> list[tuple[int, dict[str, str]]]:
    """A topic's id is a word of its own: it stands in knowledge and settings."""
    found = []
    for number, cells in filled.rows:
        if (id := cells.get("id", "")) == "":
            reading.wrong(filled.sheet, number, filled.sheet.head("id"), rows.EMPTY)
        elif ("topic", id) in reading.places:
            reading.wrong(filled.sheet, number, filled.sheet.head("id"), Words("重复了", "stands twice"))
        else:
            reading.places["topic", id] = (filled.sheet, number)
            found.append((number, cells))
    return found


def _filled_in(cells: Mapping[str, str], old: Record | None, today: date) -> dict[str, str]:
    """What follows from other cells, or from the day."""
    found = dict(cells)
    if "first_day" in found:
        found.setdefault("last_day", found["first_day"])
    found.setdefault("checked_on", str(old.checked_on if isinstance(old, Organisation) else today))
    return found


def _left(book: Book, reading: PageReading, known: Records) -> list[Key]:
    """Records of the kinds that have a sheet with something in it, and are not there."""
    kinds = {filled.sheet.kind for filled in book.sheets.values() if filled.rows and not filled.sheet.detail}
    return [key for key in known if key[0] in kinds - {"", "centre"} and key not in reading.places]


# -- the rules of the credit bank


def _versions(reading: PageReading, book: Book, found: Taken, known: Records) -> None:
    """A version out of its rows: what holds for all of it stands in one of them at least, and never twice differently."""
    if (filled := book.sheets.get(BANK.key)) is None:
        return
    versions: dict[str, list[tuple[int, BankRow]]] = {}
    for number, row in rows.read_all(reading, filled, BankRow):
        versions.setdefault(row.version, []).append((number, row))
    for version, members in versions.items():
        first = members[0][0]
        common = {
            name: _common(reading, filled.sheet, name, members)
            for name in ("valid_from", "points_per_credit", "points_last_years", "order_days")
        }
        earn: dict[str, Earning] = {}
        for number, row in members:
            what = next((key for key, word in EARNINGS.items() if word == row.what), row.what)
            if what in earn:
                reading.wrong(
                    filled.sheet,
                    number,
                    filled.sheet.head("what"),
                    Words("这个版本里重复了", "stands twice in this version"),
                )
            earn[what] = Earning(row.credits, row.cap, row.per, row.minutes)
        id = next((row.id for _, row in members if row.id), None) or _version_id(reading, known, version)
        reading.places["bank", id] = (filled.sheet, first)
        if None not in common.values():
            found.records["bank", id] = msgspec.convert(
                {**common, "version": version, "earn": earn, "id": id, "kind": "bank"}, BankRules
            )


def _common(reading: PageReading, sheet: BookSheet, name: str, members: Sequence[tuple[int, BankRow]]) -> object:
    """What the rows of a version say of it; None where that is nothing, or two things, which is told."""
    said = {getattr(row, name): number for number, row in reversed(members) if getattr(row, name) is not None}
    if len(said) > 1:
        reading.wrong(
            sheet, max(said.values()), sheet.head(name), Words("同一个版本里写得不一样", "differs within one version")
        )
    elif not said:
        reading.wrong(sheet, members[0][0], sheet.head(name), rows.EMPTY)
    return next(iter(said)) if len(said) == 1 else None


def _version_id(reading: PageReading, known: Records, version: str) -> str:
    called = reading.names.called("bank", version)
    return called[0] if called else rows.new_id(reading.names, "bank", version)


# -- into the sheets


def shown(records: Records, centre: Centre) -> dict[str, list[dict[str, Cell]]]:
    """The rows of every sheet of the catalogue."""
    names = named(records)
    found = {
        sheet.key: [written(sheet, each, names) for each in records.values() if isinstance(each, kind)]
        for sheet, kind in KINDS
    }
    versions = [each for each in records.values() if isinstance(each, BankRules)]
    found[BANK.key] = [written(BANK, row, names) for version in versions for row in _rows_of(version)]
    return found | details.shown(records.values(), names) | centres.shown(centre, names)


def _rows_of(version: BankRules) -> Iterator[BankRow]:
    for number, (what, rule) in enumerate(version.earn.items()):
        whole = number == 0
        yield BankRow(
            id=version.id, version=version.version, valid_from=version.valid_from, what=EARNINGS.get(what, what),
            credits=rule.credits, minutes=rule.minutes, cap=rule.cap, per=rule.per,
            points_per_credit=version.points_per_credit if whole else None,
            points_last_years=version.points_last_years if whole else None,
            order_days=version.order_days if whole else None,
        )  # fmt: skip


def misnamed(
    reading: PageReading, filled: FilledPage, found: Mapping[str, StaffAccount], known: Mapping[str, StaffAccount]
) -> None:
    """Tells which accounts of a sheet are called what no account may be, or what another is."""
    called = {each.name: each.shown or each.name for each in known.values()}
    for number, cells in filled.rows:
        if (account := found.get(cells.get("name", ""))) is not None:
            if (wrong := unfit(account.name, account.shown, called)) is not None:
                reading.wrong(filled.sheet, number, filled.sheet.head(wrong.field), wrong.said)
            called[account.name] = account.shown or account.name
