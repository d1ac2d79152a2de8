"""What was taken out of the database goes out of its files as well: on PostgreSQL each table is written anew, once a night,
by one of the processes. Whoever speaks meanwhile waits for some seconds; a table that takes longer stays as it is until
`daoxue scrub` is done in a quiet hour, and `daoxue doctor` says so.
"""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from store import settings
from store.database import Database
from store.engine import Rewritten
from store.rewriting import rewritable, rewrite
from store.transaction import Transaction

NIGHT = range(3, 6)  # the hours
NAME = "rewriting"  # of the setting
SILENT = timedelta(hours=1)  # after which whoever had the night upon itself is gone


class Rewriting(Struct, frozen=True):
    """The night in which it was begun last, and the tables that were too large for it. `until` is when another may take the
    night up (ms); 0 where it is done."""

    night: date
    too_large: frozenset[str] = frozenset()
    until: int = 0


class Nights:
    """`work` is the worker's round; a later one goes on with what was busy. `clock` is in seconds."""

    def __init__(self, database: Database, zone: ZoneInfo, clock: Callable[[], float]) -> None:
        self._database = database
        self._zone = zone
        self._clock = clock
        self._left: list[str] = []

    async def work(self) -> None:
        now = datetime.fromtimestamp(self._clock(), self._zone)
        if now.hour not in NIGHT:
            self._left = []
            return
        if not self._left:
            self._left = await self._begun(now)
        for table in list(self._left):
            if await self._is_done(table, now):
                self._left.remove(table)
            await self._still_at_it()

    async def _still_at_it(self) -> None:
        """A table may take its time, and nobody takes the night over meanwhile."""
        now = datetime.fromtimestamp(self._clock(), self._zone)
        until = _later(now) if self._left else 0
        await self._database.write(lambda t: note(t, replace(read(t), until=until), now))

    async def _begun(self, now: datetime) -> list[str]:
        """What this process writes anew: nothing where another has the night upon itself, or has done it."""
        tables = await asyncio.to_thread(rewritable, self._database.url)

        def work(transaction: Transaction) -> list[str]:
            transaction.alone(NAME)
            before = read(transaction)
            if before.night == now.date() and not 0 < before.until <= _ms(now):
                return []
            left = [table for table in tables if table not in before.too_large]
            note(transaction, replace(before, night=now.date(), until=_later(now) if left else 0), now)
            return left

        return await self._database.write(work)

    async def _is_done(self, table: str, now: datetime) -> bool:
        outcome = await asyncio.to_thread(rewrite, self._database.url, table)
        if outcome is Rewritten.TOO_LARGE:
            await self._database.write(lambda t: _note_large(t, table, now))
        return outcome is not Rewritten.BUSY


def read(transaction: Transaction) -> Rewriting:
    stored = settings.get(transaction, NAME)
    return msgspec.json.decode(stored, type=Rewriting) if stored else Rewriting(date.min)


def note(transaction: Transaction, kept: Rewriting, now: datetime) -> None:
    settings.put(transaction, NAME, msgspec.json.encode(kept), "system", _ms(now))


def _note_large(transaction: Transaction, table: str, now: datetime) -> None:
    before = read(transaction)
    note(transaction, replace(before, too_large=before.too_large | {table}), now)


def _later(now: datetime) -> int:
    return _ms(now + SILENT)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
