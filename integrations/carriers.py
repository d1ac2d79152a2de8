"""SMS as a channel, over a gateway or over Twilio: what it declares."""

from msgspec.structs import replace

from accounts.identity import Proof
from bot.channel import Channel, Opens, Told
from bot.inbox import Inbox, Receipt
from bot.messages import Inbound
from integrations import gateway_settings, refusals, sms
from integrations.refusals import INTENTS, RefusalKind
from integrations.twilio import settings as twilio


def _played(inbox: Inbox) -> Told:
    """Texts without a carrier: a refusal is confirmed once, and then nothing is answered."""
    refused: set[str] = set()

    async def tell(said: Inbound) -> Receipt:
        before = said.address in refused
        kind = refusals.kind(said.text, refused=before)
        told = {"told": "yes"} if before and kind is RefusalKind.REFUSAL else {}
        receipt = await inbox.receive(replace(said, intent=INTENTS.get(kind), slots=told))
        if kind is RefusalKind.REFUSAL:
            refused.add(said.address)
        elif kind is RefusalKind.RESUMPTION:
            refused.discard(said.address)
        elif before and receipt.state.danger is None:
            return replace(receipt, answers=())
        return receipt

    return tell


SMS = Channel(
    name=sms.CHANNEL,
    zh="短信",
    en="SMS",
    colour="#8a5a00",
    stanzas=(twilio.STANZA, gateway_settings.STANZA),
    open=Opens("integrations.carrying"),
    render=sms.render,
    problems=sms.problems,
    proof=Proof(of_phone=True),
    files=False,
    longest=sms.LONGEST_OF_A_SEAT,
    by_phone=True,
    notices=True,
    texts=True,
    played=_played,
)
