"""Mail that a server of one's own hands on (LMTP, RFC 2033). It is told that we have a mail when that is committed; till then it
keeps it, and comes again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.admission import BusyError
from bot.edge import safely
from integrations.mail.settings import MailSettings

LINE = 65_536  # bytes: senders that never break their lines are many
LATER, REFUSED = "451 4.3.0 Not now; come again", "550 5.6.0 Nobody to answer"
Take = Callable[[bytes, bool], Awaitable[bool]]


class _LmtpLine(LMTP):
    line_length_limit = LINE


class Letterbox:
    """`take` gives False for what has nobody to be answered; what it raises is the server's to bring again."""

    def __init__(self, settings: MailSettings, take: Take) -> None:
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
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 2)
            if "/" in self._settings.lmtp:
                Path(self._settings.lmtp).unlink(missing_ok=True)  # noqa: ASYNC240 - once

    def _line(self) -> SMTP:
        return _LmtpLine(
            self, hostname="daoxue", ident="Daoxue", data_size_limit=self._settings.largest, timeout=60,
            enable_SMTPUTF8=True,
        )  # fmt: skip

    # What the library calls, by these names.

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """One of our addresses, once: whoever has many recipients brings the mail for each."""
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        name, _, domain = address.lower().rpartition("@")
        if f"{name.partition('+')[0]}@{domain}" not in self._settings.own and address.lower() not in self._settings.own:
            return "550 5.1.1 No such address here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        if envelope.mail_from in (None, "", "<>"):
            # No person has sent it; who delivers last is to write that down (RFC 5321, 4.4).
            content = b"Return-Path: <>\r\n" + content
        taken = await safely("mail not accepted", self._take(content, False), None, quietly=BusyError)
        if taken is None:
            return LATER
        return "250 2.0.0 OK" if taken else REFUSED
