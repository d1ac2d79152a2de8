"""Lists of tickets, a page at a time, by keys that stay where they are while the queue moves."""

from collections.abc import Sequence
from dataclasses import dataclass

from desk.hours import Hours
from desk.summary import Summary, for_seat, is_hidden, summary
from store import ticket_lists, tickets
from store.ticket_rows import TicketRow
from store.transaction import Transaction

MOST = 500


class CursorError(Exception):
    """That is no `next` of a list."""


@dataclass(frozen=True, slots=True)
class TicketPage:
    """`next` asks for what follows; None at the end. `seq` is the last event that the list knows."""

    tickets: Sequence[Summary]
    next: str | None
    seq: int


def listed(transaction: Transaction, state: str, seat: str, after: str | None, most: int, hours: Hours) -> TicketPage:
    """A page of the tickets in a state, without those that complain of the seat; `mine` are the seat's. Raises `CursorError`."""
    seq = tickets.last_event(transaction)
    closed = state == "closed"
    start = ticket_lists.LAST if closed else ticket_lists.FIRST
    key = _cursor(after) if after else (start, "")
    found: list[Summary] = []
    while len(found) <= most:
        rows = ticket_lists.page(transaction, state, seat, key, most + 1)
        found += [each for row in rows if not is_hidden(each := summary(*row, hours), seat)]
        if len(rows) <= most:
            break
        key = _key(rows[-1][0], closed)
    last = found[most - 1] if len(found) > most else None
    following = f"{last.updated_at if closed else last.rank}:{last.ref}" if last else None
    return TicketPage([for_seat(each, seat) for each in found[:most]], following, seq)


def _key(row: TicketRow, closed: bool) -> tuple[int, str]:
    return row.updated_at if closed else row.rank, row.ref


_DIGITS = 20  # characters of a place in a list


def _cursor(after: str) -> tuple[int, str]:
    key, _, ref = after.partition(":")
    try:
        at = int(key) if len(key) <= _DIGITS else None
    except ValueError as error:
        raise CursorError from error
    if at is None or abs(at) > ticket_lists.LAST:
        raise CursorError
    return at, ref
