"""The forum, examined: whether it knows our key."""

from bot.channel import Means
from bot.examining import Finding, Phrase, fault, ok
from integrations.forum.api import ForumApi, ForumError
from integrations.forum.settings import ForumSecrets, ForumSettings

FORUM = Phrase("论坛", "forum")


async def examine(means: Means) -> list[Finding]:
    settings = means.stanzas.of(ForumSettings)
    api = ForumApi(settings, ForumSecrets.read(means.secrets, settings).key)
    try:
        if await api.is_known():
            return [ok(FORUM, "密钥可用", "let in")]
    except ForumError as error:
        do = Phrase("连不上 channels.forum.base，请检查网络", "channels.forum.base is not reached: see the network")
        return [fault(FORUM, Phrase(str(error), str(error)), do)]
    finally:
        await api.close()
    do = Phrase(
        "在论坛管理页重做一个，放进 FORUM_API_KEY", "make another one at the forum, and put it in FORUM_API_KEY"
    )
    return [fault(FORUM, Phrase("密钥不对，或被撤了", "the key is no good"), do)]
