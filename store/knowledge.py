"""Entries and catalogue records: what changed since a revision, and changing them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, delete, func, select, union_all

from store.engine import Row
from store.schema import entry, entry_version, record
from store.transaction import Statement, Transaction, adding, highest

_HIGHEST = Statement(
    select(func.coalesce(func.max(union_all(select(func.max(entry.c.revision).label("n")), select(func.max(record.c.revision))).subquery().c.n), 0))
)  # fmt: skip
_ENTRIES_SINCE = Statement(
    select(entry.c.id, entry.c.revision, entry.c.status, entry.c.body)
    .where(entry.c.revision > bindparam("revision"))
    .order_by(entry.c.revision, entry.c.id)
)
_GONE = b""  # the body of a record that was taken out: so that everybody follows, and nothing brings it back by itself
_RECORDS = Statement(
    select(record.c.kind, record.c.id, record.c.body)
    .where(record.c.body != _GONE)
    .order_by(record.c.revision, record.c.kind)
)
_AUTHORS = Statement(select(record.c.kind, record.c.id, record.c.by))
_RECORDS_REVISION = highest(record.c.revision)
_BEGINNING = Statement(
    select(entry_version.c.id, entry_version.c.body)
    .where(entry_version.c.id.like(bindparam("pattern")))
    .order_by(entry_version.c.id, entry_version.c.revision)
)
_DROP_VERSIONS = Statement(delete(entry_version).where(entry_version.c.id == bindparam("id")))
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


@dataclass(frozen=True, slots=True)
class VersionRow:
    """What an entry was from a revision on, and who made it so."""

    revision: int
    status: str
    body: bytes
    by: str
    at: int


Change = Callable[[Transaction], int]
_VERSION = (
    entry_version.c.revision, entry_version.c.status, entry_version.c.body, entry_version.c.by, entry_version.c.at,
)  # fmt: skip
_GET_ENTRY = Statement(
    select(entry.c.id, entry.c.revision, entry.c.status, entry.c.body).where(entry.c.id == bindparam("id"))
)
_VERSIONS = Statement(
    select(*_VERSION).where(entry_version.c.id == bindparam("id")).order_by(entry_version.c.revision.desc())
)
_newest = select(entry_version.c.id, func.max(entry_version.c.revision).label("revision")).group_by(entry_version.c.id)
_last = _newest.subquery()
_WITH_LAST = Statement(
    select(entry.c.id, entry.c.revision, entry.c.status, entry.c.body, *_VERSION)
    .join(_last, _last.c.id == entry.c.id)
    .join(entry_version, (entry_version.c.id == entry.c.id) & (entry_version.c.revision == _last.c.revision))
)
_NEWEST_BODIES = Statement(
    select(entry_version.c.id, entry_version.c.body).join(
        _last, (entry_version.c.id == _last.c.id) & (entry_version.c.revision == _last.c.revision)
    )
)
_NEWEST = highest(entry_version.c.revision)


def get(transaction: Transaction, id: str) -> EntryRow | None:
    row = transaction.one(_GET_ENTRY, id=id)
    return EntryRow.of(row) if row else None


def versions(transaction: Transaction, id: str) -> list[VersionRow]:
    """The newest first."""
    return [VersionRow(*row) for row in transaction.all(_VERSIONS, id=id)]  # type: ignore[arg-type]


def beginning(transaction: Transaction, prefix: str) -> dict[str, bytes]:
    """The newest version of every entry whose id begins with this."""
    return dict(cast(list[tuple[str, bytes]], transaction.all(_BEGINNING, pattern=f"{prefix}%")))


def drop_versions(transaction: Transaction, id: str) -> None:
    """Takes out what an entry was; what it is now stays."""
    transaction.run(_DROP_VERSIONS, id=id)


def drop_entry(transaction: Transaction, id: str) -> None:
    """Takes out an entry that was never said."""
    transaction.run(_DROP_ENTRY, id=id)


def with_last(transaction: Transaction) -> list[tuple[EntryRow, VersionRow]]:
    """Every entry with its present version."""
    found = transaction.all(_WITH_LAST)
    return [(EntryRow.of(row[:4]), VersionRow(*row[4:])) for row in found]  # type: ignore[arg-type]


def newest_bodies(transaction: Transaction) -> dict[str, bytes]:
    """The newest version of every entry."""
    return dict(cast(list[tuple[str, bytes]], transaction.all(_NEWEST_BODIES)))


def newest(transaction: Transaction) -> int:
    """The number of the newest version of any entry, whatever its status."""
    return transaction.number(_NEWEST)


def author(transaction: Transaction, id: str) -> str | None:
    """Who wrote what it says now: the last one under whom its words changed."""
    known = versions(transaction, id)
    by = None
    for each in known:
        if each.body != known[0].body:
            break
        by = each.by
    return by


def put(transaction: Transaction, row: EntryRow, by: str, at: int) -> int:
    """`put_all` of one."""
    return put_all(transaction, [row], by, at)


def put_all(transaction: Transaction, rows: Sequence[EntryRow], by: str, at: int) -> int:
    """Entries as new versions with one number, which it returns. What is published goes on being said while a newer
    version is written and reviewed: only publishing and expiring change that."""
    new = max(revision(transaction), newest(transaction)) + 1
    for row in rows:
        live = get(transaction, row.id)
        if live is None or live.status != "published" or row.status in ("published", "expired"):
            _replace(transaction, row, new)
        transaction.run(_ADD_VERSION, id=row.id, revision=new, status=row.status, body=row.body, by=by, at=at)
    return new


def _replace(transaction: Transaction, row: EntryRow, revision: int) -> None:
    transaction.run(_DROP_ENTRY, id=row.id)
    transaction.run(_ADD_ENTRY, id=row.id, revision=revision, status=row.status, body=row.body)
    transaction.noted.pop("revision", None)


def revision(transaction: Transaction) -> int:
    """Goes up with every change of what we know."""
    return transaction.number(_HIGHEST)


def revision_in_batch(transaction: Transaction) -> int:
    """The same, asked once for all that is committed together."""
    known = transaction.noted.get("revision")
    if known is None:
        known = transaction.noted["revision"] = revision(transaction)
    return known


def entries_since(transaction: Transaction, seen: int) -> list[EntryRow]:
    return [EntryRow.of(row) for row in transaction.all(_ENTRIES_SINCE, revision=seen)]


def records_revision(transaction: Transaction) -> int:
    return transaction.number(_RECORDS_REVISION)


def records(transaction: Transaction) -> list[RecordRow]:
    return [RecordRow(*cast(tuple[str, str, bytes], row)) for row in transaction.all(_RECORDS)]


def authors(transaction: Transaction) -> dict[tuple[str, str], str]:
    """Who wrote each record, by its kind and id; empty where that was not kept yet."""
    found = cast(list[tuple[str, str, str]], transaction.all(_AUTHORS))
    return {(kind, id): by for kind, id, by in found}


def save(transaction: Transaction, entries: Sequence[EntryRow], records: Sequence[RecordRow], by: str, at: int) -> int:
    """Writes all of them as one new revision, which it returns; older versions of the entries are kept."""
    new = max(revision(transaction), newest(transaction)) + 1
    for row in entries:
        _replace(transaction, row, new)
        transaction.run(_ADD_VERSION, id=row.id, revision=new, status=row.status, body=row.body, by=by, at=at)
    for each in records:
        transaction.run(_DROP_RECORD, kind=each.kind, id=each.id)
        transaction.run(_ADD_RECORD, kind=each.kind, id=each.id, revision=new, body=each.body, by=by)
    transaction.noted.pop("revision", None)
    return new


def drop(transaction: Transaction, keys: Iterable[tuple[str, str]], by: str, at: int) -> int:
    """Takes records out, by kind and id; the new revision."""
    return save(transaction, [], [RecordRow(kind, id, _GONE) for kind, id in keys], by, at)
