"""ClamAV's daemon, played: PING, VERSION and INSTREAM in the forms with a zero and with a line end at their end, its limit of a
stream, and the one signature that everybody knows."""

import asyncio
import contextlib
from collections import Counter

# The test file of the European Institute for Computer Antivirus Research, in two parts: scanners look at this file too.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
FOUND = b"Win.Test.EICAR_HDB-1"
LARGEST = 25 * 1024 * 1024  # StreamMaxLength, as it comes


class ClamdPlayed:
    """`largest` is StreamMaxLength. `asked` counts commands; with `silent` it takes a stream and never answers, with
    `nonsense` it answers what is no answer."""

    def __init__(self, largest: int = LARGEST) -> None:
        self.largest = largest
        self.asked: Counter[str] = Counter()
        self.silent = self.nonsense = False
        self._server: asyncio.Server | None = None

    async def listen(self, *, path: str = "", port: int = 0) -> None:
        """At the path of a socket, or on a port of this machine."""
        if path:
            self._server = await asyncio.start_unix_server(self._serve, path)
        else:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            kind = await reader.readexactly(1)
            end = b"\0" if kind == b"z" else b"\n"
            command = (await reader.readuntil(end)).rstrip(end).decode()
            self.asked[command] += 1
            writer.write(await self._answer(command, reader) + end)
            await writer.drain()
        writer.close()

    async def _answer(self, command: str, reader: asyncio.StreamReader) -> bytes:
        if command == "PING":
            return b"PONG"
        if command == "VERSION":
            return b"ClamAV 1.4.3/27500/Fri Nov 27 08:00:00 2026"
        if command != "INSTREAM":
            return b"UNKNOWN COMMAND"
        content = b""
        while size := int.from_bytes(await reader.readexactly(4)):
            if len(content) + size > self.largest:
                return b"INSTREAM size limit exceeded. ERROR"
            content += await reader.readexactly(size)
        if self.silent:
            await reader.read()
        if self.nonsense:
            return b"<html>502</html>"
        return b"stream: " + FOUND + b" FOUND" if EICAR in content else b"stream: OK"
