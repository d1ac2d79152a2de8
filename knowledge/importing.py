"""Knowledge from the files that people have: CSV, XLSX, Markdown, DOCX, and YAML. Every row is reported, by number.

`python -m knowledge.importing FILE NAME OWNER DAY TOPICS` prints the report as JSON: reading office files takes libraries of tens of
megabytes that the service itself should not carry, and a file that breaks its reader breaks nothing else.
"""

import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile

import docx
import msgspec
from docx.opc.exceptions import PackageNotFoundError
from openpyxl.utils.exceptions import InvalidFileException

from knowledge.columns import ENGLISH, GIVEN, HELP, NAMES, field, is_head, named
from knowledge.conversion import SUFFIXES, Conversion, ImportReport, Sheet
from knowledge.entries import Entry
from knowledge.grids import MOST, Grid, csv_grid, text_of, xlsx_grids
from knowledge.office import UnreadableError, looked_into
from knowledge.standard import standard
from knowledge.topics import Topic, Topics, ours
from knowledge.words import Words

LARGEST = 8_000_000  # bytes
ABOVE = 30  # rows among which the one with the heads is looked for
# What the readers of office files raise at damage: their parsers are syntax errors, what they miss is whatever it is.
_BROKEN = (
    BadZipFile, InvalidFileException, PackageNotFoundError, zlib.error, SyntaxError, LookupError, ValueError, TypeError,
    AttributeError, RuntimeError, EOFError, OSError, ExpatError,
)  # fmt: skip
_FACT = re.compile(r"^[-*]?\s*(?P<name>[^\s:：]{2,12})\s*[:：]\s*(?P<value>.+)$")
_KNOWN = frozenset({*Entry.__struct_fields__, *GIVEN, *ENGLISH, "alike"}) - {"stale"}
_EMPTY = Words("文件里没有内容", "The file is empty")


def read(path: Path, name: str, owner: str, today: date, topics: Topics | None = None) -> ImportReport:
    """The entries of a file. `name` says by its ending what it is; `owner` and a year of validity are what a row that
    says nothing else gets. `topics` are those that there are; those that come with us where it is not said."""
    suffix = Path(name).suffix.lower()
    if path.stat().st_size > LARGEST:
        mb = LARGEST // 1_000_000
        return ImportReport([], Words(f"文件超过 {mb} MB，请分成几个", f"The file is larger than {mb} MB: split it"))
    try:
        sheets, notes = _sheets(path, suffix)
    except UnreadableError as error:
        return ImportReport([], error.words)
    except _BROKEN:
        words = Words(
            f"读不了这个文件，可能不完整，请另存为标准的 {suffix} 再试",
            f"The file cannot be read and may be incomplete: save it as a standard {suffix} and try again",
        )
        return ImportReport([], words)
    if not any(sheet.rows for sheet in sheets):
        return ImportReport([], _EMPTY)
    if sum(len(sheet.rows) for sheet in sheets) > MOST:
        return ImportReport([], Words(f"超过 {MOST} 行，请分成几个文件", f"More than {MOST} rows: split the file"))
    report = Conversion(sheets, owner, today, topics or ours()).report()
    return msgspec.structs.replace(report, notes=notes)


def _sheets(path: Path, suffix: str) -> tuple[list[Sheet], list[Words]]:
    """The tables of a file, and what its writer should know of the others."""
    match suffix:
        case ".csv":
            return _tables([csv_grid(path, is_head)])
        case ".xlsx":
            return _tables(xlsx_grids(path))
        case ".md":
            return [Sheet(list(_sections(text_of(path).splitlines())))], []
        case ".docx":
            return [Sheet(list(_sections(_docx(path))))], []
    can = "、".join(SUFFIXES)
    raise UnreadableError(
        Words(
            f"不支持 {suffix or '没有后缀的文件'}；可以导入 {can}",
            f"{suffix or 'A file without a suffix'} cannot be imported: {can} can",
        )
    )


def _tables(grids: Sequence[Grid]) -> tuple[list[Sheet], list[Words]]:
    """Those that have heads that we know; where none has, the first one says what is wrong with it."""
    tables = [(grid, head) for grid in grids if (head := _head(grid)) is not None]
    filled = [grid for grid in grids if any(any(row) for _, row in grid.rows)]
    if not filled:
        return [], []
    if not tables:
        raise _headless(filled[0])
    others = [grid.name for grid in filled if grid.name not in {HELP, *(grid.name for grid, _ in tables)}]
    notes = [
        Words(
            f"工作表“{name}”没有“问题”和“回答”两列，没有读",
            f"The sheet “{name}” has no columns question and answer and was not read",
        )
        for name in others
    ]
    return [_table(grid, head) for grid, head in tables], notes


def _head(grid: Grid) -> int | None:
    """Where in its rows the heads stand: below titles and empty rows."""
    return next((at for at, (_, row) in enumerate(grid.rows[:ABOVE]) if is_head(row)), None)


def _headless(grid: Grid) -> UnreadableError:
    rows = [row for _, row in grid.rows[:ABOVE] if any(row)]
    best = max(rows, key=lambda row: sum(bool(field(cell)) for cell in row))
    names = {name for cell in best if (name := field(cell))}
    lacking = [
        named(name)
        for name in ("questions", "answer")
        if name not in names | ({"questions"} if names & {"wording", "alike"} else set())
    ]
    if names:
        return UnreadableError(_listed(Words("缺少列：", "Columns are missing: "), lacking))
    return _unknown([cell for cell in rows[0] if cell.strip()])


def _unknown(heads: Sequence[str]) -> UnreadableError:
    zh, en = ("、".join(head[:20] for head in heads), ", ".join(head[:20] for head in heads))
    told = Words(
        f"不认识的列：{zh}；不需要的列请删掉。第一行要是列名，可以有 ",
        f"Unknown columns: {en}. Delete those that are not needed; the first row names the columns, which may be ",
    )
    return UnreadableError(_listed(told, [named(name) for name in dict.fromkeys(NAMES.values())]))


def _listed(told: Words, columns: Sequence[Words]) -> Words:
    return Words(told.zh + "、".join(each.zh for each in columns), told.en + ", ".join(each.en for each in columns))


def _table(grid: Grid, at: int) -> Sheet:
    heads = grid.rows[at][1]
    below = grid.rows[at + 1 :]
    names = [field(head) for head in heads]
    unknown = [
        head for column, (head, name) in enumerate(zip(heads, names, strict=True))
        if (name is None or name not in {*_KNOWN, ""}) and any(column < len(row) and row[column].strip() for _, row in below)
    ]  # fmt: skip
    if unknown:
        raise _unknown(unknown)
    columns = [name or "" for name in names]
    if not _is_template(columns, below):
        columns = ["questions" if name in ("wording", "alike") else name for name in columns]
    twice = [name for name in dict.fromkeys(columns) if name and name != "questions" and columns.count(name) > 1]
    if twice:
        raise UnreadableError(_listed(Words("有两列都是：", "Two columns are: "), [named(name) for name in twice]))
    sheet = Sheet(
        [], frozenset(columns), {number: list(told) for number, told in grid.wrong.items()}, grid.name,
        {number: list(told) for number, told in grid.told.items()},
        {name: head.strip() for name, head in zip(reversed(columns), reversed(heads), strict=True)},
    )  # fmt: skip
    width = len(columns)
    for number, row in below:
        values = _values(columns, row, {column: grid.days.get((number, column), "") for column in range(len(row))})
        if values:
            width = len(row)
            sheet.rows.append((number, values))
    if "wording" in columns and width < len(columns):
        cut = Words("最后一行不完整：文件可能被截断了", "The last row is incomplete: the file may have been cut short")
        sheet.wrong.setdefault(sheet.rows[-1][0], []).append(cut)
    return sheet


def _values(columns: Sequence[str], row: Sequence[str], days: dict[int, str]) -> dict[str, str]:
    """A row by its columns; ways to ask may stand in several."""
    found: dict[str, str] = {}
    for column, (name, cell) in enumerate(zip(columns, row, strict=False)):
        text = days[column] if name in ("valid_from", "valid_until") and days[column] else cell.strip()
        if name and text:
            found[name] = f"{found[name]}\n{text}" if name == "questions" and name in found else text
    return found


def _is_template(columns: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Whether it is our table of standard questions: 标准问题 is also what others call their questions."""
    if not {"id", "wording"} <= set(columns):
        return False
    at = columns.index("id")
    ids = {row[at].strip() for _, row in rows if at < len(row)}
    return bool({"english", "examples"} & set(columns)) or not ids.isdisjoint(standard().questions)


def _docx(path: Path) -> list[str]:
    looked_into(path)
    lines = []
    for paragraph in docx.Document(str(path)).paragraphs:
        heading = paragraph.style is not None and (paragraph.style.name or "").startswith("Heading")
        lines.append(f"## {paragraph.text}" if heading else paragraph.text)
    return lines


def _sections(lines: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """A heading is a question, what stands below it the answer; `来源：…` and the like are facts about it."""
    values: dict[str, str] = {}
    began, body = 0, list[str]()
    for number, line in enumerate([*lines, "## "], 1):
        if not line.startswith("#"):
            fact = _FACT.match(line.strip())
            name = field(fact["name"]) if fact else None
            if fact and name in ("questions", "alike"):
                values["questions"] += f"|{fact['value']}"
            elif fact and name:
                values[name] = fact["value"]
            elif began:
                body.append(line)
            continue
        if began and (values.get("answer") or "".join(body).strip()):
            yield began, {**values, "answer": values.get("answer") or "\n".join(body).strip()}
        began, body = number, []
        values = {"questions": line.lstrip("#").strip()}


def main() -> None:
    """The report of a file on standard output."""
    path, name, owner, today, topics = sys.argv[1:]
    known = msgspec.json.decode(topics, type=dict[str, Topic])
    report = read(Path(path), name, owner, date.fromisoformat(today), known)
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
