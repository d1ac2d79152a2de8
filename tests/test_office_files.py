"""Tables as offices make them, and files that are made to harm."""

import asyncio
import csv
import io
import re
import resource
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, cast

import docx
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from daoxue.app import App
from desk import children
from knowledge import office
from knowledge.cells import inert, meant, shown
from knowledge.columns import LONG_TERM, field
from knowledge.conversion import ImportReport
from knowledge.grids import csv_grid
from knowledge.importing import read
from tests.desk_client import Desk
from tests.talk import Resident
from tests.test_editing import upload

TODAY = date(2026, 11, 27)


def taken(path: Path, content: bytes, name: str = "a.csv") -> ImportReport:
    (path / name).write_bytes(content)
    return read(path / name, name, "小周", TODAY)


def book(fill: Callable[[Worksheet], None]) -> bytes:
    made = openpyxl.Workbook()
    fill(cast(Worksheet, made.active))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "，"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_stands_between_cells_and_how_it_is_encoded(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [
        ["序号", "标准问题", "相似问法", "答案", "有效至"],
        ["1", "能停车吗", "有停车场吗|停车要钱吗", "东门有车位。", "2027/6/30"],
    ]
    text = "".join(delimiter.join(row) + "\r\n" for row in rows)
    report = taken(tmp_path, text.encode(encoding))
    [entry] = report.entries
    assert entry.questions == ("能停车吗", "有停车场吗", "停车要钱吗")
    assert (entry.answer, entry.valid_until) == ("东门有车位。", date(2027, 6, 30))


def test_a_separator_that_is_named(tmp_path: Path) -> None:
    [row] = taken(tmp_path, "sep=;\n问题;回答\n能停车吗;能。\n".encode()).rows
    assert (row.number, row.problems) == (3, [])


@pytest.mark.parametrize(("written", "day"), [
    ("2027/6/30", date(2027, 6, 30)), ("2027年6月30日", date(2027, 6, 30)), ("46568", date(2027, 6, 30)), ("长期", LONG_TERM),
    ("2027-06-30 00:00:00", date(2027, 6, 30)), ("２０２７／６／３０", date(2027, 6, 30)), ("永久有效", LONG_TERM), ("20270630", date(2027, 6, 30)),
])  # fmt: skip
def test_days_as_offices_write_them(tmp_path: Path, written: str, day: date) -> None:
    [entry] = taken(tmp_path, f"问题,回答,生效,有效至\n能停车吗,能。,即日起,{written}\n".encode()).entries
    assert (entry.valid_from, entry.valid_until) == (TODAY, day)


@pytest.mark.parametrize("head", [
    "编号（小写字母、数字、连字符）", "主题", "类型", "问法，一行一个，第一行是标题", "回答（屏幕）", "步骤，一行一步", "口语（电话里念；空着同回答）",
    "短信（最多 134 字；空着发回答开头的整句）", "英文回答（空着就用中文；数字要一致）", "英文步骤，一行一步", "来源的英文名", "来源", "负责人", "生效", "有效至",
    "Id (lower case, digits, hyphens)", "Topic", "Kind", "Ways to ask, one a line, the first is the title", "Answer on the screen", "Spoken",
    "Steps, one a line", "Answer in English (empty: the Chinese one; same figures)", "Source in English", "Source", "Owner", "From", "Until",
])  # fmt: skip
def test_the_labels_of_the_desks_form_are_heads(head: str) -> None:
    page = Path("web/desk/src/knowledge/EntryForm.vue").read_text(encoding="utf-8")
    assert head in page
    assert field(head)


def sheet_of_an_office(sheet: Worksheet) -> None:
    """A title over all columns, an empty row, a running number, a topic for three rows, and cells of every kind."""
    sheet.title = "常见问题"
    sheet["A1"] = "2026 年常见问题汇总"
    sheet.merge_cells("A1:F1")
    for row in (
        [None], ["序号", "主题", "标准问题", "相似问法1", "相似问法2", "回答", "有效期至"],
        [1, "报名", "通过率多少", "多少人通过", "通过率高吗", 0.85, date(2027, 6, 30)],
        [2, None, "几点开门", None, None, time(8, 30), datetime(2027, 6, 30)],
        [3, None, "要预约吗", None, None, True, "长期"],
        [4, "活动", "账号是多少", None, None, 13800138000123, 46568],
        [5, "活动", "太长的号", None, None, 12345678901234567890, None],
        [6, "活动", "学费多少", None, None, "=1+1", None],
        [7, "活动", "材料费多少", None, None, 1234.5, None],
    ):  # fmt: skip
        sheet.append(row)
    sheet.merge_cells("B4:B6")
    sheet["F4"].number_format = "0%"
    sheet["F5"].number_format = "h:mm"
    sheet["F10"].number_format = '"¥"#,##0.00'


def test_a_sheet_of_an_office_is_read_as_it_looks(tmp_path: Path) -> None:
    report = taken(tmp_path, book(sheet_of_an_office), "a.xlsx")
    by = {row.number: row for row in report.rows}
    entries = {number: row.entry for number, row in by.items() if row.entry is not None}
    assert {number: entry.answer for number, entry in entries.items()} == {
        4: "85%", 5: "8:30", 6: "TRUE", 7: "13800138000123", 8: "12345678901234567000", 10: "¥1,234.50",
    } or entries[8].answer.startswith("123456789012345")  # fmt: skip
    assert [entries[number].topic for number in (4, 5, 6, 7)] == ["enrolment"] * 3 + ["activity"]
    assert [entries[number].valid_until for number in (4, 5, 6, 7)] == [
        date(2027, 6, 30), date(2027, 6, 30), LONG_TERM, date(2027, 6, 30),
    ]  # fmt: skip
    assert entries[4].questions == ("通过率多少", "多少人通过", "通过率高吗")
    assert by[4].notes[0].zh == "B4:B6 合并了，每行都按“报名”读"
    assert "超过 15 位" in by[8].notes[0].zh
    assert by[9].problems[0].en == "F9 is a formula without a result: open and save the file once"
    assert by[9].place("zh") == "工作表“常见问题”第 9 行"


def test_every_sheet_is_read_and_one_without_heads_is_told(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    tables: dict[str, list[list[object]]] = {
        "报名": [["问题", "回答"], ["怎么报名", "打电话。"]],
        "活动": [["问题", "回答"], ["有讲座吗", "有。"]],
        "汇总": [["共", 2]],
    }
    for name, rows in tables.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.create_sheet("旧").append(["问题", "回答"])
    made["旧"].append(["旧问题", "旧回答"])
    made["旧"].sheet_state = "hidden"
    out = io.BytesIO()
    made.save(out)
    report = taken(tmp_path, out.getvalue(), "a.xlsx")
    assert [(row.sheet, row.number) for row in report.rows] == [("报名", 2), ("活动", 2)]
    assert [note.zh for note in report.notes] == ["工作表“汇总”没有“问题”和“回答”两列，没有读"]


def test_the_same_question_with_two_answers_is_told(tmp_path: Path) -> None:
    report = taken(
        tmp_path,
        "问题,回答\n几点开门,早上六点。\n周末呢|几点开门？,早上九点。\n能停车吗,能。\n能停车吗,能。\n".encode(),
    )
    assert [len(row.problems) for row in report.rows] == [0, 1, 0, 0]
    assert report.rows[1].problems[0].zh == "“几点开门？”已经有另一个回答：第 2 行；请只留一个"
    assert report.rows[1].problems[0].en == "“几点开门？” has another answer: row 2; keep one of them"
    assert (len(report.entries), report.rows[3].notes[0].zh) == (2, "和第 4 行一样，没有再收")


async def test_files_of_one_day_stand_beside_each_other_and_the_same_again_is_an_update(either_app: App) -> None:
    editor = await Desk(either_app).person("editor")
    one, two = (
        "问题,回答\n校车几点发车,七点半。\n校车停哪,东门。\n".encode(),
        "问题,回答\n食堂几点开,十一点。\n校车停哪,西门。\n".encode(),
    )
    before = {each["id"] for each in (await editor.get("/knowledge/entries"))["entries"]}
    for content in (one, two, one, two):
        assert (await upload(editor, "a.csv", content, "?commit=true")).json()["taken"] == 2
    made = [each for each in (await editor.get("/knowledge/entries"))["entries"] if each["id"] not in before]
    assert sorted(each["title"] for each in made) == ["校车停哪", "校车几点发车", "食堂几点开"]


async def test_the_report_is_in_the_readers_language(app: App) -> None:
    editor = await Desk(app).person("editor")
    content = "问题,回答,类型,编号\n能停车吗,能。,怪,A b\n几点开门,,问答,b\n".encode()
    for language, first, second in (
        ("zh", "编号：只能用小写字母", "“回答”空着"), ("en-GB,en;q=0.9", "id (编号): lower-case letters", "“answer (回答)” is empty"),
    ):  # fmt: skip
        editor.client.headers["accept-language"] = language
        one, two = (await upload(editor, "a.csv", content)).json()["rows"]
        assert one["problems"][0].startswith(first)
        assert two["problems"] == [second]
        assert "Expected" not in str(one)


async def test_a_workbook_from_an_office_is_taken_at_the_desk_and_said(app: App) -> None:
    zhou, wu = [await Desk(app).person("editor") for _ in range(2)]

    def fill(sheet: Worksheet) -> None:
        for row in (["通知"], [], ["序号", "问题", "答复"], [1, "校车几点发车", "早上七点半在东门发车。"]):
            sheet.append(row)

    report = (await upload(zhou, "关于校车的问答.XLSX", book(fill), "?commit=true")).json()
    assert (report["taken"], report["bad"], report["rows"][0]["sheet"]) == (1, 0, "Sheet")
    await wu.post(f"/knowledge/entries/{report['rows'][0]['id']}/publish")
    resident = Resident(app)
    resident.wait(24 * 60)  # it holds from the desk's day on, on which ten o'clock may be still to come
    assert "七点半" in await resident.say("校车几点发车")


@given(st.lists(st.tuples(
    st.sampled_from(["开门", "停车", "报名", "退费", "讲座"]), st.one_of(
        st.text("东西南北，。 12", max_size=8), st.floats(allow_nan=False, allow_infinity=False, width=32), st.booleans(),
        st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)), st.integers(-(10**18), 10**18), st.none(),
    ), st.sampled_from(["General", "0%", "0.00", "yyyy/m/d", 'yyyy"年"m"月"d"日"', "h:mm AM/PM", "#,##0.0#", "@", "[$-804]aaaa"]),
), max_size=12), st.integers(0, 4), st.integers(0, 6))  # fmt: skip
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_any_sheet_is_read_or_told_by_its_rows(
    tmp_path: Path, cells: list[tuple[str, Any, str]], above: int, merged: int
) -> None:
    def fill(sheet: Worksheet) -> None:
        for _ in range(above):
            sheet.append([])
        sheet.append(["序号", "问题", "回答"])
        for number, (question, value, layout) in enumerate(cells):
            sheet.append([number, f"{question}{number}", value])
            sheet.cell(sheet.max_row, 3).number_format = layout
        if cells and merged:
            sheet.merge_cells(
                start_row=above + 2, end_row=above + 1 + min(merged, len(cells)), start_column=3, end_column=3
            )

    report = taken(tmp_path, book(fill), "a.xlsx")
    if report.problem is not None:
        assert not cells
        return
    assert [row.number for row in report.rows] == [above + 2 + n for n in range(len(cells))]
    for row in report.rows:
        assert (row.entry is None) == bool(row.problems)
        for words in (*row.problems, *row.notes):
            assert words.zh != words.en
            assert "`" not in words.zh + words.en


@pytest.mark.parametrize(("value", "layout", "looks"), [
    (0.85, "0%", "85%"), (0.8551, "0.0%", "85.5%"), (1234567, "#,##0", "1,234,567"), (7, "000000", "000007"), (2.5, "0", "3"),
    (1.2e19, "General", "12000000000000000000"), (1.2e19, "0.00E+00", "12000000000000000000"), (0.1, "General", "0.1"), (-3.5, "0.00", "-3.50"),
    (time(14, 5), "h:mm AM/PM", "2:05 PM"), (timedelta(hours=30, minutes=5), "[h]:mm", "30:05"), (datetime(2027, 6, 3, 9, 5), "yyyy/m/d h:mm", "2027/6/3 9:05"),
    (datetime(2027, 6, 3), 'yyyy"年"m"月"d"日"', "2027年6月3日"), (datetime(2027, 6, 3), "yyyy-mm-dd", "2027-06-03"), (datetime(2027, 6, 3), "aaaa", "星期四"),
    (False, "General", "FALSE"), (12, '0"元"', "12元"), (None, "General", ""), (1.5, "0.0#", "1.5"), (2.0, "0.##", "2"),
])  # fmt: skip
def test_values_are_shown_as_the_sheet_shows_them(value: object, layout: str, looks: str) -> None:
    assert shown(value, layout) == looks


@given(st.lists(st.text(st.sampled_from("=+-@'1a一＝\t\n"), max_size=6), min_size=1, max_size=4))
def test_what_a_spreadsheet_would_run_is_words_in_a_csv_and_comes_back(cells: list[str]) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([*map(inert, cells), "end"])
    [row] = csv.reader(io.StringIO(out.getvalue()))
    assert not [cell for cell in row if len(cell) > 1 and cell[0] in "=+-@＝\t"]
    assert [meant(cell) for cell in row] == [*cells, "end"]


def test_a_csv_is_read_as_it_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("问题,回答\n'=1+1,'-3度\n'好,'90年代\n", "utf-8")
    assert csv_grid(path, lambda row: "问题" in row).rows[1:] == [(2, ["=1+1", "-3度"]), (3, ["'好", "'90年代"])]


def _packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _changed(good: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return _packed(parts | {part: change(parts[part])})


def _paper() -> bytes:
    out = io.BytesIO()
    docx.Document().save(out)
    return out.getvalue()


LOL = b'<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_before_anything_is_expanded(tmp_path: Path, encoding: str) -> None:
    def spoil(part: bytes) -> bytes:
        body = part.decode().partition("?>")[2] or part.decode()
        return f'<?xml version="1.0" encoding="{encoding}"?>{LOL.decode()}{body}'.encode(encoding)

    good = book(lambda sheet: sheet.append(["问题", "回答"]))
    for name, content in (
        ("a.xlsx", _changed(good, "xl/worksheets/sheet1.xml", spoil)), ("a.docx", _changed(_paper(), "word/document.xml", spoil)),
    ):  # fmt: skip
        report = taken(tmp_path, content, name)
        assert report.problem is not None
        assert "XML 实体" in report.problem.zh


@pytest.mark.parametrize("many", [b"<w:p/>", b"<w:p><w:r><w:t>x</w:t></w:r></w:p>"])
async def test_a_bomb_is_refused_at_once(app: App, many: bytes) -> None:
    editor = await Desk(app).person("editor")
    bomb = _changed(
        _paper(), "word/document.xml", lambda part: part.replace(b"<w:body>", b"<w:body>" + many * 1_500_000)
    )
    assert len(bomb) < 300_000
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    answer = await upload(editor, "a.docx", bomb)
    assert (answer.status_code, answer.json()["text"][:8]) == (422, "文件解开后太大（")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 15  # seconds, on a busy machine


def test_sizes_that_the_file_only_claims_are_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "UNPACKED", 5_000)
    report = taken(tmp_path, book(lambda sheet: sheet.append(["问题", "回答"])), "a.xlsx")
    assert report.problem is not None
    assert "太大" in report.problem.zh
    monkeypatch.setattr(office, "UNPACKED", 60_000_000)
    monkeypatch.setattr(office, "CELLS", 1)
    report = taken(tmp_path, book(lambda sheet: sheet.append(["问题", "回答"])), "a.xlsx")
    assert report.problem is not None


async def test_a_child_is_bounded_in_memory_and_few_run_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hungry.py").write_text("print(len(bytearray(2_000_000_000)))")
    (tmp_path / "limits.py").write_text(
        "import resource as r\nprint(r.getrlimit(r.RLIMIT_AS)[0], r.getrlimit(r.RLIMIT_CPU)[0])"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path.cwd()}")
    with pytest.raises(children.ChildError):
        await children.run("hungry")
    assert (await children.run("limits")).split() == [b"1000000000", b"60"]
    running = most = 0
    real = asyncio.create_subprocess_exec

    async def counted(*given: Any, **more: Any) -> asyncio.subprocess.Process:
        nonlocal running, most
        running += 1
        most = max(most, running)
        process = await real(sys.executable, "-c", "pass", **more)
        await process.wait()
        running -= 1
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    done = await asyncio.gather(*(children.run("limits") for _ in range(10)), return_exceptions=True)
    assert most <= children.AT_ONCE
    assert sum(isinstance(each, children.CrowdedError) for each in done) == 10 - children.AT_ONCE - children.WAITING


@pytest.mark.parametrize(
    "content",
    [
        "问题,回答,失效日期\n能停车吗,能。,明年\n", "问题,回答,主题\n能停车吗,能。,没有的\n", "问题,回答\n能停车吗,\n", "问题\n能停车吗\n",
        "问题,回答,口味\n能停车吗,能。,甜\n", "问题,回答,答案\n能停车吗,能。,能。\n",
        "问题,回答,生效日期,失效日期\n能停车吗,能。,2027-01-01,2026-01-01\n",
    ],
)  # fmt: skip
def test_who_reads_english_is_told_in_english(content: str, tmp_path: Path) -> None:
    """What stands in the file is beside it, in brackets or quoted; nothing else is Chinese."""
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    report = read(path, "a.csv", "editor", date(2026, 11, 26))
    told = [report.problem, *(each for row in report.rows for each in row.problems)]
    english = [each.en for each in told if each is not None]
    assert english
    for each in english:
        ours = re.sub(r"\([^()]*\)|“[^“”]*”|Unknown columns: \w+", "", each)
        assert not re.search(r"[一-鿿]", ours), each
