"""The hotline, put together over Twilio."""

from bot.channel import ChannelHealth, Core, OpenChannel
from bot.worker import Worker
from integrations.twilio.api import Twilio
from integrations.twilio.calls import CallChannel
from integrations.twilio.seats import SeatSide
from integrations.twilio.settings import TwilioSecrets, TwilioSettings
from integrations.twilio.signing import Verifier
from integrations.twilio.switchboard import Switchboard
from integrations.twilio.talking import Hotline


def open_channel(core: Core) -> OpenChannel:
    settings = core.stanzas.of(TwilioSettings)
    secrets = TwilioSecrets.read(core.secrets, settings)
    api = Twilio(secrets.account, secrets.token, settings.api_base)
    board = Switchboard(core, api)
    seats = SeatSide(board)
    hotline = Hotline(board, core.inbox, core.desk, core.identity, core.library, core.zone)
    verifier = Verifier(secrets.account, secrets.token, core.public_url)
    channel = CallChannel(hotline, seats, verifier, core.observe)

    async def health(now: int) -> ChannelHealth:
        return ChannelHealth(api.alarm)

    ring = Worker("calls", "呼叫坐席", 1.0, seats.connect, core.live.watch_tickets())
    return OpenChannel(outlet=channel, posts=channel.hooks, work=[ring], health=health, close=api.close, calling=seats)
