"""What there is of everything: the clock, the dice, the disk, the processes and what was seen of them."""

import asyncio
import contextlib
import copy
import logging
import random
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import cast
from unittest import mock

import daoxue.app
import store.database
from accounts.limits import Limits
from bot.channel import Channel
from bot.comprehension import Comprehension, Understanding
from bot.texts import Texts
from daoxue.app import App, Ground, KnowledgeParts
from daoxue.config import Config
from store.transaction import Sealer
from tests.simulation.disk import Disk, Owner, SimulatedDatabase, SimulatedSqlite
from tests.simulation.loop import SimulatedLoop

EPOCH = 1_780_279_200.0  # seconds: a Monday in June 2026, ten in the morning in Shanghai


@dataclass(frozen=True, slots=True)
class Rates:
    """How much goes wrong while it does: shares of one."""

    lost: float = 0.0  # requests or responses
    cut: float = 0.0  # connections of pages, before they close by themselves
    refused: float = 0.0  # texts that the carrier does not take
    unheard: float = 0.0  # texts that it takes without our hearing of it
    slow: float = 0.0  # commits, thoughts and texts that take seconds


CALM = Rates()


class Thinking:
    """How residents are understood: worked out once for all processes of all histories, since they all know the same."""

    def __init__(self, app: App) -> None:
        self.texts: Texts = app.texts
        self._library = app.library
        self._comprehension = app.comprehension

    def of(self, world: "World", ground: Ground) -> KnowledgeParts:
        """That of a process."""
        library = copy.copy(self._library)
        library._database = ground.database
        return KnowledgeParts(library, cast(Comprehension, SlowComprehension(world, self._comprehension)), None)


class SlowComprehension:
    """Thinks for a while: others may go on with the talk meanwhile."""

    def __init__(self, world: "World", real: Comprehension) -> None:
        self._world = world
        self._real = real
        self.intents = real.intents
        self.understand = real.understand
        self.likeness = real.likeness
        self.reproaches = real.reproaches

    async def together(self, text: str, today: date) -> Understanding:
        await asyncio.sleep(self._world.moment())
        return self._real.understand(text, today)


@dataclass
class World:
    """`rates` hold as long as something goes wrong. `lines` is what happened, to be read; `problems` what must not have."""

    seed: int
    config: Config
    loop: SimulatedLoop
    disk: Disk
    chance: random.Random
    rates: Rates
    thinking: Thinking
    channels: dict[str, Channel] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def now(self) -> float:
        """The true time, in seconds."""
        return EPOCH + self.loop.now

    def note(self, who: str, what: str) -> None:
        """A line of the transcript."""
        self.lines.append(f"{self.loop.now:9.3f}  {who:<10} {what}")

    def wrong(self, what: str) -> None:
        """Something that must not be."""
        self.problems.append(what)
        self.note("WRONG", what)

    def happens(self, share: float) -> bool:
        return share > 0 and self.chance.random() < share

    def moment(self) -> float:
        """How long something takes that takes no time: some milliseconds, or seconds where it is slow."""
        if self.happens(self.rates.slow):
            return self.chance.uniform(0.5, 6.0)
        return self.chance.expovariate(1 / 0.004)


class _Told(logging.Handler):
    """Errors in the log, as lines of the transcript."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._world.note("log", f"{record.getMessage()} {error!r}" if error else record.getMessage())


@contextlib.contextmanager
def in_(world: World, owner: Callable[[], Owner]) -> Iterator[None]:
    """The product stands in this world: its clock, its dice, its databases, of whichever process is at work."""

    def limits(*unlimited: object, **shared: object) -> Limits:
        return Limits(clock=world.loop.time)

    def database(url: str, sealer: Sealer, replica_url: str) -> SimulatedDatabase:
        assert not replica_url
        return SimulatedDatabase(url, sealer, owner())

    async def knowing(ground: Ground) -> KnowledgeParts:
        return world.thinking.of(world, ground)

    def sleep(seconds: float) -> None:
        raise AssertionError("nobody waits for another process in a simulation")

    random.seed(world.seed)
    told, root = _Told(world), logging.getLogger()
    before = root.handlers[:]
    root.handlers[:] = [told]
    with contextlib.ExitStack() as stack:
        for target, name, new in (
            (time, "time", world.now), (time, "monotonic", world.loop.time), (time, "sleep", sleep),
            (secrets, "_sysrand", random.Random(world.seed)), (daoxue.app, "Limits", limits), (daoxue.app, "Database", database),
            (daoxue.app, "_knowing", knowing), (daoxue.app, "texts_of", lambda config, channels: world.thinking.texts),
            (store.database, "engine", lambda url: SimulatedSqlite(owner())),
        ):  # fmt: skip
            stack.enter_context(mock.patch.object(target, name, new))
        try:
            yield
        finally:
            root.handlers[:] = before
            asyncio.set_event_loop(None)
