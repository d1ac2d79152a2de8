"""One queue for whatever leaves or is due; messages move into it from the outbox."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    queue = op.create_table(
        "queue",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("order_key", sa.Text(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue")),
        sa.UniqueConstraint("key", name=op.f("uq_queue_key")),
    )
    op.create_index("ix_queue_due", "queue", ["state", "lane", "due_at", "attempts"], unique=False)
    op.create_index("ix_queue_order", "queue", ["order_key", "number"], unique=False)
    outbox = sa.table(
        "outbox",
        *(sa.column(name) for name in ("id", "key", "conversation", "channel", "first_seq", "last_seq", "part")),
        *(sa.column(name) for name in ("due_at", "attempts", "leased", "dead")),
    )
    connection = op.get_bind()
    rows = [
        {
            "kind": "message", "key": f"message:{row.key}", "lane": row.channel,
            "order_key": f"conversation:{row.conversation}", "number": row.last_seq,
            # Two colons: the rest of something that has left in part.
            "body": json.dumps([row.first_seq, row.last_seq, row.part, row.key.count(":") == 2]).encode(),
            "due_at": row.due_at, "attempts": row.attempts, "leased_until": row.due_at if row.leased else 0,
            "state": "given_up" if row.dead else "due", "outcome": "",
        }
        for row in connection.execute(sa.select(outbox).order_by(outbox.c.id))
    ]  # fmt: skip
    if rows:
        connection.execute(queue.insert(), rows)
    op.drop_table("outbox")


def downgrade() -> None:
    raise NotImplementedError("what is owed cannot be forgotten; restore the copy from before the upgrade")
