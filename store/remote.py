"""What a platform elsewhere answered last."""

from typing import cast

from sqlalchemy import bindparam, delete, select

from store.schema import remote_copy
from store.transaction import Statement, Transaction, adding

COMMAND = "command"  # a kind of the queue: what the platform has still to be told, as JSON
_COPY = Statement(
    select(remote_copy.c.body, remote_copy.c.as_of).where(
        remote_copy.c.learner == bindparam("learner"), remote_copy.c.what == bindparam("what")
    )
)
_FORGET = Statement(
    delete(remote_copy).where(remote_copy.c.learner == bindparam("learner"), remote_copy.c.what == bindparam("what"))
)
_KEEP = Statement(adding(remote_copy))


def copy(transaction: Transaction, learner: int, what: str) -> tuple[bytes, int] | None:
    """The last answer, encrypted, and when it was given (ms)."""
    return cast(tuple[bytes, int] | None, transaction.one(_COPY, learner=learner, what=what))


def keep(transaction: Transaction, learner: int, what: str, body: bytes, as_of: int) -> None:
    transaction.run(_FORGET, learner=learner, what=what)
    transaction.run(_KEEP, learner=learner, what=what, body=body, as_of=as_of)
