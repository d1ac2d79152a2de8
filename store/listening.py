"""PostgreSQL's LISTEN and NOTIFY, as pub/sub between the processes of one database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import psycopg
from psycopg.sql import SQL

from store import beside
from store.engine import Row

CHANNEL = "daoxue_hints"
_LISTEN = SQL(f"LISTEN {CHANNEL}")
# What is told is on no disk: nobody waits for one.
_SPEAK = SQL("SET synchronous_commit = off")
_NOTIFY = SQL("SELECT pg_notify(%s, %s)")
OPENS_WITHIN = 5  # seconds

Connection = psycopg.AsyncConnection[Row]


class _Kept:
    """A connection that is opened when it is needed, and closed when what is done with it does not come to its end."""

    def __init__(self, url: str, first: SQL) -> None:
        self._url = url
        self._first = first
        self._open: Connection | None = None

    @contextlib.asynccontextmanager
    async def use(self) -> AsyncIterator[Connection]:
        ended = False
        try:
            if self._open is None:
                self._open = await self._opened()
            yield self._open
            ended = True
        finally:
            if not ended:
                await self.close()

    async def _opened(self) -> Connection:
        async with asyncio.timeout(OPENS_WITHIN):
            connection: Connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, application_name=beside.name()
            )
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(connection.close)
            await connection.execute(self._first)
            undo.pop_all()
        return connection

    async def close(self) -> None:
        open, self._open = self._open, None
        if open is not None:
            await open.close()


class PostgresPubSub:
    """Two connections: one that listens is busy with that."""

    name, shown = "postgres", "PostgreSQL"
    errors: tuple[type[Exception], ...] = (psycopg.Error, OSError)

    def __init__(self, url: str) -> None:
        self._speaking, self._listening = _Kept(url, _SPEAK), _Kept(url, _LISTEN)

    async def send(self, text: str) -> None:
        async with self._speaking.use() as connection:
            await connection.execute(_NOTIFY, (CHANNEL, text))

    async def hear(self, seconds: float) -> Sequence[str]:
        async with self._listening.use() as connection:
            return [each.payload async for each in connection.notifies(timeout=seconds, stop_after=1)]

    async def hang_up(self) -> None:
        await self._speaking.close()
        await self._listening.close()
