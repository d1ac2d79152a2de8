"""The audit, looked through by whoever answers for it."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import Depends
from msgspec import Struct
from pydantic import Field

from desk.api.answers import Answering
from desk.api.given import TheDatabase, TheHours
from desk.api.guard import Number, may
from desk.audited import ACTIONS
from desk.people import Seat
from store import audit as rows

router = Answering(tags=["审计 audit"])
Auditor = Annotated[Seat, Depends(may("audit.read"))]
Word = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]
AT_ONCE = 100  # lines


class AuditLine(Struct, frozen=True):
    id: int
    at: int
    actor: str
    action: str
    subject: str
    detail: str


class Audit(Struct, frozen=True):
    """`next` is what to ask for `before`, where there may be more."""

    lines: list[AuditLine]
    next: int | None


class AuditedAction(Struct, frozen=True):
    id: str
    zh: str
    en: str


class Actions(Struct, frozen=True):
    actions: list[AuditedAction]


async def _wanted(
    hours: TheHours, actor: Word = "", action: Word = "", words: Word = "", since: date | None = None,
    until: date | None = None,
) -> rows.AuditQuery:  # fmt: skip
    """Who did it, what it was, what its subject or detail says in part, from which day to which of the centre's."""

    def begins(day: date) -> int:
        return int(datetime.combine(day, time.min, hours.zone).timestamp() * 1000)

    last = begins(until + timedelta(days=1)) if until and until < date.max else 1 << 60
    return rows.AuditQuery(actor, action, words, begins(since) if since and since.year > 1 else 0, last)


@router.get("/audit")
async def audit(
    seat: Auditor, database: TheDatabase, wanted: Annotated[rows.AuditQuery, Depends(_wanted)], before: Number = 1 << 60
) -> Audit:
    """What must not be lost sight of, the newest first: by whom (`actor`), what (`action`), with these `words` in whom or
    what it was about or how, on the days from `since` to `until`."""
    found = await database.page(lambda t: rows.newest(t, wanted, before, AT_ONCE))
    lines = [AuditLine(each.id, each.at, each.actor, each.action, each.subject, each.detail) for each in found]
    return Audit(lines, found[-1].id if len(found) == AT_ONCE else None)


@router.get("/audit/actions")
async def actions(seat: Auditor) -> Actions:
    """All that may stand in the audit as done."""
    return Actions([AuditedAction(id, zh, en) for id, (zh, en) in ACTIONS.items()])
