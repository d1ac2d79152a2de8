"""`daoxue wechat play`: a WeChat of our own, with a resident's telephone in the terminal."""

import argparse
import time
from pathlib import Path

from accounts.identity import Identity
from accounts.limits import Limits
from accounts.vault import load
from daoxue.config import read
from daoxue.play import Command, beside, common, done, free, typed, until_left
from integrations.wechat.messages import MENU
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from players.wechat.residents import OnScreen, Passage, Resident
from store.database import Database

HELP = """直接打字就是居民在说话。也可以：
  /subscribe 关注   /unsubscribe 取关   /click 查学分|找课程|人工   点菜单   /scan 扫服务台出的二维码（坐席台“服务台”页）
  /voice 发语音   /picture 发图片   /location 北纬 东经 发位置   /choose 文字 点消息里的选项
  /lose 文字  说一句，但第一次的回应丢在路上，微信会重发   /slow 秒 让接口挂起一次   /bind 绑定页的地址   /code 看短信验证码
  /help   /quit"""


def play(arguments: argparse.Namespace) -> int:
    """Until the resident hangs up."""
    return until_left(_play(arguments.config))


async def _play(path: Path) -> int:
    read(path)
    port = free()
    platform = WechatPlatform(webhook=f"http://127.0.0.1:{port}/channels/wechat")

    async def use(url: str, folder: str) -> None:
        print(HELP)
        vault = load(Path(f"{folder}/data.key"))
        identity = Identity(Database(f"sqlite:///{folder}/play.db", vault), vault, (), Limits())
        await Telephone(platform, identity, url).talk()

    return await beside(
        path,
        wechat_api.server(platform),
        port,
        lambda folder, api_port: _settings(platform, port, api_port, folder),
        use,
    )


def _settings(platform: WechatPlatform, port: int, api_port: int, folder: str) -> dict[str, str]:
    """A service of its own, with a database that goes with it."""
    base = f"http://127.0.0.1:{api_port}"
    return {
        **common(port, folder), "WECHAT_APP_ID": platform.app_id, "WECHAT_APP_SECRET": platform.secret,
        "WECHAT_TOKEN": platform.token, "WECHAT_AES_KEY": platform.aes_key, "DAOXUE_CHANNELS__WECHAT__ENABLED": "true",
        "DAOXUE_CHANNELS__WECHAT__MODE": "secure", "DAOXUE_CHANNELS__WECHAT__ACCOUNT": "",
        "DAOXUE_CHANNELS__WECHAT__API_BASE": base, "DAOXUE_CHANNELS__WECHAT__OPEN_BASE": base,
    }  # fmt: skip


class Telephone:
    """One resident's screen and keyboard."""

    def __init__(self, platform: WechatPlatform, identity: Identity, url: str) -> None:
        self._platform = platform
        self._identity = identity
        self._url = url
        self._me = platform.resident()
        platform.visitor = self._me.openid
        platform.listeners.append(self._show)

    async def talk(self) -> None:
        await self._platform.subscribe(self._me)
        await typed(self._do, HELP)

    async def _do(self, line: str) -> None:
        await done(line, lambda text: self._platform.say(self._me, text), self._commands())

    def _commands(self) -> dict[str, Command]:
        platform, me = self._platform, self._me
        keys = {words: key for key, (_, words) in MENU.items()}

        async def scan(_: list[str]) -> None:
            await platform.scan(me, list(platform.scenes)[-1])

        async def slow(rest: list[str]) -> None:
            platform.faults["message/custom/send"].append("hang")

        async def bind(_: list[str]) -> None:
            print(
                f"  在浏览器里打开：{self._url}/channels/wechat/bind   测试卡号：daoxue accounts sample   收到的验证码：/code"
            )

        async def code(_: list[str]) -> None:
            for each in await self._identity.codes(int(time.time() * 1000)):
                print(f"  短信（{each.phone}）：您的验证码是 {each.code}，5分钟内有效，不要告诉任何人。")

        async def help(_: list[str]) -> None:
            print(HELP)

        return {
            "subscribe": lambda _: platform.subscribe(me), "unsubscribe": lambda _: platform.unsubscribe(me),
            "click": lambda rest: platform.click(me, keys[rest[0]]), "scan": scan, "voice": lambda _: platform.speak(me),
            "picture": lambda _: platform.show_picture(me), "slow": slow, "bind": bind, "code": code, "help": help,
            "location": lambda rest: platform.send_location(me, float(rest[0]), float(rest[1])),
            "choose": lambda rest: platform.choose(me, rest[0], "0"),
            "lose": lambda rest: platform.say(me, rest[0], way=Passage(lose=1)),
        }  # fmt: skip

    def _show(self, who: Resident, seen: OnScreen) -> None:
        """What appears on the screen."""
        if who is not self._me:
            return
        mark = {"passive": "", "custom": "（客服消息）", "notice": "（订阅通知）", "broken": "（微信系统）"}[seen.way]
        print(f"\n\033[32m公众号{mark}\033[0m " + seen.text.replace("\n", "\n  "))
        for number, option in enumerate(seen.options, 1):
            print(f"    {number}. {option}")
        if seen.url:
            print(f"  ➜ {seen.url}")
