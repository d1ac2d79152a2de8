"""What is wrong in a workbook, and where, for whoever filled it in."""

from dataclasses import dataclass

from daoxue.workbook.sheets import BY_NAME
from daoxue.workbook.words import Lang
from knowledge.words import Words


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: `column` is a head; `row` 0 is the sheet as a whole, and no `sheet` the file."""

    said: Words
    sheet: str = ""
    row: int = 0
    column: str = ""

    def told(self, lang: Lang) -> str:
        if lang == "en":
            row = f"row {self.row}" if self.row else ""
            places, between = (self._sheet_in_english(), row, self._column_in_english()), ": "
        else:
            row = f"第 {self.row} 行" if self.row else ""
            places, between = (self.sheet, row, f"“{self.column}”" if self.column else ""), "："
        place = " ".join(each for each in places if each)
        return f"{place}{between}{self.said.told(lang)}" if place else self.said.told(lang)

    def _sheet_in_english(self) -> str:
        """What it means, with what stands in the file."""
        ours = BY_NAME.get(self.sheet)
        return f"{ours.key} ({self.sheet})" if ours else self.sheet

    def _column_in_english(self) -> str:
        ours = BY_NAME[self.sheet].heads.get(self.column) if self.sheet in BY_NAME else None
        return f"{ours.field} ({self.column})" if ours and ours.field != self.column else self.column
