"""How well the live service understands, as editors see it: on their own test questions, and on answers drawn by lot."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from daoxue.app import App
from desk.understood import proportion
from knowledge.testing import MOST, read
from tests.desk_client import Desk, Person
from tests.talk import Resident

SHEET = [
    ["问题", "应答"],
    ["积分会过期吗", "points-expire"],
    ["学习卡丢了怎么补", "学习卡丢了怎么补办"],
    ["最近有什么培训班", "find_class"],
    ["红烧肉怎么做", ""],
    ["停车要钱吗", "printing"],
]


async def put(editor: Person, name: str, rows: list[list[str]]) -> tuple[int, str]:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    files = {"file": (name, out.getvalue().encode())}
    answer = await editor.client.post("/api/knowledge/understood", files=files)
    return answer.status_code, answer.text


async def test_a_centre_judges_by_its_own_questions(app: App) -> None:
    editor = await Desk(app).person("editor")
    assert (await editor.get("/knowledge/understood"))["count"] == 0
    assert (await put(editor, "测试.csv", SHEET))[0] == 200
    found = await editor.get("/knowledge/understood")
    assert found["count"] == 5
    assert found["shares"]["right"]["count"] == 4
    [failed] = found["failed"]
    assert (failed["row"], failed["ended"], failed["wants"]) == (6, "wrong", "printing")
    assert "停车" in failed["told"]


async def test_what_is_wrong_with_a_sheet_is_told_and_the_old_one_stays(app: App) -> None:
    editor = await Desk(app).person("editor")
    await put(editor, "a.csv", SHEET)
    for name, rows, told in (
        ("a.csv", [["问题", "应答"], ["几点开门", "nonsense"]], "第 2 行"),
        ("a.csv", [["姓名"], ["张三"]], "两列"),
        ("a.csv", [["问题", "应答"], *[["几点开门", ""]] * (MOST + 1)], str(MOST)),
        ("a.exe", SHEET, "xlsx"),
    ):
        status, text = await put(editor, name, rows)
        assert (status, told in text) == (422, True), (name, text)
    assert (await editor.get("/knowledge/understood"))["count"] == 5
    seat = await Desk(app).person("seat")
    assert (await put(seat, "a.csv", SHEET))[0] == 403


def test_a_workbook_is_read_as_well(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [["我们的测试题"], *SHEET]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert [each.wants for each in read(tmp_path / "a.xlsx", ".xlsx").rows] == [row[1] for row in SHEET[1:]]


async def test_answers_are_drawn_looked_at_and_counted(either_app: App) -> None:
    app, editor = either_app, await Desk(either_app).person("editor")
    for _ in range(3):
        resident = Resident(app)
        await resident.say("积分会过期吗")
        await resident.say("我的电话13912345678，几点开门")
    draw = await editor.get("/knowledge/sampled?count=2")
    assert len(draw["drawn"]) == 2
    assert all(each["answer"] for each in draw["drawn"])
    assert "13912345678" not in str(draw)
    assert draw["marked"]["of"] == 0
    for right in (True, True, False):
        await editor.post("/knowledge/sampled", {"right": right})
    marked = (await editor.get("/knowledge/sampled?count=0"))["marked"]
    assert (marked["count"], marked["of"]) == (2, 3)
    assert marked["least"] < 2 / 3 < marked["most"]
    lines = (await (await Desk(app).person("auditor")).get("/audit"))["lines"]
    assert [(each["actor"], each["detail"]) for each in lines if each["action"] == "talks.sampled"] == [
        (editor.name, "2 messages")
    ], "an empty draw is no look"
    seat = await Desk(app).person("seat")
    assert (await seat.ask("GET", "/knowledge/sampled")).status_code == 403


@pytest.mark.parametrize(("count", "of", "least", "most"), [(0, 0, 0, 1), (81, 263, 0.2553, 0.3662), (5, 5, 0.5655, 1)])
def test_the_interval_is_wilsons(count: int, of: int, least: float, most: float) -> None:
    """81 of 263 as in Newcombe, Statistics in Medicine 17 (1998), table I."""
    found = proportion(count, of)
    assert [found.least, found.most] == pytest.approx([least, most], abs=2e-4)
