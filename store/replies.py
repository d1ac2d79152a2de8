"""What seats have said and can still call back: accepted, and in the queue until it becomes part of the conversation."""

import msgspec
from msgspec import Struct

from store import queue, tickets
from store.queue import NewRow, QueueRow
from store.ticket_rows import TicketRow
from store.transaction import Transaction

KIND = "reply"


class Held(Struct, frozen=True):
    """A seat's answer to the resident of a ticket. `id` is the page's, `body` JSON of `bot.messages.Message`."""

    ref: str
    seat: str
    id: str
    body: str


class HeldReplyRow(Struct, frozen=True):
    """One that is in the queue, and when it becomes part of the conversation (ms)."""

    row: int
    held: Held
    due_at: int


def hold(transaction: Transaction, conversation: int, held: Held, now: int, due_at: int) -> None:
    """Keeps it until then, behind those of the conversation that are held already; the queue closes it, as it says what a resident
    is told."""
    order = _order(conversation)
    before = [row.number for row in queue.in_order(transaction, order)]
    body = msgspec.json.encode(held)
    number = max([now, *(each + 1 for each in before)])
    queue.add(transaction, NewRow(KIND, f"{order}:{held.id}", KIND, body, due_at, order, number))


def held(transaction: Transaction, conversation: int) -> list[HeldReplyRow]:
    """What has not become part of the conversation yet, in its order."""
    rows = queue.in_order(transaction, _order(conversation))
    return [HeldReplyRow(row.id, opened(transaction, row), row.due_at) for row in rows]


def of_ticket(transaction: Transaction, row: TicketRow) -> list[HeldReplyRow]:
    """The same of a ticket, in whichever of its talks it was written."""
    found = [each for talk in tickets.talks(transaction, row) for each in held(transaction, talk)]
    return sorted(found, key=lambda each: each.row)


def take_out(transaction: Transaction, row: int) -> bool:
    """Whether it was still there: of two who take it out, to say it or to call it back, one has it."""
    return queue.drop(transaction, [row]) == 1


def forget(transaction: Transaction, conversation: int) -> None:
    queue.settle(transaction, _order(conversation), 1 << 60)


def opened(transaction: Transaction, row: QueueRow) -> Held:
    """What a row of the queue holds."""
    return msgspec.json.decode(row.body, type=Held)


def _order(conversation: int) -> str:
    return f"{KIND}:{conversation}"
