"""Reads of pages on a streaming replica of PostgreSQL. They see all that was committed before they were asked for, whoever wrote
it in whatever process: the primary is asked how far its log is written, and the replica is read once it has come as far. Where
it does not within `PATIENCE`, cannot be reached or answers too slowly, the primary is read, and the replica left alone for a
while."""

import asyncio
import contextlib
import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, cast

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import text

from store.engine import Cursor
from store.jobs import T, Work
from store.outages import ReplicaError
from store.postgres import Postgres
from store.readers import Primary, ReadingLine
from store.transaction import Statement, Transaction

AT_ONCE = 4  # reads
PATIENCE = 0.2  # seconds in which it catches up, or the primary is read
LOOKED = 0.005  # seconds between two looks at how far it is
AGAIN = 5.0  # seconds for which one that was of no use is left alone
WITHIN = 3.0  # seconds that a page's read may take there; the primary is read then
# What a URL says of itself wins. A machine that is gone is noticed before `WITHIN`.
_CONNECTING = {"connect_timeout": "2", "tcp_user_timeout": "2000"}
_WRITTEN = Statement(
    text("SELECT CAST(pg_current_wal_flush_lsn() AS text), CAST(system_identifier AS text) FROM pg_control_system()")
)
_STANDING = Statement(
    text(
        "SELECT CAST(system_identifier AS text) = :system AND pg_is_in_recovery(),"
        " pg_last_wal_replay_lsn() >= CAST(:lsn AS pg_lsn) FROM pg_control_system()"
    )
)


class ReplicaAwayError(ReplicaError):
    def __init__(self) -> None:
        super().__init__("副本连不上，或者不答 · it cannot be reached, or does not answer")


class ReplicaBehindError(ReplicaError):
    def __init__(self) -> None:
        super().__init__("副本落在主库后面 · it has not read as far as the primary has written")


class NotAReplicaError(ReplicaError):
    def __init__(self) -> None:
        super().__init__("那里的库不是这个库的副本 · the server there is no replica of this one")


class Position(NamedTuple):
    """How far the log of a server is written."""

    lsn: str
    system: str  # PostgreSQL's name for it and its replicas


def written(transaction: Transaction) -> Position:
    """Of the primary: behind all that is committed by now."""
    return Position(*cast(tuple[str, str], transaction.one(_WRITTEN)))


class Replica:
    """Connections to it, opened when they are needed. `over` makes a transaction of a cursor."""

    def __init__(self, url: str, primary: Primary, over: Callable[[Cursor], Transaction]) -> None:
        self._engine = Postgres(make_conninfo(**(_CONNECTING | conninfo_to_dict(url))))  # type: ignore[arg-type]
        self._primary = primary
        self._over = over
        self._threads = ThreadPoolExecutor(AT_ONCE, "database-replica")
        self._free: queue.LifoQueue[ReadingLine | None] = queue.LifoQueue()
        for _ in range(AT_ONCE):
            self._free.put(None)
        self._closed = False
        self._again = 0.0  # when it may be of use again
        self._why: ReplicaError = ReplicaAwayError()

    async def read(self, work: Work[T]) -> T:
        """`look` from the event loop, within `WITHIN`."""
        try:
            async with asyncio.timeout(WITHIN):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self.look, work)
        except TimeoutError as error:
            raise self._left_alone(ReplicaAwayError()) from error

    def look(self, work: Work[T]) -> T:
        """What a function reads there. Raises `ReplicaError`, where the primary has to be read."""
        if time.monotonic() < self._again:
            raise self._why
        place = self._primary.look(written)
        try:
            with self._line() as line:
                self._catch_up(line.transaction, place)
                return work(line.transaction)
        except ReplicaError as error:
            raise self._left_alone(error) from error.__cause__
        except self._engine.errors as error:
            raise self._left_alone(ReplicaAwayError()) from error

    def _left_alone(self, why: ReplicaError) -> ReplicaError:
        self._why, self._again = why, time.monotonic() + AGAIN
        return why

    @contextlib.contextmanager
    def _line(self) -> Iterator[ReadingLine]:
        """One that is free; where all are in use for long, it does not answer."""
        try:
            line = self._free.get(timeout=PATIENCE)
        except queue.Empty as error:
            raise ReplicaAwayError from error
        kept = False
        try:
            line = line or ReadingLine(self._engine.connect, self._over)
            yield line
            kept = True
        finally:
            if line is not None and (self._closed or not kept):
                line.close()
            self._free.put(line if kept else None)

    def _catch_up(self, transaction: Transaction, place: Position) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            is_ours, is_there = cast(
                tuple[bool, bool], transaction.one(_STANDING, lsn=place.lsn, system=place.system) or (False, False)
            )
            if not is_ours:
                raise NotAReplicaError
            if is_there:
                return
            if time.monotonic() > until:
                raise ReplicaBehindError
            time.sleep(LOOKED)

    def close(self) -> None:
        """Those that nobody uses, and the others when they are put back."""
        self._closed = True
        self._threads.shutdown(wait=False)
        with contextlib.suppress(queue.Empty):
            while True:
                if (line := self._free.get_nowait()) is not None:
                    line.close()
