"""Conversations and what is said in them: read, and changed by one commit a turn."""

import re
import time
from collections.abc import Iterable, Sequence
from typing import cast

from msgspec import Struct
from sqlalchemy import ARRAY, BigInteger, Text, and_, any_, bindparam, func, select, update
from sqlalchemy import cast as cast_to

from nlu.proofs import unreachable
from store import attachments, bank, correspondents, deliveries, identity, knowledge, outbox, past, tickets
from store.database import ConflictError
from store.engine import Row
from store.identity import NewConsent
from store.outbox import Span
from store.schema import audit, conversation, inbound, message, unanswered
from store.ticket_events import TicketNoted, TicketReopened
from store.ticket_rows import TicketState
from store.transaction import Statement, Transaction, adding

_COLUMNS = (
    conversation.c.id, conversation.c.channel, conversation.c.address, conversation.c.version, conversation.c.seq,
    conversation.c.state, conversation.c.ticket, conversation.c.seat, conversation.c.updated_at,
)  # fmt: skip
_GET = Statement(select(*_COLUMNS).where(conversation.c.id == bindparam("id")))
_LAST = Statement(  # PostgreSQL's alone: where one process has the database, nobody looks
    select(conversation.c.id, conversation.c.seq).where(
        conversation.c.id == any_(cast_to(func.string_to_array(bindparam("ids", type_=Text), ","), ARRAY(BigInteger)))
    )
)
_DRAWN = Statement(
    select(conversation.c.id)
    .where(conversation.c.updated_at >= bindparam("since"))
    .order_by(func.random())
    .limit(bindparam("most"))
)
_OPEN = Statement(adding(conversation).returning(conversation.c.id))
_MOVE_ON = Statement(
    update(conversation)
    .where(conversation.c.id == bindparam("which"), conversation.c.version == bindparam("read_version"))
    .values(
        version=bindparam("new_version"), seq=bindparam("new_seq"), state=bindparam("new_state"),
        ticket=bindparam("new_ticket"), updated_at=bindparam("now"),
    )
)  # fmt: skip
_SEEN = Statement(
    select(inbound.c.seq, inbound.c.last_seq).where(
        inbound.c.conversation == bindparam("conversation"), inbound.c.id == bindparam("id")
    )
)
_ACCEPT = Statement(adding(inbound))
_SAY = Statement(adding(message))
_MESSAGES = past.reading(
    message,
    lambda said: (
        select(said.seq, said.author, said.body, said.at)
        .where(
            said.conversation == bindparam("conversation"),
            said.seq >= bindparam("first"),
            said.seq <= bindparam("last"),
        )
        .order_by(said.seq)
    ),
)
RECENTLY = 32 * 86_400_000  # ms: this month and the one before
_RECENT = Statement(  # PostgreSQL's alone: of the parts of the table it looks into those of these months
    select(conversation.c.seq, message.c.seq, message.c.author, message.c.body, message.c.at)
    .outerjoin_from(
        conversation,
        message,
        and_(
            message.c.conversation == conversation.c.id,
            message.c.conversation == bindparam("conversation"),
            message.c.seq >= bindparam("first"),
            message.c.seq <= bindparam("last"),
            message.c.at >= bindparam("since"),
        ),
    )
    .where(conversation.c.id == bindparam("conversation"))
    .order_by(message.c.seq)
)
_UNANSWERED = Statement(adding(unanswered))
_AUDIT = Statement(adding(audit))
# No shorter word holds somebody's number; a digest is ours, and so is a list of numbers with no Chinese about it.
_WORD, _DIGEST = re.compile(r"[^\s,;]{11,}"), re.compile("[0-9a-f]{32,}")
_PART, _HAN = re.compile("[^,;]+"), re.compile("[一-鿿]")


class ConversationRow(Struct, frozen=True, gc=False):
    """`seat` holds the open `ticket`, if both are set; `state` is JSON of `bot.conversation.Conversation`."""

    id: int
    channel: str
    address: str
    version: int
    seq: int
    state: bytes
    ticket: str | None
    seat: str | None
    updated_at: int

    @staticmethod
    def of(row: Row) -> "ConversationRow":
        return ConversationRow(*cast(tuple[int, str, str, int, int, bytes, str | None, str | None, int], row))

    @property
    def speaker(self) -> str:
        return speaker(self.ticket, self.seat)


def speaker(ticket: str | None, seat: str | None) -> str:
    """Who answers: the seat that has the ticket, nobody yet (the bot meanwhile), or the bot."""
    return "seat" if seat else "queue" if ticket else "bot"


class MessageRow(Struct, frozen=True, gc=False):
    seq: int
    author: str
    body: bytes
    at: int


class TurnRow(Struct, frozen=True):
    """All that one turn changes. `said` begins with the resident's message; the others answer it. `knowledge` is the
    revision of what we knew when it was thought."""

    read: ConversationRow
    knowledge: int
    inbound: str
    state: bytes
    said: Sequence[tuple[str, bytes]]
    now: int
    lease_until: int  # until then the committing process delivers; afterwards any other may
    inline: bool = False  # answered in the response, and asked for again until it has arrived: nothing has to leave
    opened: "tickets.NewTicket | None" = None
    reopened: str | None = None  # reference of the closed ticket that goes on
    led: tuple[str, str] | None = None  # to a ticket of another conversation, with what was said
    joined: str | None = None  # the ticket that the same person has open in another conversation, and goes on with here
    person: str = ""  # who opens one or goes on with one, as tickets keep it; empty where it is the talk's own alone
    follows: str = ""  # for whom the talk's ticket may come here from another talk, as tickets keep them
    goes_on: bool = False  # it is for what they had before, whoever has that now
    raised: "tickets.Raise | None" = None
    rating: tuple[str, int] | None = None
    unanswered: tuple[str, str] | None = None  # text and topic
    audits: Sequence[tuple[str, str]] = ()
    dispute: bank.NewDispute | None = None  # kept with the ticket
    files: Sequence[attachments.NewFile] = ()
    unbind: str | None = None  # digest of somebody who takes back who they have proven to be


def find(transaction: Transaction, channel: str, address: str) -> ConversationRow | None:
    id = correspondents.conversation_of(transaction, channel, address)
    row = get(transaction, id) if id is not None else None
    return row if row is not None and row.address == address else None  # what was erased meanwhile is nobody's


def get(transaction: Transaction, id: int) -> ConversationRow | None:
    row = transaction.one(_GET, id=id)
    return ConversationRow.of(row) if row else None


def answered(transaction: Transaction, conversation: int, inbound: str) -> tuple[int, int] | None:
    """The numbers of the resident's message and of the last that answers it, if this one was accepted before."""
    return cast(tuple[int, int] | None, transaction.one(_SEEN, conversation=conversation, id=inbound))


def never(transaction: Transaction, conversation: int, inbound: str) -> None:
    """What comes under this id is never said: it was accepted and taken back."""
    transaction.add(_ACCEPT, conversation=conversation, id=inbound, seq=0, last_seq=0)


def messages(transaction: Transaction, conversation: int, first: int, last: int) -> list[MessageRow]:
    """Those from a number to another, in their order."""
    rows = _recent(transaction, conversation, first, last) if transaction.dialect == "postgresql" else None
    if rows is None:
        rows = transaction.all(_MESSAGES[transaction.dialect], conversation=conversation, first=first, last=last)
    return [MessageRow(*cast(tuple[int, str, bytes, int], row)) for row in rows]


def _recent(transaction: Transaction, conversation: int, first: int, last: int) -> list[Row] | None:
    """The same, where all of them are recent; numbers without gaps tell."""
    since = int(time.time() * 1000) - RECENTLY
    rows = transaction.all(_RECENT, conversation=conversation, first=first, last=last, since=since)
    if not rows:
        return None
    wanted = min(last, cast(int, rows[0][0])) - max(first, 1) + 1
    found = [row[1:] for row in rows if row[1] is not None]
    return found if len(found) == max(wanted, 0) else None


def last(transaction: Transaction, ids: Iterable[int]) -> dict[int, int]:
    """The number of the last message of each of these conversations, on PostgreSQL."""
    rows = transaction.all(_LAST, ids=",".join(map(str, ids)))
    return dict(cast(list[tuple[int, int]], rows))


def drawn(transaction: Transaction, since: int, most: int) -> list[int]:
    """Conversations that something was said in since then, drawn by lot."""
    return [cast(int, row[0]) for row in transaction.all(_DRAWN, since=since, most=most)]


def commit_turn(transaction: Transaction, turn: TurnRow) -> tuple[int, int] | None:
    """Writes all of a turn or nothing. The conversation's id and last number; None if it, or what we know, was changed
    meanwhile: so an edit shows at the next question without anybody asking for it beforehand."""
    read = turn.read
    if knowledge.revision_in_batch(transaction) != turn.knowledge or not _has_its_place(transaction, turn):
        return None
    last = read.seq + len(turn.said)
    ticket = turn.opened.ref if turn.opened else turn.reopened or turn.joined or read.ticket
    if read.version == 0:
        if correspondents.conversation_of(transaction, read.channel, read.address) is not None:
            return None
        new = ConversationRow(0, read.channel, read.address, 1, last, turn.state, ticket, None, turn.now)
        id = _open(transaction, new)
    else:
        id = read.id
        changed = transaction.run(
            _MOVE_ON, which=id, read_version=read.version, new_version=read.version + 1, new_seq=last,
            new_state=turn.state, new_ticket=ticket, now=turn.now,
        )  # fmt: skip
        if changed == 0:
            return None
    transaction.add(_ACCEPT, conversation=id, id=turn.inbound, seq=read.seq + 1, last_seq=last)
    for seq, (author, body) in enumerate(turn.said, read.seq + 1):
        transaction.add(_SAY, conversation=id, seq=seq, author=author, body=body, at=turn.now)
    for file in turn.files:
        attachments.arrive(transaction, id, read.channel, file, turn.now)
    late = turn.inline and deliveries.undeferred(transaction, read.channel, read.address, turn.inbound)
    if len(turn.said) > 1 and (late or not turn.inline):
        due_at = turn.now if late else turn.lease_until
        outbox.leave(transaction, id, read.channel, Span(read.seq + 2, last), due_at)
    if turn.opened:
        tickets.open(transaction, id, read.channel, last, turn.opened, turn.now)
    elif ticket and not turn.reopened:
        if turn.joined or turn.follows:
            _bring(transaction, ticket, id, turn, last)
        if turn.raised:
            tickets.add(transaction, ticket, turn.raised, turn.now)
        tickets.resident_said(transaction, ticket, id, read.seq + 1, last, turn.now)
    elif turn.reopened:
        tickets.reopen(transaction, turn.reopened, read.seq + 1, last, turn.now)
    elif turn.led:
        _lead(transaction, *turn.led, turn.now)
    if turn.rating:
        tickets.rate(transaction, id, *turn.rating, turn.now)
    if turn.unanswered:
        text, topic = turn.unanswered
        transaction.add(_UNANSWERED, text=text, topic=topic, conversation=id, at=turn.now, done=0)
    if turn.unbind:
        identity.unbind(transaction, read.channel, turn.unbind)
        identity.agree(transaction, NewConsent(read.channel, turn.unbind, "bind", "", "", False, turn.now))
    if turn.dispute and ticket:
        bank.keep_dispute(transaction, ticket, turn.dispute, turn.now)
    for action, subject in turn.audits:
        audited(transaction, f"conversation {id}", action, subject, "", turn.now)
    return id, last


def _has_its_place(transaction: Transaction, turn: TurnRow) -> bool:
    """Whether a ticket is still to be opened, or gone on with, as it was thought: the same person may have written elsewhere
    meanwhile. Where one is opened, nobody else does so from the question to the commit."""
    if not turn.person:
        return True
    if turn.joined is None:
        transaction.number_in_order()
    place = tickets.place_of(transaction, turn.person, goes_on=turn.goes_on)
    return (place.ref if place else None) == turn.joined


def _bring(transaction: Transaction, ref: str, id: int, turn: TurnRow, last: int) -> None:
    """The ticket goes on in this talk. Raises `tickets.ElsewhereError` where it is not for whom it was followed."""
    row = tickets.get(transaction, ref)
    assert row is not None
    if turn.follows and (row.person != turn.follows or row.state == TicketState.CLOSED):
        raise tickets.ElsewhereError
    if row.conversation != id:
        tickets.move(transaction, row, id, turn.read.channel, last, turn.now)


def _lead(transaction: Transaction, ref: str, words: str, now: int) -> None:
    """What a resident says of a ticket that was merged into another is told to whoever has that; where it has been closed,
    it goes on, unless its own conversation has gone on with a later one."""
    target = tickets.target(transaction, ref)
    talk = get(transaction, target.conversation)
    if target.state == TicketState.CLOSED:
        later = tickets.get(transaction, talk.ticket) if talk is not None and talk.ticket else None
        if later is None:
            tickets.hold(transaction, target.conversation, target.ref, None)
            target = tickets.record(transaction, target, TicketReopened(), "resident", now)
        else:
            target = later
    tickets.record(transaction, target, TicketNoted(words), "resident", now)


def say(
    transaction: Transaction,
    read: ConversationRow,
    said: Sequence[tuple[str, bytes]],
    now: int,
    *,
    id: str | None = None,
    state: bytes | None = None,
) -> int:
    """Adds what nobody of the residents' asked for (a seat's answer, a notice), to be delivered by the outbox; the
    number of the last of it. With an `id`, said once however often it is sent. Raises `ConflictError` when the
    conversation is not as it was read."""
    last = read.seq + len(said)
    if id is not None:
        transaction.run(_ACCEPT, conversation=read.id, id=id, seq=read.seq + 1, last_seq=last)
    changed = transaction.run(
        _MOVE_ON, which=read.id, read_version=read.version, new_version=read.version + 1, new_seq=last,
        new_state=read.state if state is None else state, new_ticket=read.ticket, now=now,
    )  # fmt: skip
    if changed == 0:
        raise ConflictError
    for seq, (author, body) in enumerate(said, read.seq + 1):
        transaction.add(_SAY, conversation=read.id, seq=seq, author=author, body=body, at=now)
    outbox.leave(transaction, read.id, read.channel, Span(read.seq + 1, last), now)
    return last


def begin(transaction: Transaction, channel: str, address: str, now: int) -> ConversationRow:
    """A conversation with somebody who has said nothing yet."""
    id = _open(transaction, ConversationRow(0, channel, address, 1, 0, b"", None, None, now))
    return ConversationRow(id, channel, address, 1, 0, b"", None, None, now)


def _open(transaction: Transaction, new: ConversationRow) -> int:
    """The number that it is given. Raises the driver's integrity error where its resident has one."""
    values = {name: getattr(new, name) for name in ConversationRow.__struct_fields__ if name != "id"}
    row = transaction.one(_OPEN, **values)
    assert row is not None
    id = cast(int, row[0])
    correspondents.know(transaction, new.channel, new.address, id)
    return id


def audited(transaction: Transaction, actor: str, action: str, subject: str, detail: str, at: int) -> None:
    """Writes down what must never be lost sight of: who reads it reads nobody's number: in Chinese words
    however it is grouped, else where it stands in one piece."""
    transaction.add(_AUDIT, at=at, actor=actor, action=action, subject=_bare(subject), detail=_bare(detail))


def _bare(text: str) -> str:
    return _PART.sub(_without_numbers, text)


def _without_numbers(part: re.Match[str]) -> str:
    """Of Chinese words as a whole (卡号6208 0104 7296), of what else is written word by word."""
    if _HAN.search(part[0]) and not _DIGEST.search(part[0]):
        return unreachable(part[0])
    return _WORD.sub(lambda word: word[0] if _DIGEST.fullmatch(word[0]) else unreachable(word[0]), part[0])
