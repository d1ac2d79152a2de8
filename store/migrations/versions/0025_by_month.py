"""On PostgreSQL messages, events of tickets and the audit are divided by month, and old months belong to tables of their own
(`store/months.py`). What is there becomes the first part as it stands, with its key: it is read once, and nothing is copied."""

import time
from datetime import UTC, datetime

from alembic import op

revision = "0025"
down_revision = "0024"

_TABLES = {
    "message": ("conversation, seq", ""), "ticket_event": ("id", "ticket"), "audit": ("id", "at"),
}  # fmt: skip


_UNEXAMPLED = {"message": "body", "audit": "detail"}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    now = datetime.fromtimestamp(time.time(), UTC)
    end = int(datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000)
    for table, (key, indexed) in _TABLES.items():
        _divide(table, key, indexed, end)


def _divide(table: str, key: str, indexed: str, end: int) -> None:
    before, rest = f"{table}_before", f"{table}_rest"
    op.execute(f"ALTER TABLE {table} RENAME TO {before}")
    op.execute(f"ALTER TABLE {before} RENAME CONSTRAINT pk_{table} TO pk_{before}")
    for whole in (table, f"archive_{table}"):
        op.execute(f"CREATE TABLE {whole} (LIKE {before} INCLUDING DEFAULTS) PARTITION BY RANGE (at)")
    if indexed:
        op.execute(f"ALTER INDEX ix_{table}_{indexed} RENAME TO ix_{before}_{indexed}")
        for whole in (table, f"archive_{table}"):
            op.execute(f"CREATE INDEX ix_{whole}_{indexed} ON {whole} ({indexed})")
    if key == "id":
        op.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY {table}.id")
    op.execute(f"CREATE TABLE {rest} (LIKE {table} INCLUDING DEFAULTS, PRIMARY KEY ({key}))")
    if table in _UNEXAMPLED:  # migration 23 said so of the table that was
        for each in (table, f"archive_{table}", rest):
            op.execute(f"ALTER TABLE {each} ALTER COLUMN {_UNEXAMPLED[table]} SET STATISTICS 0")
    # What a wrong clock wrote.
    op.execute(
        f"WITH moved AS (DELETE FROM {before} WHERE at >= {end} RETURNING *) INSERT INTO {rest} SELECT * FROM moved"
    )
    op.execute(f"ALTER TABLE {before} ADD CONSTRAINT {before}_within CHECK (at < {end})")
    op.execute(f"ALTER TABLE {table} ATTACH PARTITION {before} FOR VALUES FROM (MINVALUE) TO ({end})")
    op.execute(f"ALTER TABLE {table} ATTACH PARTITION {rest} DEFAULT")
