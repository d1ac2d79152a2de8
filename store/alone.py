"""Who has a database to itself: a service beside another, and what must not run beside a service."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from store import beside, lease
from store.engine import Cursor, connected, told
from store.outages import DatabaseError

SERVING, PREPARING = 7_310_462, 7_310_463  # the advisory locks' keys, on a PostgreSQL server
# A lock ends with its connection, which the server may have cut: who is still there counts as well.
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND starts_with(application_name, %s)"
)


@contextlib.contextmanager
def serving(url: str) -> Iterator[None]:
    """An embedded database serves one process: its answers leave from the process that wrote them. PostgreSQL serves
    several, and none while somebody has it `to_ourselves`. Raises `DatabaseError`."""
    if not url.startswith("sqlite:///"):
        with connected(url) as cursor:
            if not _taken(cursor, "pg_try_advisory_lock_shared"):
                raise DatabaseError(
                    "数据库正在恢复、搬迁或更换密钥，做完再启动 · it is being restored, moved or rekeyed"
                )
            yield
        return
    in_use = (
        f"{url} 已经有一个 daoxue serve 在用；要跑多个进程，请把 database.url 换成 PostgreSQL。"
        " Another process serves this database; more than one needs PostgreSQL."
    )
    with _file_locked(url, in_use), lease.held(url.removeprefix("sqlite:///")):
        yield


@contextlib.contextmanager
def preparing(url: str) -> Iterator[None]:
    """One after the other brings a server's database up to date: copies that start at once would make the same tables. An
    embedded one serves one process anyway. Raises `DatabaseError`."""
    if url.startswith("sqlite:///"):
        yield
        return
    with connected(url) as cursor:
        cursor.execute(f"SELECT pg_advisory_lock({PREPARING})", ())
        yield


@contextlib.contextmanager
def to_ourselves(url: str) -> Iterator[None]:
    """For what must not run beside a service. Raises `DatabaseError` while one runs."""
    name = url if url.startswith("sqlite:///") else "PostgreSQL"
    in_use = f"{name} 正在使用：先停下 daoxue serve · the database is in use: stop the service first"
    if url.startswith("sqlite:///"):
        with _file_locked(url, in_use):
            yield
        return
    with connected(url) as cursor:
        cursor.execute(_OTHERS, (beside.OURS,))
        others = cast("tuple[int]", cursor.fetchone())[0]
        if others or not _taken(cursor, "pg_try_advisory_lock"):
            raise DatabaseError(in_use)
        yield


@contextlib.contextmanager
def _file_locked(url: str, otherwise: str) -> Iterator[None]:
    path = Path(url.removeprefix("sqlite:///") + ".lock")
    with contextlib.ExitStack() as held:
        with told(url):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = held.enter_context(path.open("a+"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DatabaseError(otherwise) from error
        with told(url):
            file.truncate(0)
            os.write(file.fileno(), str(os.getpid()).encode())  # nothing is left to be written when it is closed
        yield


def _taken(cursor: Cursor, how: str) -> bool:
    cursor.execute(f"SELECT {how}({SERVING})", ())
    return cast("tuple[bool]", cursor.fetchone())[0]
