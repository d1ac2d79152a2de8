"""Tickets and their events. What happened is appended and never changed; what a ticket is follows from it
(`store.ticket_events.after`).

The row of a ticket is the sum of its events, kept so that lists need not add them up. Both are written in one
transaction, under the condition that nobody else wrote an event of this ticket meanwhile.
"""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct
from msgspec.structs import asdict, fields
from sqlalchemy import ColumnElement, bindparam, case, exists, func, insert, select, update

from store import past
from store.database import ConflictError
from store.engine import Value
from store.schema import call, conversation, ticket, ticket_event, ticket_talk
from store.ticket_events import (
    Happened,
    TicketCallMoved,
    TicketMoved,
    TicketOpened,
    TicketProven,
    TicketRaised,
    TicketRated,
    TicketReopened,
    TicketReturned,
    TicketSaid,
    after,
    begun,
    decode,
    encode,
)
from store.ticket_rows import Priority, TicketRow
from store.transaction import Statement, Transaction, adding, highest


class EventRow(Struct, frozen=True, gc=False):
    """One thing that happened. `id` numbers all events of all tickets in the order of their commits."""

    id: int
    ticket: str
    kind: str
    actor: str
    body: bytes
    at: int

    @property
    def data(self) -> dict[str, object]:
        """What is kept of it, for whoever only shows it."""
        return cast(dict[str, object], json.loads(self.body))

    @property
    def happened(self) -> Happened:
        return decode(self.kind, self.body)


class NewTicket(Struct, frozen=True):
    """`body` is JSON of `bot.messages.Handover`; `person` a digest of whom the resident has proven to be; `to_call` whether that is
    promised to be done by telephone; `against` are tickets none of whose seats may get this one: it complains of them, and of
    those seats that it has `named`."""

    ref: str
    topic: str
    skill: str
    place: str | None
    priority: Priority
    lang: str
    person: str
    body: bytes
    to_call: bool = False
    against: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


class ElsewhereError(ConflictError):
    """A ticket goes on in another talk than this one."""


class Raise(Struct, frozen=True):
    """An open ticket has become more urgent. `skill` is what it needs then, empty where that is what it was."""

    priority: Priority
    reason: str
    slots: Mapping[str, str]
    skill: str = ""
    to_call: bool = False
    against: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


columns = [ticket.c[each.name] for each in fields(TicketRow)]
event_columns = [ticket_event.c[each.name] for each in fields(EventRow)]


def selecting(*where: ColumnElement[bool]) -> Statement:
    """Tickets that fulfil all of this, in the order of the queue."""
    return Statement(select(*columns).where(*where).order_by(ticket.c.rank, ticket.c.ref))


_ADD = Statement(adding(ticket))
_ADD_EVENT = Statement(adding(ticket_event))
_GET = Statement(select(*columns).where(ticket.c.ref == bindparam("ref")))
_CHANGE = Statement(
    update(ticket)
    .where(
        ticket.c.ref == bindparam("which"),
        ticket.c.version == bindparam("read_version"),
        ticket.c.person == bindparam("read_person"),  # who was erased meanwhile does not come back
    )
    .values({each.name: bindparam(f"new_{each.name}") for each in fields(TicketRow) if each.name != "ref"})
)
# `after` for what a resident says, as one statement: it is part of turns, and depends on nothing that was read.
_RESIDENT_SAID = Statement(
    update(ticket)
    .where(ticket.c.ref == bindparam("which"), ticket.c.conversation == bindparam("talk"))
    .values(
        version=ticket.c.version + 1,
        updated_at=bindparam("now"),
        seq=bindparam("last"),
        unanswered_since=func.coalesce(ticket.c.unanswered_since, bindparam("now")),
        snoozed_until=case((ticket.c.state == "snoozed", None), else_=ticket.c.snoozed_until),
        state=case((ticket.c.state != "snoozed", ticket.c.state), (ticket.c.owner.is_(None), "waiting"), else_="open"),
    )
)
_CALL_MOVED = Statement(
    update(ticket)
    .where(ticket.c.ref == bindparam("which"))
    .values(version=ticket.c.version + 1, updated_at=bindparam("now"))
)
_PLACE = selecting(
    ticket.c.person == bindparam("person"), ticket.c.state != "closed", ~exists().where(call.c.ticket == ticket.c.ref)
)
_IN_STATE = selecting(ticket.c.state == bindparam("state"))
AHEAD = 100  # people in front that are counted; nobody is helped by a higher number, and counting takes its time
_BEFORE = Statement(
    select(func.count()).select_from(
        select(ticket.c.person)
        .where(ticket.c.state == "waiting", ticket.c.rank <= bindparam("rank"), ticket.c.person != bindparam("person"))
        .distinct()
        .limit(AHEAD)
        .subquery()
    )
)
_HOLD = Statement(
    update(conversation)
    .where(conversation.c.id == bindparam("which"))
    .values(seat=bindparam("seat"), ticket=bindparam("ref"), version=conversation.c.version + 1)
)
_HOLD_OTHER = Statement(
    update(conversation)
    .where(conversation.c.id == bindparam("which"), conversation.c.ticket == bindparam("held"))
    .values(seat=bindparam("seat"), ticket=bindparam("ref"), version=conversation.c.version + 1)
)
_HOLD_FREE = Statement(
    update(conversation)
    .where(conversation.c.id == bindparam("which"), conversation.c.seat.is_(None))
    .values(seat=bindparam("seat"), ticket=bindparam("ref"), version=conversation.c.version + 1)
)
_TALKS = Statement(select(ticket_talk.c.conversation).where(ticket_talk.c.ticket == bindparam("ref")))
_ADD_TALK = Statement(insert(ticket_talk).values(ticket=bindparam("ref"), conversation=bindparam("conversation")))
_EVENTS = Statement(select(*event_columns).where(ticket_event.c.ticket == bindparam("ref")).order_by(ticket_event.c.id))
_ALL_EVENTS = past.reading(
    ticket_event,
    lambda event: (
        select(*(event[each.name] for each in fields(EventRow)))
        .where(event.ticket == bindparam("ref"))
        .order_by(event.id)
    ),
)
_EVENTS_SINCE = Statement(
    select(*event_columns)
    .where(ticket_event.c.id > bindparam("seen"))
    .order_by(ticket_event.c.id)
    .limit(bindparam("most"))
)
_LAST_EVENT = highest(ticket_event.c.id)


def open(transaction: Transaction, conversation: int, channel: str, seq: int, new: NewTicket, at: int) -> None:
    """Puts a new ticket into the queue."""
    first = TicketOpened(
        ref=new.ref, conversation=conversation, channel=channel, seq=seq, topic=new.topic, skill=new.skill,
        place=new.place, priority=new.priority, lang=new.lang, person=new.person, to_call=new.to_call,
        barred=complained_of(transaction, new.against, new.named),
    )  # fmt: skip
    transaction.run(_ADD, **asdict(begun(first, at, new.body)))
    _append(transaction, new.ref, first, "bot", at)


def record(transaction: Transaction, row: TicketRow, happened: Happened, actor: str, at: int) -> TicketRow:
    """Appends an event and brings the row up to it. Raises `ConflictError` when the ticket is not as it was read."""
    new = after(row, happened, actor, at)
    values: dict[str, Value] = {f"new_{name}": value for name, value in asdict(new).items() if name != "ref"}
    if transaction.run(_CHANGE, which=row.ref, read_version=row.version, read_person=row.person, **values) == 0:
        raise ConflictError
    _append(transaction, row.ref, happened, actor, at)
    return new


def resident_said(transaction: Transaction, ref: str, talk: int, first: int, last: int, at: int) -> None:
    """`record` of a turn's words: nobody's change can make it wrong, so it needs no reading and loses no race. Raises
    `ElsewhereError` where the ticket goes on in another talk."""
    if transaction.run(_RESIDENT_SAID, which=ref, talk=talk, now=at, last=last) == 0:
        raise ElsewhereError
    _append(transaction, ref, TicketSaid("resident", first, last, talk), "resident", at)


def move(transaction: Transaction, row: TicketRow, talk: int, channel: str, seq: int, at: int) -> TicketRow:
    """An open ticket goes on in another talk of the same person, whose last message is `seq`: who has the one has the other."""
    known = talks(transaction, row)
    if talk not in known:
        for each in {talk} if len(known) > 1 else {talk, row.conversation}:
            transaction.run(_ADD_TALK, ref=row.ref, conversation=each)
    if row.owner is not None:  # also where the talk had no part in it for a while
        transaction.run(_HOLD_FREE, which=talk, ref=row.ref, seat=row.owner)
    return record(transaction, row, TicketMoved(talk, channel, seq), "resident", at)


def talks(transaction: Transaction, row: TicketRow) -> set[int]:
    """The conversations that a ticket has gone on in."""
    return {row.conversation} | {cast(int, each[0]) for each in transaction.all(_TALKS, ref=row.ref)}


def proven(transaction: Transaction, ref: str, was: str, becomes: str, at: int) -> None:
    """Whose a ticket is, where it is still that of `was`: they have proven it."""
    row = get(transaction, ref)
    if row is not None and row.person == was:
        record(transaction, row, TicketProven(becomes), "resident", at)


def call_moved(transaction: Transaction, ref: str, stage: str, at: int) -> None:
    """`record` of where the ticket's caller is now; like `resident_said` it loses no race."""
    transaction.run(_CALL_MOVED, which=ref, now=at)
    _append(transaction, ref, TicketCallMoved(stage), "system", at)


def add(transaction: Transaction, ref: str, more: Raise, at: int) -> None:
    """What a resident added makes an open ticket more urgent. A danger to life stays with who has it, until they have it no
    more."""
    if (row := get(transaction, ref)) is None:
        return
    of_whom = complained_of(transaction, more.against, more.named)
    fresh = tuple(each for each in of_whom if each not in json.loads(row.barred))
    raised = TicketRaised(more.priority, more.reason, dict(more.slots), more.skill, more.to_call, fresh)
    row = record(transaction, row, raised, "bot", at)
    if row.owner in of_whom and row.priority != Priority.DANGER:  # they hear it, and have it no more
        record(transaction, row, TicketReturned("complained"), "bot", at)
        hand(transaction, row, None)


def reopen(transaction: Transaction, ref: str, first: int, last: int, at: int) -> None:
    """A resident goes on with a ticket that was closed a moment ago, in messages from `first` to `last`."""
    row = get(transaction, ref)
    assert row is not None
    row = record(transaction, row, TicketReopened(), "resident", at)
    record(transaction, row, TicketSaid("resident", first, last, row.conversation), "resident", at)


def target(transaction: Transaction, ref: str) -> TicketRow:
    """The ticket, or that into which it was merged."""
    row = get(transaction, ref)
    while row is not None and row.merged_into:
        row = get(transaction, row.merged_into)
    assert row is not None
    return row


def rate(transaction: Transaction, conversation: int, ref: str, stars: int, at: int) -> None:
    """Stars for a ticket, where it is one of this conversation."""
    row = get(transaction, ref)
    if row is not None and row.conversation == conversation:
        record(transaction, row, TicketRated(stars), "resident", at)


def _append(transaction: Transaction, ref: str, happened: Happened, actor: str, at: int) -> None:
    transaction.number_in_order()
    transaction.add(_ADD_EVENT, ticket=ref, kind=happened.kind, actor=actor, body=encode(happened), at=at)


def hold(transaction: Transaction, conversation: int, ref: str | None, seat: str | None) -> None:
    """Says who speaks in a conversation: the seat that has its ticket, or the bot. A turn that is being thought
    meanwhile finds it changed and thinks again."""
    transaction.run(_HOLD, which=conversation, ref=ref, seat=seat)


def leave(transaction: Transaction, conversation: int, ref: str | None) -> None:
    """A talk is about a ticket no more, where it still is."""
    transaction.run(_HOLD_OTHER, which=conversation, held=ref, ref=None, seat=None)


def hand(transaction: Transaction, row: TicketRow, seat: str | None, *, ended: bool = False) -> None:
    """`hold` of all talks of a ticket that are still about it; with `ended` they are about none any more."""
    ref = None if ended else row.ref
    hold(transaction, row.conversation, ref, seat)
    for talk in talks(transaction, row) - {row.conversation}:
        transaction.run(_HOLD_OTHER, which=talk, held=row.ref, ref=ref, seat=seat)


def get(transaction: Transaction, ref: str) -> TicketRow | None:
    row = transaction.one(_GET, ref=ref)
    return TicketRow.of(row) if row else None


def find(transaction: Transaction, statement: Statement, **values: Value) -> list[TicketRow]:
    """The tickets of a statement of `selecting`."""
    return [TicketRow.of(row) for row in transaction.all(statement, **values)]


def place_of(transaction: Transaction, person: str, *, goes_on: bool) -> TicketRow | None:
    """The ticket that somebody has waiting, in whatever talk; where they go on with what they had before, also one that a seat
    has. One that somebody calls for is that call's alone: what is written cannot go on in it."""
    rows = find(transaction, _PLACE, person=person)
    waiting = next((row for row in rows if row.state == "waiting"), None)
    return waiting or next(iter(rows if goes_on else ()), None)


def in_state(transaction: Transaction, state: str) -> Sequence[TicketRow]:
    """In the order of the queue."""
    return find(transaction, _IN_STATE, state=state)


def before(transaction: Transaction, rank: int, person: str = "") -> int:
    """How many people wait in front of this place, up to `AHEAD`; who asks is none of them."""
    return transaction.number(_BEFORE, rank=rank, person=person)


def complained_of(transaction: Transaction, refs: Sequence[str], named: Sequence[str]) -> tuple[str, ...]:
    """Those that are named, and all seats that had one of these tickets, or were complained of in it: whoever complains may
    mean any of them."""
    seats = set(named)
    for ref in refs:
        if (row := get(transaction, ref)) is not None:
            had = {event.actor for event in events(transaction, ref) if event.kind == "taken"}
            seats |= {*json.loads(row.barred), *had, *filter(None, (row.owner, row.last_seat))}
    return tuple(sorted(seats))


def events(transaction: Transaction, ref: str) -> list[EventRow]:
    """All of a ticket's, in their order: they begin with its opening, or an older part of them is in the past."""
    found = [EventRow(*row) for row in transaction.all(_EVENTS, ref=ref)]  # type: ignore[arg-type]
    if (found and found[0].kind == TicketOpened.kind) or transaction.dialect == "sqlite":
        return found
    rows = transaction.all(_ALL_EVENTS[transaction.dialect], ref=ref)
    return [EventRow(*row) for row in rows]  # type: ignore[arg-type]


def with_added(slots: Mapping[str, str], events: Sequence[EventRow]) -> dict[str, str]:
    """What was noted when a ticket opened, with what the resident added while waiting, a number to call back on for one:
    the latest holds."""
    noted = dict(slots)
    for event in events:
        if isinstance(raised := event.happened, TicketRaised):
            noted |= raised.slots
    return noted


def events_since(transaction: Transaction, seen: int, most: int) -> list[EventRow]:
    """What happened to any ticket after this number."""
    return [EventRow(*row) for row in transaction.all(_EVENTS_SINCE, seen=seen, most=most)]  # type: ignore[arg-type]


def last_event(transaction: Transaction) -> int:
    """The highest number given to an event."""
    return transaction.number(_LAST_EVENT)
