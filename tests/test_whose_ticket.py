"""Whose business a ticket is: never theirs of whom its talk complains, and of what a colleague has only what helps."""

import json
from typing import Any

import pytest
from fastapi.routing import APIRoute

from daoxue.app import App
from desk.feed import FeedPage
from desk.people import PERMISSIONS
from store import people, ticket_lists, tickets
from store.ticket_rows import TicketRow
from tests.desk_client import Desk, Person
from tests.talk import Resident
from tests.test_permissions import permissions_of, routes


async def row(app: App, ref: str) -> TicketRow:
    found = await app.database.read(lambda t: tickets.get(t, ref))
    assert found
    return found


class Complained:
    """A talk with a ticket that three had, one after the other, and then one that complains of them."""

    def __init__(self, app: App) -> None:
        self.app, self.desk, self.resident = app, Desk(app), Resident(app)

    async def begin(self) -> "Complained":
        self.seat, self.boss, self.other = await self.of("seat"), await self.of("supervisor"), await self.of("seat")
        self.admin = await self.of("supervisor")
        ref = (await self.resident.receipt("转人工")).ticket
        assert ref
        await self.seat.post(f"/tickets/{ref}/take")
        await self.admin.post(f"/tickets/{ref}/take-over")
        await self.boss.post(f"/tickets/{ref}/take-over")
        await self.boss.post(f"/tickets/{ref}/close", {"result": "answered"})
        complaint = (await self.resident.receipt("我要投诉刚才的坐席，他骂人")).ticket
        assert complaint not in (None, ref)
        self.earlier, self.complaint = ref, str(complaint)
        # Who was at the desk once can be an administrator later.
        await self.app.database.write(lambda t: people.change(t, self.admin.name, role="administrator"))
        return self

    async def of(self, role: str) -> Person:
        return await self.desk.person(role)

    def who(self, permission: str) -> Person:
        roles = {"seat": self.seat, "supervisor": self.boss, "administrator": self.admin}
        return next(person for role, person in roles.items() if role in PERMISSIONS[permission])


@pytest.fixture
async def talk(app: App) -> Complained:
    return await Complained(app).begin()


def of_a_ticket(app: App) -> list[APIRoute]:
    return [each for each in routes(app) if "{ref}" in each.path]


async def test_nothing_of_the_interface_is_open_to_whom_the_talk_complains_of(app: App, talk: Complained) -> None:
    walked = of_a_ticket(app)
    assert len(walked) > 30
    before = [await row(app, ref) for ref in (talk.earlier, talk.complaint)]
    for route in walked:
        [permission] = permissions_of(route)
        who = talk.who(permission)
        for method in route.methods or ():
            for ref in (talk.earlier, talk.complaint):
                path = route.path.replace("{ref}", ref).replace("{id}", "1")
                answer = await who.ask(method, path, {})
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, route.path)
    assert before == [await row(app, ref) for ref in (talk.earlier, talk.complaint)]


async def test_they_see_nothing_of_it_in_passing(app: App, talk: Complained) -> None:
    await app.desk.search.index([1])
    page = FeedPage(talk.boss.name)
    await app.desk.feed.join(page, 0)
    assert not {talk.earlier, talk.complaint} & {each.get("ref") for each in heard_by(page)}
    for state, ref in (("closed", talk.earlier), ("waiting", talk.complaint)):
        theirs, others = [await each.get(f"/tickets?state={state}") for each in (talk.boss, talk.other)]
        assert ref not in str(theirs), state
        [found] = [each for each in others["tickets"] if each["ref"] == ref]
        assert state == "closed" or (found["about"] and found["last"])
    for looked in ("骂人", talk.earlier, talk.complaint):
        assert (await talk.boss.get(f"/search?q={looked}"))["found"] == []
        assert (await talk.other.get(f"/search?q={looked}"))["found"]


async def test_what_comes_later_of_the_same_talk_is_not_theirs_either(app: App, talk: Complained) -> None:
    await talk.other.post(f"/tickets/{talk.complaint}/take")
    await talk.other.post(f"/tickets/{talk.complaint}/close", {"result": "answered"})
    later = str((await talk.resident.receipt("我的学分不对，转人工")).ticket)
    assert later not in (talk.earlier, talk.complaint)
    await talk.seat.post(f"/tickets/{later}/take", expect=404)
    await talk.other.post(f"/tickets/{later}/take")
    await talk.other.post(f"/tickets/{later}/transfer", {"to": talk.seat.name}, expect=409)


async def test_a_danger_to_life_is_everybody_s_until_somebody_has_it(app: App, talk: Complained) -> None:
    """Of a complaint of last week nobody dies."""
    await talk.other.post(f"/tickets/{talk.complaint}/take")
    await talk.other.post(f"/tickets/{talk.complaint}/close", {"result": "answered"})
    danger = str((await talk.resident.receipt("我不想活了")).ticket)
    assert danger not in (talk.earlier, talk.complaint)
    await talk.other.post(f"/tickets/{danger}/take")
    await talk.seat.post(f"/tickets/{danger}/note", {"text": "看看"}, expect=404)
    await talk.other.post(f"/tickets/{danger}/transfer", {"skill": "care"})
    await talk.seat.post(f"/tickets/{danger}/take")


async def test_a_colleague_notes_and_does_not_rewrite(app: App) -> None:
    desk = Desk(app)
    wang, li = await desk.person(), await desk.person()
    ref = str((await Resident(app).receipt("转人工")).ticket)
    await li.put(f"/tickets/{ref}/tags", {"tags": ["没人接"]}, expect=409)
    await wang.post(f"/tickets/{ref}/take")
    await wang.put(f"/tickets/{ref}/tags", {"tags": ["老年人"]})
    await li.post(f"/tickets/{ref}/note", {"text": "昨天她也来问过"})
    await li.put(f"/tickets/{ref}/tags", {"tags": ["恶意"]}, expect=409)
    await wang.post(f"/tickets/{ref}/snooze", {"minutes": 10})
    await li.post(f"/tickets/{ref}/wake", expect=409)
    whole = await wang.get(f"/tickets/{ref}")
    assert (whole["ticket"]["tags"], whole["ticket"]["state"]) == (["老年人"], "snoozed")
    assert [each["actor"] for each in whole["events"] if each["kind"] == "noted"] == [li.name]
    await wang.post(f"/tickets/{ref}/wake")


async def test_what_is_masked_is_shown_to_who_has_it_and_so_often(app: App) -> None:
    desk = Desk(app)
    wang, li, boss = await desk.person(), await desk.person(), await desk.person("supervisor")
    ref = str((await Resident(app).receipt("转人工")).ticket)
    why = {"reason": "要给她回电话"}
    await wang.post(f"/tickets/{ref}/reveal", why, expect=409)
    await wang.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/reveal", why, expect=409)
    for _ in range(20):
        await wang.post(f"/tickets/{ref}/reveal", why)
    refused = await wang.ask("POST", f"/tickets/{ref}/reveal", why)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_often")
    assert 0 < int(refused.headers["retry-after"]) <= 180
    await boss.post(f"/tickets/{ref}/reveal", why)
    lines = (await (await desk.person("auditor")).get("/audit?most=100"))["lines"]
    seen = [(each["actor"], each["action"]) for each in reversed(lines) if "reveal" in each["action"]]
    assert seen == [
        (wang.name, "resident.unrevealed"), (li.name, "resident.unrevealed"), *[(wang.name, "resident.reveal")] * 20,
        (wang.name, "resident.unrevealed"), (boss.name, "resident.reveal"),
    ]  # fmt: skip


async def test_what_the_talk_asked_in_vain_is_not_theirs_to_read(
    either_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await Complained(either_app).begin()
    await talk.other.post(f"/tickets/{talk.complaint}/take")
    await talk.other.post(f"/tickets/{talk.complaint}/close", {"result": "answered"})
    talk.resident.wait(24 * 60)
    await talk.resident.say("前边后边里边外边")
    monkeypatch.setattr(ticket_lists, "complained_of", None)  # of thousands, one by one
    for who, there in ((talk.boss, False), (talk.seat, False), (talk.other, True)):
        assert ("里边" in str(await who.get("/knowledge/unanswered"))) is there


async def test_what_nothing_answered_is_not_for_whom_it_names(app: App) -> None:
    desk, resident = Desk(app), Resident(app)
    named, other = await desk.person("supervisor", shown="邬云霄"), await desk.person("supervisor")
    await resident.say("前边后边邬云霄里边外边")
    assert "邬云霄" in str(await other.get("/knowledge/unanswered"))
    assert "邬云霄" not in str(await named.get("/knowledge/unanswered"))
    await resident.say("邬云霄这种人前边后边里边，气死")
    assert "这种人" not in str(await other.get("/knowledge/unanswered"))


async def test_who_is_called_as_a_teacher_sees_what_is_asked_of_the_teacher(app: App) -> None:
    desk, resident = Desk(app), Resident(app)
    teacher = sorted(each.teacher for each in app.library.catalogue.classes.values() if each.teacher)[0]
    named = await desk.person("supervisor", shown=teacher.removesuffix("老师"))
    await resident.say(f"前边后边{teacher}里边外边")
    assert "里边外边" in str(await named.get("/knowledge/unanswered"))


async def test_who_is_complained_of_hears_of_it_without_a_word(app: App, talk: Complained) -> None:
    """In lists and in what pages are told: tags are words as well."""
    await talk.other.post(f"/tickets/{talk.complaint}/take")
    await talk.other.put(f"/tickets/{talk.complaint}/tags", {"tags": ["说他态度差"]})
    page, theirs = FeedPage(talk.boss.name), FeedPage(talk.other.name)
    for each in (page, theirs):
        await app.desk.feed.join(each, 0)
    heard, known = ([each.frames.get_nowait().decode() for _ in range(each.frames.qsize())] for each in (page, theirs))
    assert "态度差" in str(known)
    assert "态度差" not in str(heard)
    assert "态度差" not in str(await talk.boss.get("/tickets?state=open"))


async def test_an_origin_that_is_none_is_refused(app: App) -> None:
    seat = await Desk(app).person()
    for path in ("/login", "/tickets/1126-00001/note"):
        answer = await seat.client.post(f"/api{path}", json={}, headers={"Origin": "http://[bad"})
        assert answer.status_code == 403, path


async def test_what_a_seat_calls_a_message_is_no_card(app: App) -> None:
    seat = await Desk(app).person()
    ref = str((await Resident(app).receipt("转人工")).ticket)
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "620855000746", "text": "您好"}, expect=422)
    await seat.post(f"/tickets/{ref}/messages", {"id": "m1", "text": "您好"})


# -- they do not hear that there is a complaint


def heard_by(page: FeedPage) -> list[dict[str, Any]]:
    """What a page was told since it was asked last, but for its greeting."""
    frames = [json.loads(page.frames.get_nowait()) for _ in range(page.frames.qsize())]
    return [each for each in frames if each["type"] != "hello"]


async def page_of(app: App, seat: str) -> FeedPage:
    page = FeedPage(seat)
    await app.desk.feed.join(page, None)
    heard_by(page)
    return page


async def test_a_complaint_is_not_there_for_whom_it_is_of(app: App) -> None:
    """Neither live, nor in lists, in any state that it comes to, however many are asked for at a time."""
    desk = Desk(app)
    sun, gao = await desk.person(), await desk.person()
    refs = [str((await Resident(app).receipt("转人工")).ticket) for _ in range(2)]
    theirs, others = await page_of(app, sun.name), await page_of(app, gao.name)
    resident = Resident(app)
    complaint = str((await resident.receipt(f"我要投诉 {sun.name}，他骂我")).ticket)
    await resident.say("我下午才有空")
    await gao.post(f"/tickets/{complaint}/note", {"text": "先看录音"})
    await app.desk.feed.look()
    app.desk.feed._delivered((await row(app, complaint)).conversation, 9)
    assert heard_by(theirs) == []
    told = heard_by(others)
    assert [each["kind"] for each in told if each["ref"] == complaint] == ["opened", "said", "noted"]
    assert {each["ticket"]["barred"][0] for each in told} == {sun.name}
    later = str((await Resident(app).receipt("转人工")).ticket)
    for most in (1, 2, 3, 100):
        assert await all_of(sun, "waiting", most) == [*refs, later]
        assert sorted(await all_of(gao, "waiting", most)) == sorted([*refs, complaint, later])
    await gao.post(f"/tickets/{complaint}/take")
    assert (await all_of(sun, "open", 1), await all_of(gao, "open", 1)) == ([], [complaint])
    await gao.post(f"/tickets/{complaint}/close", {"result": "answered"})
    assert (await all_of(sun, "closed", 1), await all_of(gao, "closed", 1)) == ([], [complaint])
    missing, hidden = [await sun.ask("GET", f"/tickets/{each}") for each in ("1126-99999", complaint)]
    assert (hidden.status_code, hidden.text.replace(complaint, "")) == (404, missing.text.replace("1126-99999", ""))


async def all_of(who: Person, state: str, most: int) -> list[str]:
    """What a list has, page after page; no page but the last is short."""
    found: list[str] = []
    after = ""
    while True:
        listed = await who.get(f"/tickets?state={state}&most={most}{after}")
        found += [each["ref"] for each in listed["tickets"]]
        if listed["next"] is None:
            return found
        assert len(listed["tickets"]) == most
        after = f"&after={listed['next']}"


async def test_who_saw_it_before_sees_it_no_more(app: App) -> None:
    """The page fetches its lists anew, as it does when it has missed something, and hears nothing of the talk it had open."""
    desk = Desk(app)
    sun, gao = await desk.person(), await desk.person()
    resident = Resident(app)
    ref = str((await resident.receipt("转人工")).ticket)
    theirs, others = await page_of(app, sun.name), await page_of(app, gao.name)
    talk = (await row(app, ref)).conversation
    app.desk.feed.watch(theirs, ref, talk)
    app.desk.feed.watch(others, ref, talk)
    await resident.say(f"我要投诉 {sun.name}，他骂我")
    await app.desk.feed.look()
    app.desk.feed._delivered(talk, 9)
    assert [each["type"] for each in heard_by(theirs)] == ["reset"]
    assert [each["type"] for each in heard_by(others)][-1] == "delivered"
    assert (await all_of(sun, "waiting", 9), await all_of(gao, "waiting", 9)) == ([], [ref])
    await resident.say(f"就是 {sun.name}")
    await app.desk.feed.look()
    assert heard_by(theirs) == [], "once is enough"


async def test_who_has_a_danger_reads_no_complaint_of_themselves_with_it(app: App) -> None:
    desk = Desk(app)
    chen, gao = await desk.person(), await desk.person("supervisor")
    resident = Resident(app)
    ref = str((await resident.receipt("我不想活了")).ticket)
    await chen.post(f"/tickets/{ref}/take")
    theirs, others = await page_of(app, chen.name), await page_of(app, gao.name)
    await resident.say("我要投诉你")
    await app.desk.feed.look()
    heard, known = heard_by(theirs), heard_by(others)
    assert ([each["kind"] for each in heard], [each["kind"] for each in known]) == (["said"], ["raised", "said"])
    assert (heard[0]["ticket"]["barred"], known[0]["ticket"]["barred"]) == ([], [chen.name])
    whole, seen = await chen.get(f"/tickets/{ref}"), await gao.get(f"/tickets/{ref}")
    assert (whole["ticket"]["barred"], seen["ticket"]["barred"]) == ([], [chen.name])
    assert [each for each in whole["events"] if each["kind"] == "raised"] == []
    assert [each["data"]["barred"] for each in seen["events"] if each["kind"] == "raised"] == [[chen.name]]
    assert "barred" not in str((await chen.get("/tickets?state=mine"))["tickets"]).replace("'barred': []", "")
    assert (await chen.get(f"/search?q={ref}"))["found"][0]["ticket"]["barred"] == []
    await chen.post(f"/tickets/{ref}/close", {"result": "answered"})
    assert (await chen.ask("GET", f"/tickets/{ref}")).status_code == 404


async def test_who_complains_is_not_shown_beside_another_ticket_of_theirs(app: App) -> None:
    desk = Desk(app)
    sun, gao = await desk.person(), await desk.person()
    here, there = Resident(app), Resident(app, "telegram")
    for each in (here, there):
        await each.prove()
    ref = str((await here.receipt("转人工")).ticket)
    await sun.post(f"/tickets/{ref}/take")
    complaint = str((await there.receipt(f"我要投诉 {sun.name}，他骂我")).ticket)
    assert complaint != ref
    assert (await sun.get(f"/tickets/{ref}"))["others"] == []
    assert [each["ref"] for each in (await gao.get(f"/tickets/{ref}"))["others"]] == [complaint]


async def test_what_supervisors_count_is_without_what_complains_of_them(either_app: App) -> None:
    desk = Desk(either_app)
    boss, other = await desk.person("supervisor"), await desk.person("supervisor")
    await Resident(either_app).say("转人工")
    before = await boss.get("/board")
    complaint = str((await Resident(either_app).receipt(f"我要投诉 {boss.name}，他骂我")).ticket)
    assert (await boss.get("/board"))["figures"] == before["figures"]
    assert (await other.get("/board"))["figures"]["waiting"] == before["figures"]["waiting"] + 1
    await other.post(f"/tickets/{complaint}/take")
    assert (await boss.get("/board"))["figures"] == before["figures"]
    await other.post(f"/tickets/{complaint}/close", {"result": "answered"})
    assert (await boss.get("/board"))["figures"] == before["figures"]
    assert (await other.get("/board"))["figures"]["closed"] == before["figures"]["closed"] + 1
