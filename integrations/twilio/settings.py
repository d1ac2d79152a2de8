"""The stanza of the settings, and the secrets that belong to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from bot.channel import ChannelSettings, Stanza

Url = Annotated[str, Meta(pattern=r"^https?://[^\s/]+$")]
Number = Annotated[str, Meta(pattern=r"^(\+[0-9]{5,15})?$")]


class TwilioSettings(ChannelSettings, frozen=True, forbid_unknown_fields=True):
    """Texts and calls over Twilio. Its secrets come from the environment: `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`.

    `voice` and `language` are what speaks; `recognition` is the recogniser's language, `model` its model (empty: the
    provider chooses). `music` is the address of what is played to those who wait (empty: they are told useful things).
    `record` keeps calls, after the notice and only of those who do not refuse.
    """

    api_base: Url = "https://api.twilio.com"
    sms_from: Number = ""
    voice_from: Number = ""
    voice: Annotated[str, Meta(max_length=64)] = "Polly.Zhiyu-Neural"
    language: Annotated[str, Meta(max_length=16)] = "cmn-CN"
    recognition: Annotated[str, Meta(max_length=16)] = "cmn-Hans-CN"
    model: Annotated[str, Meta(max_length=64)] = ""
    music: Annotated[str, Meta(pattern=r"^(https?://\S+)?$", max_length=500)] = ""
    record: bool = False

    @property
    def is_called(self) -> bool:
        return True

    @property
    def secrets(self) -> tuple[str, ...]:
        return "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"


STANZA = Stanza("twilio", TwilioSettings)


@dataclass(frozen=True, slots=True)
class TwilioSecrets:
    """What only the environment may hold."""

    account: str
    token: str

    @staticmethod
    def read(environment: Mapping[str, str], settings: TwilioSettings) -> "TwilioSecrets":
        """Raises `SettingsError`."""
        settings.check("twilio", environment)
        return TwilioSecrets(*(environment[name].strip() for name in settings.secrets))
