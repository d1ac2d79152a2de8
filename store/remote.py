"""What a platform elsewhere answered last, and what it has still to be told."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, delete, select, update

from store.database import Statement, Transaction, adding
from store.schema import command, remote_copy


@dataclass(frozen=True, slots=True)
class CommandRow:
    id: int
    key: str
    kind: str
    body: bytes
    due_at: int
    attempts: int


_COPY = Statement(
    select(remote_copy.c.body, remote_copy.c.as_of).where(
        remote_copy.c.learner == bindparam("learner"), remote_copy.c.what == bindparam("what")
    )
)
_FORGET = Statement(
    delete(remote_copy).where(remote_copy.c.learner == bindparam("learner"), remote_copy.c.what == bindparam("what"))
)
_KEEP = Statement(adding(remote_copy))
_OLD = Statement(delete(remote_copy).where(remote_copy.c.as_of < bindparam("before")))
_OWE = Statement(adding(command))
_KNOWN = Statement(select(command.c.id).where(command.c.key == bindparam("key")))
_DUE = Statement(
    select(command.c.id, command.c.key, command.c.kind, command.c.body, command.c.due_at, command.c.attempts)
    .where(command.c.state == "due", command.c.due_at <= bindparam("now"))
    .order_by(command.c.id)
    .limit(bindparam("most"))
)
_LEASE = Statement(
    update(command)
    .where(command.c.id == bindparam("which"), command.c.due_at == bindparam("read_due_at"), command.c.state == "due")
    .values(due_at=bindparam("until"), attempts=bindparam("count"))
)
_END = Statement(
    update(command)
    .where(command.c.id == bindparam("which"))
    .values(state=bindparam("new_state"), outcome=bindparam("what"), due_at=bindparam("then"))
)


def copy(transaction: Transaction, learner: int, what: str) -> tuple[bytes, int] | None:
    """The last answer, encrypted, and when it was given (ms)."""
    return cast(tuple[bytes, int] | None, transaction.one(_COPY, learner=learner, what=what))


def keep(transaction: Transaction, learner: int, what: str, body: bytes, as_of: int) -> None:
    transaction.run(_FORGET, learner=learner, what=what)
    transaction.run(_KEEP, learner=learner, what=what, body=body, as_of=as_of)


def forget(transaction: Transaction, before: int) -> None:
    transaction.run(_OLD, before=before)


def owe(transaction: Transaction, key: str, kind: str, body: bytes, now: int) -> None:
    """Owes a command, once."""
    if transaction.one(_KNOWN, key=key) is None:
        transaction.run(_OWE, key=key, kind=kind, body=body, state="due", due_at=now, attempts=0, outcome="")


def due(transaction: Transaction, now: int, most: int) -> list[CommandRow]:
    return [CommandRow(*row) for row in transaction.all(_DUE, now=now, most=most)]  # type: ignore[arg-type]


def lease(transaction: Transaction, row: CommandRow, until: int) -> bool:
    """Takes it for oneself until then; False when another process was first."""
    return transaction.run(_LEASE, which=row.id, read_due_at=row.due_at, until=until, count=row.attempts + 1) == 1


def end(transaction: Transaction, id: int, state: str, outcome: str, then: int) -> None:
    """How an attempt ended: done, dead, or due again `then`."""
    transaction.run(_END, which=id, new_state=state, what=outcome, then=then)
