"""The hotline as a channel: what it declares, and how it is put together over Twilio."""

from msgspec.structs import replace

from accounts.identity import Proof
from bot.channel import Channel, ChannelHealth, Core, OpenChannel, Told
from bot.inbox import Inbox, Receipt
from bot.messages import Inbound
from bot.redlines import endangers
from bot.worker import Worker
from integrations import voice
from integrations.elders import says_old
from integrations.twilio.api import Twilio
from integrations.twilio.calls import CallChannel
from integrations.twilio.seats import SeatSide
from integrations.twilio.settings import STANZA, TwilioSecrets, TwilioSettings
from integrations.twilio.signing import Verifier
from integrations.twilio.switchboard import CHANNEL, Switchboard


def _open(core: Core) -> OpenChannel:
    settings = core.stanzas.of(TwilioSettings)
    secrets = TwilioSecrets.read(core.secrets, settings)
    api = Twilio(secrets.account, secrets.token, settings.api_base)
    board = Switchboard(core, api)
    seats = SeatSide(board)
    channel = CallChannel(core, board, seats, Verifier(secrets.account, secrets.token, core.public_url))

    async def health(now: int) -> ChannelHealth:
        return ChannelHealth(api.alarm)

    ring = Worker("calls", "呼叫坐席", 1.0, seats.connect, core.live.watch_tickets())
    return OpenChannel(outlet=channel, posts=channel.hooks, work=[ring], health=health, close=api.close, calling=seats)


def _played(inbox: Inbox) -> Told:
    """A call without a telephone: who says that they are old gets a person."""

    async def tell(said: Inbound) -> Receipt:
        heard = await inbox.understand(said.text, said.at)
        old = says_old(heard) and not endangers(heard)
        return await inbox.receive(replace(said, intent="human") if old else said)

    return tell


VOICE = Channel(
    name=CHANNEL,
    zh="热线",
    en="Phone",
    colour="#7a2e8e",
    stanzas=(STANZA,),
    open=_open,
    render=voice.render,
    problems=voice.problems,
    proof=Proof(keyed=True, passing=True),
    load=4,  # a call takes all of a seat; a written talk, a part
    files=False,
    by_phone=True,
    played=_played,
)
