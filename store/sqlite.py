"""SQLite, in this process."""

import contextlib
import errno
import os
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import Dialect

from store.engine import Engine, Rewritten
from store.leftovers import hold, sweep
from store.outages import DatabaseError, Outage

ROOM = 65_536  # bytes; less free than this is none
_OUTAGES = {
    sqlite3.SQLITE_FULL: Outage.FULL, sqlite3.SQLITE_READONLY: Outage.READ_ONLY, sqlite3.SQLITE_CORRUPT: Outage.DAMAGED,
    sqlite3.SQLITE_NOTADB: Outage.DAMAGED,
}  # fmt: skip
_OF_SYSTEM = {
    errno.ENOSPC: Outage.FULL, errno.EDQUOT: Outage.FULL, errno.EROFS: Outage.READ_ONLY, errno.EACCES: Outage.READ_ONLY,
    errno.EPERM: Outage.READ_ONLY,
}  # fmt: skip


class Sqlite:
    dialect: Dialect = sqlite.dialect(paramstyle="qmark")
    begin = "BEGIN IMMEDIATE"
    hurrying: Sequence[str] = ("PRAGMA busy_timeout=0",)
    inline = True  # reading takes 6 µs, and a thread hop ten times that; writing, see `store.database`
    readers = 1
    # Waiting for whoever reads, it would keep everybody from writing.
    emptying: Sequence[str] = (*hurrying, "PRAGMA wal_checkpoint(TRUNCATE)")
    scrubbing: Sequence[str] = (
        "INSERT INTO passage_words (passage_words) VALUES ('optimize')",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    )
    rewriting: Mapping[str, Sequence[str]] = {}  # what is taken out is overwritten in its place
    bounding: Sequence[str] = ()
    hindrances: Mapping[type[Exception], Rewritten] = {}
    whole: Sequence[str] = ("VACUUM", *scrubbing)
    errors: tuple[type[Exception], ...] = (sqlite3.Error, OSError)
    conflicts: tuple[type[Exception], ...] = (sqlite3.IntegrityError,)
    gone: tuple[type[Exception], ...] = ()

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: tuple[int, int] | None = None  # what was opened first

    def connect(self) -> sqlite3.Connection:
        keep_to_ourselves(self._path)
        self._file = self._file or self._there()
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-4000")
        connection.execute("PRAGMA secure_delete=ON")  # what is taken out is overwritten
        connection.execute("PRAGMA wal_autocheckpoint=8000")  # 32 MB: copying pages back is half the writing
        return connection

    def outage(self, error: Exception) -> Outage | None:
        if isinstance(error, OSError):
            return _OF_SYSTEM.get(error.errno or 0)
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_IOERR and self._is_full():
            return Outage.FULL
        if code == sqlite3.SQLITE_CANTOPEN:
            return Outage.MOVED if self._file and not self._there() else Outage.READ_ONLY
        return _OUTAGES.get(code)

    def is_moved(self) -> bool:
        return self._file != self._there()

    def _there(self) -> tuple[int, int] | None:
        """The file that stands at the address."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _is_full(self) -> bool:
        disk = os.statvfs(Path(self._path).absolute().parent)
        return disk.f_bavail * disk.f_frsize < ROOM


def keep_to_ourselves(path: str) -> None:
    """The database's file is there, in its folder, and can be read by us alone; SQLite gives those beside it (-wal, -shm)
    the mode of the file."""
    if path == ":memory:":
        return
    Path(path).absolute().parent.mkdir(parents=True, exist_ok=True)
    Path(path).touch(mode=0o600)
    for each in (path, f"{path}-wal", f"{path}-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(each).chmod(0o600)


def open(url: str) -> Engine:
    """`sqlite:///path`; its folder is made when it is opened."""
    return Sqlite(url.removeprefix("sqlite:///"))


def copied(path: Path) -> sqlite3.Connection:
    """A copy of a database as it is at this moment, to be read from, while others write. It is taken in one piece, since
    whoever reads keeps SQLite's log from being emptied; beside the original, where there may be room for it; and the file
    loses its name at once, so that nothing of it is left whatever becomes of us. Raises `DatabaseError`."""
    if not path.exists():
        raise DatabaseError(f"{path} 还没有 · there is no such database")
    pattern = f".{path.name}.copy-"
    sweep(path.parent, f"{pattern}*")
    handle, name = tempfile.mkstemp(prefix=pattern, dir=path.absolute().parent)
    try:
        hold(handle)
        with (
            contextlib.closing(sqlite3.connect(path, timeout=30)) as original,
            contextlib.closing(sqlite3.connect(name, isolation_level=None)) as copy,
        ):
            copy.execute("PRAGMA journal_mode=OFF")
            original.backup(copy)
        return sqlite3.connect(f"{Path(name).as_uri()}?mode=ro&immutable=1", uri=True)
    finally:
        os.unlink(name)
        os.close(handle)
