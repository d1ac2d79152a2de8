"""The connections that read, so many at most; and what reads pages, where there is a replica."""

import contextlib
import importlib
import queue
from collections.abc import Callable, Iterator
from typing import Protocol, cast

from store.engine import Connection, Cursor, Engine
from store.jobs import T, Work
from store.transaction import Transaction


class ReadingLine:
    """A connection, used by one thread at a time."""

    def __init__(self, connect: Callable[[], Connection], over: Callable[[Cursor], Transaction]) -> None:
        self._connect = connect
        self._over = over
        self._connection = connect()
        self.transaction = over(cast(Cursor, self._connection.cursor()))

    def reopen(self) -> None:
        """Where the server went away."""
        self._connection.close()
        self._connection = self._connect()
        self.transaction = self._over(cast(Cursor, self._connection.cursor()))

    def close(self) -> None:
        self._connection.close()


class Readers:
    """`engine.readers` of them, each opened when it is needed; `first` at once. `over` makes a transaction of a cursor."""

    def __init__(self, engine: Engine, over: Callable[[Cursor], Transaction]) -> None:
        self._engine = engine
        self._over = over
        self._closed = False
        # Whoever has one puts it back; the one that was used last is taken first, so that few are opened where few do.
        self._free: queue.LifoQueue[ReadingLine | None] = queue.LifoQueue()
        for _ in range(engine.readers - 1):
            self._free.put(None)
        self.first = ReadingLine(engine.connect, over)
        self._free.put(self.first)

    @contextlib.contextmanager
    def one(self) -> Iterator[ReadingLine]:
        """Waits for one that is free."""
        reader = self._free.get()
        try:
            reader = reader or ReadingLine(self._engine.connect, self._over)
            yield reader
        finally:
            if reader and self._closed:
                reader.close()
            self._free.put(reader)

    def close(self) -> None:
        """Those that nobody uses, and the others when they are put back. Who reads after all is told by one that is closed."""
        self._closed = True
        closed: list[ReadingLine] = []
        with contextlib.suppress(queue.Empty):
            while True:
                if (reader := self._free.get_nowait()) is not None:
                    reader.close()
                    closed.append(reader)
        for reader in closed:
            self._free.put(reader)


class Primary(Protocol):
    """The database itself, for code without an event loop."""

    def look(self, work: Work[T]) -> T: ...


class Pages(Protocol):
    """Reads beside the primary (`store.replica`). Raises `ReplicaError`, where the primary has to be read."""

    async def read(self, work: Work[T]) -> T: ...

    def look(self, work: Work[T]) -> T:
        """`read` for code without an event loop."""
        ...

    def close(self) -> None: ...


def replica(url: str, primary: Primary, over: Callable[[Cursor], Transaction]) -> Pages:
    """That of an address, loaded where there is one."""
    return cast(Pages, importlib.import_module("store.replica").Replica(url, primary, over))
