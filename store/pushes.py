"""Where residents' browsers are told by web push (RFC 8030) that there is a new reply; and that they are to be told."""

import zlib
from typing import cast
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, select

from store import queue
from store.queue import NewRow, QueueRow
from store.schema import push
from store.transaction import Statement, Transaction, adding

KIND = "push"
MOST = 5  # browsers of one talk
LANES = 8  # a push service that hangs holds up one of them
AFTER = 5_000  # ms that an open page has to take a reply, so that nobody is told twice


class PushKeys(Struct, frozen=True):
    """What a message to a browser is encrypted with (RFC 8291), in base64url; `lang` is what its page is in."""

    p256dh: str
    auth: str
    lang: str = "zh"


class PushRow(Struct, frozen=True):
    id: int
    conversation: int
    endpoint: str
    secret: bytes


class OwedPush(Struct, frozen=True, array_like=True):
    """That a message was said, to be told to one browser."""

    subscription: int
    conversation: int
    seq: int
    said_at: int


_COLUMNS = (push.c.id, push.c.conversation, push.c.endpoint, push.c.secret)
_ADD = Statement(adding(push))
_GET = Statement(select(*_COLUMNS).where(push.c.id == bindparam("id")))
_OF = Statement(select(*_COLUMNS).where(push.c.conversation == bindparam("conversation")).order_by(push.c.id))
_DROP = Statement(delete(push).where(push.c.id == bindparam("id")))
_DROP_ENDPOINT = Statement(delete(push).where(push.c.endpoint == bindparam("endpoint")))


def keep(transaction: Transaction, conversation: int, endpoint: str, keys: PushKeys, now: int) -> None:
    """A browser is told of one talk: of that which named it last. Of too many of a talk the oldest goes."""
    drop_endpoint(transaction, endpoint)
    for old in of_conversation(transaction, conversation)[: 1 - MOST]:
        drop(transaction, old.id)
    transaction.run(_ADD, conversation=conversation, endpoint=endpoint, secret=msgspec.json.encode(keys), at=now)


def drop(transaction: Transaction, id: int) -> None:
    transaction.run(_DROP, id=id)


def drop_endpoint(transaction: Transaction, endpoint: str) -> None:
    """Whoever knows it is that browser: it is as hard to guess as a token."""
    transaction.run(_DROP_ENDPOINT, endpoint=endpoint)


def get(transaction: Transaction, id: int) -> PushRow | None:
    row = transaction.one(_GET, id=id)
    return PushRow(*cast(tuple[int, int, str, bytes], row)) if row else None


def of_conversation(transaction: Transaction, conversation: int) -> list[PushRow]:
    rows = transaction.all(_OF, conversation=conversation)
    return [PushRow(*cast(tuple[int, int, str, bytes], row)) for row in rows]


def owe(transaction: Transaction, conversation: int, seq: int, now: int) -> None:
    """Tells the browsers of a talk of a message, as part of the commit that says it."""
    for each in of_conversation(transaction, conversation):
        body = msgspec.json.encode(OwedPush(each.id, conversation, seq, now))
        lane = f"{KIND}:{zlib.crc32((urlsplit(each.endpoint).hostname or '').encode()) % LANES}"
        queue.put(transaction, NewRow(KIND, f"{KIND}:{each.id}:{seq}", lane, body, now + AFTER))


def opened(row: QueueRow) -> OwedPush:
    """What a row of the queue is for."""
    return msgspec.json.decode(row.body, type=OwedPush)
