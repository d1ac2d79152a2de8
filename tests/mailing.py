"""Mail of residents, for tests: the settings, the letters they write, and what they read."""

import itertools
import os
import tempfile
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default

from msgspec.structs import replace

from daoxue.config import Config
from integrations.mail.settings import MailSettings, SmtpSettings

CENTRE = "study@centre.test"
_numbers = itertools.count(1)


def letterbox() -> str:
    """Where nobody else listens; a socket's path must be short."""
    return f"{tempfile.gettempdir()}/daoxue-{os.getpid()}-{next(_numbers)}.sock"


def on_mail(config: Config, lmtp: str, smtp: int, user: str = "", **more: object) -> Config:
    """With mail switched on: in by LMTP, out by SMTP, both on loopback."""
    given = {"address": CENTRE, "lmtp": lmtp, "smtp": SmtpSettings("127.0.0.1", smtp, "none", user), **more}
    return replace(config, channels=config.channels.having(MailSettings(enabled=True, **given)))  # type: ignore[arg-type]


def letter(text: str, subject: str = "咨询", sender: str = "wang@home.test", **headers: str) -> bytes:
    """As a resident's program writes it; `headers` with `_` for `-`."""
    written = EmailMessage()
    written["From"] = f"王阿姨 <{sender}>"
    written["To"] = CENTRE
    written["Subject"] = subject
    written["Message-ID"] = f"<{next(_numbers)}.{id(written)}@home.test>"
    for name, value in headers.items():
        del written[name.replace("_", "-")]
        written[name.replace("_", "-")] = value
    written.set_content(text)
    return written.as_bytes()


def read(raw: bytes) -> EmailMessage:
    """As a resident's program shows it."""
    return message_from_bytes(raw, policy=default)


def words(raw: bytes) -> str:
    body = read(raw).get_body(("plain",))
    assert isinstance(body, Message)
    content: str = body.get_content()
    return content.replace("\r\n", "\n")


def report(returned: bytes, action: str, status: str) -> bytes:
    """What a server says of a mail that it could not deliver (RFC 3464)."""
    head = returned.partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]
    return (
        b"From: MAILER-DAEMON@far.test\r\nTo: study@centre.test\r\nSubject: Undelivered Mail\r\nReturn-Path: <>\r\n"
        + f"Message-ID: <{next(_numbers)}@far.test>\r\n".encode()
        + b"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n--B\r\n\r\nSorry.\r\n--B\r\n'
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; far.test\r\n\r\n"
        + f"Final-Recipient: rfc822; wang@home.test\r\nAction: {action}\r\nStatus: {status}\r\n".encode()
        + b"\r\n--B\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        + head
        + b"\r\n\r\n--B--\r\n"
    )
