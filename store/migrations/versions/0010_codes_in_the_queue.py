"""One-time codes that have still to be sent move into the queue; the row of a code says no more whether it left."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    code = sa.table("one_time_code", *map(sa.column, ("id", "learner", "at", "used", "sent")))
    queue = sa.table(
        "queue",
        *map(sa.column, ("kind", "key", "lane", "order_key", "number", "body", "due_at", "attempts")),
        *map(sa.column, ("leased_until", "state", "outcome")),
    )
    connection = op.get_bind()
    unsent = sa.select(code.c.id, code.c.at).where(code.c.sent == 0, code.c.used == 0, code.c.learner.is_not(None))
    rows = [
        {
            "kind": "code", "key": f"code:{row.id}", "lane": "code", "order_key": None, "number": 0, "body": b"",
            "due_at": row.at, "attempts": 0, "leased_until": 0, "state": "due", "outcome": "",
        }
        for row in connection.execute(unsent.order_by(code.c.id))
    ]  # fmt: skip
    if rows:
        connection.execute(queue.insert(), rows)
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.drop_column("sent")


def downgrade() -> None:
    raise NotImplementedError("what is owed cannot be forgotten; restore the copy from before the upgrade")
