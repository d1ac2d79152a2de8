"""Whether a PostgreSQL server has room for so many processes."""

from typing import cast

from store.engine import Cursor, connected
from store.outages import DatabaseError

OF_A_PROCESS = 9  # connections at most: one writes, four read, two read at length or vacuum, two carry hints
OF_THE_PARENT = 1
_ROOM = (
    "SELECT sum(setting::int) FILTER (WHERE name = 'max_connections'),"
    " coalesce(sum(setting::int) FILTER (WHERE name <> 'max_connections'), 0)"
    " FROM pg_settings WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')"
)
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


def needed(processes: int) -> int:
    """Connections of so many processes, while one of them is replaced by another."""
    return OF_A_PROCESS * (processes + 1) + OF_THE_PARENT


def check(url: str, processes: int) -> None:
    """Raises `DatabaseError` where the server's `max_connections` are too few, beside those that others hold now."""
    with connected(url) as cursor:
        most, reserved = _numbers(cursor, _ROOM)
        (others,) = _numbers(cursor, _OTHERS)
    free, wanted = most - reserved - others, needed(processes)
    if wanted > free:
        raise DatabaseError(
            f"--workers {processes} 要 {wanted} 个数据库连接（每个进程 {OF_A_PROCESS} 个，换进程时多一个进程，再加 {OF_THE_PARENT}），PostgreSQL"
            f" 还有 {free} 个（max_connections {most}，留给管理员 {reserved}，别人占着 {others}）：少开几个，或把 max_connections 加到"
            f" {most + wanted - free} · needs {wanted} connections and PostgreSQL has {free}: fewer processes, or max_connections ="
            f" {most + wanted - free}"
        )


def _numbers(cursor: Cursor, query: str) -> tuple[int, ...]:
    cursor.execute(query, ())
    return cast("tuple[int, ...]", cursor.fetchone())
