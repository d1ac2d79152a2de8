"""Everything that is kept of somebody, table by table, as the tags of the columns say (`store.personal`): for the copy that they
may ask for. Digests, hashes and secrets say nothing to anybody and are left out."""

import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import cast

from sqlalchemy import Column, Select, Table, bindparam, select

from store import past
from store.engine import Value
from store.personal import Sort, StoredAs, Whose, found_by, is_closed_by_hand, tables_of, tagged
from store.schema import consent, metadata
from store.transaction import Statement, Transaction

Row = dict[str, object]
_TIME = "at"


def told(table: Table, whose: Whose) -> list[str]:
    """The columns of a table that are told."""
    return [
        column.name
        for column, tag in tagged(table, whose)
        if tag.form not in (StoredAs.DIGEST, StoredAs.HASH) and tag.kind is not Sort.SECRET
    ]


def _statements(whose: Whose, name: str) -> Mapping[str, tuple[list[str], Mapping[str, Statement]]]:
    found = {}
    for table in tables_of(metadata, whose, name):
        names = told(table, whose)
        names += [_TIME] if _TIME in table.c and _TIME not in names else []
        if not names:
            continue
        by = cast("Column[object]", found_by(table, whose))
        found[table.name] = (
            names,
            past.reading(table, partial(_asking, names, by.name, table.primary_key.columns.keys())),
        )
    return found


def _asking(names: Sequence[str], by: str, key: Sequence[str], row: past.Columns) -> Select[*tuple[object, ...]]:
    found = select(*(row[each] for each in names)).where(row[by] == bindparam("which"))
    return found.order_by(*(row[each] for each in key))


COPIED = {
    (whose, name): _statements(whose, name)
    for whose, name in (
        (Whose.RESIDENT, "conversation"), (Whose.RESIDENT, "ticket"), (Whose.LEARNER, "learner"),
    )
}  # fmt: skip

_CONSENT = ("purpose", "version", "given", "at")
_CONSENTS = Statement(
    select(*(consent.c[name] for name in _CONSENT))
    .where(consent.c.channel == "learner", consent.c.person == bindparam("person"))
    .order_by(consent.c.id)
)


def rows(
    transaction: Transaction, whose: Whose, name: str, which: Value, opened: Callable[[bytes], bytes]
) -> dict[str, list[Row]]:
    """What the tables hold of them, found by `name` (conversation, ticket or learner). `opened` opens what is not closed by
    the column."""
    found = {}
    for table, (names, statements) in COPIED[whose, name].items():
        by_hand = {column.name for column, _ in tagged(metadata.tables[table], whose) if is_closed_by_hand(column)}
        found[table] = [
            {each: _shown(opened(value) if each in by_hand and isinstance(value, bytes) else value)
             for each, value in zip(names, row, strict=True)}
            for row in transaction.all(statements[transaction.dialect], which=which)
        ]  # fmt: skip
    return found


def consents(transaction: Transaction, id: int) -> list[dict[str, object]]:
    """What a learner agreed to and took back."""
    return [dict(zip(_CONSENT, row, strict=True)) for row in transaction.all(_CONSENTS, person=str(id))]


def _shown(value: Value) -> object:
    """A document as it is, whatever else is no text in base64."""
    if not isinstance(value, bytes):
        return value
    try:
        return cast(object, json.loads(value)) if value else None
    except ValueError:
        return binascii.b2a_base64(value, newline=False).decode()
