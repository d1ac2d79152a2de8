"""WeCom customer service as a channel: what it declares."""

from accounts.identity import Proof
from bot.channel import Channel, Examines, Opens, Stanza
from integrations.tencent import packing
from integrations.wecom.settings import CHANNEL, WecomSettings

WECOM = Channel(
    name=CHANNEL,
    zh="微信客服",
    en="WeCom customer service",
    colour="#23558f",
    stanzas=(Stanza(CHANNEL, WecomSettings),),
    open=Opens("integrations.wecom.opening"),
    render=packing.render,
    problems=packing.problems,
    proof=Proof(typed=True, passing=True),
    greets="welcome",
    examine=Examines("integrations.wecom.examining"),
)
