"""Files of residents: what has become of each, and how it looks. Names and contents of all files are encrypted from here on,
by whoever has the key, after the migrations (`accounts.closing.bring_up`)."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.Text(), nullable=False, server_default="sent"))
        batch_op.add_column(sa.Column("why", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("preview", sa.LargeBinary(), nullable=True))
