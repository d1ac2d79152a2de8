"""That each resident has one conversation on a channel is said by a table of its own, so that conversations can be spread over
machines by their numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "correspondent",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("conversation", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address", name=op.f("pk_correspondent")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO correspondent (channel, address, conversation) SELECT channel, address, id FROM conversation"
        " WHERE address NOT LIKE 'erased-%'"
    )
    op.create_index(op.f("ix_correspondent_conversation"), "correspondent", ["conversation"])
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_conversation_channel"), type_="unique")
