"""Whoever proves the same card is one person to the desk, on whatever channels: one place, one seat, one history."""

import asyncio
from typing import Any

from daoxue.app import App
from store import conversations, tickets
from store.ticket_events import TicketRow
from tests.desk_client import Desk, Person
from tests.talk import Resident


async def at_both(app: App, learner: int = 1) -> tuple[Resident, Resident]:
    """The same person at WeChat and at a browser."""
    wechat, browser = Resident(app, "wechat"), Resident(app)
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
