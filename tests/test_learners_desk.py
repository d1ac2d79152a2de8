"""A learner's affairs at the desk and at the counter; announcements by two people."""

import json
import time

import pytest

from daoxue.app import App
from desk.cards import UNKNOWN
from store import bank as rows
from tests.desk_client import Desk
from tests.talk import ten_o_clock
from tests.test_mine import CARD, CHILD, LOST, OTHER_CARD, Visitor
from tests.test_notices import Desk as NoticeDesk

HERE = {"card": CARD, "reason": "本人到场"}


async def test_at_the_counter_points_become_things(app: App) -> None:
    desk = Desk(app)
    clerk, auditor = await desk.person(), await desk.person("auditor")
    record = await clerk.post("/counter/learner", {"card": CARD, "reason": "本人到场查询"})
    assert (record["name"], record["balance"]["points"]) == ("徐**", 200)
    assert "13800001370" not in json.dumps(record)
    assert CARD not in json.dumps(record)
    body = HERE | {"id": "a", "item": "haircut", "site": "college"}
    order = await clerk.post("/counter/orders", body)
    again = await clerk.post("/counter/orders", body)
    assert order["ref"] == again["ref"]
    other = HERE | {"card": OTHER_CARD}
    await clerk.post(f"/counter/orders/{order['ref']}/collect", other, expect=422)
    await clerk.post(f"/counter/orders/{order['ref']}/collect", HERE)
    await clerk.post(f"/counter/orders/{order['ref']}/cancel", HERE, expect=422)
    record = await clerk.post("/counter/learner", {"card": CARD, "reason": "本人到场查询"})
    assert (record["balance"]["points"], record["balance"]["frozen"]) == (140, 0)
    lines = (await auditor.get("/audit"))["lines"]
    assert [each["detail"] for each in lines if each["action"] == "learner.read"] == ["本人到场查询"] * 2
    assert ["haircut; 本人到场", f"{order['ref']}; 本人到场"] == [
        each["detail"] for each in reversed(lines) if each["action"] in ("learner.redeem", "learner.collect")
    ][1:]
    body = {"card": LOST, "reason": "挂失查询", "id": "b", "item": "haircut"}
    answer = await clerk.post("/counter/orders", body, expect=422)
    assert "挂失" in answer["text"]
    await clerk.post("/counter/learner", {"card": "999999999999", "reason": "查询"}, expect=404)


async def test_a_clerk_enrols_for_somebody(app: App) -> None:
    clerk = await Desk(app).person()
    group = (await clerk.get("/counter/classes"))["classes"][0]["id"]
    body = HERE | {"id": "e1", "group": group}
    first = await clerk.post("/counter/enrolments", body)
    assert await clerk.post("/counter/enrolments", body) == first
    await clerk.post("/counter/enrolments", body | {"group": "nothing"}, expect=422)
    record = await clerk.post("/counter/learner", {"card": CARD, "reason": "代为报名"})
    assert [(each["id"], each["state"]) for each in record["enrolments"]] == [(group, first["state"])]
    assert (await clerk.post("/counter/enrolments/withdraw", body | {"id": "e2"}))["state"] == "withdrawn"


async def test_cards_are_not_found_by_trying(app: App) -> None:
    """Cards that nobody has are written down, and after some of them none is looked up, neither one that somebody has."""
    desk = Desk(app)
    clerk, other, auditor = await desk.person(), await desk.person(), await desk.person("auditor")
    for number in range(UNKNOWN.most):
        asked = {"card": f"9999999{number:05d}", "reason": "本人到场"}
        path = ("/counter/learner", "/counter/orders/x/collect")[number % 2]
        await clerk.post(path, asked, expect=404)
    refused = await clerk.ask("POST", "/counter/learner", HERE)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_often")
    assert 0 < int(refused.headers["retry-after"]) <= UNKNOWN.seconds
    await clerk.post("/counter/orders/x/collect", HERE, expect=429)
    await other.post("/counter/learner", HERE)
    lines = [each for each in (await auditor.get("/audit"))["lines"] if each["action"] == "learner.unknown"]
    assert [(each["actor"], each["detail"]) for each in lines] == [(clerk.name, "本人到场")] * UNKNOWN.most
    assert "99999" not in str(lines)


async def test_nobody_acts_for_a_learner_whose_number_they_made_up(app: App) -> None:
    """Neither by counting up, nor by a ticket that is another's, or in whose talk nothing was proven."""
    desk, visitor = Desk(app), Visitor(app)
    seat, other = await desk.person(), await desk.person()
    group = (await seat.get("/counter/classes"))["classes"][0]["id"]
    await visitor.say("转人工")
    assert visitor.last is not None
    ref = visitor.last.ticket
    await seat.post(f"/tickets/{ref}/take")
    body = {"id": "e1", "group": group}
    await seat.post("/counter/enrolments", body | {"learner": 4}, expect=422)
    await seat.post("/counter/enrolments", body | {"card": CARD}, expect=422)
    await seat.post("/counter/enrolments", body | {"card": CARD, "reason": "本人", "ticket": ref}, expect=422)
    await seat.post("/counter/enrolments", body | {"card": CHILD, "reason": "孩子"}, expect=409)
    await seat.post("/counter/enrolments", body | {"ticket": ref}, expect=422)
    await other.post("/counter/enrolments", body | {"ticket": ref}, expect=409)
    await other.post("/counter/enrolments", body | {"ticket": "none"}, expect=409)


async def test_on_a_ticket_that_one_has_for_whom_it_was_proven(app: App) -> None:
    desk, visitor = Desk(app, ten_o_clock), Visitor(app)  # one clock: a proof passes
    seat, other = await desk.person(), await desk.person()
    await visitor.say("我有多少学分")
    await visitor.prove()
    await visitor.say("转人工")
    assert visitor.last is not None
    ref = visitor.last.ticket
    await seat.post(f"/tickets/{ref}/take")
    group = (await seat.get("/counter/classes"))["classes"][0]["id"]
    body = {"id": "e1", "ticket": ref, "group": group}
    await seat.post("/counter/enrolments", body | {"learner": 999}, expect=422)
    await other.post("/counter/enrolments", body, expect=409)
    assert (await seat.post("/counter/enrolments", body))["state"] in ("admitted", "pending", "waiting")
    assert (await seat.post("/counter/enrolments/withdraw", body | {"id": "e2"}))["state"] == "withdrawn"
    lines = (await (await desk.person("auditor")).get("/audit"))["lines"]
    written = [each["detail"] for each in lines if each["action"] in ("learner.enrol", "learner.withdraw")]
    assert written == [f"{group}; {ref}"] * 2


async def test_a_childs_record_is_the_supervisors(app: App) -> None:
    desk = Desk(app)
    clerk, supervisor = await desk.person(), await desk.person("supervisor")
    answer = await clerk.post("/counter/learner", {"card": CHILD, "reason": "家长查询"}, expect=409)
    assert "班长" in answer["text"]
    assert (await supervisor.post("/counter/learner", {"card": CHILD, "reason": "家长查询"}))["minor"]


async def test_taking_back_takes_two(app: App) -> None:
    desk = Desk(app)
    one, two = await desk.person("supervisor"), await desk.person("supervisor")
    seat = await desk.person()
    record = await one.post("/counter/learner", {"card": CARD, "reason": "学分争议"})
    entry = next(each for each in record["entries"] if each["type"] == "earn" and each["credits"] == 5)
    asked = HERE | {"entry": entry["id"], "note": "记到别人卡上"}
    await one.post("/counter/reversals", asked | {"card": OTHER_CARD}, expect=404)
    id = (await one.post("/counter/reversals", asked))["id"]
    await one.post(f"/counter/reversals/{id}/approve", expect=409)
    await seat.post(f"/counter/reversals/{id}/approve", expect=403)
    await seat.post(f"/counter/reversals/{id}/refuse", expect=403)
    assert [each["id"] for each in (await two.get("/counter/reversals"))["reversals"]] == [id]
    await two.post(f"/counter/reversals/{id}/approve")
    await two.post(f"/counter/reversals/{id}/approve", expect=404)
    record = await one.post("/counter/learner", {"card": CARD, "reason": "核对"})
    assert record["balance"]["credits"] == 150
    [line] = [
        each for each in await app.database.read(lambda t: rows.entries(t, record["id"], 99)) if each.type == "reverse"
    ]
    assert (line.by, line.second) == (one.name, two.name)


async def test_other_systems_enter_what_was_learnt(app: App) -> None:
    admin = await Desk(app).person("administrator")
    body = {"card": CARD, "rule": "attend", "source": "pos-1", "day": "2026-11-20", "note": "太极拳"}
    assert (await admin.post("/counter/earned", body))["credits"] == 1
    assert (await admin.post("/counter/earned", body))["credits"] == 1
    assert (await admin.post("/counter/earned", body | {"source": "pos-2"}))["credits"] == 1
    assert (await admin.post("/counter/earned", body | {"source": "pos-3"}))["credits"] == 0, "the cap of a day"
    await admin.post("/counter/earned", body | {"rule": "dancing", "source": "x"}, expect=422)
    for wrong in ({"times": -3}, {"times": 10**9}, {"card": "1 OR 1=1"}, {"day": "yesterday"}):
        await admin.post("/counter/earned", body | {"source": "y"} | wrong, expect=422)


async def test_a_seat_sees_what_the_resident_saw(app: App) -> None:
    desk = Desk(app)
    seat = await desk.person()
    visitor = Visitor(app)
    await visitor.say("我有多少学分")
    await visitor.prove()
    await visitor.say("学分记错了，记到别人卡上了，怎么办？")
    assert visitor.last is not None
    ref = visitor.last.ticket
    assert ref
    seen = await seat.get(f"/tickets/{ref}/learner")
    [dispute] = seen["disputes"]
    assert dispute["extract"]["credits"] == 200
    assert [each["name"] for each in seen["learners"]] in ([], ["徐**"])


async def test_an_announcement_needs_a_second_yes(app: App) -> None:
    desk, told = Desk(app), NoticeDesk(app)
    editor, supervisor = await desk.person("editor"), await desk.person("supervisor")
    for learner in (1, 2, 3):
        await app.identity.agree_to_notices(learner, True, "words", told.at)
    body = {"title": "讲座", "text": "周六上午九点，学院报告厅，防诈骗讲座，欢迎参加。"}
    preview = await editor.post("/broadcasts/preview", body)
    assert preview["wanted"] == 3
    assert "sms" in preview["channels"]
    id = (await supervisor.post("/broadcasts", body))["id"]
    await supervisor.post(f"/broadcasts/{id}/approve", expect=422)
    await supervisor.post(f"/broadcasts/{id}/submit")
    answer = await supervisor.post(f"/broadcasts/{id}/approve", expect=409)
    assert "另一位同事" in answer["text"]
    other = await desk.person("administrator")
    await other.post(f"/broadcasts/{id}/approve")
    assert await app.desk.broadcasts.work() == 3
    assert await app.desk.broadcasts.work() == 0
    await editor.post(f"/broadcasts/{id}/pause")
    told.at = int(time.time() * 1000) // 86_400_000 * 86_400_000 + 86_400_000 + 2 * 3_600_000  # ten o'clock in China
    assert await told.work() == 0
    report = await editor.get(f"/broadcasts/{id}/report")
    assert (report["wanted"], report["due"]) == (3, 3)
    await editor.post(f"/broadcasts/{id}/resume")
    assert await told.work() == 3
    report = await editor.get(f"/broadcasts/{id}/report")
    assert (report["due"], report["sent"]) == (0, {"sms": 3})
    await app.desk.broadcasts.work()
    assert (await editor.get("/broadcasts"))["broadcasts"][0]["state"] == "done"


@pytest.mark.parametrize(
    "body", [{"title": "", "text": "x"}, {"title": "x", "text": ""}, {"title": "x", "text": "字" * 501}]
)
async def test_announcements_that_are_none(app: App, body: dict[str, str]) -> None:
    editor = await Desk(app).person("editor")
    await editor.post("/broadcasts", body, expect=422)


async def test_a_copy_to_be_printed(app: App) -> None:
    desk = Desk(app)
    admin = await desk.person("administrator")
    visitor = Visitor(app)
    await visitor.say("转人工")
    await visitor.say("<script>alert(1)</script>")
    assert visitor.last is not None
    answer = await admin.ask("POST", f"/residents/{visitor.last.ticket}/printable")
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>" not in answer.text
    assert "说过的话" in answer.text
