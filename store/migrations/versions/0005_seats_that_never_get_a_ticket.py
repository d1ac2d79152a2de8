"""Seats that a resident complains of never get the ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("barred", sa.Text(), server_default="[]", nullable=False))
