"""Messages to residents: delivered at once by the process that wrote them, else by the queue.

Every message to a resident has a row in the queue, written by the transaction that created the message; it goes when its
channel has taken the message.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from bot.live import Live
from bot.queue import Later, Lost, Outcome
from store import conversations, outbox, queue
from store.database import Database
from store.outbox import DueRow
from store.queue import LaneBacklog, QueueRow
from store.transaction import Transaction

AT_ONCE = 32  # conversations of one channel that are written to at the same time
SOON, LATEST = 1_000, 3_600_000  # ms between two offers to a page that asks by itself


class Outlet(Protocol):
    """The sending half of a channel. `pulls`: the resident's side asks for what it has not got; then there is nothing to
    send and nothing to give up."""

    pulls: bool

    async def send(self, row: DueRow, now: int) -> Outcome: ...


def to_be_done(transaction: Transaction, now: int, looked_at: Collection[str]) -> list[LaneBacklog]:
    """What is due at a moment (ms) and what was given up, lane by lane. Messages of channels that are `looked_at` are left out:
    they wait for residents to come back, however long that is, and nobody is late with them."""
    owed = queue.owed(transaction, now)
    return [each for each in owed if not (each.kind == outbox.KIND and each.lane in looked_at)]


class Outbox:
    """`settle`, `left` and `taken` forget what a channel has. A page numbers what it has, so sending it something again does no
    harm: what pages have taken is forgotten in bundles, by `flush`."""

    def __init__(self, database: Database, live: Live) -> None:
        self._database = database
        self._live = live
        self._taken: dict[int, int] = {}

    def taken(self, conversation: int, seq: int) -> None:
        """A page has everything up to this message; forgotten with the next bundle."""
        self._taken[conversation] = max(seq, self._taken.get(conversation, 0))  # one of two pages may be behind
        self._live.delivered(conversation, seq)

    async def flush(self) -> None:
        """Forgets what pages have taken."""
        taken = dict(self._taken)
        if taken:
            await self._database.write(lambda t: [outbox.settle(t, *each) for each in taken.items()], quick=True)
        self._taken = {id: seq for id, seq in self._taken.items() if seq > taken.get(id, 0)}

    async def settle(self, conversation: int, seq: int) -> None:
        """The channel has taken everything up to this message."""
        await self._database.insist(lambda t: outbox.settle(t, conversation, seq), quick=True)
        self._live.delivered(conversation, seq)

    async def left(self, row: DueRow) -> None:
        """The channel has taken this; what was given up before it has still not arrived."""
        await self._database.insist(lambda t: outbox.left(t, row), quick=True)
        self._live.delivered(row.conversation, row.last_seq)

    async def put_off(self, conversation: int, seq: int, until: int) -> None:
        """What ends with this message has not left at once: the queue has it then (ms)."""

        def work(transaction: Transaction) -> None:
            if (row := outbox.ending(transaction, conversation, seq)) is not None:
                outbox.release(transaction, row, conversation, until)

        await self._database.write(work, quick=True)


class MessageSender:
    """What the queue does with a message: `outlets` are the channels that are open, `clock` is in seconds."""

    def __init__(
        self, database: Database, live: Live, outlets: Mapping[str, Outlet], clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._live = live
        self._outlets = outlets
        self._clock = clock

    async def send(self, row: QueueRow) -> Outcome:
        """Sends what a row stands for, or offers it to who asks by themselves."""
        now, what, id = int(self._clock() * 1000), outbox.span(row), outbox.conversation_of(row)
        talk = await self._database.read(lambda t: conversations.get(t, id))
        if talk is None:
            return Lost("no conversation")
        outlet = self._outlets.get(talk.channel)
        if outlet is None or outlet.pulls:
            self._live.wake(id)
            return Later(now + min(LATEST, max(SOON, now - talk.updated_at)))  # the longer they are away, the seldomer
        return await outlet.send(DueRow(row.id, id, talk.channel, talk.address, what.first, what.last), now)
