"""The stanza of the settings, and the secrets that belong to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bot.channel import ChannelSettings

CHANNEL = "mail"
Tls = Literal["tls", "starttls", "none"]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Address = Annotated[str, Meta(pattern=r"^([A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+)?$", max_length=254)]


class ImapSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A mailbox that is read. `days`: what has lain there unread for longer when it is first looked at is left alone. `done`
    is the folder that what was taken in is moved to; empty: it stays, read."""

    host: str = ""
    port: Port = 993
    tls: Tls = "tls"
    user: str = ""
    folder: Annotated[str, Meta(min_length=1)] = "INBOX"
    done: str = ""
    days: Annotated[int, Meta(ge=1, le=365)] = 3


class SmtpSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where mail is handed in to be sent; without a `user`, nobody signs in there."""

    host: str = ""
    port: Port = 465
    tls: Tls = "tls"
    user: str = ""


class MailSettings(ChannelSettings, frozen=True, forbid_unknown_fields=True):
    """One address. Its secrets come from the environment: `MAIL_PASSWORD`, and `MAIL_SMTP_PASSWORD` where sending has
    another one. `lmtp` is where a mail server of one's own hands mail on to: host:port, or the path of a socket. `receiver` is
    the name under which the server that receives mail for us writes its Authentication-Results: nobody else is believed."""

    address: Address = ""
    aliases: tuple[Address, ...] = ()
    imap: ImapSettings = ImapSettings()
    lmtp: Annotated[str, Meta(pattern=r"^(/.+|[A-Za-z0-9.:\[\]-]*:\d{1,5})?$")] = ""
    smtp: SmtpSettings = SmtpSettings()
    receiver: str = ""
    megabytes: Annotated[int, Meta(ge=1, le=100)] = 20

    @property
    def secrets(self) -> tuple[str, ...]:
        return ("MAIL_PASSWORD",) if self.imap.host or self.smtp.user else ()

    @property
    def unset(self) -> tuple[str, ...]:
        given = {"address": self.address, "smtp.host": self.smtp.host, "imap.host / lmtp": self.imap.host or self.lmtp}
        return tuple(name for name, value in given.items() if not value)

    @property
    def largest(self) -> int:
        """Bytes of a mail that is read whole."""
        return self.megabytes * 1_048_576

    @property
    def own(self) -> frozenset[str]:
        """Addresses of ours, in lower case."""
        return frozenset(each.lower() for each in (self.address, *self.aliases))


@dataclass(frozen=True, slots=True)
class MailSecrets:
    """What only the environment may hold."""

    imap: str
    smtp: str

    @staticmethod
    def read(environment: Mapping[str, str], settings: MailSettings) -> "MailSecrets":
        """Raises `SettingsError`, also where the settings lack what a mailbox needs."""
        settings.check(CHANNEL, environment)
        password = environment.get("MAIL_PASSWORD", "")
        return MailSecrets(password, environment.get("MAIL_SMTP_PASSWORD", "") or password)
