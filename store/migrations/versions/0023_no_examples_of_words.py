"""PostgreSQL takes no examples of what was written for its statistics, where they would outlive it, and forgets those that it
has: a column that is given a type forgets them, and one that is given its own is not written anew.

Of an erasure the audit keeps no words of why."""

from alembic import op
from sqlalchemy import text

revision = "0023"
down_revision = "0022"

_WORDS = (
    ("message", "body", "bytea"),
    ("entry", "body", "bytea"),
    ("entry_version", "body", "bytea"),
    ("unanswered", "text", "text"),
    ("ticket", "tags", "text"),
    ("audit", "detail", "text"),
    ("passage_words", "words", "tsvector"),
)

_ERASURES = "SELECT id, detail FROM audit WHERE action IN ('resident.erase', 'account.closed')"


def upgrade() -> None:
    connection = op.get_bind()
    for id, detail in connection.execute(text(_ERASURES)).fetchall():
        proof = detail.rpartition("; ")[2]  # behind whatever was typed as the reason
        connection.execute(text("UPDATE audit SET detail = :proof WHERE id = :id"), {"proof": proof, "id": id})
    if connection.dialect.name != "postgresql":
        return
    for table, column, kind in _WORDS:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}, ALTER COLUMN {column} SET STATISTICS 0")
