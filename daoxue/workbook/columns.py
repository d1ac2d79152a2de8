"""What a sheet of the workbook is, and a column of it."""

from dataclasses import dataclass

from daoxue.workbook.cells import Form


@dataclass(frozen=True, slots=True)
class PageColumn:
    """`field` is of the record, `en.…` of what it says in English. `empty` is meant where the cell is empty; `given` are
    words that may be chosen, beside those that stand there already, and `named` a kind whose names may: other words may
    be written too."""

    field: str
    head: str
    form: Form
    zh: str
    en: str
    width: int = 14
    empty: object = None
    given: tuple[str, ...] = ()
    named: str = ""


@dataclass(frozen=True, slots=True)
class BookSheet:
    """`kind` is that of its records. Rows of one that has an `owner` are details of it: the head of the column that names
    it is `owner`, and they are its `detail`."""

    key: str
    name: str
    zh: str
    en: str
    columns: tuple[PageColumn, ...]
    kind: str = ""
    detail: str = ""

    def column(self, field: str) -> PageColumn | None:
        return next((each for each in self.columns if each.field == field), None)

    @property
    def heads(self) -> dict[str, PageColumn]:
        """The columns by what may stand above them."""
        return {name: column for column in self.columns for name in (column.head, column.field)}

    def head(self, field: str) -> str:
        """The head of a field's column, and of `en` its name's; empty where there is none."""
        found = self.column(field) or self.column(f"{field}.name")
        return found.head if found else ""
