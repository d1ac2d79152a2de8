"""Months of the tables that grow for ever, on PostgreSQL: made before they are needed, and taken into the archive (`store.past`)
when they are old.

A month is a partition by `at`. What is outside of all months, because a clock was wrong, lies in one for the rest. Every one
has the table's key for itself: that of a message holds because a turn changes its conversation's version, and a number of an
event is given once in a whole database. Nobody waits for us: what cannot be had within a second is tried again.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table

from store.engine import Cursor, connected
from store.past import ARCHIVE, MONTHLY

AT = 2  # o'clock
AHEAD = 2  # months that are made before they are needed
RECALLED = 10_000  # events, the newest, that pages and receivers may ask for by their number: they stay
_ONE_AT_A_TIME = 7_310_465  # the advisory lock's key; any number that nothing else on the server uses
_LOCKED = "SET LOCAL lock_timeout = '1s'"
_NOW = "SELECT (extract(epoch FROM now()) * 1000)::bigint"  # one clock for all processes
_PARTS = (
    "SELECT child.relname, pg_get_expr(child.relpartbound, child.oid) FROM pg_inherits"
    " JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = to_regclass(%s)"
)
_ALL_PARTS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent IN (to_regclass(%s), to_regclass(%s))"
_WITHOUT_EXAMPLES = (
    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND attstattarget = 0"
    " AND NOT attisdropped"
)
_UPPER = re.compile(r"TO \('(-?\d+)'\)")
_STAYING = (
    "SELECT least((SELECT min(seen) FROM webhook), (SELECT max(id) FROM ticket_event) - %s)"
    " < (SELECT max(id) FROM {name})"
)


class Months:
    """`work` is the worker's round: once a day, at night. `after` so many months what is old goes into the past; `clock` is
    in seconds."""

    def __init__(self, url: str, after: int, zone: ZoneInfo, clock: Callable[[], float]) -> None:
        self._url = url
        self._after = after
        self._zone = zone
        self._clock = clock
        self._done: date | None = None

    async def work(self) -> None:
        now = datetime.fromtimestamp(self._clock(), self._zone)
        if now.hour >= AT and self._done != now.date():
            await asyncio.to_thread(keep, self._url, self._after)
            self._done = now.date()


@dataclass(frozen=True, slots=True)
class Month:
    """A partition; its rows are before `end` (ms)."""

    name: str
    bounds: str  # as PostgreSQL says them
    end: int


def month_after(at: int, months: int = 1) -> int:
    """The beginning of the month so many after that of a time (ms, UTC); below nought: before it."""
    day = datetime.fromtimestamp(at / 1000, UTC)
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return int(datetime(years, month + 1, 1, tzinfo=UTC).timestamp() * 1000)


def keep(url: str, after: int) -> list[str]:
    """Makes the coming months, and takes into the past what is older than `after` months; the names of what it took. Raises
    `DatabaseError`, and the driver's error where somebody held a table for too long."""
    with connected(url) as cursor:
        if not _one(cursor, f"SELECT pg_try_advisory_lock({_ONE_AT_A_TIME})"):
            return []  # another process is at it; the lock goes with the connection
        return keep_at(cursor, cast(int, _one(cursor, _NOW)), after)


def keep_at(cursor: Cursor, now: int, after: int) -> list[str]:
    """The same at a moment (ms)."""
    taken = []
    for table in MONTHLY:
        _make_coming(cursor, table, now)
        for month in months(cursor, table.name):
            if month.end <= month_after(now, -after) and _may_go(cursor, table, month):
                _take(cursor, table, month)
                taken.append(month.name)
        _drop_empty(cursor, table)
    return taken


def months(cursor: Cursor, table: str) -> list[Month]:
    """The partitions of a table with an end, the oldest first."""
    cursor.execute(_PARTS, (table,))
    parts = cast("list[tuple[str, str]]", cursor.fetchall())
    found = [Month(name, bounds, int(upper[1])) for name, bounds in parts if (upper := _UPPER.search(bounds))]
    return sorted(found, key=lambda each: each.end)


def parts(cursor: Cursor, table: str) -> list[str]:
    """All the parts of a table, those in the archive as well; none where it is not divided."""
    cursor.execute(_ALL_PARTS, (table, ARCHIVE + table))
    return sorted(row[0] for row in cast("list[tuple[str]]", cursor.fetchall()))


def _make_coming(cursor: Cursor, table: Table, now: int) -> None:
    first = max((month.end for month in months(cursor, table.name)), default=month_after(now, 0))
    while first < month_after(now, AHEAD + 1):
        end = month_after(first)
        cursor.execute(_WITHOUT_EXAMPLES, (table.name,))
        unexampled = [str(row[0]) for row in cast("list[tuple[str]]", cursor.fetchall())]
        with _together(cursor):
            for statement in _making(table, first, end, unexampled):
                cursor.execute(statement, ())
        first = end


def _making(table: Table, first: int, end: int, unexampled: Sequence[str]) -> list[str]:
    """What makes a month of a table from `first` to before `end` (ms), with what lay in the rest of it. It is made beside the
    table and then attached: so nobody waits for it. Of `unexampled` columns the statistics keep no examples."""
    name = f"{table.name}_{datetime.fromtimestamp(first / 1000, UTC):%Y_%m}"
    key = ", ".join(column.name for column in table.primary_key)
    within = f"at >= {first} AND at < {end}"
    return [
        f"CREATE TABLE {name} (LIKE {table.name} INCLUDING DEFAULTS, PRIMARY KEY ({key}),"
        f" CONSTRAINT {name}_within CHECK ({within}))",
        *(f"ALTER TABLE {name} ALTER COLUMN {each} SET STATISTICS 0" for each in unexampled),
        f"WITH moved AS (DELETE FROM {table.name}_rest WHERE {within} RETURNING *) INSERT INTO {name} SELECT * FROM moved",
        f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({end})",
        f"ANALYZE {table.name}",  # which nobody does by itself for a table that is divided
    ]


def _may_go(cursor: Cursor, table: Table, month: Month) -> bool:
    """Not what somebody may still ask for by its number."""
    return table.name != "ticket_event" or not _one(cursor, _STAYING.format(name=month.name), RECALLED)


def _take(cursor: Cursor, table: Table, month: Month) -> None:
    """At once for all: whoever reads it finds it in the one place or in the other. The month's own check saves looking
    through it again."""
    with _together(cursor):
        cursor.execute(f"ALTER TABLE {table.name} DETACH PARTITION {month.name}", ())
        cursor.execute(f"ALTER TABLE {ARCHIVE}{table.name} ATTACH PARTITION {month.name} {month.bounds}", ())


def _drop_empty(cursor: Cursor, table: Table) -> None:
    """Old months of which nothing is left."""
    for month in months(cursor, ARCHIVE + table.name):
        if _one(cursor, f"SELECT NOT EXISTS (SELECT FROM {month.name})"):
            with _together(cursor):
                cursor.execute(f"DROP TABLE {month.name}", ())


@contextlib.contextmanager
def _together(cursor: Cursor) -> Iterator[None]:
    """All of it or nothing."""
    cursor.execute("BEGIN", ())
    end = "ROLLBACK"
    try:
        cursor.execute(_LOCKED, ())
        yield
        end = "COMMIT"
    finally:
        cursor.execute(end, ())


def _one(cursor: Cursor, question: str, *values: int) -> object:
    cursor.execute(question, values)
    return cast("tuple[object]", cursor.fetchone())[0]
