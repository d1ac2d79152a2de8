"""The workbook written: heads, what each column is for, what may be chosen, and the rows; or one sheet as CSV.

What writes workbooks weighs more than other commands should carry: this is loaded where it is needed alone.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from daoxue.workbook.book import NOTE
from daoxue.workbook.cells import NUMBER, TEXT
from daoxue.workbook.cells import Cell as Value
from daoxue.workbook.columns import BookSheet, PageColumn
from daoxue.workbook.sheets import ANSWERS, HELP, LISTS, SHEETS, TOPICS
from knowledge.cells import inert
from knowledge.entries import Entry
from knowledge.template import fill

Row = Mapping[str, Value]  # by field
ROOM = 2000  # rows below the last one that the lists reach
_ABOUT = (
    ("这本工作簿怎么用", "How to use this workbook"),
    (
        "一张表写一类东西，一行一个。第一行是列名，第二行说明怎么写；从第三行写起（“标准问题”每行已有问题，没有说明行，只填答案，鼠标停在列名上看说明）。",
        "A sheet for each kind of thing, a row for each. Row 1 holds the heads, row 2 says what they are for.",
    ),
    (
        "有列表的格子请从列表里选。请不要合并单元格，不要改列名和表名；用不到的表可以删掉，删掉就是不提。",
        "Choose from the lists. Merge no cells, rename no sheet or column; a sheet that is deleted says nothing.",
    ),
    (
        "先看对不对：daoxue import 文件 --check；再导入：daoxue import 文件。全部写对才会导入，可以反复导入。",
        "Look first: daoxue import FILE --check; then: daoxue import FILE. All or nothing, as often as you like.",
    ),
    (
        "从表里删掉的行不会自己消失：daoxue import 文件 --remove 会列出来问您。空的表什么也不说。",
        "What was deleted from a sheet stays, until --remove has listed it and asked. An empty sheet says nothing.",
    ),
    ("“学员”和“坐席”两张表有个人信息，请妥善保管这个文件。", "学员 and 坐席 hold personal data: keep this file safe."),
)
_ENGLISH = re.compile(r"en[._]|en$|source_en$")  # fields of what is said in English
_HEAD = PatternFill("solid", fgColor="0B6E5F")
_NOTED = PatternFill("solid", fgColor="EEF2F0")
_WRAPPED = Alignment(wrap_text=True, vertical="top")


def as_csv(sheet: BookSheet, rows: Sequence[Row]) -> bytes:
    """As a spreadsheet opens it without asking."""
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow([column.head for column in sheet.columns])
    for row in rows:
        values = (row.get(column.field, "") for column in sheet.columns)
        written.writerow([inert(each) if isinstance(each, str) else each for each in values])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Mapping[str, Sequence[Row]], answers: Mapping[str, Entry], *, english: bool = True) -> bytes:
    """All sheets that `rows` has, by key, and the standard questions with these answers; without `english` there are no
    columns for what is said in English."""
    book = Workbook()
    _explain(cast(Worksheet, book.active))
    lists = _Lists(book.create_sheet(LISTS))
    for sheet in SHEETS:
        if sheet is ANSWERS:
            fill(book.create_sheet(sheet.name), answers)
        elif sheet.key in rows:
            _write(book.create_sheet(sheet.name), sheet if english else _chinese(sheet), rows[sheet.key], lists)
    book.move_sheet(LISTS, len(book.sheetnames))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _chinese(sheet: BookSheet) -> BookSheet:
    """Without the columns for what is said in English; a topic has its name in both."""
    if sheet is TOPICS:
        return sheet
    return replace(sheet, columns=tuple(each for each in sheet.columns if not _ENGLISH.match(each.field)))


class _Lists:
    """What may be chosen, on a sheet that is not shown: a list in a cell's own rule may hold 255 characters."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._known: dict[tuple[str, ...], str] = {}
        sheet.sheet_state = "hidden"

    def of(self, words: tuple[str, ...]) -> str:
        """The formula of a list of these."""
        if words not in self._known:
            number = len(self._known) + 1
            for row, word in enumerate(words, 1):
                self._sheet.cell(row, number, word)
            letter = get_column_letter(number)
            self._known[words] = f"{LISTS}!${letter}$1:${letter}${len(words)}"
        return self._known[words]


def _write(page: Worksheet, sheet: BookSheet, rows: Sequence[Row], lists: _Lists) -> None:
    last = max(len(rows) + 2, ROOM) + ROOM
    for number, column in enumerate(sheet.columns, 1):
        letter = get_column_letter(number)
        page.column_dimensions[letter].width = column.width
        _head(page.cell(1, number, column.head))
        note = page.cell(2, number, f"{NOTE if number == 1 else ''}{column.zh}\n{column.en}")
        note.fill, note.alignment, note.font = _NOTED, _WRAPPED, Font(size=9, color="666666")
        if (formula := _formula(column, rows, lists)) is not None:
            strict = bool(column.form.choices or column.form.of)
            rule = DataValidation("list", formula1=formula, allow_blank=True, showErrorMessage=strict)
            rule.add(f"{letter}3:{letter}{last}")
            page.add_data_validation(rule)
        if column.form in (TEXT, NUMBER):
            page.column_dimensions[letter].number_format = "@"  # a number that is typed there keeps its noughts
    for number, row in enumerate(rows, 3):
        for at, column in enumerate(sheet.columns, 1):
            if (value := row.get(column.field, "")) != "":
                put(cast(Cell, page.cell(number, at)), value)
    page.freeze_panes = "B3" if sheet.columns[0].field != "id" else "C3"


def put(cell: Cell, value: Value) -> None:
    """Words are words, also where they begin as a formula does."""
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"
        cell.number_format = "@"
    else:
        cell.value = value


def _formula(column: PageColumn, rows: Sequence[Row], lists: _Lists) -> str | None:
    """The list that may be chosen from: given words, or the names on another sheet."""
    if of := column.form.of or column.named:
        at = next(each for each in SHEETS if each.kind == of and not each.detail)
        number = next(n for n, each in enumerate(at.columns, 1) if each.field == "name")
        letter = get_column_letter(number)
        return f"{at.name}!${letter}$3:${letter}${ROOM}"
    if column.form.choices:
        return lists.of(column.form.choices)
    if column.given:
        present = (str(row[column.field]) for row in rows if row.get(column.field))
        words = tuple(dict.fromkeys([*column.given, *present]))[:100]
        return lists.of(words) if words else None
    return None


def _head(cell: Cell) -> None:
    cell.font, cell.fill, cell.alignment = Font(bold=True, color="FFFFFF"), _HEAD, _WRAPPED


def _explain(page: Worksheet) -> None:
    """What each sheet and column is for, in both languages."""
    page.title = HELP
    lines: list[tuple[str, str, str]] = [*(("", zh, en) for zh, en in _ABOUT), ("", "", "")]
    titles = {1}
    for sheet in SHEETS:
        titles.add(len(lines) + 1)
        lines.append((sheet.name, sheet.zh, sheet.en))
        lines += [(column.head, column.zh, column.en) for column in sheet.columns]
        lines.append(("", "", ""))
    for line in lines:
        page.append(line)
    for number, row in enumerate(page.iter_rows(), 1):
        for cell in row:
            cell.alignment = _WRAPPED
            if number in titles:
                cell.font = Font(bold=True)
    for letter, width in (("A", 16), ("B", 70), ("C", 70)):
        page.column_dimensions[letter].width = width
