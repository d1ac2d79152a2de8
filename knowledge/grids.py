"""Tables as people's programs write them, CSV in its kinds and the sheets of a workbook, as rows of words."""

import csv
import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import openpyxl
from msgspec import Struct
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from knowledge.cells import day_of, is_inexact, meant, shown
from knowledge.office import Look, UnreadableError, looked_into
from knowledge.words import Words

MOST = 20_000  # rows
WIDEST = 40  # columns
ABOVE = 102  # rows that may be more than counted: titles, the head
DELIMITERS = (",", ";", "\t", "，", "；")
_SEP = re.compile(r'^"?sep=(.)"?$', re.IGNORECASE)  # how a spreadsheet is told what stands between
_CELL = re.compile(r"([A-Z]+)(\d+)")
Row = list[str]


class Grid(Struct):
    """A table: `rows` with their numbers, as shown. `days` are the dates among the cells in ISO 8601, by row and column
    (from 0), `told` what a row's writer should know, `wrong` what is wrong with it; both by number. `name` is a sheet's."""

    rows: list[tuple[int, Row]]
    name: str = ""
    days: dict[tuple[int, int], str] = {}
    told: dict[int, list[Words]] = {}
    wrong: dict[int, list[Words]] = {}


def text_of(path: Path) -> str:
    """A text file in the encodings that offices use. Raises `UnreadableError`."""
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in content:  # the half of a Latin letter or comma
        encodings = ["utf-16-be" if content[::2].count(0) > content[1::2].count(0) else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "gb18030"]  # what Excel writes, here and in China
    for encoding in encodings:
        try:
            return content.decode(encoding).removeprefix("\ufeff")  # also where it was carried into another encoding
        except UnicodeDecodeError as error:
            if error.reason in ("unexpected end of data", "truncated data"):
                words = Words(
                    "文件不完整：最后一个字只有一半", "The file is incomplete: its last character is half a one"
                )
                raise UnreadableError(words) from error
    raise UnreadableError(Words("文字编码认不出来，请另存为 UTF-8", "The encoding is not known: save it as UTF-8"))


def csv_grid(path: Path, is_head: Callable[[Row], bool]) -> Grid:
    """A CSV file; what stands between its cells is what makes a row of it the head."""
    text = text_of(path).replace("\0", "")
    first, _, rest = text.partition("\n")
    if (said := _SEP.match(first.strip())) is not None:
        return _of_rows([[], *_split(rest, said[1])])
    tries: list[list[Row]] = []
    wrong: UnreadableError | None = None
    for delimiter in DELIMITERS:
        try:
            tries.append(list(_split(text, delimiter)))
        except UnreadableError as error:
            wrong = wrong or error
            continue
        if any(is_head(row) for row in tries[-1][:100]):
            return _of_rows(tries[-1])
    if wrong is not None:
        raise wrong
    return _of_rows(max(tries, key=lambda rows: max(map(len, rows[:100]), default=0)))


def _of_rows(rows: Sequence[Row]) -> Grid:
    return Grid(list(enumerate(rows, 1)))


def _split(text: str, delimiter: str) -> Iterator[Row]:
    try:
        for row in csv.reader(io.StringIO(text), strict=True, delimiter=delimiter):
            yield [meant(cell) for cell in row]
    except csv.Error as error:
        words = Words("CSV 的引号没有成对，或者文件不完整", "Quotes of the CSV do not pair up, or it is incomplete")
        raise UnreadableError(words) from error


def xlsx_grids(path: Path, most: int = MOST, widest: int = WIDEST) -> list[Grid]:
    """The sheets of a workbook that are not hidden, so many rows and columns of each. Raises `UnreadableError`, and what
    damage raises."""
    looks = looked_into(path)
    parts = _parts(path)
    with (
        path.open("rb") as file,
        warnings.catch_warnings(),
    ):  # by its name it might be refused: what it is called is known from elsewhere
        warnings.simplefilter("ignore")  # of days that there are not: their cells are told as errors
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        seen = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        return [_grid(sheet, looks.get(parts.get(sheet.title, ""), Look()), most + ABOVE, widest) for sheet in seen]


def _parts(path: Path) -> dict[str, str]:
    """The part that each sheet stands in, by the sheet's name. Only for what has been looked into."""
    with ZipFile(path) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - no entities: looked into before
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {each.get("Id", ""): each.get("Target", "") for each in links}
    found = {}
    for sheet in book.iterfind(".//{*}sheet"):
        link = next((value for name, value in sheet.items() if name.endswith("}id")), "")
        found[sheet.get("name", "")] = f"xl/{targets.get(link, '').removeprefix('/xl/')}"
    return found


def _grid(sheet: Worksheet, look: Look, most: int, widest: int) -> Grid:
    grid = Grid([], sheet.title)
    for number, cells in enumerate(sheet.iter_rows(max_col=widest, max_row=most), 1):
        row = []
        for column, cell in enumerate(cells):
            row.append(shown(cell.value, cell.number_format) if cell.value is not None else "")
            if day := day_of(cell.value):
                grid.days[number, column] = day
            if cell.data_type == "e":
                at = f"{get_column_letter(column + 1)}{number}"
                _tell(grid.wrong, number, Words(f"{at} 是错误值 {cell.value}", f"{at} is an error: {cell.value}"))
            if is_inexact(cell.value):
                _tell(grid.told, number, _INEXACT)
        grid.rows.append((number, row))
    _fill(grid, look)
    for place in look.empty:
        if match := _CELL.fullmatch(place):
            words = Words(
                f"{place} 是公式，文件里没有它的结果：请用表格软件打开、保存一次",
                f"{place} is a formula without a result: open and save the file once",
            )
            _tell(grid.wrong, int(match[2]), words)
    return grid


_INEXACT = Words(
    "有数字超过 15 位，末尾几位表格里已经丢了：请把单元格设成文本",
    "A number has more than 15 digits and lost its last ones: format the cell as text",
)


def _tell(told: dict[int, list[Words]], number: int, words: Words) -> None:
    at = told.setdefault(number, [])
    if words not in at:
        at.append(words)


def _fill(grid: Grid, look: Look) -> None:
    """A cell that goes over several rows holds for each of them."""
    for merged in look.merged:
        column = column_index_from_string(merged.left) - 1
        last = min(merged.bottom, len(grid.rows))
        if (
            merged.top >= last
            or column >= len(grid.rows[merged.top - 1][1])
            or not (value := grid.rows[merged.top - 1][1][column])
        ):
            continue
        for number in range(merged.top + 1, last + 1):
            grid.rows[number - 1][1][column] = value
            if day := grid.days.get((merged.top, column)):
                grid.days[number, column] = day
        words = Words(
            f"{merged.cells} 合并了，每行都按“{value[:20]}”读",
            f"{merged.cells} is merged: “{value[:20]}” is taken for each row",
        )
        _tell(grid.told, merged.top, words)
