"""The desk at a glance, for supervisors."""

from msgspec import Struct
from sqlalchemy import bindparam, func, select

from desk.hours import DeskSettings, Hours
from desk.summary import Summary, summarise
from store.database import Statement, Transaction
from store.schema import ticket
from store.tickets import TicketRow, columns

FRONT = 300  # tickets looked at for what is late
SHOWN = 20
SOON = 5 * 60_000  # ms before the promise is broken

_COUNT = Statement(select(func.count()).where(ticket.c.state == bindparam("state")))
_OLDEST = Statement(select(func.min(ticket.c.opened_at)).where(ticket.c.state == "waiting"))
_SINCE = Statement(
    select(func.count(), func.count(ticket.c.closed_at), func.count(ticket.c.answered_at)).where(
        ticket.c.opened_at >= bindparam("since")
    )
)
_UNANSWERED = [
    Statement(
        select(*columns)
        .where(ticket.c.state == state, ticket.c.answered_at.is_(None))
        .order_by(ticket.c.rank)
        .limit(FRONT)
    )
    for state in ("waiting", "open")
]


class Board(Struct, frozen=True):
    """`late` have broken the promise of the first answer, `soon` are about to; `oldest` is when the one who waits
    longest came (ms)."""

    waiting: int
    open: int
    snoozed: int
    oldest: int | None
    late: int
    soon: int
    today: int
    answered: int
    closed: int
    risks: list[Summary]


def board(transaction: Transaction, now: int, hours: Hours, settings: DeskSettings) -> Board:
    waiting, open, snoozed = (_count(transaction, state) for state in ("waiting", "open", "snoozed"))
    oldest = transaction.one(_OLDEST)
    since = transaction.one(_SINCE, since=now - 86_400_000)
    assert oldest is not None
    assert since is not None
    rows = [TicketRow.of(row) for statement in _UNANSWERED for row in transaction.all(statement)]
    due = [(hours.after(row.opened_at, settings.answer_within[row.priority]), row) for row in rows]
    late = [row for at, row in due if at <= now]
    soon = [row for at, row in due if now < at <= now + SOON]
    risks = [summarise(transaction, row, hours, settings) for row in [*late, *soon][:SHOWN]]
    today, closed, answered = (int(str(each)) for each in since)
    first = oldest[0]
    return Board(
        waiting, open, snoozed, first if isinstance(first, int) else None,
        len(late), len(soon), today, answered, closed, risks,
    )  # fmt: skip


def _count(transaction: Transaction, state: str) -> int:
    row = transaction.one(_COUNT, state=state)
    return int(str(row[0])) if row else 0
