"""Knowledge in editors' hands: review by a second person, versions, imports, the test box, what nobody could answer."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest

from daoxue.app import App
from knowledge.importing import read
from tests.desk_client import Desk, Person
from tests.talk import Resident, its_day

TODAY = its_day()


def entry(**more: object) -> dict[str, Any]:
    return {
        "id": "pram", "topic": "site_hours", "questions": ["学院能寄存婴儿车吗", "婴儿车能放在学院吗"], "answer": "学院东门有免费婴儿车架二十个。",
        "spoken": "学院东门有免费婴儿车架二十个。", "sms": "学院东门免费婴儿车架20个。", "source": "后勤通知 2026-11", "owner": "后勤",
        "valid_from": str(TODAY), "valid_until": str(TODAY + timedelta(days=300)), **more,
    }  # fmt: skip


async def publish(writer: Person, reviewer: Person, **more: object) -> None:
    made = entry(**more)
    await writer.put(f"/knowledge/entries/{made['id']}", made)
    await writer.post(f"/knowledge/entries/{made['id']}/submit")
    await reviewer.post(f"/knowledge/entries/{made['id']}/publish")


async def test_draft_review_publish_and_it_is_said_at_the_next_question(either_app: App) -> None:
    desk = Desk(either_app)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    resident = Resident(either_app)
    assert "东门" not in await resident.say("学院能寄存婴儿车吗")
    await zhou.put("/knowledge/entries/pram", entry())
    await zhou.post("/knowledge/entries/pram/publish", expect=422)
    await zhou.post("/knowledge/entries/pram/submit")
    assert "东门" not in await Resident(either_app).say("学院能寄存婴儿车吗")
    refused = await zhou.ask("POST", "/knowledge/entries/pram/publish", {})
    assert (refused.status_code, "另一个人" in refused.text) == (422, True)
    await wu.post("/knowledge/entries/pram/publish")
    assert "东门有免费婴儿车架" in await Resident(either_app).say("学院能寄存婴儿车吗")


async def test_the_old_version_is_said_while_the_new_one_waits(either_app: App) -> None:
    desk = Desk(either_app)
    zhou, wu = await desk.person("editor"), await desk.person("editor")
    await publish(zhou, wu)
    read_revision = (await zhou.get("/knowledge/entries/pram"))["revision"]
    await zhou.put(f"/knowledge/entries/pram?read={read_revision}", entry(answer="东门车架拆了，请放西门。"))
    whole = await zhou.get("/knowledge/entries/pram")
    assert (whole["status"], whole["live"]) == ("draft", True)
    assert "东门有免费" in await Resident(either_app).say("学院能寄存婴儿车吗")
    stale = await wu.ask("PUT", f"/knowledge/entries/pram?read={read_revision}", entry())
    assert stale.status_code == 409, "somebody else's change is not overwritten"
    await zhou.post("/knowledge/entries/pram/submit")
    await wu.post("/knowledge/entries/pram/send-back", {"why": "写清楚时间"})
    await zhou.post("/knowledge/entries/pram/submit")
    await wu.post("/knowledge/entries/pram/publish")
    assert "请放西门" in await Resident(either_app).say("学院能寄存婴儿车吗")
    whole = await wu.get("/knowledge/entries/pram")
    first = whole["versions"][-1]["revision"]
    await wu.post(f"/knowledge/entries/pram/restore/{first}")
    await wu.post("/knowledge/entries/pram/submit")
    await zhou.post("/knowledge/entries/pram/publish")
    assert "东门有免费" in await Resident(either_app).say("学院能寄存婴儿车吗")
    await zhou.post("/knowledge/entries/pram/expire")
    assert "东门" not in await Resident(either_app).say("学院能寄存婴儿车吗")


@pytest.mark.parametrize(("wrong", "zh", "en"), [
    ({"topic": "x"}, "没有主题 x", "There is no topic x"), ({"answer": ""}, "回答：不能空着", "Answer: must not be empty"),
    ({"valid_until": "2020-01-01"}, "有效至：2020-01-01 早于生效", "Until: 2020-01-01 is before"),
    ({"questions": []}, "问法：没有；请写居民怎么问", "Ways to ask: none"), ({"kind": "guide"}, "步骤：操作指导要有步骤", "Steps: a guide needs some"),
    ({"extra": 1}, "不认识“extra”", "“extra” is not known"), ({"valid_from": "soon"}, "生效：不是日期", "From: is no day"),
    ({"sms": "字" * 135}, "短信：最多 134 字", "SMS: at most 134 characters"), ({"id": "A b"}, "编号：只能用小写字母", "Id: lower-case letters"),
    ({"kind": "x"}, "类型：没有“x”这一项", "Kind: there is no “x”"), ({"answer": 3}, "回答：内容不对", "Answer: is not what is asked for"),
])  # fmt: skip
async def test_what_is_wrong_is_named_in_the_readers_language(
    app: App, wrong: dict[str, object], zh: str, en: str
) -> None:
    editor = await Desk(app).person("editor")
    for language, said in (("zh-CN", zh), ("en", en), ("", zh)):
        editor.client.headers["accept-language"] = language
        answer = await editor.ask("PUT", "/knowledge/entries/pram", entry(**wrong))
        assert answer.status_code == 422
        assert said in answer.json()["text"]
        assert "`" not in answer.text


async def test_the_test_box_says_what_and_why(app: App) -> None:
    editor = await Desk(app).person("editor")
    asked = await editor.post("/knowledge/ask", {"text": "积分会过期吗", "channel": "sms"})
    assert "积分" in asked["rendered"][0]
    assert len(asked["rendered"][0]) <= 134
    assert asked["candidates"][0]["title"]
    human = await editor.post("/knowledge/ask", {"text": "转人工"})
    assert human["handover"] == "asked_for_person"


async def test_what_nobody_could_answer_is_grouped_and_counted(app: App) -> None:
    editor = await Desk(app).person("editor")
    for text in ("左边右边上边下边", "左边右边上边下边呀", "左边右边和上边下边", "前边后边13912345678里边外边"):
        await Resident(app).say(text)
    groups = (await editor.get("/knowledge/unanswered"))["groups"]
    assert groups[0]["count"] == 3
    assert "上边下边" in groups[0]["text"]
    assert "里边外边" in str(groups)
    assert "13912345678" not in str(groups), "an editor has no need of it"
    await editor.post("/knowledge/unanswered/done", {"ids": groups[0]["ids"]})
    assert all("上边下边" not in each["text"] for each in (await editor.get("/knowledge/unanswered"))["groups"])


def as_csv(rows: int, bad: int) -> bytes:
    lines = ["编号,问题,回答,主题,来源,失效日期"]
    for n in range(rows):
        until = "不知道" if n == bad else str(TODAY + timedelta(days=30))
        lines.append(f"row-{n},第{n}号问题怎么办|问题{n}咋弄,第{n}号问题这样办。,操作指导,手册,{until}")
    return "\n".join(lines).encode("utf-8-sig")


async def upload(person: Person, name: str, content: bytes, query: str = "") -> Any:
    answer = await person.client.post(f"/api/knowledge/import{query}", files={"file": (name, content)})
    return answer


async def test_one_bad_row_among_ten_thousand(app: App) -> None:
    editor = await Desk(app).person("editor")
    content = as_csv(10_000, 4_321)
    report = (await upload(editor, "知识.csv", content)).json()
    assert (report["good"], report["bad"], report["taken"]) == (9_999, 1, 0)
    assert report["rows"][0]["number"] == 4_323  # as a spreadsheet numbers it
    assert report["rows"][0]["problems"] == ["失效日期：不是日期，请写成 2026-12-31 这样"]
    assert (await upload(editor, "知识.csv", content, "?commit=true")).json()["taken"] == 0, "all or nothing"
    taken = (await upload(editor, "知识.csv", content, "?commit=true&partial=true")).json()
    assert taken["taken"] == 9_999
    assert (await editor.get("/knowledge/entries/row-7"))["status"] == "in_review"


def test_the_same_knowledge_from_every_kind_of_file(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["问题", "回答", "来源"])
    sheet.append(["能停车吗|有停车场吗", "东门有车位。", "后勤"])
    excel = io.BytesIO()
    book.save(excel)
    paper = docx.Document()
    paper.add_heading("能停车吗", 2)
    paper.add_paragraph("东门有车位。")
    paper.add_paragraph("问法：有停车场吗")
    paper.add_paragraph("来源：后勤")
    word = io.BytesIO()
    paper.save(word)
    markdown = "# 常见问题\n\n## 能停车吗\n东门有车位。\n\n- 问法：有停车场吗\n- 来源：后勤\n".encode()
    plain = "问题,回答,来源\n能停车吗|有停车场吗,东门有车位。,后勤\n".encode("gb18030")
    for name, content in {
        "a.xlsx": excel.getvalue(),
        "a.docx": word.getvalue(),
        "a.md": markdown,
        "a.csv": plain,
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        report = read(path, name, "小周", TODAY)
        assert not report.problem, (name, report.problem)
        [found] = report.entries
        assert found.questions == ("能停车吗", "有停车场吗"), name
        assert (found.answer, found.source, found.owner) == ("东门有车位。", "后勤", "小周"), name


@pytest.mark.parametrize(("name", "content", "word"), [
    ("../../etc/passwd", b"x", "不支持"), ("a.exe", b"MZ", "不支持"), ("a.csv", b"", "没有内容"), ("a.csv", b"\xff\xfe\x00\x01\x80\x81", ""),
    ("a.csv", "甲,乙\n1,2".encode(), "不认识的列"), ("a.csv", "问题\nx".encode(), "缺少列"), ("a.xlsx", b"not a zip", "读不了"),
    ("a.docx", b"PK\x03\x04broken", "读不了"), ("a.md", b"no heading at all", "没有内容"),
])  # fmt: skip
async def test_files_that_are_none(app: App, name: str, content: bytes, word: str) -> None:
    answer = await upload(await Desk(app).person("editor"), name, content)
    assert answer.status_code == 422
    assert word in answer.json()["text"]
