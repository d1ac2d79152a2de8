"""What we hold of a resident, as a copy; and its erasure, with a proof (PIPL 45 and 47).

A resident is found by a ticket's reference. The copy is everything under the same person, on whatever channel; erasing takes the words out of
messages, tickets and the search, and leaves the bare facts that the service must keep: that there was a ticket, when, and
what about. The proof names what was erased and a digest over it, so that it can be shown later without keeping it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec

from accounts import closing
from accounts.closing import ErasureReason
from accounts.identity import Identity
from accounts.identity import forget as forget_identity
from accounts.limits import HOUR_IN_SECONDS, Limit, Limits
from accounts.vault import Vault
from bot.channel import Channel
from bot.inbox import encode, numbered
from bot.messages import Handover, Message, Numbered, Reply
from desk import answering, drafts
from desk.errors import TicketError
from desk.opening import ALL, ERASED, before, check_held, handover, no_ticket
from desk.people import Seat
from desk.search import grams, people_said
from store import conversations, copying, erasing, search, ticket_lists, tickets
from store import identity as identity_rows
from store.conversations import MessageRow
from store.database import Database
from store.engine import Value
from store.personal import Whose
from store.ticket_events import TicketMoved, TicketOpened, TicketSaid
from store.ticket_rows import TicketRow
from store.transaction import Transaction

# Of an event's data: what somebody wrote, or is reached by.
GONE: dict[str, object] = {"text": ERASED, "word": "", "note": "", "slots": {}, "tags": []}
WORDS = GONE.keys()
MOST = 8  # conversations of one person beside the ticket's that the desk sees
NO_TALK = "这位居民没有这段对话"
NEWEST = 100  # messages of each that it sees at first
REVEALED = Limit("revealed", 20, HOUR_IN_SECONDS)  # of one person: times that a ticket is shown with nothing masked
_TOLD = frozenset({"message", "ticket", "ticket_event"})  # tables that are told in words, not as they stand


@dataclass(frozen=True, slots=True)
class TalkElsewhere:
    """Another conversation of the same person, with the newest of what was said in it."""

    id: int
    channel: str
    messages: list[Numbered]


@dataclass(frozen=True, slots=True)
class ErasureProof:
    """What was erased: how much of what, and the digest over the copy as it was. Nothing, and no digest, where all was gone before."""

    tickets: int
    conversations: int
    messages: int
    digest: str
    at: int


class Residents:
    """`copy` and `erase` raise `TicketError` where there is no such ticket, the others where there is no such card."""

    def __init__(
        self, database: Database, identity: Identity, vault: Vault, limits: Limits, channels: Mapping[str, Channel]
    ) -> None:
        self._database = database
        self._identity = identity
        self._vault = vault
        self._limits = limits
        self._channels = channels

    async def reveal(self, row: TicketRow, seat: Seat, why: str, now: int) -> str:
        """The number at which the resident of a ticket is reached (empty, where that is none), for who has it and for
        supervisors: so often in an hour, and each time written down, refused or not. Raises `TicketError`."""
        is_theirs = row.owner == seat.name or seat.may("ticket.direct")
        wait = self._limits.take((REVEALED, seat.name)) if is_theirs else 0
        done = "resident.reveal" if is_theirs and wait <= 0 else "resident.unrevealed"

        def work(transaction: Transaction) -> str:
            conversations.audited(transaction, seat.name, done, row.ref, why, now)
            read = conversations.get(transaction, row.conversation)
            assert read is not None
            return read.address

        address = await self._database.write(work)
        if not is_theirs:
            check_held(row, seat.name)
        if wait > 0:
            raise TicketError(
                "too_often", "一小时内查看的完整号码太多了，请过一会儿再看",
                "Too much was shown in full within an hour; try again later", wait,
            )  # fmt: skip
        return address if row.channel in self._channels and self._channels[row.channel].by_phone else ""

    async def elsewhere(self, row: TicketRow, by: str, now: int) -> list[TalkElsewhere]:
        """What the person of a ticket said in other conversations, the newest of each, but for one with a complaint of the seat
        that looks. A look at those that the ticket has not gone on in is audited."""

        def look(transaction: Transaction) -> list[TalkElsewhere]:
            found = [conversations.get(transaction, id) for id in self._talks(transaction, row.person, now)]
            talks = sorted(filter(None, found), key=lambda each: each.updated_at)[-MOST:]
            return [
                TalkElsewhere(each.id, each.channel, before(transaction, each.id, ALL, NEWEST))
                for each in talks
                if each.id != row.conversation and by not in ticket_lists.complained_of(transaction, each.id)
            ]

        talks = await self._database.read(look)
        await self.looked_into(row, [each.id for each in talks], by, now)
        return talks

    async def looked_into(self, row: TicketRow, talks: Collection[int], by: str, now: int) -> None:
        """Writes down a look at conversations of a ticket's person, but for those that the ticket has gone on in: the channel of
        each, and what tickets came of it."""

        def named(transaction: Transaction) -> str:
            others = sorted(set(talks) - tickets.talks(transaction, row))
            return ", ".join(_named(transaction, id) for id in others)

        if others := await self._database.read(named):
            await self._database.write(
                lambda t: conversations.audited(t, by, "resident.elsewhere", row.ref, others, now)
            )

    async def said_in(self, row: TicketRow, talk: int, by: str, place: tuple[int, int], now: int) -> list[Numbered]:
        """The messages of one of these conversations just before a number, as many as that: `place`. Audited as above."""

        def look(transaction: Transaction) -> list[Numbered] | None:
            if talk not in self._talks(transaction, row.person, now):
                raise TicketError("not_found", NO_TALK)
            away = by in ticket_lists.complained_of(transaction, talk)
            return None if away else before(transaction, talk, *place)

        if (said := await self._database.read(look)) is None:
            await self._database.write(lambda t: conversations.audited(t, by, "refused", row.ref, "elsewhere", now))
            raise TicketError("not_found", NO_TALK)
        await self.looked_into(row, [talk], by, now)
        return said

    async def talks_seen(self, row: TicketRow, by: str, now: int) -> set[int]:
        """The conversations of a ticket's person that a seat may see."""

        def look(transaction: Transaction) -> set[int]:
            theirs = self._talks(transaction, row.person, now)
            return {row.conversation} | {
                each for each in theirs if by not in ticket_lists.complained_of(transaction, each)
            }

        return await self._database.read(look)

    def _talks(self, transaction: Transaction, person: str, now: int) -> set[int]:
        """All conversations of a person: those of their tickets, and those in which they have proven who they are. What was
        written where their ticket is no more, and their proof has ended, may be anybody's: that conversation is left out."""
        own = ticket_lists.of_person(transaction, person)
        of_tickets = {id for each in own for id in tickets.talks(transaction, each)}
        theirs = {each.conversation for each in own} | self._identity.talks(transaction, person, of_tickets, now)
        left = of_tickets - theirs
        return theirs | {id for id in left if not any(_is_written_on(transaction, each, id) for each in own)}

    def _theirs(self, transaction: Transaction, ref: str, now: int) -> tuple[list[TicketRow], list[int]]:
        """The tickets of the same person and whatever else came up in the same talks, and all those talks."""
        found = tickets.get(transaction, ref)
        if found is None:
            raise no_ticket(ref)
        talks = sorted(self._talks(transaction, found.person, now))
        theirs = {each.ref: each for id in talks for each in ticket_lists.through_conversation(transaction, id)}
        return list(theirs.values()), talks

    async def copy(self, ref: str, by: str, now: int) -> dict[str, object]:
        """Everything that we hold of the resident of this ticket."""

        def work(transaction: Transaction) -> dict[str, object]:
            conversations.audited(transaction, by, "resident.export", ref, "", now)
            return self._copy(transaction, *self._theirs(transaction, ref, now))

        return await self._database.write(work)

    async def copy_account(self, card: str, by: str, now: int) -> dict[str, object]:
        """Everything that we hold of the learner with this card."""

        def work(transaction: Transaction) -> dict[str, object]:
            id = self._learner(transaction, card)
            conversations.audited(transaction, by, "account.export", f"learner {id}", "", now)
            return closing.copy(transaction, self._vault, id)

        return await self._database.write(work)

    async def close_account(self, card: str, by: str, why: ErasureReason, now: int) -> closing.Closed:
        """Ends the account: the ledger stays as figures of nobody."""
        closed = await self._database.write(
            lambda t: closing.close(t, self._vault, self._learner(t, card), by, why, now)
        )
        await self._database.scrub()
        return closed

    def _learner(self, transaction: Transaction, card: str) -> int:
        row = identity_rows.by_card(transaction, self._vault.digest("card", card))
        if row is None:
            raise TicketError("not_found", "没有这张学习卡")
        return row.id

    async def erase(self, ref: str, by: str, why: ErasureReason, now: int) -> ErasureProof:
        """Takes it out, all of it or nothing; open tickets have to be closed first."""

        def work(transaction: Transaction) -> ErasureProof:
            theirs, talks = self._theirs(transaction, ref, now)
            if any(each.state != "closed" for each in theirs):
                raise TicketError("invalid", "这位居民还有没办结的工单，请先办结")
            copy = json.dumps(self._copy(transaction, theirs, talks), ensure_ascii=False, sort_keys=True)
            digest = hashlib.sha256(copy.encode()).hexdigest()
            for id in talks:
                self._unbind(transaction, id, now)
            erased = [count for id in talks if (count := forget(transaction, id))]
            closed = sum(handover(each).summary != ERASED for each in theirs)
            nobody, was_there = f"erased-{digest[:12]}", closed + sum(erased) > 0
            for each in theirs:
                _forget_carried(transaction, each.ref)
                forget_ticket(transaction, each, nobody, asked_for=True)
            gone = f"{closed} tickets, {sum(erased)} messages, sha256 {digest}" if was_there else "nothing was left"
            conversations.audited(transaction, by, "resident.erase", ref, f"{why}; {gone}", now)
            return ErasureProof(closed, len(erased), sum(erased), digest if was_there else "", now)

        proof = await self._database.write(work)
        await self._database.scrub()
        return proof

    def _copy(self, transaction: Transaction, theirs: list[TicketRow], talks: list[int]) -> dict[str, object]:
        def held(name: str, which: Value) -> dict[str, object]:
            found = copying.rows(transaction, Whose.RESIDENT, name, which, self._vault.open)
            return {table: rows for table, rows in found.items() if rows and table not in _TOLD}

        def written(ref: str) -> list[dict[str, object]]:
            return [event.data for event in tickets.events(transaction, ref) if WORDS & event.data.keys()]

        said_in = []
        for id in talks:
            read = conversations.get(transaction, id)
            assert read is not None
            said = [numbered(row) for row in conversations.messages(transaction, id, 1, 1 << 30)]
            messages = [{"at": each.at, "author": each.author, "text": each.message.reply.text} for each in said]
            said_in.append(
                {"channel": read.channel, "address": read.address, "messages": messages, **held("conversation", id)}
            )
        facts = [
            {"ref": each.ref, "opened_at": each.opened_at, "topic": each.topic, "result": each.result, "stars": each.stars,
             "tags": json.loads(each.tags), "written": written(each.ref),
             "handover": json.loads(msgspec.json.encode(handover(each))), **held("ticket", each.ref),
             "drafts": drafts.of(transaction, each.ref)}
            for each in theirs
        ]  # fmt: skip
        return {"tickets": facts, "conversations": said_in}

    def _unbind(self, transaction: Transaction, conversation: int, now: int) -> None:
        """Nobody is a learner any more whose words are gone."""
        read = conversations.get(transaction, conversation)
        assert read is not None
        person = self._identity.person(read.channel, read.address)
        if identity_rows.bound(transaction, read.channel, person, now):
            forget_identity(transaction, read.channel, person, "identity.erased", now)


def _forget_carried(transaction: Transaction, ref: str) -> None:
    """Takes out what was said of a ticket to a number or an address that nobody has proven to be theirs; what else was said
    there is not the resident's to erase. Where nothing else was, the number or the address goes too."""
    carried = answering.carried(transaction, ref)
    for id in {id for id, _ in carried}:
        said = conversations.messages(transaction, id, 1, 1 << 30)
        if {(id, each.seq) for each in said} <= carried:
            forget(transaction, id)
        else:
            _make_unfindable(transaction, id, said)
    for id, seq in carried:
        erasing.forget_message(transaction, id, seq, encode(Message(reply=Reply(text=ERASED))))


def _make_unfindable(transaction: Transaction, id: int, rows: Sequence[MessageRow]) -> None:
    search.forget(
        transaction, id, lambda first, last: grams(people_said([row for row in rows if first <= row.seq <= last]))
    )


def forget_ticket(transaction: Transaction, row: TicketRow, nobody: str, *, asked_for: bool = False) -> None:
    """Takes out of a ticket what tells who it was, and puts `nobody` there; out of whatever was written about it, too.
    `asked_for` by the resident, not by the time."""
    about = handover(row)
    blank = Handover(topic=about.topic, reason=about.reason, skill=about.skill, priority=about.priority, summary=ERASED)
    erasing.blank(transaction, "ticket", row.ref, body=encode(blank), person=nobody, tags="[]")
    for each in erasing.written(transaction, "ticket_event", row.ref):
        erasing.blank(transaction, "ticket_event", each["key"], body=_blanked(each["body"], GONE | {"person": nobody}))
    for each in erasing.written(transaction, "review", row.ref):
        erasing.blank(transaction, "review", each["key"], body=_blanked(each["body"], GONE))
    drafts.forget(transaction, row, asked_for=asked_for)


def _blanked(body: Value, gone: dict[str, object]) -> bytes:
    """What was written about somebody goes; that it happened, when and by whom stays, and adds up as before."""
    data: dict[str, object] = json.loads(cast(bytes, body))
    return encode({name: gone.get(name, value) for name, value in data.items()})


def _is_written_on(transaction: Transaction, row: TicketRow, talk: int) -> bool:
    """Whether somebody wrote in a talk that a ticket has left, behind the last that was said there for it."""
    if talk not in tickets.talks(transaction, row):
        return False
    first, last = 0, 0
    for event in tickets.events(transaction, row.ref):
        match event.happened:
            case TicketOpened(conversation=where, seq=seq):
                first, last = where, seq if where == talk else 0
            # What was said before it could move names no talk.
            case TicketSaid(conversation=where, seq=seq) | TicketMoved(conversation=where, seq=seq) if (
                where or first
            ) == talk:
                last = max(last, seq)
    return any(each.author == "resident" for each in conversations.messages(transaction, talk, last + 1, ALL))


def _named(transaction: Transaction, talk: int) -> str:
    row = conversations.get(transaction, talk)
    assert row is not None
    return " ".join([row.channel, *(each.ref for each in ticket_lists.through_conversation(transaction, talk))])


def forget(transaction: Transaction, id: int) -> int:
    """Takes the words of a conversation out; how many messages there were with any."""
    rows, blank = conversations.messages(transaction, id, 1, 1 << 30), encode(Message(reply=Reply(text=ERASED)))
    _make_unfindable(transaction, id, rows)
    erasing.forget_conversation(transaction, id, blank)
    return sum(row.body != blank for row in rows)
