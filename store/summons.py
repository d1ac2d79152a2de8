"""Texts that call a supervisor to a ticket that nobody takes: rows of the queue."""

import msgspec
from msgspec import Struct

from store import queue
from store.queue import NewRow, QueueRow
from store.transaction import Transaction

KIND = "summons"


class Summons(Struct, frozen=True):
    """Whom, and to which ticket."""

    phone: str
    ref: str


def owe(transaction: Transaction, key: str, summons: Summons, at: int) -> None:
    """Owes the text; `key` says which alarm it is of, and whom it calls."""
    body = msgspec.json.encode(summons)
    queue.put(transaction, NewRow(KIND, f"{KIND}:{key}", KIND, body, at))


def opened(transaction: Transaction, row: QueueRow) -> Summons:
    """What a row of the queue is to send."""
    return msgspec.json.decode(row.body, type=Summons)
