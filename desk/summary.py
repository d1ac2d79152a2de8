"""A ticket as lists and live events show it: enough to see at a glance, nothing personal in clear."""

from msgspec import Struct
from msgspec.structs import replace

from bot.inbox import numbered
from desk.hours import Hours
from desk.masking import mask, mask_said
from desk.opening import handover, kept_away
from desk.tickets import tags
from store import conversations, ticket_lists
from store.conversations import MessageRow
from store.ticket_rows import Priority, TicketRow, TicketState
from store.transaction import Transaction


class Summary(Struct, frozen=True):
    """`about` and `last` are words of the talk. `due_at` is when the first answer is due, by the clock of the opening hours, or
    by that on the wall where life is in danger; `call_due` when the resident is to be rung up, and `attempts` how often that was
    tried; `alarmed_at` since when everybody is called to a danger that nobody has, `unheeded_at` since when the supervisors are;
    `after_hours` is what is offered while the desk is closed, to who has a page open; `barred` are seats that never get it;
    times in ms."""

    ref: str
    state: TicketState
    topic: str
    skill: str
    reason: str
    priority: Priority
    rank: int
    owner: str | None
    offered_to: str | None
    offered_until: int | None
    after_hours: bool
    last_seat: str | None
    place: str | None
    level: int
    channel: str
    lang: str
    person: str
    opened_at: int
    answered_at: int | None
    closed_at: int | None
    updated_at: int
    unanswered_since: int | None
    snoozed_until: int | None
    due_at: int | None
    call_due: int | None
    attempts: int
    seq: int
    result: str | None
    stars: int | None
    tags: list[str]
    version: int
    about: str
    last: str
    last_author: str
    alarmed_at: int | None
    unheeded_at: int | None
    barred: list[str]


def is_hidden(ticket: Summary, seat: str) -> bool:
    """Whether it is none of the seat's business: it complains of the seat, which hears nothing of it, not even that it is there."""
    return seat in ticket.barred and seat != ticket.owner


def for_seat(ticket: Summary, seat: str) -> Summary:
    """As this seat sees it in passing: what was said in a colleague's ticket is there for who opens it, which is written
    down; that it complains of the seat, never."""
    if is_hidden(ticket, seat):
        blank = replace(ticket, about="", last="", last_author="", person="", tags=[], result=None, stars=None)
        return unaware(blank, seat)
    seen = ticket.state == TicketState.WAITING or seat == ticket.last_seat
    is_shown = seat == ticket.owner or seen
    return unaware(ticket if is_shown else replace(ticket, about="", last=""), seat)


def unaware(ticket: Summary, seat: str) -> Summary:
    """Without the word that it complains of who sees it, and has it as yet: a danger to life is left to them."""
    return replace(ticket, barred=[each for each in ticket.barred if each != seat]) if seat in ticket.barred else ticket


def is_own(ticket: Summary, seat: str) -> bool:
    """Whether the seat has it, or had it to its end: then what it reads there is its work."""
    return seat == ticket.owner or (seat == ticket.last_seat and ticket.state != TicketState.WAITING)


def summarise(transaction: Transaction, row: TicketRow, hours: Hours) -> Summary:
    """With its last message and of whom its talk complains, read for it alone."""
    last = conversations.messages(transaction, row.conversation, row.seq, row.seq)
    complained_of = ticket_lists.complained_of(transaction, row.conversation)
    return summary(row, complained_of, last[0] if last else None, hours)


def summary(row: TicketRow, complained_of: frozenset[str], last: MessageRow | None, hours: Hours) -> Summary:
    said = numbered(last) if last else None
    about = handover(row)
    due = None
    if row.answered_at is None and row.state in ("waiting", "open"):
        due = hours.answer_due(row.opened_at, row.priority)
    return Summary(
        ref=row.ref, state=TicketState(row.state), topic=row.topic, skill=row.skill, reason=about.reason, priority=Priority(row.priority),
        rank=row.rank, owner=row.owner, offered_to=row.offered_to, offered_until=row.offered_until,
        after_hours=row.offered_until is not None and not hours.was_open(row.offered_until), last_seat=row.last_seat,
        place=row.place, level=row.level, channel=row.channel, lang=row.lang, person=row.person, opened_at=row.opened_at,
        answered_at=row.answered_at, closed_at=row.closed_at, updated_at=row.updated_at,
        unanswered_since=row.unanswered_since, snoozed_until=row.snoozed_until, due_at=due,
        call_due=None if row.call_since is None else hours.call_due(row.call_since, row.priority), attempts=row.attempts, seq=row.seq, result=row.result,
        stars=row.stars, tags=[mask(each, theirs=True) for each in tags(row)], version=row.version, about=mask(about.summary, theirs=True)[:120],
        last=mask_said(said)[:80] if said else "", last_author=said.author if said else "",
        alarmed_at=row.alarmed_at, unheeded_at=row.unheeded_at, barred=sorted(kept_away(row, complained_of)),
    )  # fmt: skip
