"""The gateway's stanza of the settings, and the secrets that belong to it."""

from typing import Annotated

from msgspec import Meta, Struct

from bot.channel import ChannelSettings, Stanza


class TemplateSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """An approved template, its words as approved with `{name}` where a variable stands."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    text: Annotated[str, Meta(min_length=1, max_length=500)]


class GatewaySettings(ChannelSettings, frozen=True, forbid_unknown_fields=True):
    """Its secrets come from the environment: `GATEWAY_KEY`, `GATEWAY_SECRET`. The last template is the one that is sent
    where none fits: it has no variables."""

    api_base: Annotated[str, Meta(pattern=r"^(https?://[^\s]+)?$")] = ""
    sign: Annotated[str, Meta(max_length=20)] = ""
    templates: tuple[TemplateSettings, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        return "GATEWAY_KEY", "GATEWAY_SECRET"


STANZA = Stanza("gateway", GatewaySettings)
