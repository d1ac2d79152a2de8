"""The stanza of the settings, and the secrets that belong to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from bot.channel import ChannelSettings

CHANNEL = "wechat"
PATH = f"/channels/{CHANNEL}"  # the webhook
BIND = f"{PATH}/bind"  # where residents bind their card
Mode = Literal["plain", "compatible", "secure"]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s/]+$")]


class WechatSettings(ChannelSettings, frozen=True, forbid_unknown_fields=True):
    """An official account. Its secrets come from the environment: `WECHAT_APP_ID`, `WECHAT_APP_SECRET`, `WECHAT_TOKEN`,
    `WECHAT_AES_KEY`, and for the time of a change the ones before, `WECHAT_TOKEN_OLD` and `WECHAT_AES_KEY_OLD`."""

    mode: Mode = "secure"
    account: Annotated[str, Meta(max_length=64)] = ""
    customer_service: bool = True
    api_base: Url = "https://api.weixin.qq.com"
    open_base: Url = "https://open.weixin.qq.com"

    @property
    def is_called(self) -> bool:
        return True

    @property
    def secrets(self) -> tuple[str, ...]:
        always = "WECHAT_APP_ID", "WECHAT_APP_SECRET", "WECHAT_TOKEN"
        return always if self.mode == "plain" else (*always, "WECHAT_AES_KEY")


@dataclass(frozen=True, slots=True)
class WechatSecrets:
    """What only the environment may hold. The `old` ones hold for the time of a change, and are empty otherwise."""

    app_id: str
    app_secret: str
    token: str
    aes_key: str
    old_token: str
    old_aes_key: str

    @staticmethod
    def read(environment: Mapping[str, str], settings: WechatSettings) -> "WechatSecrets":
        """Raises `SettingsError`."""
        settings.check(CHANNEL, environment)
        names = (
            "WECHAT_APP_ID",
            "WECHAT_APP_SECRET",
            "WECHAT_TOKEN",
            "WECHAT_AES_KEY",
            "WECHAT_TOKEN_OLD",
            "WECHAT_AES_KEY_OLD",
        )
        return WechatSecrets(*(environment.get(name, "").strip() for name in names))
