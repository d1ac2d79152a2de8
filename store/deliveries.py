"""What leaves on channels that do not number it: what has left and how, what was put off or dropped."""

import hashlib
from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, delete, select, update

from store import correspondents, queue
from store.engine import Row
from store.queue import NewRow, QueueState
from store.schema import conversation, delivered, dropped, inbound, message, shared, unreachable
from store.transaction import Statement, Transaction, adding

ANSWER = "answer"  # a kind of the queue: a message that was acknowledged and not answered
REFUSED = ":refused"  # follows a channel's name: not that nobody is there, but that they want nothing
RECENT = 40  # of a conversation's last messages: more cannot have opened a window that is still open


@dataclass(frozen=True, slots=True)
class DeferredRow:
    """A message as JSON; `due_at` is when another process may answer it (ms)."""

    channel: str
    address: str
    id: str
    body: bytes
    due_at: int


_HOLD_STILL = Statement(select(conversation.c.id).where(conversation.c.id == bindparam("id")).with_for_update())
_ANSWERED = Statement(
    select(inbound.c.seq).where(inbound.c.conversation == bindparam("conversation"), inbound.c.id == bindparam("id"))
)
_LEFT = Statement(adding(delivered))
_ANSWER = Statement(
    select(delivered.c.body).where(
        delivered.c.conversation == bindparam("conversation"), delivered.c.inbound == bindparam("inbound")
    )
)
_TAKE_BACK = Statement(
    update(delivered)
    .where(delivered.c.conversation == bindparam("which"), delivered.c.inbound == bindparam("to"))
    .values(body=b"")
)
_SENT = Statement(
    select(delivered.c.id)
    .where(
        delivered.c.conversation == bindparam("conversation"),
        delivered.c.inbound.is_(None),
        delivered.c.first_seq <= bindparam("seq"),
        delivered.c.last_seq >= bindparam("seq"),
    )
    .limit(1)
)
_PUSHES = Statement(
    select(delivered.c.at)
    .where(
        delivered.c.conversation == bindparam("conversation"),
        delivered.c.inbound.is_(None),
        delivered.c.at > bindparam("since"),
    )
    .order_by(delivered.c.at)
)
_LAST_HEARD = Statement(
    select(inbound.c.id, message.c.at)
    .join(message, (message.c.conversation == inbound.c.conversation) & (message.c.seq == inbound.c.seq))
    .where(inbound.c.conversation == bindparam("conversation"), message.c.author == "resident")
    .order_by(inbound.c.seq.desc())
    .limit(RECENT)
)
_DROPPED = Statement(adding(dropped))
_FORGET_DELIVERED = Statement(delete(delivered).where(delivered.c.at < bindparam("before")))
_UNREACHABLE = Statement(
    select(unreachable.c.at).where(
        unreachable.c.channel == bindparam("channel"), unreachable.c.address == bindparam("address")
    )
)
_LOSE = Statement(adding(unreachable))
_REACH = Statement(
    delete(unreachable).where(
        unreachable.c.channel == bindparam("channel"), unreachable.c.address == bindparam("address")
    )
)
_SHARED = Statement(
    select(shared.c.value, shared.c.until, shared.c.fetched_at, shared.c.lease).where(
        shared.c.name == bindparam("name")
    )
)
_SHARE = Statement(adding(shared))
_SHARE_LEASE = Statement(
    update(shared)
    .where(shared.c.name == bindparam("which"), shared.c.lease == bindparam("read_lease"))
    .values(lease=bindparam("until"))
)
_SHARE_VALUE = Statement(
    update(shared)
    .where(shared.c.name == bindparam("which"))
    .values(
        value=bindparam("new_value"), until=bindparam("new_until"), fetched_at=bindparam("at"), lease=bindparam("free")
    )
)


# -- put off


def defer(transaction: Transaction, row: DeferredRow) -> bool:
    """Keeps what is acknowledged before it is answered; False when it has been answered meanwhile. The conversation
    holds still for it: a turn that commits at this moment sees that its answer has to leave by itself, or is seen."""
    conversation = correspondents.conversation_of(transaction, row.channel, row.address)
    if conversation is not None:
        transaction.one(_HOLD_STILL, id=conversation)
        if transaction.one(_ANSWERED, conversation=conversation, id=row.id) is not None:
            return False
    order = f"{ANSWER}:{_digest(row.channel, row.address)}"
    key = f"{ANSWER}:{_digest(row.channel, row.address, row.id)}"
    queue.put(transaction, NewRow(ANSWER, key, ANSWER, row.body, row.due_at, order, row.due_at))
    return True


def undeferred(transaction: Transaction, channel: str, address: str, id: str) -> bool:
    """Takes back what was put off, if it was."""
    return queue.drop_key(transaction, f"{ANSWER}:{_digest(channel, address, id)}")


def is_deferred(transaction: Transaction, channel: str, address: str, until: int) -> bool:
    """Whether something of somebody waits to be answered, by any process until then (ms)."""
    rows = queue.in_order(transaction, f"{ANSWER}:{_digest(channel, address)}")
    return any(row.state == QueueState.DUE and row.due_at <= until for row in rows)


def forget_deferred(transaction: Transaction, channel: str, address: str) -> None:
    """Takes out whatever of somebody was put off, and was never answered."""
    queue.settle(transaction, f"{ANSWER}:{_digest(channel, address)}", 1 << 60)


def _digest(*parts: str) -> str:
    """In a row's keys instead of an address."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


# -- left


def left(
    transaction: Transaction, conversation: int, numbers: tuple[int, int], at: int,
    inbound: str | None = None, body: bytes | None = None,
) -> None:  # fmt: skip
    """Writes down that messages left, the first and the last of these numbers: in the response to `inbound` as `body`, or by themselves."""
    first, last = numbers
    transaction.run(_LEFT, conversation=conversation, inbound=inbound, first_seq=first, last_seq=last, body=body, at=at)


def answer(transaction: Transaction, conversation: int, inbound: str) -> bytes | None:
    """What was answered in the response to a message; empty where nothing was."""
    row = transaction.one(_ANSWER, conversation=conversation, inbound=inbound)
    return cast(bytes, row[0] or b"") if row else None


def take_back(transaction: Transaction, conversation: int, inbound: str) -> None:
    """Whoever asks again for what was answered to a message gets nothing: it leaves by itself."""
    transaction.run(_TAKE_BACK, which=conversation, to=inbound)


def was_sent(transaction: Transaction, conversation: int, seq: int) -> bool:
    """Whether a message left by itself."""
    return transaction.one(_SENT, conversation=conversation, seq=seq) is not None


def pushes(transaction: Transaction, conversation: int, since: int) -> list[int]:
    """When messages left by themselves."""
    return [cast(int, row[0]) for row in transaction.all(_PUSHES, conversation=conversation, since=since)]


def last_heard(transaction: Transaction, conversation: int) -> list[tuple[str, int]]:
    """The last that the resident said, newest first: its id and time."""
    return [cast(tuple[str, int], (row[0], row[1])) for row in transaction.all(_LAST_HEARD, conversation=conversation)]


# -- dropped, and out of reach


def keep_dropped(transaction: Transaction, channel: str, why: str, body: bytes, at: int) -> None:
    transaction.run(_DROPPED, channel=channel, why=why, body=body, at=at)


def forget(transaction: Transaction, before: int) -> None:
    """Lets go of how messages left before."""
    transaction.run(_FORGET_DELIVERED, before=before)


def lose(transaction: Transaction, channel: str, address: str, at: int) -> None:
    """Nothing more can be sent there."""
    if not is_lost(transaction, channel, address):
        transaction.run(_LOSE, channel=channel, address=address, at=at)


def find_again(transaction: Transaction, channel: str, address: str) -> None:
    transaction.run(_REACH, channel=channel, address=address)


def refuse(transaction: Transaction, channel: str, address: str, at: int) -> None:
    """Whoever is reached there wants nothing more: that outlives whatever else becomes of the address."""
    lose(transaction, channel, address, at)
    lose(transaction, channel + REFUSED, address, at)


def allow(transaction: Transaction, channel: str, address: str) -> None:
    """They want to hear from us again."""
    find_again(transaction, channel, address)
    find_again(transaction, channel + REFUSED, address)


def is_refused(transaction: Transaction, channel: str, address: str) -> bool:
    return is_lost(transaction, channel + REFUSED, address)


def is_lost(transaction: Transaction, channel: str, address: str) -> bool:
    return transaction.one(_UNREACHABLE, channel=channel, address=address) is not None


# -- shared by all processes


@dataclass(frozen=True, slots=True)
class SharedRow:
    value: bytes
    until: int
    fetched_at: int
    lease: int


def get_shared(transaction: Transaction, name: str) -> SharedRow | None:
    row: Row | None = transaction.one(_SHARED, name=name)
    return SharedRow(*cast(tuple[bytes, int, int, int], row)) if row else None


def lease_shared(transaction: Transaction, name: str, read: SharedRow | None, until: int) -> bool:
    """Takes it upon oneself to fetch it; False when somebody else has."""
    if read is None:
        if get_shared(transaction, name) is not None:
            return False
        transaction.run(_SHARE, name=name, value=b"", until=0, fetched_at=0, lease=until)
        return True
    return transaction.run(_SHARE_LEASE, which=name, read_lease=read.lease, until=until) == 1


def put_shared(transaction: Transaction, name: str, value: bytes, until: int, at: int) -> None:
    transaction.run(_SHARE_VALUE, which=name, new_value=value, new_until=until, at=at, free=0)


def share(transaction: Transaction, name: str, value: bytes, until: int, at: int) -> None:
    """Puts it there, for whoever may fetch it without a lease."""
    if get_shared(transaction, name) is None:
        transaction.run(_SHARE, name=name, value=value, until=until, fetched_at=at, lease=0)
    else:
        put_shared(transaction, name, value, until, at)
