"""What was taken out of the database goes out of its files as well: on PostgreSQL each table is written anew, once a night,
by one of the processes. Whoever speaks meanwhile waits for some seconds; a table that takes longer stays as it is until
`daoxue scrub` is done in a quiet hour, and `daoxue doctor` says so.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from store import settings
from store.database import Database
from store.engine import Rewritten
from store.rewriting import rewritable, rewrite
from store.transaction import Transaction

NIGHT = range(3, 6)  # the hours
NAME = "rewriting"  # of the setting


class Rewriting(Struct, frozen=True):
    """The night in which it was begun last, and the tables that were too large for it."""

    night: date
    too_large: frozenset[str] = frozenset()


class Nights:
    """`work` is the worker's round; a later one goes on with what was busy. `clock` is in seconds."""

    def __init__(self, database: Database, zone: ZoneInfo, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._zone = zone
        self._clock = clock
        self._night: date | None = None
        self._left: list[str] = []

    async def work(self) -> None:
        now = datetime.fromtimestamp(self._clock(), self._zone)
        if now.hour not in NIGHT:
            return
        if self._night != now.date():
            tables = await asyncio.to_thread(rewritable, self._database.url)
            self._left = await self._database.write(lambda t: _begun(t, tables, now)) if tables else []
            self._night = now.date()
        self._left = [table for table in self._left if not await self._is_done(table, now)]

    async def _is_done(self, table: str, now: datetime) -> bool:
        outcome = await asyncio.to_thread(rewrite, self._database.url, table)
        if outcome is Rewritten.TOO_LARGE:
            await self._database.write(lambda t: note(t, now, read(t).too_large | {table}))
        return outcome is not Rewritten.BUSY


def _begun(transaction: Transaction, tables: Collection[str], now: datetime) -> list[str]:
    """What this process writes anew: nothing where another has taken the night upon itself."""
    transaction.alone(NAME)
    before = read(transaction)
    if before.night == now.date():
        return []
    note(transaction, now, before.too_large)
    return [table for table in tables if table not in before.too_large]


def read(transaction: Transaction) -> Rewriting:
    stored = settings.get(transaction, NAME)
    return msgspec.json.decode(stored, type=Rewriting) if stored else Rewriting(date.min)


def note(transaction: Transaction, now: datetime, too_large: Collection[str]) -> None:
    kept = Rewriting(now.date(), frozenset(too_large))
    settings.put(transaction, NAME, msgspec.json.encode(kept), "system", int(now.timestamp() * 1000))
