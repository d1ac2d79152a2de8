"""WeCom customer service, put together."""

from starlette.routing import Route

from bot.channel import ChannelHealth, Core, FetchError, OpenChannel
from bot.files import FileRefusal
from bot.queue import Kind
from bot.worker import Worker
from integrations.wecom.api import Wecom
from integrations.wecom.faults import WecomError, WecomFault
from integrations.wecom.gate import WecomGate
from integrations.wecom.hearing import HAND, WecomHearing
from integrations.wecom.hooks import KIND, WecomHook
from integrations.wecom.leaving import WecomLeaving
from integrations.wecom.settings import PATH, WecomSecrets, WecomSettings


def open_channel(core: Core) -> OpenChannel:
    settings = core.stanzas.of(WecomSettings)
    secrets = WecomSecrets.read(core.secrets, settings)
    api = Wecom(secrets.corp, secrets.secret, settings.api_base, settings.account, core.database, core.clock)
    hook = WecomHook(core, settings, WecomGate(secrets))
    hearing, leaving = WecomHearing(core, settings, api), WecomLeaving(core, api)

    async def fetch(media: str, most: int) -> bytes:
        try:
            return await api.media(media, most)
        except WecomError as error:
            raise FetchError(FileRefusal.EXPIRED if error.meaning is WecomFault.EXPIRED else None) from error

    async def health(now: int) -> ChannelHealth:
        return ChannelHealth(api.alarm)

    return OpenChannel(
        outlet=leaving,
        posts={PATH: hook},
        routes=[Route(PATH, hook)],
        kinds={KIND: Kind(hearing.fetch, at_once=1), HAND: Kind(hearing.hand)},
        work=[Worker("wecom", "微信客服补收", 60.0, hearing.look)],
        health=health,
        close=api.close,
        fetch=fetch,
        quota=leaving.quota,
    )
