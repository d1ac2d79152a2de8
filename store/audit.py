"""What must not be lost sight of, read; it is written with what it is about (`store.conversations.audited`)."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from store.schema import audit
from store.transaction import Statement, Transaction

_AUDITED = Statement(
    select(audit.c.id, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
    .where(audit.c.id < bindparam("before"))
    .order_by(audit.c.id.desc())
    .limit(bindparam("most"))
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
    return [AuditRow(*row) for row in transaction.all(_AUDITED, before=before, most=most)]  # type: ignore[arg-type]
