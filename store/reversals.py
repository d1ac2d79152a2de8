"""Lines of the ledger that somebody wants taken back, and that wait for a second person."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, select, update

from store.schema import reversal
from store.transaction import Statement, Transaction, adding


@dataclass(frozen=True, slots=True)
class ReversalRow:
    """The columns of `store.schema.reversal`, in their order."""

    id: int
    entry: int
    note: str
    by: str
    second: str | None
    state: str
    at: int


_ASK = Statement(adding(reversal).returning(reversal.c.id))
_ASKED = Statement(select(*reversal.c).where(reversal.c.state == "asked").order_by(reversal.c.id))
_REVERSAL = Statement(select(*reversal.c).where(reversal.c.id == bindparam("id")).with_for_update())
_DECIDE = Statement(
    update(reversal)
    .where(reversal.c.id == bindparam("which"), reversal.c.state == "asked")
    .values(state=bindparam("new_state"), second=bindparam("who"))
)


def ask(transaction: Transaction, entry: int, note: str, by: str, now: int) -> int:
    row = transaction.one(_ASK, entry=entry, note=note, by=by, second=None, state="asked", at=now)
    assert row is not None
    return cast(int, row[0])


def asked(transaction: Transaction) -> list[ReversalRow]:
    """Those that wait for a second person."""
    return [ReversalRow(*row) for row in transaction.all(_ASKED)]  # type: ignore[arg-type]


def get(transaction: Transaction, id: int) -> ReversalRow | None:
    row = transaction.one(_REVERSAL, id=id)
    return ReversalRow(*row) if row else None  # type: ignore[arg-type]


def decide(transaction: Transaction, id: int, state: str, who: str) -> bool:
    """False when it was decided before."""
    return transaction.run(_DECIDE, which=id, new_state=state, who=who) == 1
