"""Reports say what is so: percentiles, what the bot did, and a page on which nothing runs into anything else."""

import itertools
import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

from daoxue.app import App
from desk import papers, reports
from desk.hours import DeskSettings, Hours
from desk.reports import Reckoning, Report, ReportLine, TalkLine
from knowledge.cells import inert
from store.ticket_lists import ReportRow
from tests.desk_client import Desk
from tests.talk import Resident

ALWAYS = DeskSettings(always_open=True)
DAYS = [date(2026, 10, 29) + timedelta(days=n) for n in range(30)]


def answered_after(minutes: int) -> ReportRow:
    return ReportRow("open", "li", "general", None, "webchat", 3, 0, 0, minutes * 60_000, None, None, None)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=40))
def test_nine_of_ten_have_their_answer_by_the_figure_that_says_so(hours: Hours, waits: list[int]) -> None:
    line = reports._line("", [answered_after(each) for each in waits], by(hours))
    assert line.first_answer is not None
    assert line.first_answer_90 is not None
    assert line.first_answer_90 >= line.first_answer
    assert sum(each <= line.first_answer_90 for each in waits) >= 0.9 * len(waits)
    assert line.first_answer_90 in waits


def by(hours: Hours, now: int = 0) -> Reckoning:
    return Reckoning(hours, ZoneInfo("Asia/Shanghai"), {}, now * 60_000)


def test_who_was_never_answered_was_not_answered_in_time(hours: Hours) -> None:
    promised = ALWAYS.answer_within[3]
    answered, waiting = answered_after(promised), replace(answered_after(0), answered_at=None)
    gone = replace(waiting, state="closed", result="abandoned", closed_at=(promised + 1) * 60_000)
    at_once = replace(gone, closed_at=60_000)
    merged = replace(gone, result="merged")
    assert reports._line("", [answered, waiting], by(hours, promised)).in_time == 1.0, "not due yet"
    assert reports._line("", [answered, waiting], by(hours, promised + 1)).in_time == 0.5
    line = reports._line("", [answered, gone, at_once, merged], by(hours))
    assert (line.in_time, line.abandoned) == (0.5, 2), "who left before it was due was promised nothing yet"
    assert reports._line("", [merged], by(hours)).in_time is None


def test_what_is_answered_at_night_is_no_promise_kept_and_danger_goes_by_the_clock() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    night = int(datetime(2026, 11, 27, 22, tzinfo=shanghai).timestamp() * 1000)  # a Friday, closed since half past five
    at_night = replace(
        answered_after(0), opened_at=night, answered_at=night + 60_000, taken_at=night, closed_at=night + 120_000, state="closed"
    )  # fmt: skip
    office = by(Hours(DeskSettings(), shanghai))
    line = reports._line("", [at_night], office)
    assert (line.answered, line.outside) == (1, 1)
    assert (line.first_answer, line.first_answer_90, line.handling, line.in_time) == (None, None, None, None)
    assert papers.cells(line)[5] == "非服务时间"
    on_monday = replace(at_night, answered_at=night + 59 * 3_600_000)  # 9:00
    line = reports._line("", [at_night, on_monday], office)
    assert (line.answered, line.outside, line.first_answer, line.in_time) == (2, 1, 30.0, 1.0)
    danger = replace(at_night, priority=0)
    line = reports._line("", [danger, replace(danger, answered_at=night + 180_000)], office)
    assert (line.outside, line.first_answer_90, line.handling, line.in_time) == (0, 3.0, 2.0, 0.5)


@pytest.fixture(scope="module")
def hours() -> Hours:
    return Hours(ALWAYS, ZoneInfo("Asia/Shanghai"))


async def test_what_the_bot_did_is_counted_by_channel(either_app: App) -> None:
    app = either_app
    chen = await Desk(app).person("supervisor")
    happy, lost, put_through, texting = (
        Resident(app), Resident(app), Resident(app), Resident(app, channel="sms"),
    )  # fmt: skip
    await happy.say("你们周末开门吗")
    await happy.say("谢谢")
    await lost.say("量子纠缠的上边下边怎么算呢")
    await put_through.say("转人工")
    await texting.say("你们周末开门吗")
    report = await chen.get("/reports")
    assert report["bot_total"] == {"name": "", "talks": 4, "alone": 2, "messages": 5, "not_understood": 1}
    assert report["bot"] == [
        {"name": "webchat", "talks": 3, "alone": 1, "messages": 4, "not_understood": 1},
        {"name": "sms", "talks": 1, "alone": 1, "messages": 1, "not_understood": 0},
    ]
    before = await chen.get("/reports?first=2020-01-01&last=2020-01-02")
    assert (before["bot"], before["bot_total"]["talks"]) == ([], 0)


def line(name: str, opened: int = 3) -> ReportLine:
    return ReportLine(name, opened, opened, opened, 0, 1.6, 12.7, 33.4, 0.87, 4.5, 3, 0)


def whole() -> Report:
    dice = random.Random(1)
    by = {
        "day": [line(str(day), dice.randrange(3)) for day in DAYS],
        "hour": [line(f"{hour:02d}", hour) for hour in range(24)], "topic": [line("学分查询与学习账户")],
        "place": [line("望湖街道社区学校（含桃花源分校以及北区教学点）")], "channel": [line("微信公众号")], "seat": [line("李")],
    }  # fmt: skip
    bot = [TalkLine("微信", 200, 150, 600, 20), TalkLine("热线", 0, 0, 0, 0)]
    return Report(DAYS[0], DAYS[-1], line("", 1234), by, TalkLine("", 200, 150, 600, 20), bot)


def test_what_the_bot_did_stands_in_the_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(papers.xlsx(whole()))
    rows = list(openpyxl.load_workbook(path)["机器人"].iter_rows(values_only=True))
    assert rows[:3] == [
        ("渠道", "对话", "机器人答完", "占比", "居民消息", "没听懂"), ("合计", 200, 150, "75%", 600, 20), ("微信", 200, 150, "75%", 600, 20),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["=1+1", "＝HYPERLINK(1)", "\t=1", "'=1", "＠SUM(1)", "=1\x00+1"])
def test_a_name_is_no_formula_in_the_workbook(name: str, tmp_path: Path) -> None:
    report = whole()
    report.by["seat"] = [line(name)]
    path = tmp_path / "a.xlsx"
    path.write_bytes(papers.xlsx(report))
    cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert any(cell.value == inert(papers._plain(name)) != papers._plain(name) for cell in cells)


def test_every_word_of_a_table_stays_in_its_column() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(papers.FONT))
    for rows in ([papers.HEADS, papers.cells(whole().by["place"][0])], [papers.HEADS[1:], papers.cells(line(""))[1:]]):
        table: Any = papers._table(rows)
        widths = table._colWidths
        assert sum(widths) <= papers.WIDTH + 0.1
        for row in table._cellvalues:
            for cell, width in zip(row, widths, strict=True):
                cell.wrap(width - 4, 1000)
                said = [_words(each) for each in cell.blPara.lines]
                assert all(pdfmetrics.stringWidth(words, papers.FONT, 7.5) <= width - 4 for words in said), said


def _words(line: Any) -> str:
    """Of a line as it was set, plain or in pieces."""
    return "".join(each.text for each in line.words) if hasattr(line, "words") else "".join(map(str, line[-1]))


@pytest.mark.parametrize("count", [1, 2, 12, 13, 24, 30, 31, 366])
def test_the_labels_of_a_picture_do_not_touch(count: int) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(papers.FONT))
    drawing: Any = papers._picture([line(str(DAYS[0] + timedelta(days=n))) for n in range(count)])
    [chart] = drawing.contents
    names = chart.categoryAxis.categoryNames
    shown = [n for n, name in enumerate(names) if name]
    apart = min((b - a for a, b in itertools.pairwise(shown)), default=count) * chart.width / count
    assert apart > pdfmetrics.stringWidth("10-29", papers.FONT, 6.5) * 1.1
