"""The stanza of the settings, and the secrets that belong to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from bot.channel import ChannelSettings, SettingsError
from integrations.tencent.envelope import Keys

CHANNEL = "wecom"
PATH = f"/channels/{CHANNEL}"  # the callback
POOL = "pool"
_CORP = re.compile(r"[0-9A-Za-z_-]{1,64}")


class WecomSettings(ChannelSettings, frozen=True, forbid_unknown_fields=True):
    """One account of customer service: `account` is its open_kfid. Its secrets come from the environment: `WECOM_CORP_ID`,
    `WECOM_SECRET`, `WECOM_TOKEN`, `WECOM_AES_KEY`. `seat` is who in WeCom gets what is for a person: a colleague's userid,
    `pool` for its queue, empty where only our desk does."""

    account: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{0,64}$")] = ""
    seat: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_.@-]{0,64}$")] = ""
    api_base: Annotated[str, Meta(pattern=r"^https?://[^\s/]+$")] = "https://qyapi.weixin.qq.com"

    @property
    def is_called(self) -> bool:
        return True

    @property
    def secrets(self) -> tuple[str, ...]:
        return ("WECOM_CORP_ID", "WECOM_SECRET", "WECOM_TOKEN", "WECOM_AES_KEY")

    @property
    def unset(self) -> tuple[str, ...]:
        return () if self.account else ("account",)


@dataclass(frozen=True, slots=True)
class WecomSecrets:
    """What only the environment may hold."""

    corp: str
    secret: str
    keys: Keys

    @staticmethod
    def read(environment: Mapping[str, str], settings: WecomSettings) -> "WecomSecrets":
        """Raises `SettingsError`."""
        settings.check(CHANNEL, environment)
        corp, secret, token, aes = (environment[name].strip() for name in settings.secrets)
        if not _CORP.fullmatch(corp):
            raise SettingsError("WECOM_CORP_ID: the corporation's id, as WeCom's console shows it (ww…)")
        return WecomSecrets(corp, secret, Keys("WECOM", token, aes))
