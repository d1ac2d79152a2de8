"""PostgreSQL, for several processes."""

from collections.abc import Sequence
from typing import cast

import psycopg
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect

from store.engine import Engine, Row


class Postgres:
    dialect: Dialect = cast(Dialect, postgresql.dialect(paramstyle="format"))  # type: ignore[no-untyped-call]
    begin = "BEGIN"
    hurrying: Sequence[str] = ()
    inline = False
    scrubbing: Sequence[str] = ("VACUUM",)
    errors: type[Exception] = psycopg.Error
    conflicts: tuple[type[Exception], ...] = (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected)
    gone: tuple[type[Exception], ...] = (psycopg.OperationalError,)

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self) -> psycopg.Connection[Row]:
        return psycopg.connect(self._url, autocommit=True, application_name="daoxue")


def open(url: str) -> Engine:
    """`postgresql://…`, as libpq understands it."""
    return Postgres(url)
