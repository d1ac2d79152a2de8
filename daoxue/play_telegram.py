"""`daoxue telegram play`: a Telegram of our own, with a resident's app in the terminal."""

import argparse
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path

from daoxue.config import read
from daoxue.play import beside, common, free, typed, until_left
from integrations.telegram.settings import Mode
from players import telegram_api
from players.telegram import Chat, RefusalError, Shown, TelegramPlatform

HELP = """直接打字就是居民在说话。也可以：
  /start /help /human /balance /course 机器人的命令   /press 2 点最后一条消息的第二个按钮
  /voice 发语音   /picture [说明] 发图片   /sticker 👍   /location 北纬 东经   /contact 发送自己的手机号
  /group 文字 在群里说（写上 @daoxue_bot 才会答）   /block 屏蔽机器人   /unblock 再打开
  /flood 下一条被限流 5 秒   /lose 下一条的回执丢在路上   /html 接口回一次网页
  /help-me   /quit"""


def play(arguments: argparse.Namespace) -> int:
    """Until the resident hangs up."""
    return until_left(_play(arguments.config, "polling" if arguments.polling else "webhook"))


async def _play(path: Path, mode: Mode) -> int:
    read(path)
    port, platform = free(), TelegramPlatform()

    async def use(url: str, folder: str) -> None:
        print(HELP)
        await Handset(platform).talk()

    return await beside(
        path, telegram_api.server(platform), port, lambda folder, api_port: _settings(platform, port, api_port, folder, mode), use
    )  # fmt: skip


def _settings(platform: TelegramPlatform, port: int, api_port: int, folder: str, mode: Mode) -> dict[str, str]:
    """A service of its own, with a database that goes with it."""
    telegram = "DAOXUE_CHANNELS__TELEGRAM__"
    return {
        **common(port, folder), "TELEGRAM_BOT_TOKEN": platform.token, "TELEGRAM_WEBHOOK_SECRET": "played-secret",
        f"{telegram}ENABLED": "true", f"{telegram}MODE": mode, f"{telegram}API_BASE": f"http://127.0.0.1:{api_port}",
    }  # fmt: skip


class Handset:
    """One resident's screen and keyboard."""

    def __init__(self, platform: TelegramPlatform) -> None:
        self._platform = platform
        self._me = platform.person()
        self._group = platform.group()
        platform.listeners.append(self._show)

    async def talk(self) -> None:
        await typed(self._do, HELP)

    async def _do(self, line: str) -> None:
        """Raises `ValueError`, `KeyError`, `IndexError` for what is not understood."""
        name, *rest = shlex.split(line[1:]) if line.startswith("/") else ("", line)
        command = self._commands().get(name)
        await (command(rest) if command else self._platform.say(self._me, line))

    def _commands(self) -> dict[str, Callable[[list[str]], Awaitable[object]]]:
        platform, me = self._platform, self._me
        file = {"file_id": "a", "file_unique_id": "a"}

        async def fails(fault: object) -> None:
            platform.faults["sendMessage"].append(fault)

        async def help_me() -> None:
            print(HELP)

        return {
            "press": lambda rest: self._press(int(rest[0])), "voice": lambda _: platform.send(me, voice={**file, "duration": 3}),
            "picture": lambda rest: platform.send(me, photo=[{**file, "width": 1, "height": 1}], caption=" ".join(rest) or None),
            "sticker": lambda rest: platform.send(
                me, sticker={**file, "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False,
                             "emoji": rest[0] if rest else "👍"}
            ),
            "location": lambda rest: platform.send(me, location={"latitude": float(rest[0]), "longitude": float(rest[1])}),
            "contact": lambda _: platform.send(
                me, contact={"phone_number": "+8613912345678", "first_name": "我", "user_id": me.id}
            ),
            "group": lambda rest: platform.say(me, " ".join(rest), self._group), "block": lambda _: platform.block(me),
            "unblock": lambda _: platform.block(me, blocked=False),
            "flood": lambda _: fails(RefusalError(429, "Too Many Requests: retry after 5", retry_after=5)),
            "lose": lambda _: fails("lost"), "html": lambda _: fails("html"), "help-me": lambda _: help_me(),
        }  # fmt: skip

    async def _press(self, number: int) -> None:
        last = next(each for each in reversed(self._platform.chat(self._me).seen) if each.labels)
        before = len(self._me.notices)
        await self._platform.press(self._me, last, last.labels[number - 1])
        for notice in self._me.notices[before:]:
            if notice:
                print(f"  （{notice}）")

    def _show(self, chat: Chat, shown: Shown) -> None:
        """What appears on the screen."""
        mark = "" if chat.id == self._me.id else "（群里）"
        print(f"\n\033[34m机器人{mark}\033[0m " + shown.text.replace("\n", "\n  "))
        for number, label in enumerate(shown.labels, 1):
            print(f"    [{number}] {label}")
        for row in shown.keyboard:
            print("    " + "  ".join(f"⌨ {each['text']}" for each in row))
