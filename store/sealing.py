"""What is encrypted, closed anew: when a database from before is brought up to date, and when the key changes. Which columns
that are, their types and tags say (`store.personal`)."""

from collections.abc import Callable
from typing import cast

from sqlalchemy import Column, LargeBinary, Text, bindparam, delete, insert, select, type_coerce, update

from store import past
from store.engine import Row, Value
from store.personal import Sealed, Shut, is_closed_by_hand
from store.schema import conversation, correspondent, learner, metadata, queue, setting
from store.transaction import Statement, Transaction, adding

KEY = "data_key"  # the setting that names it
_COLUMNS = [column for table in (*metadata.sorted_tables, *past.PAST.values()) for column in table.c]
_SEALED = [column for column in _COLUMNS if isinstance(column.type, Sealed) and column.table is not correspondent]
_SHUT = [column for column in _COLUMNS if isinstance(column.type, Shut)]
# Closed and opened by whoever uses them.
_BY_HAND = [column for column in _COLUMNS if is_closed_by_hand(column)]


class _Rewriting:
    """Reads a column row by row as it stands there, and puts something else in its place."""

    def __init__(self, column: Column[bytes]) -> None:
        keys = list(column.table.primary_key.columns)
        self._is_past = column.table.name.startswith(past.ARCHIVE)
        self._names = [f"key_{key.name}" for key in keys]
        self._read = Statement(select(type_coerce(column, LargeBinary), *keys))
        same = (key == bindparam(name) for key, name in zip(keys, self._names, strict=True))
        new = {column.name: bindparam("new", type_=LargeBinary)}
        self._write = Statement(update(column.table).where(*same).values(new))

    def run(self, transaction: Transaction, change: Callable[[bytes], bytes]) -> None:
        if self._is_past and transaction.dialect == "sqlite":
            return  # which has no such table
        for row in transaction.all(self._read):
            old = cast(bytes | None, row[0])
            if old is not None and (new := change(old)) != old:
                transaction.run(self._write, new=new, **self._key(row))

    def _key(self, row: Row) -> dict[str, Value]:
        return dict(zip(self._names, row[1:], strict=True))


_ALL = [Statement(select(type_coerce(column, Text)).distinct()) for column in _SEALED]
_CHANGE = [
    Statement(
        update(column.table)
        .where(type_coerce(column, Text) == bindparam("old", type_=Text))
        .values({column.name: bindparam("new", type_=Text)})
    )
    for column in _SEALED
]
# By its address a row of these finds its machine (`deploy/citus.sql`), so none is changed: they are known anew.
_FORGET_CORRESPONDENTS = Statement(delete(correspondent))
_KNOW_CORRESPONDENTS = Statement(
    insert(correspondent).from_select(
        ("channel", "address", "conversation"),
        select(conversation.c.channel, type_coerce(conversation.c.address, Text), conversation.c.id).where(
            type_coerce(conversation.c.address, Text).not_like("erased-%")
        ),
    )
)
_DOCUMENTS = [_Rewriting(column) for column in _SHUT]
_OTHERS = [_Rewriting(column) for column in _BY_HAND]
_OF_KIND = Statement(
    select(queue.c.id, type_coerce(queue.c.body, LargeBinary)).where(queue.c.kind == bindparam("kind"))
)
_OPEN = Statement(
    update(queue).where(queue.c.id == bindparam("which")).values(body=bindparam("new", type_=LargeBinary))
)
_NOTED = Statement(select(setting.c.body).where(setting.c.name == bindparam("name")))
_ANY_LEARNER = Statement(select(learner.c.id).limit(1))
_FORGET = Statement(delete(setting).where(setting.c.name == bindparam("name")))
_NOTE = Statement(adding(setting))


def key_name(transaction: Transaction) -> str | None:
    """The name of the key by which digests and seals are made here; None where nothing was closed yet."""
    return _noted(transaction, KEY)


def holds_closed(transaction: Transaction) -> bool:
    """Whether there is anything in it that a key closed."""
    return key_name(transaction) is not None or transaction.one(_ANY_LEARNER) is not None


def keep_key_name(transaction: Transaction, name: str, now: int) -> None:
    _note(transaction, KEY, name, now)


def closed_for(transaction: Transaction) -> str | None:
    """The newest migration after which everything was closed; None where that was never written down."""
    return _noted(transaction, "closed_for")


def keep_closed_for(transaction: Transaction, revision: str, now: int) -> None:
    _note(transaction, "closed_for", revision, now)


def _noted(transaction: Transaction, name: str) -> str | None:
    row = transaction.one(_NOTED, name=name)
    return cast(bytes, row[0]).decode() if row else None


def _note(transaction: Transaction, name: str, what: str, now: int) -> None:
    transaction.run(_FORGET, name=name)
    transaction.run(_NOTE, name=name, body=what.encode(), by="system", at=now)


def reseal(
    transaction: Transaction, seal: Callable[[str], str], shut: Callable[[bytes], bytes]
) -> None:  # fmt: skip
    """Puts `seal` of what stands there, as it stands there, into every sealed column, and `shut` into every closed one."""
    moved = False  # whether who is found by an address is found by another one now
    for column, all_, one in zip(_SEALED, _ALL, _CHANGE, strict=True):
        for (value,) in transaction.all(all_):
            old = cast(str | None, value)
            if old is not None and (new := seal(old)) != old:
                transaction.run(one, old=old, new=new)
                moved |= column.table is conversation
    if moved:
        transaction.run(_FORGET_CORRESPONDENTS)
        transaction.run(_KNOW_CORRESPONDENTS)
    for document in _DOCUMENTS:
        document.run(transaction, shut)


def reclose(transaction: Transaction, change: Callable[[bytes], bytes]) -> None:
    """Puts `change` of it into every column that is closed and opened by whoever uses it."""
    for other in _OTHERS:
        other.run(transaction, change)


def open_queued(transaction: Transaction, kind: str, change: Callable[[bytes], bytes]) -> None:
    """Puts `change` into what the queue holds of a kind, as it stands there."""
    for id, body in transaction.all(_OF_KIND, kind=kind):
        transaction.run(_OPEN, which=id, new=change(cast(bytes, body)))
