"""The desk as its pages and other systems use it: over HTTP, with real sign-ins, on both databases."""

import asyncio
import time
from typing import Any

import msgspec
import pytest

from bot.inbox import encode
from bot.messages import Message, Reply
from daoxue.app import App
from desk.hours import DeskSettings
from desk.opening import SHOWN
from store import audit as rows
from store import conversations, outbox, queue, ticket_lists
from store.people import PresenceRow
from store.queue import QueueState
from store.transaction import Transaction
from tests.desk_client import Desk, Person
from tests.talk import Resident


@pytest.fixture
def desk(either_app: App) -> Desk:
    return Desk(either_app)


async def waiting(app: App, text: str = "转人工") -> tuple[Resident, str]:
    resident = Resident(app)
    ref = (await resident.receipt(text)).ticket
    assert ref
    return resident, ref


def kinds(ticket: dict[str, Any]) -> list[str]:
    return [event["kind"] for event in ticket["events"] if event["kind"] != "said"]


def said(ticket: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["author"], each["text"]) for each in ticket["messages"]]


async def test_a_ticket_from_the_queue_to_its_end(desk: Desk) -> None:
    li = await desk.person(shown="小李")
    resident, ref = await waiting(desk.app)
    listed = await li.get("/tickets?state=waiting")
    assert [each["ref"] for each in listed["tickets"]] == [ref]
    assert listed["next"] is None
    taken = await li.post(f"/tickets/{ref}/take")
    assert taken["ticket"]["owner"] == li.name
    await li.post(f"/tickets/{ref}/take")  # taking what one has is fine
    assert (await li.get("/tickets?state=mine"))["tickets"][0]["ref"] == ref
    first = await li.post(f"/tickets/{ref}/messages", {"id": "m1", "text": "您好，我是小李"})
    assert await li.post(f"/tickets/{ref}/messages", {"id": "m1", "text": "您好，我是小李"}) == first
    assert await resident.say("积分会过期吗") == ""
    await li.post(f"/tickets/{ref}/note", {"text": "老人家听不清", "mentions": []})
    await li.put(f"/tickets/{ref}/tags", {"tags": ["老年人", "老年人", " "]})
    closed = await li.post(
        f"/tickets/{ref}/close", {"result": "answered", "note": "讲清楚了", "topic": "credit_lookup"}
    )
    assert closed["ticket"]["state"] == "closed"
    await li.post(f"/tickets/{ref}/close", {"result": "answered"})  # closing again changes nothing
    whole = await li.get(f"/tickets/{ref}")
    assert kinds(whole) == ["opened", "taken", "noted", "tagged", "closed"]
    assert whole["ticket"]["topic"] == "credit_lookup"
    assert whole["ticket"]["tags"] == ["老年人"]
    assert sum(author == "seat" for author, _ in said(whole)) == 1
    assert "会。积分" in await resident.say("积分会过期吗")
    assert (await li.get("/tickets?state=closed"))["tickets"][0]["ref"] == ref


async def test_an_answer_is_known_to_who_gave_it_and_to_who_has_the_ticket(desk: Desk) -> None:
    li, wang, chen = await desk.person(), await desk.person(), await desk.person("supervisor")
    _, ref = await waiting(desk.app)
    body = {"id": "m1", "text": "您好"}
    await li.post(f"/tickets/{ref}/take")
    given = await li.post(f"/tickets/{ref}/messages", body)
    refused = await wang.post(f"/tickets/{ref}/messages", {"id": "m2", "text": "您好"}, expect=409)
    assert await wang.post(f"/tickets/{ref}/messages", body, expect=409) == refused, "no word of what an id stands for"
    await chen.post(f"/tickets/{ref}/take-over")
    assert await li.post(f"/tickets/{ref}/messages", body) == given, "it was said; to send it again is no fault"
    assert await chen.post(f"/tickets/{ref}/messages", body) == given
    held = {"id": "m3", "text": "请稍等", "recallable": True}
    waits = await chen.post(f"/tickets/{ref}/messages", held)
    assert waits["due_at"]
    assert await chen.post(f"/tickets/{ref}/messages", held) == waits
    assert (await li.post(f"/tickets/{ref}/messages", held, expect=409))["code"] == refused["code"] == "not_yours"
    assert sum(author == "seat" for author, _ in said(await chen.get(f"/tickets/{ref}"))) == 1


async def test_two_seats_race_and_one_has_it(desk: Desk) -> None:
    seats = [await desk.person() for _ in range(6)]
    _, ref = await waiting(desk.app)
    answers = await asyncio.gather(*(seat.ask("POST", f"/tickets/{ref}/take", {}) for seat in seats))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    owner = next(seat for seat, answer in zip(seats, answers, strict=True) if answer.status_code == 200)
    other = next(seat for seat in seats if seat is not owner)
    for path, body in (
        ("messages", {"id": "x", "text": "我来"}), ("close", {"result": "answered"}), ("snooze", {"minutes": 5}),
        ("hand-back", {}), ("transfer", {"to": other.name}), ("merge", {"into": ref}),
    ):  # fmt: skip
        assert (await other.ask("POST", f"/tickets/{ref}/{path}", body)).status_code == 409, path
    assert kinds(await owner.get(f"/tickets/{ref}")) == ["opened", "taken"]


async def test_a_double_click_closes_once_and_says_it_once(desk: Desk) -> None:
    li = await desk.person()
    _, ref = await waiting(desk.app)
    await li.post(f"/tickets/{ref}/take")
    await asyncio.gather(*(li.ask("POST", f"/tickets/{ref}/close", {"result": "answered"}) for _ in range(5)))
    whole = await li.get(f"/tickets/{ref}")
    assert kinds(whole).count("closed") == 1
    assert sum("已办结" in text for _, text in said(whole)) == 1


async def test_an_answer_to_something_older_than_the_last_word_is_refused(desk: Desk) -> None:
    li = await desk.person()
    resident, ref = await waiting(desk.app)
    await li.post(f"/tickets/{ref}/take")
    seen = max(each["seq"] for each in (await li.get(f"/tickets/{ref}"))["messages"])
    await resident.say("等等，不是这个意思")
    refused = await li.ask("POST", f"/tickets/{ref}/messages", {"id": "a", "text": "好的", "seen": seen})
    assert (refused.status_code, refused.json()["code"]) == (409, "outdated")
    await li.post(f"/tickets/{ref}/messages", {"id": "a", "text": "好的"})
    assert said(await li.get(f"/tickets/{ref}"))[-1] == ("seat", "好的")


async def test_put_aside_and_back_when_the_resident_writes(desk: Desk) -> None:
    li = await desk.person()
    resident, ref = await waiting(desk.app)
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/snooze", {"minutes": 60})
    assert (await li.get("/tickets?state=snoozed"))["tickets"][0]["ref"] == ref
    assert await resident.say("我又想起一件事") == ""
    whole = await li.get(f"/tickets/{ref}")
    assert (whole["ticket"]["state"], whole["ticket"]["owner"]) == ("open", li.name)
    await li.post(f"/tickets/{ref}/snooze", {"minutes": 1})
    until = (await li.get(f"/tickets/{ref}"))["ticket"]["snoozed_until"]
    await desk.app.desk.dispatch.step(until + 1)
    assert (await li.get(f"/tickets/{ref}"))["ticket"]["state"] == "open"


async def test_passed_to_a_colleague_with_a_word(desk: Desk) -> None:
    li, wang = await desk.person(shown="小李"), await desk.person(shown="老王")
    resident, ref = await waiting(desk.app)
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/transfer", {"to": wang.name, "word": "他要问学分"})
    assert (await li.ask("POST", f"/tickets/{ref}/messages", {"id": "b", "text": "？"})).status_code == 409
    assert "会。积分" in await resident.say("积分会过期吗"), "in between the bot goes on"
    await wang.post(f"/tickets/{ref}/take")
    events = (await wang.get(f"/tickets/{ref}"))["events"]
    assert next(each for each in events if each["kind"] == "transferred")["data"]["word"] == "他要问学分"
    bad = await wang.ask("POST", f"/tickets/{ref}/transfer", {"to": "nobody"})
    assert bad.status_code == 404


async def test_handed_back_to_the_bot(desk: Desk) -> None:
    li = await desk.person()
    resident, ref = await waiting(desk.app)
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/hand-back")
    assert "会。积分" in await resident.say("积分会过期吗")
    assert (await li.get(f"/tickets/{ref}"))["ticket"]["result"] == "handed_back"


async def test_the_next_word_of_who_is_not_done_opens_it_again(desk: Desk) -> None:
    li = await desk.person()
    resident, ref = await waiting(desk.app)
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/close", {"result": "answered"})
    receipt = await resident.receipt("转人工")
    assert receipt.ticket == ref, "the same reference"
    whole = await li.get(f"/tickets/{ref}")
    assert whole["ticket"]["state"] == "waiting"
    assert kinds(whole)[-1] == "reopened"
    assert (await li.get("/tickets?state=waiting"))["tickets"][0]["last_seat"] == li.name


async def test_one_question_for_stars_after_the_last_word_has_arrived(desk: Desk) -> None:
    app, li = desk.app, await desk.person()
    resident, ref = await waiting(app)
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/close", {"result": "answered"})
    ticket = (await li.get(f"/tickets/{ref}"))["ticket"]
    later = ticket["closed_at"] + 10_000
    await app.desk.dispatch.step(later)
    assert "满意吗" not in said(await li.get(f"/tickets/{ref}"))[-1][1], "the last answer is still on its way"
    conversation = (await app.tickets.show(ref)).ticket.conversation
    await app.database.write(lambda t: outbox.settle(t, conversation, 1 << 30))
    await app.desk.dispatch.step(later)
    await app.desk.dispatch.step(later)
    asked = [text for _, text in said(await li.get(f"/tickets/{ref}")) if "满意吗" in text]
    assert len(asked) == 1
    assert "谢谢您的评价" in await resident.say("1")
    assert (await li.get(f"/tickets/{ref}"))["ticket"]["stars"] == 5


STARS = [
    ("五星，谢谢李老师", 5), ("5分挺好", 5), ("给个好评", 5), ("打满分", 5), ("三星吧，等太久了", 3), ("非常满意", 5), ("挺好的", 4),
    ("不太满意", 2), ("太差了", 1), ("一般", 3), ("2", 4), ("四颗星", 4), ("five stars? great service", None), ("五分钟就回了吗", None),
    ("我不给好评", None), ("书法班几点上课", None), ("等了三分钟", None), ("三个星期了还没弄好", None), ("一星期后再来", None),
    ("不好意思打扰了", None), ("ok", None), ("学分差2分", None), ("钱还没退呢3分", None), ("不可以", None), ("booking", None),
    ("没什么不满意的", None), ("还是不行", None), ("可以打给我", None), ("五星级的", None), ("goodbye", None), ("一星都不给", None),
    ("特别满意", 5), ("不是很满意", 2), ("还可以，谢谢", 4), ("那个老师挺好的", 4), ("你们处理得挺好，我给五星，谢谢李老师", 5),
]  # fmt: skip


@pytest.mark.parametrize(("text", "stars"), STARS)
async def test_stars_in_words_of_ones_own_count(desk: Desk, text: str, stars: int | None) -> None:
    app, li = desk.app, await desk.person()
    resident, ref = await waiting(app)
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/close", {"result": "answered"})
    ticket = (await li.get(f"/tickets/{ref}"))["ticket"]
    conversation = (await app.tickets.show(ref)).ticket.conversation
    await app.database.write(lambda t: outbox.settle(t, conversation, 1 << 30))
    await app.desk.dispatch.step(ticket["closed_at"] + 10_000)
    receipt = await resident.receipt(text)
    assert (await li.get(f"/tickets/{ref}"))["ticket"]["stars"] == stars
    assert stars is None or receipt.handed_over is None


async def test_who_missed_a_word_that_was_given_up_is_asked_for_stars_once(desk: Desk) -> None:
    """What a channel never took stays for seats to see, and is no reason to ask nothing; each look writes no more than that."""
    app, li = desk.app, await desk.person()
    _, ref = await waiting(app)
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/close", {"result": "answered"})
    ticket = (await app.tickets.show(ref)).ticket
    assert ticket.closed_at
    later = ticket.closed_at + 10_000

    def give_up(transaction: Transaction) -> None:
        rows = queue.in_order(transaction, outbox.order_key(ticket.conversation))
        assert rows
        for row in rows:
            queue.put_back(transaction, msgspec.structs.replace(row, state=QueueState.GIVEN_UP, outcome="refused"))

    await app.database.write(give_up)
    for _ in range(2):
        await app.desk.dispatch.step(later)
    assert [text for _, text in said(await li.get(f"/tickets/{ref}")) if "满意吗" in text] != []
    assert app.database.look(lambda t: ticket_lists.unsurveyed(t, later)) == []
    assert app.database.look(lambda t: outbox.undelivered(t, ticket.conversation)) is not None, "seats see it still"


async def test_all_that_one_person_has_waiting_goes_to_one_seat(desk: Desk) -> None:
    """One person is who has proven it: the same learner in two browsers."""
    li = await desk.person()
    refs = []
    for _ in range(2):
        resident = Resident(desk.app)
        await resident.say("登记候补临江街道的太极班")
        refs.append((await resident.receipt("13800138000")).ticket)
        await resident.prove()
    taken = await li.post(f"/tickets/{refs[0]}/take")
    assert taken["ticket"]["owner"] == li.name
    other = await li.get(f"/tickets/{refs[1]}")
    assert other["ticket"]["owner"] == li.name
    assert [each["ref"] for each in other["others"]] == [refs[0]]
    await li.post(f"/tickets/{refs[1]}/merge", {"into": refs[0]})
    assert (await li.get(f"/tickets/{refs[1]}"))["ticket"]["result"] == "merged"


async def _merged(desk: Desk) -> tuple[Person, list[Resident], list[str]]:
    """A seat; who has proven the same card in two talks; the tickets of these, the second merged into the first."""
    li, residents = await desk.person(), [Resident(desk.app) for _ in range(2)]
    refs = [(await resident.receipt("转人工")).ticket or "" for resident in residents]
    for resident in residents:
        await resident.prove()
    for ref in refs:
        await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{refs[1]}/merge", {"into": refs[0]})
    return li, residents, refs


async def test_a_ticket_that_is_open_all_the_while_is_not_said_to_be_opened_again(desk: Desk) -> None:
    _, residents, _ = await _merged(desk)
    told = await residents[1].say("上回那个东西到底咋整的呀")
    assert "重新打开" not in told
    assert "已经交给处理工单" in told


@pytest.mark.parametrize("closed", [False, True])
async def test_what_is_said_of_a_merged_ticket_leads_to_its_target(desk: Desk, closed: bool) -> None:
    """Its own stays as it is; whoever has the other sees what was said, and the resident is told that number."""
    li, residents, refs = await _merged(desk)
    if closed:
        await li.post(f"/tickets/{refs[0]}/close", {"result": "answered"})
    told = await residents[1].say("我还没说完，找个真人")
    assert refs[0] in told
    assert refs[1] not in told
    target, merged = await li.get(f"/tickets/{refs[0]}"), await li.get(f"/tickets/{refs[1]}")
    assert target["ticket"]["state"] == ("waiting" if closed else "open")
    happened = [(each["kind"], each["data"].get("text")) for each in target["events"]]
    assert (("noted", "我还没说完，找个真人") if closed else ("moved", None)) in happened, (
        "an open one comes to where they write"
    )
    assert (merged["ticket"]["state"], merged["ticket"]["result"]) == ("closed", "merged")
    assert len(await desk.app.tickets.in_state("waiting")) == closed
    if closed:
        await li.post(f"/tickets/{refs[0]}/take")
        await li.post(f"/tickets/{refs[0]}/messages", {"id": "a", "text": "您说"})
        assert (await li.get(f"/tickets/{refs[0]}"))["messages"][-1]["text"] == "您说"
        await li.post(f"/tickets/{refs[0]}/close", {"result": "answered"})


async def test_numbers_are_masked_until_somebody_says_why(desk: Desk) -> None:
    li, audit = await desk.person(), await desk.person("auditor")
    resident = Resident(desk.app)
    await resident.say("登记候补临江街道的太极班")
    ref = (await resident.receipt("13800138000")).ticket
    await li.post(f"/tickets/{ref}/take")
    whole = await li.get(f"/tickets/{ref}")
    assert "13800138000" not in str(whole)
    assert whole["resident"]["slots"]["phone"] == "138****8000"
    await li.post(f"/tickets/{ref}/reveal", {"reason": ""}, expect=422)
    shown = await li.post(f"/tickets/{ref}/reveal", {"reason": "要给她回电话"})
    assert shown["slots"]["phone"] == "13800138000"
    [line] = [each for each in (await audit.get("/audit"))["lines"] if each["action"] == "resident.reveal"]
    assert (line["actor"], line["subject"], line["detail"]) == (li.name, ref, "要给她回电话")


async def here(desk: Desk, seat: Person, until: int) -> None:
    await desk.app.desk.dispatch.come(PresenceRow(f"page-{seat.name}", seat.name, 1, until))


async def test_what_is_offered_while_the_desk_is_closed_says_so(desk: Desk) -> None:
    li = await desk.person()
    _, ref = await waiting(desk.app)
    now = (await li.get(f"/tickets/{ref}"))["ticket"]["opened_at"] + 1000
    assert (await li.get(f"/tickets/{ref}"))["ticket"]["after_hours"] is False
    await here(desk, li, now + 10_000_000)
    await desk.app.desk.dispatch.step(now)
    for settings, after_hours in ((DeskSettings(hours=()), True), (DeskSettings(always_open=True), False)):
        desk.app.desk.hours.follow(settings)
        ticket = (await li.get(f"/tickets/{ref}"))["ticket"]
        assert (ticket["offered_to"], ticket["after_hours"]) == (li.name, after_hours)


async def test_offered_let_pass_timed_out_and_taken(desk: Desk) -> None:
    dispatch = desk.app.desk.dispatch
    li, wang = await desk.person(), await desk.person()
    _, ref = await waiting(desk.app)
    opened = (await li.get(f"/tickets/{ref}"))["ticket"]["opened_at"]
    now = opened + 1000
    await here(desk, li, now + 10_000_000)
    await here(desk, wang, now + 10_000_000)
    assert await dispatch.step(now) == 1
    first = (await li.get(f"/tickets/{ref}"))["ticket"]["offered_to"]
    seats = {li.name: li, wang.name: wang}
    await seats[first].post(f"/tickets/{ref}/pass")
    await dispatch.step(now + 1000)
    second = (await li.get(f"/tickets/{ref}"))["ticket"]["offered_to"]
    assert {first, second} == {li.name, wang.name}
    await dispatch.step(now + 1000 + 31_000)
    events = (await li.get(f"/tickets/{ref}"))["events"]
    assert [each["data"]["why"] for each in events if each["kind"] == "passed"] == ["declined", "timeout"]
    again = (await li.get(f"/tickets/{ref}"))["ticket"]["offered_to"]
    other = next(seat for name, seat in seats.items() if name != again)
    await other.post(f"/tickets/{ref}/take")  # an offer is a question: who takes it first has it
    assert (await seats[again].ask("POST", f"/tickets/{ref}/take", {})).status_code == 409


async def test_who_goes_offline_gives_back_and_the_resident_is_told(desk: Desk) -> None:
    dispatch = desk.app.desk.dispatch
    li, wang = await desk.person(shown="小李"), await desk.person()
    resident, ref = await waiting(desk.app)
    opened = (await li.get(f"/tickets/{ref}"))["ticket"]["opened_at"]
    await here(desk, li, opened + 10_000)
    await li.post(f"/tickets/{ref}/take")
    await dispatch.step(opened + 20_000)
    whole = await wang.get(f"/tickets/{ref}")
    assert (whole["ticket"]["state"], whole["ticket"]["owner"]) == ("waiting", None)
    assert "小李暂时离开了" in said(whole)[-1][1]
    await wang.post(f"/tickets/{ref}/take")
    assert said(await wang.get(f"/tickets/{ref}"))[-1][1].startswith("坐席接上了"), "not by the name of the account"
    await wang.post(f"/tickets/{ref}/hand-back")
    assert "会。积分" in await resident.say("积分会过期吗"), "the bot speaks again"
    await resident.say("谢谢")
    assert any("积分" in each for each in (await wang.get(f"/tickets/{ref}"))["resident"]["tried"]), (
        "not of its last word alone"
    )


async def test_what_a_site_leaves_lying_goes_up_the_tree(desk: Desk) -> None:
    app = desk.app
    resident = Resident(app)
    await resident.say("登记候补临江街道的太极班")
    ref = (await resident.receipt("13800138000")).ticket
    assert ref
    seat = await desk.person(place="linjiang")
    ticket = (await seat.get(f"/tickets/{ref}"))["ticket"]
    assert ticket["place"] == "linjiang"
    day = 86_400_000
    for days in range(8):  # somewhere in these days the school has been open for two hours
        await app.desk.dispatch.step(ticket["opened_at"] + days * day)
    ticket = (await seat.get(f"/tickets/{ref}"))["ticket"]
    assert ticket["place"] == "college"
    assert ticket["level"] >= 1


async def test_search_finds_chinese_by_any_two_characters(desk: Desk) -> None:
    app, li = desk.app, await desk.person()
    resident, ref = await waiting(app, "我要投诉书法老师迟到")
    _other, _ = await waiting(app)
    await app.desk.search.index(list(app.live.changed))
    for query in ("书法", "书法老师", "迟", "投诉 老师", ref):
        found = (await li.get(f"/search?q={query}"))["found"]
        assert [each["ticket"]["ref"] for each in found] == [ref], query
    assert (await li.get("/search?q=剪纸"))["found"] == []
    assert (await li.get("/search?q='\"%2520*"))["found"] == []
    await resident.say("还有剪纸课也是")
    await app.desk.search.index(list(app.live.changed))
    assert (await li.get("/search?q=剪纸"))["found"][0]["ticket"]["ref"] == ref


async def test_suggestions_come_with_their_sources_and_become_drafts(desk: Desk) -> None:
    li, editor = await desk.person(), await desk.person("editor")
    resident, ref = await waiting(desk.app)
    await li.post(f"/tickets/{ref}/take")
    await resident.say("积分会过期吗")
    [first, *_] = (await li.get(f"/tickets/{ref}/suggestions"))["suggestions"]
    assert "积分" in first["title"]
    assert first["source"]
    await li.post(
        f"/tickets/{ref}/messages", {"id": "s", "text": "积分三年有效，您的到明年底。", "source": first["source"]}
    )
    draft = await li.post(f"/tickets/{ref}/draft")
    entry = await editor.get(f"/knowledge/entries/{draft['id']}")
    assert (entry["status"], entry["entry"]["answer"]) == ("draft", "积分三年有效，您的到明年底。")
    assert entry["entry"]["questions"] == ["积分会过期吗"]
    for word in ("你是真人吗", "谢谢", "好的", "嗯", "1"):
        await resident.say(word)
    found = await li.get(f"/tickets/{ref}/suggestions")
    assert found["topic"] == "credit_redemption", "what the talk was about before the thanks"
    assert not any("智能助手" in each["answer"] for each in found["suggestions"]), "a seat is no bot"


async def test_canned_texts(desk: Desk) -> None:
    li, wang = await desk.person(), await desk.person()
    await li.post("/canned", {"title": "问候", "text": "您好，我是{坐席}。"})
    [each] = (await wang.get("/canned"))["canned"]
    assert (await wang.ask("DELETE", f"/canned/{each['id']}")).status_code == 404
    assert (await li.ask("DELETE", f"/canned/{each['id']}")).status_code == 200


async def test_what_is_written_is_what_is_seen(desk: Desk) -> None:
    """Nothing in it turns other words around or hides; what is nothing else is no text."""
    li = await desk.person()
    await li.post("/canned", {"title": "退\u202e款\u2066问\u200b候", "text": "您好\u202e，👩\u200d👧 我是。\n再见"})
    [each] = (await li.get("/canned"))["canned"]
    assert (each["title"], each["text"]) == ("退款问候", "您好，👩\u200d👧 我是。\n再见")
    await li.post("/canned", {"title": "\u202e\u200b", "text": "您好"}, expect=422)
    _, ref = await waiting(desk.app, "转人工")
    await li.post(f"/tickets/{ref}/take")
    await li.put(f"/tickets/{ref}/tags", {"tags": ["老\u202e年人"]})
    await li.post(f"/tickets/{ref}/note", {"text": "看\u202e看"})
    whole = await li.get(f"/tickets/{ref}")
    assert "\u202e" not in str(whole)
    assert whole["ticket"]["tags"] == ["老年人"]


async def test_a_supervisor_joins_whispers_assigns_and_takes_over(desk: Desk) -> None:
    li, wang, chen = await desk.person(), await desk.person(), await desk.person("supervisor")
    _resident, ref = await waiting(desk.app)
    await li.post(f"/tickets/{ref}/take")
    before = len(said(await chen.get(f"/tickets/{ref}")))
    await chen.post(f"/tickets/{ref}/whisper", {"text": "先安抚"})
    whole = await li.get(f"/tickets/{ref}")
    assert whole["events"][-1]["data"] == {"text": "先安抚", "mentions": [li.name], "unsent": False}
    assert len(said(whole)) == before, "the resident hears nothing of it"
    await chen.post(f"/tickets/{ref}/assign", {"to": wang.name, "word": "你来"})
    assert (await li.get(f"/tickets/{ref}"))["ticket"]["offered_to"] == wang.name
    await wang.post(f"/tickets/{ref}/take")
    await chen.post(f"/tickets/{ref}/take-over")
    assert (await li.get(f"/tickets/{ref}"))["ticket"]["owner"] == chen.name
    assert (await wang.ask("POST", f"/tickets/{ref}/messages", {"id": "z", "text": "我"})).status_code == 409


async def test_quality_is_judged_by_somebody_else(desk: Desk) -> None:
    li, chen = await desk.person(), await desk.person("supervisor")
    _, ref = await waiting(desk.app)
    await li.post(f"/tickets/{ref}/take")
    await chen.post(f"/tickets/{ref}/review", {"scores": {"polite": 5}}, expect=422)
    await li.post(f"/tickets/{ref}/close", {"result": "answered"})
    await chen.post(f"/tickets/{ref}/review", {"scores": {"polite": 6}}, expect=422)
    await chen.post(f"/tickets/{ref}/review", {"scores": {"polite": 5, "right": 4}, "note": "不错"})
    reviews = await chen.get("/reviews")
    assert reviews["seats"] == [{"seat": li.name, "mean": 4.5, "count": 1}]


async def test_the_board_and_the_report_count_the_same(desk: Desk) -> None:
    li, chen = await desk.person(), await desk.person("supervisor")
    refs = [(await waiting(desk.app))[1] for _ in range(3)]
    await li.post(f"/tickets/{refs[0]}/take")
    await li.post(f"/tickets/{refs[0]}/messages", {"id": "1", "text": "好"})
    await li.post(f"/tickets/{refs[0]}/close", {"result": "answered"})
    figures = (await chen.get("/board"))["figures"]
    assert (figures["waiting"], figures["open"]) == (2, 0)
    report = await chen.get("/reports")
    total = report["total"]
    assert (total["opened"], total["closed"], total["answered"], total["abandoned"]) == (3, 1, 1, 0)
    assert sum(line["opened"] for line in report["by"]["day"]) == 3
    assert sum(line["opened"] for line in report["by"]["hour"]) == 3
    for kind, magic in (("xlsx", b"PK"), ("pdf", b"%PDF")):
        made = await chen.ask("GET", f"/reports.{kind}")
        assert made.status_code == 200
        assert made.content.startswith(magic)
    assert (await chen.ask("GET", "/reports?first=2026-05-01&last=2026-04-01")).status_code == 422


async def test_hours_change_while_it_runs(desk: Desk) -> None:
    chen = await desk.person("supervisor")
    opening = {
        "hours": [{"days": [1, 2, 3], "opens": "09:00", "closes": "12:00"}],
        "closed_on": [],
        "open_on": ["2026-11-21"],
    }
    await chen.put("/hours", opening)
    assert (await chen.get("/hours"))["opening"]["open_on"] == ["2026-11-21"]
    assert desk.app.desk.hours.in_words() == "周一到周三 09:00—12:00"
    await chen.put("/hours", {"hours": [{"days": [9], "opens": "9", "closes": "12:00"}]}, expect=422)
    await chen.put(
        "/shifts", {"shifts": [{"seat": "nobody", "days": [1], "opens": "08:00", "closes": "09:00"}]}, expect=422
    )


async def test_lists_come_in_pages_that_hold_while_the_queue_moves(desk: Desk) -> None:
    li = await desk.person()
    refs = [(await waiting(desk.app))[1] for _ in range(7)]
    first = await li.get("/tickets?state=waiting&most=3")
    await li.post(f"/tickets/{first['tickets'][0]['ref']}/take")
    seen = [each["ref"] for each in first["tickets"]]
    after = first["next"]
    while after:
        page = await li.get(f"/tickets?state=waiting&most=3&after={after}")
        seen += [each["ref"] for each in page["tickets"]]
        after = page["next"]
    assert sorted(seen) == sorted(refs)
    assert (await li.ask("GET", "/tickets?after=nonsense")).status_code == 422
    assert (await li.ask("GET", "/tickets?most=100000")).status_code == 422


@pytest.mark.parametrize("text", ["", "  ", "长" * 2001])
async def test_an_answer_that_is_none_is_refused(app: App, text: str) -> None:
    desk = Desk(app)
    li = await desk.person()
    _, ref = await waiting(app)
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/messages", {"id": "1", "text": text}, expect=422)
    assert not [author for author, _ in said(await li.get(f"/tickets/{ref}")) if author == "seat"]


async def test_forged_and_unknown_things(app: App) -> None:
    li = await Desk(app).person()
    for path in (
        "/tickets/0000-00000",
        "/tickets/'; DROP TABLE ticket",
        "/tickets/..%2f..%2fetc",
        "/tickets/" + "9" * 500,
    ):
        assert (await li.ask("GET", path)).status_code == 404, path
    assert (await li.ask("POST", "/tickets/0000-00000/take", {})).status_code == 404
    bodies: tuple[object, ...] = ([], "x", {"text": 1}, {"id": "1", "text": "x", "other": 1}, None)
    for body in bodies:
        assert (await li.ask("POST", "/tickets/0000-00000/messages", body)).status_code == 422
    foreign = await li.client.post("/api/tickets/0000-00000/take", headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    large = await li.client.post("/api/canned", content=b"x", headers={"content-length": "99999999"})
    assert large.status_code == 413


PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


async def send_file(seat: Person, ref: str, name: str, body: bytes, id: str = "f1") -> Any:
    return await seat.client.post(f"/api/tickets/{ref}/files", data={"id": id}, files={"file": (name, body)})


async def test_a_file_goes_to_the_resident_once(desk: Desk) -> None:
    li = await desk.person()
    _, ref = await waiting(desk.app)
    refused = await send_file(li, ref, "图.png", PNG)
    assert refused.status_code == 409, "not without holding the ticket"
    await li.post(f"/tickets/{ref}/take")
    first = (await send_file(li, ref, "../../路线 图.png", PNG)).json()
    assert (await send_file(li, ref, "../../路线 图.png", PNG)).json() == first
    last = (await li.get(f"/tickets/{ref}"))["messages"][-1]
    assert (last["author"], last["text"]) == ("seat", "路线 图.png")
    [file] = last["files"]
    async with desk.client() as nobody:
        fetched = await nobody.get(file["path"])
        assert (await nobody.get("/files/guess")).status_code == 404
    assert fetched.content == PNG
    assert fetched.headers["content-type"] == "image/png"
    assert "sandbox" in fetched.headers["content-security-policy"]


@pytest.mark.parametrize(("name", "body"), [
    ("a.png", b"MZ not a picture"), ("a.exe", b"MZ"), ("a.svg", b"<svg onload=alert(1)>"), ("a.html", b"<script>"), ("a.pdf", b""),
    ("a.txt", b"\xff\xfe\x00"), ("a.png", PNG + b"0" * 8_000_000), ("", PNG), ("png", PNG),
])  # fmt: skip
async def test_files_that_are_not_what_they_say(app: App, name: str, body: bytes) -> None:
    desk = Desk(app)
    li = await desk.person()
    _, ref = await waiting(app)
    await li.post(f"/tickets/{ref}/take")
    assert (await send_file(li, ref, name, body)).status_code == 422
    assert all(not each["files"] for each in (await li.get(f"/tickets/{ref}"))["messages"])


async def test_how_often_an_entry_answers_and_how_that_is_taken(desk: Desk) -> None:
    editor = await desk.person("editor")
    for after in ("谢谢", "转人工", "书法班有吗"):
        resident = Resident(desk.app)
        await resident.say("积分会过期吗")
        await resident.say(after)
    await desk.app.inbox.usage.flush()
    entries = (await editor.get("/knowledge/entries"))["entries"]
    [used] = [each for each in entries if each["said"]]
    assert (used["said"], used["helped"], used["failed"]) == (3, 1, 1)


async def test_who_asks_to_be_called_keeps_the_place(desk: Desk) -> None:
    li = await desk.person()
    resident, ref = await waiting(desk.app)
    _, later = await waiting(desk.app)
    await resident.say("给我回电话吧")
    assert "139****1111" in await resident.say("13900001111")
    queue = (await li.get("/tickets?state=waiting"))["tickets"]
    assert [each["ref"] for each in queue] == [ref, later], "one ticket, in its old place"
    whole = await li.get(f"/tickets/{ref}")
    assert whole["resident"]["slots"]["phone"] == "139****1111"
    await li.post(f"/tickets/{ref}/take")
    assert (await li.post(f"/tickets/{ref}/reveal", {"reason": "回电话"}))["slots"]["phone"] == "13900001111"


async def test_what_one_may_not_is_written_down(app: App) -> None:
    desk = Desk(app)
    li, auditor = await desk.person(), await desk.person("auditor")
    assert (await li.ask("POST", "/residents/0000-00000/erase", {"why": "试试"})).status_code == 403
    line = (await auditor.get("/audit"))["lines"][0]
    assert (line["actor"], line["action"], line["detail"]) == (li.name, "refused", "resident.erase")


async def test_a_long_talk_opens_with_its_end_and_goes_back_a_page_at_a_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = await desk.person()
    _, ref = await waiting(desk.app)
    conversation = (await desk.app.tickets.show(ref)).ticket.conversation

    def talk(transaction: Transaction) -> int:
        read = conversations.get(transaction, conversation)
        assert read is not None
        body = encode(Message(reply=Reply(text="还在吗")))
        return conversations.say(transaction, read, [("system", body)] * 1_000, 1)

    last = await desk.app.database.write(talk)
    most, real = 0, conversations.messages

    def counted(*arguments: Any) -> list[conversations.MessageRow]:
        nonlocal most
        found = real(*arguments)
        most = max(most, len(found))
        return found

    monkeypatch.setattr(conversations, "messages", counted)
    shown = (await li.get(f"/tickets/{ref}"))["messages"]
    assert [each["seq"] for each in shown] == list(range(last - 99, last + 1))
    while shown[0]["seq"] > 1:
        earlier = (await li.get(f"/tickets/{ref}/messages?before={shown[0]['seq']}&most=300"))["messages"]
        shown = [*earlier, *shown]
    assert [each["seq"] for each in shown] == list(range(1, last + 1))
    assert most == 300
    assert (await li.get(f"/tickets/{ref}/messages?before=1"))["messages"] == []
    assert (await li.ask("GET", "/tickets/0000-00000/messages")).status_code == 404
    looks = await desk.app.database.read(lambda t: rows.newest(t, rows.ANY, 1 << 60, 1_000))
    assert sum(each.action == "ticket.read" for each in looks) >= 5


async def test_what_was_said_long_before_is_unmasked_too(desk: Desk) -> None:
    li, resident = await desk.person(), Resident(desk.app)
    number = await resident.receipt("我的电话是13800138000，有事找我")
    ref = (await resident.receipt("转人工")).ticket
    assert ref
    for n in range(SHOWN):
        await resident.say(f"还在吗{n}")
    await li.post(f"/tickets/{ref}/take")
    assert (await li.get(f"/tickets/{ref}"))["messages"][0]["seq"] > number.seq
    shown = await li.post(f"/tickets/{ref}/reveal", {"reason": "要给她回电话"})
    assert "13800138000" in shown["messages"][str(number.seq)]


async def test_who_has_a_ticket_is_found_without_reading_the_talk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    li, chief = await desk.person(), await desk.person("supervisor")
    _, ref = await waiting(desk.app)
    monkeypatch.setattr(conversations, "messages", None)
    assert (await li.get(f"/tickets/{ref}/reach"))["call"] is None
    for path, body in (("hold", {"on": True}), ("confer", {"colleague": chief.name})):
        answer = await li.ask("POST", f"/tickets/{ref}/{path}", body)
        assert answer.json()["code"] == "not_yours"
    assert (await chief.ask("POST", f"/tickets/{ref}/whisper", {"text": "慢慢来"})).json()["code"] == "not_yours"


async def test_who_signs_out_lets_an_offer_go_at_once(desk: Desk) -> None:
    """Not only when the queue is looked through the next time."""
    li = await desk.person()
    _, ref = await waiting(desk.app)
    at = int(time.time() * 1000)
    await desk.app.desk.dispatch.come(PresenceRow("page", li.name, 1, at + 60_000))
    await desk.app.desk.dispatch.step(at)
    assert (await desk.app.tickets.show(ref)).ticket.offered_to == li.name
    await li.post("/logout")
    assert (await desk.app.tickets.show(ref)).ticket.offered_to is None
