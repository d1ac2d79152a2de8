"""The stanza of the settings, and the secrets that belong to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from bot.channel import ChannelSettings, SettingsError

CHANNEL = "telegram"
PATH = f"/channels/{CHANNEL}"  # the webhook
Mode = Literal["webhook", "polling"]
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{3,256}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # as the platform allows it


class TelegramSettings(ChannelSettings, frozen=True, forbid_unknown_fields=True):
    """A bot. Its secrets come from the environment: `TELEGRAM_BOT_TOKEN`, and for the webhook `TELEGRAM_WEBHOOK_SECRET`.
    `polling` asks the platform, for centres that nobody reaches from outside."""

    mode: Mode = "webhook"
    api_base: Annotated[str, Meta(pattern=r"^https?://[^\s/]+$")] = "https://api.telegram.org"

    @property
    def is_called(self) -> bool:
        return self.mode == "webhook"

    @property
    def secrets(self) -> tuple[str, ...]:
        return ("TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET") if self.is_called else ("TELEGRAM_BOT_TOKEN",)


@dataclass(frozen=True, slots=True)
class TelegramSecrets:
    """What only the environment may hold; `webhook` is empty where there is none."""

    token: str
    webhook: str

    @staticmethod
    def read(environment: Mapping[str, str], settings: TelegramSettings) -> "TelegramSecrets":
        """Raises `SettingsError`."""
        settings.check(CHANNEL, environment)
        token = environment["TELEGRAM_BOT_TOKEN"].strip()
        webhook = environment.get("TELEGRAM_WEBHOOK_SECRET", "").strip() if settings.is_called else ""
        if not _TOKEN.fullmatch(token):
            raise SettingsError("TELEGRAM_BOT_TOKEN: the token as BotFather gave it, 123456:ABC…")
        if settings.is_called and not _SECRET.fullmatch(webhook):
            raise SettingsError("TELEGRAM_WEBHOOK_SECRET: 1 to 256 of A-Z, a-z, 0-9, _ and -")
        return TelegramSecrets(token, webhook)
