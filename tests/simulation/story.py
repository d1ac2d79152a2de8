"""One history: what a seed makes of people and faults, how it goes, and what is wrong with it afterwards."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.channel import Channel
from daoxue.app import App
from desk.tickets import barred
from integrations.webchat.channel import WEBCHAT
from integrations.webchat.frames import address_of
from store import conversations, queue, ticket_lists, tickets
from store.transaction import Transaction
from tests.simulation.carrier import Carrier, texts_over
from tests.simulation.checking import Checker
from tests.simulation.disk import Disk
from tests.simulation.loop import SimulatedLoop
from tests.simulation.network import Balancer
from tests.simulation.page import Page
from tests.simulation.people import SAYS, Clerk, People, Phone, SimulatedSeat
from tests.simulation.place import SEATS, Place
from tests.simulation.process import COMMITTED, NEVER, Doom, KilledError, Process, current, task_of
from tests.simulation.world import CALM, Rates, World, in_

STORM = 30.0  # seconds in which things go wrong
SETTLED = 1_800.0  # seconds after it in which everything has to come to its end
STEPS = ("accepted", "understood", "thought", "committed", "delivering", "delivered", "sending", COMMITTED)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a history: `lines` is all that happened."""

    seed: int
    problems: list[str]
    lines: list[str]
    deaths: int
    messages: int


def tell(place: Place, seed: int) -> Told:
    """Plays the history of a seed."""
    chance, loop, config = random.Random(seed), SimulatedLoop(), place.fresh()
    world = World(seed, config, loop, Disk(config.database.embedded), chance, _rates(chance), place.thinking)
    loop.set_task_factory(task_of)  # type: ignore[arg-type]
    loop.set_exception_handler(lambda _, told: _note(world, told))
    asyncio.set_event_loop(loop)
    try:
        with in_(world, current):
            return loop.run_until_complete(Story(world).told())
    finally:
        loop.close()


def _note(world: World, told: dict[str, Any]) -> None:
    if not isinstance(error := told.get("exception"), KilledError):
        world.note("loop", f"{told['message']}: {error!r}")


def _rates(chance: random.Random) -> Rates:
    """Some histories are calm in some way, so that what is seen has one reason."""
    share: Callable[..., float] = chance.choice
    return Rates(
        lost=share((0.0, 0.0, 0.05, 0.2)), cut=share((0.0, 0.3, 0.8)), refused=share((0.0, 0.0, 0.3)),
        unheard=share((0.0, 0.0, 0.3)), slow=share((0.0, 0.0, 0.02, 0.1)),
    )  # fmt: skip


class Story:
    def __init__(self, world: World) -> None:
        self.world = world
        self.deaths = 0
        self._balancer = Balancer(world)
        self._count = 0
        chance, balancer = world.chance, self._balancer
        carrier = Carrier(world, knows=chance.random() < 0.5)
        world.channels.update(_channels(carrier))
        names = SEATS[: chance.randint(1, 3)]
        pages = [Page(world, balancer.connect, n, self._texts()) for n in range(1, chance.randint(1, 3) + 1)]
        phones = [Phone(balancer, n, self._texts()) for n in range(1, chance.randint(0, 2) + 1)]
        seats = [SimulatedSeat(name=name, balancer=balancer, colleagues=names) for name in names]
        clerks = [
            Clerk(balancer, f"clerk{n}", [1, 2], chance.randint(2, 5)) for n in range(1, chance.randint(0, 2) + 1)
        ]
        self.people = People(pages, phones, seats, clerks, carrier)
        self._acting = [
            *(each.live for each in pages), *(each.type for each in pages), *(each.live for each in phones),
            *(each.live for each in seats), *(each.live for each in clerks),
        ]  # fmt: skip

    def _texts(self) -> list[str]:
        return [self.world.chance.choice(SAYS) for _ in range(self.world.chance.randint(1, 5))]

    async def told(self) -> Told:
        world, everybody = self.world, self.people
        supervised = [asyncio.create_task(self._supervise()) for _ in range(world.chance.choice((1, 1, 2)))]
        storm = asyncio.create_task(self._fill_the_disk())
        tasks = [asyncio.create_task(act()) for act in self._acting]
        await asyncio.sleep(STORM)
        storm.cancel()
        world.disk.is_full, world.rates = False, CALM
        world.note("", "from here on nothing goes wrong any more")
        for process in self._balancer.processes:
            process.doom = NEVER
        settled = await self._settle(tasks)
        if settled is not None:
            Checker(world, settled, everybody).all()
        for task in (*tasks, *supervised):
            task.cancel()
        for process in self._balancer.processes:
            if process.is_alive:
                process.die("for the history has ended")
        await asyncio.sleep(1.0)
        return Told(world.seed, world.problems, world.lines, self.deaths, everybody.messages)

    # -- what goes wrong

    async def _supervise(self) -> None:
        """Whoever looks after a machine: starts a process there, and another one where it has died."""
        chance = self.world.chance
        doomed = chance.choice((0, 1, 1, 2, 4))
        while True:
            self._count += 1
            doom = self._doom() if doomed > 0 and self.world.rates is not CALM else NEVER
            doomed -= 1
            process = Process(self.world, f"process{self._count}", chance.choice((0.0, 0.0, -2.0, 2.0)), doom)
            self._balancer.processes.append(process)
            await process.start()
            await process.died.wait()
            self._balancer.processes.remove(process)
            self.deaths += 1
            await asyncio.sleep(chance.uniform(0.1, 4.0))

    def _doom(self) -> Doom:
        chance = self.world.chance
        if chance.random() < 0.4:
            return Doom("statement", int(chance.expovariate(1 / 250)) + 1)
        return Doom(chance.choice(STEPS), chance.randint(1, 8))

    async def _fill_the_disk(self) -> None:
        chance, world = self.world.chance, self.world
        while True:
            await asyncio.sleep(chance.expovariate(1 / 40))
            world.disk.is_full = True
            world.note("disk", "is full")
            await asyncio.sleep(chance.uniform(0.1, 3.0))
            world.disk.is_full = False
            world.note("disk", "has room")

    # -- how it ends

    async def _settle(self, tasks: "list[asyncio.Task[None]]") -> App | None:
        """Until nobody has anything to do any more; the app that can tell of it."""
        deadline, process = self.world.loop.now + SETTLED, None
        while self.world.loop.now < deadline:
            await asyncio.sleep(1.0)
            for failed in (task for task in tasks if task.done() and task.exception()):
                self.world.wrong(f"somebody did what cannot be: {failed.exception()!r}")
                return None
            process = self._balancer.pick()
            if process is None or process.app is None or not self.people.are_done:
                continue
            for seat in self.people.seats:
                seat.is_finishing = True
            if process.app.database.look(partial(self._is_quiet, now=process.now())):
                return process.app
        self.world.wrong(f"not at an end {SETTLED:.0f} seconds after the last fault")
        return process.app if process else None

    def _is_quiet(self, transaction: Transaction, now: int) -> bool:
        """Whether every ticket is closed, but those that complain of every seat; everything has left, and every page has heard
        all of it."""
        names = {each.name for each in self.people.seats}
        left = [row for state in ("waiting", "open", "snoozed") for row in tickets.in_state(transaction, state)]
        if any(not names <= {*barred(row)} for row in left):
            return False
        if ticket_lists.unsurveyed(transaction, now) or queue.due(transaction, queue.HELD, 1):
            return False
        talks = [conversations.find(transaction, "webchat", address_of(page.visitor)) for page in self.people.pages]
        return all(talk and talk.seq == page.seen for talk, page in zip(talks, self.people.pages, strict=True))


def _channels(carrier: Carrier) -> dict[str, Channel]:
    texts = texts_over(carrier)
    return {each.name: each for each in (WEBCHAT, texts)}
