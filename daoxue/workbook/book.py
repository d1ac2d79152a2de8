"""The rows of a workbook or of a CSV file, by sheet and column; nothing is read that is larger than a centre can be."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import islice
from pathlib import Path

from daoxue.workbook.cells import echoed
from daoxue.workbook.sheets import BY_NAME, HELP, LISTS, PERSONAL, SHEETS, BookSheet
from daoxue.workbook.words import Fault
from knowledge.words import Words

LARGEST = 32_000_000  # bytes
MOST, COLUMNS, LONGEST = 50_000, 64, 10_000  # rows of a sheet, columns of it, characters in a cell
LAST = 1_048_576  # row that a sheet can have; those below what is written may be there, and empty
NOTE = "※"  # begins the row that explains the columns
_HELP = {HELP, LISTS, "说明 Help"}


@dataclass(slots=True)
class FilledPage:
    """A sheet as somebody filled it in: its rows with their numbers, by field, and the fields that it has columns for."""

    sheet: BookSheet
    fields: frozenset[str]
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)


@dataclass(slots=True)
class Book:
    """The sheets that were there, by key; what is wrong with them as such; and what should be known."""

    sheets: dict[str, FilledPage] = field(default_factory=dict)
    problems: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


def read_csv(path: Path, sheet: BookSheet) -> Book:
    """One sheet out of a CSV file, as spreadsheets write it, here and in China."""
    if (problem := unfit(path)) is not None:
        return Book(problems=[problem])
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    if "�" in text:
        return bad("文字编码认不出来，请另存为 UTF-8", "neither UTF-8 nor GB 18030")
    try:
        return filled_in([(sheet.name, csv.reader(io.StringIO(text), strict=True))])
    except csv.Error as error:
        return bad(f"CSV 格式不对：{error}", f"not CSV: {error}")


def bad(zh: str, en: str) -> Book:
    """One that cannot be read at all."""
    return Book(problems=[Fault(Words(zh, en))])


def unfit(path: Path) -> Fault | None:
    """Why it is not opened at all."""
    if not path.is_file():
        return Fault(Words(f"没有文件 {path}", f"there is no file {path}"))
    if path.stat().st_size > LARGEST:
        return Fault(
            Words(f"文件太大：最多 {LARGEST // 1_000_000} MB", f"too large: {LARGEST // 1_000_000} MB at most")
        )
    return None


def filled_in(found: Iterable[tuple[str, Iterable[Sequence[object]]]]) -> Book:
    """Sheets as somebody filled them in, by their titles."""
    book = Book()
    for title, cells in found:
        name = title.strip()
        sheet = BY_NAME.get(name)
        if sheet is None:
            if name not in _HELP:
                known = "、".join(each.name for each in SHEETS)
                book.notes.append(
                    Fault(Words(f"这张表没有用到；认识的是 {known}", f"not used; known are {known}"), name)
                )
        elif sheet.key in book.sheets:
            book.problems.append(Fault(Words("这张表有两份", "there are two of it"), name))
        elif (filled := _filled(sheet, iter(cells), book.problems)) is not None:
            book.sheets[sheet.key] = filled
    return book


def _filled(sheet: BookSheet, rows: Iterator[Sequence[object]], problems: list[Fault]) -> FilledPage | None:
    heads = {name: column for column in sheet.columns for name in (column.head, column.field)}
    texts = [_text(value) for value in next(rows, ())]
    unknown = [
        f"#{number}" if sheet.key in PERSONAL else echoed(text)
        for number, text in enumerate(texts, 1)
        if text and text not in heads
    ]
    if unknown:
        can, shown = "、".join(column.head for column in sheet.columns), "、".join(unknown)
        problems.append(Fault(Words(f"不认识的列：{shown}；可以有 {can}", f"unknown columns: {shown}; known are {can}"), sheet.name, 1))  # fmt: skip
        return None
    columns = [heads.get(text) for text in texts]
    filled = FilledPage(sheet, frozenset(column.field for column in columns if column is not None))
    for number, cells in enumerate(islice(rows, LAST), 2):
        if number > MOST and any(_text(cell) for cell in cells):
            problems.append(Fault(Words(f"超过 {MOST} 行", f"more than {MOST} rows"), sheet.name))
            return None
        values: dict[str, str] = {}
        for column, cell in zip(columns, cells, strict=False):
            if column is None or cell is None or not (text := _text(cell)):
                continue
            if len(text) > LONGEST:
                problems.append(Fault(Words(f"超过 {LONGEST} 字", f"more than {LONGEST} characters"), sheet.name, number, column.head))  # fmt: skip
                continue
            values[column.field] = text
        if values and not next(iter(values.values())).startswith(NOTE):
            filled.rows.append((number, values))
    return filled


def _text(value: object) -> str:
    """What stands in a cell, as one would have typed it."""
    match value:
        case None:
            return ""
        case str():
            return value.strip().replace("\r\n", "\n")
        case datetime():
            return value.date().isoformat()
        case time():
            return f"{value:%H:%M}"
        case timedelta():
            return f"{int(value.total_seconds()) // 3600:02}:{int(value.total_seconds()) // 60 % 60:02}"
        case float() if value.is_integer():
            return str(int(value))
    return str(value)
