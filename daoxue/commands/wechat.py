"""`daoxue wechat`: the official account."""

import argparse
from collections.abc import Awaitable, Callable

from daoxue.app import App
from daoxue.commands.common import acting, tell
from daoxue.config import ConfigError
from integrations.wechat.examining import ADVICE, OTHERWISE
from integrations.wechat.faults import WechatError
from integrations.wechat.leaving import WechatOutlet
from integrations.wechat.messages import MENU_ON_SCREEN
from integrations.wechat.official import WECHAT


def menu(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        await _official(app).api.create_menu(MENU_ON_SCREEN)
        names = [button["name"] for button in MENU_ON_SCREEN["button"]]
        tell(arguments, {"menu": names}, f"公众号菜单已更新：{'、'.join(names)}（居民五分钟后或重新进入公众号时看到）")

    return _with_wechat(arguments, use)


def check(arguments: argparse.Namespace) -> int:
    async def use(app: App) -> None:
        addresses = await _official(app).api.callback_addresses()
        url = f"{app.config.server.public_url or '（请填 server.public_url）'}/channels/wechat"
        row: dict[str, object] = {"ok": True, "callback_addresses": addresses, "url": url}
        tell(arguments, row, f"密钥可用。公众号后台的服务器地址填：{url}\n微信从这些地址发来：{'、'.join(addresses)}")

    return _with_wechat(arguments, use)


def _with_wechat(arguments: argparse.Namespace, use: Callable[[App], Awaitable[None]]) -> int:
    async def run(app: App) -> None:
        try:
            await use(app)
        except WechatError as error:
            raise ConfigError(f"{error}；{ADVICE.get(error.meaning, OTHERWISE).zh}") from error
        finally:
            await _official(app).api.close()

    return acting(arguments, run)


def _official(app: App) -> WechatOutlet:
    opened = app.channels.get(WECHAT.name)
    if opened is None or not isinstance(opened.outlet, WechatOutlet):
        raise ConfigError("channels.wechat.enabled: 没有接入公众号；在 config.yml 里设为 true")
    return opened.outlet
