"""Texts, opened: over the gateway where there is one, else over Twilio."""

from starlette.types import ASGIApp

from bot.channel import Core, OpenChannel, SettingsError
from bot.queue import Kind
from integrations.gateway import Gateway, GatewayHooks
from integrations.gateway_settings import GatewaySettings
from integrations.texting import Texting
from integrations.twilio.api import Twilio
from integrations.twilio.settings import TwilioSecrets, TwilioSettings
from integrations.twilio.signing import Verifier
from integrations.twilio.texts import Sender, TextHooks
from store import summons
from store.codes import CODE


def open_channel(core: Core) -> OpenChannel:
    settings = core.stanzas.of(GatewaySettings)
    return _over_the_gateway(core, settings) if settings.enabled else _over_twilio(core)


def _over_the_gateway(core: Core, settings: GatewaySettings) -> OpenChannel:
    key, secret = (core.secrets.get(name, "") for name in settings.secrets)
    if not (key and secret and settings.api_base and settings.sign):
        raise SettingsError("channels.gateway: api_base, sign, GATEWAY_KEY and GATEWAY_SECRET are needed")
    channel = Texting(core, Gateway(settings, key, secret, core.clock))
    return _opened(channel, GatewayHooks(channel, secret, core.clock).hooks)


def _over_twilio(core: Core) -> OpenChannel:
    settings = core.stanzas.of(TwilioSettings)
    secrets = TwilioSecrets.read(core.secrets, settings)
    api = Twilio(secrets.account, secrets.token, settings.api_base)
    channel = Texting(core, Sender(api, settings.sms_from, core.public_url), (settings.sms_from, settings.voice_from))
    verifier = Verifier(secrets.account, secrets.token, core.public_url)
    return _opened(channel, TextHooks(verifier, channel, core.public_url, core.observe).hooks)


def _opened(channel: Texting, hooks: dict[str, ASGIApp]) -> OpenChannel:
    return OpenChannel(
        outlet=channel,
        posts=hooks,
        kinds={CODE: Kind(channel.send_code), summons.KIND: Kind(channel.summon)},
        health=channel.health,
        close=channel.provider.close,
    )
