"""What a seat says to a resident: at once, or after some seconds in which it can be called back.

What can be called back is accepted and durable, and becomes part of the conversation when its time has come; whatever
else the resident is told of the ticket comes after it. So nothing is lost by what becomes of the ticket or the seat
meanwhile, and every message has the number of the moment at which it is said.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from bot.inbox import encode
from bot.live import Live
from bot.messages import File, Message, Reply
from bot.queue import Done, Later, Outcome
from desk import answering, files
from desk.errors import TicketError
from desk.opening import found as ticket_of
from store import attachments, conversations, pushes, replies, tickets
from store.conversations import ConversationRow
from store.database import ConflictError, Database
from store.queue import QueueRow
from store.replies import Held
from store.ticket_events import TicketNoted, TicketSaid
from store.ticket_rows import TicketRow
from store.transaction import Transaction

LONGEST = 2000  # characters of an answer or a note
AT_ONCE = 32  # that become part of their conversations at the same time


@dataclass(frozen=True, slots=True)
class Answer:
    """What a seat says. The same `id` again changes nothing. With `seen`, the number of the last message that the seat
    has read in the conversation `talk`, an answer to something older than the resident's last word is refused as outdated,
    also where that was said in another conversation. `source` is what it
    rests on, `file` a name and a content to go with it, `wait` how long it can be called back (ms)."""

    text: str
    id: str | None = None
    seen: int | None = None
    source: str | None = None
    file: tuple[str, bytes] | None = None
    wait: int = 0
    talk: int | None = None


class Accepted(NamedTuple):
    """The number of the message; or None, and until when it can be called back (ms); neither where it was called back."""

    seq: int | None
    due_at: int | None = None


def checked(text: str) -> str:
    """What a seat wrote, without blanks around it. Raises `TicketError`."""
    if not (text := text.strip()):
        raise TicketError("invalid", "内容不能为空")
    if len(text) > LONGEST:
        raise TicketError("invalid", f"内容不能超过 {LONGEST} 字")
    return text


def known(transaction: Transaction, found: TicketRow, seat: str, id: str | None) -> Accepted | None:
    """What became of an answer with this id, if there was one, for the seat that has the ticket and the one that has given the
    answer: nobody else's business."""
    if id is None:
        return None
    if (said := _said(transaction, found, id)) is not None:
        return Accepted(said[1] or None) if seat == found.owner or _gave(transaction, found, seat, *said) else None
    held = next((row for row in replies.of_ticket(transaction, found) if row.held.id == id), None)
    return Accepted(None, held.due_at) if held and seat in (found.owner, held.held.seat) else None


def _said(transaction: Transaction, found: TicketRow, id: str) -> tuple[int, int] | None:
    """The talk and the number of an answer, 0 where it was called back; None where there was none."""
    known = ((talk, conversations.answered(transaction, talk, _key(id))) for talk in tickets.talks(transaction, found))
    return next(((talk, said[1]) for talk, said in known if said is not None), None)


def _gave(transaction: Transaction, found: TicketRow, seat: str, talk: int, seq: int) -> bool:
    """Whether it is this seat's, who may have the ticket no more."""
    said = (each.happened for each in tickets.events(transaction, found.ref) if each.actor == seat)
    return any(
        isinstance(each, TicketSaid) and each.first <= seq <= each.seq and each.conversation in (0, talk)
        for each in said
    )


def accept(transaction: Transaction, found: TicketRow, seat: str, answer: Answer, now: int) -> Accepted:
    """Says it, behind what is held; or holds it. Raises `TicketError`."""
    file = files.checked(*answer.file) if answer.file is not None else None
    text = answer.text.strip()[:LONGEST] if file else checked(answer.text)
    if answer.seen is not None and _resident_spoke(transaction, talk_of(transaction, found), answer):
        raise TicketError("outdated", "居民刚刚又说了话，请看过再发")
    kept: tuple[File, ...] = ()
    if file is not None:
        kept = (files.keep(transaction, found.conversation, file, seat, now),)
    words = text or "、".join(each.name for each in kept)
    body = encode(Message(reply=Reply(text=words, source=answer.source, files=kept), re=answer.id))
    held = Held(found.ref, seat, answer.id or "", body.decode())
    if answer.wait and answer.id:
        replies.hold(transaction, found.conversation, held, now, now + answer.wait)
        return Accepted(None, now + answer.wait)
    let_go(transaction, found, now)
    return Accepted(_say(transaction, held, now))


def let_go(transaction: Transaction, found: TicketRow, now: int) -> int:
    """Says what is held of a ticket: something else is about to be said. How many they were."""
    taken = [row.held for row in replies.of_ticket(transaction, found) if replies.take_out(transaction, row.row)]
    for each in taken:
        _say(transaction, each, now)
    return len(taken)


def come_back(transaction: Transaction, found: TicketRow, by: str, now: int) -> int:
    """What others than this seat could still call back is not said: their ticket is taken from them. It stays with the ticket
    as a note. How many they were."""
    theirs = [each for each in replies.of_ticket(transaction, found) if each.held.seat != by]
    taken = [each.held for each in theirs if replies.take_out(transaction, each.row)]
    for each in taken:
        text = _unsaid(transaction, found, each).text
        tickets.record(transaction, ticket_of(transaction, found.ref), TicketNoted(text, unsent=True), each.seat, now)
    return len(taken)


class Replies:
    """`leave` is what the queue does with one that was held. `clock` is in seconds."""

    def __init__(self, database: Database, live: Live, clock: Callable[[], float]) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def leave(self, row: QueueRow) -> Outcome:
        """It becomes part of its conversation, whatever has become of the ticket and the seat."""
        now = int(self._clock() * 1000)

        def work(transaction: Transaction) -> int:
            said = replies.opened(transaction, row)
            if replies.take_out(transaction, row.id):
                _say(transaction, said, now)
            return ticket_of(transaction, said.ref).conversation

        try:
            told = await self._database.write(work)
        except ConflictError:
            return Later(now)  # something was said in that moment
        self._live.ring()
        self._live.wake(told)
        return Done()

    async def call_back(self, ref: str, id: str, seat: str) -> Reply:
        """Takes it back, for the seat that wrote it; what it said. Raises `TicketError`."""

        def work(transaction: Transaction) -> Reply:
            found = ticket_of(transaction, ref)
            rows = replies.of_ticket(transaction, found)
            row = next((each for each in rows if each.held.id == id), None)
            if row is not None and row.held.seat != seat:
                raise TicketError("not_yours", "这条不是您写的，撤不回")
            if row is None or not replies.take_out(transaction, row.row):
                gone = (said := _said(transaction, found, id)) is not None and said[1] == 0
                raise TicketError("outdated", "已经撤回了，没有发给居民" if gone else "已经发给居民了，撤不回")
            return _unsaid(transaction, found, row.held)

        return await self._database.write(work)


def _unsaid(transaction: Transaction, found: TicketRow, held: Held) -> Reply:
    """What was taken out is never said, also where it is sent again; its files go."""
    conversations.never(transaction, found.conversation, _key(held.id))
    reply = said(held)
    for file in reply.files:
        attachments.drop(transaction, files.id_of(file))
    return reply


def said(held: Held) -> Reply:
    """What is held, as it will be said."""
    return msgspec.json.decode(held.body, type=Message).reply


def _say(transaction: Transaction, held: Held, now: int) -> int:
    found = ticket_of(transaction, held.ref)
    read = talk_of(transaction, found)
    key = _key(held.id) if held.id else None
    seq = conversations.say(transaction, read, [("seat", held.body.encode())], now, id=key)
    tickets.record(transaction, found, TicketSaid("seat", seq, seq, read.id), held.seat, now)
    pushes.owe(transaction, found.conversation, seq, now)
    answering.carry(transaction, found, held.body.encode(), seq, now)
    return seq


def _key(id: str) -> str:
    return f"desk:{id}"


def talk_of(transaction: Transaction, row: TicketRow) -> ConversationRow:
    read = conversations.get(transaction, row.conversation)
    assert read is not None
    return read


def _resident_spoke(transaction: Transaction, read: ConversationRow, answer: Answer) -> bool:
    if answer.talk not in (None, read.id):
        return True  # the ticket went on in another talk by what they said there
    later = conversations.messages(transaction, read.id, (answer.seen or 0) + 1, read.seq)
    return any(row.author == "resident" for row in later)
