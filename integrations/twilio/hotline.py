"""The hotline as a channel: what it declares."""

from msgspec.structs import replace

from accounts.identity import Proof
from bot.channel import Channel, Examines, Opens, Told
from bot.inbox import Inbox, Receipt
from bot.messages import Inbound
from bot.redlines import endangers
from integrations import voice
from integrations.elders import says_old
from integrations.twilio.settings import STANZA


def _played(inbox: Inbox) -> Told:
    """A call without a telephone: who says that they are old gets a person."""

    async def tell(said: Inbound) -> Receipt:
        heard = await inbox.understand(said.text, said.at)
        old = says_old(heard) and not endangers(heard)
        return await inbox.receive(replace(said, intent="human") if old else said)

    return tell


VOICE = Channel(
    name=voice.CHANNEL,
    zh="热线",
    en="Phone",
    colour="#7a2e8e",
    stanzas=(STANZA,),
    open=Opens("integrations.twilio.answering"),
    render=voice.render,
    problems=voice.problems,
    proof=Proof(keyed=True, passing=True),
    load=4,  # a call takes all of a seat; a written talk, a part
    files=False,
    greets="voice.greeting",
    by_phone=True,
    examine=Examines("integrations.twilio.examining"),
    played=_played,
)
