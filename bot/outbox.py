"""What has still to leave, and the worker that sees to it.

Every message to a resident has a row, written by the transaction that created the message, and loses it when its
channel has taken the message. The process that wrote it delivers it at once; when that fails, or the process dies, the
row's lease ends and any process takes it up.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.live import Live
from store import conversations
from store.conversations import DueRow
from store.database import Database

log = logging.getLogger(__name__)
MOST = 100
AT_ONCE = 32  # conversations that are written to at the same time
LEASE = 30_000  # ms
PATIENCE = 10  # attempts before a message is given up and shown at the desk
LONGEST_WAIT = 3_600_000  # ms


@dataclass(frozen=True, slots=True)
class Done:
    """It has left, and the channel has written that down."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not before then (ms); nothing was tried."""

    at: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Tried, and to be tried again."""


@dataclass(frozen=True, slots=True)
class Lost:
    """It cannot arrive any more: for people to see."""


Outcome = Done | Later | Failed | Lost


class Outlet(Protocol):
    """The sending half of a channel. `pulls`: the resident's side asks for what it has not got; then there is nothing to
    send and nothing to give up."""

    pulls: bool

    async def send(self, row: DueRow, now: int) -> Outcome: ...


class Outbox:
    """`settle` forgets what was taken; `step` begins with the rows that nobody delivered.

    A page numbers what it has, so sending it something again does no harm: what pages have taken is forgotten in
    bundles, by `taken`.
    """

    def __init__(self, database: Database, live: Live, outlets: Mapping[str, Outlet]) -> None:
        self._database = database
        self._live = live
        self._outlets = outlets
        self._taken: dict[int, int] = {}
        self._sending: dict[int, asyncio.Task[None]] = {}  # by conversation: one message of it at a time

    def taken(self, conversation: int, seq: int) -> None:
        """A page has everything up to this message; forgotten with the next bundle."""
        self._taken[conversation] = seq
        self._live.delivered(conversation, seq)

    async def flush(self) -> None:
        """Forgets what pages have taken."""
        taken, self._taken = self._taken, {}
        if taken:
            await self._database.write(lambda t: [conversations.settle(t, *each) for each in taken.items()], quick=True)

    async def settle(self, conversation: int, seq: int) -> None:
        """The channel has taken everything up to this message."""
        await self._database.write(lambda t: conversations.settle(t, conversation, seq), quick=True)
        self._live.delivered(conversation, seq)

    async def step(self) -> None:
        """One round of the worker; what it begins to send goes on beside it."""
        await self.flush()
        await self._begin(int(time.time() * 1000))

    async def work(self, now: int) -> int:
        """Takes up what is due and sees it through; the number of rows that this process took."""
        offered, sending = await self._begin(now)
        await asyncio.gather(*sending)
        return offered + len(sending)

    async def _begin(self, now: int) -> tuple[int, list["asyncio.Task[None]"]]:
        """Takes up what is due. A channel that does not answer holds up no other, and no other conversation."""
        due = await self._database.read(lambda t: conversations.due(t, now, MOST))
        offered, begun = 0, []
        for row in due:
            outlet = self._outlets.get(row.channel)
            if outlet is None or outlet.pulls:
                offered += await self._offer(row, now)
            elif (
                row.conversation not in self._sending
                and len(self._sending) < AT_ONCE
                and await self._lease(row, now + LEASE)
            ):
                task = asyncio.create_task(self._deliver(outlet, row, now))
                self._sending[row.conversation] = task
                task.add_done_callback(lambda done, which=row.conversation: self._sent(which, done))  # type: ignore[misc]
                begun.append(task)
        return offered, begun

    def _sent(self, conversation: int, task: "asyncio.Task[None]") -> None:
        del self._sending[conversation]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("outbox", exc_info=error)  # its lease ends, and it is taken up again

    async def _lease(self, row: DueRow, until: int) -> bool:
        return await self._database.write(lambda t: conversations.lease(t, row, until, row.attempts + 1), quick=True)

    async def _offer(self, row: DueRow, now: int) -> bool:
        """A page that is open gets it now; one that is not asks for it when it comes back."""
        self._live.wake(row.conversation)
        watched = self._live.is_watched(row.conversation)
        wait = 2_000 if watched else min(LONGEST_WAIT, 1_000 * 2 ** min(row.attempts, 12))
        return await self._lease(row, now + wait)

    async def _deliver(self, outlet: Outlet, row: DueRow, now: int) -> None:
        match await outlet.send(row, now):
            case Done():
                pass
            case Later(at):
                await self._database.write(lambda t: conversations.postpone(t, row.id, at, row.attempts), quick=True)
            case Failed() if row.attempts + 1 < PATIENCE:
                wait = min(LONGEST_WAIT, 1_000 * 2**row.attempts)
                await self._database.write(
                    lambda t: conversations.postpone(t, row.id, now + wait, row.attempts + 1), quick=True
                )
            case _:
                await self._database.write(lambda t: conversations.give_up(t, row.id), quick=True)
                self._live.ring()
