"""From the bot to a seat and back: who holds a ticket, and who may speak."""

import asyncio
import dataclasses
from datetime import date, datetime

import pytest

from bot.messages import Priority
from bot.waiting import Seats
from daoxue.app import App, compose
from daoxue.config import Config
from desk.errors import TicketError
from desk.hours import DeskSettings, Hours
from desk.queueing import Queueing
from desk.replies import Answer
from knowledge.catalogue import Opening
from store.jobs import Work
from tests.talk import Resident


async def test_a_ticket_carries_what_a_seat_needs(either_app: App) -> None:
    resident = Resident(either_app)
    await resident.say("登记候补临江街道的太极班")
    receipt = await resident.receipt("13800138000")
    assert receipt.ticket
    opened = await either_app.tickets.show(receipt.ticket)
    assert opened.handover.reason == "waiting_list"
    assert opened.handover.place == "linjiang"
    assert opened.handover.slots["course"] == "taichi"
    assert opened.handover.slots["phone"] == "13800138000"
    assert [event.kind for event in opened.events] == ["opened"]
    assert [each.author for each in opened.messages][:2] == ["resident", "bot"]


async def test_the_bot_answers_until_a_seat_takes_over_and_after_it_has_gone(either_app: App) -> None:
    resident = Resident(either_app)
    receipt = await resident.receipt("转人工")
    ref = receipt.ticket
    assert ref
    assert "会。积分" in await resident.say("积分会过期吗")
    await either_app.tickets.take(ref, "小李", 1)
    assert await resident.say("积分会过期吗") == ""
    await either_app.tickets.reply(ref, "小李", Answer("我帮您看看"), 2)
    await either_app.tickets.close(ref, "小李", "已解答", 3)
    assert "会。积分" in await resident.say("积分会过期吗")
    opened = await either_app.tickets.show(ref)
    assert [event.kind for event in opened.events if event.kind != "said"] == ["opened", "taken", "closed"]
    assert opened.ticket.state == "closed"


async def test_a_command_wakes_its_own_pages_after_its_own_commit(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first is still being committed, the second one must not wake the pages of the first: they would look,
    find nothing, and wait."""
    refs = [(await Resident(app).receipt("转人工")).ticket or "" for _ in range(2)]
    first, second = [(await app.tickets.show(ref)).ticket.conversation for ref in refs]
    woken: list[int] = []
    monkeypatch.setattr(app.live, "wake", woken.append)
    begun, go, real = asyncio.Event(), asyncio.Event(), app.database.write

    async def slow(work: Work[object], *, quick: bool = False) -> object:
        done = await real(work, quick=quick)
        begun.set()
        await go.wait()
        return done

    monkeypatch.setattr(app.database, "write", slow)
    taking = asyncio.create_task(app.tickets.take(refs[0], "小李", 1))
    await begun.wait()
    monkeypatch.setattr(app.database, "write", real)
    await app.tickets.take(refs[1], "老王", 1)
    assert woken == [second]
    go.set()
    await taking
    assert woken == [second, first]


async def test_two_seats_never_both_have_it(either_app: App) -> None:
    ref = (await Resident(either_app).receipt("转人工")).ticket
    assert ref
    seats = [f"坐席{number}" for number in range(8)]
    taken = await asyncio.gather(*(either_app.tickets.take(ref, seat, 1) for seat in seats), return_exceptions=True)
    assert sum(not isinstance(each, TicketError) for each in taken) == 1
    owner = (await either_app.tickets.show(ref)).ticket.owner
    assert owner
    await either_app.tickets.take(ref, owner, 2)  # taking what one has is fine
    other = next(seat for seat in seats if seat != owner)
    for act in (either_app.tickets.reply(ref, other, Answer("我来"), 3), either_app.tickets.close(ref, other, "", 3)):
        with pytest.raises(TicketError):
            await act


async def test_what_a_seat_may_not(app: App) -> None:
    with pytest.raises(TicketError, match="没有工单"):
        await app.tickets.take("0000-00000", "小李", 1)
    ref = (await Resident(app).receipt("转人工")).ticket
    assert ref
    with pytest.raises(TicketError, match="请先接单"):
        await app.tickets.reply(ref, "小李", Answer("您好"), 1)
    await app.tickets.take(ref, "小李", 1)
    with pytest.raises(TicketError, match="不能为空"):
        await app.tickets.reply(ref, "小李", Answer("  "), 1)


async def test_danger_raises_a_ticket_that_a_seat_has(app: App) -> None:
    resident = Resident(app)
    ref = (await resident.receipt("转人工")).ticket
    assert ref
    await app.tickets.take(ref, "小李", 1)
    assert await resident.say("我妈晕倒了") == ""
    opened = await app.tickets.show(ref)
    assert opened.ticket.priority == 0
    assert [each.kind for each in opened.events[-2:]] == ["raised", "said"]


async def test_the_place_in_the_queue_is_true(app: App) -> None:
    assert "排在第一位" in await Resident(app).say("转人工")
    assert "前面还有 1 位" in await Resident(app).say("转人工")
    assert "前面还有 2 位" in await Resident(app).say("转人工")
    assert "排在第一位" in await Resident(app).say("我要投诉老师迟到")  # complaints go before
    resident = Resident(app)
    await resident.say("转人工")
    assert "前面还有 4 位，要等多久现在还说不准" in await resident.say("转人工")
    assert "前面还有 4 位" in await resident.say("转人工"), "his own ticket is not before him"


async def test_closed_seats_say_when_they_open(config: Config) -> None:
    app = await compose(config)
    closed = Hours(DeskSettings(hours=(), always_open=False), app.config.zone)
    app.inbox._mind = dataclasses.replace(app.inbox._mind, desk=Queueing(closed, app.database, {}, ()))
    said = await Resident(app).say("转人工")
    assert "不在班" in said
    assert "留在这里" in said
    app.database.close()


@pytest.mark.parametrize(("at", "is_open", "opens"), [
    ("2026-11-20T09:00", True, "11月23日（周一）08:30"), ("2026-11-20T08:00", False, "今天08:30"), ("2026-11-20T18:00", False, "11月23日（周一）08:30"),
    ("2026-11-22T10:00", False, "明天08:30"), ("2027-01-01T10:00", False, "1月4日（周一）08:30"),
])  # fmt: skip
async def test_hours(at: str, is_open: bool, opens: str, app: App) -> None:
    hours = Queueing(Hours(DeskSettings(closed_on=(date(2027, 1, 1),)), app.config.zone), app.database, {}, ())
    seats: Seats = await hours.seats(datetime.fromisoformat(at).replace(tzinfo=app.config.zone), Priority.ORDINARY)
    assert (seats.open, seats.next_opening) == (is_open, opens)


BREAK = tuple(Opening(days, *span) for days in ((1, 3, 5),) for span in (("08:30", "12:00"), ("14:00", "17:30")))


@pytest.mark.parametrize(("at", "is_open", "opens"), [
    ("2026-11-20T11:00", True, "今天14:00"), ("2026-11-20T13:00", False, "今天14:00"), ("2026-11-20T15:00", True, "11月23日（周一）08:30"),
    ("2026-11-21T15:00", False, "11月23日（周一）08:30"),
])  # fmt: skip
def test_the_afternoon_after_a_break(at: str, is_open: bool, opens: str, config: Config) -> None:
    hours = Hours(DeskSettings(hours=BREAK), config.zone)
    now = datetime.fromisoformat(at).replace(tzinfo=config.zone)
    assert (hours.is_open(now), hours.next_opening(now)) == (is_open, opens)
    assert hours.next_opening(now, "en") == {"今天14:00": "today 14:00"}.get(opens, "Monday 23 November 08:30")
    assert hours.in_words() == "周一、周三、周五 08:30—12:00、14:00—17:30"
    assert hours.in_words("en") == "Monday, Wednesday, Friday 08:30—12:00, 14:00—17:30"


def test_hours_that_nobody_has_written_are_said_to_be_none(config: Config) -> None:
    hours = Hours(DeskSettings(hours=()), config.zone)
    assert (hours.in_words(), hours.in_words("en")) == ("没有登记", "not on record")


def test_danger_to_life_waits_for_no_opening(config: Config) -> None:
    hours = Hours(DeskSettings(), config.zone)
    night = int(datetime(2026, 11, 20, 22, tzinfo=config.zone).timestamp() * 1000)
    assert hours.answer_due(night, Priority.DANGER) - night == 2 * 60_000
    assert hours.call_due(night, Priority.DANGER) - night == 30 * 60_000
    monday = datetime.fromtimestamp(hours.answer_due(night, Priority.TODAY) / 1000, config.zone)
    assert monday == datetime(2026, 11, 23, 8, 45, tzinfo=config.zone)


def test_a_break_is_no_time_to_answer_in(config: Config) -> None:
    hours = Hours(DeskSettings(hours=BREAK, open_on=(date(2026, 11, 21),)), config.zone)
    noon = int(datetime(2026, 11, 20, 11, 30, tzinfo=config.zone).timestamp() * 1000)
    assert hours.after(noon, 60) - noon == 180 * 60_000
    assert hours.between(noon, noon + 180 * 60_000) == 60 * 60_000
    assert len(hours.of(date(2026, 11, 21))) == 2
