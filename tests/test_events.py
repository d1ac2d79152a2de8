"""What a ticket is follows from its events; what a page knows follows from its snapshot and the events after it."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.worker import Worker
from daoxue.app import App
from desk.errors import TicketError
from desk.feed import QUEUE, Feed, FeedPage
from desk.opening import ALL
from store import tickets
from store.database import ConflictError
from store.ticket_events import (
    KINDS,
    Happened,
    TicketAlarmed,
    TicketAsked,
    TicketCalled,
    TicketCallMoved,
    TicketClosed,
    TicketEscalated,
    TicketFileSettled,
    TicketHandedBack,
    TicketLinked,
    TicketMerged,
    TicketMoved,
    TicketNoted,
    TicketOffered,
    TicketOpened,
    TicketPassed,
    TicketProven,
    TicketRaised,
    TicketRated,
    TicketReopened,
    TicketReturned,
    TicketReviewed,
    TicketSaid,
    TicketSnoozed,
    TicketTagged,
    TicketTaken,
    TicketTransferred,
    TicketUnheeded,
    TicketWoken,
)  # fmt: skip
from store.ticket_rows import Priority, TicketRow
from store.transaction import Transaction
from tests.desk_client import Desk, Person
from tests.history import check, folded
from tests.talk import Resident


@pytest.fixture
async def feed(either_app: App) -> AsyncIterator[Feed]:
    app = either_app
    app.watch.start([Worker("feed", "实时", 0.25, app.desk.feed.look, app.live.watch_tickets())])
    yield app.desk.feed
    await app.watch.stop()


async def a_busy_hour(app: App, seats: list[Person], steps: int, seed: int) -> list[str]:
    """Residents and seats doing whatever comes to mind, much of it at once and much of it refused."""
    chance = random.Random(seed)
    residents = [Resident(app) for _ in range(6)]
    refs: list[str] = []

    async def resident() -> None:
        said = chance.choice(["转人工", "积分会过期吗", "我要投诉老师迟到", "还是不行", "我妈晕倒了", "1", "谢谢"])
        receipt = await chance.choice(residents).receipt(said)
        if receipt.ticket and receipt.ticket not in refs:
            refs.append(receipt.ticket)

    async def seat(number: int) -> None:
        if not refs:
            return
        who, ref = chance.choice(seats), chance.choice(refs)
        path, body = chance.choice([
            ("take", {}), ("take", {}), ("messages", {"id": f"m{number}", "text": "好的"}), ("note", {"text": "记一下"}),
            ("snooze", {"minutes": 30}), ("wake", {}), ("close", {"result": "answered"}), ("hand-back", {}), ("pass", {}),
            ("transfer", {"to": chance.choice(seats).name}), ("transfer", {"skill": "credit"}),
        ])  # fmt: skip
        answer = await who.ask("POST", f"/tickets/{ref}/{path}", body)
        assert answer.status_code in (200, 404, 409, 422), (path, answer.text)  # 404: it complains of them

    for number in range(steps):
        await asyncio.gather(*(resident() if chance.random() < 0.5 else seat(number * 10 + n) for n in range(3)))
        if number % 5 == 0:
            await app.desk.dispatch.step(chance.randrange(10**12, 3 * 10**12))
    return refs


async def test_the_history_is_in_order_whatever_they_did(either_app: App) -> None:
    seats = [await Desk(either_app).person() for _ in range(3)]
    for seed in (1, 2, 3):
        refs = await a_busy_hour(either_app, seats, 40, seed)
        assert refs
        for ref in refs:
            check(await either_app.tickets.show(ref, ALL))


async def test_a_lost_race_changes_nothing(either_app: App) -> None:
    ref = (await Resident(either_app).receipt("转人工")).ticket
    assert ref
    row = await either_app.database.read(lambda t: tickets.get(t, ref))
    assert row is not None

    def note(transaction: Transaction) -> TicketRow:
        return tickets.record(transaction, row, TicketNoted("一"), "x", 1)

    await either_app.database.write(note)
    with pytest.raises(ConflictError):
        await either_app.database.write(note)
    assert len((await either_app.tickets.show(ref)).events) == 2


EACH: tuple[Happened, ...] = (
    TicketNoted("家长来过", ("wang",)), TicketReviewed({"polite": 5}), TicketLinked("1126-00001", ("li",)),
    TicketRaised(Priority.TODAY, "callback", {"phone": "13800001370"}, "credit", barred=("zhou",)), TicketRaised(Priority.ORDINARY, "more"),
    TicketCalled("no-answer", "CA1"), TicketCalled("completed", "CA2"), TicketCallMoved("held"), TicketFileSettled("f1", "expired"),
    TicketOffered("li", 9), TicketPassed("li", "declined"),
    TicketAlarmed(("li", "wang")), TicketUnheeded(("chen",)),
    TicketTaken(), TicketSaid("seat", 3, 3), TicketSaid("resident", 4, 5), TicketSaid("system", 6, 6), TicketTagged(("积分",)),
    TicketSnoozed(99), TicketWoken(), TicketSnoozed(99), TicketSaid("resident", 7, 7), TicketReturned("offline"),
    TicketEscalated("qinghe", "linjiang"), TicketTransferred("wang", 12, "credit", "请看", None), TicketTaken("wang"),
    TicketMoved(7, "wechat", 2), TicketProven("0123456789abcdef"),
    TicketHandedBack(True), TicketAsked(), TicketRated(4), TicketReopened(), TicketTaken(), TicketMerged("1126-00002"),
    TicketReopened(), TicketTaken(), TicketClosed("answered", "好", "enrolment", True),
)  # fmt: skip


async def test_a_ticket_is_the_sum_of_events_of_each_kind(either_app: App) -> None:
    """Written and read again one by one: the row in the database is what they come to, and each is as it was."""
    assert {type(each) for each in EACH} | {TicketOpened} == set(KINDS.values())
    ref = (await Resident(either_app).receipt("转人工")).ticket
    assert ref
    for number, happened in enumerate(EACH):

        def work(transaction: Transaction, number: int = number, happened: Happened = happened) -> TicketRow:
            row = tickets.get(transaction, ref)
            assert row is not None
            return tickets.record(transaction, row, happened, "wang", 1_000 + number)

        written = await either_app.database.write(work)
        kept = await either_app.database.read(lambda t: tickets.get(t, ref))
        events = await either_app.database.read(lambda t: tickets.events(t, ref))
        assert kept == written
        assert events[-1].happened == happened
        assert folded(events, written.body) == written


class Watcher:
    """A page: a snapshot, then what it is told."""

    def __init__(self, seat: str) -> None:
        self.page = FeedPage(seat)
        self.tickets: dict[str, dict[str, Any]] = {}
        self.seen = 0
        self.numbers: list[int] = []
        self.reset = False

    async def fetch(self, seat: Person) -> None:
        pages = [
            await seat.get(f"/tickets?state={state}&most=500") for state in ("waiting", "open", "snoozed", "closed")
        ]
        self.seen = min(page["seq"] for page in pages)
        self.tickets = {each["ref"]: each for page in pages for each in page["tickets"]}

    def hear(self) -> None:
        while not self.page.frames.empty():
            frame = json.loads(self.page.frames.get_nowait())
            if frame["type"] == "reset":
                self.reset = True
            elif frame["type"] == "event":
                self.numbers.append(frame["seq"])
                self.seen = frame["seq"]
                self.tickets[frame["ref"]] = frame["ticket"]


async def test_snapshot_and_events_come_to_a_fresh_snapshot(either_app: App, feed: Feed) -> None:
    """For who looks on as for who works, and is complained of: then the page is told to fetch all anew."""
    desk = Desk(either_app)
    seats, looker = [await desk.person() for _ in range(3)], await desk.person()
    await a_busy_hour(either_app, seats, 15, 4)
    pages = {who: Watcher(who.name) for who in (looker, seats[0])}
    for who, page in pages.items():
        await page.fetch(who)
    await a_busy_hour(either_app, seats, 10, 5)  # between the snapshot and the socket
    for page in pages.values():
        await feed.join(page.page, page.seen)
    await a_busy_hour(either_app, seats, 15, 6)
    await asyncio.sleep(0.6)
    for who, early in pages.items():
        early.hear()
        late = Watcher(who.name)
        await late.fetch(who)
        if early.reset and who is not looker:
            early.tickets = late.tickets
        assert early.tickets == late.tickets
        assert early.numbers == sorted(set(early.numbers)), "in order, each once"
        assert (early.seen, early.reset) == (late.seen, False) or who is not looker


async def test_a_page_that_comes_back_misses_nothing(either_app: App, feed: Feed) -> None:
    seats = [await Desk(either_app).person() for _ in range(2)]
    always, sometimes = Watcher("one"), Watcher("two")
    await feed.join(always.page, None)
    await feed.join(sometimes.page, None)
    for seed in range(4):
        await a_busy_hour(either_app, seats, 6, 10 + seed)
        await asyncio.sleep(0.4)
        sometimes.hear()
        feed.leave(sometimes.page)
        await a_busy_hour(either_app, seats, 3, 20 + seed)
        sometimes.page = FeedPage("two")
        await feed.join(sometimes.page, sometimes.seen)
    await asyncio.sleep(0.5)
    always.hear()
    sometimes.hear()
    assert sometimes.numbers == always.numbers


async def test_a_page_that_is_too_far_behind_is_told_so(app: App) -> None:
    feed = app.desk.feed
    slow, quick = FeedPage("one"), FeedPage("two")
    await feed.join(slow, None)
    await feed.join(quick, None)
    ref = (await Resident(app).receipt("转人工")).ticket
    assert ref
    for n in range(QUEUE + 50):
        await app.tickets.note(ref, "x", f"{n}", n)
        if n % 100 == 0:
            await feed.look()
            while not quick.frames.empty():
                quick.frames.get_nowait()
    await feed.look()
    assert slow.lost
    assert not quick.lost
    behind = FeedPage("one")
    await feed.join(behind, 10**9)
    assert json.loads(behind.frames.get_nowait())["type"] == "reset"


async def test_a_page_that_comes_back_gets_what_fits_or_is_told_at_once(app: App) -> None:
    feed = app.desk.feed
    ref = (await Resident(app).receipt("转人工")).ticket
    assert ref
    for n in range(QUEUE):
        await app.tickets.note(ref, "x", f"{n}", n)
    last = await app.database.read(tickets.last_event)
    near, far = FeedPage("one"), FeedPage("two")
    await feed.join(near, last - QUEUE + 1)
    await feed.join(far, last - QUEUE)
    assert (near.frames.qsize(), near.lost) == (QUEUE, False)
    assert (far.frames.qsize(), far.lost) == (1, False)
    assert json.loads(far.frames.get_nowait())["type"] == "reset"


async def test_commands_on_what_is_not_there(app: App) -> None:
    for act in (app.tickets.take("x", "a", 1), app.tickets.note("x", "a", "b", 1), app.tickets.survey("x", 1)):
        with pytest.raises(TicketError, match="没有工单"):
            await act
