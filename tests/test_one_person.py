"""Whoever proves the same card is one person to the desk, on whatever channels: one place, one seat, one history."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from accounts.closing import bring_up
from accounts.identity import of_learner
from daoxue.app import App
from daoxue.config import Config
from daoxue.preparing import vault_of
from desk.feed import FeedPage
from desk.retention import _expire
from store import conversations, identity, tickets
from store.migrate import HEAD
from store.ticket_rows import Priority, TicketRow
from store.transaction import Transaction
from tests.desk_client import Desk, Person
from tests.official import Official, official
from tests.talk import Resident
from tests.test_mine import CARD, Visitor


async def at_both(app: App, learner: int = 1, *, ahead: float = 0) -> tuple[Resident, Resident]:
    """The same person at WeChat and at a browser, so many minutes after ten."""
    wechat, browser = Resident(app, "wechat"), Resident(app)
    wechat.wait(ahead)
    browser.wait(ahead)
    await wechat.prove(learner)
    await browser.prove(learner)
    return wechat, browser


async def asked(resident: Resident, text: str = "转人工") -> str:
    ref = (await resident.receipt(text)).ticket
    assert ref
    return ref


async def row(app: App, ref: str) -> TicketRow:
    found = await app.database.read(lambda t: tickets.get(t, ref))
    assert found
    return found


async def heard(resident: Resident) -> list[str]:
    """What seats said there."""
    talk = await resident.app.database.read(lambda t: conversations.find(t, resident.channel, resident.address))
    assert talk
    rows = await resident.app.database.read(lambda t: conversations.messages(t, talk.id, 1, talk.seq))
    return [each.body.decode() for each in rows if each.author == "seat"]


async def waiting(seat: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await seat.get("/tickets?state=waiting"))["tickets"]
    return found


async def test_who_asks_on_a_second_channel_keeps_the_place(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    ref = await asked(wechat)
    told = await browser.say("转人工")
    assert ref in told
    assert "已经在人工队列里" in told
    assert "排在第一位" in told
    [shown] = await waiting(seat)
    assert (shown["ref"], shown["channel"]) == (ref, "webchat"), "one place, and where they are now"
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "1", "text": "您好"})
    assert len(await heard(browser)) == 1
    assert await heard(wechat) == []


async def test_the_answer_goes_to_where_they_wrote_last(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    ref = await asked(wechat)
    await asked(browser)
    await seat.post(f"/tickets/{ref}/take")
    assert await browser.say("在吗") == "", "a seat has it"
    assert await wechat.say("我在微信等您") == "", "and here, too"
    await seat.post(f"/tickets/{ref}/messages", {"id": "1", "text": "好的"})
    assert await seat.post(f"/tickets/{ref}/messages", {"id": "1", "text": "好的"}), "sent again"
    await browser.say("还是网页吧")
    await seat.post(f"/tickets/{ref}/messages", {"id": "1", "text": "好的"})
    await seat.post(f"/tickets/{ref}/messages", {"id": "2", "text": "行"})
    assert (len(await heard(wechat)), len(await heard(browser))) == (1, 1), "each once, whatever was sent twice"
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    assert "您" in await wechat.say("积分会过期吗"), "the bot answers again in both"
    assert "您" in await browser.say("积分会过期吗")


async def test_who_goes_on_while_a_seat_has_it_goes_on_with_that_seat(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    ref = await asked(wechat)
    await seat.post(f"/tickets/{ref}/take")
    assert "正由坐席办理" in await browser.say("转人工")
    assert await browser.say("我换到网页上了") == ""
    await seat.post(f"/tickets/{ref}/messages", {"id": "1", "text": "看到了"})
    assert len(await heard(browser)) == 1


async def test_a_complaint_does_not_go_to_the_seat_that_has_the_ticket(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    ref = await asked(wechat)
    await seat.post(f"/tickets/{ref}/take")
    assert await asked(browser, "我要投诉") != ref


async def test_danger_on_the_second_channel_is_danger_at_once(either_app: App) -> None:
    wechat, browser = await at_both(either_app)
    ref = await asked(wechat)
    assert await asked(browser, "有人晕倒了") == ref
    assert (await row(either_app, ref)).priority == 0


async def test_two_channels_at_the_same_moment_hold_one_place(either_app: App) -> None:
    seat = await Desk(either_app).person()
    for learner in (1, 2, 3):
        wechat, browser = await at_both(either_app, learner)
        await asyncio.gather(wechat.say("你好"), browser.say("你好"))
        one, other = await asyncio.gather(asked(wechat), asked(browser))
        assert one == other
    assert len(await waiting(seat)) == 3


async def test_two_channels_that_write_at_once_lose_no_word(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    ref = await asked(wechat)
    await asked(browser)
    words = [(who, f"第{number}句") for number in range(6) for who in (wechat, browser)]
    taken, *_ = await asyncio.gather(
        seat.post(f"/tickets/{ref}/take"), *(who.say(text) for who, text in words)
    )  # fmt: skip
    assert taken["ticket"]["owner"] == seat.name
    events = await either_app.database.read(lambda t: tickets.events(t, ref))
    said = [each.data for each in events if each.kind == "said" and each.data["by"] == "resident"]
    numbered = {(each["conversation"], each["first"]) for each in said}
    assert len(numbered) == len(said) == 13, "all that was said after the ticket was opened, and each once"


async def test_what_is_not_proven_joins_nothing(either_app: App) -> None:
    wechat, stranger = Resident(either_app, "wechat"), Resident(either_app)
    await wechat.prove()
    assert await asked(wechat) != await asked(stranger)


async def test_where_the_proof_has_ended_nothing_comes_after(either_app: App) -> None:
    """A browser in the library, where somebody else may sit by now."""
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    ref = await asked(wechat)
    await asked(browser)
    await wechat.say("我回微信了")
    browser.wait(16)
    assert "您" in await browser.say("积分会过期吗")
    assert (await row(either_app, ref)).channel == "wechat"
    assert await asked(browser) != ref
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"id": "1", "text": "您好"})
    assert (len(await heard(wechat)), await heard(browser)) == (1, [])


async def test_who_proves_it_again_is_with_the_seat_again(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    ref = await asked(browser)
    await seat.post(f"/tickets/{ref}/take")
    await asked(wechat)
    browser.wait(16)
    assert "您" in await browser.say("积分会过期吗"), "the bot answers who has proven nothing"
    await browser.prove()
    assert (await browser.receipt("转人工")).ticket == ref
    assert await browser.say("积分会过期吗") == "", "a seat has it"


async def test_a_talk_that_leaves_a_ticket_keeps_the_one_that_it_has_by_then(either_app: App) -> None:
    """Two processes find at the same time that the talk has no part in a ticket any more; the one opens another."""
    browser = Resident(either_app)
    ref = await asked(browser)
    talk = await either_app.database.read(lambda t: conversations.find(t, "webchat", browser.address))
    assert talk
    await either_app.database.write(lambda t: tickets.leave(t, talk.id, "0101-00000"))
    kept = await either_app.database.read(lambda t: conversations.get(t, talk.id))
    assert kept == talk
    await either_app.database.write(lambda t: tickets.leave(t, talk.id, ref))
    left = await either_app.database.read(lambda t: conversations.get(t, talk.id))
    assert left
    assert (left.ticket, left.seat) == (None, None)


async def test_a_page_hears_what_is_said_in_each_talk(either_app: App) -> None:
    wechat, browser = await at_both(either_app)
    ref, feed = await asked(wechat, "转人工，我姓赵"), either_app.desk.feed
    page = FeedPage("li")
    page.watching = ref
    await feed.join(page, None)
    await asked(browser, "转人工，我在网页上")
    await wechat.say("我又在微信上")
    await feed.look()
    frames = [json.loads(page.frames.get_nowait()) for _ in range(page.frames.qsize())]
    told = [(each["kind"], each["data"].get("channel"), [one["text"] for one in each.get("messages", ())][:1])
            for each in frames if each["type"] == "event" and each["kind"] in ("moved", "said")]  # fmt: skip
    assert told == [
        ("moved", "webchat", []), ("said", None, ["转人工，我在网页上"]),
        ("moved", "wechat", []), ("said", None, ["我又在微信上"]),
    ]  # fmt: skip


async def test_a_ticket_lasts_as_long_as_the_talk_that_it_ended_in(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    ref = await asked(wechat, "转人工，我姓赵")
    browser.wait(10)
    await asked(browser, "转人工，我在网页上")
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    old = await either_app.database.read(lambda t: conversations.find(t, "wechat", wechat.address))
    assert old
    await either_app.database.write(lambda t: _expire(t, [old.id]))
    whole = await seat.get(f"/tickets/{ref}")
    assert "我在网页上" in str(whole["messages"])
    assert "我姓赵" not in str(whole["elsewhere"])
    assert not whole["ticket"]["person"].startswith("erased")


async def test_what_the_next_at_the_same_browser_writes_is_nobody_else_s(either_app: App) -> None:
    """The ticket has gone on to another channel, and the proof at the browser has ended."""
    desk = Desk(either_app)
    seat, admin = await desk.person(), await desk.person("administrator")
    wechat, browser = await at_both(either_app, ahead=-20)  # whenever it is, what comes 16 minutes later has been
    ref = await asked(browser, "转人工，我在网页上")
    await asked(wechat, "转人工，我姓赵")
    await seat.post(f"/tickets/{ref}/take")
    browser.wait(16)
    assert "我在网页上" in str((await seat.get(f"/tickets/{ref}"))["elsewhere"]), "nobody has written there since"
    await browser.say("糖尿病人能练太极吗")
    for seen in ((await seat.get(f"/tickets/{ref}"))["elsewhere"], await admin.post(f"/residents/{ref}/export")):
        assert "糖尿病" not in str(seen)


async def test_a_ticket_from_before_the_proof_is_theirs_as_well(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = Resident(either_app, "wechat"), Resident(either_app)
    one, other = await asked(wechat), await asked(browser)
    await wechat.prove()
    await browser.prove()
    assert [each["person"] for each in await waiting(seat)] == [(await row(either_app, one)).person] * 2
    assert [each["ref"] for each in (await seat.get(f"/tickets/{one}"))["others"]] == [other]
    await seat.post(f"/tickets/{one}/take")
    await seat.post(f"/tickets/{other}/merge", {"into": one})
    assert await asked(browser, "我还没说完，找个真人") == one, "what was merged goes on where they write"


async def test_what_was_merged_is_not_opened_again_by_the_next_at_the_same_browser(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = Resident(either_app, "wechat"), Resident(either_app)
    one, other = await asked(wechat), await asked(browser)
    await wechat.prove()
    await browser.prove()
    await seat.post(f"/tickets/{one}/take")
    await seat.post(f"/tickets/{other}/merge", {"into": one})
    await seat.post(f"/tickets/{one}/close", {"result": "answered"})
    browser.wait(16)
    told = await browser.receipt("转人工")
    assert one not in str(told.answers)
    assert told.ticket not in (None, one, other)
    assert (await row(either_app, one)).state == "closed"


async def test_whose_ticket_is_open_is_not_taken_over_by_the_next_at_the_same_browser(either_app: App) -> None:
    browser = Resident(either_app)
    await browser.prove(1)
    person = (await row(either_app, await asked(browser))).person
    browser.wait(16)
    await browser.prove(2)
    [found] = await either_app.tickets.in_state("waiting")
    assert found.person == person


async def test_the_desk_reads_one_history(either_app: App) -> None:
    desk = Desk(either_app)
    seat, audit = await desk.person(), await desk.person("auditor")
    wechat, browser = await at_both(either_app)
    await wechat.say("太极班在微信上怎么报名")
    ref = await asked(browser)
    await seat.post(f"/tickets/{ref}/take")
    whole = await seat.get(f"/tickets/{ref}")
    [talk] = whole["elsewhere"]
    assert (talk["channel"], talk["messages"][0]["text"]) == ("wechat", "太极班在微信上怎么报名")
    assert {each["talk"] for each in whole["messages"]} == {whole["talk"]} != {talk["talk"]}
    last = talk["messages"][-1]["seq"]
    before = await seat.get(f"/tickets/{ref}/messages?talk={talk['talk']}&before={last}")
    assert [each["seq"] for each in before["messages"]] == list(range(1, last))
    looks = [each for each in (await audit.get("/audit"))["lines"] if each["action"] == "resident.elsewhere"]
    assert [(each["actor"], each["subject"], each["detail"]) for each in looks] == [(seat.name, ref, "wechat")] * 2


async def test_nobody_reads_another_s_talk_through_a_ticket(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, stranger = Resident(either_app, "wechat"), Resident(either_app)
    await wechat.prove()
    theirs = await asked(wechat)
    ref = await asked(stranger)
    assert (await seat.get(f"/tickets/{ref}"))["elsewhere"] == []
    talk = (await seat.get(f"/tickets/{theirs}"))["talk"]
    assert (await seat.ask("GET", f"/tickets/{ref}/messages?talk={talk}")).status_code == 404


async def test_learners_are_found_by_their_digest_alone(either_app: App) -> None:
    """Whoever proved it in a version that kept none is found as well, and by the digest from the next upgrade on."""
    wechat, _ = await at_both(either_app)
    vault = vault_of(either_app.config)
    digest = of_learner(vault, 1)

    def among(transaction: Transaction, digest: str) -> list[int]:
        return list(identity.proven(transaction, digest))

    assert await either_app.database.read(lambda t: among(t, digest)) == [1]
    assert await either_app.database.read(lambda t: among(t, "of somebody else")) == [1]
    await either_app.database.write(lambda t: bring_up(t, vault, HEAD, 9))
    assert await either_app.database.read(lambda t: among(t, digest)) == [1]
    assert await either_app.database.read(lambda t: among(t, "of somebody else")) == []
    talks = await either_app.database.read(lambda t: either_app.identity.talks(t, digest, (), 9))
    assert talks == set()  # neither of them has said anything
    await asked(wechat)
    assert len(await either_app.database.read(lambda t: either_app.identity.talks(t, digest, (), 9))) == 1


async def test_a_family_s_account_is_no_one_person_s(either_app: App) -> None:
    """At it two have proven who they are: what is said there is neither's."""
    seat = await Desk(either_app).person()
    family, own = Resident(either_app, "wechat"), Resident(either_app)
    await family.prove(1)
    await family.prove(2)
    await own.prove(1)
    await family.say("太极班怎么报名")
    ref = await asked(own)
    assert (await seat.get(f"/tickets/{ref}"))["elsewhere"] == []


async def test_who_is_complained_of_does_not_read_it_elsewhere(either_app: App) -> None:
    desk = Desk(either_app)
    seat, other = await desk.person(), await desk.person(skills=["complaint"])
    wechat, browser = await at_both(either_app)
    ref = await asked(wechat)
    await seat.post(f"/tickets/{ref}/take")
    complaint = await asked(browser, "我要投诉")
    await browser.say("接我单子的坐席骂人")
    assert await either_app.database.read(lambda t: tickets.get(t, complaint))
    await either_app.database.write(
        lambda t: tickets.add(t, complaint, tickets.Raise(Priority.SOON, "complaint", {}, against=(ref,)), 1)
    )
    assert "骂人" not in str(await seat.get(f"/tickets/{ref}"))
    assert "骂人" in str(await other.get(f"/tickets/{ref}"))


async def test_a_copy_and_an_erasure_are_of_all_channels(either_app: App) -> None:
    desk = Desk(either_app)
    seat, admin = await desk.person(), await desk.person("administrator")
    wechat, browser, spoken = *(await at_both(either_app)), Resident(either_app, "telegram")
    ref = await asked(wechat)
    await asked(browser, "转人工，我在网页上")
    assert await spoken.say("电报上问的")
    other = Resident(either_app, "wechat")
    await other.prove()
    await other.say("又一个微信号")
    copy = await admin.post(f"/residents/{ref}/export")
    assert len(copy["tickets"]) == 1
    assert {each["channel"] for each in copy["conversations"]} == {"wechat", "webchat"}
    assert "我在网页上" in str(copy)
    assert "又一个微信号" in str(copy), "proven there, with no ticket"
    assert "电报上" not in str(copy)
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    proof = await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})
    assert (proof["tickets"], proof["conversations"]) == (1, 3)
    talk = await either_app.database.read(lambda t: conversations.find(t, "webchat", browser.address))
    assert talk is None, "the address is blanked"


async def test_a_moved_ticket_is_found_by_what_was_said_before(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    await wechat.say("青花瓷鉴赏有没有课")
    ref = await asked(wechat)
    await asked(browser)
    await either_app.desk.search.index(list(either_app.live.changed))
    found = await seat.get("/search?q=青花瓷鉴赏")
    assert [each["ticket"]["ref"] for each in found["found"]] == [ref]


async def test_tickets_are_limited_by_person_on_all_channels_together(either_app: App) -> None:
    seat = await Desk(either_app).person()
    wechat, browser = await at_both(either_app)
    for number in range(6):
        ref = await asked((wechat, browser)[number % 2], "学分少了，转人工")
        await seat.post(f"/tickets/{ref}/take")
        await seat.post(f"/tickets/{ref}/close", {"result": "spam"})
        wechat.wait(25 * 60)
        browser.wait(25 * 60)
        await browser.prove()
    assert (await wechat.receipt("转人工")).ticket is None
    assert (await wechat.receipt("有人晕倒了")).ticket, "never where a life is in danger"


@pytest.fixture
async def account(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Official]:
    async with official(config, monkeypatch) as made:
        yield made


async def test_from_wechat_to_the_web_and_back(account: Official) -> None:
    """By an invitation at the counter there, by a card and its code here."""
    platform, who, seat = account.platform, account.platform.resident(), await Desk(account.app).person(shown="小李")
    await seat.post("/counter/invitations", {"card": CARD, "checked": True})
    await platform.scan(who, list(platform.scenes)[-1])
    await platform.say(who, "书法班怎么报名")
    [told] = [each.text for each in await platform.say(who, "转人工")]
    [ticket] = await waiting(seat)
    ref = ticket["ref"]
    assert ref in told
    browser = Visitor(account.app)
    assert "已经在人工队列里" not in await browser.say("我有多少学分")
    await browser.prove(CARD)
    assert "在别的渠道上已经在人工队列里" in await browser.say("转人工，我在电脑上等")
    assert ref in browser.heard[-1]
    [ticket] = await waiting(seat)
    assert (ticket["ref"], ticket["channel"]) == (ref, "webchat")
    await seat.post(f"/tickets/{ref}/take")
    whole = await seat.get(f"/tickets/{ref}")
    [wechat] = whole["elsewhere"]
    assert "书法班怎么报名" in [each["text"] for each in wechat["messages"]]
    assert "转人工，我在电脑上等" in [each["text"] for each in whole["messages"]]
    await account.deliver()
    seen = len(who.seen)
    await seat.post(f"/tickets/{ref}/messages", {"id": "1", "text": "您好，请讲"})
    await account.deliver()
    assert len(who.seen) == seen, "nothing goes to where they are no more"
    assert await platform.say(who, "我回微信了") == []
    refused = {"id": "2", "text": "好", "seen": 99, "talk": whole["talk"]}
    await seat.post(f"/tickets/{ref}/messages", refused, expect=409)
    await seat.post(f"/tickets/{ref}/messages", {"id": "3", "text": "微信上接着说"})
    await account.deliver()
    assert [each.text for each in who.seen[seen:]] == ["微信上接着说"]


async def test_a_family_s_card_takes_one_place_of_a_class(app: App) -> None:
    """Whoever proves it, from wherever, and both at once."""
    group = next(
        each
        for each in app.library.catalogue.classes.values()
        if each.places > 3 and not each.fee and each.course == "calligraphy"
    )
    visitors = [Visitor(app, "at-home"), Visitor(app, "elsewhere")]
    for visitor in visitors:
        for text in ("我要报书法班", group.name, "给我报名"):
            await visitor.say(text)
        assert "要给徐**报名" in await visitor.prove()
    told = await asyncio.gather(*(visitor.say("是的") for visitor in visitors))
    assert all(group.name in each for each in told)
    assert app.accounts.enrolments.seen[group.id].taken == group.enrolled + 1
    assert "已录取" in await visitors[1].say("我报的班录取了没有")


async def test_a_family_s_card_has_one_number_on_a_waiting_list(app: App) -> None:
    group = next(each for each in app.library.catalogue.classes.values() if each.places == 0)
    for name in ("at-home", "elsewhere"):
        visitor = Visitor(app, name)
        await visitor.say(f"{group.name}还有名额吗")
        await visitor.say("给我候补")
        await visitor.prove()
        await visitor.say("好的")
        assert f"候补第 {group.waiting + 1} 位" in "".join(visitor.heard)
    assert app.accounts.enrolments.seen[group.id].waiting == group.waiting + 1
