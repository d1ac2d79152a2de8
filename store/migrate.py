"""Brings a database to the present schema."""

import contextlib
import importlib
import time
from collections.abc import Iterator

from sqlalchemy import Connection, create_engine, delete, insert, inspect, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from store.engine import told
from store.outages import DatabaseError
from store.schema import setting

HEAD = "0029"  # the newest of `store/migrations`; a test holds the two together
BESIDE = "0029"  # the oldest schema whose programs go on with a database while it is brought up to ours, and after that
_OLDEST = "oldest_program"  # the setting that says so to programs that are older than the database

TRIES, BETWEEN = 60, 1  # times that a server's tables are asked for, and seconds that they are waited for
NOT_AVAILABLE = "55P03"  # a lock, within that time


def alembic_url(url: str) -> str:
    """The URL as SQLAlchemy wants it: with the driver's name."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def upgrade(url: str, revision: str = "head") -> None:
    """Applies the migrations that the database lacks, up to one. Applied once, applying again does nothing. Raises
    `DatabaseError`."""
    with told(url):
        for left in reversed(range(TRIES)):
            try:
                return _apply(url, revision)
            except OperationalError as error:
                if not left or getattr(error.orig, "sqlstate", None) != NOT_AVAILABLE:
                    raise
            time.sleep(BETWEEN)  # who has waited behind us goes on meanwhile


def _apply(url: str, revision: str) -> None:
    with create_engine(alembic_url(url), poolclass=NullPool).begin() as connection:
        if connection.dialect.name == "postgresql":  # while we wait for a table, nobody else gets it either
            connection.execute(text(f"SET LOCAL lock_timeout = '{BETWEEN}s'"))
        upgrade_on(connection, revision)


def upgrade_on(connection: Connection, revision: str) -> None:
    """The same in a transaction that somebody else begins and ends."""
    # Alembic is loaded where it has something to do: it would be a tenth of every start.
    importlib.import_module("store.migrating").upgrade(connection, revision)
    if revision == "head":
        connection.execute(delete(setting).where(setting.c.name == _OLDEST))
        connection.execute(insert(setting).values(name=_OLDEST, body=BESIDE.encode(), by="system", at=0))


def is_current(url: str) -> bool:
    """Whether the database has every migration that we know of; and more, where whoever made them says that programs of our
    age go on. Raises `DatabaseError` where we may not, or where it cannot be read."""
    with _connected(url) as connection:
        version = _newest(connection)
        if version is not None and version > HEAD and not _may_go_on(connection):
            check_known(version)
        return version is not None and version >= HEAD


def _may_go_on(connection: Connection) -> bool:
    oldest: bytes | None = connection.execute(select(setting.c.body).where(setting.c.name == _OLDEST)).scalar()
    return oldest is not None and oldest.decode() <= HEAD


def revision_at(url: str) -> str | None:
    """`revision_of` a database at an address. Raises `DatabaseError` also where it cannot be read."""
    with _connected(url) as connection:
        return revision_of(connection)


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Connection]:
    with told(url), create_engine(alembic_url(url), poolclass=NullPool).connect() as connection:
        yield connection


def revision_of(connection: Connection) -> str | None:
    """The newest migration that a database has; None where it has none. Raises `DatabaseError` for one that we do not know:
    they are numbered."""
    version = _newest(connection)
    if version is not None:
        check_known(version)
    return version


def _newest(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def check_known(version: str) -> None:
    """Raises `DatabaseError` for a migration that is newer than ours."""
    if version > HEAD:
        raise DatabaseError(
            f"数据库比程序新（{version}，这个版本只认到 {HEAD}）：请升级程序，或恢复升级前的备份 · the database is newer than"
            " the program: upgrade it, or restore a backup from before"
        )
