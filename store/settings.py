"""Documents by name: what supervisors have set (opening hours, shifts, how long things are kept), and what a centre has one of."""

from typing import cast

from sqlalchemy import bindparam, delete, select

from store.schema import setting
from store.transaction import Statement, Transaction, adding

_SETTING = Statement(select(setting.c.body).where(setting.c.name == bindparam("name")))
_DROP_SETTING = Statement(delete(setting).where(setting.c.name == bindparam("name")))
_SET = Statement(adding(setting))


def get(transaction: Transaction, name: str) -> bytes | None:
    row = transaction.one(_SETTING, name=name)
    return cast(bytes, row[0]) if row else None


def put(transaction: Transaction, name: str, body: bytes, by: str, at: int) -> None:
    transaction.run(_DROP_SETTING, name=name)
    transaction.run(_SET, name=name, body=body, by=by, at=at)
