"""The rows of a workbook or of a CSV file, by sheet and column."""

from dataclasses import dataclass, field

from daoxue.workbook.columns import BookSheet
from daoxue.workbook.faults import Fault

NOTE = "※"  # begins the row that explains the columns


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
