"""What is sealed, sealed anew: when a database from before is brought up to date, and when the key changes."""

from collections.abc import Callable
from typing import cast

from sqlalchemy import Text, bindparam, delete, select, type_coerce, update

from store import deliveries
from store.database import Statement, Transaction, adding
from store.schema import Sealed, metadata, queue, setting

_COLUMNS = [column for table in metadata.sorted_tables for column in table.c if isinstance(column.type, Sealed)]
_ALL = [Statement(select(type_coerce(column, Text)).distinct()) for column in _COLUMNS]
_CHANGE = [
    Statement(
        update(column.table)
        .where(type_coerce(column, Text) == bindparam("old", type_=Text))
        .values({column.name: bindparam("new", type_=Text)})
    )
    for column in _COLUMNS
]


_KEY = Statement(select(setting.c.body).where(setting.c.name == "data_key"))
_FORGET_KEY = Statement(delete(setting).where(setting.c.name == "data_key"))
_KEEP_KEY = Statement(adding(setting))


_ANSWERS = Statement(select(queue.c.id, queue.c.body).where(queue.c.kind == deliveries.ANSWER))
_REBODY = Statement(update(queue).where(queue.c.id == bindparam("which")).values(body=bindparam("new_body")))


def key_name(transaction: Transaction) -> str | None:
    """The name of the key by which digests and seals are made here; None where nothing was closed yet."""
    row = transaction.one(_KEY)
    return cast(bytes, row[0]).decode() if row else None


def keep_key_name(transaction: Transaction, name: str, now: int) -> None:
    transaction.run(_FORGET_KEY)
    transaction.run(_KEEP_KEY, name="data_key", body=name.encode(), by="system", at=now)


def reseal(transaction: Transaction, change: Callable[[str], str]) -> int:
    """Puts `change` of what stands there, as it stands there, into every sealed column and message that waits for its answer; how many
    values of columns changed."""
    done = 0
    for all_, one in zip(_ALL, _CHANGE, strict=True):
        for (value,) in transaction.all(all_):
            old = cast(str, value)
            if (new := change(old)) != old:
                transaction.run(one, old=old, new=new)
                done += 1
    for id, body in transaction.all(_ANSWERS):
        transaction.run(_REBODY, which=id, new_body=change(cast(bytes, body).decode()).encode())
    return done
