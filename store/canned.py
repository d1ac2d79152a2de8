"""Texts that seats have ready."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select

from store.schema import canned
from store.transaction import Statement, Transaction, adding

_CANNED = Statement(select(canned.c.id, canned.c.title, canned.c.text, canned.c.by).order_by(canned.c.id))
_ADD_CANNED = Statement(adding(canned))
_DROP_CANNED = Statement(delete(canned).where(canned.c.id == bindparam("id"), canned.c.by == bindparam("by")))


@dataclass(frozen=True, slots=True)
class CannedRow:
    id: int
    title: str
    text: str
    by: str


def all_texts(transaction: Transaction) -> list[CannedRow]:
    return [CannedRow(*row) for row in transaction.all(_CANNED)]  # type: ignore[arg-type]


def add(transaction: Transaction, title: str, text: str, by: str) -> None:
    transaction.run(_ADD_CANNED, title=title, text=text, by=by)


def drop(transaction: Transaction, id: int, by: str) -> bool:
    """False where there is none of this seat's."""
    return transaction.run(_DROP_CANNED, id=id, by=by) == 1
