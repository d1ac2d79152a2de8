"""Knowledge from the files that people have: CSV, XLSX, Markdown, DOCX, and YAML. Every row is reported, by number.

`python -m knowledge.importing FILE NAME OWNER DAY TOPICS` prints the report as JSON: reading office files takes libraries of tens of
megabytes that the service itself should not carry, and a file that breaks its reader breaks nothing else.
"""

import csv
import io
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

import docx
import msgspec
import openpyxl
from docx.opc.exceptions import PackageNotFoundError
from openpyxl.utils.exceptions import InvalidFileException

from knowledge.columns import ENGLISH, GIVEN, HEADS, NAMES
from knowledge.conversion import Conversion, ImportReport, Sheet
from knowledge.entries import Entry
from knowledge.topics import Topic, Topics, ours

SUFFIXES = (".csv", ".xlsx", ".md", ".docx")
LARGEST = 8_000_000  # bytes
MOST = 20_000  # rows
# What the readers of office files raise at damage: their parsers are syntax errors, what they miss is whatever it is.
_BROKEN = (
    BadZipFile, InvalidFileException, PackageNotFoundError, zlib.error, SyntaxError, LookupError, ValueError, TypeError,
    AttributeError, RuntimeError, EOFError, OSError,
)  # fmt: skip
_FACT = re.compile(r"^[-*]?\s*(?P<name>[^\s:：]{2,12})\s*[:：]\s*(?P<value>.+)$")
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')


class UnreadableError(Exception):
    """The file as a whole cannot be read; the message says why."""


def read(path: Path, name: str, owner: str, today: date, topics: Topics | None = None) -> ImportReport:
    """The entries of a file. `name` says by its ending what it is; `owner` and a year of validity are what a row that
    says nothing else gets. `topics` are those that there are; those that come with us where it is not said."""
    suffix = Path(name).suffix.lower()
    if path.stat().st_size > LARGEST:
        return ImportReport([], f"文件超过 {LARGEST // 1_000_000} MB，请分成几个")
    try:
        sheet = _sheet(path, suffix)
    except UnreadableError as error:
        return ImportReport([], str(error))
    except _BROKEN as error:
        return ImportReport([], f"读不了这个文件：{type(error).__name__}。可能不完整，请另存为标准的 {suffix} 再试")
    if not sheet.rows:
        return ImportReport([], "文件里没有内容")
    if len(sheet.rows) > MOST:
        return ImportReport([], f"超过 {MOST} 行，请分成几个文件")
    return Conversion(sheet, owner, today, topics or ours()).report()


def _sheet(path: Path, suffix: str) -> Sheet:
    match suffix:
        case ".csv":
            return _table(_csv(path))
        case ".xlsx":
            sheet = _table(_xlsx(path))
            sheet.wrong |= dict(_merged(path))
            return sheet
        case ".md":
            return Sheet(list(_sections(_lines(path))))
        case ".docx":
            return Sheet(list(_sections(_docx(path))))
    raise UnreadableError(f"不支持 {suffix or '没有后缀的文件'}；可以导入 {'、'.join(SUFFIXES)}")


def _lines(path: Path) -> list[str]:
    return _text(path).splitlines()


def _text(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):  # what Excel writes, here and in China
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                raise UnreadableError("文件不完整：最后一个字只有一半") from error
    raise UnreadableError("文字编码认不出来，请另存为 UTF-8")


def _csv(path: Path) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(_text(path)), strict=True)
    except csv.Error as error:
        raise UnreadableError(f"CSV 格式不对：{error}") from error


def _xlsx(path: Path) -> Iterator[list[str]]:
    with path.open("rb") as file:  # by its name it might be refused: what it is called is known from elsewhere
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        for values in sheet.iter_rows(values_only=True, max_col=40, max_row=MOST + 2):
            yield [_cell(value) for value in values]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value).replace("\r\n", "\n")


def _merged(path: Path) -> Iterator[tuple[int, str]]:
    """The rows of the first sheet that share a cell: which of them its words are for, nobody can tell."""
    with ZipFile(path) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - the reader has parsed it already
        first = book.find(".//{*}sheet")
        link = next((value for name, value in first.items() if name.endswith("}id")), "") if first is not None else ""
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
        target = next((each.get("Target", "") for each in links if each.get("Id") == link), "")
        with archive.open(f"xl/{target.removeprefix('/xl/')}") as sheet:
            for top, bottom, cells in _ranges(sheet):
                for number in range(top, min(bottom, top + MOST) + 1):
                    yield number, f"单元格 {cells} 合并了：请取消合并，每行各写各的"


def _ranges(sheet: IO[bytes]) -> Iterator[tuple[int, int, str]]:
    """Merged cells over several rows, read in pieces: a sheet may be large."""
    rest = b""
    while piece := sheet.read(1_000_000):
        text = rest + piece
        for match in _MERGE.finditer(text):
            if match[2] != match[4]:
                yield int(match[2]), int(match[4]), b"".join((*match.group(1, 2), b":", *match.group(3, 4))).decode()
        rest = text[text.rfind(b"<") :] if b"<" in text else b""


def _table(rows: Iterator[list[str]]) -> Sheet:
    head = next(rows, [])
    names = [NAMES.get(each.strip(), each.strip()) for each in head]
    known = {*Entry.__struct_fields__, *GIVEN, *ENGLISH}
    if unknown := [name for name in names if name and name not in known]:
        raise UnreadableError(f"不认识的列：{'、'.join(unknown)}；可以有 {'、'.join(dict.fromkeys(NAMES))}")
    asked = "id" if "wording" in names else "questions"
    if head and (lacking := {asked, "answer"} - set(names)):
        raise UnreadableError(f"缺少列：{'、'.join(HEADS[name] for name in sorted(lacking))}")
    found, width = list[tuple[int, dict[str, str]]](), len(names)
    for number, cells in enumerate(rows, 2):
        values = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name and cell.strip()}
        if values:
            width = len(cells)
            found.append((number, values))
    sheet = Sheet(found, frozenset(names))
    if "wording" in names and width < len(names):
        sheet.wrong[found[-1][0]] = "最后一行不完整：文件可能被截断了"
    return sheet


def _docx(path: Path) -> list[str]:
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
            name = NAMES.get(fact["name"]) if fact else None
            if fact and name == "questions":
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
