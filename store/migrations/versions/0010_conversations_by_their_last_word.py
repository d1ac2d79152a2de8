"""Conversations are found by their last word, so that the hourly sweep does not look through all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0006"


def upgrade() -> None:
    standing = sa.text("substr(address, 1, 7) <> 'erased-'")
    op.create_index(
        "ix_conversation_quiet", "conversation", ["updated_at"], sqlite_where=standing, postgresql_where=standing
    )
