"""Files that were sent to residents, or left by them."""

from dataclasses import asdict, dataclass
from typing import cast

from sqlalchemy import bindparam, delete, select

from store.schema import attachment
from store.transaction import Statement, Transaction, adding

_ADD = Statement(adding(attachment))
_GET = Statement(
    select(attachment.c.name, attachment.c.type, attachment.c.body).where(attachment.c.id == bindparam("id"))
)
_DROP = Statement(delete(attachment).where(attachment.c.id == bindparam("id")))


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """`id` is part of its address, and cannot be guessed; `type` is the media type, `by` who sent it."""

    id: str
    conversation: int
    name: str
    type: str
    body: bytes
    by: str
    at: int


def add(transaction: Transaction, new: AttachmentRow) -> None:
    transaction.run(_ADD, **asdict(new))


def get(transaction: Transaction, id: str) -> tuple[str, str, bytes] | None:
    """Name, type, content."""
    return cast(tuple[str, str, bytes] | None, transaction.one(_GET, id=id))


def drop(transaction: Transaction, id: str) -> None:
    transaction.run(_DROP, id=id)
