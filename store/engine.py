"""What the two databases have in common, as far as `store.database` uses it. Each is loaded when its address is the one in
the settings: a driver and its dialect are a quarter of a second that nobody should wait for in vain."""

import importlib
from collections.abc import Sequence
from typing import Protocol, cast
from urllib.parse import urlsplit

from sqlalchemy.engine.interfaces import Dialect

Value = int | str | bytes | float | None
Row = tuple[Value, ...]
_MODULES = {"sqlite": "store.sqlite", "postgresql": "store.postgres"}


AWAY = (
    "database.url: 连不上 PostgreSQL：看它是否在运行，地址、账号和口令对不对 · cannot reach PostgreSQL: is it running, and are the"
    " address, user and password right?"
)


class DatabaseError(Exception):
    """The database cannot be used."""


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


class Engine(Protocol):
    """Opens connections, and knows how a transaction begins. `inline`: short reads and writes are done on the event loop.
    `hurrying` makes a connection wait for no other writer, `scrubbing` takes what was deleted out of the files. `errors`
    are all of the driver's, `conflicts` those where another process was first, `gone` those where the server went away."""

    dialect: Dialect
    begin: str
    inline: bool
    hurrying: Sequence[str]
    scrubbing: Sequence[str]
    errors: type[Exception]
    conflicts: tuple[type[Exception], ...]
    gone: tuple[type[Exception], ...]

    def connect(self) -> Connection: ...


def engine(url: str) -> Engine:
    """That of an address. Raises `DatabaseError` for one that is not understood."""
    scheme = urlsplit(url).scheme
    if scheme not in _MODULES:
        raise DatabaseError(f"database.url: {scheme or 'nothing'}:// is not understood; sqlite:/// or postgresql://")
    return cast(Engine, importlib.import_module(_MODULES[scheme]).open(url))


def words(url: str, error: Exception) -> str:
    """What keeps us from a database, and what to do about it: Chinese first. Nothing of a server's own words: they may hold
    what was to be written."""
    if not url.startswith("sqlite:///"):
        kind = type(getattr(error, "orig", None) or error).__name__
        return AWAY if kind == "OperationalError" else f"database.url: PostgreSQL: {kind}"
    path, said = url.removeprefix("sqlite:///"), str(getattr(error, "orig", None) or error)
    if "malformed" in said or "not a database" in said:
        return f"{path} 坏了：移开它，用 daoxue restore 恢复最近的备份 · the file is damaged: move it away, restore a backup"
    if any(each in said for each in ("readonly", "unable to open", "Permission denied", "Read-only")):
        return f"{path} 所在的文件夹或文件不能写：改权限，或在 database.url 换一个位置 · the folder or file cannot be written"
    if "is full" in said or "No space left" in said:
        return f"{path} 所在的磁盘满了：先腾出空间 · the disk is full: make room first"
    return f"{path} 用不了 · cannot be used ({type(error).__name__}: {said})"
