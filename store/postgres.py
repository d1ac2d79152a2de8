"""PostgreSQL, for several processes."""

from collections.abc import Mapping, Sequence
from typing import cast

import psycopg
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect

from store import beside
from store.engine import Engine, Rewritten, Row
from store.outages import Outage
from store.personal import losing
from store.schema import metadata

_OUTAGES = {"53100": Outage.FULL, "25006": Outage.READ_ONLY, "XX001": Outage.DAMAGED, "XX002": Outage.DAMAGED}
_AWAY = ("08", "57P", "28", "3D", "53300")  # how the states of a connection that there is none any more begin

BEHIND, AT_MOST = 2_000, 8_000  # ms that a table is waited for, and that it is kept: Twilio waits 15 s for an answer
_FOUND_BY = "ix_passage_words"
# VACUUM frees a row and leaves its bytes, and GIN keeps every word that it ever had. That index takes long to make: it is
# made while others write. What ANALYZE took for examples is in the statistics: of words it takes none (migration 23), and
# whoever owns the database clears away what it took before.
_REWRITING = {
    **{str(table.name): (f'VACUUM (FULL) "{table.name}"',) for table in losing(metadata)},
    "passage_words": (f"DROP INDEX IF EXISTS {_FOUND_BY}", "VACUUM (FULL) passage_words"),
    _FOUND_BY: (
        "SET lock_timeout = 0",
        "SET statement_timeout = 0",
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {_FOUND_BY} ON passage_words USING gin (words)",
    ),
    "pg_statistic": ("VACUUM (FULL) pg_statistic",),
}


class Postgres:
    dialect: Dialect = cast(Dialect, postgresql.dialect(paramstyle="format"))  # type: ignore[no-untyped-call]
    begin = "BEGIN"
    hurrying: Sequence[str] = ()
    inline = False
    readers = 4  # more would wait for the processor, not for the server; `store.room` reckons with them
    # Nothing would be gone: what is freed stays in its page until something else is written there.
    scrubbing: Sequence[str] = ()
    emptying: Sequence[str] = ()
    rewriting: Mapping[str, Sequence[str]] = _REWRITING
    bounding: Sequence[str] = (f"SET lock_timeout = {BEHIND}", f"SET statement_timeout = {AT_MOST}")
    hindrances: Mapping[type[Exception], Rewritten] = {
        psycopg.errors.LockNotAvailable: Rewritten.BUSY, psycopg.errors.QueryCanceled: Rewritten.TOO_LARGE,
    }  # fmt: skip
    whole: Sequence[str] = ()
    errors: tuple[type[Exception], ...] = (psycopg.Error,)
    conflicts: tuple[type[Exception], ...] = (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected)
    gone: tuple[type[Exception], ...] = (psycopg.OperationalError,)

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self) -> psycopg.Connection[Row]:
        return psycopg.connect(self._url, autocommit=True, application_name=beside.name())

    def outage(self, error: Exception) -> Outage | None:
        state = getattr(error, "sqlstate", None)
        if isinstance(error, psycopg.OperationalError) and (state is None or state.startswith(_AWAY)):
            return Outage.LOST
        return _OUTAGES.get(state or "")

    def is_moved(self) -> bool:
        return False


def open(url: str) -> Engine:
    """`postgresql://…`, as libpq understands it."""
    return Postgres(url)
