"""The desk at a glance, for supervisors."""

from msgspec import Struct
from msgspec.structs import replace

from desk.hours import Hours
from desk.summary import Summary, summarise
from store import ticket_lists
from store.transaction import Transaction
from store.units import DAY

FRONT = 300  # tickets looked at for what is late
SHOWN = 20
SOON = 5 * 60_000  # ms before the promise is broken


class Board(Struct, frozen=True):
    """`late` have broken the promise of the first answer, `soon` are about to; `oldest` is when the one who waits
    longest came (ms). No words of residents are among `risks`."""

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


def board(transaction: Transaction, now: int, hours: Hours) -> Board:
    waiting, open, snoozed = (ticket_lists.count(transaction, state) for state in ("waiting", "open", "snoozed"))
    today, answered, closed = ticket_lists.opened_since(transaction, now - DAY)
    rows = [row for state in ("waiting", "open") for row in ticket_lists.unanswered(transaction, state, FRONT)]
    due = [(hours.answer_due(row.opened_at, row.priority), row) for row in rows]
    late = [row for at, row in due if at <= now]
    soon = [row for at, row in due if now < at <= now + SOON]
    risks = [replace(summarise(transaction, row, hours), about="", last="") for row in [*late, *soon][:SHOWN]]
    oldest = ticket_lists.oldest_waiting(transaction)
    return Board(waiting, open, snoozed, oldest, len(late), len(soon), today, answered, closed, risks)
