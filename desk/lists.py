"""Lists of tickets, a page at a time, by keys that stay where they are while the queue moves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from desk.hours import DeskSettings, Hours
from desk.summary import Summary, summary
from store import tickets
from store.conversations import MessageRow
from store.database import Row, Statement, Transaction, Value
from store.schema import message, ticket
from store.tickets import TicketRow, columns

STATES = ("waiting", "mine", "open", "snoozed", "callback", "closed")
MOST = 500
width = len(columns)


class CursorError(Exception):
    """That is no `next` of a list."""


@dataclass(frozen=True, slots=True)
class Listed:
    """`next` asks for what follows; None at the end. `seq` is the last event that the list knows."""

    tickets: Sequence[Summary]
    next: str | None
    seq: int


_FIRST = -(1 << 62)
_WHERE: dict[str, ColumnElement[bool]] = {
    "waiting": ticket.c.state == "waiting",
    "mine": and_(ticket.c.owner == bindparam("seat"), or_(ticket.c.state == "open", ticket.c.state == "snoozed")),
    "open": ticket.c.state == "open",
    "snoozed": ticket.c.state == "snoozed",
    "callback": and_(ticket.c.call_since.is_not(None), ticket.c.state != "closed"),
}


def _queue(where: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    later = or_(
        ticket.c.rank > bindparam("key"), and_(ticket.c.rank == bindparam("key"), ticket.c.ref > bindparam("ref"))
    )
    return _with_last().where(where, later).order_by(ticket.c.rank, ticket.c.ref).limit(bindparam("most"))


def _with_last() -> Select[tuple[object, ...]]:
    """Tickets, each with the last message of its conversation: one question to the database for a whole list."""
    last = (message.c.conversation == ticket.c.conversation) & (message.c.seq == ticket.c.seq)
    return select(*columns, message.c.seq, message.c.author, message.c.body, message.c.at).outerjoin_from(
        ticket, message, last
    )


_IN_QUEUE = {state: Statement(_queue(where)) for state, where in _WHERE.items()}
_CLOSED = Statement(
    _with_last()
    .where(
        ticket.c.state == "closed",
        or_(
            ticket.c.updated_at < bindparam("key"),
            and_(ticket.c.updated_at == bindparam("key"), ticket.c.ref < bindparam("ref")),
        ),
    )
    .order_by(ticket.c.updated_at.desc(), ticket.c.ref.desc())
    .limit(bindparam("most"))
)


def listed(
    transaction: Transaction, state: str, seat: str, after: str | None, most: int, hours: Hours, settings: DeskSettings
) -> Listed:
    """A page of the tickets in a state; `mine` are the seat's. Raises `CursorError`."""
    seq = tickets.last_event(transaction)
    closed = state == "closed"
    key, ref = _cursor(after) if after else ((1 << 62) if closed else _FIRST, "")
    statement = _CLOSED if closed else _IN_QUEUE[state]
    values: dict[str, Value] = {"key": key, "ref": ref, "most": most + 1}
    if state == "mine":
        values["seat"] = seat
    rows = transaction.all(statement, **values)
    found = [(TicketRow.of(row[:width]), _last(row[width:])) for row in rows[:most]]
    shown = [summary(row, said, hours, settings) for row, said in found]
    last = found[-1][0] if len(rows) > most else None
    following = f"{last.updated_at if closed else last.rank}:{last.ref}" if last else None
    return Listed(shown, following, seq)


def _last(row: Row) -> MessageRow | None:
    return MessageRow(*row) if row[0] is not None else None  # type: ignore[arg-type] # selected in this order


def _cursor(after: str) -> tuple[int, str]:
    key, _, ref = after.partition(":")
    try:
        return int(key), ref
    except ValueError as error:
        raise CursorError from error
