"""`daoxue wecom play`: a WeCom of our own, with a resident's WeChat in the terminal, and a colleague in WeCom."""

import argparse
from pathlib import Path
from typing import Any

from daoxue.config import read
from daoxue.play import Command, beside, common, done, free, typed, until_left
from integrations.wecom.messages import REFUSED
from integrations.wecom.settings import PATH
from players.wecom import Corporation, Customer

HELP = """直接打字就是居民在微信里说话。也可以：
  /enter 点开客服（收欢迎语）   /press 2 点最后一个菜单的第二项   /picture 发图片   /voice 发语音   /location 北纬 东经
  /answer 文字 企业微信里的同事说一句   /end 同事结束会话   /refuse 居民拒收
  /mute 通知都丢在路上（再来一次就好了）   /lose 下一条的回执丢在路上   /html 接口回一次网页   /help   /quit"""
PICTURE = b"\x89PNG\r\n\x1a\n"


def play(arguments: argparse.Namespace) -> int:
    """Until the resident hangs up."""
    return until_left(_play(arguments.config, arguments.seat))


async def _play(path: Path, seat: str) -> int:
    read(path)
    port, platform = free(), Corporation()
    platform.hook = f"http://127.0.0.1:{port}{PATH}"

    async def use(url: str, folder: str) -> None:
        print(HELP)
        await WeChatApp(platform).talk()

    return await beside(
        path, platform.app(), port, lambda folder, api_port: _settings(platform, port, api_port, folder, seat), use
    )


def _settings(platform: Corporation, port: int, api_port: int, folder: str, seat: str) -> dict[str, str]:
    """A service of its own, with a database that goes with it."""
    wecom = "DAOXUE_CHANNELS__WECOM__"
    return {
        **common(port, folder), "WECOM_CORP_ID": platform.corp, "WECOM_SECRET": platform.secret, "WECOM_TOKEN": platform.token,
        "WECOM_AES_KEY": platform.aes_key, f"{wecom}ENABLED": "true", f"{wecom}ACCOUNT": platform.account, f"{wecom}SEAT": seat,
        f"{wecom}API_BASE": f"http://127.0.0.1:{api_port}",
    }  # fmt: skip


class WeChatApp:
    """One resident's screen and keyboard."""

    def __init__(self, platform: Corporation) -> None:
        self._platform = platform
        self._me = platform.customer()
        platform.listeners.append(self._show)

    async def talk(self) -> None:
        await typed(self._do, HELP)

    async def _do(self, line: str) -> None:
        await done(line, lambda text: self._platform.say(self._me, text), self._commands())

    def _commands(self) -> dict[str, Command]:
        platform, me = self._platform, self._me

        async def fails(fault: object) -> None:
            platform.faults["kf/send_msg"].append(fault)

        async def mute(_: list[str]) -> None:
            platform.mute = not platform.mute

        async def help(_: list[str]) -> None:
            print(HELP)

        return {
            "enter": lambda _: platform.enter(me), "press": lambda rest: self._press(int(rest[0])),
            "picture": lambda _: platform.show(me, "image", PICTURE), "voice": lambda _: platform.show(me, "voice", b"#!AMR\n"),
            "location": lambda rest: platform.send(me, "location", location={"latitude": float(rest[0]), "longitude": float(rest[1])}),
            "answer": lambda rest: platform.answer(me, " ".join(rest)), "end": lambda _: platform.end(me),
            "refuse": lambda _: platform.fail(me, REFUSED), "mute": mute,
            "lose": lambda _: fails("lost"), "html": lambda _: fails("html"), "help": help,
        }  # fmt: skip

    async def _press(self, number: int) -> None:
        menu = next(each["msgmenu"] for each in reversed(self._me.seen) if each["msgtype"] == "msgmenu")
        item = menu["list"][number - 1]["click"]
        await self._platform.say(self._me, item["content"], menu_id=item["id"])

    def _show(self, who: Customer, seen: dict[str, Any]) -> None:
        """What appears on the screen."""
        if who is not self._me:
            return
        menu, by = seen.get("msgmenu", {}), seen.get("by", "客服")
        words = seen.get("text", {}).get("content") or menu.get("head_content") or f"〔{seen['msgtype']}〕"
        print(f"\n\033[32m{by}\033[0m " + words.replace("\n", "\n  "))
        for number, each in enumerate(menu.get("list", []), 1):
            print(f"    [{number}] {each['click']['content']}")
        if menu.get("tail_content"):
            print(f"  {menu['tail_content']}")
