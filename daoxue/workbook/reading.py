"""A workbook read. What reads one weighs more than other commands should carry: this is loaded where it is needed alone."""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from daoxue.workbook.book import COLUMNS, Book, bad, filled_in, unfit
from daoxue.workbook.words import Fault
from knowledge.office import UnreadableError, looked_into

_BROKEN = (
    BadZipFile, InvalidFileException, zlib.error, SyntaxError, LookupError, ValueError, TypeError, AttributeError,
    RuntimeError, EOFError, OSError,
)  # fmt: skip


def read(path: Path) -> Book:
    """A workbook. What is wrong with it stands in it."""
    if (problem := unfit(path)) is not None:
        return Book(problems=[problem])
    try:
        looked_into(path)
        with path.open("rb") as file:  # by its name it might be refused
            opened = openpyxl.load_workbook(file, read_only=True, data_only=True)
            return filled_in(
                (sheet.title, sheet.iter_rows(values_only=True, max_col=COLUMNS)) for sheet in opened.worksheets
            )
    except UnreadableError as error:
        return Book(problems=[Fault(error.words)])
    except _BROKEN as error:
        kind = type(error).__name__
        return bad(f"读不了这个工作簿（{kind}）：可能不完整，请另存为 .xlsx 再试", f"unreadable as a workbook ({kind})")
