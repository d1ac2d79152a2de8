"""Hands mail in to be sent. A connection stays open for a while and is used again."""

import asyncio
import contextlib
import time
from enum import Enum

import aiosmtplib
from aiosmtplib import SMTP

from integrations.mail.settings import SmtpSettings
from integrations.mail.smtp import SAID, HandedIn, SmtpLine

WITHIN = 20.0  # seconds that the server has to let us in
ALL_WITHIN = 24.0  # seconds for a mail, with waiting for a connection: less than the queue gives it
IDLE = 15.0  # seconds after which an open connection is not trusted any more
AT_ONCE = 4  # connections: providers allow few
_ACCOUNT = {530, 534, 535, 538}
_GONE = {550, 551, 553}
CLOSES = 421


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
        self._free: list[tuple[float, SmtpLine]] = []
        self._room = asyncio.Semaphore(AT_ONCE)

    async def send(self, sender: str, to: str, content: bytes) -> None:
        """Raises `SendError`. Where the answer to the whole mail is lost, nobody knows whether it has left: it is sent again
        under the same Message-ID."""
        try:
            async with asyncio.timeout(ALL_WITHIN), self._room:
                line = await self._connected()
                with contextlib.ExitStack() as broken:
                    broken.callback(line.close)
                    said = await line.hand_in(sender, to, content)
                    if said.code == SAID:
                        broken.pop_all()
                        self._free.append((time.monotonic(), line))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._told(_not_let_in(error)) from error
        if said.code != SAID:
            raise self._told(_refused(said))
        self.alarm = None

    def _told(self, refused: SendError) -> SendError:
        if refused.meaning in (MailRefusal.ACCOUNT, MailRefusal.UNREACHABLE):
            self.alarm = str(refused)
        return refused

    async def knock(self) -> None:
        """Signs in and hands in nothing. Raises `SendError`."""
        try:
            async with asyncio.timeout(ALL_WITHIN):
                self._free.append((time.monotonic(), await self._connected()))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _not_let_in(error) from error

    async def close(self) -> None:
        await asyncio.gather(*(line.quit() for _, line in self._free))
        self._free.clear()

    async def _connected(self) -> SmtpLine:
        while self._free:
            since, line = self._free.pop()
            if line.is_open and time.monotonic() - since < IDLE:
                return line
            line.close()
        settings = self._settings
        connection = SMTP(
            hostname=settings.host, port=settings.port, timeout=WITHIN, use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls", username=settings.user or None,
            password=self._password if settings.user else None,
        )  # fmt: skip
        await connection.connect()
        if connection.is_ehlo_or_helo_needed:
            await _greet(connection)
        return SmtpLine(connection)


async def _greet(connection: SMTP) -> None:
    try:
        await connection.ehlo()
    except aiosmtplib.SMTPHeloError:
        await connection.helo()  # of an old server


def _refused(said: HandedIn) -> SendError:
    """Only a recipient that is refused for good is nobody; what else is refused may be our own fault."""
    if said.of_recipient and said.code in _GONE:
        return SendError(MailRefusal.GONE, said.code)
    return SendError(_by_code(said.code), said.code)


def _not_let_in(error: Exception) -> SendError:
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return SendError(MailRefusal.UNREACHABLE, 0)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return SendError(MailRefusal.ACCOUNT, error.code)
    if isinstance(error, aiosmtplib.SMTPConnectResponseError | aiosmtplib.SMTPHeloError):
        return SendError(MailRefusal.UNREACHABLE, error.code)
    return SendError(_by_code(error.code), error.code)


def _by_code(code: int) -> MailRefusal:
    if code in _ACCOUNT:
        return MailRefusal.ACCOUNT
    if code == CLOSES:
        return MailRefusal.UNREACHABLE
    return MailRefusal.LATER if code < 500 else MailRefusal.REFUSED
