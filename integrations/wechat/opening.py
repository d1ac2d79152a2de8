"""The official account, put together."""

from starlette.routing import Route

from bot.channel import Core, FetchError, OpenChannel
from bot.files import FileRefusal
from bot.worker import Worker
from integrations.wechat.api import Wechat
from integrations.wechat.binding import Binding
from integrations.wechat.channel import WechatChannel
from integrations.wechat.faults import WechatError, WechatFault
from integrations.wechat.gate import Gate, keys_of
from integrations.wechat.leaving import WechatOutlet
from integrations.wechat.settings import PATH, WechatSecrets, WechatSettings


def open_channel(core: Core) -> OpenChannel:
    settings = core.stanzas.of(WechatSettings)
    secrets = WechatSecrets.read(core.secrets, settings)
    api = Wechat(secrets.app_id, secrets.app_secret, settings.api_base, core.database, core.clock)
    pages, outlet = Binding(core, api), WechatOutlet(core, api)
    channel = WechatChannel(core, Gate(settings.mode, secrets.app_id, keys_of(secrets)), outlet, pages.happened)

    async def fetch(media: str, most: int) -> bytes:
        try:
            return await api.media(media, most)
        except WechatError as error:
            raise FetchError(FileRefusal.EXPIRED if error.meaning is WechatFault.EXPIRED else None) from error

    return OpenChannel(
        outlet=outlet,
        posts={PATH: channel},
        routes=[Route(PATH, channel), *pages.routes],
        work=[Worker("wechat", "微信旧记录清除", 3600.0, outlet.forget)],
        health=outlet.health,
        close=api.close,
        fetch=fetch,
        quota=outlet.allowance,
        inviting=pages,
    )
