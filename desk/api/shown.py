"""A ticket as it is answered: alone after something was done to it, or with all that was said and happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from fastapi import Depends
from msgspec import Struct
from starlette.requests import HTTPConnection

from bot.channel import OpenChannel
from desk.api.given import Now, desk_of
from desk.errors import TicketError
from desk.feed import MessageShown, complains_of, masked, shown
from desk.hours import Hours
from desk.looks import Glances, Stand
from desk.masking import mask
from desk.opening import Opened
from desk.opening import found as ticket_of
from desk.people import People, Seat
from desk.replies import said
from desk.residents import Residents
from desk.summary import Summary, for_seat, is_hidden, is_own, summarise, unaware
from knowledge.library import Library
from store import conversations
from store.database import Database
from store.replies import HeldReplyRow
from store.ticket_rows import TicketRow
from store.tickets import EventRow
from store.transaction import Transaction

ON_A_CALL = 3_000  # ms that an answer waits to be called back while the resident listens
Stage = Literal["talk", "queue", "ringing", "bridged", "held", "conference", "callback", "voicemail", "ended"]


class Changed(Struct, frozen=True):
    """The ticket as it is now."""

    ticket: Summary


class EventShown(Struct, frozen=True):
    """An event of the ticket; `data` by its kind, numbers masked."""

    seq: int
    kind: str
    actor: str
    at: int
    data: dict[str, object]


class QuotaShown(Struct, frozen=True):
    """How many messages the channel still takes, and until when (ms)."""

    left: int
    until: int


class ResidentShown(Struct, frozen=True):
    """What was known of the resident when the talk was handed over."""

    slots: dict[str, str]
    summary: str
    tried: list[str]
    place: str | None
    person: str


class HeldShown(Struct, frozen=True):
    """What the seat `by` has said and can call back until `due_at` (ms); numbers masked."""

    id: str
    by: str
    text: str
    source: str | None
    due_at: int


class TalkShown(Struct, frozen=True):
    """Another conversation of the same person, with its newest messages; there are older ones where the first is not number 1."""

    talk: int
    channel: str
    messages: list[MessageShown]


class Whole(Struct, frozen=True):
    """A ticket with the messages of the conversation that it is in now (`talk`), those of the same person's others, its events,
    what is about to be said, and the resident's other tickets. From the message
    `waiting_from` on nothing has been delivered yet; `dead` says that something never will be."""

    ticket: Summary
    talk: int
    messages: list[MessageShown]
    elsewhere: list[TalkShown]
    held: list[HeldShown]
    events: list[EventShown]
    others: list[Summary]
    waiting_from: int | None
    dead: bool
    quota: QuotaShown | None
    call: Stage | None
    resident: ResidentShown


async def written_down(database: Database, seat: Seat, at: int, subject: str, detail: str = "") -> None:
    """That somebody was shown words of tickets that are not theirs."""
    await database.write(lambda t: conversations.audited(t, seat.name, "ticket.read", subject, detail, at))


@dataclass(frozen=True, slots=True)
class TicketViews:
    """What tickets are shown with at this moment (ms); whoever looks is written down."""

    database: Database
    hours: Hours
    library: Library
    residents: Residents
    opened: Mapping[str, OpenChannel]
    glances: Glances
    now: int

    async def after(self, ref: str, seat: Seat) -> Changed:
        """The ticket as it is now."""

        def look(transaction: Transaction) -> Summary:
            return for_seat(summarise(transaction, ticket_of(transaction, ref), self.hours), seat.name)

        ticket = await self.database.read(look)
        if seat.name != ticket.last_seat:  # who has just given it back has read it
            await self.looked_through([ticket], seat, ref)
        return Changed(ticket)

    async def looked_at(self, row: TicketRow, seat: Seat) -> None:
        """Writes down a look at a ticket that somebody else has, or nobody."""
        if row.owner != seat.name:
            await written_down(self.database, seat, self.now, row.ref)

    async def looked_through(self, shown: Sequence[Summary], seat: Seat, where: str, sought: str = "") -> None:
        """The same for a list in which words of such tickets stand: one line that names them, but for what the seat has just
        been shown there, where it `sought` the same."""
        stands = {
            each.ref: Stand(each.version, each.seq)
            for each in shown
            if not is_own(each, seat.name) and (each.about or each.last)
        }
        if refs := self.glances.new(seat.name, f"{where} {sought}", stands, self.now):
            await written_down(self.database, seat, self.now, where, " ".join(refs))
            self.glances.written(seat.name, f"{where} {sought}", {ref: stands[ref] for ref in refs}, self.now)

    async def whole(self, opened: Opened, seat: Seat) -> Whole:
        def look(transaction: Transaction) -> tuple[Summary, list[Summary]]:
            def summary(row: TicketRow) -> Summary:
                return summarise(transaction, row, self.hours)

            others = [each for row in opened.others if not is_hidden(each := summary(row), seat.name)]
            return unaware(summary(opened.ticket), seat.name), [for_seat(each, seat.name) for each in others]

        ticket, others = await self.database.read(look)
        await self.looked_through(others, seat, ticket.ref)
        about, talk = opened.handover, opened.ticket.conversation
        place = self.library.catalogue.organisations.get(opened.ticket.place or "")
        slots = {name: mask(value, theirs=True) for name, value in about.slots.items()}
        elsewhere = [
            TalkShown(each.id, each.channel, [shown(said, each.id) for said in each.messages])
            for each in await self.residents.elsewhere(opened.ticket, seat.name, self.now)
        ]
        return Whole(
            ticket, talk, [shown(each, talk) for each in opened.messages],
            elsewhere, [_held(each) for each in opened.held], [_happened(each) for each in opened.events if not complains_of(each.data, seat.name)], others,
            opened.waiting_from, opened.dead, await self.quota(opened.ticket), await self.stage(opened.ticket),
            ResidentShown(slots, mask(about.summary, theirs=True), _told(opened), place.name if place else None, opened.ticket.person),
        )  # fmt: skip

    async def stage(self, row: TicketRow) -> Stage | None:
        """Where the caller is; None where nobody called."""
        opened = self.opened.get(row.channel)
        return cast(Stage | None, await opened.calling.stage(row.ref)) if opened and opened.calling else None

    async def quota(self, row: TicketRow) -> QuotaShown | None:
        """None where the channel does not count."""
        opened = self.opened.get(row.channel)
        if opened is None or opened.quota is None or row.state == "closed":
            return None
        allowed = await opened.quota(row.conversation)
        return QuotaShown(allowed.left, allowed.until)

    async def recall_time(self, ref: str) -> int:
        """How long an answer to the resident of a ticket can be called back (ms)."""
        row = await self.database.read(lambda t: ticket_of(t, ref))
        longest = self.hours.settings.recall_seconds * 1000
        stage = await self.stage(row)
        return longest if stage in (None, "callback", "voicemail", "ended") else min(longest, ON_A_CALL)


async def _views(connection: HTTPConnection, now: Now) -> TicketViews:
    desk = desk_of(connection)
    return TicketViews(desk.database, desk.hours, desk.library, desk.residents, desk.opened, desk.glances, now)


TheViews = Annotated[TicketViews, Depends(_views)]


def _told(opened: Opened) -> list[str]:
    """What the bot's answers in the talk rest on."""
    said = (each.message.reply.source for each in opened.messages if each.author == "bot")
    return list(dict.fromkeys(each for each in (*opened.handover.tried, *said) if each))


def _held(row: HeldReplyRow) -> HeldShown:
    reply = said(row.held)
    return HeldShown(row.held.id, row.held.seat, mask(reply.text), reply.source, row.due_at)


def _happened(event: EventRow) -> EventShown:
    return EventShown(event.id, event.kind, event.actor, event.at, masked(event.data))


async def check_colleague(people: People, name: str | None) -> None:
    """Raises `TicketError` where a name is nobody's who works on tickets."""
    if name is None:
        return
    found = await people.get(name)
    if found is None or not found.may("ticket.work"):
        raise TicketError("not_found", f"没有坐席 {name}")
