"""A ticket as it is opened: with what the bot handed over, what happened to it, and the newest of what was said."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.inbox import numbered
from bot.messages import Handover, Numbered
from desk.errors import TicketError
from store import conversations, outbox, replies, ticket_lists, tickets
from store.replies import HeldReplyRow
from store.ticket_rows import Priority, TicketRow, TicketState
from store.tickets import EventRow
from store.transaction import Transaction

ERASED = "[已按居民要求删除]"
SHOWN = 100  # messages that a ticket opens with; the older ones are asked for
ALL = 1 << 30


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket with all that belongs to it; `held` is about to be said. There are older messages when `messages` do not begin with number 1.
    `waiting_from` is the first message that its channel has not taken yet, `dead` whether it was given up."""

    ticket: TicketRow
    handover: Handover
    messages: Sequence[Numbered]
    held: Sequence[HeldReplyRow]
    events: Sequence[EventRow]
    others: Sequence[TicketRow]
    waiting_from: int | None
    dead: bool


def found(transaction: Transaction, ref: str) -> TicketRow:
    """The ticket. Raises `TicketError` where there is none."""
    row = tickets.get(transaction, ref)
    if row is None:
        raise no_ticket(ref)
    return row


def no_ticket(ref: str) -> TicketError:
    return TicketError("not_found", f"没有工单 {ref}", f"There is no ticket {ref}")


def to_write_on(transaction: Transaction, ref: str) -> TicketRow:
    """The ticket, where whom it is of was not taken out of it: what is written of it then would outlast that. Raises
    `TicketError`."""
    row = found(transaction, ref)
    if handover(row).summary == ERASED:
        raise TicketError(
            "outdated",
            f"工单 {ref} 里的居民数据已经删除，不能再写",
            f"Ticket {ref} was erased: nothing is written on it",
        )
    return row


def opened(transaction: Transaction, ref: str, most: int) -> Opened:
    """With its newest messages, as many as `most`. Raises `TicketError` where there is no such ticket."""
    row = found(transaction, ref)
    undelivered = outbox.undelivered(transaction, row.conversation)
    others = [each for each in ticket_lists.of_person(transaction, row.person) if each.ref != ref]
    events, about = tickets.events(transaction, ref), handover(row)
    about = msgspec.structs.replace(about, slots=tickets.with_added(about.slots, events))
    return Opened(
        row, about, before(transaction, row.conversation, ALL, most), replies.of_ticket(transaction, row), events, others,
        undelivered[0] if undelivered else None, bool(undelivered and undelivered[1]),
    )  # fmt: skip


def before(transaction: Transaction, conversation: int, seq: int, most: int) -> list[Numbered]:
    """The messages of a conversation that come just before number `seq`, as many as `most`, in their order."""
    read = conversations.get(transaction, conversation)
    assert read is not None
    last = min(read.seq, seq - 1)
    return [numbered(each) for each in conversations.messages(transaction, read.id, last - most + 1, last)]


def handover(row: TicketRow) -> Handover:
    return msgspec.json.decode(row.body, type=Handover)


def check_held(row: TicketRow, seat: str) -> None:
    """Raises `TicketError` where the seat does not have the ticket."""
    if row.owner != seat:
        english = f"You do not have ticket {row.ref}: take it first"
        raise TicketError("not_yours", f"工单 {row.ref} 不在您手上，请先接单", english)


# -- who never has to do with a ticket


def kept_away(row: TicketRow, complained_of: frozenset[str]) -> frozenset[str]:
    """Those of whom its talk complains; while nobody has a danger to life, only those of whom it complains itself."""
    if row.priority == Priority.DANGER and row.state == TicketState.WAITING:
        return frozenset(json.loads(row.barred))
    return complained_of


def is_kept_away(transaction: Transaction, row: TicketRow, seat: str) -> bool:
    """Whether the ticket is none of the seat's business, whatever is to be done with it; what one has, one keeps."""
    return row.owner != seat and seat in kept_away(row, ticket_lists.complained_of(transaction, row.conversation))


def refuse(transaction: Transaction, row: TicketRow, seat: str) -> None:
    """Raises `TicketError` where it is."""
    if is_kept_away(transaction, row, seat):
        english = f"Ticket {row.ref} is about how {seat} served the resident: a colleague handles it"
        raise TicketError("barred", f"工单 {row.ref} 涉及 {seat} 的服务，由别的同事处理", english)
