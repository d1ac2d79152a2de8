"""Tickets and their events. What priority and state mean is the desk's; here they are only kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, func, or_, select, update

from store.database import Row, Statement, Transaction, adding
from store.schema import conversation, ticket, ticket_event

_COLUMNS = (
    ticket.c.ref, ticket.c.conversation, ticket.c.state, ticket.c.owner, ticket.c.topic, ticket.c.priority,
    ticket.c.opened_at, ticket.c.body,
)  # fmt: skip
_ADD = Statement(adding(ticket))
_ADD_EVENT = Statement(adding(ticket_event))
_GET = Statement(select(*_COLUMNS).where(ticket.c.ref == bindparam("ref")))
_IN_STATE = Statement(
    select(*_COLUMNS).where(ticket.c.state == bindparam("state")).order_by(ticket.c.priority, ticket.c.opened_at)
)
_RAISE = Statement(
    update(ticket)
    .where(ticket.c.ref == bindparam("which"), ticket.c.priority > bindparam("to"))
    .values(priority=bindparam("to"))
)
_BEFORE = Statement(
    select(func.count()).where(
        ticket.c.state == "waiting",
        or_(
            ticket.c.priority < bindparam("priority"),
            (ticket.c.priority == bindparam("priority")) & (ticket.c.opened_at <= bindparam("at")),
        ),
    )
)
_TAKE = Statement(
    update(ticket)
    .where(ticket.c.ref == bindparam("which"), ticket.c.state == "waiting")
    .values(state="open", owner=bindparam("seat"))
)
_CLOSE = Statement(
    update(ticket)
    .where(ticket.c.ref == bindparam("which"), ticket.c.owner == bindparam("seat"), ticket.c.state == "open")
    .values(state="closed")
)
_SET_SEAT = Statement(
    update(conversation)
    .where(conversation.c.ticket == bindparam("which"))
    .values(seat=bindparam("seat"), version=conversation.c.version + 1)
)
_LET_GO = Statement(
    update(conversation)
    .where(conversation.c.ticket == bindparam("which"))
    .values(seat=None, ticket=None, version=conversation.c.version + 1)
)
_EVENTS = Statement(
    select(ticket_event.c.kind, ticket_event.c.actor, ticket_event.c.body, ticket_event.c.at)
    .where(ticket_event.c.ticket == bindparam("ref"))
    .order_by(ticket_event.c.id)
)


@dataclass(frozen=True, slots=True)
class NewTicket:
    """`body` is JSON of `bot.messages.Handover`."""

    ref: str
    topic: str
    priority: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Raise:
    """An open ticket has become more urgent."""

    priority: int
    body: bytes


@dataclass(frozen=True, slots=True)
class TicketRow:
    ref: str
    conversation: int
    state: str
    owner: str | None
    topic: str
    priority: int
    opened_at: int
    body: bytes

    @staticmethod
    def of(row: Row) -> "TicketRow":
        return TicketRow(*cast(tuple[str, int, str, str | None, str, int, int, bytes], row))


@dataclass(frozen=True, slots=True)
class EventRow:
    kind: str
    actor: str
    body: bytes
    at: int


def open(transaction: Transaction, conversation: int, new: NewTicket, at: int) -> None:
    transaction.run(
        _ADD, ref=new.ref, conversation=conversation, state="waiting", owner=None, topic=new.topic,
        priority=new.priority, opened_at=at, body=new.body,
    )  # fmt: skip
    note(transaction, new.ref, "opened", "bot", new.body, at)


def note(transaction: Transaction, ref: str, kind: str, actor: str, body: bytes, at: int) -> None:
    """Appends an event."""
    transaction.run(_ADD_EVENT, ticket=ref, kind=kind, actor=actor, body=body, at=at)


def raise_priority(transaction: Transaction, ref: str, change: Raise, at: int) -> None:
    transaction.run(_RAISE, which=ref, to=change.priority)
    note(transaction, ref, "raised", "bot", change.body, at)


def get(transaction: Transaction, ref: str) -> TicketRow | None:
    row = transaction.one(_GET, ref=ref)
    return TicketRow.of(row) if row else None


def in_state(transaction: Transaction, state: str) -> Sequence[TicketRow]:
    """The most urgent first, then the oldest."""
    return [TicketRow.of(row) for row in transaction.all(_IN_STATE, state=state)]


def before(transaction: Transaction, priority: int, at: int) -> int:
    """How many wait in front of one who comes with this priority at this time."""
    row = transaction.one(_BEFORE, priority=priority, at=at)
    return cast(int, row[0]) if row else 0


def events(transaction: Transaction, ref: str) -> Sequence[EventRow]:
    return [EventRow(*cast(tuple[str, str, bytes, int], row)) for row in transaction.all(_EVENTS, ref=ref)]


def take(transaction: Transaction, ref: str, seat: str, at: int) -> bool:
    """Gives a waiting ticket to a seat; from then on the bot is silent. False when it is not waiting any more."""
    if transaction.run(_TAKE, which=ref, seat=seat) == 0:
        return False
    transaction.run(_SET_SEAT, which=ref, seat=seat)
    note(transaction, ref, "taken", seat, b"{}", at)
    return True


def close(transaction: Transaction, ref: str, seat: str, body: bytes, at: int) -> bool:
    """Ends a seat's ticket; the bot answers again. False when the seat does not hold it."""
    if transaction.run(_CLOSE, which=ref, seat=seat) == 0:
        return False
    transaction.run(_LET_GO, which=ref)
    note(transaction, ref, "closed", seat, body, at)
    return True
