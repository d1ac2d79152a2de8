"""SQLite, in this process."""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import Dialect

from store.engine import Engine


class Sqlite:
    dialect: Dialect = sqlite.dialect(paramstyle="qmark")
    begin = "BEGIN IMMEDIATE"
    hurrying: Sequence[str] = ("PRAGMA busy_timeout=0",)
    inline = True  # reading takes 6 µs, and a thread hop ten times that; writing, see `store.database`
    scrubbing: Sequence[str] = (
        "INSERT INTO passage_words (passage_words) VALUES ('optimize')",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    )
    errors: type[Exception] = sqlite3.Error
    conflicts: tuple[type[Exception], ...] = (sqlite3.IntegrityError,)
    gone: tuple[type[Exception], ...] = ()

    def __init__(self, path: str) -> None:
        self._path = path

    def connect(self) -> sqlite3.Connection:
        keep_to_ourselves(self._path)
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-16000")
        connection.execute("PRAGMA secure_delete=ON")  # what is taken out is overwritten
        connection.execute("PRAGMA wal_autocheckpoint=8000")  # 32 MB: copying pages back is half the writing
        return connection


def keep_to_ourselves(path: str) -> None:
    """The database's file can be read by us alone; SQLite gives those beside it (-wal, -shm) the mode of the file."""
    if path == ":memory:":
        return
    Path(path).touch(mode=0o600)
    for each in (path, f"{path}-wal", f"{path}-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(each).chmod(0o600)


def open(url: str) -> Engine:
    """`sqlite:///path`; its folder is made."""
    path = url.removeprefix("sqlite:///")
    Path(path).absolute().parent.mkdir(parents=True, exist_ok=True)
    return Sqlite(path)
