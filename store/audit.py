"""What must not be lost sight of, read; it is written with what it is about (`store.conversations.audited`)."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from store import past
from store.schema import audit
from store.transaction import Transaction

_AUDITED = past.reading(
    audit,
    lambda line: (
        select(line.id, line.at, line.actor, line.action, line.subject, line.detail)
        .where(line.id < bindparam("before"))
        .order_by(line.id.desc())
        .limit(bindparam("most"))
    ),
)


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: int
    at: int
    actor: str
    action: str
    subject: str
    detail: str


def newest(transaction: Transaction, before: int, most: int) -> list[AuditRow]:
    """The newest first."""
    return [AuditRow(*row) for row in transaction.all(_AUDITED[transaction.dialect], before=before, most=most)]  # type: ignore[arg-type]
