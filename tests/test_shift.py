"""An hour at the desk: fifty seats and five hundred residents, by a clock of their own, with pages that vanish and a
process that dies; and some minutes of it with the real process and kill -9. Then the history is checked."""

import asyncio
import contextlib
import random
import time
from dataclasses import replace

import httpx
import pytest
from msgspec import structs

from bot.admission import BusyError
from bot.messages import Inbound
from daoxue.app import App, compose
from daoxue.config import Config, Server
from desk.errors import TicketError
from desk.opening import ALL
from desk.people import Profile
from desk.replies import Answer
from desk.tickets import PassedOn
from store import people
from store.people import PresenceRow
from store.ticket_rows import TicketRow
from tests.desk_client import PASSWORD
from tests.history import check
from tests.service import Service, running

SEATS, RESIDENTS = 50, 500
SECOND, STEP = 1000, 10_000  # ms
ENOUGH = 20  # tickets taken by seats of the real process
ASKS = (
    "转人工",
    "我要投诉老师迟到",
    "找个真人",
    "登记候补临江街道的太极班",
    "我接到电话说是学习中心让我交钱换学分",
    "我妈在教室晕倒了",
)
TALK = ("嗯", "还是不明白", "积分会过期吗", "谢谢", "等一下", "1", "书法班还有名额吗")


class Shift:
    """The hour. `now` is its clock; the process may be exchanged under it at any moment."""

    def __init__(self, config: Config, app: App, seed: int) -> None:
        self.config = config
        self.app = app
        self.chance = random.Random(seed)
        self.now = int(time.time() * 1000)
        self.here: dict[str, int] = {}
        self.names = [f"seat{n:02d}" for n in range(SEATS)]
        self.said = 0
        self.accepted: dict[str, tuple[str, int]] = {}  # message id: resident, number
        self.pending: list[Inbound] = []

    async def resident(self, n: int, text: str) -> None:
        self.said += 1
        channel = "webchat" if n % 3 else "sms"
        await self.deliver(Inbound(channel=channel, address=f"r{n}", id=f"i{self.said}", text=text, at=self.now))

    async def deliver(self, message: Inbound) -> None:
        """Until it is acknowledged; often once more, as channels do."""
        with contextlib.suppress(BusyError):
            receipt = await self.app.inbox.receive(message)
            known = self.accepted.setdefault(message.id, (message.address, receipt.seq))
            assert known == (message.address, receipt.seq), "the same message, the same number"
        if self.chance.random() < 0.1:
            self.pending.append(message)

    async def seat(self, name: str) -> None:
        """Takes what is offered or rings for all; answers, passes on, closes what it has."""
        board, chance = self.app.tickets, self.chance
        mine = [row for row in self.rows if row.owner == name]
        rings = [row for row in self.rows if row.state == "waiting" and row.alarmed_at is not None]
        offered = [row for row in self.rows if row.offered_to == name]
        with contextlib.suppress(TicketError):
            if (offered or rings) and chance.random() < 0.8:
                await board.take((rings or offered)[0].ref, name, self.now)
            elif offered and chance.random() < 0.3:
                await board.pass_on(offered[0].ref, name, self.now)
            elif mine:
                row = chance.choice(mine)
                what = chance.random()
                if what < 0.5:
                    await board.reply(row.ref, name, Answer("好的，我看看", f"{self.now}-{name}"), self.now)
                elif what < 0.85:
                    await board.close(row.ref, name, "answered", self.now)
                elif what < 0.9:
                    await board.transfer(
                        row.ref, name, self.now, PassedOn(chance.choice(self.names), None, "", self.now + 60_000)
                    )
                elif what < 0.95:
                    await board.snooze(row.ref, name, self.now + 120_000, self.now)
                else:
                    await board.hand_back(row.ref, name, self.now)
            elif self.rows and chance.random() < 0.2:  # somebody else's, by mistake or by malice
                row = chance.choice(self.rows)
                await board.reply(row.ref, name, Answer("这不是我的"), self.now)

    async def step(self, asking: bool) -> None:
        chance = self.chance
        self.now += STEP
        for name in self.names:
            if chance.random() < 0.01:
                self.here.pop(name, None)  # a page that vanishes: its lease runs out
            elif name in self.here or chance.random() < 0.3:
                self.here[name] = self.now + 2 * STEP
                await self.app.desk.dispatch.come(PresenceRow(f"p-{name}", name, 1, self.here[name]))
        again, self.pending = self.pending, []
        work = [self.deliver(message) for message in again]
        if asking:
            work += [self.resident(chance.randrange(RESIDENTS), chance.choice(ASKS)) for _ in range(2)]
        work += [self.resident(chance.randrange(RESIDENTS), chance.choice(TALK)) for _ in range(3 * asking)]
        work += [self.seat(name) for name in chance.sample(sorted(self.here), min(12, len(self.here)))]
        chance.shuffle(work)
        self.rows = await self.open()
        await asyncio.gather(*work)
        await self.app.desk.dispatch.step(self.now)

    async def open(self) -> list[TicketRow]:
        states = ("waiting", "open", "snoozed")
        return [row for state in states for row in await self.app.tickets.in_state(state)]

    async def dies(self) -> None:
        """A process that goes without a word, and the next one on the same database."""
        old, self.app = self.app, await compose(self.config)
        old.database.close()


async def test_an_hour_of_fifty_seats_and_five_hundred_residents(either_config: Config) -> None:
    app = await compose(either_config)
    shift = Shift(either_config, app, 11)
    await _accounts(app, shift.names)
    # What PostgreSQL adds shows in a quarter of the time, which there takes twice as long.
    minutes = 60 if either_config.database.url.startswith("sqlite") else 15
    for minute in range(minutes):
        for _ in range(60 * SECOND // STEP):
            await shift.step(asking=minute < minutes - 10)
        if minute % 12 == 7:
            await shift.dies()
    for _ in range(360):  # nobody new: what is there comes to its end
        if not await shift.open():
            break
        await shift.step(asking=False)
    left = await shift.open()
    assert left == [], f"{len(left)} starved"
    closed = await shift.app.tickets.in_state("closed")
    assert len(closed) > 2 * minutes
    for row in closed:
        check(await shift.app.tickets.show(row.ref, ALL))
    waits = sorted((row.taken_at or shift.now) - row.opened_at for row in closed)
    assert waits[-1] < 40 * 60 * SECOND, f"one waited {waits[-1] // SECOND} s"
    shift.app.database.close()


async def _accounts(app: App, names: list[str]) -> None:
    # One hash for all: fifty of them would take longer than the hour.
    await app.desk.people.add("pattern", "seat", 1, "test", Profile(skills=["complaint", "privacy"]))
    pattern = await app.database.read(lambda t: people.get(t, "pattern"))
    assert pattern is not None
    for name in names:
        await app.database.write(lambda t, name=name: people.add(t, replace(pattern, name=name, shown=name)))  # type: ignore[misc]


class Seat:
    """A seat's program: takes, answers, closes; goes on after the service has died under it."""

    def __init__(self, service: Service, token: str, name: str) -> None:
        self.service = service
        self.name = name
        self.headers = {"authorization": f"Bearer {token}"}
        self.answered = 0

    async def ask(
        self, client: httpx.AsyncClient, method: str, path: str, body: object = None
    ) -> httpx.Response | None:
        """Said again with the same id until somebody answers."""
        for _ in range(200):
            try:
                return await client.request(method, f"{self.service.url}/api{path}", json=body, headers=self.headers)
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
        raise AssertionError("the service did not come back")

    async def work(self, until: asyncio.Event) -> None:
        async with httpx.AsyncClient(timeout=10) as client:
            while not until.is_set():
                answer = await self.ask(client, "GET", "/tickets?state=waiting&most=5")
                found = answer.json()["tickets"] if answer is not None else []
                for ticket in found[:1]:
                    taken = await self.ask(client, "POST", f"/tickets/{ticket['ref']}/take", {})
                    if taken is None or taken.status_code != 200:
                        continue
                    self.answered += 1
                    body = {"id": f"{self.name}-{self.answered}", "text": f"{self.name} 答 {self.answered}"}
                    await self.ask(client, "POST", f"/tickets/{ticket['ref']}/messages", body)
                    await self.ask(client, "POST", f"/tickets/{ticket['ref']}/close", {"result": "answered"})
                await asyncio.sleep(0.02)


async def ask_on(service: Service, n: int, until: asyncio.Event) -> int:
    """A resident over plain HTTP, who says everything again until it is acknowledged; how much that was."""
    said = 0
    async with httpx.AsyncClient(timeout=10) as client:
        while not until.is_set():
            said += 1
            text = random.choice((*ASKS, *TALK))
            body = {"id": f"r{n}-{said}", "text": text, "visitor": f"{n:032d}"}
            for _ in range(200):
                try:
                    answer = await client.post(f"{service.url}/channels/webchat", json=body)
                    if answer.status_code == 200:
                        break
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
            await asyncio.sleep(random.random() * 0.05)
    return said


@pytest.mark.parametrize("seed", [1])
async def test_killed_again_and_again_in_the_middle_of_it(either_config: Config, seed: int) -> None:
    random.seed(seed)
    app = await compose(either_config)
    tokens = {}
    for n in range(6):
        first = await app.desk.people.add(f"s{n}", "seat", 1, "test", Profile(capacity=50))
        await app.desk.signing.set_password(f"s{n}", first, PASSWORD, 1)
        tokens[f"s{n}"] = await app.desk.signing.sign_in(f"s{n}", PASSWORD, "", int(time.time() * 1000))
    app.database.close()
    over = asyncio.Event()
    # Residents here say far more than any does, to meet as many kills as they can.
    with running(structs.replace(either_config, server=Server(unlimited=("127.0.0.1",)))) as service:
        seats = [Seat(service, token, name) for name, token in tokens.items()]
        work = [asyncio.create_task(seat.work(over)) for seat in seats]
        talk = [asyncio.create_task(ask_on(service, n, over)) for n in range(20)]
        for _ in range(2):
            await asyncio.sleep(1.2)
            await asyncio.to_thread(service.kill)
            await asyncio.to_thread(service.start)
        for _ in range(300):  # until enough has happened to be worth looking at
            if sum(seat.answered for seat in seats) >= ENOUGH:
                break
            await asyncio.sleep(0.1)
        over.set()
        said = sum(await asyncio.gather(*talk))
        await asyncio.gather(*work)
        service.stop()
    app = await compose(either_config)
    everything = [row for state in ("waiting", "open", "closed") for row in await app.tickets.in_state(state)]
    assert said > 100
    taken, said_once = 0, dict[tuple[int, int], str]()  # one conversation may have had several tickets
    for row in everything:
        whole = await app.tickets.show(row.ref, ALL)
        check(whole)
        taken += sum(event.kind == "taken" for event in whole.events)
        said_once |= {
            (row.conversation, each.seq): each.message.reply.text for each in whole.messages if each.author == "seat"
        }
    assert taken >= ENOUGH
    assert len(said_once) == len({*said_once.values()}), "no answer of a seat was said twice"
    app.database.close()
