"""The official account as a channel: what it declares, and how it is put together."""

from starlette.routing import Route

from accounts.identity import Proof
from bot.channel import Channel, Core, OpenChannel, Stanza
from bot.worker import Worker
from integrations.wechat import rendering
from integrations.wechat.api import Wechat
from integrations.wechat.binding import BIND, Binding
from integrations.wechat.channel import WechatChannel
from integrations.wechat.gate import Gate, keys_of
from integrations.wechat.messages import CHANNEL
from integrations.wechat.settings import WechatSecrets, WechatSettings

PATH = f"/channels/{CHANNEL}"


def _open(core: Core) -> OpenChannel:
    settings = core.stanzas.of(WechatSettings)
    secrets = WechatSecrets.read(core.secrets, settings)
    api = Wechat(secrets.app_id, secrets.app_secret, settings.api_base, core.database, core.clock)
    pages = Binding(core, api)
    channel = WechatChannel(core, Gate(settings.mode, secrets.app_id, keys_of(secrets)), api, pages.happened)
    return OpenChannel(
        outlet=channel,
        posts={PATH: channel},
        routes=[Route(PATH, channel), *pages.routes],
        work=[Worker("wechat", "微信旧记录清除", 3600.0, channel.forget)],
        health=channel.health,
        close=api.close,
        quota=channel.allowance,
        inviting=pages,
    )


WECHAT = Channel(
    name=CHANNEL,
    zh="微信",
    en="WeChat",
    colour="#087a3e",
    stanzas=(Stanza("wechat", WechatSettings),),
    open=_open,
    render=rendering.render,
    problems=rendering.problems,
    proof=Proof(page=BIND),
    notices=True,
)
