"""What comes in: accepted once, thought about, committed with its answer in one transaction.

Read, think, commit; when somebody else changed the conversation meanwhile, again from the start. Nothing is
acknowledged before it is committed, so a process that dies leaves a whole turn or none, and the resident's channel
delivers the message again.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from accounts.accounts import Accounts
from accounts.limits import FILES, Limits, Once
from bot import conversation, pieces
from bot.admission import Admission, BusyError, is_alarm
from bot.comprehension import Comprehension, Understanding
from bot.conversation import Conversation
from bot.dialogue import Dialogue
from bot.files import FileRefusal, safe
from bot.journey import FOLLOWED
from bot.keeping import kept
from bot.live import Live
from bot.locks import Locks
from bot.messages import LONGEST, Arrived, Card, File, Handover, Inbound, Message, Numbered, Reply
from bot.queue import Done, Failed, Outcome
from bot.texts import Texts
from bot.took import TOOK
from bot.turn import Turn
from bot.usage import Usage
from bot.waiting import GENERAL, SeatAvailability
from knowledge.library import Library
from nlu import pieces as going_on
from nlu import proofs
from nlu.text import clean
from store import conversations, deliveries, tickets
from store.attachments import NewFile
from store.conversations import ConversationRow, MessageRow
from store.database import ConflictError, Database
from store.deliveries import DeferredRow
from store.queue import QueueRow
from store.transaction import Transaction

ATTEMPTS = 20  # lost races in a row; each means that another message of the same resident went through
REMEMBERED = 2048  # conversations that are not read again when they go on
SHARED = 30.0  # seconds in which conversations are looked at again, since another process went on with one of ours
IDS = 16  # of a conversation's last messages that are known without asking; older ones the commit refuses
LEASE = 30_000  # ms that the committing process has to deliver, before another one may

encode = msgspec.json.Encoder().encode
_decode_inbound = msgspec.json.Decoder(Inbound).decode
_decode_message = msgspec.json.Decoder(Message).decode
Judge = Callable[[Turn], Inbound | None]


class Receipt(msgspec.Struct, frozen=True):
    """An accepted message: its number, and the messages that answer it. The same message gets the same receipt, but for
    `handed_over`: why a person is to go on with it, where that was decided just now."""

    conversation: int
    seq: int
    answers: tuple[Numbered, ...]
    state: Conversation
    ticket: str | None
    seat: str | None
    again: bool = False
    handed_over: str | None = None

    @property
    def last_seq(self) -> int:
        return self.answers[-1].seq if self.answers else self.seq

    @property
    def speaker(self) -> str:
        return conversations.speaker(self.ticket, self.seat)


def numbered(row: MessageRow) -> Numbered:
    return Numbered(seq=row.seq, author=row.author, message=_decode_message(row.body), at=row.at)


def nothing_observed(step: str) -> None:
    """For those who do not measure."""


def _words(inbound: Inbound, state: Conversation) -> str:
    """What a resident said; the label of the option where a key was pressed instead."""
    if inbound.choice is None:
        return inbound.text
    return next((offer.label for offer in state.offers if offer.key == inbound.choice), inbound.choice)


def _found(transaction: Transaction, said: Inbound) -> tuple[ConversationRow, tuple[int, int] | None]:
    """The conversation that it is said in, and how it was answered, if it was."""
    read = conversations.find(transaction, said.channel, said.address)
    if read is None:
        return ConversationRow(0, said.channel, said.address, 0, 0, b"", None, None, said.at), None
    return read, conversations.answered(transaction, read.id, said.id)


def _kept_cards(cards: Sequence[Card]) -> tuple[Card, ...]:
    return tuple(replace(each, title=kept(each.title), lines=tuple(map(kept, each.lines))) for each in cards)


def _shown(new: NewFile) -> File:
    return File(new.name, new.type, f"/files/{new.id}", len(new.body))


def new_ticket(ref: str, about: Handover, person: str, lang: str) -> tickets.NewTicket:
    """A ticket of `person`, as `Identity.owner` names them. What is kept of it a resident may ask for: accounts are not in it."""
    return tickets.NewTicket(
        ref, about.topic, about.skill, about.place, about.priority, lang, person, encode(replace(about, named=())), about.to_call, about.against, about.named
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mind:
    """What a message is understood and answered with."""

    library: Library
    comprehension: Comprehension
    dialogue: Dialogue
    texts: Texts
    desk: SeatAvailability
    accounts: Accounts
    rewrite: Callable[[Transaction, int, Mapping[int, bytes]], None]  # other bodies for what was said in a talk


class Inbox:
    """`observe` is called with the name of each step of a turn as it is reached: accepted, understood, thought,
    committed."""

    def __init__(
        self, database: Database, mind: Mind, limits: Limits, live: Live, timezone: ZoneInfo,
        observe: Callable[[str], None] = nothing_observed,
    ) -> None:  # fmt: skip
        self.usage = Usage(database)
        self._database = database
        self._mind = mind
        self._limits = limits
        self._admission = Admission(limits)
        self._live = live
        self._zone = timezone
        self._observe = observe
        # Conversations as committed last, with the ids of their last messages: those are asked about most.
        self._recent: dict[tuple[str, str], tuple[ConversationRow, frozenset[str]]] = {}
        self._locks = Locks()
        self._covered = True  # pieces of a number were, and may stand in the database's log; at a start nobody knows
        self._shared_until = 0.0  # time.monotonic()

    async def receive(self, inbound: Inbound, *, waits: bool = False) -> Receipt:
        """Accepts a message and answers it, or finds how it was answered. Raises `BusyError`, and `TooManyError` where more
        come from there than may, or (`OverloadError`) more at this moment than can be answered in time: not where it `waits`,
        for whoever is bounded in another way and cannot come again, nor, up to twice as many, where a life may be in
        danger."""
        receipt = await self._accepted(inbound, None, waits=waits)
        assert receipt is not None
        return receipt

    async def weigh(self, inbound: Inbound, judge: Judge) -> Receipt | None:
        """The same, where `judge` looks at what would be said before anything is kept, and says what is to be received: this,
        or something else instead, or nothing (None). Raises what `receive` does."""
        return await self._accepted(inbound, judge, waits=False)

    async def _accepted(self, inbound: Inbound, judge: Judge | None, *, waits: bool) -> Receipt | None:
        with self._admission.one(inbound, waits=waits):
            began = time.perf_counter()
            receipt = await self._receive(inbound, judge)
        TOOK.observe(inbound.channel, time.perf_counter() - began)
        if receipt is not None and (journey := FOLLOWED.get()) is not None:
            journey.answered(inbound.channel, receipt.conversation, receipt.seq + 1, again=receipt.again)
        return receipt

    async def _receive(self, inbound: Inbound, judge: Judge | None) -> Receipt | None:
        key = (inbound.channel, inbound.address)
        # Without the lock everything would still be right: it only saves thinking twice.
        async with self._locks.of(key):
            once = Once(self._limits)
            stale: ConversationRow | None = None
            for attempt in range(ATTEMPTS):
                self._observe("accepted")
                # What this process committed last is usually still true; the commit finds out where it is not.
                read, ids = self._recent.pop(key, (None, frozenset[str]()))
                if read is None or inbound.id in ids or time.monotonic() < self._shared_until:
                    found, seen = await self._database.read(lambda t: _found(t, inbound))
                    if (before := read or stale) is not None and before.version != found.version:
                        self._shared_until = time.monotonic() + SHARED
                    if seen is not None:
                        return await self._same_again(found, seen)
                    read = found
                if not attempt:
                    self._admission.check(inbound, is_new=read.version == 0)
                turn = await self._think(read, inbound, once)
                if judge is not None and (said := judge(turn)) is not inbound:
                    if said is None:
                        return None
                    turn = await self._think(read, said, once)
                if (receipt := await self._try(read, turn, ids, once)) is not None:
                    return receipt
                stale = read
                await self._mind.library.refresh()
        raise BusyError

    async def understand(self, text: str, at: int) -> Understanding:
        """What a text by itself means, for a channel that has to know before it hands it on; handed on, it is not thought
        about twice."""
        day = datetime.fromtimestamp(at / 1000, self._zone).date()
        return await self._mind.comprehension.together(kept(text), day)

    async def must_wait(self, said: Inbound) -> bool:
        """Whether a message that can be put off is to be: no more can be answered in time, or what was put off before it is not
        answered yet. Where a life may be in danger only the first counts."""
        if not self._admission.has_room_for(said):
            return True
        behind = await self._database.read(lambda t: deliveries.is_deferred(t, said.channel, said.address, said.at))
        return behind and not is_alarm(said)

    async def put_off(self, inbound: Inbound, until: int) -> bool:
        """Keeps a message that is acknowledged before it is answered: this process has until then (ms) to answer it, and
        after that any other. False where it was answered at this very moment."""
        choice = None if inbound.choice is None else kept(inbound.choice)
        files = tuple(replace(each, name=safe(each.name)) for each in inbound.files)
        cards = _kept_cards(inbound.cards)
        said = replace(inbound, text=kept(inbound.text), choice=choice, cards=cards, files=files, position=None)
        row = DeferredRow(inbound.channel, inbound.address, inbound.id, encode(said), until)
        return await self._database.write(lambda t: deliveries.defer(t, row), quick=True)

    async def take_up(self, row: QueueRow) -> Outcome:
        """Answers what was put off, as the queue asks for it."""
        try:
            await self.receive(_decode_inbound(row.body), waits=True)  # the queue knows how many at once
        except BusyError:
            return Failed("busy")
        return Done()

    async def try_out(self, inbound: Inbound) -> Turn:
        """What would be answered to it as the talk stands, and why; nothing is kept."""
        read, _ = await self._database.read(lambda t: _found(t, inbound))
        return await self._think(read, inbound, Once(Limits()))

    async def _try(self, read: ConversationRow, turn: Turn, ids: frozenset[str], once: Once) -> Receipt | None:
        """Commits what was thought; None when the conversation is not any more as it was read, or the message was answered
        before."""
        inbound = turn.inbound
        self._observe("thought")
        files = [self._taken(inbound, each, once) for each in inbound.files]
        said = Reply(
            text=turn.inbound.text, cards=_kept_cards(inbound.cards), files=tuple(_shown(each) for each in files)
        )
        told = Message(reply=said, re=inbound.id, refs=inbound.refs)
        messages = [told, *(Message(reply=reply, re=inbound.id) for reply in turn.said)]
        authors = ("resident", *("bot" for _ in turn.said))
        row = await self._row(read, turn, list(zip(authors, map(encode, messages), strict=True)), files)
        committed = await self._commit(row, inbound, turn.before)
        if committed is None:
            return None
        self._observe("committed")
        id, last = committed
        self._live.wake(id)
        self._covered = self._covered or bool(turn.before)
        self.usage.count(turn)
        ticket = row.opened.ref if row.opened else row.reopened or row.joined or read.ticket
        if ticket or row.led or row.rating:
            self._live.ring()
        answers = tuple(
            Numbered(seq=seq, author="bot", message=message, at=inbound.at)
            for seq, message in enumerate(messages[1:], read.seq + 2)
        )
        new = ConversationRow(
            id, read.channel, read.address, read.version + 1, last, row.state, ticket, read.seat, row.now
        )
        self._remember(new, ids | {inbound.id} if len(ids) < IDS else frozenset([inbound.id]))
        reason = turn.handover.reason if turn.handover else None
        return Receipt(id, read.seq + 1, answers, turn.state, ticket, read.seat, handed_over=reason)

    async def empty_log(self) -> None:
        """Takes what was covered out of the database's log as well."""
        if self._covered:
            self._covered, done = False, False  # more may be covered meanwhile
            try:
                done = await self._database.empty_log()
            finally:
                self._covered = self._covered or not done

    def _taken(self, inbound: Inbound, file: Arrived, limits: Once) -> NewFile:
        """A file as it is kept with its message. What a platform hands on is counted here; others refuse before it is sent."""
        who = f"{inbound.channel} {inbound.address}"
        over = not inbound.origin and limits.take((FILES, who)) > 0
        why, body = (FileRefusal.TOO_MANY.value, b"") if over else ("", file.body)
        return NewFile(secrets.token_urlsafe(24), safe(file.name), file.type, body, file.ref, why)

    async def _commit(
        self, row: conversations.TurnRow, inbound: Inbound, before: Mapping[int, bytes]
    ) -> tuple[int, int] | None:
        """The conversation's id and last number; None where the turn has to be thought about anew. A ticket that goes on in
        another talk comes here, where they still are who they have proven to be; else this talk has no part in it any more."""
        read, quick = row.read, not row.files

        def work(transaction: Transaction, row: conversations.TurnRow) -> tuple[int, int] | None:
            committed = conversations.commit_turn(transaction, row)
            if committed is not None and before:
                self._mind.rewrite(transaction, read.id, before)
            return committed

        try:
            return await self._database.write(lambda t: work(t, row), quick=quick, changes=read.id)
        except tickets.ElsewhereError:
            person = await self._mind.accounts.identity.owner(read.channel, read.address, inbound.at, inbound.session)
        except ConflictError:
            return None
        followed = replace(row, follows=person)
        try:
            return await self._database.write(lambda t: work(t, followed), quick=quick, changes=read.id)
        except tickets.ElsewhereError:
            await self._database.write(lambda t: tickets.leave(t, read.id, read.ticket))
        except ConflictError:
            pass
        return None

    def _remember(self, row: ConversationRow, ids: frozenset[str]) -> None:
        if len(self._recent) >= REMEMBERED:
            self._recent.clear()
        self._recent[row.channel, row.address] = row, ids

    async def _think(self, read: ConversationRow, inbound: Inbound, limits: Once) -> Turn:
        state = conversation.load(read.state)
        said = clean(_words(inbound, state))
        lately = inbound.at < state.proving_until
        asked = self._mind.dialogue.asks_for(state) if read.seat is None else None
        secret = self._mind.dialogue.secret(said, state, lately=lately) if read.seat is None else None

        rows: Sequence[MessageRow] = ()
        if (since := state.number_since) and going_on.may_go_on(said):
            rows = await self._database.read(lambda t: pieces.before(t, read, max(since, inbound.at - pieces.LATELY)))
        answers = self._mind.dialogue.awaits_number(said, state)
        keep = partial(pieces.keep, rows, said, lately=lately, asked=asked is not None, answers=answers)
        # What is longer than anybody reads may take half a second, in which others would wait.
        text, before = keep() if len(said) <= LONGEST else await asyncio.to_thread(keep)
        proven = secret is not None and proofs.is_whole(secret)
        state.number_since = 0 if proven else going_on.begun(said, text, since, inbound.at)
        now = datetime.fromtimestamp(inbound.at / 1000, self._zone)
        # What is changed from here on is found by the commit, and all is thought anew.
        calendar, revision = self._mind.library.calendar, self._mind.library.revision
        heard = await self._mind.comprehension.together(text, now.date())
        self._observe("understood")
        turn = Turn(
            inbound=replace(inbound, text=text), state=state, heard=heard, library=self._mind.library, calendar=calendar,
            revision=revision, texts=self._mind.texts, desk=self._mind.desk, accounts=self._mind.accounts, limits=limits,
            now=now, reproaches=self._mind.comprehension.reproaches, ticket=read.ticket, seat=read.seat, secret=secret, before=before,
            entry_before=state.last.slots.get("entry") if state.last and state.last.intent == "entry" else None,
        )  # fmt: skip
        await self._mind.dialogue.respond(turn)
        return turn

    async def _row(
        self, read: ConversationRow, turn: Turn, said: list[tuple[str, bytes]], files: list[NewFile]
    ) -> conversations.TurnRow:
        opened = raised = reopened = led = None
        if (handover := turn.handover) is not None:
            if turn.ticket:
                skill = "" if handover.skill == GENERAL else handover.skill
                raised = tickets.Raise(
                    handover.priority,
                    handover.reason,
                    handover.slots,
                    skill,
                    handover.to_call,
                    handover.against,
                    handover.named,
                )
            elif (closed := turn.state.just_closed(turn.inbound.at)) is not None and turn.reference == closed:
                if turn.state.elsewhere:
                    led = (closed, turn.inbound.text)
                else:
                    reopened, turn.state.closed = closed, None
            else:
                assert turn.reference is not None
                opened = new_ticket(turn.reference, handover, turn.person, turn.state.lang)
        now = turn.inbound.at
        return conversations.TurnRow(
            read=read, knowledge=turn.revision, inbound=turn.inbound.id, state=conversation.dump(turn.state), said=said, now=now,
            lease_until=now if turn.inbound.outbox else now + LEASE, inline=turn.inbound.inline, opened=opened, reopened=reopened, led=led, raised=raised,
            rating=turn.rating, files=files, joined=turn.joined.ref if turn.joined else None,
            person=turn.person if turn.handover and turn.inbound.session is None else "", goes_on=turn.goes_on,
            unanswered=(turn.inbound.text[:200], turn.state.topic) if turn.unanswered else None, audits=turn.audits, dispute=turn.dispute,
            unbind=self._mind.accounts.identity.person(read.channel, read.address) if turn.unbind else None,
        )  # fmt: skip

    async def _same_again(self, read: ConversationRow, seen: tuple[int, int]) -> Receipt:
        rows = await self._database.read(lambda t: conversations.messages(t, read.id, seen[0] + 1, seen[1]))
        answers = tuple(numbered(row) for row in rows)
        return Receipt(read.id, seen[0], answers, conversation.load(read.state), read.ticket, read.seat, again=True)
