"""A workbook read, or one sheet of it from a CSV file, as `knowledge.grids` reads tables. It weighs more than other commands
should carry: this is loaded where it is needed alone."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile

from openpyxl.utils.exceptions import InvalidFileException

from daoxue.workbook.book import NOTE, Book, FilledPage
from daoxue.workbook.cells import echoed
from daoxue.workbook.columns import BookSheet
from daoxue.workbook.faults import Fault
from daoxue.workbook.sheets import BY_NAME, HELP, LISTS, PERSONAL, SHEETS
from knowledge.grids import Grid, csv_grid, xlsx_grids
from knowledge.office import UnreadableError
from knowledge.words import Words

LARGEST = 32_000_000  # bytes
MOST, COLUMNS, LONGEST = 50_000, 64, 10_000  # rows of a sheet, columns of it, characters in a cell
_HELP = {HELP, LISTS, "说明 Help"}
_BROKEN = (
    BadZipFile, InvalidFileException, zlib.error, SyntaxError, LookupError, ValueError, TypeError, AttributeError,
    RuntimeError, EOFError, OSError,
)  # fmt: skip


def read(path: Path) -> Book:
    """A workbook. What is wrong with it stands in it."""
    if (problem := _unfit(path)) is not None:
        return Book(problems=[problem])
    try:
        return _filled_in(xlsx_grids(path, MOST, COLUMNS))
    except UnreadableError as error:
        return Book(problems=[Fault(error.words)])
    except _BROKEN as error:
        kind = type(error).__name__
        return _bad(
            f"读不了这个工作簿（{kind}）：可能不完整，请另存为 .xlsx 再试", f"unreadable as a workbook ({kind})"
        )


def read_csv(path: Path, sheet: BookSheet) -> Book:
    """One sheet out of a CSV file, as spreadsheets write it, here and in China."""
    if (problem := _unfit(path)) is not None:
        return Book(problems=[problem])

    def is_head(row: Sequence[str]) -> bool:
        return any(cell.strip() in sheet.heads for cell in row)

    try:
        grid = csv_grid(path, is_head)
    except UnreadableError as error:
        return Book(problems=[Fault(error.words)])
    grid.name = sheet.name
    return _filled_in([grid])


def _bad(zh: str, en: str) -> Book:
    """One that cannot be read at all."""
    return Book(problems=[Fault(Words(zh, en))])


def _unfit(path: Path) -> Fault | None:
    """Why it is not opened at all."""
    if not path.is_file():
        return Fault(Words(f"没有文件 {path}", f"there is no file {path}"))
    if path.stat().st_size > LARGEST:
        return Fault(
            Words(f"文件太大：最多 {LARGEST // 1_000_000} MB", f"too large: {LARGEST // 1_000_000} MB at most")
        )
    return None


def _filled_in(found: Iterable[Grid]) -> Book:
    """Sheets as somebody filled them in, by their titles."""
    book = Book()
    for grid in found:
        name = grid.name.strip()
        sheet = BY_NAME.get(name)
        if sheet is None:
            if name not in _HELP:
                known = "、".join(each.name for each in SHEETS)
                book.notes.append(
                    Fault(Words(f"这张表没有用到；认识的是 {known}", f"not used; known are {known}"), name)
                )
        elif sheet.key in book.sheets:
            book.problems.append(Fault(Words("这张表有两份", "there are two of it"), name))
        elif (filled := _filled(sheet, grid, book.problems)) is not None:
            book.sheets[sheet.key] = filled
            book.problems += _told(name, grid.wrong)
            book.notes += _told(name, grid.told)
    return book


def _told(sheet: str, by_row: Mapping[int, Sequence[Words]]) -> list[Fault]:
    return [Fault(words, sheet, row) for row, said in by_row.items() for words in said]


def _filled(sheet: BookSheet, grid: Grid, problems: list[Fault]) -> FilledPage | None:
    rows = iter(grid.rows)
    texts = [cell.strip() for cell in next(rows, (0, []))[1]]
    unknown = [
        f"#{number}" if sheet.key in PERSONAL else echoed(text)
        for number, text in enumerate(texts, 1)
        if text and text not in sheet.heads
    ]
    if unknown:
        can, shown = "、".join(column.head for column in sheet.columns), "、".join(unknown)
        problems.append(Fault(Words(f"不认识的列：{shown}；可以有 {can}", f"unknown columns: {shown}; known are {can}"), sheet.name, 1))  # fmt: skip
        return None
    columns = [sheet.heads.get(text) for text in texts]
    filled = FilledPage(sheet, frozenset(column.field for column in columns if column is not None))
    for number, cells in rows:
        if number > MOST and any(cell.strip() for cell in cells):
            problems.append(Fault(Words(f"超过 {MOST} 行", f"more than {MOST} rows"), sheet.name))
            return None
        values: dict[str, str] = {}
        for at, (column, cell) in enumerate(zip(columns, cells, strict=False)):
            text = grid.days.get((number, at)) or cell.strip()
            if column is None or not text:
                continue
            if len(text) > LONGEST:
                problems.append(Fault(Words(f"超过 {LONGEST} 字", f"more than {LONGEST} characters"), sheet.name, number, column.head))  # fmt: skip
                continue
            values[column.field] = text
        if values and not next(iter(values.values())).startswith(NOTE):
            filled.rows.append((number, values))
    return filled
