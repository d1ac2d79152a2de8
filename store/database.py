"""One way to the database for SQLite and PostgreSQL alike.

Writing is a function of a `Transaction`. As many as are waiting share one commit, and one commit is under way at a
time: with `synchronous=FULL` the disk's sync is most of it, and sharing it is what makes a durable turn cheap. A thread
runs them, so that nothing waits for the database but who wrote. Quick ones go to SQLite on the event loop itself, and
the thread waits for the disk alone: handing the interpreter to and fro at each statement costs more than they do. A
function that fails takes nobody with it: the batch is rolled back and each function runs again alone. It may therefore
run more than once and must do nothing but write.
"""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import cast

from sqlalchemy import bindparam, delete
from sqlalchemy.engine.interfaces import Dialect

from store.engine import Cursor, DatabaseLine, clean, engine, told
from store.jobs import Job, Jobs, T, Work, settle
from store.outages import DatabaseError, Outage, OutageError, Outages, ReplicaError
from store.readers import Readers, replica
from store.schema import setting
from store.transaction import Sealer, Statement, Transaction, Unsealed, adding

log = logging.getLogger(__name__)
RACES = 50  # lost in a row, before somebody is told
BATCH = 256  # functions in one commit at most: bounds how long the first of them waits
PATIENCE = 10.0  # seconds that another process may write before we give up,
HURRY = 1.0  # where we are about to end,
ASIDE = 2  # long reads and scrubbings at the same time
TO_END = 5.0  # seconds that the last writing may take
INSISTING = 20.0  # seconds in which what has happened elsewhere is written down,
AGAIN = 0.25  # tried again after so many


class ConflictError(Exception):
    """Another process wrote the same thing first. Nothing was changed: read again and decide again."""


def _probe(transaction: Transaction) -> None:
    """Writes something and takes it away again."""
    transaction.run(_PUT, name="probe", body=b"", by="", at=0)
    transaction.run(_TAKE_OUT, which="probe")


_PUT = Statement(adding(setting))
_TAKE_OUT = Statement(delete(setting).where(setting.c.name == bindparam("which")))


class Database:
    """`read` and `write` for the event loop, `now` for commands that have none.

    `url` is `sqlite:///path`, or `postgresql://…` as libpq understands it. `sealer` closes columns that are `Sealed`.
    """

    def __init__(self, url: str, sealer: Sealer | None = None, replica_url: str = "") -> None:
        self.url = url
        self._sealer = sealer or Unsealed()
        self._engine = engine(url)
        self._quick: deque[Job[object]] = deque()
        self._slow: deque[Job[object]] = deque()
        self._was_quick = False  # the last batch: they take turns
        self._working = False  # whether a batch is under way, or about to be put together
        self._due: asyncio.AbstractEventLoop | None = None  # the loop that is to put the next one together
        self._gate = threading.Lock()  # around these five: there may be more loops than one
        self._patience = PATIENCE
        self._outages = Outages()
        # What shares a commit, and whether it has run already and the commit alone is left.
        self._batches: queue.SimpleQueue[tuple[Jobs, bool] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._reading = ThreadPoolExecutor(self._engine.readers, "database-reader")
        self._long = ThreadPoolExecutor(ASIDE, "database-aside")
        with told(url):
            self._write_line = self._line_to_write()
            self._readers = self._opened_readers()
        self._replica = replica(replica_url, self, self._over) if replica_url else None

    @property
    def dialect(self) -> Dialect:
        return self._engine.dialect

    @property
    def waiting(self) -> int:
        """Writes that wait for those before them."""
        return len(self._quick) + len(self._slow)

    async def read(self, work: Work[T]) -> T:
        """What the function reads, seeing everything committed before the call. Raises `OutageError` where the database
        cannot be used, as all of these do."""
        if not self._engine.inline:
            return await asyncio.get_running_loop().run_in_executor(self._reading, self.look, work)
        try:
            return work(self._readers.first.transaction)
        except self._engine.errors as error:
            raise self._named(error) from error.__cause__

    def look(self, work: Work[T]) -> T:
        """`read` for code without an event loop."""
        with self._naming():
            return self._look(work)

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except self._engine.errors as error:
            raise self._named(error) from error.__cause__

    def _named(self, error: Exception) -> Exception:
        """The error, or what it says of the database itself."""
        outage = self._engine.outage(error)
        if outage is None:
            return error
        self._outages.note(outage, holds=True)
        return OutageError(outage)

    def _look(self, work: Work[T]) -> T:
        with self._readers.one() as reader:
            try:
                return work(reader.transaction)
            except self._engine.gone:  # the server went away; it may be back already
                reader.reopen()
                return work(reader.transaction)

    def _over(self, cursor: Cursor) -> Transaction:
        return Transaction(cursor, self._engine.dialect, self._sealer)

    async def page(self, work: Work[T]) -> T:
        """`read` of what somebody looks at, on the replica where there is one; it sees the same."""
        if self._replica is not None:
            with contextlib.suppress(ReplicaError):
                return await self._replica.read(work)
        return await self.read(work)

    async def aside(self, work: Work[T]) -> T:
        """A long read, on a connection and in a thread of its own: nobody waits for it but who comes third. On the replica
        where there is one."""

        def run() -> T:
            if self._replica is not None:
                with contextlib.suppress(ReplicaError):
                    return self._replica.look(work)
            with self._naming(), contextlib.closing(self._engine.connect()) as connection:
                return work(self._over(DatabaseLine(connection).cursor))

        return await asyncio.get_running_loop().run_in_executor(self._long, run)

    def look_at_replica(self) -> None:
        """Raises `ReplicaError` where there is one and pages are not read there at the moment."""
        if self._replica is not None:
            self._replica.look(lambda _: None)

    async def settle(self, work: Work[T]) -> T:
        """`write` for functions that decide anew each time: runs again when somebody else was faster."""
        for _ in range(RACES):
            try:
                return await self.write(work)
            except ConflictError:
                continue
        raise ConflictError

    async def write(self, work: Work[T], *, quick: bool = False, changes: int = 0) -> T:
        """What the function returns, after its changes are on disk. Raises what it raised, with nothing changed.
        `quick` is what takes well under a millisecond: the event loop may do it itself. `changes` is the conversation that
        it changes: processes that commit several together change them in the same order, and so never wait for each other
        in a circle."""
        loop = asyncio.get_running_loop()
        job = Job(work, loop, loop.create_future(), changes)
        with self._gate:
            (self._quick if quick and self._engine.inline else self._slow).append(cast(Job[object], job))
            idle = not self._working or (self._due is not None and self._due.is_closed())  # that one goes on no more
            self._working, self._due = True, loop if idle else self._due
        if idle:
            loop.call_soon(self._next)
        result: T = await job.future
        return result

    async def insist(self, work: Work[T], *, quick: bool = False) -> T:
        """`write` of what has happened elsewhere and cannot be undone, so that it would happen twice if it were not known:
        tried again for a while where the database cannot be used, or another process was first."""
        until = time.monotonic() + INSISTING
        while True:
            try:
                return await self.write(work, quick=quick)
            except (OutageError, ConflictError):
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(AGAIN)

    def now(self, work: Work[T]) -> T:
        """`write` for code without an event loop; not to be mixed with `write` on the same object."""
        with self._naming():
            self._begin(PATIENCE)
            cursor = self._write_line.cursor
            try:
                transaction = self._over(cursor)
                result = work(transaction)
                transaction.flush()
                cursor.execute("COMMIT", ())
            except Exception:
                self._roll_back(cursor)
                raise
            return result

    def hurry(self) -> None:
        """We are about to end: nobody waits for another process any more."""
        self._patience = HURRY

    async def outage(self) -> Outage | None:
        """What keeps us from using the database at this moment. Where something did, writing is tried again: nobody else
        may be about to."""
        self._outages.note(Outage.MOVED, holds=self._engine.is_moved())
        with contextlib.suppress(DatabaseError, *self._engine.errors):
            self._knock()
            if self._outages.first not in (None, Outage.MOVED, Outage.LOCKED):
                await self.write(_probe)
        return self._outages.first

    def _knock(self) -> None:
        """Meets another process that writes, where none of ours is about to."""
        with self._gate, self._naming():
            if not self._working and self._engine.inline and self._try_to_begin():
                self._roll_back(self._write_line.cursor)

    async def scrub(self) -> bool:
        """What was taken out before is in no file any more: SQLite's log is written back and emptied. PostgreSQL's tables
        are written anew at night (`store.rewriting`)."""
        return await asyncio.get_running_loop().run_in_executor(self._long, clean, self._engine, self._engine.scrubbing)

    async def empty_log(self) -> bool:
        """The same of what was written over; whether nobody read there meanwhile, or it is to be done again."""
        return await asyncio.get_running_loop().run_in_executor(self._long, clean, self._engine, self._engine.emptying)

    def close(self) -> None:
        """Finishes what was handed over, then lets go of the database."""
        if self._writer is not None:
            self._batches.put(None)
            self._writer.join(TO_END + self._patience)
            if self._writer.is_alive():
                log.error("the last writing does not end: left behind")
                return
        with self._gate:
            left, self._working = [*self._quick, *self._slow], True
            self._quick.clear()
            self._slow.clear()
        if left:
            self._commit(left)
            self._settle(left)
        for each in (self._reading, self._long):
            each.shutdown(wait=False)
        self._readers.close()
        if self._replica is not None:
            self._replica.close()
        self._write_line.connection.close()

    def _next(self) -> None:
        """Puts the next batch together, on the event loop of whoever waits."""
        with self._gate:
            self._due = None
            waiting = self._slow if self._slow and (self._was_quick or not self._quick) else self._quick
            jobs = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
            self._was_quick = quick = waiting is self._quick
        if not jobs:
            return  # closed meanwhile
        if self._writer is None:
            self._writer = threading.Thread(target=self._serve, name="database-writer", daemon=True)
            self._writer.start()
        self._batches.put((jobs, quick and self._run(jobs)))

    def _run(self, jobs: Jobs) -> bool:
        """Does all but the commit; False, and nothing done, where that does not go at once."""
        try:
            self._begin(0)
            self._work(jobs)
        except Exception:  # noqa: BLE001 - whose it was, the thread finds out
            self._roll_back(self._write_line.cursor)
            return False
        return True

    def _begin(self, patience: float) -> None:
        """Begins a transaction; waits for another process that writes, until it has done so for so many seconds: whoever
        comes after that is told at once. Raises `OutageError`."""
        while not self._try_to_begin():
            if self._outages.lasted(Outage.LOCKED) >= min(patience, self._patience):
                raise OutageError(Outage.LOCKED)
            time.sleep(0.005)

    def _try_to_begin(self) -> bool:
        """False where another process writes."""
        try:
            self._write_line.cursor.execute(self._engine.begin, ())
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            self._outages.note(Outage.LOCKED, holds=True)
            return False
        self._outages.note(Outage.LOCKED, holds=False)
        return True

    def _work(self, jobs: Jobs) -> None:
        transaction = self._over(self._write_line.cursor)
        for job in sorted(jobs, key=lambda job: job.changes):
            job.result = job.work(transaction)
        transaction.flush()

    def _serve(self) -> None:
        while (batch := self._batches.get()) is not None:
            self._see_through(*batch)

    def _see_through(self, jobs: Jobs, has_run: bool) -> None:
        if not (has_run and self._finish()):
            self._commit(jobs)
        self._settle(jobs)
        self._go_on()

    def _go_on(self) -> None:
        """Has the next batch put together by a loop that waits for it."""
        with self._gate:
            loop = next((job.loop for job in chain(self._quick, self._slow) if not job.loop.is_closed()), None)
            self._working, self._due = loop is not None, loop
            if loop is not None:
                with contextlib.suppress(RuntimeError):  # it has ended at this very moment
                    loop.call_soon_threadsafe(self._next)

    def _settle(self, jobs: Jobs) -> None:
        for loop in {job.loop for job in jobs}:
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, [job for job in jobs if job.loop is loop])

    def _finish(self) -> bool:
        """Commits what has run; False, and nothing done, where that fails."""
        try:
            self._write_line.cursor.execute("COMMIT", ())
        except sqlite3.Error:
            self._roll_back(self._write_line.cursor)
            return False
        self._outages.over()
        return True

    def _commit(self, jobs: Jobs, *, again: bool = False) -> None:
        try:
            self._begin(PATIENCE)
            self._work(jobs)
            self._write_line.cursor.execute("COMMIT", ())
            self._outages.over()
        except Exception as error:  # noqa: BLE001 - whatever a function raises belongs to its caller
            reconnected = self._roll_back(self._write_line.cursor)
            if isinstance(error, OutageError):
                for job in jobs:
                    job.error = OutageError(error.outage)
            elif len(jobs) > 1:
                for job in jobs:
                    self._commit([job])
            elif reconnected and not again:
                # Whether the lost commit was made or not: functions find out for themselves what is there already.
                self._commit(jobs, again=True)
            else:
                jobs[0].error = ConflictError() if isinstance(error, self._engine.conflicts) else self._named(error)

    def _opened_readers(self) -> Readers:
        with contextlib.ExitStack() as undo:
            undo.callback(self._write_line.connection.close)
            readers = Readers(self._engine, self._over)
            undo.pop_all()
        return readers

    def _line_to_write(self) -> DatabaseLine:
        """Another process that writes is waited for in `_begin`, which may be in a hurry."""
        line = DatabaseLine(self._engine.connect())
        for statement in self._engine.hurrying:
            line.cursor.execute(statement, ())
        return line

    def _roll_back(self, cursor: Cursor) -> bool:
        """Ends the transaction; whether that took a new connection."""
        try:
            cursor.execute("ROLLBACK", ())
        except sqlite3.OperationalError:
            return False  # BEGIN itself had failed: there is nothing to roll back
        except self._engine.gone:
            self._write_line.connection.close()
            try:
                self._write_line = self._line_to_write()
            except self._engine.gone:
                return False  # the server is away: the callers hear it, and the next commit tries again
            return True
        return False
