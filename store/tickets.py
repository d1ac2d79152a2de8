"""Tickets and their events. What happened is appended and never changed; what a ticket is follows from it (`after`).

The row of a ticket is the sum of its events, kept so that lists need not add them up. Both are written in one
transaction, under the condition that nobody else wrote an event of this ticket meanwhile.
"""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct
from msgspec.structs import asdict, fields, replace
from sqlalchemy import ColumnElement, bindparam, case, func, select, update

from store.database import ConflictError, Row, Statement, Transaction, Value, adding
from store.schema import conversation, ticket, ticket_event

# How long an ordinary matter has to have waited to come before one of this priority that has just come: a queue in the
# order of `rank` ages by itself, so nobody starves. Danger to life comes before everything, whatever waits.
MINUTE = 60_000
HANDICAP = (-1 << 50, 0, 20 * MINUTE, 45 * MINUTE)  # ms, by priority

TO_CALL = frozenset({"callback", "voicemail"})  # reasons whose residents wait to be rung up

Data = Mapping[str, object]


class TicketRow(Struct, frozen=True, gc=False):
    """The columns of `store.schema.ticket`, in their order."""

    ref: str
    conversation: int
    version: int
    state: str
    owner: str | None
    offered_to: str | None
    offered_until: int | None
    passed: str
    barred: str
    last_seat: str | None
    topic: str
    skill: str
    place: str | None
    level: int
    channel: str
    lang: str
    person: str
    priority: int
    rank: int
    opened_at: int
    taken_at: int | None
    answered_at: int | None
    closed_at: int | None
    updated_at: int
    unanswered_since: int | None
    snoozed_until: int | None
    seq: int
    result: str | None
    stars: int | None
    survey: int
    tags: str
    merged_into: str | None
    call_since: int | None
    attempts: int
    body: bytes

    @staticmethod
    def of(row: Row) -> "TicketRow":
        return TicketRow(*row)  # type: ignore[arg-type] # the columns are selected in this order


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
        return cast(dict[str, object], json.loads(self.body))


class NewTicket(Struct, frozen=True):
    """`body` is JSON of `bot.messages.Handover`; `person` a digest of what the resident is reached by; `to_call` whether that is
    promised to be done by telephone; `against` are tickets none of whose seats may get this one: it complains of them."""

    ref: str
    topic: str
    skill: str
    place: str | None
    priority: int
    lang: str
    person: str
    body: bytes
    to_call: bool = False
    against: tuple[str, ...] = ()


class Raise(Struct, frozen=True):
    """An open ticket has become more urgent. `skill` is what it needs then, empty where that is what it was."""

    priority: int
    reason: str
    slots: Mapping[str, str]
    skill: str = ""
    to_call: bool = False
    against: tuple[str, ...] = ()


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
    .where(ticket.c.ref == bindparam("which"), ticket.c.version == bindparam("read_version"))
    .values({each.name: bindparam(f"new_{each.name}") for each in fields(TicketRow) if each.name != "ref"})
)
# `after` for what a resident says, as one statement: it is part of turns, and depends on nothing that was read.
_RESIDENT_SAID = Statement(
    update(ticket)
    .where(ticket.c.ref == bindparam("which"))
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
_EVENTS = Statement(select(*event_columns).where(ticket_event.c.ticket == bindparam("ref")).order_by(ticket_event.c.id))
_EVENTS_SINCE = Statement(
    select(*event_columns)
    .where(ticket_event.c.id > bindparam("seen"))
    .order_by(ticket_event.c.id)
    .limit(bindparam("most"))
)
_LAST_EVENT = Statement(select(func.coalesce(func.max(ticket_event.c.id), 0)))


def ranked(priority: int, opened_at: int) -> int:
    """The place in the queue, lowest first."""
    return opened_at + HANDICAP[priority]


def after(row: TicketRow, kind: str, actor: str, data: Data, at: int) -> TicketRow:
    """What a ticket is once this has happened to it. Raises `ValueError` for a kind that there is not."""
    row = replace(row, version=row.version + 1, updated_at=at)
    free = replace(row, offered_to=None, offered_until=None)
    match kind:
        case "opened" | "noted" | "reviewed" | "call":
            return row
        case "linked":
            return _barring(row, data)
        case "raised":
            return _raised(row, data, at)
        case "called":
            reached = data["result"] == "completed"
            return replace(row, attempts=row.attempts + 1, call_since=None if reached else at)
        case "said":
            return _said(row, cast(str, data["by"]), cast(int, data["seq"]), at)
        case "offered":
            return replace(row, offered_to=cast(str, data["to"]), offered_until=cast(int, data["until"]))
        case "passed":
            passed = [*json.loads(row.passed), data["seat"]]
            return replace(free, passed=json.dumps(passed[-8:]))
        case "taken":
            taken_at = row.taken_at or at
            return replace(
                free, state="open", owner=actor, last_seat=actor, taken_at=taken_at, passed="[]", snoozed_until=None,
            )  # fmt: skip
        case "returned":
            return replace(free, state="waiting", owner=None, snoozed_until=None)
        case "transferred":
            return replace(
                row, state="waiting", owner=None, offered_to=cast(str | None, data.get("to")), passed="[]",
                offered_until=cast(int | None, data.get("until")), skill=cast(str, data.get("skill") or row.skill),
            )  # fmt: skip
        case "escalated":
            return replace(free, place=cast(str | None, data["place"]), level=row.level + 1, passed="[]")
        case "snoozed":
            return replace(row, state="snoozed", snoozed_until=cast(int, data["until"]))
        case "woken":
            return replace(row, state="open" if row.owner else "waiting", snoozed_until=None)
        case "tagged":
            return replace(row, tags=json.dumps(data["tags"], ensure_ascii=False))
        case "closed" | "handed_back" | "merged":
            return replace(
                free, state="closed", owner=None, last_seat=row.owner or row.last_seat, closed_at=at, snoozed_until=None,
                result=cast(str, data.get("result", kind)), topic=cast(str, data.get("topic") or row.topic),
                merged_into=cast(str | None, data.get("into")), survey=int(bool(data.get("survey"))),
                unanswered_since=None, call_since=None,
            )  # fmt: skip
        case "reopened":
            return replace(row, state="waiting", closed_at=None, result=None, survey=0, passed="[]")
        case "asked":
            return replace(row, survey=0)
        case "rated":
            return replace(row, stars=cast(int, data["stars"]))
    raise ValueError(f"there is no ticket event {kind}")


def _raised(row: TicketRow, data: Data, at: int) -> TicketRow:
    priority = min(row.priority, cast(int, data["priority"]))
    skill = cast(str, data.get("skill") or row.skill) if priority < row.priority else row.skill
    to_call = data.get("to_call") or data["reason"] in TO_CALL
    since = row.call_since or (at if to_call else None)
    row = replace(row, priority=priority, rank=ranked(priority, row.opened_at), skill=skill, call_since=since)
    return _barring(row, data)


def _barring(row: TicketRow, data: Data) -> TicketRow:
    """Without those who are complained of now, an offer to one of them included."""
    barred = sorted({*json.loads(row.barred), *cast(Sequence[str], data.get("barred", ()))})
    if row.offered_to in barred:
        row = replace(row, offered_to=None, offered_until=None)
    return replace(row, barred=json.dumps(barred))


def _said(row: TicketRow, by: str, seq: int, at: int) -> TicketRow:
    row = replace(row, seq=seq)
    if by == "seat":
        return replace(row, answered_at=row.answered_at or at, unanswered_since=None)
    if by != "resident":
        return row
    if row.state == "snoozed":  # the resident is back: so is the ticket
        row = replace(row, state="open" if row.owner else "waiting", snoozed_until=None)
    return replace(row, unanswered_since=row.unanswered_since or at)


def opened(data: Data, at: int, body: bytes) -> TicketRow:
    """A ticket as its first event makes it."""
    priority = cast(int, data["priority"])
    return TicketRow(
        ref=cast(str, data["ref"]), conversation=cast(int, data["conversation"]), version=1, state="waiting", owner=None,
        offered_to=None, offered_until=None, passed="[]", barred=json.dumps(data.get("barred", [])), last_seat=None,
        topic=cast(str, data["topic"]),
        skill=cast(str, data["skill"]), place=cast(str | None, data["place"]), level=0,
        channel=cast(str, data["channel"]), lang=cast(str, data["lang"]), person=cast(str, data["person"]),
        priority=priority, rank=ranked(priority, at), opened_at=at, taken_at=None, answered_at=None, closed_at=None,
        updated_at=at, unanswered_since=at, snoozed_until=None, seq=cast(int, data["seq"]), result=None, stars=None,
        survey=0, tags="[]", merged_into=None, call_since=at if data.get("to_call") else None, attempts=0, body=body,
    )  # fmt: skip


def open(transaction: Transaction, conversation: int, channel: str, seq: int, new: NewTicket, at: int) -> None:
    """Puts a new ticket into the queue."""
    data = {
        "ref": new.ref, "conversation": conversation, "channel": channel, "seq": seq, "topic": new.topic, "skill": new.skill,
        "place": new.place, "priority": new.priority, "lang": new.lang, "person": new.person, "to_call": new.to_call,
        "barred": complained_of(transaction, new.against),
    }  # fmt: skip
    transaction.run(_ADD, **asdict(opened(data, at, new.body)))
    _append(transaction, new.ref, "opened", "bot", data, at)


def record(transaction: Transaction, row: TicketRow, kind: str, actor: str, data: Data, at: int) -> TicketRow:
    """Appends an event and brings the row up to it. Raises `ConflictError` when the ticket is not as it was read."""
    new = after(row, kind, actor, data, at)
    values: dict[str, Value] = {f"new_{name}": value for name, value in asdict(new).items() if name != "ref"}
    if transaction.run(_CHANGE, which=row.ref, read_version=row.version, **values) == 0:
        raise ConflictError
    _append(transaction, row.ref, kind, actor, data, at)
    return new


def resident_said(transaction: Transaction, ref: str, first: int, last: int, at: int) -> None:
    """`record` of a turn's `said`: nobody's change can make it wrong, so it needs no reading and loses no race."""
    transaction.run(_RESIDENT_SAID, which=ref, now=at, last=last)
    _append(transaction, ref, "said", "resident", {"by": "resident", "first": first, "seq": last}, at)


def call_moved(transaction: Transaction, ref: str, stage: str, at: int) -> None:
    """`record` of where the ticket's caller is now; like `resident_said` it loses no race."""
    transaction.run(_CALL_MOVED, which=ref, now=at)
    _append(transaction, ref, "call", "system", {"stage": stage}, at)


def _append(transaction: Transaction, ref: str, kind: str, actor: str, data: Data, at: int) -> None:
    transaction.number_in_order()
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    transaction.add(_ADD_EVENT, ticket=ref, kind=kind, actor=actor, body=body, at=at)


def hold(transaction: Transaction, conversation: int, ref: str | None, seat: str | None) -> None:
    """Says who speaks in a conversation: the seat that has its ticket, or the bot. A turn that is being thought
    meanwhile finds it changed and thinks again."""
    transaction.run(_HOLD, which=conversation, ref=ref, seat=seat)


def get(transaction: Transaction, ref: str) -> TicketRow | None:
    row = transaction.one(_GET, ref=ref)
    return TicketRow.of(row) if row else None


def find(transaction: Transaction, statement: Statement, **values: Value) -> list[TicketRow]:
    """The tickets of a statement of `selecting`."""
    return [TicketRow.of(row) for row in transaction.all(statement, **values)]


def in_state(transaction: Transaction, state: str) -> Sequence[TicketRow]:
    """In the order of the queue."""
    return find(transaction, _IN_STATE, state=state)


def before(transaction: Transaction, rank: int, person: str = "") -> int:
    """How many people wait in front of this place, up to `AHEAD`; who asks is none of them."""
    row = transaction.one(_BEFORE, rank=rank, person=person)
    return cast(int, row[0]) if row else 0


def complained_of(transaction: Transaction, refs: Sequence[str]) -> list[str]:
    """All seats that had one of these tickets, or were complained of in it: whoever complains may mean any of them."""
    seats: set[str] = set()
    for ref in refs:
        if (row := get(transaction, ref)) is not None:
            had = {event.actor for event in events(transaction, ref) if event.kind == "taken"}
            seats |= {*json.loads(row.barred), *had, *filter(None, (row.owner, row.last_seat))}
    return sorted(seats)


def events(transaction: Transaction, ref: str) -> list[EventRow]:
    return [EventRow(*row) for row in transaction.all(_EVENTS, ref=ref)]  # type: ignore[arg-type]


def events_since(transaction: Transaction, seen: int, most: int) -> list[EventRow]:
    """What happened to any ticket after this number."""
    return [EventRow(*row) for row in transaction.all(_EVENTS_SINCE, seen=seen, most=most)]  # type: ignore[arg-type]


def last_event(transaction: Transaction) -> int:
    """The highest number given to an event."""
    row = transaction.one(_LAST_EVENT)
    return cast(int, row[0]) if row else 0
