"""Works what leaves or is due: the one worker of `store/queue.py`.

A lane, a channel or a receiver, is bounded by itself, so one that hangs delays no other; of a lane what was tried least
leaves first, so what is tried again comes in behind what is fresh. A row is leased with the time of its lease: when the
process dies, or the work ends in an error, the lease ends and any process takes the row up.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from store import queue
from store.database import Database
from store.queue import QueueRow, QueueState
from store.transaction import Transaction

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 1_000, 3_600_000  # ms
WITHIN = 0.9  # of a lease, in which the work has to end
TO_END = 5.0  # seconds that what is under way has when the process stops


@dataclass(frozen=True, slots=True)
class Done:
    """It has left."""

    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """Not before then (ms); nothing was tried."""

    at: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Tried, and to be tried again; `outcome` says in a word why."""

    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """It cannot be done any more: for people to see."""

    outcome: str = ""


Outcome = Done | Later | Failed | Lost
Work = Callable[[QueueRow], Awaitable[Outcome]]
Follow = Callable[[Database, QueueRow, Work], Awaitable[Outcome]]


async def unfollowed(database: Database, row: QueueRow, work: Work) -> Outcome:
    """For those who do not watch rows being worked."""
    return await work(row)


@dataclass(frozen=True, slots=True)
class Kind:
    """How rows of a kind are worked. `work` may run twice for a row, and is told so by nothing but its key."""

    work: Work
    at_once: int = 8  # of one lane
    patience: int = 10  # attempts before a row is given up
    lease: int = 30_000  # ms; the work is broken off before it ends
    keeps: bool = False  # what is done stays for a while, to be seen


def wait(attempts: int) -> int:
    """Milliseconds until what has failed so often is tried again."""
    return min(LONGEST_WAIT, FIRST_WAIT << min(attempts - 1, 12))


class Queue:
    """`ring` is called when something was given up. `room` is set when a lane that was full has room again: to be looked at
    at once. `clock` is in seconds; `follow` has each row worked, and may watch it."""

    def __init__(
        self, database: Database, kinds: Mapping[str, Kind], ring: Callable[[], None],
        clock: Callable[[], float], follow: Follow = unfollowed,
    ) -> None:  # fmt: skip
        self._database = database
        self._kinds = kinds
        self._ring = ring
        self._clock = clock
        self._follow = follow
        self._most = 1 + max(kind.at_once for kind in kinds.values())
        self._at_work: Counter[str] = Counter()  # rows, by lane
        self._full: set[str] = set()  # lanes with more to do than they had room for
        self._tasks: set[asyncio.Task[None]] = set()
        self.room = asyncio.Event()

    def _now(self) -> int:
        return int(self._clock() * 1000)

    async def work(self) -> int:
        """Takes up what is due and sees it through; the number of rows that this process took."""
        begun = await self.begin()
        await asyncio.gather(*begun, return_exceptions=True)
        return len(begun)

    async def begin(self) -> "list[asyncio.Task[None]]":
        """Takes up what is due, as much as each lane has room for."""
        now = self._now()
        if not await self._database.read(lambda t: queue.lanes(t, now)):
            self._full = set()
            return []
        at_work = Counter(self._at_work)  # as it is here: the database's thread must not look at ours
        leased, self._full = await self._database.write(lambda t: self._lease(t, now, at_work), quick=True)
        begun = []
        for row in leased:
            task = asyncio.create_task(self._see_through(row, self._kinds[row.kind]))
            task.add_done_callback(partial(self._ended, row.lane))
            self._at_work[row.lane] += 1
            self._tasks.add(task)
            begun.append(task)
        return begun

    async def stop(self) -> None:
        """Lets what is under way end. What takes too long is broken off, and taken up again when its lease ends."""
        if not self._tasks:
            return
        _, left = await asyncio.wait(self._tasks, timeout=TO_END)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _lease(self, transaction: Transaction, now: int, before: Mapping[str, int]) -> tuple[list[QueueRow], set[str]]:
        """Takes what there is room for beside what is at work; and which lanes have more to do."""
        at_work, leased, full = Counter(before), [], set()
        for row in queue.due(transaction, now, self._most):
            kind = self._kinds.get(row.kind)
            if kind is None:
                continue
            if at_work[row.lane] >= kind.at_once:
                full.add(row.lane)
                continue
            until = self._now() + kind.lease  # from when it is written: that may have had to wait
            if queue.lease(transaction, row, until):
                at_work[row.lane] += 1
                leased.append(replace(row, leased_until=until, attempts=row.attempts + 1))
        return leased, full

    def _ended(self, lane: str, task: "asyncio.Task[None]") -> None:
        if lane in self._full:
            self.room.set()
        self._at_work[lane] -= 1
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("queue", exc_info=error)  # its lease ends, and it is taken up again

    async def _see_through(self, row: QueueRow, kind: Kind) -> None:
        # What nobody has come to an end with, however often it was taken up, would kill the next process too.
        outcome = Lost(row.outcome) if row.attempts > kind.patience else await self._worked(row, kind)
        left = after(row, kind, outcome, self._now())
        if left is None:
            await self._database.insist(lambda t: queue.remove(t, row), quick=True)
            return
        await self._database.insist(lambda t: queue.put_back(t, left), quick=True)
        if left.state == QueueState.GIVEN_UP:
            log.error("given up", extra={"error": f"{row.kind}: {left.outcome}"})
            self._ring()

    async def _worked(self, row: QueueRow, kind: Kind) -> Outcome:
        try:
            async with asyncio.timeout(WITHIN * kind.lease / 1000):
                return await self._follow(self._database, row, kind.work)
        except TimeoutError:
            return Failed("too slow")


def after(row: QueueRow, kind: Kind, outcome: Outcome, at: int) -> QueueRow | None:
    """What an outcome at that time makes of a row; None where it goes."""
    match outcome:
        case Done(what):
            return replace(row, state=QueueState.DONE, due_at=at, outcome=what) if kind.keeps else None
        case Later(then):
            return replace(row, due_at=then, attempts=row.attempts - 1)
        case Failed(what) if row.attempts < kind.patience:
            return replace(row, due_at=at + wait(row.attempts), outcome=what)
        case Failed(what) | Lost(what):
            return replace(row, state=QueueState.GIVEN_UP, due_at=at, outcome=what)
