"""Hands mail in to be sent. A connection stays open for a while and is used again."""

import asyncio
import contextlib
import time
from enum import Enum

import aiosmtplib
from aiosmtplib import SMTP

from integrations.mail.settings import SmtpSettings

WITHIN = 20.0  # seconds that the server has for an answer
ALL_WITHIN = 24.0  # seconds for a mail, with waiting for a connection: less than the queue gives it
IDLE = 15.0  # seconds after which an open connection is not trusted any more
AT_ONCE = 4  # connections: providers allow few
_ACCOUNT = {530, 534, 535, 538}


class MailRefusal(Enum):
    """What a refusal of the server is to us."""

    GONE = "nobody is reached there"
    REFUSED = "the server takes no such mail"
    LATER = "not now"
    ACCOUNT = "the account or its password is wrong"
    UNREACHABLE = "no answer, or none that can be read"


class SendError(Exception):
    """A mail that was not taken, or of which nobody knows. Its words hold no address."""

    def __init__(self, meaning: MailRefusal, code: int) -> None:
        super().__init__(f"{code}: {meaning.value}")
        self.meaning = meaning


class Postman:
    """`alarm` is what fails, until something was sent again."""

    def __init__(self, settings: SmtpSettings, password: str) -> None:
        self.alarm: str | None = None
        self._settings = settings
        self._password = password
        self._free: list[tuple[float, SMTP]] = []
        self._room = asyncio.Semaphore(AT_ONCE)

    async def send(self, sender: str, to: str, content: bytes) -> None:
        """Raises `SendError`. Where the answer to the whole mail is lost, nobody knows whether it has left: it is sent again
        under the same Message-ID."""
        try:
            async with asyncio.timeout(ALL_WITHIN), self._room:
                connection = await self._connected()
                with contextlib.ExitStack() as broken:
                    broken.callback(connection.close)
                    await connection.sendmail(sender, [to], content)
                    broken.pop_all()
                self._free.append((time.monotonic(), connection))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            refused = _refusal(error)
            if refused.meaning in (MailRefusal.ACCOUNT, MailRefusal.UNREACHABLE):
                self.alarm = str(refused)
            raise refused from error
        self.alarm = None

    async def knock(self) -> None:
        """Signs in and hands in nothing. Raises `SendError`."""
        try:
            async with asyncio.timeout(ALL_WITHIN):
                self._free.append((time.monotonic(), await self._connected()))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _refusal(error) from error

    async def close(self) -> None:
        for _, connection in self._free:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await connection.quit(timeout=2)
        self._free.clear()

    async def _connected(self) -> SMTP:
        while self._free:
            since, connection = self._free.pop()
            if connection.is_connected and time.monotonic() - since < IDLE:
                return connection
            connection.close()
        settings = self._settings
        connection = SMTP(
            hostname=settings.host, port=settings.port, timeout=WITHIN, use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls", username=settings.user or None,
            password=self._password if settings.user else None,
        )  # fmt: skip
        await connection.connect()
        return connection


def _refusal(error: Exception) -> SendError:
    """What came of it. Only a recipient that is refused for good is nobody; what else is refused may be our own fault."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        code = max((each.code for each in error.recipients), default=550)
        return SendError(MailRefusal.GONE if code in (550, 551, 553) else _by_code(code), code)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        if error.code in _ACCOUNT or isinstance(error, aiosmtplib.SMTPAuthenticationError):
            return SendError(MailRefusal.ACCOUNT, error.code)
        if isinstance(error, aiosmtplib.SMTPConnectResponseError | aiosmtplib.SMTPHeloError) or error.code == 421:
            return SendError(MailRefusal.UNREACHABLE, error.code)
        return SendError(_by_code(error.code), error.code)
    return SendError(MailRefusal.UNREACHABLE, 0)


def _by_code(code: int) -> MailRefusal:
    return MailRefusal.LATER if code < 500 else MailRefusal.REFUSED
