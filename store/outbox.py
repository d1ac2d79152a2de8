"""Messages in the queue: what a conversation has still to be sent, and how far that has come."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, func, select, update

from store import queue
from store.queue import NewRow, QueueRow, QueueState
from store.schema import queue as table
from store.transaction import Statement, Transaction

KIND = "message"
ORDER = "conversation:"  # what an order key begins with; the talk's number follows


class Carried(Struct, frozen=True, gc=False, array_like=True):
    """Messages that are in a response of which nobody knows whether it has arrived: that to `inbound`, asked for so often,
    the last time at (ms), and whether it has been written to the line. Once it has arrived, the row goes on at `then` (a
    message and a part of it), or goes."""

    inbound: str
    asked: int
    at: int
    written: bool = False
    then: tuple[int, int] | None = None


class Span(Struct, frozen=True, gc=False, array_like=True):
    """Messages by their numbers; `part` of the first where the channel divides it. A `rest` follows what has left."""

    first: int
    last: int
    part: int = 0
    rest: bool = False
    trial: Carried | None = None


@dataclass(frozen=True, slots=True)
class DueRow:
    """What an outlet is given to send."""

    id: int
    conversation: int
    channel: str
    address: str
    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class OwedRow:
    """What a conversation is owed."""

    id: int
    first_seq: int
    last_seq: int
    part: int
    due_at: int
    leased_until: int
    is_rest: bool
    is_given_up: bool
    trial: Carried | None = None

    def is_leaving(self, now: int) -> bool:
        """Whether it is being sent at this moment, or has perhaps left."""
        return self.trial is not None or self.leased_until > now


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Span).decode
_CHANGE = Statement(
    update(table)
    .where(table.c.id == bindparam("which"))
    .values(
        key=bindparam("new_key"), body=bindparam("new_body"), due_at=bindparam("at"), attempts=0,
        leased_until=bindparam("until"), state=QueueState.DUE.value,
    )
)  # fmt: skip
_NEXT = Statement(
    select(func.min(table.c.number)).where(
        table.c.order_key == bindparam("order_key"), table.c.state == QueueState.DUE.value
    )
)


def order_key(conversation: int) -> str:
    return f"{ORDER}{conversation}"


def conversation_of(row: QueueRow) -> int:
    return int((row.order_key or "").partition(":")[2])


def span(row: QueueRow) -> Span:
    return _decode(row.body)


def leave(transaction: Transaction, conversation: int, channel: str, what: Span, due_at: int) -> None:
    """Owes messages, as part of the commit that writes them."""
    queue.add(
        transaction,
        NewRow(KIND, _key(conversation, what), channel, _encode(what), due_at, order_key(conversation), what.last),
    )


def _key(conversation: int, what: Span) -> str:
    return f"{KIND}:{conversation}:{what.first}:{what.part}" if what.rest else f"{KIND}:{conversation}:{what.first}"


def owed(transaction: Transaction, conversation: int) -> list[OwedRow]:
    """What has not been delivered of a conversation, in its order; also what was given up."""
    return [_owed(row) for row in queue.in_order(transaction, order_key(conversation))]


def _owed(row: QueueRow) -> OwedRow:
    what = span(row)
    return OwedRow(
        row.id,
        what.first,
        what.last,
        what.part,
        row.due_at,
        row.leased_until,
        what.rest,
        row.state == QueueState.GIVEN_UP,
        what.trial,
    )


def is_next(transaction: Transaction, conversation: int, seq: int) -> bool:
    """Whether what ends with this message is to leave, and nothing before it."""
    row = transaction.one(_NEXT, order_key=order_key(conversation))
    return row is not None and row[0] == seq


def is_on_its_way(transaction: Transaction, conversation: int) -> bool:
    """Whether something is still to leave; what was given up is not."""
    row = transaction.one(_NEXT, order_key=order_key(conversation))
    return row is not None and row[0] is not None


def undelivered(transaction: Transaction, conversation: int) -> tuple[int, bool] | None:
    """The first message that the channel has not taken, and whether it was given up; None where all has arrived."""
    rows = owed(transaction, conversation)
    return (rows[0].first_seq, rows[0].is_given_up) if rows else None


def ending(transaction: Transaction, conversation: int, seq: int) -> OwedRow | None:
    """What ends with this message, and was not given up."""
    rows = owed(transaction, conversation)
    return next((row for row in rows if row.last_seq == seq and not row.is_given_up), None)


def settle(transaction: Transaction, conversation: int, seq: int) -> int:
    """The channel has taken everything up to this message."""
    return queue.settle(transaction, order_key(conversation), seq)


def left(transaction: Transaction, row: DueRow) -> None:
    """The channel has taken this; what was given up before it has still not arrived."""
    queue.drop(transaction, [row.id])


def advance(transaction: Transaction, row: OwedRow, conversation: int, place: tuple[int, int], due_at: int) -> None:
    """The row goes on from this message and part of it."""
    _change(transaction, row, conversation, Span(place[0], row.last_seq, place[1], rest=True), due_at)


def release(transaction: Transaction, row: OwedRow, conversation: int, due_at: int) -> None:
    """What was held, given up or on trial may leave then."""
    _change(transaction, row, conversation, Span(row.first_seq, row.last_seq, row.part, row.is_rest), due_at)


def try_(transaction: Transaction, row: OwedRow, conversation: int, trial: Carried, until: int) -> None:
    """It is in a response, and leaves in no other way before then (ms)."""
    span = Span(row.first_seq, row.last_seq, row.part, row.is_rest, trial)
    _change(transaction, row, conversation, span, until, until)


def _change(
    transaction: Transaction, row: OwedRow, conversation: int, what: Span, due_at: int, leased_until: int = 0
) -> None:
    transaction.run(
        _CHANGE, which=row.id, new_key=_key(conversation, what), new_body=_encode(what), at=due_at, until=leased_until
    )


def drop(transaction: Transaction, rows: Sequence[OwedRow]) -> None:
    queue.drop(transaction, [row.id for row in rows])
