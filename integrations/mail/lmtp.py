"""Mail that a server of one's own hands on (LMTP, RFC 2033). It is told that we have a mail when that is committed; till then it
keeps it, and comes again.

What it says in one go is answered in one go (RFC 2920): most of what a mail costs on the line are the times that it is spoken to.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from bot.admission import BusyError
from bot.edge import safely
from integrations.mail.settings import MailSettings

COMMAND = 4_096  # bytes of a command
IDLE = 60.0  # seconds after which somebody who says nothing is let go
TO_END = 2.0  # seconds that a mail has which is being taken in when we stop
LATER, REFUSED = "451 4.3.0 Not now; come again", "550 5.6.0 Nobody to answer"
GREETING = (
    "250-daoxue\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {largest}"
)
TOO_LARGE, TOO_LONG = "552 5.3.4 Too large a mail", "500 5.5.2 Too long a command"
_MAIL = re.compile(r"FROM:\s{0,9}<([^<>]*)>(?:.*\sSIZE=(\d{1,18})(?:\s|$))?", re.IGNORECASE)
_RCPT = re.compile(r"TO:\s{0,9}<([^<>]+)>", re.IGNORECASE)
_END = b"\r\n.\r\n"
Take = Callable[[bytes, bool], Awaitable[bool]]


class LmtpLine(asyncio.Protocol):
    """One connection: a mail is read whole, then it is taken in, then the next is read."""

    def __init__(self, box: "Letterbox") -> None:
        self._box = box
        self._got = bytearray()
        self._said: list[str] = []
        self._sender: str | None = None
        self._to = ""
        self._begun: int | None = None  # in a mail: up to where its end was looked for
        self._over = False  # it is larger than it may be, and not kept
        self._taking: asyncio.Task[None] | None = None
        self._paused = False
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None

    # -- what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by their class
        self._box.lines.add(self)
        self._answer("220 daoxue LMTP")
        self._speak()

    def data_received(self, data: bytes) -> None:
        self._got += data
        if self._taking is None:
            self._listen()
        elif len(self._got) > COMMAND and not self._paused and self._transport is not None:
            self._transport.pause_reading()  # the next mail waits for this one
            self._paused = True

    def connection_lost(self, error: Exception | None) -> None:
        self._box.lines.discard(self)
        self._transport = None
        if self._patience is not None:
            self._patience.cancel()

    async def end(self) -> None:
        """A mail that is being taken in has its answer; one that is only half here comes again."""
        if self._taking is not None:
            await asyncio.wait([self._taking], timeout=TO_END)
        if self._transport is not None:
            self._transport.close()

    # -- what is said

    def _answer(self, words: str) -> None:
        self._said.append(words)

    def _speak(self) -> None:
        """Says what is to be said, and waits for more."""
        if self._transport is None:
            return
        if self._said:
            self._transport.write(("\r\n".join(self._said) + "\r\n").encode())
            self._said.clear()
        if self._patience is not None:
            self._patience.cancel()
        self._patience = asyncio.get_running_loop().call_later(IDLE, self._transport.abort)

    # -- what is heard

    def _listen(self) -> None:
        while self._taking is None and (self._mail() if self._begun is not None else self._line()):
            pass
        if self._taking is None:
            self._speak()

    def _line(self) -> bool:
        """Hears a command; whether there was one."""
        end = self._got.find(b"\n")
        if end < 0 and len(self._got) <= COMMAND:
            return False
        line = bytes(self._got[: end if end >= 0 else None])
        del self._got[: len(line) + 1]
        if len(line) > COMMAND:
            self._answer(TOO_LONG)
            self._leave()
            return False
        command, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
        self._obey(command.upper(), rest)
        return True

    def _obey(self, command: str, rest: str) -> None:
        match command:
            case "LHLO":
                self._forget()
                self._answer(GREETING.format(largest=self._box.largest))
            case "MAIL":
                self._answer(self._from(rest))
            case "RCPT":
                self._answer(self._recipient(rest))
            case "DATA":
                self._data()
            case "RSET":
                self._forget()
                self._answer("250 2.0.0 OK")
            case "NOOP":
                self._answer("250 2.0.0 OK")
            case "VRFY":
                self._answer("252 2.5.0 Try it")
            case "QUIT":
                self._answer("221 2.0.0 Bye")
                self._leave()
            case _:
                self._answer("500 5.5.1 No such command")

    def _from(self, rest: str) -> str:
        given = _MAIL.match(rest)
        if given is None:
            return "501 5.5.4 MAIL FROM:<address>"
        if int(given[2] or 0) > self._box.largest:
            return TOO_LARGE
        self._forget()
        self._sender = given[1]
        return "250 2.1.0 OK"

    def _recipient(self, rest: str) -> str:
        """One of our addresses, once: whoever has many recipients brings the mail for each."""
        given = _RCPT.match(rest)
        if self._sender is None:
            return "503 5.5.1 MAIL first"
        if given is None:
            return "501 5.5.4 RCPT TO:<address>"
        if self._to:
            return "452 4.5.3 One recipient at a time"
        if not self._box.is_ours(given[1]):
            return "550 5.1.1 No such address here"
        self._to = given[1]
        return "250 2.1.5 OK"

    def _data(self) -> None:
        if not self._to:
            self._answer("503 5.5.1 RCPT first")
            return
        self._answer("354 Go on; end with a dot on a line of its own")
        self._got[:0] = b"\r\n"  # an end right at the beginning is one, too
        self._begun, self._over = 0, False

    def _mail(self) -> bool:
        """Hears a mail to its end; whether it came."""
        assert self._begun is not None
        end = self._got.find(_END, self._begun)
        if end < 0:
            if len(self._got) > self._box.largest + COMMAND:
                self._over = True
            if self._over:
                del self._got[: -len(_END)]
            self._begun = max(0, len(self._got) - len(_END))
            return False
        content = bytes(self._got[2 : end + 2]).replace(b"\r\n.", b"\r\n")
        del self._got[: end + len(_END)]
        content = content[1:] if content.startswith(b".") else content
        sender = self._sender
        is_over = self._over or len(content) > self._box.largest
        self._forget()
        if is_over:
            self._answer(TOO_LARGE)
            return True
        if not sender:
            # No person has sent it; who delivers last is to write that down (RFC 5321, 4.4).
            content = b"Return-Path: <>\r\n" + content
        self._taking = asyncio.get_running_loop().create_task(self._taken(content))
        return False

    async def _taken(self, content: bytes) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._answer(await self._box.taken(content))
        self._taking = None
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        self._paused = False
        self._listen()

    def _forget(self) -> None:
        self._sender, self._to, self._begun, self._over = None, "", None, False

    def _leave(self) -> None:
        self._got.clear()
        self._speak()
        if self._transport is not None:
            self._transport.close()


class Letterbox:
    """`take` gives False for what has nobody to be answered; what it raises is the server's to bring again."""

    def __init__(self, settings: MailSettings, take: Take) -> None:
        self.largest = settings.largest
        self.lines: set[LmtpLine] = set()
        self._settings = settings
        self._take = take
        self._server: asyncio.Server | None = None

    async def work(self) -> None:
        """Listens from the first round on. Raises `OSError` where it cannot."""
        if self._server is not None and self._server.is_serving():
            return
        loop, at = asyncio.get_running_loop(), self._settings.lmtp
        if "/" in at:
            Path(at).unlink(missing_ok=True)  # noqa: ASYNC240 - once; a process that died left its socket behind
            self._server = await loop.create_unix_server(self._line, at)
        else:
            host, _, port = at.rpartition(":")
            self._server = await loop.create_server(self._line, host or "127.0.0.1", int(port), reuse_port=True)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await asyncio.gather(*(line.end() for line in tuple(self.lines)))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), TO_END)
            if "/" in self._settings.lmtp:
                Path(self._settings.lmtp).unlink(missing_ok=True)  # noqa: ASYNC240 - once

    def _line(self) -> LmtpLine:
        return LmtpLine(self)

    def is_ours(self, address: str) -> bool:
        name, _, domain = address.lower().rpartition("@")
        return f"{name.partition('+')[0]}@{domain}" in self._settings.own or address.lower() in self._settings.own

    async def taken(self, content: bytes) -> str:
        """What is answered to a mail."""
        taken = await safely("mail not accepted", self._take(content, False), None, quietly=BusyError)
        if taken is None:
            return LATER
        return "250 2.0.0 OK" if taken else REFUSED
