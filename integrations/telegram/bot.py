"""The Telegram bot as a channel: what it declares."""

from accounts.identity import Proof
from bot.channel import Channel, Examines, Opens, Stanza
from integrations.telegram import rendering
from integrations.telegram.settings import CHANNEL, TelegramSettings

TELEGRAM = Channel(
    name=CHANNEL,
    zh="Telegram",
    en="Telegram",
    colour="#1c6fa8",
    stanzas=(Stanza(CHANNEL, TelegramSettings),),
    open=Opens("integrations.telegram.opening"),
    render=rendering.render,
    proof=Proof(typed=True, passing=True),
    greets="welcome",
    examine=Examines("integrations.telegram.examining"),
)
