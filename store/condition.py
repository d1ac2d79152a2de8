"""How a database stands, for whoever runs it: its clock, its connections, the newest thing that it holds."""

from typing import NamedTuple, cast

from sqlalchemy import func, literal_column, select, text

from store import beside
from store.schema import conversation
from store.transaction import Statement, Transaction


class Connections(NamedTuple):
    """To a server: of our processes, of everybody to whatever database, and how many there may be, but for the few that are
    kept for its administrators."""

    ours: int
    all: int
    most: int


_CLOCK = Statement(select(func.floor(func.extract("epoch", func.clock_timestamp()) * 1000)))
_NEWEST = Statement(select(func.max(conversation.c.updated_at)))
_CONNECTIONS = Statement(
    select(
        func.count().filter(text(f"starts_with(application_name, '{beside.OURS}')")),
        func.count().filter(text("backend_type = 'client backend'")),
        literal_column(
            "current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        ),
    ).select_from(text("pg_stat_activity"))
)


def clock(transaction: Transaction) -> int | None:
    """What time the database's server has (ms); None where there is none."""
    if transaction.dialect == "sqlite":
        return None
    row = cast("tuple[int]", transaction.one(_CLOCK))
    return int(row[0])


def newest(transaction: Transaction) -> int | None:
    """When something was last said (ms), by the clock of who wrote it down."""
    row = cast("tuple[int | None]", transaction.one(_NEWEST))
    return row[0]


def connections(transaction: Transaction) -> Connections | None:
    """None for an embedded database."""
    if transaction.dialect == "sqlite":
        return None
    return Connections(*cast("tuple[int, int, int]", transaction.one(_CONNECTIONS)))
