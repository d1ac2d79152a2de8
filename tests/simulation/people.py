"""Residents on the web chat and with telephones, seats, and a clerk at the counter. Each does what a real client does: says
it again until it has heard that it is done."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeVar

from accounts.bank import BankError, Learnt, Wanted
from accounts.ledger import Order
from daoxue.app import App
from desk.errors import TicketError
from desk.replies import Accepted, Answer
from desk.tickets import PassedOn, barred
from integrations.texting import Texting
from store.people import PresenceRow
from store.ticket_rows import TicketRow
from tests.simulation.network import Balancer, LostError, RefusedError
from tests.simulation.page import Page, Said
from tests.simulation.process import Process
from tests.simulation.world import World

T = TypeVar("T")
SAYS = (
    "积分会过期吗", "最近有什么培训班", "书法班还有名额吗", "周末开门吗", "你好", "谢谢", "1", "第二个", "还是不明白",
    "转人工", "找个真人", "我要投诉老师迟到", "我妈在教室晕倒了",
)  # fmt: skip
AGAIN = (0.3, 3.0)  # seconds before something is said again
DAY = date(2026, 6, 1)
CUP, CUPS = "cup", 2  # what clerks order, and how many there are


async def until_done(world: World, work: Callable[[], Awaitable[T]]) -> T:
    """Again and again, until there is an answer."""
    while True:
        try:
            return await work()
        except (LostError, RefusedError):
            await asyncio.sleep(world.chance.uniform(*AGAIN))


class Phone:
    """Texts its carrier hands on until we have taken them, some of them once more."""

    def __init__(self, balancer: Balancer, number: int, texts: list[str]) -> None:
        self.world = balancer.world
        self.balancer = balancer
        self.name = f"phone{number}"
        self.number = f"+8613{number:09d}"
        self.said = [Said(f"{self.name}-{n}", text) for n, text in enumerate(texts, 1)]
        self.is_done = False

    async def live(self) -> None:
        for each in self.said:
            await asyncio.sleep(self.world.chance.choice((0.0, 1.0, 5.0, 12.0)))
            self.world.note(self.name, f"writes {each.id}: {each.text}")
            await self._hand_on(each)
            each.seq = 0  # a text is not told its number
            self.world.note(self.name, f"hears that {each.id} is taken")
            if self.world.happens(0.2):
                await self._hand_on(each)
        self.is_done = True

    async def _hand_on(self, said: Said) -> None:
        async def receive(app: App, _: Process) -> None:
            texting = app.channels["sms"].outlet
            assert isinstance(texting, Texting)
            await texting.receive(self.number, said.id, said.text, inline=False)

        await until_done(self.world, lambda: self.balancer.call(receive))


@dataclass
class Words:
    """What a seat said to a resident, and whether that was accepted."""

    id: str
    text: str
    is_accepted: bool = False


@dataclass(kw_only=True)
class Seat:
    """What a seat has done, as far as it was told."""

    name: str
    is_finishing: bool = False  # closes what there is, and nothing else
    said: list[Words] = field(default_factory=list)
    took: list[str] = field(default_factory=list)  # tickets


@dataclass(kw_only=True)
class SimulatedSeat(Seat):
    """Takes what it is offered, or what rings, or simply the first; answers, transfers, puts aside, gives back, closes."""

    balancer: Balancer
    colleagues: list[str]

    @property
    def world(self) -> World:
        return self.balancer.world

    async def live(self) -> None:
        while True:
            await asyncio.sleep(self.world.chance.uniform(0.3, 3.0))
            try:
                await self._step()
            except (LostError, RefusedError):
                continue
            except TicketError as error:
                self.world.note(self.name, f"is told {error.code}")

    async def _step(self) -> None:
        if not self.world.happens(0.0 if self.is_finishing else 0.1):  # its page is there
            await self.balancer.call(lambda app, at: app.desk.dispatch.come(self._page(at)))
        rows = await self.balancer.call(lambda app, _: _open(app))
        mine = [row for row in rows if row.owner == self.name]
        waiting = [row for row in rows if row.state == "waiting" and self.name not in barred(row)]
        offered = [row for row in waiting if row.offered_to == self.name]
        if mine and (self.is_finishing or self.world.happens(0.7)):
            await self._work(self.world.chance.choice(mine))
        elif waiting:
            row = (offered or waiting)[0] if self.world.happens(0.7) else self.world.chance.choice(waiting)
            await until_done(
                self.world, lambda: self.balancer.call(lambda app, at: app.tickets.take(row.ref, self.name, at.now()))
            )
            self.took.append(row.ref)
            self.world.note(self.name, f"has taken {row.ref}")

    def _page(self, at: Process) -> PresenceRow:
        return PresenceRow(f"page-{self.name}", self.name, 1, at.now() + 15_000)

    async def _work(self, row: TicketRow) -> None:
        what = self.world.chance.random()
        if what < 0.5 and not self.is_finishing:
            await self._answer(row, wait=self.world.chance.choice((0, 0, 3_000)))
            return
        ref, name, to = row.ref, self.name, self.world.chance.choice(self.colleagues)

        async def command(app: App, at: Process) -> str:
            now, board = at.now(), app.tickets
            if self.is_finishing or what < 0.75:
                await board.close(ref, name, "answered", now)
                return "closes"
            if what < 0.85:
                await board.transfer(ref, name, now, PassedOn(to, None, "", now + 30_000))
                return f"transfers to {to}"
            if what < 0.92:
                await board.snooze(ref, name, now + 20_000, now)
                return "puts aside"
            await board.hand_back(ref, name, now)
            return "hands back"

        self.world.note(name, f"{await self.balancer.call(command)} {ref}")

    async def _answer(self, row: TicketRow, wait: int) -> None:
        words = Words(f"{self.name}-{len(self.said) + 1}", f"{self.name}的第{len(self.said) + 1}句")
        self.said.append(words)
        answer = Answer(words.text, words.id, wait=wait)

        async def reply(app: App, at: Process) -> Accepted:
            return await app.tickets.reply(row.ref, self.name, answer, at.now())

        await until_done(self.world, lambda: self.balancer.call(reply))
        words.is_accepted = True
        self.world.note(self.name, f"has said {words.id} in {row.ref}")


async def _open(app: App) -> list[TicketRow]:
    return [row for state in ("waiting", "open", "snoozed") for row in await app.tickets.in_state(state)]


@dataclass
class Clerk:
    """Enters credits and orders things of which there are few, with a key each; hands out or cancels. `done` are the keys
    that were acknowledged."""

    balancer: Balancer
    name: str
    learners: list[int]
    orders: int
    earned: set[str] = field(default_factory=set)
    ordered: dict[str, str] = field(default_factory=dict)  # order by its key
    is_done: bool = False

    async def live(self) -> None:
        world = self.balancer.world
        for number in range(1, self.orders + 1):
            await asyncio.sleep(world.chance.uniform(0.0, 6.0))
            key, learner = f"{self.name}-{number}", world.chance.choice(self.learners)
            try:
                await (self._earn(key, learner) if world.happens(0.5) else self._order(key, learner))
            except BankError as error:
                world.note(self.name, f"is told {error.code} for {key}")
        self.is_done = True

    async def _earn(self, key: str, learner: int) -> None:
        await self._until(
            lambda app, at: app.bank.earn(learner, Learnt("attend", key, DAY, "听课", by=self.name, at=at.now()))
        )
        self.earned.add(key)
        self.balancer.world.note(self.name, f"has entered {key}")

    async def _order(self, key: str, learner: int) -> None:
        order = await self._until(
            lambda app, at: app.bank.reserve(
                learner, Wanted(CUP, "杯子", 10, CUPS, "site", key), at.now(), DAY, self.name
            )
        )
        assert isinstance(order, Order)
        if self.ordered.setdefault(key, order.ref) != order.ref:
            self.balancer.world.wrong(f"{key} is two orders")
        self.balancer.world.note(self.name, f"has ordered {key}")
        collected = self.balancer.world.happens(0.5)
        settle = "collect" if collected else "cancel"
        await self._until(lambda app, at: getattr(app.bank, settle)(order.ref, self.name, at.now(), DAY))

    async def _until(self, work: Callable[[App, Process], Awaitable[T]]) -> T:
        return await until_done(self.balancer.world, lambda: self.balancer.call(work))


class Busy(Protocol):
    """Who has so much to do, and then is done."""

    @property
    def is_done(self) -> bool: ...


class Texter(Busy, Protocol):
    """Who has a telephone, and what they wrote."""

    name: str
    number: str
    said: list[Said]


class Text(Protocol):
    """A text on a telephone; `is_known` where whoever sent it could know that it is there."""

    @property
    def id(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def is_known(self) -> bool: ...


class Carries(Protocol):
    """`taken` are the texts on each telephone, in their order."""

    @property
    def taken(self) -> Mapping[str, Sequence[Text]]: ...


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who has seen something of a history."""

    pages: Sequence[Page]
    phones: Sequence[Texter]
    seats: Sequence[Seat]
    clerks: Sequence[Clerk]
    carrier: Carries

    @property
    def are_done(self) -> bool:
        """Whether all have said and ordered what they wanted to."""
        busy: list[Busy] = [*self.pages, *self.phones, *self.clerks]
        return all(each.is_done for each in busy)

    @property
    def messages(self) -> int:
        return sum(len(each.said) for each in self.pages) + sum(len(each.said) for each in self.phones)
