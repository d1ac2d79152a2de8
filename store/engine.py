"""What the two databases have in common, as far as `store.database` uses it. Each is loaded when its address is the one in
the settings: a driver and its dialect are a quarter of a second that nobody should wait for in vain."""

import contextlib
import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, cast
from urllib.parse import urlsplit

from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import SQLAlchemyError

from store.outages import DatabaseError as DatabaseError
from store.outages import Outage, OutageError

Value = int | str | bytes | float | None
Row = tuple[Value, ...]
_MODULES = {"sqlite": "store.sqlite", "postgresql": "store.postgres"}


class Cursor(Protocol):
    """What both drivers' cursors have in common."""

    rowcount: int

    def execute(self, sql: str, parameters: Sequence[Value], /) -> object: ...
    def executemany(self, sql: str, parameters: Sequence[Sequence[Value]], /) -> object: ...
    def fetchone(self) -> object: ...
    def fetchall(self) -> Sequence[object]: ...


class Connection(Protocol):
    def cursor(self) -> object: ...
    def close(self) -> None: ...


class Rewritten(StrEnum):
    """What became of writing a table anew."""

    DONE = "done"
    BUSY = "busy"  # somebody was using it all the time
    TOO_LARGE = "too large"  # for the time that others may wait for it


@dataclass(slots=True)
class DatabaseLine:
    """One connection with its cursor, used by one thread at a time."""

    connection: Connection
    cursor: Cursor = field(init=False)

    def __post_init__(self) -> None:
        self.cursor = cast(Cursor, self.connection.cursor())


class Engine(Protocol):
    """Opens connections, and knows how a transaction begins. `inline`: short reads and writes are done on the event loop;
    where they are not, `readers` connections read at the same time.
    `hurrying` makes a connection wait for no other writer, `scrubbing` takes what was deleted out of the files at once,
    `emptying` what was written over out of the log (its first column says whether somebody reads there still),
    `rewriting` table by table, while nobody else may use it (`store.rewriting`): `bounding` lets neither it nor those behind
    it wait for long, and `hindrances` are the errors that say so. `whole` is what all of it takes beside that. `errors`
    are all of the driver's and the file's, `conflicts` those where another process was first, `gone` those where the server went away.
    `outage` is what an error says of the database itself; None where it is about the statement."""

    dialect: Dialect
    begin: str
    inline: bool
    readers: int
    hurrying: Sequence[str]
    scrubbing: Sequence[str]
    emptying: Sequence[str]
    rewriting: Mapping[str, Sequence[str]]
    bounding: Sequence[str]
    hindrances: Mapping[type[Exception], Rewritten]
    whole: Sequence[str]
    errors: tuple[type[Exception], ...]
    conflicts: tuple[type[Exception], ...]
    gone: tuple[type[Exception], ...]

    def connect(self) -> Connection: ...

    def outage(self, error: Exception) -> Outage | None: ...

    def is_moved(self) -> bool:
        """Whether what is open is not any more what stands at the address."""
        ...


def engine(url: str) -> Engine:
    """That of an address. Raises `DatabaseError` for one that is not understood."""
    scheme = urlsplit(url).scheme
    if scheme not in _MODULES:
        raise DatabaseError(f"database.url: {scheme or 'nothing'}:// is not understood; sqlite:/// or postgresql://")
    return cast(Engine, importlib.import_module(_MODULES[scheme]).open(url))


@contextlib.contextmanager
def told(url: str) -> Iterator[None]:
    """Whatever keeps us from a database, in words that say what to do, and nothing of a server's own: they may hold what was
    to be written. Raises `DatabaseError`."""
    ours = engine(url)
    errors: tuple[type[Exception], ...] = (SQLAlchemyError, *ours.errors)
    try:
        yield
    except errors as error:
        cause = getattr(error, "orig", None) or error
        outage = ours.outage(cause)
        raise (OutageError(outage) if outage else DatabaseError(f"database.url: {type(cause).__name__}")) from error


@contextlib.contextmanager
def connected(url: str) -> Iterator[Cursor]:
    """A connection of its own, while it is used. Raises `DatabaseError`."""
    with told(url):
        connection = engine(url).connect()
    with contextlib.closing(connection):
        yield cast(Cursor, connection.cursor())


def clean(engine: Engine, statements: Sequence[str]) -> bool:
    """Runs statements that clean up, over a connection of its own; whether the last of them says that it could."""
    connection = engine.connect()
    with contextlib.closing(connection):
        cursor = cast(Cursor, connection.cursor())
        for statement in statements:
            cursor.execute(statement, ())
        return not statements or cast(Sequence[Row], cursor.fetchall())[0][0] == 0
