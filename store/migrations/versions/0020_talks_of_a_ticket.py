"""The talks that a ticket has gone on in, where they are several; where learners have proven who they are, found by them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "ticket_talk",
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("conversation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("ticket", "conversation", name=op.f("pk_ticket_talk")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ticket_talk", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_ticket_talk_conversation"), ["conversation"], unique=False)
    with op.batch_alter_table("binding", schema=None) as batch_op:
        batch_op.create_index("ix_binding_learner", ["learner"], unique=False)
