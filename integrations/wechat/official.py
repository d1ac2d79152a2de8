"""The official account as a channel: what it declares."""

from accounts.identity import Proof
from bot.channel import Channel, Examines, Opens, Stanza
from integrations.tencent import packing
from integrations.wechat.settings import BIND, CHANNEL, WechatSettings

WECHAT = Channel(
    name=CHANNEL,
    zh="微信",
    en="WeChat",
    colour="#087a3e",
    stanzas=(Stanza("wechat", WechatSettings),),
    open=Opens("integrations.wechat.opening"),
    render=packing.render,
    problems=packing.problems,
    proof=Proof(page=BIND),
    greets="welcome",
    notices=True,
    examine=Examines("integrations.wechat.examining"),
)
