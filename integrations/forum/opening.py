"""The forum, put together."""

from bot.channel import ChannelHealth, Core, OpenChannel
from bot.queue import Kind
from integrations.forum.api import ForumApi
from integrations.forum.following import ForumFollower
from integrations.forum.hearing import ForumReader
from integrations.forum.hooks import ForumHook
from integrations.forum.leaving import ForumLeaving
from integrations.forum.rendering import PostWriter
from integrations.forum.rows import ACCOUNT_KIND, CATEGORY_KIND, KIND, TOPIC_KIND
from integrations.forum.settings import PATH, ForumSecrets, ForumSettings

AT_ONCE = 16  # posts that are read: as many are understood together, and what they change is written together


def open_channel(core: Core) -> OpenChannel:
    settings = core.stanzas.of(ForumSettings)
    secrets = ForumSecrets.read(core.secrets, settings)
    api = ForumApi(settings, secrets.key)
    follower = ForumFollower(core, settings, api)
    hook = ForumHook(core, settings, secrets.webhook, follower)
    leaving = ForumLeaving(core, settings, api, PostWriter(core.texts, core.public_url))
    reader = ForumReader(core, settings, api, leaving, follower)

    async def health(now: int) -> ChannelHealth:
        return ChannelHealth(
            api.alarm or await follower.alarm() or ("论坛要先审核我们的帖子才显示" if api.held else None)
        )

    return OpenChannel(
        outlet=leaving,
        posts={PATH: hook},
        kinds={
            KIND: Kind(reader.read, at_once=AT_ONCE),
            TOPIC_KIND: Kind(follower.look, at_once=AT_ONCE),
            ACCOUNT_KIND: Kind(follower.tell_of_account, at_once=AT_ONCE),
            CATEGORY_KIND: Kind(follower.note_category),
        },
        health=health,
        close=api.close,
    )
