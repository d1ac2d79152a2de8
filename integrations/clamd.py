"""ClamAV's daemon as the scanner of files: INSTREAM over TCP or a socket of this machine.

Source: docs.clamav.net/manual/Usage/Scanning.html#clamd and the manual page clamd(8).
"""

import asyncio
import contextlib
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from bot.files import FileRefusal, FileRefusedError
from bot.scanning import ScanError

WITHIN = 20.0  # seconds for a file, connecting too
CHUNK = 65_536  # bytes
LONGEST = 4_096  # bytes of an answer
PATTERN = r"^(/.+|[^\s/:]+:\d{1,5}|\[[0-9a-fA-F:.]+\]:\d{1,5})?$"  # /path, host:port, [address]:port, or nothing
_FOUND = re.compile(r"stream: (.+) FOUND")


class Clamd:
    """One daemon, at `host:port` or the path of its socket. A connection for each file: the daemon ends it after its answer."""

    def __init__(self, where: str) -> None:
        self._where = where

    async def finds(self, body: bytes) -> str | None:
        try:
            async with asyncio.timeout(WITHIN):
                answer = await self._asked(body)
        except* (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as errors:
            raise ScanError(type(errors.exceptions[0]).__name__) from errors
        if answer == "stream: OK":
            return None
        if found := _FOUND.fullmatch(answer):
            return found[1]
        if answer.startswith("INSTREAM size limit exceeded"):  # StreamMaxLength of its settings
            raise FileRefusedError(FileRefusal.TOO_LARGE)
        raise ScanError("answer")

    async def _asked(self, body: bytes) -> str:
        reader, writer = await self._connected()
        try:
            return await _streamed(reader, writer, body)
        finally:
            writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._where.startswith("/"):
            return await asyncio.open_unix_connection(self._where)
        at = urlsplit(f"//{self._where}")
        return await asyncio.open_connection(at.hostname, at.port)


async def _streamed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> str:
    """The daemon's answer, without the zero at its end."""
    # Over its size limit it says so and closes while we still send: what it said is lost to whoever only reads then.
    async with asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(reader.readuntil(b"\0"))
        with contextlib.suppress(ConnectionError):
            await _send(writer, body, answer.done)
        said = await answer
    return said[:LONGEST].rstrip(b"\0").decode("utf-8", "replace").strip()


async def _send(writer: asyncio.StreamWriter, body: bytes, is_answered: Callable[[], bool]) -> None:
    writer.write(b"zINSTREAM\0")
    for at in range(0, len(body), CHUNK):
        part = body[at : at + CHUNK]
        writer.write(len(part).to_bytes(4) + part)
        await writer.drain()
        if is_answered():
            return
    writer.write(bytes(4))
    await writer.drain()
