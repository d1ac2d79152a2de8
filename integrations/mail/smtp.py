"""A connection to a server that takes mail, signed in: mails are handed in on it one after the other.

aiosmtplib connects, encrypts and signs in; it asks four times for each mail, and a server that takes what follows in one go
(PIPELINING, RFC 2920) is asked twice here.
"""

import asyncio
import contextlib
from typing import NamedTuple, cast

from aiosmtplib import SMTP

LINE = 4_096  # bytes of an answer's line
LINES = 100  # of one answer
SAID, GO_ON = 250, 354
NOBODY = 553
_NEVER = frozenset(" <>\r\n\0")  # in an address


class HandedIn(NamedTuple):
    """What was said to a mail: `code` is 250 where it was taken; `of_recipient` says that it was said of who is to get it."""

    code: int
    of_recipient: bool = False


class SmtpLine:
    """All of it raises `OSError` where the connection is lost, or what comes is no answer."""

    def __init__(self, signed_in: SMTP) -> None:
        if signed_in.transport is None:
            raise ConnectionError("not connected")
        transport = cast(asyncio.Transport, signed_in.transport)  # uvloop's are none by their class
        self._pipelines = signed_in.supports_extension("pipelining")
        self._sized = signed_in.supports_extension("size")
        self._transport = transport
        self._reader = asyncio.StreamReader(LINE)
        protocol = asyncio.StreamReaderProtocol(self._reader)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing() and not self._reader.at_eof()

    async def hand_in(self, sender: str, to: str, content: bytes) -> HandedIn:
        """Hands in a mail, its lines ended by CR and LF. After a refusal the connection is of no use any more."""
        if not to.isascii() or not _NEVER.isdisjoint(to):
            return HandedIn(NOBODY, of_recipient=True)
        size = f" SIZE={len(content)}" if self._sized else ""
        commands = f"MAIL FROM:<{sender}>{size}\r\n", f"RCPT TO:<{to}>\r\n", "DATA\r\n"
        if self._pipelines:
            self._transport.write("".join(commands).encode("ascii"))
        for number, command in enumerate(commands):
            if not self._pipelines:
                self._transport.write(command.encode("ascii"))
            code = await self._answer()
            if code // 100 != 2 and code != GO_ON:
                return HandedIn(code, of_recipient=number == 1)
        # A line that begins with a dot would be the end of it.
        self._transport.write(content.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
        code = await self._answer()
        return HandedIn(SAID if code // 100 == 2 else code)

    async def _answer(self) -> int:
        """The code of the next one."""
        for _ in range(LINES):
            try:
                line = await self._reader.readuntil(b"\n")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
                raise ConnectionError("no answer") from error
            if not line[:3].isdigit():
                raise ConnectionError("no answer that can be read")
            if line[3:4] != b"-":
                return int(line[:3])
        raise ConnectionError("an answer without end")

    def close(self) -> None:
        self._transport.close()

    async def quit(self) -> None:
        self._transport.write(b"QUIT\r\n")
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(2):
                await self._answer()
        self._transport.close()
