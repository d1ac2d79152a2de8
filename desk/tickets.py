"""What a seat does with a ticket. Every command is one transaction: it checks, appends an event, tells the resident.

Nothing is decided by what a page believed: who owns a ticket is read in the transaction that changes it, so two seats
can never both hold, answer or close one, and a command that is sent twice is done once.
"""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from bot import conversation
from bot.conversation import Offer
from bot.inbox import encode
from bot.live import Live
from bot.messages import Message, Option
from bot.texts import Texts
from desk import replies
from desk.errors import TicketError
from desk.opening import SHOWN, Opened, check_held, is_kept_away, opened, refuse, to_write_on
from desk.opening import found as ticket_of
from desk.replies import Accepted, Answer
from store import conversations, outbox, ticket_lists, tickets
from store.database import ConflictError, Database
from store.ticket_events import (
    Happened,
    TicketAsked,
    TicketClosed,
    TicketHandedBack,
    TicketLinked,
    TicketMerged,
    TicketNoted,
    TicketPassed,
    TicketReturned,
    TicketSaid,
    TicketSnoozed,
    TicketTagged,
    TicketTaken,
    TicketTransferred,
    TicketWoken,
)
from store.ticket_rows import Priority, TicketRow
from store.transaction import Transaction

T = TypeVar("T")
STARS = 5
ATTEMPTS = 10  # each lost race means that somebody else's change went through


class PassedOn(NamedTuple):
    """To a colleague, who is asked until then (ms), or to whoever has the skill; with a word."""

    to: str | None
    skill: str | None
    word: str
    until: int


class Change(NamedTuple):
    """A command at work: its transaction, and the conversations in which it said something, whose pages are to be woken
    after its own commit."""

    transaction: Transaction
    told: set[int]


class Tickets:
    """All methods raise `TicketError` where the seat may not, and change nothing then. `now` is in ms."""

    def __init__(self, database: Database, live: Live, texts: Texts) -> None:
        self._database = database
        self._live = live
        self._texts = texts

    # -- looking

    async def in_state(self, state: str) -> Sequence[TicketRow]:
        return await self._database.read(lambda t: tickets.in_state(t, state))

    async def show(self, ref: str, most: int = SHOWN) -> Opened:
        """The ticket with its newest messages."""
        return await self._database.read(lambda t: opened(t, ref, most))

    # -- holding

    async def take(self, ref: str, seat: str, now: int, shown: str = "", *, over: bool = False) -> TicketRow:
        """Gives the ticket to the seat, with all else that the same person has waiting: one person has one place. An
        offer is a question, not a reservation: whoever takes a waiting ticket first has it; only a seat that it complains
        of never gets it. Taking what one has changes nothing; `over` takes it from whoever has it."""

        def work(change: Change) -> TicketRow:
            found = ticket_of(change.transaction, ref)
            if found.owner == seat and found.state == "open":
                return found
            if found.state == "closed" or (found.state != "waiting" and not over):
                raise TicketError("taken", _whose(found))
            refuse(change.transaction, found, seat)
            others = ticket_lists.waiting_of(change.transaction, found.person) if found.state == "waiting" else []
            taken = self._take(change, found, seat, now, shown)
            for other in others:
                if other.ref != ref and not is_kept_away(change.transaction, other, seat):
                    self._take(change, other, seat, now, shown)
            return taken

        return await self._write(work)

    def _take(self, change: Change, found: TicketRow, seat: str, now: int, shown: str) -> TicketRow:
        found = _all_back(change, found, seat, now)
        row = tickets.record(change.transaction, found, TicketTaken(found.owner), seat, now)
        tickets.hand(change.transaction, found, seat)
        return self._tell(change, row, "desk.taken", now, ref=found.ref, seat=_called(seat, shown))

    async def pass_on(self, ref: str, seat: str, now: int, why: str = "declined") -> None:
        """Lets an offer go by: the next seat gets it."""

        def work(change: Change) -> None:
            found = ticket_of(change.transaction, ref)
            if found.offered_to == seat and found.state == "waiting":
                tickets.record(change.transaction, found, TicketPassed(seat, why), seat, now)

        await self._write(work)

    async def give_back(self, seat: str, now: int, why: str, shown: str = "") -> int:
        """A seat has gone: what it has open goes back to its old place in the queue, and the residents are told."""

        def work(change: Change) -> int:
            held = ticket_lists.held_by(change.transaction, seat)
            for each in held:
                found = _all_said(change, each, now)
                row = tickets.record(change.transaction, found, TicketReturned(why), seat, now)
                tickets.hand(change.transaction, found, None)
                self._tell(change, row, "desk.returned", now, ref=found.ref, seat=_called(seat, shown))
            return len(held)

        return await self._write(work)

    async def transfer(self, ref: str, seat: str, now: int, passed: PassedOn, *, direct: bool = False) -> None:
        """Passes it on; `direct`: by a supervisor, whoever has it."""

        def work(change: Change) -> None:
            found = ticket_of(change.transaction, ref) if direct else _held(change.transaction, ref, seat)
            if found.state == "closed":
                raise TicketError("taken", _whose(found))
            if passed.to is not None:
                refuse(change.transaction, found, passed.to)
            found = _all_said(change, _all_back(change, found, seat, now), now)
            until = passed.until if passed.to else None
            transferred = TicketTransferred(passed.to, until, passed.skill, passed.word, found.owner)
            row = tickets.record(change.transaction, found, transferred, seat, now)
            if found.owner:
                tickets.hand(change.transaction, found, None)
                self._tell(change, row, "desk.transferred", now, ref=ref)

        await self._write(work)

    async def snooze(self, ref: str, seat: str, until: int, now: int) -> None:
        """Puts it aside until then, or until the resident writes."""
        if until <= now:
            raise TicketError("invalid", "稍后处理的时间要在将来")
        await self._write(
            lambda change: tickets.record(
                change.transaction, _held(change.transaction, ref, seat), TicketSnoozed(until), seat, now
            )
        )

    async def wake(self, ref: str, seat: str, now: int) -> None:
        def work(change: Change) -> None:
            found = _held(change.transaction, ref, seat)
            if found.state == "snoozed":
                tickets.record(change.transaction, found, TicketWoken(), seat, now)

        await self._write(work)

    # -- writing

    async def reply(self, ref: str, seat: str, answer: Answer, now: int) -> Accepted:
        """Says something to the resident in the same conversation; the outbox delivers it."""

        def work(change: Change) -> Accepted:
            transaction = change.transaction
            found = ticket_of(transaction, ref)
            change.told.add(found.conversation)
            if (before := replies.known(transaction, found, seat, answer.id)) is not None:
                return before
            return replies.accept(transaction, _held(transaction, ref, seat), seat, answer, now)

        return await self._write(work)

    async def note(self, ref: str, seat: str, text: str, now: int, mentions: Sequence[str] = ()) -> None:
        """A word that only the desk sees, by whoever has one: it stays under their name."""
        text = replies.checked(text)

        def work(change: Change) -> None:
            noted = TicketNoted(text, tuple(mentions))
            tickets.record(change.transaction, to_write_on(change.transaction, ref), noted, seat, now)

        await self._write(work)

    async def tag(self, ref: str, seat: str, tags: Sequence[str], now: int) -> None:
        """Other tags instead of those that it has: for its seat alone, as what they replace is gone."""

        def work(change: Change) -> None:
            clean = list(dict.fromkeys(each.strip()[:20] for each in tags if each.strip()))[:12]
            tagged = TicketTagged(tuple(clean))
            tickets.record(change.transaction, _held(change.transaction, ref, seat), tagged, seat, now)

        await self._write(work)

    # -- ending

    async def close(
        self, ref: str, seat: str, result: str, now: int, *, note: str = "", topic: str | None = None
    ) -> None:
        """Ends the ticket and tells the resident; the bot answers again. Closing what one has closed changes nothing."""

        def work(change: Change) -> None:
            found = ticket_of(change.transaction, ref)
            if found.state == "closed" and found.last_seat == seat:
                return
            held = _held(change.transaction, ref, seat)
            closed = TicketClosed(result, note[: replies.LONGEST], topic, result != "spam" and _may_ask(held))
            self._end(change, held, closed, seat, now, "desk.closed", ref=ref)

        await self._write(work)

    async def hand_back(self, ref: str, seat: str, now: int) -> None:
        """The bot goes on where the seat stops."""

        def work(change: Change) -> None:
            held = _held(change.transaction, ref, seat)
            self._end(change, held, TicketHandedBack(_may_ask(held)), seat, now, "desk.handed_back", ref=ref)

        await self._write(work)

    async def merge(self, ref: str, into: str, seat: str, now: int) -> None:
        """Two tickets of one resident become one: this one ends, the other goes on."""

        def work(change: Change) -> None:
            held, other = _held(change.transaction, ref, seat), _held(change.transaction, into, seat)
            if ref == into or held.person != other.person:
                raise TicketError("invalid", "只能合并同一位居民的两张工单")
            self._end(change, held, TicketMerged(into), seat, now, "desk.merged", ref=into, other=ref)
            tickets.record(
                change.transaction, ticket_of(change.transaction, into), TicketLinked(ref, barred(held)), seat, now
            )

        await self._write(work)

    def _end(
        self, change: Change, held: TicketRow, how: Happened, seat: str, now: int, text: str, **values: str
    ) -> None:
        row = self._tell(change, held, text, now, closing=how, **values)
        tickets.record(change.transaction, row, how, seat, now)
        tickets.hand(change.transaction, held, None, ended=True)

    # -- afterwards

    async def survey(self, ref: str, now: int) -> None:
        """Asks what the resident thought of it: once, and only when nothing more is on its way to them."""

        def work(change: Change) -> None:
            found = ticket_of(change.transaction, ref)
            read = replies.talk_of(change.transaction, found)
            if not found.survey or outbox.is_on_its_way(change.transaction, read.id):
                return
            row = tickets.record(change.transaction, found, TicketAsked(), "bot", now)
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
                change.transaction, read, [("bot", encode(Message(reply=reply)))], now, state=conversation.dump(state)
            )
            tickets.record(change.transaction, row, TicketSaid("bot", seq, seq, read.id), "bot", now)

        await self._write(work)

    # -- shared

    def _tell(
        self, change: Change, row: TicketRow, text: str, now: int, *, closing: Happened | None = None, **values: str
    ) -> TicketRow:
        """A word of the system to the resident, behind what its seat has said; `closing` is how the ticket ends with it."""
        row = _all_said(change, row, now)
        read = replies.talk_of(change.transaction, row)
        state = conversation.load(read.state)
        if closing is not None:
            state.elsewhere = isinstance(closing, TicketMerged)
            state.merged_for = row.person if state.elsewhere else ""
            state.closed = closing.into if isinstance(closing, TicketMerged) else row.ref
            state.closed_at = now
        body = encode(Message(reply=self._texts.reply(row.lang, text, **values)))
        seq = conversations.say(change.transaction, read, [("system", body)], now, state=conversation.dump(state))
        change.told.add(read.id)
        return tickets.record(change.transaction, row, TicketSaid("system", seq, seq, read.id), "system", now)

    async def _write(self, work: Callable[[Change], T]) -> T:
        def tried(transaction: Transaction) -> tuple[T, set[int]]:
            change = Change(transaction, set())
            return work(change), change.told

        for _ in range(ATTEMPTS):
            try:
                result, told = await self._database.write(tried)
            except ConflictError:
                continue
            self._live.ring()
            for id in told:
                self._live.wake(id)
            return result
        raise TicketError("outdated", "工单刚刚变动，请再试一次")


def _all_said(change: Change, row: TicketRow, now: int) -> TicketRow:
    """The ticket when what its seat has written and could still call back is said: while it is that seat's."""
    return ticket_of(change.transaction, row.ref) if replies.let_go(change.transaction, row, now) else row


def _all_back(change: Change, row: TicketRow, by: str, now: int) -> TicketRow:
    """The ticket when what another seat could still call back has come back: whoever takes it from them may do so for that."""
    return ticket_of(change.transaction, row.ref) if replies.come_back(change.transaction, row, by, now) else row


def _held(transaction: Transaction, ref: str, seat: str) -> TicketRow:
    found = ticket_of(transaction, ref)
    check_held(found, seat)
    return found


def _may_ask(held: TicketRow) -> bool:
    """Whether to ask for stars: never anybody whose life was in danger."""
    return held.priority != Priority.DANGER


def _called(seat: str, shown: str) -> str:
    """What residents are told that a seat is called: never the name with which it signs in."""
    return "" if shown == seat else shown


def _whose(found: TicketRow) -> str:
    if found.state == "closed":
        return f"工单 {found.ref} 已经办结"
    return f"工单 {found.ref} 由 {found.owner} 处理"


def tags(row: TicketRow) -> list[str]:
    return msgspec.json.decode(row.tags, type=list[str])


def barred(row: TicketRow) -> tuple[str, ...]:
    return tuple(json.loads(row.barred))


def passed(row: TicketRow) -> tuple[str, ...]:
    return tuple(json.loads(row.passed))
