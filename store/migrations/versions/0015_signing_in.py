"""A one-time password has its time, a code of the second factor is taken once, and who an identity provider vouches for is
linked by an administrator. Wrong passwords are counted in memory."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
WEEK = 7 * 86_400_000


def upgrade() -> None:
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_column("failures")
        batch_op.drop_column("locked_until")
        batch_op.alter_column("one_time", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)
        batch_op.add_column(sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.create_unique_constraint("seat_subject_key", ["subject"])
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.alter_column("totp_step", existing_type=sa.BigInteger(), server_default=None)
    until = int(time.time() * 1000) + WEEK
    op.execute(sa.text("UPDATE seat SET one_time = :until WHERE one_time <> 0").bindparams(until=until))
    # They were linked by a name that the provider's people choose: an administrator links them anew.
    op.execute("UPDATE seat SET subject = NULL")
    op.execute("DELETE FROM session WHERE label = 'oidc' AND kind = 'page'")
    op.create_table(
        "vouched",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
