"""E-mail as a channel: what it declares."""

from bot.channel import Channel, Examines, Opens, Stanza
from integrations.mail import rendering
from integrations.mail.settings import CHANNEL, MailSettings

MAIL = Channel(
    name=CHANNEL,
    zh="邮件",
    en="E-mail",
    colour="#9a3412",
    stanzas=(Stanza("mail", MailSettings),),
    open=Opens("integrations.mail.opening"),
    render=rendering.render,
    greets="mail.hello",
    mails=True,
    examine=Examines("integrations.mail.examining"),
)
