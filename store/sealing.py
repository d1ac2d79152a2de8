"""What is sealed, sealed anew: when a database from before is brought up to date, and when the key changes."""

from collections.abc import Callable
from typing import cast

from sqlalchemy import Text, bindparam, select, type_coerce, update

from store.database import Statement, Transaction
from store.schema import Sealed, metadata

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


def reseal(transaction: Transaction, change: Callable[[str], str]) -> int:
    """Puts `change` of what stands there, as it stands there, into every sealed column; how many values changed."""
    done = 0
    for all_, one in zip(_ALL, _CHANGE, strict=True):
        for (value,) in transaction.all(all_):
            old = cast(str, value)
            if (new := change(old)) != old:
                transaction.run(one, old=old, new=new)
                done += 1
    return done
