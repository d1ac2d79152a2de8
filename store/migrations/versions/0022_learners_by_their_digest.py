"""Who has proven to be a learner is found by the learner's digest, as tickets have it. Whoever has the key writes it for what
is there already, after the migrations (`accounts.closing.bring_up`)."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    with op.batch_alter_table("binding", schema=None) as batch_op:
        batch_op.add_column(sa.Column("digest", sa.Text(), nullable=False, server_default=""))
        batch_op.create_index(op.f("ix_binding_digest"), ["digest"], unique=False)
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_audit_at"), ["at"], unique=False)
