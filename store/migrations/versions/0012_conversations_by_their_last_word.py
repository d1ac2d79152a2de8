"""Conversations are found by their last word, so that the hourly sweep looks at nothing but what is old: neither at what
is young, nor at what is erased."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute(f"UPDATE conversation SET updated_at = {1 << 60} WHERE substr(address, 1, 7) = 'erased-'")
    op.create_index("ix_conversation_updated_at", "conversation", ["updated_at"])
