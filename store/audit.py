"""What must not be lost sight of, read; it is written with what it is about (`store.conversations.audited`)."""

import re
from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select

from store import past
from store.schema import audit
from store.transaction import Transaction

_AUDITED = past.reading(
    audit,
    lambda line: (
        select(line.id, line.at, line.actor, line.action, line.subject, line.detail)
        .where(
            line.id < bindparam("before"),
            line.at >= bindparam("since"),
            line.at < bindparam("until"),
            line.actor.like(bindparam("actor"), escape="\\"),
            line.action.like(bindparam("action"), escape="\\"),
            or_(*(each.ilike(bindparam("words"), escape="\\") for each in (line.subject, line.detail))),
        )
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


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Whose lines, of what; with which words in subject or detail; from when on and before when (ms). Empty is any."""

    actor: str = ""
    action: str = ""
    words: str = ""
    since: int = 0
    until: int = 1 << 60


ANY = AuditQuery()


def newest(transaction: Transaction, wanted: AuditQuery, before: int, most: int) -> list[AuditRow]:
    """The newest first, of those with a lower number."""
    found = transaction.all(
        _AUDITED[transaction.dialect], before=before, most=most, since=wanted.since, until=wanted.until,
        actor=_like(wanted.actor) or "%", action=_like(wanted.action) or "%", words=f"%{_like(wanted.words)}%",
    )  # fmt: skip
    return [AuditRow(*row) for row in found]  # type: ignore[arg-type]


def _like(text: str) -> str:
    """To the letter, in a pattern."""
    return re.sub(r"([\\%_])", r"\\\1", text)
