"""SQLite as several processes have a database: of those who write, one does at a time, and any of them may die at any
statement, or find the disk full."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Sequence
from typing import Protocol, cast

from store.database import Database
from store.jobs import Jobs
from store.sqlite import Sqlite
from store.transaction import Sealer

_WRITES = ("INSERT", "UPDATE", "DELETE")


class Owner(Protocol):
    """A process that has connections. `reaches` and `has_committed` raise where it dies over that, or is dead; `delay` is how
    long its next commit takes (seconds)."""

    disk: "Disk"
    is_alive: bool
    connections: "list[sqlite3.Connection]"

    def reaches(self, statement: str) -> None: ...
    def has_committed(self) -> None: ...
    def delay(self) -> float: ...


class Disk:
    """The file that all processes share, and whose turn it is to write. While `is_full` nothing can be written."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.is_full = False
        self._writing: SimulatedDatabase | None = None
        self._waiting: deque[SimulatedDatabase] = deque()

    def take(self, who: "SimulatedDatabase") -> bool:
        """Whether it is their turn; where it is not, they are told when it is."""
        if self._writing in (None, who):
            self._writing = who
            return True
        if who not in self._waiting:
            self._waiting.append(who)
        return False

    def give(self, who: "SimulatedDatabase") -> None:
        """They have written, or are dead."""
        if who in self._waiting:
            self._waiting.remove(who)
        if self._writing is who:
            self._writing = self._waiting.popleft() if self._waiting else None
            if self._writing is not None:
                asyncio.get_running_loop().call_soon(self._writing.go_on)

    def check(self, statement: str) -> None:
        """Raises what the driver raises where there is no room."""
        if self.is_full and statement.startswith(_WRITES):
            error = sqlite3.OperationalError("full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error


class Cursor(sqlite3.Cursor):
    owner: Owner

    def execute(self, sql: str, parameters: Sequence[object] = (), /) -> "Cursor":  # type: ignore[override]
        self.owner.reaches(sql)
        super().execute(sql, parameters)
        if sql == "COMMIT":
            self.owner.has_committed()
        return self

    def executemany(self, sql: str, parameters: Sequence[Sequence[object]], /) -> "Cursor":  # type: ignore[override]
        self.owner.reaches(sql)
        super().executemany(sql, parameters)
        return self


class Connection(sqlite3.Connection):
    owner: Owner

    def cursor(self) -> Cursor:  # type: ignore[override]
        cursor = super().cursor(Cursor)
        cursor.owner = self.owner
        return cursor


class SimulatedSqlite(Sqlite):
    """Of one process. What nobody reads after a power cut need not be on a disk."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(owner.disk.path)
        self._owner = owner

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._owner.disk.path, timeout=0, isolation_level=None, factory=Connection)
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.owner = self._owner
        self._owner.connections.append(connection)
        return connection


class _Handed:
    """What the thread that commits would have taken."""

    def __init__(self, database: "SimulatedDatabase") -> None:
        self._database = database

    def put(self, batch: tuple[Jobs, bool]) -> None:
        self._database.hand(batch)


class SimulatedDatabase(Database):
    """Of one process: what a thread does elsewhere, the loop does after a while."""

    def __init__(self, url: str, sealer: Sealer | None, owner: Owner) -> None:
        super().__init__(url, sealer)
        self.owner = owner
        self._writer = cast("object", self)  # type: ignore[assignment] # so that none is started
        self._batches = _Handed(self)  # type: ignore[assignment]
        self._is_handed = False

    def go_on(self) -> None:
        self._next()

    def _next(self) -> None:
        disk = self.owner.disk
        if not self.owner.is_alive or not disk.take(self):
            return
        self._is_handed = False
        super()._next()
        if not self._is_handed:
            disk.give(self)

    def hand(self, batch: tuple[Jobs, bool]) -> None:
        self._is_handed = True
        asyncio.get_running_loop().call_later(self.owner.delay(), self._end, batch)

    def _end(self, batch: tuple[Jobs, bool]) -> None:
        if self.owner.is_alive:
            self._see_through(*batch)
            self.owner.disk.give(self)
