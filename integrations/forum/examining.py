"""The forum, examined: whether it knows our key, and has the categories in which we answer."""

from collections.abc import Sequence

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
            gone = [str(each) for each in settings.categories if not await api.has_category(each)]
            return (
                [_without(gone)] if gone else [ok(FORUM, "密钥可用，版块都在", "let in, and the categories are there")]
            )
    except ForumError as error:
        do = Phrase("连不上 channels.forum.base，请检查网络", "channels.forum.base is not reached: see the network")
        return [fault(FORUM, Phrase(str(error), str(error)), do)]
    finally:
        await api.close()
    do = Phrase(
        "在论坛管理页重做一个，放进 FORUM_API_KEY", "make another one at the forum, and put it in FORUM_API_KEY"
    )
    return [fault(FORUM, Phrase("密钥不对，或被撤了", "the key is no good"), do)]


def _without(gone: Sequence[str]) -> Finding:
    named = ", ".join(gone)
    seen = Phrase(
        f"论坛里没有版块 {named}，或者我们的账号看不到", f"there is no category {named}, or not for our account"
    )
    do = Phrase(
        "改 channels.forum.categories，或者让账号看得到", "mend channels.forum.categories, or let the account see it"
    )
    return fault(FORUM, seen, do)
