"""Announcements on their way to many."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, select, update

from store.notices import KIND
from store.queue import HELD, QueueState
from store.schema import broadcast, notice, queue
from store.transaction import Statement, Transaction, adding


@dataclass(frozen=True, slots=True)
class BroadcastRow:
    """The columns of `store.schema.broadcast`, in their order."""

    id: int
    title: str
    text: str
    audience: str
    state: str
    reached: int
    by: str
    approved_by: str | None
    at: int
    changed_at: int


_ADD = Statement(adding(broadcast).returning(broadcast.c.id))
_GET = Statement(select(*broadcast.c).where(broadcast.c.id == bindparam("id")).with_for_update())
_ALL = Statement(select(*broadcast.c).order_by(broadcast.c.id.desc()).limit(bindparam("most")))
_RUNNING = Statement(select(*broadcast.c).where(broadcast.c.state == "running").order_by(broadcast.c.id))
_PUT = Statement(
    update(broadcast)
    .where(broadcast.c.id == bindparam("which"))
    .values(
        title=bindparam("new_title"), text=bindparam("new_text"), audience=bindparam("new_audience"), state=bindparam("new_state"),
        reached=bindparam("new_reached"), approved_by=bindparam("second"), changed_at=bindparam("now"),
    )
)  # fmt: skip
_HOLD = Statement(
    update(notice)
    .where(notice.c.broadcast == bindparam("which"), notice.c.state == bindparam("was"))
    .values(state=bindparam("becomes"))
)
_HOLD_ROWS = Statement(
    update(queue)
    .where(
        queue.c.kind == bindparam("kind"), queue.c.state == QueueState.DUE.value,
        queue.c.number.in_(select(notice.c.id).where(notice.c.broadcast == bindparam("which"))),
    )
    .values(due_at=bindparam("then"))
)  # fmt: skip


def add(transaction: Transaction, title: str, text: str, audience: str, by: str, now: int) -> int:
    row = transaction.one(
        _ADD, title=title, text=text, audience=audience, state="draft", reached=0, by=by, approved_by=None, at=now, changed_at=now
    )  # fmt: skip
    assert row is not None
    return cast(int, row[0])


def get(transaction: Transaction, id: int) -> BroadcastRow | None:
    row = transaction.one(_GET, id=id)
    return BroadcastRow(*row) if row else None  # type: ignore[arg-type]


def newest(transaction: Transaction, most: int) -> list[BroadcastRow]:
    return [BroadcastRow(*row) for row in transaction.all(_ALL, most=most)]  # type: ignore[arg-type]


def running(transaction: Transaction) -> list[BroadcastRow]:
    return [BroadcastRow(*row) for row in transaction.all(_RUNNING)]  # type: ignore[arg-type]


def put(transaction: Transaction, row: BroadcastRow) -> None:
    transaction.run(
        _PUT, which=row.id, new_title=row.title, new_text=row.text, new_audience=row.audience, new_state=row.state,
        new_reached=row.reached, second=row.approved_by, now=row.changed_at,
    )  # fmt: skip


def hold(transaction: Transaction, id: int, on: bool, now: int) -> None:
    """Its notices that have not been sent wait, or go on."""
    was, becomes = ("due", "held") if on else ("held", "due")
    transaction.run(_HOLD, which=id, was=was, becomes=becomes)
    transaction.run(_HOLD_ROWS, which=id, kind=KIND, then=HELD if on else now)
