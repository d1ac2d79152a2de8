"""The desk at a glance, for supervisors."""

from collections.abc import Set

from msgspec import Struct
from msgspec.structs import replace

from desk.hours import Hours
from desk.opening import is_kept_away
from desk.summary import Summary, summarise, unaware
from store import ticket_lists, tickets
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


def board(transaction: Transaction, seat: str, now: int, hours: Hours) -> Board:
    """Without the tickets that complain of the seat that looks."""
    hidden = [
        row for row in ticket_lists.complaining_of(transaction, seat, now - DAY) if is_kept_away(transaction, row, seat)
    ]
    waiting, open, snoozed = (
        ticket_lists.count(transaction, state) - sum(row.state == state for row in hidden)
        for state in ("waiting", "open", "snoozed")
    )
    of_today = [row for row in hidden if row.opened_at >= now - DAY]
    today, answered, closed = ticket_lists.opened_since(transaction, now - DAY)
    answered -= sum(row.answered_at is not None for row in of_today)
    closed -= sum(row.closed_at is not None for row in of_today)
    refs = {row.ref for row in hidden}
    rows = [row for state in ("waiting", "open") for row in ticket_lists.unanswered(transaction, state, FRONT)]
    due = [(hours.answer_due(row.opened_at, row.priority), row) for row in rows if row.ref not in refs]
    late = [row for at, row in due if at <= now]
    soon = [row for at, row in due if now < at <= now + SOON]
    found = [unaware(summarise(transaction, row, hours), seat) for row in [*late, *soon][:SHOWN]]
    risks = [replace(each, about="", last="") for each in found]
    oldest = _oldest(transaction, refs)
    return Board(
        waiting, open, snoozed, oldest, len(late), len(soon), today - len(of_today), answered, closed, risks
    )  # fmt: skip


def _oldest(transaction: Transaction, hidden: Set[str]) -> int | None:
    if not hidden:
        return ticket_lists.oldest_waiting(transaction)
    return min(
        (row.opened_at for row in tickets.in_state(transaction, "waiting") if row.ref not in hidden), default=None
    )
