"""Notices that have still to be said move into the queue, which says when; those of a paused broadcast wait there."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
HELD = 1 << 60


def upgrade() -> None:
    notice = sa.table("notice", *map(sa.column, ("id", "due_at", "state")))
    queue = sa.table(
        "queue",
        *map(sa.column, ("kind", "key", "lane", "order_key", "number", "body", "due_at", "attempts")),
        *map(sa.column, ("leased_until", "state", "outcome")),
    )
    connection = op.get_bind()
    owed = sa.select(notice).where(notice.c.state.in_(("due", "held"))).order_by(notice.c.id)
    rows = [
        {
            "kind": "notice", "key": f"notice:{row.id}", "lane": "notice", "order_key": None, "number": row.id,
            "body": b"", "due_at": row.due_at if row.state == "due" else HELD, "attempts": 0, "leased_until": 0,
            "state": "due", "outcome": "",
        }
        for row in connection.execute(owed)
    ]  # fmt: skip
    if rows:
        connection.execute(queue.insert(), rows)
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_due")
        batch_op.drop_column("due_at")


def downgrade() -> None:
    raise NotImplementedError("what is owed cannot be forgotten; restore the copy from before the upgrade")
