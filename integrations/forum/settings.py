"""The stanza of the settings, and the secrets that belong to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from bot.channel import ChannelSettings, SettingsError

CHANNEL = "forum"
BACK = 120  # messages of a talk among which a post, or what was told of it, is looked for
PATH = f"/channels/{CHANNEL}"  # the webhook
SHORTEST = 12  # characters of a webhook's secret, as the forum demands


class ForumSettings(ChannelSettings, frozen=True, forbid_unknown_fields=True):
    """A Discourse forum. Its secrets come from the environment: `FORUM_API_KEY` (of the account `username`) and
    `FORUM_WEBHOOK_SECRET`. `categories` are the numbers of those in which is answered, `wait` the seconds after which a post
    is read: most who mend or delete theirs do it at once."""

    base: Annotated[str, Meta(pattern=r"^(https?://[^\s?#]*[^\s?#/])?$")] = ""
    username: Annotated[str, Meta(pattern=r"^\S*$", max_length=60)] = ""
    categories: tuple[Annotated[int, Meta(ge=1)], ...] = ()
    wait: Annotated[int, Meta(ge=0, le=3600)] = 30

    @property
    def is_called(self) -> bool:
        return True

    @property
    def secrets(self) -> tuple[str, ...]:
        return ("FORUM_API_KEY", "FORUM_WEBHOOK_SECRET")

    @property
    def unset(self) -> tuple[str, ...]:
        given = {"base": self.base, "username": self.username, "categories": self.categories}
        return tuple(name for name, value in given.items() if not value)


@dataclass(frozen=True, slots=True)
class ForumSecrets:
    """What only the environment may hold."""

    key: str
    webhook: bytes

    @staticmethod
    def read(environment: Mapping[str, str], settings: ForumSettings) -> "ForumSecrets":
        """Raises `SettingsError`, also where the settings lack what a forum needs."""
        settings.check(CHANNEL, environment)
        key, webhook = environment["FORUM_API_KEY"].strip(), environment["FORUM_WEBHOOK_SECRET"].strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise SettingsError("FORUM_API_KEY: the key as the forum showed it, without blanks")
        if len(webhook) < SHORTEST:
            raise SettingsError(f"FORUM_WEBHOOK_SECRET: at least {SHORTEST} characters")
        return ForumSecrets(key, webhook.encode())
