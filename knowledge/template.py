"""The standard questions as a table to be answered, which `knowledge.importing` takes back: XLSX, or CSV.

`python -m knowledge.template` writes the workbook to standard output, with the answers (JSON, by standard question) that
it is given: what writes workbooks weighs more than the service should carry.
"""

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from knowledge.cells import inert
from knowledge.columns import HELP, TEMPLATE, in_lines
from knowledge.entries import Entry, following
from knowledge.standard import standard
from knowledge.topics import ours

Answers = Mapping[str, Entry]
HEADS = [column.head for column in TEMPLATE]
_HEAD, _ON_HEAD, _GIVEN = "0B6E5F", "FFFFFF", "EEF2F0"
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_ABOUT = (
    ("这张表怎么用", "How to use this table"),
    ("在“标准问题”这一页写回答，写多少算多少；没有回答的行导入时跳过。", "Answer on the sheet 标准问题, as many as you like; rows without an answer are skipped."),
    ("灰色的列由系统给定，不用改。请不要合并单元格，不要改编号。", "The grey columns are given. Please merge no cells, and change no id."),
    ("写好后：daoxue knowledge import 文件，或坐席台 → 知识库 → 导入。", "Then: daoxue knowledge import FILE, or desk → Knowledge → Import."),
)  # fmt: skip


def rows(answers: Answers) -> Iterator[list[str]]:
    """A row for each standard question, with what `answers` has to it."""
    for question in standard().questions.values():
        entry = answers.get(question.id)
        given = [question.zh, question.en, "\n".join(standard().examples[question.id])]
        id = entry.topic if entry else question.topic
        topic = ours()[id].zh if id in ours() else id  # a centre's own is read back by its id
        yield [question.id, topic, *given, *(_answered(entry) if entry else [""] * 12)]


def _answered(entry: Entry) -> list[str]:
    """What only repeats the answer stays empty, so that it follows when the answer is changed."""
    entry = following(entry)
    english = ["", ""] if entry.en is None else [entry.en.answer, in_lines(entry.en.steps)]
    return [
        entry.answer, entry.spoken or "", entry.sms or "", in_lines(entry.steps), *english, entry.source_en or "",
        "是" if entry.person else "否", entry.source, str(entry.valid_from), str(entry.valid_until), entry.owner,
    ]  # fmt: skip


def as_csv(answers: Answers) -> bytes:
    """As a spreadsheet opens it without asking."""
    out = io.StringIO()
    csv.writer(out).writerows([HEADS, *(map(inert, row) for row in rows(answers))])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(answers: Answers) -> bytes:
    book = Workbook()
    fill(cast(Worksheet, book.active), answers)
    _explain(book.create_sheet(HELP))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def fill(sheet: Worksheet, answers: Answers) -> None:
    """The table on an empty sheet, here or in another workbook."""
    sheet.title = "标准问题"
    for number, row in enumerate([HEADS, *rows(answers)], 1):
        for column, text in enumerate(row, 1):
            _write(cast(Cell, sheet.cell(number, column)), text)
    _arrange(sheet)


def _write(cell: Cell, text: str) -> None:
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text) or None
    if text:
        cell.data_type = "s"  # words, also where they begin as a formula does
    cell.alignment = _WRAPPED


def _arrange(sheet: Worksheet) -> None:
    """Widths, the head that stays, what may be written to, what may be chosen."""
    last = sheet.max_row
    for number, column in enumerate(TEMPLATE, 1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = column.width
        head = sheet.cell(1, number)
        _paint(head)
        head.comment = Comment(f"{column.zh}\n{column.en}", "Daoxue", width=320, height=140)
        for row in range(2, last + 1):
            cell = sheet.cell(row, number)
            if column.given:
                cell.fill = PatternFill("solid", fgColor=_GIVEN)
            else:
                cell.protection = Protection(locked=False)
            if column.head.endswith("日期"):
                cell.number_format = "yyyy-mm-dd"
    sheet.freeze_panes = "D2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(TEMPLATE))}{last}"
    names = DataValidation(
        "list", formula1=f'"{",".join(each.zh for each in ours().values())}"', allow_blank=True, showErrorMessage=True
    )
    names.add(f"B2:B{last}")
    sheet.add_data_validation(names)
    protection = sheet.protection
    protection.sheet = True
    # Protected is what is given; how it looks is everybody's own.
    protection.formatCells = protection.formatColumns = protection.formatRows = protection.autoFilter = False


def _paint(cell: Cell | MergedCell) -> None:
    cell.font = Font(bold=True, color=_ON_HEAD)
    cell.fill = PatternFill("solid", fgColor=_HEAD)


def _explain(sheet: Worksheet) -> None:
    """What each column is for, in both languages."""
    table = [("列", "说明", "What it is for"), *((column.head, column.zh, column.en) for column in TEMPLATE)]
    for line in [*(("", zh, en) for zh, en in _ABOUT), ("", "", ""), *table]:
        sheet.append(line)
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = _WRAPPED
    for cell in (*sheet[1], *sheet[len(_ABOUT) + 2]):
        cell.font = Font(bold=True)
    for letter, width in (("A", 14), ("B", 70), ("C", 70)):
        sheet.column_dimensions[letter].width = width


def main() -> None:
    """The workbook with the answers on standard input."""
    answers = msgspec.json.decode(sys.stdin.buffer.read() or b"{}", type=dict[str, Entry])
    sys.stdout.buffer.write(as_xlsx(answers))


if __name__ == "__main__":
    main()
