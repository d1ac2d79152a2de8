"""What lies between people and processes: a balancer that gives a request to any process that lives, and connections that
are cut."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp

from accounts.bank import BankError
from accounts.limits import TooManyError
from bot.admission import BusyError
from daoxue.app import App
from desk.errors import TicketError
from store.database import ConflictError
from store.outages import OutageError
from tests.simulation.process import Process
from tests.simulation.world import World

T = TypeVar("T")
PATIENCE = 5.0  # seconds that a client waits for a response
REFUSALS = (BusyError, TooManyError, OutageError, ConflictError)  # a status above 400: nothing was accepted


class LostError(Exception):
    """No response: whether it was done, nobody here knows."""


class RefusedError(Exception):
    """Not now: nothing was done."""


class Balancer:
    """`processes` are those that live, or are about to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.processes: list[Process] = []

    def pick(self) -> Process | None:
        there = [each for each in self.processes if each.is_alive and each.app is not None]
        return self.world.chance.choice(there) if there else None

    async def connect(self) -> "Link | None":
        """A page's connection, which may be cut."""
        process = self.pick()
        if process is None or process.app is None:
            return None
        [route] = [each for each in process.app.channels["webchat"].routes if isinstance(each, WebSocketRoute)]
        link = Link(self.world, process, route.app)
        if self.world.happens(self.world.rates.cut):
            asyncio.get_running_loop().call_later(self.world.chance.uniform(0.0, 8.0), link.cut)
        return link

    async def call(self, work: Callable[[App, Process], Awaitable[T]]) -> T:
        """A request and its response. Raises `LostError`, `RefusedError`, and what a seat or a clerk is told."""
        world = self.world
        await asyncio.sleep(world.moment())
        process = self.pick()
        if process is None or process.app is None or world.happens(world.rates.lost):
            raise LostError

        async def serve(app: App) -> T:
            return await work(app, process)

        task = process.run(serve(process.app))
        await asyncio.wait({task}, timeout=PATIENCE)
        await asyncio.sleep(world.moment())
        if not task.done() or task.cancelled() or not process.is_alive or world.happens(world.rates.lost):
            raise LostError
        error = task.exception()
        if error is None:
            found: T = task.result()
            return found
        if isinstance(error, (TicketError, BankError)):
            raise error
        if not isinstance(error, REFUSALS):
            world.note(process.name, f"fails: {error!r}")
        raise RefusedError from error


class Link:
    """One connection of a page: frames arrive in their order, or not at all once it is cut."""

    def __init__(self, world: World, process: Process, app: ASGIApp) -> None:
        self.is_cut = False
        self.process = process
        self._world = world
        self._up: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._down: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._last = {id(self._up): 0.0, id(self._down): 0.0}  # when what was sent last arrives
        self._up.put_nowait({"type": "websocket.connect"})
        scope: dict[str, Any] = {
            "type": "websocket", "path": "/channels/webchat", "headers": [], "client": None, "subprotocols": [],
            "query_string": b"", "extensions": {},
        }  # fmt: skip
        process.run(self._serve(app, scope)).add_done_callback(lambda _: self.cut())

    async def _serve(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        await app(scope, self._receive, self._send)

    def say(self, frame: dict[str, Any]) -> None:
        """The page sends."""
        self._carry(self._up, {"type": "websocket.receive", "text": json.dumps(frame)})

    async def hear(self) -> dict[str, Any] | None:
        """The next frame for the page; None where there will be none."""
        return await self._down.get()

    def cut(self) -> None:
        """What is under way is lost."""
        if not self.is_cut:
            self.is_cut = True
            self._up.put_nowait({"type": "websocket.disconnect", "code": 1006})
            self._down.put_nowait(None)

    def _carry(self, queue: "asyncio.Queue[Any]", what: object) -> None:
        loop = asyncio.get_running_loop()
        self._last[id(queue)] = at = max(
            self._last[id(queue)] + 1e-6, loop.time() + self._world.chance.expovariate(1 / 0.02)
        )
        loop.call_at(at, self._arrive, queue, what)

    def _arrive(self, queue: "asyncio.Queue[Any]", what: object) -> None:
        if not self.is_cut:
            queue.put_nowait(what)

    async def _receive(self) -> dict[str, Any]:
        return await self._up.get()

    async def _send(self, event: Any) -> None:
        if self.is_cut or not self.process.is_alive:
            raise OSError("gone")
        if event["type"] == "websocket.send":
            self._carry(self._down, json.loads(event["text"]))
        elif event["type"] == "websocket.close":
            asyncio.get_running_loop().call_at(self._last[id(self._down)] + 1e-6, self.cut)
