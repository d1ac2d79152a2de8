"""The standard questions as a table: written, answered, taken in again; and all that can be wrong with such a table."""

import asyncio
import csv
import io
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import cast
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl.worksheet.worksheet import Worksheet

from daoxue.app import App
from daoxue.config import Config
from daoxue.files import FilesRead, on_record, read, take_in, write_template
from daoxue.preparing import prepare
from knowledge import importing
from knowledge.columns import TEMPLATE, day
from knowledge.conversion import ImportReport
from knowledge.files import KnowledgeError
from knowledge.standard import standard
from knowledge.template import HEADS, as_csv, as_xlsx
from knowledge.topics import ours
from tests.talk import Resident

TODAY = date(2026, 11, 20)
AT = {head: number for number, head in enumerate(HEADS, 1)}


class Table:
    """A template in hand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(as_xlsx({}))
        self.book = openpyxl.load_workbook(path)
        self.sheet = cast(Worksheet, self.book.active)
        self.rows = {str(self.sheet.cell(row, 1).value): row for row in range(2, self.sheet.max_row + 1)}

    def write(self, id: str, **cells: object) -> int:
        """Writes into the row of a question; the number of the row."""
        for head, value in cells.items():
            self.sheet.cell(self.rows[id], AT[head]).value = value  # type: ignore[assignment]
        return self.rows[id]

    def read(self) -> ImportReport:
        self.book.save(self.path)
        return importing.read(self.path, self.path.name, "张老师", TODAY)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path / "table.xlsx")


def test_the_template_holds_every_question_and_says_what_each_column_is_for(table: Table) -> None:
    questions = standard().questions
    assert list(table.rows) == list(questions)
    row = [cell.value for cell in table.sheet[table.rows["parking"]]]
    assert row[:4] == ["parking", "地点时间", questions["parking"].zh, questions["parking"].en]
    examples = str(row[4]).splitlines()
    assert 3 <= len(examples) <= 5
    assert questions["parking"].zh not in examples
    assert row[5:] == [None] * 12
    assert (table.sheet.freeze_panes, table.sheet.protection.sheet) == ("D2", True)
    assert (table.sheet["A2"].protection.locked, table.sheet["F2"].protection.locked) == (True, False)
    assert table.sheet["F2"].alignment.wrap_text
    choices = table.sheet.data_validations.dataValidation[0]
    assert choices.formula1 == f'"{",".join(each.zh for each in ours().values())}"'
    explained = [row[0].value for row in table.book.worksheets[1].iter_rows()]
    assert [head for head in explained if head in AT] == HEADS == [column.head for column in TEMPLATE]


def test_what_is_answered_is_taken_and_the_rest_is_counted(table: Table) -> None:
    table.write("parking", 回答="东门有车位。", 失效日期=date(2027, 3, 1), 来源="后勤")
    table.write("g-test", 回答="这样做：", 步骤="打开课程\n点测验", 主题="课程答疑")
    report = table.read()
    assert (report.problem, report.bad, report.unanswered) == (None, 0, 205)
    first, second = sorted(report.entries, key=lambda entry: entry.id)
    assert (first.id, first.standard, first.kind, first.steps) == ("g-test", "g-test", "guide", ("打开课程", "点测验"))
    assert (first.topic, second.topic) == ("course_faq", "site_hours")
    assert (second.standard, second.questions, second.spoken, second.owner) == ("parking", (), None, "张老师")
    assert (second.valid_from, second.valid_until, second.source) == (TODAY, date(2027, 3, 1), "后勤")


def test_csv_has_the_same_columns(tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(as_csv({}).decode("utf-8-sig"))))
    assert rows[0] == HEADS
    rows[1][AT["回答"] - 1] = "都免费。"
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    report = importing.read(path, path.name, "a", TODAY)
    assert ([entry.answer for entry in report.entries], report.unanswered) == (["都免费。"], 206)


def test_a_changed_wording_is_not_taken_and_that_is_said(table: Table) -> None:
    table.write("parking", 回答="东门有车位。", 标准问题="车停哪", English="Where to park")
    [row] = table.read().rows
    assert row.problems == []
    assert ["没有采用" in note.zh for note in row.notes] == [True, True]
    assert row.entry is not None
    assert row.entry.questions == ()


def test_of_a_long_answer_whole_sentences_are_sent_and_that_is_said(table: Table) -> None:
    table.write("parking", 回答="东门有车位。" * 30)
    [row] = table.read().rows
    assert row.entry is not None
    assert row.entry.sms is None
    assert "整句" in row.notes[0].zh


def _stranger(table: Table) -> None:
    table.sheet.cell(table.write("parking", 回答="有。"), 1).value = "parkng"


def _twice(table: Table) -> None:
    table.write("parking", 回答="有。")
    table.sheet.cell(table.write("wifi", 回答="没有。"), 1).value = "parking"


def _no_id(table: Table) -> None:
    table.sheet.cell(table.write("parking", 回答="有。"), 1).value = None


@pytest.mark.parametrize(("spoil", "said"), [
    (_stranger, "没有标准问题 parkng；是不是 parking"), (_twice, "编号 parking 重复：工作表“标准问题”第"), (_no_id, "没有编号"),
    (lambda t: t.write("parking", 步骤="一\n二"), "“回答”空着"), (lambda t: t.write("parking", 回答="有。", 短信="字" * 135), "短信："),
    (lambda t: t.write("parking", 回答="有。", 失效日期="明年"), "失效日期："), (lambda t: t.write("parking", 回答="有。", 失效日期="2020.1.1"), "早于"),
    (lambda t: t.write("parking", 回答="有。", 主题="停车"), "主题："), (lambda t: t.write("parking", 回答="字" * 30_000), "有 30000 字，最多 2000"),
])  # fmt: skip
def test_what_is_wrong_is_told_by_row(table: Table, spoil: Callable[[Table], object], said: str) -> None:
    spoil(table)
    told = {row.number: problem.zh for row in table.read().rows for problem in row.problems}
    assert said in "；".join(told.values())
    assert min(told) >= min(table.rows["parking"], table.rows["wifi"])


def test_an_answer_of_a_hundred_thousand_characters(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"编号,标准问题,回答\nparking,停车,{'字' * 100_000}\n", encoding="utf-8")
    [row] = importing.read(path, path.name, "a", TODAY).rows
    assert [each.zh for each in row.problems] == ["“回答”有 100000 字，最多 2000 字"]


def test_a_cell_that_is_merged_over_rows_holds_for_each_and_that_is_told(table: Table) -> None:
    row = table.write("parking", 回答="有。")
    table.sheet.merge_cells(start_row=row, end_row=row + 2, start_column=AT["回答"], end_column=AT["回答"])
    report = table.read()
    assert [entry.answer for entry in report.entries] == ["有。"] * 3
    [told] = report.rows[0].notes
    assert told.zh.endswith("合并了，每行都按“有。”读")


def test_a_cell_that_is_merged_within_a_row_harms_nothing(table: Table) -> None:
    row = table.write("parking", 回答="有。")
    table.sheet.merge_cells(start_row=row, end_row=row, start_column=AT["回答"], end_column=AT["语音"])
    assert table.read().bad == 0


@pytest.mark.parametrize("written", [
    "2027-03-01", "2027/3/1", "2027.03.01", "2027年3月1日", "20270301", "2027-03-01 00:00:00", "46447", "46447.0", "2027 - 3 - 1",
])  # fmt: skip
def test_days_as_people_write_them(table: Table, written: str) -> None:
    table.write("parking", 回答="有。", 失效日期=written)
    [entry] = table.read().entries
    assert entry.valid_until == date(2027, 3, 1)


@pytest.mark.parametrize("written", ["2027-13-01", "3/1/2027", "长期", "2027年3月", "99999999", ""])
def test_what_is_no_day_stays_as_it_is(written: str) -> None:
    assert day(written) == written


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_file_that_was_cut_short(tmp_path: Path, kept: float) -> None:
    for name, whole in (("a.xlsx", as_xlsx({})), ("a.csv", as_csv({}).rstrip()[:-3])):
        path = tmp_path / name
        path.write_bytes(whole[: int(len(whole) * kept)])
        report = importing.read(path, name, "a", TODAY)
        assert report.problem or [row.problems for row in report.rows if row.problems], (name, kept)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6), st.booleans())
def test_a_damaged_workbook_breaks_nothing(damage: list[tuple[int, int]], inside: bool) -> None:
    whole = SMALL
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        if inside:
            with ZipFile(io.BytesIO(whole)) as good, ZipFile(path, "w") as bad:
                for name in good.namelist():
                    bad.writestr(name, spoilt(good.read(name), damage))
        else:
            path.write_bytes(spoilt(whole, damage))
        report = importing.read(path, path.name, "a", TODAY)
    assert report.problem or report.rows or report.unanswered


def spoilt(content: bytes, damage: list[tuple[int, int]]) -> bytes:
    found = bytearray(content)
    for at, byte in damage:
        found[at % len(found)] = byte
    return bytes(found)


def _small() -> bytes:
    book = openpyxl.Workbook()
    sheet = cast(Worksheet, book.active)
    for row in (["编号", "标准问题", "回答"], ["parking", "停车", "有。"]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


SMALL = _small()


def test_every_byte_at_which_a_table_may_end_is_told(tmp_path: Path) -> None:
    rows = '编号,标准问题,回答,来源\nparking,停车,东门“有”车位,后勤\nwifi,无线,"没有，\n真的",后勤'.encode()
    path = tmp_path / "a.csv"
    for end in range(
        len("编号,标准问题,回答,来源\nparking,停车,东门“有”车位,后勤\nw".encode()), len(rows) - len("后勤".encode())
    ):
        path.write_bytes(rows[:end])
        report = importing.read(path, path.name, "a", TODAY)
        assert report.problem or report.bad, rows[:end].decode(errors="replace")


def test_words_that_look_like_a_formula_are_words(config: Config, tmp_path: Path) -> None:
    answers = on_record(config)
    spoilt = {"parking": replace(answers["parking"], answer="=1+1\x0b", steps=("甲|乙\n丙",), spoken="语音", en=None)}
    path = tmp_path / "a.xlsx"
    path.write_bytes(as_xlsx(spoilt))
    [entry] = importing.read(path, path.name, "a", TODAY).entries
    assert (entry.answer, entry.spoken, entry.steps) == ("=1+1", "语音", ("甲 乙 丙",))


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
def test_filled_out_and_back_nothing_changes(config: Config, tmp_path: Path, name: str) -> None:
    before = on_record(config)
    assert len(before) == len(standard().questions)
    path = tmp_path / name
    write_template(path, before)
    taken = read([path], "张老师", TODAY, partial=False)
    assert (len(taken.entries), taken.unanswered, taken.told) == (len(before), 0, [])
    take_in(config, taken, "张老师", "published")
    assert on_record(config) == before


def test_an_answer_of_another_name_comes_back_as_itself(config: Config, tmp_path: Path) -> None:
    own = replace(on_record(config)["g-unbind"], id="seat-1126-3", questions=("换了手机怎么解绑",), audience="老年居民")
    take_in(config, FilesRead([(own, ())], [], 0, []), "李老师", "published")
    before = on_record(config)
    assert before["g-unbind"] == own
    path = tmp_path / "a.csv"
    write_template(path, before)
    taken = read([path], "张老师", TODAY, partial=False)
    content = take_in(config, taken, "张老师", "published").content
    assert on_record(config) == before
    assert "g-unbind" not in {entry.id for entry in content.entries}


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"answers of a week")
    with pytest.raises(KnowledgeError, match="已经有了"):
        write_template(path, {})
    assert path.read_bytes() == b"answers of a week"
    with pytest.raises(KnowledgeError, match="可以写"):
        write_template(tmp_path / "a.ods", {})


def test_all_or_nothing_unless_partial(table: Table) -> None:
    table.write("parking", 回答="有。")
    table.write("wifi", 回答="没有。", 失效日期="明年")
    table.book.save(table.path)
    with pytest.raises(KnowledgeError, match="失效日期"):
        read([table.path], "a", TODAY, partial=False)
    taken = read([table.path], "a", TODAY, partial=True)
    assert [entry.id for entry, _ in taken.entries] == ["parking"]
    assert taken.told == [
        f"table.xlsx: 工作表“标准问题”第 {table.rows['wifi']} 行 (wifi): 失效日期：不是日期，请写成 2026-12-31 这样"
    ]
    assert taken.unanswered == 205


def test_an_empty_table_changes_nothing(config: Config, table: Table) -> None:
    prepare(config)
    taken = read([table.path], "a", TODAY, partial=False)
    done = take_in(config, taken, "a", "published")
    assert (done.content.entries, done.revision, done.lacking) == ([], 1, [])


def test_yaml_that_answers_no_standard_question_is_told(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text(
        "entries:\n- {id: a, topic: activity, standard: parkin, answer: a, spoken: a, sms: a, source: a, owner: a,"
        " valid_from: 2026-01-01, valid_until: 2027-01-01}\n",
        encoding="utf-8",
    )
    with pytest.raises(KnowledgeError, match="entry a: standard: 没有标准问题 parkin；是不是 parking"):
        take_in(config, read([path], "a", TODAY, partial=False), "a", "published")


async def test_ten_answers_are_said_at_the_next_question(app: App, config: Config, table: Table) -> None:
    until = date.today() + timedelta(days=9)
    table.write("parking", 回答="西门外新建了停车楼，头两小时不要钱。", 失效日期=until)
    table.book.save(table.path)
    resident = Resident(app)
    assert "停车楼" not in await resident.say("停车要钱吗")
    taken = read([table.path], "a", date.today(), partial=False)
    await asyncio.to_thread(take_in, config, taken, "a", "published")
    assert "停车楼" in await resident.say("停车要钱吗")
