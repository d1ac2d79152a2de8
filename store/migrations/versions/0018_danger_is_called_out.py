"""Since when everybody is called to a ticket, and since when the supervisors are."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("alarmed_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("unheeded_at", sa.BigInteger(), nullable=True))
