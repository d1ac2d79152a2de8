"""What a seat does with a ticket. Every command is one transaction: it checks, appends an event, tells the resident.

Nothing is decided by what a page believed: who owns a ticket is read in the transaction that changes it, so two seats
can never both hold, answer or close one, and a command that is sent twice is done once.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from bot import conversation
from bot.conversation import Offer
from bot.inbox import encode, numbered
from bot.live import Live
from bot.messages import File, Handover, Message, Numbered, Option, Reply
from bot.texts import Texts
from desk import files
from desk.errors import TicketError
from store import conversations, outbox, ticket_lists, tickets
from store.conversations import ConversationRow
from store.database import ConflictError, Database, Transaction
from store.ticket_events import (
    Happened,
    TicketAsked,
    TicketClosed,
    TicketHandedBack,
    TicketLinked,
    TicketMerged,
    TicketNoted,
    TicketPassed,
    TicketRaised,
    TicketReturned,
    TicketRow,
    TicketSaid,
    TicketSnoozed,
    TicketTagged,
    TicketTaken,
    TicketTransferred,
    TicketWoken,
)
from store.tickets import EventRow

T = TypeVar("T")
LONGEST = 2000  # characters of an answer or a note
STARS = 5
ATTEMPTS = 10  # each lost race means that somebody else's change went through


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket with all that belongs to it. `waiting_from` is the first message that its channel has not taken yet,
    `dead` whether it was given up."""

    ticket: TicketRow
    handover: Handover
    messages: Sequence[Numbered]
    events: Sequence[EventRow]
    others: Sequence[TicketRow]
    waiting_from: int | None
    dead: bool


def handover(row: TicketRow) -> Handover:
    return msgspec.json.decode(row.body, type=Handover)


class Tickets:
    """All methods raise `TicketError` where the seat may not, and change nothing then. `now` is in ms."""

    def __init__(self, database: Database, live: Live, texts: Texts) -> None:
        self._database = database
        self._live = live
        self._texts = texts
        self._touched: set[int] = set()  # conversations whose pages are to be woken after the commit

    # -- looking

    async def in_state(self, state: str) -> Sequence[TicketRow]:
        return await self._database.read(lambda t: tickets.in_state(t, state))

    async def show(self, ref: str) -> Opened:
        return await self._database.read(lambda t: _opened(t, ref))

    # -- holding

    async def take(self, ref: str, seat: str, now: int, shown: str = "", *, over: bool = False) -> TicketRow:
        """Gives the ticket to the seat, with all else that the same person has waiting: one person has one place. An
        offer is a question, not a reservation: whoever takes a waiting ticket first has it; only a seat that it complains
        of never gets it. Taking what one has changes nothing; `over` takes it from whoever has it."""

        def work(transaction: Transaction) -> TicketRow:
            found = _get(transaction, ref)
            if found.owner == seat and found.state == "open":
                return found
            if found.state == "closed" or (found.state != "waiting" and not over):
                raise TicketError("taken", _whose(found))
            refuse(found, seat)
            others = ticket_lists.waiting_of(transaction, found.person) if found.state == "waiting" else []
            taken = self._take(transaction, found, seat, now, shown)
            for other in others:
                if other.ref != ref and seat not in barred(other):
                    self._take(transaction, other, seat, now, shown)
            return taken

        return await self._write(work)

    def _take(self, transaction: Transaction, found: TicketRow, seat: str, now: int, shown: str) -> TicketRow:
        row = tickets.record(transaction, found, TicketTaken(found.owner), seat, now)
        tickets.hold(transaction, found.conversation, found.ref, seat)
        return self._tell(transaction, row, "desk.taken", now, ref=found.ref, seat=shown or seat)

    async def pass_on(self, ref: str, seat: str, now: int, why: str = "declined") -> None:
        """Lets an offer go by: the next seat gets it."""

        def work(transaction: Transaction) -> None:
            found = _get(transaction, ref)
            if found.offered_to == seat and found.state == "waiting":
                tickets.record(transaction, found, TicketPassed(seat, why), seat, now)

        await self._write(work)

    async def give_back(self, seat: str, now: int, why: str, shown: str = "") -> int:
        """A seat has gone: what it has open goes back to its old place in the queue, and the residents are told."""

        def work(transaction: Transaction) -> int:
            held = ticket_lists.held_by(transaction, seat)
            for found in held:
                row = tickets.record(transaction, found, TicketReturned(why), seat, now)
                tickets.hold(transaction, found.conversation, found.ref, None)
                self._tell(transaction, row, "desk.returned", now, ref=found.ref, seat=shown or seat)
            return len(held)

        return await self._write(work)

    async def transfer(
        self, ref: str, seat: str, now: int, *, to: str | None, skill: str | None, word: str, until: int, direct: bool = False
    ) -> None:  # fmt: skip
        """Passes it to a colleague, who is asked until then, or to whoever has the skill. `direct`: by a supervisor,
        whoever has it."""

        def work(transaction: Transaction) -> None:
            found = _get(transaction, ref) if direct else _held(transaction, ref, seat)
            if found.state == "closed":
                raise TicketError("taken", _whose(found))
            refuse(found, to)
            passed_to = TicketTransferred(to, until if to else None, skill, word, found.owner)
            row = tickets.record(transaction, found, passed_to, seat, now)
            if found.owner:
                tickets.hold(transaction, found.conversation, ref, None)
                self._tell(transaction, row, "desk.transferred", now, ref=ref)

        await self._write(work)

    async def snooze(self, ref: str, seat: str, until: int, now: int) -> None:
        """Puts it aside until then, or until the resident writes."""
        if until <= now:
            raise TicketError("invalid", "稍后处理的时间要在将来")
        await self._write(lambda t: tickets.record(t, _held(t, ref, seat), TicketSnoozed(until), seat, now))

    async def wake(self, ref: str, seat: str, now: int) -> None:
        def work(transaction: Transaction) -> None:
            found = _get(transaction, ref)
            if found.state == "snoozed":
                tickets.record(transaction, found, TicketWoken(), seat, now)

        await self._write(work)

    # -- writing

    async def reply(
        self, ref: str, seat: str, text: str, now: int, *, id: str | None = None, seen: int | None = None,
        source: str | None = None, file: tuple[str, bytes] | None = None,
    ) -> int:  # fmt: skip
        """Says something to the resident in the same conversation; the outbox delivers it. The same id again changes
        nothing. With `seen`, the number of the last message that the seat has read, an answer to something older than
        the resident's last word is refused as outdated. `file` is a name and a content to go with it."""
        kind = files.checked(*file) if file is not None else None
        text = _checked(text) if file is None else text.strip()[:LONGEST]

        def work(transaction: Transaction) -> int:
            found = _get(transaction, ref)
            read = _conversation(transaction, found)
            key = f"desk:{id}" if id is not None else None
            if key is not None and (said := conversations.answered(transaction, read.id, key)) is not None:
                return said[1]
            found = _held(transaction, ref, seat)
            if seen is not None and _resident_spoke(transaction, read, seen):
                raise TicketError("outdated", "居民刚刚又说了话，请看过再发")
            kept: tuple[File, ...] = ()
            if file is not None and kind is not None:
                kept = (files.keep(transaction, read.id, *kind, file[1], seat, now),)
            words = text or "、".join(each.name for each in kept)
            body = encode(Message(reply=Reply(text=words, source=source, files=kept), re=id))
            seq = conversations.say(transaction, read, [("seat", body)], now, id=key)
            self._touched.add(read.id)
            tickets.record(transaction, found, TicketSaid("seat", seq, seq), seat, now)
            return seq

        return await self._write(work)

    async def note(self, ref: str, seat: str, text: str, now: int, mentions: Sequence[str] = ()) -> None:
        """A word that only the desk sees."""
        text = _checked(text)

        def work(transaction: Transaction) -> None:
            tickets.record(transaction, _get(transaction, ref), TicketNoted(text, tuple(mentions)), seat, now)

        await self._write(work)

    async def tag(self, ref: str, seat: str, tags: Sequence[str], now: int) -> None:
        def work(transaction: Transaction) -> None:
            clean = list(dict.fromkeys(each.strip()[:20] for each in tags if each.strip()))[:12]
            tickets.record(transaction, _get(transaction, ref), TicketTagged(tuple(clean)), seat, now)

        await self._write(work)

    # -- ending

    async def close(
        self, ref: str, seat: str, result: str, now: int, *, note: str = "", topic: str | None = None
    ) -> None:
        """Ends the ticket and tells the resident; the bot answers again. Closing what one has closed changes nothing."""

        def work(transaction: Transaction) -> None:
            found = _get(transaction, ref)
            if found.state == "closed" and found.last_seat == seat:
                return
            held = _held(transaction, ref, seat)
            closed = TicketClosed(result, note[:LONGEST], topic, result != "spam" and _may_ask(held))
            self._end(transaction, held, closed, seat, now, "desk.closed", ref=ref)

        await self._write(work)

    async def hand_back(self, ref: str, seat: str, now: int) -> None:
        """The bot goes on where the seat stops."""

        def work(transaction: Transaction) -> None:
            held = _held(transaction, ref, seat)
            self._end(transaction, held, TicketHandedBack(_may_ask(held)), seat, now, "desk.handed_back", ref=ref)

        await self._write(work)

    async def merge(self, ref: str, into: str, seat: str, now: int) -> None:
        """Two tickets of one resident become one: this one ends, the other goes on."""

        def work(transaction: Transaction) -> None:
            held, other = _held(transaction, ref, seat), _held(transaction, into, seat)
            if ref == into or held.person != other.person:
                raise TicketError("invalid", "只能合并同一位居民的两张工单")
            self._end(transaction, held, TicketMerged(into), seat, now, "desk.merged", ref=into, other=ref)
            tickets.record(transaction, _get(transaction, into), TicketLinked(ref, barred(held)), seat, now)

        await self._write(work)

    def _end(
        self, transaction: Transaction, held: TicketRow, how: Happened, seat: str, now: int, text: str, **values: str
    ) -> None:
        row = self._tell(transaction, held, text, now, closing=True, **values)
        tickets.record(transaction, row, how, seat, now)
        tickets.hold(transaction, held.conversation, None, None)

    # -- afterwards

    async def survey(self, ref: str, now: int) -> None:
        """Asks what the resident thought of it: once, and only where the last word has been delivered."""

        def work(transaction: Transaction) -> None:
            found = _get(transaction, ref)
            read = _conversation(transaction, found)
            if not found.survey or outbox.undelivered(transaction, read.id) is not None:
                return
            row = tickets.record(transaction, found, TicketAsked(), "bot", now)
            state = conversation.load(read.state)
            if state.tasks or read.ticket or state.closed != ref:
                return  # the talk has gone on: asking now would be in the way
            offers = [
                Offer(str(STARS + 1 - stars), self._texts.line(state.lang, f"stars.{stars}"), "rate_service",
                      {"ticket": ref, "stars": str(stars)})
                for stars in range(STARS, 0, -1)
            ]  # fmt: skip
            said = self._texts.reply(state.lang, "desk.survey")
            reply = msgspec.structs.replace(said, options=tuple(Option(offer.key, offer.label) for offer in offers))
            state.offers, state.said, state.confirming = offers, [reply], False
            seq = conversations.say(
                transaction, read, [("bot", encode(Message(reply=reply)))], now, state=conversation.dump(state)
            )
            tickets.record(transaction, row, TicketSaid("bot", seq, seq), "bot", now)

        await self._write(work)

    # -- shared

    def _tell(
        self, transaction: Transaction, row: TicketRow, text: str, now: int, *, closing: bool = False, **values: str
    ) -> TicketRow:
        """A word of the system to the resident."""
        read = _conversation(transaction, row)
        state = conversation.load(read.state)
        if closing:
            state.closed, state.closed_at = row.ref, now
        body = encode(Message(reply=self._texts.reply(row.lang, text, **values)))
        seq = conversations.say(transaction, read, [("system", body)], now, state=conversation.dump(state))
        self._touched.add(read.id)
        return tickets.record(transaction, row, TicketSaid("system", seq, seq), "system", now)

    async def _write(self, work: Callable[[Transaction], T]) -> T:
        for _ in range(ATTEMPTS):
            try:
                result = await self._database.write(work)
            except ConflictError:
                continue
            self._live.ring()
            while self._touched:
                self._live.wake(self._touched.pop())
            return result
        raise TicketError("outdated", "工单刚刚变动，请再试一次")


def _get(transaction: Transaction, ref: str) -> TicketRow:
    found = tickets.get(transaction, ref)
    if found is None:
        raise TicketError("not_found", f"没有工单 {ref}")
    return found


def _held(transaction: Transaction, ref: str, seat: str) -> TicketRow:
    found = _get(transaction, ref)
    if found.owner != seat or found.state not in ("open", "snoozed"):
        raise TicketError("not_yours", f"工单 {ref} 不在您手上，请先接单")
    return found


def refuse(found: TicketRow, seat: str | None) -> None:
    """Raises `TicketError` where the ticket complains of that seat: it never has to do with it."""
    if seat is not None and seat in barred(found):
        raise TicketError("barred", f"工单 {found.ref} 涉及 {seat} 的服务，由别的同事处理")


def _conversation(transaction: Transaction, row: TicketRow) -> ConversationRow:
    read = conversations.get(transaction, row.conversation)
    assert read is not None
    return read


def _may_ask(held: TicketRow) -> bool:
    """Whether to ask for stars: never anybody whose life was in danger."""
    return held.priority != 0


def _whose(found: TicketRow) -> str:
    if found.state == "closed":
        return f"工单 {found.ref} 已经办结"
    return f"工单 {found.ref} 由 {found.owner} 处理"


def _checked(text: str) -> str:
    if not (text := text.strip()):
        raise TicketError("invalid", "内容不能为空")
    if len(text) > LONGEST:
        raise TicketError("invalid", f"内容不能超过 {LONGEST} 字")
    return text


def _resident_spoke(transaction: Transaction, read: ConversationRow, seen: int) -> bool:
    later = conversations.messages(transaction, read.id, seen + 1, read.seq)
    return any(row.author == "resident" for row in later)


def _opened(transaction: Transaction, ref: str) -> Opened:
    found = _get(transaction, ref)
    said = [numbered(row) for row in conversations.messages(transaction, found.conversation, 1, 1 << 30)]
    undelivered = outbox.undelivered(transaction, found.conversation)
    others = [row for row in ticket_lists.of_person(transaction, found.person) if row.ref != ref]
    events = tickets.events(transaction, ref)
    return Opened(
        found, _with_more(handover(found), events), said, events, others,
        undelivered[0] if undelivered else None, bool(undelivered and undelivered[1]),
    )  # fmt: skip


def _with_more(about: Handover, events: Sequence[EventRow]) -> Handover:
    """With what the resident added while waiting, a number to call back on for one."""
    slots = dict(about.slots)
    for event in events:
        if isinstance(raised := event.happened, TicketRaised):
            slots |= raised.slots
    return msgspec.structs.replace(about, slots=slots)


def tags(row: TicketRow) -> list[str]:
    return msgspec.json.decode(row.tags, type=list[str])


def barred(row: TicketRow) -> tuple[str, ...]:
    return tuple(json.loads(row.barred))


def passed(row: TicketRow) -> tuple[str, ...]:
    return tuple(json.loads(row.passed))
