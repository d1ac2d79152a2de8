"""A whole database, table by table, as it stands in the file: for a backup, and for a move to another one.

Tables are read as they are found, not as `store.schema` has them, so that a database of any version can be kept; what is
closed stays closed. All is read of one moment, beside whoever writes. The words of the search are no part of it: they are
made again by the service's own round, as after any change of what is findable.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import msgspec
from sqlalchemy import (
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    delete,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.pool import NullPool, StaticPool

from store import past
from store.engine import Value, told
from store.migrate import alembic_url, revision_of, upgrade_on
from store.outages import DatabaseError
from store.schema import conversation, metadata, passage, setting
from store.sealing import KEY
from store.sqlite import copied, keep_to_ourselves

VERSION = "alembic_version"
WORDS = "passage_words"
FORMER = frozenset({"outbox", "delivery", "command", "deferred"})  # tables of earlier migrations
TOGETHER = 500  # rows read or written at once
LARGE = frozenset({"attachment"})  # whose rows are read one by one
_MODULUS = 1 << 128
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class Count(NamedTuple):
    """How many rows of a table, and a digest over them in any order."""

    rows: int
    digest: int

    def plus(self, rows: Iterable[bytes]) -> "Count":
        number, digest = self
        for row in rows:
            number += 1
            digest += int.from_bytes(hashlib.blake2b(row, digest_size=16).digest(), "big")
        return Count(number, digest % _MODULUS)


class TableRows(NamedTuple):
    """Some rows of a table, each as MessagePack of its values in the order of `columns`. Each table begins with a part
    of none."""

    table: str
    columns: Sequence[str]
    rows: Sequence[bytes]


NOTHING = Count(0, 0)
Counts = dict[str, Count]


def counted(found: Iterable[TableRows], seen: Counts) -> Iterator[TableRows]:
    """Passes on what comes by, and counts it into `seen`."""
    for part in found:
        seen[part.table] = seen.get(part.table, NOTHING).plus(part.rows)
        yield part


# -- out


@contextlib.contextmanager
def snapshot(url: str) -> Iterator[Connection]:
    """A database as it is at this moment, whatever others write meanwhile. Raises `DatabaseError`."""
    with told(url), _still(url) as engine, engine.connect() as connection:
        yield (
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            if (connection.dialect.name == "postgresql")
            else connection
        )


@contextlib.contextmanager
def _still(url: str) -> Iterator[Engine]:
    if not url.startswith("sqlite:///"):
        yield create_engine(alembic_url(url), poolclass=NullPool)
        return
    with contextlib.closing(copied(Path(url.removeprefix("sqlite:///")))) as copy:
        yield create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool)


def revision(connection: Connection) -> str:
    """The newest migration that a database has. Raises `DatabaseError` where there is none."""
    found = revision_of(connection)
    if found is None:
        raise DatabaseError("数据库里什么都还没有，先运行一次 daoxue serve · there is nothing in the database yet")
    return found


def key_name(connection: Connection) -> str | None:
    """Of the key that closed what is in it; None where nothing was closed yet."""
    noted: bytes | None = connection.execute(select(setting.c.body).where(setting.c.name == KEY)).scalar()
    return noted.decode() if noted else None


def parts(connection: Connection) -> Iterator[TableRows]:
    """Everything, table by table."""
    for table in tables(connection):
        name, columns = str(table.name), [str(column.name) for column in table.c]  # of a kind of text of SQLAlchemy's
        yield TableRows(name, columns, ())
        as_bytes = [at for at, column in enumerate(table.c) if isinstance(column.type, LargeBinary)]
        for each in (table, *_past(connection, table)):
            reading = select(each).execution_options(yield_per=1 if name in LARGE else TOGETHER)
            for rows in connection.execute(reading).partitions():
                yield TableRows(
                    name, columns, [_encode(_plain(cast("Sequence[Value]", row), as_bytes)) for row in rows]
                )


def _past(connection: Connection, table: Table) -> list[Table]:
    """That of its old months, where there are any. It is read after the table itself: from then on no month leaves that
    until all is read, so that none is missed between the two."""
    if connection.dialect.name == "sqlite" or not inspect(connection).has_table(past.ARCHIVE + table.name):
        return []
    return [table.to_metadata(MetaData(), name=past.ARCHIVE + table.name)]


def _plain(row: Sequence[Value], as_bytes: Sequence[int]) -> list[Value]:
    """SQLite keeps what it was given: a text in a column of bytes is made what the other database would hold."""
    plain = list(row)
    for at in as_bytes:
        if isinstance(value := plain[at], str):
            plain[at] = value.encode()
    return plain


def tables(connection: Connection) -> list[Table]:
    """Those that hold something of ours, by name; a server's database may hold those of others too."""
    known = MetaData()
    known.reflect(connection, only=lambda name, _: name in metadata.tables or name in FORMER)
    return [known.tables[name] for name in sorted(known.tables)]


def count(connection: Connection) -> Counts:
    """What a database holds."""
    seen: Counts = {}
    for _ in counted(parts(connection), seen):
        pass
    return seen


# -- in


@contextlib.contextmanager
def writing(url: str) -> Iterator[Connection]:
    """One connection, one transaction: all of it or nothing, whatever becomes of us. Raises `DatabaseError`."""
    with told(url):
        engine = create_engine(alembic_url(url), poolclass=NullPool)
        if engine.dialect.name == "sqlite":
            keep_to_ourselves(url.removeprefix("sqlite:///"))
            event.listen(engine, "connect", _begin_ourselves)
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        with engine.begin() as connection:
            yield connection


def _begin_ourselves(connection: object, _: object) -> None:
    """The driver would end a transaction before it changes a table."""
    connection.isolation_level = None  # type: ignore[attr-defined]


def is_filled(connection: Connection) -> bool:
    """Whether there is anything of ours in it."""
    if revision_of(connection) is None:
        return False
    return any(connection.execute(select(table).limit(1)).first() for table in tables(connection))


def fill(connection: Connection, revision: str, found: Iterable[TableRows], meant: Mapping[str, Count]) -> None:
    """Everything of a database of this revision, in place of what is there, brought up to date. Read again, it has to be
    what `meant` says, which is known once `found` has gone by. Raises `DatabaseError`."""
    _empty(connection)
    upgrade_on(connection, revision)
    known = {table.name: table for table in tables(connection)}
    for table in known.values():
        connection.execute(delete(table))  # what migrations put there
    for part in found:
        if part.rows:
            _insert(connection, known[part.table], part)
    _compare(count(connection), meant)
    for table in known.values():
        _number_on(connection, table)
    erased = select(conversation.c.id).where(text("address LIKE 'erased-%'"))
    connection.execute(delete(passage).where(passage.c.conversation.not_in(erased)))  # findable is what is found anew
    upgrade_on(connection, "head")


def _insert(connection: Connection, table: Table, part: TableRows) -> None:
    quote = connection.dialect.identifier_preparer.quote
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    names, marks = ", ".join(map(quote, part.columns)), ", ".join([mark] * len(part.columns))
    rows = [tuple(cast("list[Value]", _decode(row))) for row in part.rows]
    connection.exec_driver_sql(f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})", rows)


def _compare(held: Mapping[str, Count], meant: Mapping[str, Count]) -> None:
    if differing := sorted(name for name in held.keys() | meant.keys() if held.get(name) != meant.get(name)):
        raise DatabaseError(
            f"写进去的和读出来的不一样，什么都没有改：{', '.join(differing)} · differs after writing, undone"
        )


def _number_on(connection: Connection, table: Table) -> None:
    """PostgreSQL gives the next row of a table the number after the highest."""
    column = past.PAST.get(table.name, table).autoincrement_column
    if connection.dialect.name == "sqlite" or column is None:
        return
    name = connection.dialect.identifier_preparer.quote(table.name)
    sequence = connection.execute(select(func.pg_get_serial_sequence(name, column.name))).scalar()
    if sequence is not None:
        last = connection.execute(select(func.max(table.c[column.name]))).scalar()
        connection.execute(select(func.setval(sequence, last or 1, last is not None)))


def _empty(connection: Connection) -> None:
    """Takes every table of ours out of a database, and nothing of others."""
    if revision_of(connection) is None:
        return
    upgrade_on(connection, "head")  # what stands there is what we know by name
    if connection.dialect.name != "sqlite":
        for table in past.PAST.values():
            table.drop(connection)
    metadata.drop_all(connection)
    for name in (WORDS, VERSION):
        connection.execute(text(f"DROP TABLE {name}"))
