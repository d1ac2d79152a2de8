"""Details of records, that have sheets of their own: opening hours, special days, lessons."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from daoxue.workbook import rows
from daoxue.workbook.book import Book, FilledPage
from daoxue.workbook.cells import Cell, Names
from daoxue.workbook.columns import BookSheet
from daoxue.workbook.rows import HoursRow, Key, LessonRow, PageReading, SpecialRow, written
from daoxue.workbook.sheets import HOURS, LESSONS, SPECIAL_DAYS
from knowledge.catalogue import Course, Lesson, Opening, Organisation, Record, SpecialDay
from knowledge.words import Words

DetailsOf = tuple[BookSheet, str]  # a sheet of details, and the id of what they are of


def taken(reading: PageReading, book: Book, known: Mapping[Key, Record], records: dict[Key, Record]) -> list[DetailsOf]:
    """Puts details into the `records` that they are of; what is `known` and has none in a sheet that has any at all keeps
    them, and is told."""
    left: list[DetailsOf] = []
    for sheet, read in ((HOURS, _hours), (SPECIAL_DAYS, _special_days), (LESSONS, _lessons)):
        if (filled := book.sheets.get(sheet.key)) is None or not filled.rows:
            continue
        everybody = [id for kind, id in {**known, **records} if kind == sheet.kind]
        details = read(reading, filled, everybody)
        for id in everybody:
            record = records.get((sheet.kind, id)) or known[sheet.kind, id]
            if id in details:
                records[sheet.kind, id] = _with(record, sheet, tuple(details[id]))
            elif getattr(record, sheet.detail):
                left.append((sheet, id))
    return left


def shown(records: Iterable[Record], names: Names) -> dict[str, list[dict[str, Cell]]]:
    """The rows of the sheets of details."""
    found: dict[str, list[Struct]] = {HOURS.key: [], SPECIAL_DAYS.key: [], LESSONS.key: []}
    for each in records:
        if isinstance(each, Organisation):
            found[HOURS.key] += in_rows(each.id, each.hours)
            found[SPECIAL_DAYS.key] += _special_days_of(each)
        elif isinstance(each, Course):
            found[LESSONS.key] += [
                LessonRow(owner=each.id, title=lesson.title, minutes=lesson.minutes, en=lesson.en)
                for lesson in each.lessons
            ]
    return {
        sheet.key: [written(sheet, row, names) for row in found[sheet.key]] for sheet in (HOURS, SPECIAL_DAYS, LESSONS)
    }


def _with(record: Record, sheet: BookSheet, values: tuple[Struct, ...]) -> Record:
    return replace(record, **{sheet.detail: values})


def without(record: Record, sheet: BookSheet) -> Record:
    """Without details."""
    return _with(record, sheet, ())


def _spans(reading: PageReading, sheet: BookSheet, number: int, row: HoursRow | SpecialRow) -> list[tuple[str, str]]:
    """The one or two spans of a row; what is wrong with them is told."""
    found: list[tuple[str, str]] = []
    for begins, ends in (("opens", "closes"), ("opens_again", "closes_again")):
        first, last = getattr(row, begins), getattr(row, ends)
        if (first is None) != (last is None):
            reading.wrong(sheet, number, sheet.head(begins if first is None else ends), rows.EMPTY)
        elif first is not None and last is not None:
            if last <= first:
                said = Words(f"关门 {last} 不晚于开门 {first}", f"closes {last}, which is not after it opens {first}")
                reading.wrong(sheet, number, sheet.head(ends), said)
            if found and first < found[0][1]:
                said = Words(f"早于前一段的关门 {found[0][1]}", f"before the first span closes, {found[0][1]}")
                reading.wrong(sheet, number, sheet.head(begins), said)
            found.append((first, last))
        elif begins == "opens" and row.opens_again is not None:
            reading.wrong(sheet, number, sheet.head(begins), rows.EMPTY)
    return found


def _hours(reading: PageReading, filled: FilledPage, _: Sequence[str]) -> dict[str, list[Struct]]:
    found: dict[str, list[Struct]] = {}
    for number, row in rows.read_all(reading, filled, HoursRow):
        spans = _spans(reading, filled.sheet, number, row)
        reading.places.setdefault((HOURS.key, row.owner), (filled.sheet, number))
        known = found.setdefault(row.owner, [])
        known.extend(each for span in spans if (each := Opening(row.days, *span)) not in known)  # a row twice is one
    return found


def _special_days(reading: PageReading, filled: FilledPage, everybody: Sequence[str]) -> dict[str, list[Struct]]:
    found: dict[str, list[Struct]] = {}
    for number, row in rows.read_all(reading, filled, SpecialRow):
        count = ((row.until or row.day) - row.day).days + 1
        if not 1 <= count <= 366:
            said = Words(
                f"{row.until} 早于 {row.day}，或相隔一年以上",
                f"{row.until} is before {row.day}, or more than a year later",
            )
            reading.wrong(filled.sheet, number, filled.sheet.head("until"), said)
            continue
        spans: Sequence[tuple[str | None, str | None]] = _spans(reading, filled.sheet, number, row) or [(None, None)]
        days = [
            SpecialDay(day=row.day + timedelta(days=each), reason=row.reason, opens=opens, closes=closes, en=row.en)
            for each in range(count)
            for opens, closes in spans
        ]
        for id in (row.owner,) if row.owner else everybody:
            found.setdefault(id, []).extend(days)
    return found


def _lessons(reading: PageReading, filled: FilledPage, _: Sequence[str]) -> dict[str, list[Struct]]:
    found: dict[str, list[Struct]] = {}
    for _number, row in rows.read_all(reading, filled, LessonRow):
        found.setdefault(row.owner, []).append(Lesson(row.title, row.minutes, row.en))
    return found


def in_rows(owner: str, hours: Iterable[Opening]) -> Iterator[HoursRow]:
    """Hours of a place; two spans of the same days share a row."""
    row: HoursRow | None = None
    for each in hours:
        if row is not None and row.days == each.days and row.opens_again is None and row.closes <= each.opens:
            yield replace(row, opens_again=each.opens, closes_again=each.closes)
            row = None
            continue
        if row is not None:
            yield row
        row = HoursRow(owner=owner, days=each.days, opens=each.opens, closes=each.closes)
    if row is not None:
        yield row


def _special_days_of(place: Organisation) -> Iterator[SpecialRow]:
    """Days one after the other that are alike share a row, and so do the two spans of a day."""
    row: SpecialRow | None = None
    for each in _single_days(place):
        if row is not None:
            next_one = (row.until or row.day) + timedelta(days=1)
            if each == replace(row, day=next_one, until=None):
                row = replace(row, until=each.day)
                continue
            yield row
        row = each
    if row is not None:
        yield row


def _single_days(place: Organisation) -> Iterator[SpecialRow]:
    for _, spans in groupby(place.special_days, key=lambda each: (each.day, each.reason, each.en)):
        yield from _paired(place.id, list(spans))


def _paired(owner: str, spans: Sequence[SpecialDay]) -> Iterator[SpecialRow]:
    at = 0
    while at < len(spans):
        first, second = spans[at], spans[at + 1] if at + 1 < len(spans) else None
        row = SpecialRow(
            owner=owner, day=first.day, reason=first.reason, opens=first.opens, closes=first.closes, en=first.en
        )
        if second is not None and first.closes and second.opens and first.closes <= second.opens:
            row = replace(row, opens_again=second.opens, closes_again=second.closes)
            at += 1
        yield row
        at += 1
