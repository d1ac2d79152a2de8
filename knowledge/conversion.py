"""Rows of a file becoming entries: what a row leaves open, what is wrong with it, what its writer should know."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

import msgspec
from msgspec import Struct

from knowledge.columns import ENGLISH, GIVEN, HEADS, day, parts
from knowledge.entries import LONGEST_ANSWER, SHORT, Entry, too_long_for_sms
from knowledge.standard import standard, unknown
from knowledge.topics import Topics, by_name

VALID_DAYS = 365
KEPT = ("questions", "audience", "district", "person", "source_en")  # of an entry, where a file has no column for it
OWN_ID = (
    "id"  # kept by a row of the template: its number is the standard question's, which an entry of any name answers
)
_WRITTEN = ("spoken", "sms", "steps", *ENGLISH)  # nothing without an answer
_FIELD = re.compile(r" - at `\$\.(en\.answer|en\.steps|\w+)(?:\[[^`]*)?`$")


class Sheet(Struct):
    """The rows of a file with their numbers, and what is wrong with rows as such, by number. `columns` are those of a
    table."""

    rows: list[tuple[int, dict[str, str]]]
    columns: frozenset[str] = frozenset()
    wrong: dict[int, str] = {}


class ConvertedRow(Struct, frozen=True):
    """What became of one row: an entry, or what is wrong with it. `keeps` names the fields that the file does not speak
    of: an entry that is there keeps them. `notes` are for the writer to know, and no problem."""

    number: int
    id: str
    problems: list[str]
    entry: Entry | None = None
    keeps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class ImportReport(Struct, frozen=True):
    """`problem` is about the file as a whole; then there are no rows. `unanswered` standard questions stand in it without
    an answer, and are none of the rows."""

    rows: list[ConvertedRow]
    problem: str = ""
    unanswered: int = 0

    @property
    def entries(self) -> list[Entry]:
        return [row.entry for row in self.rows if row.entry is not None]

    @property
    def bad(self) -> int:
        return sum(row.entry is None for row in self.rows)


class Conversion:
    """Rows becoming entries of these topics; a row may be wrong by what another says."""

    def __init__(self, sheet: Sheet, owner: str, today: date, topics: Topics) -> None:
        self._topics = topics
        self._names = by_name(topics)
        self._sheet = sheet
        self._owner = owner
        self._today = today
        self._seen: dict[str, int] = {}
        self._template = "wording" in sheet.columns
        self._questions = standard().questions if sheet.columns & {"wording", "standard"} else {}

    def report(self) -> ImportReport:
        rows = [self._row(number, values) for number, values in self._sheet.rows if not self._is_open(number, values)]
        return ImportReport(rows, unanswered=len(self._sheet.rows) - len(rows))

    def _is_open(self, number: int, values: Mapping[str, str]) -> bool:
        """Whether it is a standard question that nobody has answered yet."""
        return self._template and not values.keys() & {"answer", *_WRITTEN} and number not in self._sheet.wrong

    def _row(self, number: int, values: Mapping[str, str]) -> ConvertedRow:
        raw = self._filled(number, values)
        id = str(raw["id"])
        problems = self._problems(number, id, raw, values)
        if problems:
            return ConvertedRow(number, id, problems)
        try:
            entry = msgspec.convert(raw, Entry, strict=False)
        except msgspec.ValidationError as error:
            return ConvertedRow(number, id, [_named(error)])
        if problems := entry.problems():
            return ConvertedRow(number, id, problems)
        if (length := too_long_for_sms(entry)) is not None:
            return ConvertedRow(number, id, [f"“回答”的第一句有 {length} 字，短信放不下：请另写“短信”"])
        keeps = tuple(name for name in KEPT if name not in self._sheet.columns and name not in values)
        if not (self._sheet.columns | values.keys()) & ENGLISH.keys():
            keeps += ("en",)
        if self._template:
            keeps += (OWN_ID,)
        return ConvertedRow(number, id, [], entry, keeps, tuple(self._notes(id, values)))

    def _filled(self, number: int, values: Mapping[str, str]) -> dict[str, object]:
        """What a row says, and what is so where it says nothing."""
        today = self._today
        raw: dict[str, object] = {
            "topic": "course_faq", "source": "导入", "owner": self._owner, "valid_from": today.isoformat(),
            "valid_until": (today + timedelta(days=VALID_DAYS)).isoformat(), "id": f"import-{today:%y%m%d}-{number}",
            "kind": "guide" if "steps" in values and self._template else "faq",
        }  # fmt: skip
        if self._template:
            raw["id"] = raw["standard"] = values.get("id", "")
            if (question := self._questions.get(values.get("id", ""))) is not None:
                raw["topic"] = question.topic
        raw |= {name: _READERS.get(name, str)(value) for name, value in values.items() if name not in GIVEN}
        raw["topic"] = self._names.get(str(raw["topic"]), raw["topic"])
        english = {ENGLISH[name]: raw.pop(name) for name in ENGLISH if name in raw}
        if english:
            raw["en"] = english
        return raw

    def _problems(self, number: int, id: str, raw: Mapping[str, object], values: Mapping[str, str]) -> list[str]:
        """What an entry cannot say of itself."""
        found = [self._sheet.wrong[number]] if number in self._sheet.wrong else []
        if self._template and "id" not in values:
            found.append("没有编号：标准问题由系统给定；自己的问题请另做一个文件，列是 问题、回答")
        elif (name := raw.get("standard")) is not None and name not in self._questions:
            found.append(unknown(str(name), self._questions))
        if (topic := str(raw["topic"])) not in self._topics:
            found.append(f"主题：没有“{topic[:40]}”；可以是 {'、'.join(each.zh for each in self._topics.values())}")
        if "answer" not in values:
            found.append("“回答”空着")
        elif len(values["answer"]) > LONGEST_ANSWER:
            found.append(f"“回答”有 {len(values['answer'])} 字，最多 {LONGEST_ANSWER} 字")
        if self._seen.setdefault(id, number) != number:
            found.append(f"编号 {id} 重复：第 {self._seen[id]} 行已经有了")
        return found

    def _notes(self, id: str, values: Mapping[str, str]) -> Iterator[str]:
        if self._template and len(values["answer"]) > SHORT and "sms" not in values:
            yield f"“回答”有 {len(values['answer'])} 字，短信只发开头放得下的整句"
        question = self._questions.get(id)
        if question is None or not self._template:
            return
        for name, wording in (("wording", question.zh), ("english", question.en)):
            if (written := values.get(name)) and written != wording:
                yield f"“{HEADS[name]}”的改动没有采用，说法由系统给定：{wording}"


_READERS: Mapping[str, Callable[[str], object]] = {
    "questions": parts, "steps": parts, "en_steps": parts, "valid_from": day, "valid_until": day,
}  # fmt: skip


def _named(error: msgspec.ValidationError) -> str:
    """With the head of the column that it is about."""
    match = _FIELD.search(str(error))
    field = match[1].replace(".", "_") if match else ""
    return f"{HEADS.get(field, field)}：{error}" if match else str(error)
