"""Tickets, many at a time: as the desk lists, counts and reports them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy import cast as as_type

from store import conversations, outbox
from store.conversations import MessageRow
from store.engine import Row, Value
from store.queue import QueueState
from store.schema import conversation, message, queue, ticket, ticket_talk
from store.schema import unanswered as in_vain
from store.ticket_rows import TicketRow
from store.tickets import columns, find, selecting
from store.transaction import Statement, Transaction

FIRST, LAST = -(1 << 62), 1 << 62  # where a list by rank, and one by time, begins
WIDTH = len(columns)
_COMMA: str = literal_column("','")  # type: ignore[assignment] # as a parameter, no database takes it


def _complaints(talk: ColumnElement[int]) -> ScalarSelect[str]:
    """Of whom the tickets complain that are in a talk, or have been: their lists, with commas between them."""
    other = ticket.alias()
    been = select(ticket_talk.c.ticket).where(ticket_talk.c.conversation == talk).correlate(ticket, in_vain)
    here = or_(other.c.conversation == talk, other.c.ref.in_(been))
    lists = select(func.aggregate_strings(other.c.barred, _COMMA)).where(other.c.barred != "[]", here)
    return lists.correlate(ticket, in_vain).scalar_subquery()


_COMPLAINED_OF = Statement(select(_complaints(bindparam("talk"))))
_COMPLAINED_OF_IN_FRONT = Statement(
    select(ticket.c.ref, _complaints(ticket.c.conversation))
    .where(ticket.c.state == "waiting")
    .order_by(ticket.c.rank, ticket.c.ref)
    .limit(bindparam("most"))
)
_COMPLAINED_OF_IN_VAIN = Statement(
    select(in_vain.c.id, _complaints(in_vain.c.conversation)).where(
        in_vain.c.done == 0, in_vain.c.at >= bindparam("since")
    )
)
_FRONT = Statement(
    select(*columns)
    .where(ticket.c.state == "waiting")
    .order_by(ticket.c.rank, ticket.c.ref)
    .limit(bindparam("most"))
)  # fmt: skip
_SNOOZED = selecting(ticket.c.state == "snoozed", ticket.c.snoozed_until <= bindparam("now"))
_SURVEYS = selecting(
    ticket.c.survey == 1,
    ticket.c.closed_at <= bindparam("before"),
    ~exists().where(
        queue.c.order_key == outbox.ORDER + as_type(ticket.c.conversation, Text),
        queue.c.state == QueueState.DUE.value,
    ),
)
_WAITING_OF = selecting(ticket.c.person == bindparam("person"), ticket.c.state == "waiting")
_OF_PERSON = selecting(ticket.c.person == bindparam("person"))
_OF_CONVERSATION = selecting(ticket.c.conversation == bindparam("conversation"))
_GONE_ON_IN = selecting(
    ticket.c.ref.in_(select(ticket_talk.c.ticket).where(ticket_talk.c.conversation == bindparam("conversation")))
)
_TALKS = Statement(
    select(conversation.c.id, conversation.c.address)
    .join(ticket, ticket.c.conversation == conversation.c.id)
    .where(
        or_(*(ticket.c.state == each for each in ("waiting", "open", "snoozed"))),
        ticket.c.channel == bindparam("channel"),
    )
    .order_by(conversation.c.id)
)
_HELD_BY = selecting(ticket.c.owner == bindparam("owner"), ticket.c.state == "open")
_HELD = Statement(
    select(ticket.c.owner, ticket.c.channel, func.count(), func.max(ticket.c.taken_at))
    .where(ticket.c.state == "open")
    .group_by(ticket.c.owner, ticket.c.channel)
)
_TAKEN = Statement(
    select(ticket.c.taken_at)
    .where(ticket.c.opened_at > bindparam("since"), ticket.c.taken_at.is_not(None))
    .order_by(ticket.c.taken_at.desc())
    .limit(bindparam("most"))
)
_COUNT = Statement(select(func.count()).where(ticket.c.state == bindparam("state")))
_OLDEST = Statement(select(func.min(ticket.c.opened_at)).where(ticket.c.state == "waiting"))
_COMPLAINING_OF = selecting(
    or_(*(ticket.c.state == each for each in ("waiting", "open", "snoozed")), ticket.c.opened_at >= bindparam("since")),
    _complaints(ticket.c.conversation).like(bindparam("name"), escape="!"),
)
_SINCE = Statement(
    select(func.count(), func.count(ticket.c.answered_at), func.count(ticket.c.closed_at)).where(
        ticket.c.opened_at >= bindparam("since")
    )
)
_UNANSWERED = Statement(
    select(*columns)
    .where(ticket.c.state == bindparam("state"), ticket.c.answered_at.is_(None))
    .order_by(ticket.c.rank)
    .limit(bindparam("most"))
)
_OPENED = Statement(
    select(
        ticket.c.state, ticket.c.last_seat, ticket.c.topic, ticket.c.place, ticket.c.channel, ticket.c.priority,
        ticket.c.opened_at, ticket.c.taken_at, ticket.c.answered_at, ticket.c.closed_at, ticket.c.result, ticket.c.stars,
    ).where(ticket.c.opened_at >= bindparam("first"), ticket.c.opened_at < bindparam("last"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeldRow:
    """How many open tickets of a channel a seat has, and when it took the last of them (ms)."""

    seat: str
    channel: str
    count: int
    since: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What a report needs of one ticket. Times in ms."""

    state: str
    seat: str | None
    topic: str
    place: str | None
    channel: str
    priority: int  # of `Priority`
    opened_at: int
    taken_at: int | None
    answered_at: int | None
    closed_at: int | None
    result: str | None
    stars: int | None


# -- in the order of the queue


def front(transaction: Transaction, most: int) -> list[TicketRow]:
    """Those that have waited longest, by their rank."""
    return find(transaction, _FRONT, most=most)


def complained_of_in_front(transaction: Transaction, most: int) -> dict[str, frozenset[str]]:
    """Of each of those, by its reference, the seats of whom something complains that came of the same talk."""
    rows = transaction.all(_COMPLAINED_OF_IN_FRONT, most=most)
    return {str(ref): _seats(lists) for ref, lists in rows}


def snoozed(transaction: Transaction, now: int) -> list[TicketRow]:
    """Those whose time aside is over."""
    return find(transaction, _SNOOZED, now=now)


def unsurveyed(transaction: Transaction, before: int) -> list[TicketRow]:
    """Those closed before then, whose residents have still to be asked how it was, and nothing is on its way to
    them: what was given up is not."""
    return find(transaction, _SURVEYS, before=before)


def waiting_of(transaction: Transaction, person: str) -> list[TicketRow]:
    return find(transaction, _WAITING_OF, person=person)


def of_person(transaction: Transaction, person: str) -> list[TicketRow]:
    return find(transaction, _OF_PERSON, person=person)


def of_conversation(transaction: Transaction, conversation: int) -> list[TicketRow]:
    """Those that are in this talk now, or ended in it."""
    return find(transaction, _OF_CONVERSATION, conversation=conversation)


def through_conversation(transaction: Transaction, conversation: int) -> list[TicketRow]:
    """And those that have been in it, and went on in another."""
    here = of_conversation(transaction, conversation)
    refs = {each.ref for each in here}
    return here + [each for each in find(transaction, _GONE_ON_IN, conversation=conversation) if each.ref not in refs]


def complained_of(transaction: Transaction, talk: int) -> frozenset[str]:
    """The seats of whom a ticket complains that is in this talk, or has been in it."""
    row = transaction.one(_COMPLAINED_OF, talk=talk)
    return _seats(row[0]) if row else frozenset()


def complaining_of(transaction: Transaction, seat: str, since: int) -> list[TicketRow]:
    """Those that are not closed, or opened since then, of whose talk something complains of the seat."""
    found = find(transaction, _COMPLAINING_OF, name=f"%{json.dumps(seat)}%", since=since)
    return [row for row in found if seat in complained_of(transaction, row.conversation)]


def complained_of_in_vain(transaction: Transaction, since: int) -> dict[int, frozenset[str]]:
    """Of each question that nothing has answered since then, by its number, the seats of whom something complains that came of
    the same talk."""
    rows = transaction.all(_COMPLAINED_OF_IN_VAIN, since=since)
    return {cast(int, id): _seats(lists) for id, lists in rows}


def _seats(lists: Value) -> frozenset[str]:
    return frozenset(name for seats in json.loads("[" + str(lists) + "]") for name in seats) if lists else frozenset()


def talks(transaction: Transaction, channel: str) -> list[tuple[int, str]]:
    """The talks on a channel whose tickets are not closed: their numbers, and with whom they are."""
    return [cast(tuple[int, str], tuple(row)) for row in transaction.all(_TALKS, channel=channel)]


def held_by(transaction: Transaction, seat: str) -> list[TicketRow]:
    return find(transaction, _HELD_BY, owner=seat)


def unanswered(transaction: Transaction, state: str, most: int) -> list[TicketRow]:
    """Those in a state that no seat has answered yet."""
    return find(transaction, _UNANSWERED, state=state, most=most)


# -- a page at a time

# A key of two parts is compared as one: of "less, or the same and then less" SQLite reads all there are, and sorts them.
_AFTER = tuple_(bindparam("key"), bindparam("ref"))

_STATES: Mapping[str, ColumnElement[bool]] = {
    "waiting": ticket.c.state == "waiting",
    "mine": and_(ticket.c.owner == bindparam("seat"), or_(ticket.c.state == "open", ticket.c.state == "snoozed")),
    "open": ticket.c.state == "open",
    "snoozed": ticket.c.state == "snoozed",
    "callback": and_(ticket.c.call_since.is_not(None), ticket.c.state != "closed"),
}


def _with_last() -> Select[tuple[object, ...]]:
    """Tickets, each with of whom its talk complains and its last message: one question to the database for a whole list."""
    last = (message.c.conversation == ticket.c.conversation) & (message.c.seq == ticket.c.seq)
    said = (message.c.seq, message.c.author, message.c.body, message.c.at)
    return select(*columns, _complaints(ticket.c.conversation), *said).outerjoin_from(ticket, message, last)


def _queue(where: ColumnElement[bool]) -> Statement:
    later = tuple_(ticket.c.rank, ticket.c.ref) > _AFTER
    return Statement(
        _with_last().where(where, later).order_by(ticket.c.rank, ticket.c.ref).limit(bindparam("most"))
    )  # fmt: skip


_PAGES = {state: _queue(where) for state, where in _STATES.items()} | {
    "closed": Statement(
        _with_last()
        .where(ticket.c.state == "closed", tuple_(ticket.c.updated_at, ticket.c.ref) < _AFTER)
        .order_by(ticket.c.updated_at.desc(), ticket.c.ref.desc())
        .limit(bindparam("most"))
    )
}
STATES = tuple(_PAGES)


def page(
    transaction: Transaction, state: str, seat: str, after: tuple[int, str], most: int
) -> list[tuple[TicketRow, frozenset[str], MessageRow | None]]:
    """Tickets in one of `STATES` with the seats of whom their talks complain and their last messages, behind a key: the rank, for closed ones the time of the last
    change, newest first; and the reference. `mine` are the seat's."""
    values: dict[str, Value] = {"key": after[0], "ref": after[1], "most": most}
    if state == "mine":
        values["seat"] = seat
    rows = transaction.all(_PAGES[state], **values)
    return [
        (found := TicketRow.of(row[:WIDTH]), _seats(row[WIDTH]), _last(transaction, found, row[WIDTH + 1 :]))
        for row in rows
    ]


def _last(transaction: Transaction, found: TicketRow, row: Row) -> MessageRow | None:
    if row[0] is not None:
        return MessageRow(*row)  # type: ignore[arg-type] # selected in this order
    return next(iter(conversations.messages(transaction, found.conversation, found.seq, found.seq)), None)


# -- counted


def count(transaction: Transaction, state: str) -> int:
    return transaction.number(_COUNT, state=state)


def oldest_waiting(transaction: Transaction) -> int | None:
    """When the one who has waited longest came (ms)."""
    row = transaction.one(_OLDEST)
    return cast(int | None, row[0]) if row else None


def opened_since(transaction: Transaction, since: int) -> tuple[int, int, int]:
    """How many tickets were opened since then, and how many of them are answered and closed."""
    row = transaction.one(_SINCE, since=since)
    return cast(tuple[int, int, int], tuple(row)) if row else (0, 0, 0)


def held(transaction: Transaction) -> list[HeldRow]:
    return [HeldRow(*cast(tuple[str, str, int, int], tuple(row))) for row in transaction.all(_HELD)]


def taken_since(transaction: Transaction, since: int, most: int) -> list[int]:
    """When tickets opened since then were taken, the newest first (ms)."""
    return [cast(int, row[0]) for row in transaction.all(_TAKEN, since=since, most=most)]


def opened_between(transaction: Transaction, first: int, last: int) -> list[ReportRow]:
    """Tickets opened from `first` (ms) to before `last`."""
    return [ReportRow(*row) for row in transaction.all(_OPENED, first=first, last=last)]  # type: ignore[arg-type]
