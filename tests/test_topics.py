"""A topic is a row of one list: whoever names topics asks it, and editors add their own at the desk."""

from datetime import date
from typing import Any

import pytest

from daoxue import model
from daoxue.app import App
from handlers import HANDLERS
from knowledge.catalogue import Catalogue
from knowledge.consistency import inconsistencies
from knowledge.importing import read
from knowledge.topics import Topic, ours
from nlu.questions import read as read_data
from tests.desk_client import Desk
from tests.talk import Resident, its_day
from tests.test_editing import entry, upload

TOUR = {"id": "study-tours", "zh": "游学", "en": "Study tours", "skill": "tours", "colour": "#225588"}
QUESTION = "秋季游学几号出发"


def tour(**more: object) -> dict[str, object]:
    return entry(id="tour-when", topic="study-tours", questions=[QUESTION], answer="十月八日出发。", **more)


def test_handlers_and_standard_questions_are_of_topics_that_there_are() -> None:
    assert {handler.topic for handler in HANDLERS.values()} <= ours().keys()
    assert model.problems(read_data()) == []


def test_a_file_of_a_topic_that_there_is_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    less = {id: each for id, each in ours().items() if id != "activity"}
    monkeypatch.setattr(model, "ours", lambda: less)
    found = model.problems(read_data())
    assert any(each.startswith("nlu/data: faq/") and "there is no topic activity" in each for each in found)
    assert "handlers: find_activity: there is no topic activity" in found


def test_records_with_a_name_that_is_taken_are_told() -> None:
    own = [
        Topic(id="activity", zh="甲", en="A"),
        Topic(id="tours", zh="报名", en="Tours"),
        Topic(id="b", zh="乙", en="B"),
    ]
    assert inconsistencies(Catalogue.of(own)) == [
        "topic activity: id: activity is taken by activity", "topic tours: zh: 报名 is taken by enrolment",
    ]  # fmt: skip


async def test_an_editor_adds_one_and_answers_with_it(app: App) -> None:
    desk = Desk(app)
    editor, other, seat = await desk.person("editor"), await desk.person("editor"), await desk.person()
    refused = await editor.ask("PUT", "/knowledge/entries/tour-when", tour())
    assert (refused.status_code, "没有主题 study-tours" in refused.text) == (422, True)
    await editor.post("/knowledge/topics", TOUR)
    assert {each["id"]: each["zh"] for each in (await seat.get("/me"))["topics"]}["study-tours"] == "游学"
    await editor.put("/knowledge/entries/tour-when", tour())
    await editor.post("/knowledge/entries/tour-when/submit")
    await other.post("/knowledge/entries/tour-when/publish")
    resident = Resident(app)
    assert "十月八日出发" in await resident.say(QUESTION)
    ref = (await resident.receipt("转人工")).ticket
    ticket = (await seat.get(f"/tickets/{ref}"))["ticket"]
    assert (ticket["skill"], ticket["topic"]) == ("tours", "study-tours"), "whoever goes on knows the matter"
    day = its_day().isoformat()
    report = await (await desk.person("supervisor")).get(f"/reports?first={day}&last={day}")
    assert [each["name"] for each in report["by"]["topic"]] == ["study-tours"], "and it is counted as that"


@pytest.mark.parametrize(("wrong", "word"), [
    ({"id": "activity"}, "activity"), ({"zh": "报名"}, "报名"), ({"en": "Enrolment"}, "Enrolment"), ({"zh": "人工"}, "人工"),
    ({"zh": ""}, "中文名：不能空着"), ({"en": " "}, "英文"), ({"id": "Tours!"}, "编号：只能用小写字母"), ({"colour": "red"}, "颜色：要写成 #0b6e5f"),
])  # fmt: skip
async def test_what_is_taken_or_no_name_is_refused(app: App, wrong: dict[str, str], word: str) -> None:
    editor = await Desk(app).person("editor")
    answer = await editor.ask("POST", "/knowledge/topics", {**TOUR, **wrong})
    assert answer.status_code in (409, 422)
    assert word in answer.json()["text"]
    assert app.library.catalogue.topics == ours()


async def test_both_names_are_wanted_and_none_is_added_twice(app: App) -> None:
    editor = await Desk(app).person("editor")
    for name in ("zh", "en"):
        less = {key: value for key, value in TOUR.items() if key != name}
        assert (await editor.ask("POST", "/knowledge/topics", less)).status_code == 422
    await editor.post("/knowledge/topics", TOUR)
    await editor.post("/knowledge/topics", TOUR, expect=409)
    seat = await Desk(app).person()
    await seat.post("/knowledge/topics", {**TOUR, "id": "other"}, expect=403)


async def test_tables_name_it_as_people_do(app: App, tmp_path: Any) -> None:
    editor = await Desk(app).person("editor")
    table = f"主题,问题,回答\n游学,{QUESTION},十月八日出发。\n人工,怎么找人,按零。\n".encode()
    path = tmp_path / "a.csv"
    path.write_bytes(table)
    [unknown, known] = read(path, "a.csv", "甲", date(2026, 11, 26)).rows
    assert "主题：没有“游学”" in unknown.problems[0].zh
    assert known.entry
    assert known.entry.topic == "human_agent"
    await editor.post("/knowledge/topics", TOUR)
    report = (await upload(editor, "a.csv", table, "?commit=true")).json()
    assert (report["taken"], report["bad"]) == (2, 0)
    entries = (await editor.get("/knowledge/entries"))["entries"]
    assert [each["topic"] for each in entries if each["title"] == QUESTION] == ["study-tours"]
