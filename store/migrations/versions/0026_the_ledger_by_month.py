"""The ledger is divided by month on PostgreSQL, like messages (0025). What it has a line for stands in a table of its own, for
all months and on both databases: so a lesson is credited once, whenever it is reported again. What is there becomes the first
part as it stands, and nothing of it is copied but the sources."""

import time
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

_BALANCE = "learner, day, credits, points, frozen"


def upgrade() -> None:
    op.create_table(
        "ledger_source",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "type", name=op.f("pk_ledger_source")),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO ledger_source (source, type, entry, at) SELECT source, type, id, at FROM ledger")
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_ledger_source"), type_="unique")
    if op.get_bind().dialect.name == "postgresql":
        _divide()


def _divide() -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    end = int(datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000)
    op.execute("ALTER TABLE ledger RENAME TO ledger_before")
    op.execute("ALTER TABLE ledger_before RENAME CONSTRAINT pk_ledger TO pk_ledger_before")
    op.execute("ALTER INDEX ix_ledger_balance RENAME TO ix_ledger_before_balance")
    for whole in ("ledger", "archive_ledger"):
        op.execute(f"CREATE TABLE {whole} (LIKE ledger_before INCLUDING DEFAULTS) PARTITION BY RANGE (at)")
        op.execute(f"CREATE INDEX ix_{whole}_balance ON {whole} ({_BALANCE})")
    op.execute("ALTER SEQUENCE ledger_id_seq OWNED BY ledger.id")
    op.execute("CREATE TABLE ledger_rest (LIKE ledger INCLUDING DEFAULTS, PRIMARY KEY (id))")
    # What a wrong clock wrote.
    op.execute(
        f"WITH moved AS (DELETE FROM ledger_before WHERE at >= {end} RETURNING *) INSERT INTO ledger_rest"
        " SELECT * FROM moved"
    )
    op.execute(f"ALTER TABLE ledger_before ADD CONSTRAINT ledger_before_within CHECK (at < {end})")
    op.execute(f"ALTER TABLE ledger ATTACH PARTITION ledger_before FOR VALUES FROM (MINVALUE) TO ({end})")
    op.execute("ALTER TABLE ledger ATTACH PARTITION ledger_rest DEFAULT")
