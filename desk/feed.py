"""What happens at the desk, told to every open page: one socket a page, events numbered, none lost silently.

One reader a process asks the store for the events above the last one it has seen and makes each into a frame once;
every page has a queue of its own, so that a slow page delays nobody. A page whose queue overflows, or that comes back
with a number too far behind, is told to fetch everything again: it never misses an event without knowing.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bot.hints import DeskHint, DeskPart
from bot.inbox import numbered
from bot.live import Live
from bot.messages import Card, Numbered
from desk.hours import Hours
from desk.looks import Looks
from desk.masking import mask, mask_all, mask_said
from desk.summary import Summary, for_seat, is_hidden, is_own, summarise
from store import conversations, ticket_lists, tickets
from store.database import Database
from store.ticket_events import TicketOpened
from store.tickets import EventRow
from store.transaction import Transaction

TOGETHER = 200  # events made into frames at a time
QUEUE = 500  # frames that a page may be behind before it has to fetch everything
Author = Literal["resident", "bot", "seat", "system"]
encode = msgspec.json.encode
_WORDS = frozenset({"text", "word", "note", "slots"})  # of an event's data, what somebody wrote or is reached by


class FileShown(Struct, frozen=True):
    """`path` is where what a seat has sent is fetched; of what a resident has sent it ends with the id. `size` in bytes, 0
    where it is not known."""

    name: str
    type: str
    path: str
    size: int


class CardShown(Struct, frozen=True):
    title: str
    lines: tuple[str, ...]


class MessageShown(Struct, frozen=True):
    """What was said, as pages of the desk get it: numbers masked. `id` is the sender's; `options` what was offered with it,
    `source` what a seat's answer rests on, `talk` the conversation in which it has its number."""

    seq: int
    author: Author
    text: str
    at: int
    id: str | None
    options: list[str]
    source: str | None
    files: list[FileShown]
    cards: list[CardShown]
    talk: int


class HelloFrame(Struct, frozen=True, tag="hello"):
    """The page goes on from the event with this number; `at` is the moment here (ms), whatever the clock there says."""

    seq: int
    at: int


class ResetFrame(Struct, frozen=True, tag="reset"):
    """The page has missed too much, and fetches everything again."""

    seq: int


class EventFrame(Struct, frozen=True, tag="event"):
    """Something happened to a ticket, which is now as told; `messages` are what was said by it. Words are there for the
    seat that has the ticket, and for a page that has it open."""

    seq: int
    kind: str
    actor: str
    at: int
    ref: str
    data: dict[str, object]
    ticket: Summary
    messages: list[MessageShown]


class TypingFrame(Struct, frozen=True, tag="typing"):
    """The resident is writing; a hint, not numbered."""

    ref: str
    at: int


class DeliveredFrame(Struct, frozen=True, tag="delivered"):
    """The channel has taken everything up to this message; a hint, not numbered."""

    ref: str
    to: int


class ChangedFrame(Struct, frozen=True, tag="changed"):
    """Something changed at the desk that is no ticket: who is there, announcements, or that a code of the counter was
    scanned; a hint, not numbered."""

    what: DeskPart


class ErrorFrame(Struct, frozen=True, tag="error"):
    """What the page sent was not understood."""

    code: str


class PongFrame(Struct, frozen=True, tag="pong"):
    pass


Frame = HelloFrame | ResetFrame | EventFrame | TypingFrame | DeliveredFrame | ChangedFrame | ErrorFrame | PongFrame


def shown(each: Numbered, talk: int) -> MessageShown:
    """A message as pages of the desk get it."""
    reply = each.message.reply
    return MessageShown(
        each.seq, cast(Author, each.author), mask_said(each), each.at, each.message.re,
        options=[option.label for option in reply.options], source=reply.source,
        files=[FileShown(mask(file.name, theirs=True), file.type, file.path, file.size) for file in reply.files],
        cards=[_card(card, theirs=each.author == "resident") for card in reply.cards], talk=talk,
    )  # fmt: skip


def _card(card: Card, *, theirs: bool) -> CardShown:
    return CardShown(mask(card.title, theirs=theirs), tuple(mask(line, theirs=theirs) for line in card.lines))


def masked(data: Mapping[str, object]) -> dict[str, object]:
    """What an event says, numbers masked."""
    return {name: mask_all(each) for name, each in data.items()}


@dataclass(eq=False, slots=True)
class FeedPage:
    """An open page: what is to be sent to it. `lost` is set when it fell too far behind, `ended` when whoever has it open
    is not to hear anything any more."""

    seat: str
    session: str = ""  # its digest
    frames: "asyncio.Queue[bytes]" = field(default_factory=lambda: asyncio.Queue(QUEUE))
    lost: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    watching: str | None = None  # the ticket it has open: a look that is written down
    hears_tickets: bool = True  # or of what else changes alone

    def put(self, frame: bytes) -> None:
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.lost = True


class _Told:
    """An event as pages are told of it: each as far as its seat sees it, made into bytes once for all that see the same. `talk` is
    the conversation that it is in, and `bars` are those to whom the ticket, which they may have seen, is now as if it were not."""

    def __init__(self, frame: EventFrame, talk: int, bars: frozenset[str]) -> None:
        self._frame = frame
        self._encoded: dict[tuple[str, bool, bool], tuple[bytes, bool]] = {}
        self.ref, self.talk, self.bars = frame.ref, talk, bars

    def is_hidden_from(self, seat: str) -> bool:
        return is_hidden(self._frame.ticket, seat)

    def to(self, page: FeedPage) -> tuple[bytes, bool] | None:
        """And whether it shows what was said in a ticket that is not the seat's; None where the seat hears nothing of it, for it
        complains of the seat."""
        frame, seat = self._frame, page.seat
        if self.is_hidden_from(seat) or complains_of(frame.data, seat):
            return None
        ticket = for_seat(frame.ticket, seat)
        open = seat in (ticket.owner, ticket.offered_to) or page.watching == frame.ref
        key = (seat if seat in frame.ticket.barred else "", ticket.about == frame.ticket.about, open)
        if key not in self._encoded:
            kept = {name: value for name, value in frame.data.items() if open or name not in _WORDS}
            told = replace(frame, ticket=ticket, data=kept, messages=frame.messages if open else [])
            words = bool(ticket.about or ticket.last or told.messages or _WORDS & kept.keys())
            self._encoded[key] = encode(told), words
        encoded, words = self._encoded[key]
        return encoded, words and not is_own(ticket, seat)


def complains_of(data: Mapping[str, object], seat: str) -> bool:
    """Whether an event is a complaint of a seat: it is kept with the ticket, and shown to others alone."""
    return seat in _barred(data)


def _barred(data: Mapping[str, object]) -> frozenset[str]:
    return frozenset(cast(Sequence[str], data.get("barred") or ()))


def _bars(transaction: Transaction, frame: EventFrame, talk: int) -> frozenset[str]:
    """Of whom something of the talk complains from now on that they may have seen: a ticket that is new was seen by nobody."""
    barred = _barred(frame.data)
    is_new = barred and frame.kind == TicketOpened.kind and len(ticket_lists.of_conversation(transaction, talk)) == 1
    return frozenset() if is_new else barred


class Feed:
    """`look` is the worker's round; `join` for each page."""

    def __init__(self, database: Database, live: Live, hours: Hours, clock: Callable[[], float]) -> None:
        self._database = database
        self._looks = Looks(database, hours.zone, clock)
        self._live = live
        self._hours = hours
        self._clock = clock
        self._seen = -1
        self._looking = asyncio.Lock()  # one at a time moves `_seen` on, or lets a page join at it
        self.pages: set[FeedPage] = set()
        self._conversations: dict[int, str] = {}  # of the tickets that pages have open
        self._changes: set[DeskPart] = set()  # told together: many pages come at once
        live.on_typing(self._typing)
        live.on_delivered(self._delivered)
        live.on_desk(self._changed)

    async def look(self) -> None:
        """Sends what is new to all pages."""
        async with self._looking:
            changed, self._changes = self._changes, set()
            for what in changed:
                frame = encode(ChangedFrame(what))
                for page in self.pages:
                    page.put(frame)
            await self._look()

    async def _look(self) -> None:
        if not self.pages:  # nobody listens: the next page begins at whatever is last then
            self._seen = -1
            return
        while True:
            frames = await self._after(self._seen)
            await self._tell([told for _, told in frames], [page for page in self.pages if page.hears_tickets])
            if frames:
                self._seen = frames[-1][0]
            if len(frames) < TOGETHER:
                return

    async def _tell(self, frames: Sequence[_Told], pages: Sequence[FeedPage]) -> None:
        """All of it to each of them, once it is written down whose words their seats are shown."""
        shown: dict[str, set[str]] = {}
        encoded = []
        for told in frames:
            for page in pages:
                heard = told.to(page)
                if heard is None:
                    if told.is_hidden_from(page.seat) and self._forgets(page, told):
                        encoded.append((page, encode(ResetFrame(self._seen))))
                    continue
                encoded.append((page, heard[0]))
                if heard[1]:
                    shown.setdefault(told.ref, set()).add(page.seat)
        await self._looks.about_to(shown)
        for page, frame in encoded:
            page.put(frame)

    def _forgets(self, page: FeedPage, told: _Told) -> bool:
        """Nothing of the talk reaches the page any more; whether it has something to forget of it, and fetches all anew."""
        if page.watching in (told.ref, self._conversations.get(told.talk)):
            page.watching = None
        return page.seat in told.bars

    async def join(self, page: FeedPage, since: int | None) -> None:
        """From here on the page gets everything; first what it missed after `since`, or the word that it must fetch
        everything. Without `since` it starts now."""
        async with self._looking:
            await self._look()
            if self._seen < 0:
                self._seen = await self._database.read(tickets.last_event)
            if since is None or not page.hears_tickets:
                page.put(encode(self._hello(self._seen)))
            elif since > self._seen or self._seen - since >= QUEUE:  # with its greeting it would not fit
                page.put(encode(ResetFrame(self._seen)))
            else:
                page.put(encode(self._hello(since)))
                await self._catch_up(page, since)
            self.pages.add(page)

    def _hello(self, seq: int) -> HelloFrame:
        return HelloFrame(seq, int(self._clock() * 1000))

    async def _after(self, seen: int) -> list[tuple[int, _Told]]:
        return await self._database.read(lambda t: self._frames(t, seen))

    async def _catch_up(self, page: FeedPage, since: int) -> None:
        while since < self._seen:
            missed = await self._after(since)
            await self._tell([told for number, told in missed if number <= self._seen], [page])
            since = missed[-1][0]

    def leave(self, page: FeedPage) -> None:
        self.pages.discard(page)
        watched = {each.watching for each in self.pages}
        self._conversations = {id: ref for id, ref in self._conversations.items() if ref in watched}

    def end(self, seat: str, *, but: str = "") -> None:
        """The pages of a seat hear nothing any more, except those of the session with this digest."""
        for page in self.pages:
            if page.seat == seat and page.session != but:
                page.ended.set()

    def end_session(self, session: str) -> None:
        """The same for the pages of the session with this digest."""
        for page in self.pages:
            if page.session == session:
                page.ended.set()

    def _frames(self, transaction: Transaction, seen: int) -> list[tuple[int, _Told]]:
        """The events after a number as frames. The ticket in them is as it is now: a later event may say the same
        again, never something older."""
        events = tickets.events_since(transaction, seen, TOGETHER)
        known: dict[str, tuple[Summary, int]] = {}
        frames = []
        for event in events:
            if event.ticket not in known:
                row = tickets.get(transaction, event.ticket)
                assert row is not None
                known[event.ticket] = summarise(transaction, row, self._hours), row.conversation
            ticket, talk = known[event.ticket]
            frame = self._frame(transaction, event, ticket)
            frames.append((event.id, _Told(frame, talk, _bars(transaction, frame, talk))))
        return frames

    def _frame(self, transaction: Transaction, event: EventRow, ticket: Summary) -> EventFrame:
        data = event.data
        messages: list[MessageShown] = []
        if event.kind == "said":
            first, last, talk = (int(str(data.get(name, 0))) for name in ("first", "seq", "conversation"))
            if not talk:
                row = tickets.get(transaction, event.ticket)
                assert row is not None
                talk = row.conversation
            said = conversations.messages(transaction, talk, first, last)
            messages = [shown(numbered(each), talk) for each in said]
        return EventFrame(event.id, event.kind, event.actor, event.at, event.ticket, masked(data), ticket, messages)

    # -- hints, not numbered

    def watch(self, page: FeedPage, ref: str | None, conversation: int | None) -> None:
        """The page has this ticket open: it hears of typing and delivery there."""
        page.watching = ref
        if ref is not None and conversation is not None:
            self._conversations[conversation] = ref

    def typing(self, page: FeedPage, ref: str) -> None:
        """The seat types in the ticket that this page has open: the resident sees it."""
        conversation = next((id for id, known in self._conversations.items() if known == ref), None)
        if conversation is not None and page.watching == ref:
            self._live.typing(conversation, "seat")

    def _hint(self, conversation: int, frame: Callable[[str], Frame]) -> None:
        ref = self._conversations.get(conversation)
        if ref is None:
            return
        watching = [page for page in self.pages if page.watching == ref]
        if not watching:
            del self._conversations[conversation]
        for page in watching:
            page.put(encode(frame(ref)))

    def _typing(self, conversation: int, author: str) -> None:
        if author == "resident":
            self._hint(conversation, lambda ref: TypingFrame(ref, int(self._clock() * 1000)))

    def _delivered(self, conversation: int, seq: int) -> None:
        self._hint(conversation, lambda ref: DeliveredFrame(ref, seq))

    def _changed(self, hint: DeskHint) -> None:
        self._changes.add(hint.what)
