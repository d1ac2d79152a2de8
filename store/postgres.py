"""PostgreSQL, for several processes."""

from collections.abc import Sequence
from typing import cast

import psycopg
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect

from store.engine import Engine, Row
from store.outages import Outage

_OUTAGES = {"53100": Outage.FULL, "25006": Outage.READ_ONLY, "XX001": Outage.DAMAGED, "XX002": Outage.DAMAGED}
_AWAY = ("08", "57P", "28", "3D", "53300")  # how the states of a connection that there is none any more begin


class Postgres:
    dialect: Dialect = cast(Dialect, postgresql.dialect(paramstyle="format"))  # type: ignore[no-untyped-call]
    begin = "BEGIN"
    hurrying: Sequence[str] = ()
    inline = False
    readers = 4  # more would wait for the processor, not for the server; `store.room` reckons with them
    scrubbing: Sequence[str] = ("VACUUM",)
    errors: tuple[type[Exception], ...] = (psycopg.Error,)
    conflicts: tuple[type[Exception], ...] = (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected)
    gone: tuple[type[Exception], ...] = (psycopg.OperationalError,)

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self) -> psycopg.Connection[Row]:
        return psycopg.connect(self._url, autocommit=True, application_name="daoxue")

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
