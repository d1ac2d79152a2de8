"""Rows becoming what they stand for, cell by cell against its type, and becoming rows again."""

import hashlib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct
from msgspec.structs import FieldInfo

from daoxue.workbook.book import FilledPage
from daoxue.workbook.cells import Cell, Names
from daoxue.workbook.columns import BookSheet, PageColumn
from daoxue.workbook.faults import Fault
from daoxue.workbook.words import CellError, of_type
from knowledge.catalogue import Clock, Weekday
from knowledge.catalogue import Words as Phrase
from knowledge.centre import Text
from knowledge.headings import Id
from knowledge.words import Words

T = TypeVar("T", bound=Struct)
EMPTY = Words("空着；合并了单元格的请取消合并", "is empty; merged cells have to be taken apart")
Count = Annotated[int, Meta(ge=0)]


class HoursRow(Struct, frozen=True, kw_only=True):
    owner: Id
    days: Annotated[tuple[Weekday, ...], Meta(min_length=1)]
    opens: Clock
    closes: Clock
    opens_again: Clock | None = None
    closes_again: Clock | None = None


class SpecialRow(Struct, frozen=True, kw_only=True):
    owner: Id | None = None
    day: date
    until: date | None = None
    reason: Phrase
    opens: Clock | None = None
    closes: Clock | None = None
    opens_again: Clock | None = None
    closes_again: Clock | None = None
    en: Phrase | None = None


class LessonRow(Struct, frozen=True, kw_only=True):
    owner: Id
    title: Phrase
    minutes: Annotated[int, Meta(ge=1, le=15)]
    en: Phrase | None = None


class BankRow(Struct, frozen=True, kw_only=True):
    id: Id | None = None
    version: Annotated[str, Meta(min_length=1, max_length=64)]
    valid_from: date
    what: Annotated[str, Meta(min_length=1, max_length=40)]
    credits: Annotated[float, Meta(gt=0, le=100)]
    minutes: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    cap: Annotated[float, Meta(gt=0, le=1000)]
    per: Literal["day", "month", "year"]
    points_per_credit: Annotated[int, Meta(ge=1, le=1000)] | None = None
    points_last_years: Annotated[int, Meta(ge=1, le=50)] | None = None
    order_days: Annotated[int, Meta(ge=1, le=90)] | None = None


class CentreRow(Struct, frozen=True, kw_only=True):
    item: str
    zh: str = ""
    en: str = ""


class TextRow(Struct, frozen=True, kw_only=True):
    key: Annotated[str, Meta(pattern=r"^[a-z0-9_.-]{1,80}$")]
    language: Literal["zh", "en"]
    text: Text
    spoken: Text | None = None
    short: Text | None = None


Key = tuple[str, str]  # kind and id
Place = tuple[BookSheet, int]  # a sheet, and a row of it


@dataclass(slots=True)
class PageReading:
    """What rows are read with, and what comes of it beside them: problems, and where each record stands."""

    names: Names
    today: date
    problems: list[Fault] = field(default_factory=list)
    places: dict[Key, Place] = field(default_factory=dict)

    def wrong(self, sheet: BookSheet, row: int, head: str, said: Words) -> None:
        self.problems.append(Fault(said, sheet.name, row, head))


@cache
def _fields(kind: type[Struct]) -> Mapping[str, FieldInfo]:
    """The fields of a type by name, those of its English as `en.…`."""
    found = {each.name: each for each in msgspec.structs.fields(kind)}
    english = [each for each in typing.get_args(found["en"].type) if _is_struct(each)] if "en" in found else []
    for each in english:
        found |= {f"en.{inner.name}": inner for inner in msgspec.structs.fields(each)}
    return found


@cache
def _english(kind: type[Struct]) -> type[Struct]:
    """What a record says in English."""
    whole = next(each for each in msgspec.structs.fields(kind) if each.name == "en")
    found: type[Struct] = next(each for each in typing.get_args(whole.type) if _is_struct(each))
    return found


def _is_struct(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, Struct)


def read(
    reading: PageReading, filled: FilledPage, row: tuple[int, Mapping[str, str]], kind: type[T], known: T | None
) -> T | None:
    """What a row stands for; None where something is wrong with it. Fields without a column are as they are `known`."""
    number, cells = row
    before, values = len(reading.problems), dict[str, object]()
    for name, info in _fields(kind).items():
        column = filled.sheet.column(name) if name in filled.fields or name in cells else None
        value = UNSET if known is None else at(known, name)
        if column is not None:
            value = _value(reading, filled.sheet, number, column, cells.get(name, ""), info)
        if value is not UNSET:
            values[name] = value
    _translate(reading, filled, number, kind, values)
    for name in _lacking(kind, values):
        head = filled.sheet.head(name)
        said = EMPTY if name in filled.fields else Words("没有这一列", "there is no such column")
        reading.wrong(filled.sheet, number, head, said)
    return kind(**values) if len(reading.problems) == before else None


def _value(
    reading: PageReading, sheet: BookSheet, number: int, column: PageColumn, text: str, info: FieldInfo
) -> object:
    """What stands in a cell, as its type has it; `UNSET` where nothing does, or what cannot be."""
    if not text:
        return UNSET if column.empty is None else column.empty
    try:
        return msgspec.convert(column.form.read(text, reading.names), info.type)
    except CellError as error:
        reading.wrong(sheet, number, column.head, error.said)
    except msgspec.ValidationError as error:
        reading.wrong(sheet, number, column.head, of_type(error))
    return info.default if not info.required else _WRONG


def read_all(reading: PageReading, filled: FilledPage, kind: type[T]) -> list[tuple[int, T]]:
    """Every row that is right, with its number."""
    found = [(row[0], read(reading, filled, row, kind, None)) for row in filled.rows]
    return [(number, each) for number, each in found if each is not None]


_WRONG = object()  # stands for what is wrong already, so that it is not also said to be empty


def _translate(
    reading: PageReading, filled: FilledPage, number: int, kind: type[Struct], values: dict[str, object]
) -> None:
    """The English of a row, put together."""
    names = [name for name in values if name.startswith("en.")]
    english = {name.removeprefix("en."): value for name in names if (value := values.pop(name)) is not None}
    if not english:
        if any(name.startswith("en.") for name in filled.fields):
            values.pop("en", None)
        return
    if "name" not in english:
        said = Words("写了英文的，就要有英文名", "what is said in English needs an English name")
        reading.wrong(filled.sheet, number, filled.sheet.head("en.name"), said)
        return
    values["en"] = _english(kind)(**english)


def _lacking(kind: type[Struct], values: Mapping[str, object]) -> list[str]:
    return [name for name, info in _fields(kind).items() if info.required and "." not in name and name not in values]


def at(record: Struct, field: str) -> object:
    """The value of a field, `en.…` of the English: None where there is none of that, `UNSET` where there is no such field."""
    found: object = record
    for name in field.split("."):
        found = getattr(found, name, None if "." in field else UNSET)
    return found


def written(sheet: BookSheet, record: Struct, names: Names) -> dict[str, Cell]:
    """The row of a record. What an empty cell means stays empty."""
    found = dict[str, Cell]()
    for column in sheet.columns:
        value = at(record, column.field)
        if value in (None, ()) or (value == _meant(type(record), column) and not isinstance(value, bool)):
            continue
        found[column.field] = column.form.write(value, names)
    return found


def _meant(kind: type[Struct], column: PageColumn) -> object:
    """What an empty cell of a column means."""
    if column.empty is not None:
        return column.empty
    info = _fields(kind).get(column.field)
    return UNSET if info is None else info.default


def identified(reading: PageReading, filled: FilledPage, kind: str) -> list[tuple[int, dict[str, str]]]:
    """The rows of a sheet, each with its id: its own, that of what has its name, else one made of the name, always the
    same. From here on they are called as they are here."""
    found: list[tuple[int, dict[str, str]]] = []
    for number, cells in sorted(filled.rows, key=lambda row: "id" not in row[1]):  # who says it has it
        name = cells.get("name", "")
        id = cells.get("id") or _known(reading, filled.sheet, number, kind, name)
        if id and (kind, id) in reading.places:
            first = reading.places[kind, id][1]
            said = Words(f"与第 {first} 行是同一个；真是两个就写上不同的编号", f"the same as row {first}; if it is not, give each an id of its own")  # fmt: skip
            reading.wrong(filled.sheet, number, filled.sheet.head("id" if cells.get("id") else "name"), said)
            continue
        if id:
            reading.places[kind, id] = (filled.sheet, number)
            reading.names.add(kind, id, name or reading.names.name_of(kind, id))
            found.append((number, {**cells, "id": id}))
    return sorted(found, key=lambda row: row[0])


def _known(reading: PageReading, sheet: BookSheet, number: int, kind: str, name: str) -> str:
    """The id of what bears a name, or is to bear it; empty where that is not clear, which is told."""
    called = reading.names.called(kind, name)
    if not name or len(called) > 1:
        said = (
            EMPTY
            if not name
            else Words(f"有 {len(called)} 个同名，请写编号", f"{len(called)} bear this name: write the id")
        )
        reading.wrong(sheet, number, sheet.head("name" if not name else "id"), said)
        return ""
    return called[0] if called else new_id(reading.names, kind, name)


def new_id(names: Names, kind: str, name: str) -> str:
    """An id for what bears a name: the same one wherever and whenever it is made, unless something else has it."""
    for turn in range(1000):
        digest = hashlib.sha256(f"{kind}\n{name}\n{turn}".encode()).hexdigest()[:10]
        if not names.has(kind, id := f"{kind[:2]}-{digest}"):
            return id
    raise AssertionError("a thousand records of one name")
