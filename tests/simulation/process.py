"""A process: composed as always, and able to die in the middle of anything. Nothing of it does anything after that."""

import asyncio
import contextvars
import sqlite3
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.live import Live
from bot.worker import Worker
from daoxue.app import App, compose
from daoxue.workers import workers
from store.outages import OutageError
from tests.simulation.disk import Disk, SimulatedDatabase
from tests.simulation.world import World

WORKING = {"queue", "outbox", "dispatch"}  # the workers that matter here
COMMITTED = "commit"  # the place between a commit and whoever hears of it
_process: contextvars.ContextVar["Process"] = contextvars.ContextVar("process")


class KilledError(BaseException):
    """The process is gone at this very moment: nothing catches that."""


@dataclass(frozen=True, slots=True)
class Doom:
    """Where a process dies: `place` is a step that the product tells of, `commit`, or `statement`; the nth time."""

    place: str
    nth: int


NEVER = Doom("never", 0)


class Process:
    """`ahead` is how far its clock is ahead of the true time (seconds)."""

    def __init__(self, world: World, name: str, ahead: float = 0.0, doom: Doom = NEVER) -> None:
        self.world = world
        self.name = name
        self.ahead = ahead
        self.doom = doom
        self.disk: Disk = world.disk
        self.connections: list[sqlite3.Connection] = []
        self.is_alive = True
        self.died = asyncio.Event()
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.app: App | None = None
        self.context = contextvars.copy_context()
        self.context.run(_process.set, self)
        self._reached = 0

    # -- living

    def clock(self) -> float:
        return self.world.now() + self.ahead

    def now(self) -> int:
        return int(self.clock() * 1000)

    def run(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Something that this process does."""
        return asyncio.get_running_loop().create_task(work, context=self.context.copy())

    async def start(self) -> None:
        begun = self.run(self._begin())
        await asyncio.wait({begun})
        error = None if begun.cancelled() else begun.exception()
        if error is None and self.is_alive:
            self.world.note(
                self.name, f"is up, its clock {self.ahead:+.1f} s, to die at {self.doom.place} {self.doom.nth}"
            )
        elif self.is_alive:
            self.die(f"for it cannot begin: {error!r}")
            if not isinstance(error, OutageError):
                self.world.wrong(f"{self.name} cannot begin: {error!r}")

    async def _begin(self) -> None:
        app = await compose(self.world.config, self.observe, self.clock, self.world.channels)
        working = [each for each in workers(app) if each.name in WORKING]
        app.watch.start([*working, Worker("look", "", 1.0, partial(_look, app.live))])
        self.app = app

    # -- dying

    def observe(self, step: str) -> None:
        """The product tells of a step."""
        self._meet(step)

    def reaches(self, statement: str) -> None:
        self._meet("statement")
        self.disk.check(statement)

    def has_committed(self) -> None:
        self._meet(COMMITTED)

    def delay(self) -> float:
        return self.world.moment()

    def _meet(self, place: str) -> None:
        if not self.is_alive:
            raise KilledError
        if place == self.doom.place and self.app is not None:
            self._reached += 1
            if self._reached == self.doom.nth:
                self.die(f"at {place} {self.doom.nth}")
                raise KilledError

    def die(self, why: str) -> None:
        """kill -9."""
        self.world.note(self.name, f"DIES {why}")
        self.is_alive = False
        self.died.set()
        mine = self.app.database if self.app else None
        for connection in self.connections:
            connection.rollback()
            connection.close()
        if isinstance(mine, SimulatedDatabase):
            self.disk.give(mine)
        self._bury()

    def _bury(self) -> None:
        """Ends what it does, again and again: one cancellation may be lost (asyncio.wait_for, where what it waits for ends at
        the same moment)."""
        for task in [*self.tasks]:
            if task is not asyncio.current_task():
                task.cancel()
        if self.tasks:
            asyncio.get_running_loop().call_later(0.05, self._bury)


def current() -> Process:
    """Whose work is done at this moment."""
    return _process.get()


async def _look(live: Live) -> None:
    """`bot.live.Looking` without the database's array: pages here find what another process has said."""
    for conversation in live.watched:
        live.rouse(conversation)


def _settled(task: "asyncio.Task[Any]") -> None:
    """Nobody may ask what became of it."""
    if not task.cancelled():
        task.exception()


def task_of(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **more: Any) -> "asyncio.Task[Any]":
    """The loop's factory: a process knows what it does."""
    task = asyncio.Task(work, loop=loop, **more)
    context: contextvars.Context | None = more.get("context")
    process = context.get(_process) if context is not None else _process.get(None)
    if process is not None:
        process.tasks[task] = None
        task.add_done_callback(lambda done: process.tasks.pop(done, None))
        task.add_done_callback(_settled)
    return task
