"""What a seat does with a ticket: list, take, answer, close. Every change is one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.inbox import encode, numbered
from bot.messages import Handover, Message, Numbered, Reply
from store import conversations, tickets
from store.database import Database, Transaction
from store.tickets import EventRow, TicketRow


class TicketError(Exception):
    """The seat cannot do that; the message says why, for the seat."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket with all that belongs to it."""

    ticket: TicketRow
    handover: Handover
    messages: Sequence[Numbered]
    events: Sequence[EventRow]


def handover(row: TicketRow) -> Handover:
    return msgspec.json.decode(row.body, type=Handover)


class Tickets:
    """All methods raise `TicketError` where the seat may not, and change nothing then."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def in_state(self, state: str) -> Sequence[TicketRow]:
        return await self._database.read(lambda t: tickets.in_state(t, state))

    async def show(self, ref: str) -> Opened:
        return await self._database.read(lambda t: _opened(t, ref))

    async def take(self, ref: str, seat: str, now: int) -> Opened:
        """Gives the ticket to the seat; taking what one has changes nothing."""

        def work(transaction: Transaction) -> Opened:
            found = _get(transaction, ref)
            if found.owner != seat and not tickets.take(transaction, ref, seat, now):
                raise TicketError(f"工单 {ref} 已由 {found.owner or '他人'} 处理（{found.state}）")
            return _opened(transaction, ref)

        return await self._database.write(work)

    async def reply(self, ref: str, seat: str, text: str, now: int) -> None:
        """Says something to the resident in the same conversation; the outbox delivers it."""
        if not text.strip():
            raise TicketError("回复不能为空")

        def work(transaction: Transaction) -> None:
            read = conversations.get(transaction, _held(transaction, ref, seat).conversation)
            assert read is not None
            body = encode(Message(reply=Reply(text=text.strip())))
            if not conversations.say(transaction, read, [("seat", body)], now):
                raise TicketError("对话刚刚变动，请再试一次")
            tickets.note(transaction, ref, "replied", seat, b"{}", now)

        await self._database.write(work)

    async def close(self, ref: str, seat: str, result: str, now: int) -> None:
        """Ends the ticket and tells the resident; the bot answers again."""

        def work(transaction: Transaction) -> None:
            held = _held(transaction, ref, seat)
            read = conversations.get(transaction, held.conversation)
            assert read is not None
            text = f"工单 {ref} 已办结。还有问题可以继续问我，需要时再说“转人工”。"
            conversations.say(transaction, read, [("system", encode(Message(reply=Reply(text=text))))], now)
            tickets.close(transaction, ref, seat, encode({"result": result}), now)

        await self._database.write(work)


def _get(transaction: Transaction, ref: str) -> TicketRow:
    found = tickets.get(transaction, ref)
    if found is None:
        raise TicketError(f"没有工单 {ref}")
    return found


def _held(transaction: Transaction, ref: str, seat: str) -> TicketRow:
    found = _get(transaction, ref)
    if found.state != "open" or found.owner != seat:
        raise TicketError(f"工单 {ref} 不在您手上，请先接单")
    return found


def _opened(transaction: Transaction, ref: str) -> Opened:
    found = _get(transaction, ref)
    said = [numbered(row) for row in conversations.messages(transaction, found.conversation, 1, 1 << 30)]
    return Opened(found, handover(found), said, tickets.events(transaction, ref))
