"""Records say who wrote them, so that those of the sample centre follow the product."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("by", sa.Text(), server_default="", nullable=False))
    # Entries and records of the sample were written together, under one number.
    op.execute(
        """UPDATE record SET "by" = 'sample'
        WHERE revision IN (SELECT revision FROM entry_version WHERE "by" = 'sample')"""
    )
