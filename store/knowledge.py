"""Entries and catalogue records: what changed since a revision, and changing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, delete, func, select, union_all

from store.database import Row, Statement, Transaction, adding
from store.schema import entry, entry_version, record

_HIGHEST = Statement(
    select(func.coalesce(func.max(union_all(select(func.max(entry.c.revision).label("n")), select(func.max(record.c.revision))).subquery().c.n), 0))
)  # fmt: skip
_ENTRIES_SINCE = Statement(
    select(entry.c.id, entry.c.revision, entry.c.status, entry.c.body)
    .where(entry.c.revision > bindparam("revision"))
    .order_by(entry.c.revision, entry.c.id)
)
_RECORDS = Statement(select(record.c.kind, record.c.id, record.c.body).order_by(record.c.revision, record.c.kind))
_RECORDS_REVISION = Statement(select(func.coalesce(func.max(record.c.revision), 0)))
_DROP_ENTRY = Statement(delete(entry).where(entry.c.id == bindparam("id")))
_ADD_ENTRY = Statement(adding(entry))
_ADD_VERSION = Statement(adding(entry_version))
_DROP_RECORD = Statement(delete(record).where(record.c.kind == bindparam("kind"), record.c.id == bindparam("id")))
_ADD_RECORD = Statement(adding(record))


@dataclass(frozen=True, slots=True)
class EntryRow:
    """`body` is JSON of `knowledge.entries.Entry`."""

    id: str
    revision: int
    status: str
    body: bytes

    @staticmethod
    def of(row: Row) -> "EntryRow":
        return EntryRow(*cast(tuple[str, int, str, bytes], row))


@dataclass(frozen=True, slots=True)
class RecordRow:
    """`body` is JSON of a record of `knowledge.catalogue`."""

    kind: str
    id: str
    body: bytes


def revision(transaction: Transaction) -> int:
    """Goes up with every change of what we know."""
    row = transaction.one(_HIGHEST)
    return cast(int, row[0]) if row else 0


def entries_since(transaction: Transaction, seen: int) -> list[EntryRow]:
    return [EntryRow.of(row) for row in transaction.all(_ENTRIES_SINCE, revision=seen)]


def records_revision(transaction: Transaction) -> int:
    row = transaction.one(_RECORDS_REVISION)
    return cast(int, row[0]) if row else 0


def records(transaction: Transaction) -> list[RecordRow]:
    return [RecordRow(*cast(tuple[str, str, bytes], row)) for row in transaction.all(_RECORDS)]


def save(transaction: Transaction, entries: Sequence[EntryRow], records: Sequence[RecordRow], by: str, at: int) -> int:
    """Writes all of them as one new revision, which it returns; older versions of the entries are kept."""
    new = revision(transaction) + 1
    for row in entries:
        transaction.run(_DROP_ENTRY, id=row.id)
        transaction.run(_ADD_ENTRY, id=row.id, revision=new, status=row.status, body=row.body)
        transaction.run(_ADD_VERSION, id=row.id, revision=new, status=row.status, body=row.body, by=by, at=at)
    for each in records:
        transaction.run(_DROP_RECORD, kind=each.kind, id=each.id)
        transaction.run(_ADD_RECORD, kind=each.kind, id=each.id, revision=new, body=each.body)
    return new
