"""A centre's own sheet of test questions: what is asked, and what should answer it.

`python -m knowledge.testing FILE SUFFIX` prints its rows as JSON, in a process of its own as `knowledge.importing` does.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from knowledge.grids import Grid, csv_grid, xlsx_grids
from knowledge.office import UnreadableError
from knowledge.tested import TestQuestion, TestSheet
from knowledge.words import Words

MOST = 2000  # questions
LONGEST = 500  # characters of one
_ASKED = {"问题", "问法", "question", "text"}
_ANSWERS = {"应答", "应该的回答", "答案", "编号", "answer", "entry", "id"}


def read(path: Path, suffix: str) -> TestSheet:
    """The test questions of a CSV or XLSX file."""
    try:
        grids = [csv_grid(path, _is_head)] if suffix == ".csv" else xlsx_grids(path)
    except UnreadableError as error:
        return TestSheet([], error.words)
    found = [each for grid in grids for each in _rows(grid)]
    if not found:
        heads = "表里要有两列：问题、应答（知识编号或标准问题；不该答的留空）"
        english = "Two columns are wanted, question and answer (an entry or a standard question; empty where none fits)"
        return TestSheet([], Words(heads, english))
    if len(found) > MOST:
        return TestSheet([], Words(f"一次最多 {MOST} 个问题", f"At most {MOST} questions at a time"))
    return TestSheet(found)


def _is_head(row: list[str]) -> bool:
    return _column(row, _ASKED) is not None and _column(row, _ANSWERS) is not None


def _column(row: list[str], names: set[str]) -> int | None:
    return next((at for at, cell in enumerate(row) if cell.strip().lower() in names), None)


def _rows(grid: Grid) -> Iterator[TestQuestion]:
    head = next(((at, row) for at, (_, row) in enumerate(grid.rows) if _is_head(row)), None)
    if head is None:
        return
    asked, answers = _column(head[1], _ASKED), _column(head[1], _ANSWERS)
    assert asked is not None
    assert answers is not None
    for number, row in grid.rows[head[0] + 1 :]:
        cells = [*row, *[""] * (max(asked, answers) + 1 - len(row))]
        if text := cells[asked].strip():
            yield TestQuestion(number, text[:LONGEST], cells[answers].strip())


def main() -> None:
    path, suffix = sys.argv[1:]
    sys.stdout.buffer.write(msgspec.json.encode(read(Path(path), suffix)))


if __name__ == "__main__":
    main()
