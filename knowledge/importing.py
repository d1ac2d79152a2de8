"""Knowledge from the files that people have: CSV, XLSX, Markdown, DOCX, and YAML. Every row is reported, by number.

`python -m knowledge.importing FILE` prints the report as JSON: reading office files takes libraries of tens of
megabytes that the service itself should not carry, and a file that breaks its reader breaks nothing else.
"""

import csv
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zipfile import BadZipFile

import docx
import msgspec
import openpyxl
from docx.opc.exceptions import PackageNotFoundError
from msgspec import Struct
from openpyxl.utils.exceptions import InvalidFileException

from knowledge.entries import Entry

SUFFIXES = (".csv", ".xlsx", ".md", ".docx")
LARGEST = 8_000_000  # bytes
MOST = 20_000  # rows
SHORT = 134  # characters of an SMS of two segments
VALID_DAYS = 365
# The columns, as people write them.
_COLUMNS = {
    "编号": "id", "主题": "topic", "类型": "kind", "问题": "questions", "问法": "questions", "回答": "answer", "答案": "answer",
    "语音": "spoken", "口语": "spoken", "短信": "sms", "步骤": "steps", "对象": "audience", "地区": "district", "来源": "source",
    "依据": "source", "负责人": "owner", "生效日期": "valid_from", "失效日期": "valid_until", "有效期至": "valid_until",
    "question": "questions",
}  # fmt: skip
_TOPICS = {
    "培训信息": "training_info", "学分查询": "credit_lookup", "积分兑换": "credit_redemption", "课程答疑": "course_faq",
    "操作指导": "operation_guide", "地点时间": "site_hours", "报名": "enrolment", "活动": "activity", "投诉": "complaint",
    "人工": "human_agent", "闲聊": "chitchat", "其他": "out_of_scope",
}  # fmt: skip
_LISTS = {"questions": re.compile(r"\s*[|｜\n]\s*"), "steps": re.compile(r"\s*[|｜\n]\s*")}
_FACT = re.compile(r"^[-*]?\s*(?P<name>[^\s:：]{2,12})\s*[:：]\s*(?P<value>.+)$")


class Row(Struct, frozen=True):
    """What became of one row: an entry, or what is wrong with it."""

    number: int
    id: str
    problems: list[str]
    entry: Entry | None = None


class Report(Struct, frozen=True):
    """`problem` is about the file as a whole; then there are no rows."""

    rows: list[Row]
    problem: str = ""

    @property
    def entries(self) -> list[Entry]:
        return [row.entry for row in self.rows if row.entry is not None]

    @property
    def bad(self) -> int:
        return sum(row.entry is None for row in self.rows)


class UnreadableError(Exception):
    """The file as a whole cannot be read; the message says why."""


def read(path: Path, name: str, owner: str, today: date) -> Report:
    """The entries of a file. `name` says by its ending what it is; `owner` and a year of validity are what a row that
    says nothing else gets."""
    suffix = Path(name).suffix.lower()
    if path.stat().st_size > LARGEST:
        return Report([], f"文件超过 {LARGEST // 1_000_000} MB，请分成几个")
    try:
        raw = list(_raw(path, suffix))
    except UnreadableError as error:
        return Report([], str(error))
    except (BadZipFile, InvalidFileException, PackageNotFoundError, KeyError, ValueError, OSError) as error:
        return Report([], f"读不了这个文件：{type(error).__name__}。请另存为标准的 {suffix} 再试")
    if not raw:
        return Report([], "文件里没有内容")
    if len(raw) > MOST:
        return Report([], f"超过 {MOST} 行，请分成几个文件")
    seen: set[str] = set()
    return Report([_row(number, values, owner, today, seen) for number, values in raw])


def _raw(path: Path, suffix: str) -> Iterator[tuple[int, dict[str, str]]]:
    match suffix:
        case ".csv":
            return _table(_csv(path))
        case ".xlsx":
            return _table(_xlsx(path))
        case ".md":
            return _sections(_lines(path))
        case ".docx":
            return _sections(_docx(path))
    raise UnreadableError(f"不支持 {suffix or '没有后缀的文件'}；可以导入 {'、'.join(SUFFIXES)}")


def _lines(path: Path) -> list[str]:
    return _text(path).splitlines()


def _text(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):  # what Excel writes, here and in China
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableError("文字编码认不出来，请另存为 UTF-8")


def _csv(path: Path) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(_text(path)), strict=True)
    except csv.Error as error:
        raise UnreadableError(f"CSV 格式不对：{error}") from error


def _xlsx(path: Path) -> Iterator[list[str]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    sheet = book.worksheets[0]
    for values in sheet.iter_rows(values_only=True, max_col=40, max_row=MOST + 2):
        yield [_cell(value) for value in values]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value.date().isoformat() if isinstance(value, datetime) else str(value)


def _table(rows: Iterator[list[str]]) -> Iterator[tuple[int, dict[str, str]]]:
    head = next(rows, [])
    if not head:
        return
    names = [_COLUMNS.get(each.strip(), each.strip()) for each in head]
    known = set(Entry.__struct_fields__)
    if unknown := [name for name in names if name and name not in known]:
        raise UnreadableError(f"不认识的列：{'、'.join(unknown)}；可以有 {'、'.join(dict.fromkeys(_COLUMNS))}")
    if lacking := {"questions", "answer"} - set(names):
        raise UnreadableError(f"缺少列：{'、'.join(sorted(lacking))}（问题、回答）")
    for number, cells in enumerate(rows, 2):
        values = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name and cell.strip()}
        if values:
            yield number, values


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
            name = _COLUMNS.get(fact["name"]) if fact else None
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


def _row(number: int, values: Mapping[str, str], owner: str, today: date, seen: set[str]) -> Row:
    raw: dict[str, object] = {
        "topic": "course_faq", "kind": "faq", "source": "导入", "owner": owner, "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=VALID_DAYS)).isoformat(), "id": f"import-{today:%y%m%d}-{number}",
    }  # fmt: skip
    raw |= {
        name: [each for each in _LISTS[name].split(value) if each] if name in _LISTS else value
        for name, value in values.items()
    }
    raw["topic"] = _TOPICS.get(str(raw["topic"]), raw["topic"])
    answer = str(raw.get("answer", ""))
    raw.setdefault("spoken", answer)
    raw.setdefault("sms", answer[:SHORT])
    id = str(raw["id"])
    try:
        entry = msgspec.convert(raw, Entry, strict=False)
    except msgspec.ValidationError as error:
        return Row(number, id, [str(error)])
    problems = entry.problems()
    if id in seen:
        problems.append(f"编号 {id} 重复")
    seen.add(id)
    return Row(number, id, problems, None if problems else entry)


def main() -> None:
    """The report of a file on standard output."""
    path, name, owner, today = sys.argv[1:]
    report = read(Path(path), name, owner, date.fromisoformat(today))
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
