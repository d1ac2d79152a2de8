"""The forum as a channel: what it declares."""

from bot.channel import Channel, Examines, Opens, Stanza
from integrations.forum import rendering
from integrations.forum.settings import CHANNEL, ForumSettings

FORUM = Channel(
    name=CHANNEL,
    zh="论坛",
    en="Forum",
    colour="#4d5b1f",
    stanzas=(Stanza(CHANNEL, ForumSettings),),
    open=Opens("integrations.forum.opening"),
    render=rendering.render,
    files=False,
    drafts=True,
    examine=Examines("integrations.forum.examining"),
)
