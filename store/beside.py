"""Programs of several versions at once on a PostgreSQL server: each connection says which schema its program knows."""

from typing import cast

from store import migrate
from store.engine import connected
from store.outages import DatabaseError

OURS = "daoxue"  # how the name of every connection of ours begins
_OLDER = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND starts_with(application_name, %s)"
    ' AND application_name COLLATE "C" < %s'
)


def name() -> str:
    """What a connection of this program is called."""
    return f"{OURS} {migrate.HEAD}"


def check(url: str) -> None:
    """Raises `DatabaseError` where a program is at work that could not go on with the database as we make it."""
    if url.startswith("sqlite:///"):
        return  # which serves one process
    with connected(url) as cursor:
        cursor.execute(_OLDER, (OURS, f"{OURS} {migrate.BESIDE}"))
        (older,) = cast("tuple[int]", cursor.fetchone())
    if older:
        raise DatabaseError(
            "数据库要升级，还有旧版本在用：全部停下再启动 · the database has to be brought up to date, and programs of an older"
            " version use it that could not go on: stop them all, and start again"
        )
