"""`daoxue wechat play` and `daoxue chat --channel voice`: the service connected to platforms of our own, and a resident's
telephone in the terminal."""

import asyncio
import contextlib
import os
import shlex
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import uvicorn
from starlette.types import ASGIApp

from accounts.identity import Identity
from accounts.vault import load
from daoxue.config import read
from integrations.wechat.messages import MENU
from store.database import Database
from tools.twilio import Call, Carrier
from tools.wechat import Platform, Resident, Seen, Way

HELP = """直接打字就是居民在说话。也可以：
  /subscribe 关注   /unsubscribe 取关   /click 查学分|找课程|人工   点菜单   /scan 扫服务台出的二维码（坐席台“服务台”页）
  /voice 发语音   /picture 发图片   /location 31.83 117.23 发位置   /choose 文字 点消息里的选项
  /lose 文字  说一句，但第一次的回应丢在路上，微信会重发   /slow 秒 让接口挂起一次   /bind 绑定页的地址   /code 看短信验证码
  /help   /quit"""


def play(path: Path) -> int:
    """Until the resident hangs up."""
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_play(path))
    return 0


async def _play(path: Path) -> int:
    read(path)
    port, api_port = _free(), _free()
    platform = Platform(webhook=f"http://127.0.0.1:{port}/channels/wechat")

    async def use(url: str, folder: str) -> None:
        print(HELP)
        vault = load(Path(f"{folder}/data.key"))
        identity = Identity(Database(f"sqlite:///{folder}/play.db", vault), vault)
        await Telephone(platform, identity, url).talk()

    return await _beside(
        path, platform.app(), api_port, port, lambda folder: _settings(platform, port, api_port, folder), use
    )


async def _beside(
    path: Path, api: ASGIApp, api_port: int, port: int, settings: Callable[[str], dict[str, str]],
    use: Callable[[str, str], Awaitable[None]],
) -> int:  # fmt: skip
    """Runs a service of its own, connected to a platform that is played, while it is used."""
    platform = uvicorn.Server(uvicorn.Config(api, port=api_port, log_config=None, access_log=False, lifespan="off"))
    serving = asyncio.create_task(platform.serve())
    with tempfile.TemporaryDirectory() as folder:
        service = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "daoxue", "serve", "--config", str(path), env={**os.environ, **settings(folder)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            if not await _answers(f"http://127.0.0.1:{port}/readyz", service):
                print("服务没有起来；请先运行 daoxue check", file=sys.stderr)
                return 1
            seats = await service.stdout.read(2000) if service.stdout else b""
            print(f"{seats.decode()}坐席台：http://127.0.0.1:{port}/desk/")
            await use(f"http://127.0.0.1:{port}", folder)
        finally:
            if service.returncode is None:
                service.terminate()
            await service.wait()
            platform.should_exit = platform.force_exit = True
            await serving
    return 0


CALL_HELP = """直接打字就是对着电话说话；只打数字、*、# 就是按键；空行是不出声；/hangup 挂机；Ctrl-D 结束。"""


def call(path: Path, aloud: bool) -> int:
    """A call in the terminal, by the rules of a real one; spoken aloud where espeak-ng is installed."""
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_call(path, aloud))
    return 0


async def _call(path: Path, aloud: bool) -> int:
    read(path)
    port, api_port = _free(), _free()
    carrier = Carrier(f"http://127.0.0.1:{port}")
    carrier.api = f"http://127.0.0.1:{api_port}"
    voice = shutil.which("espeak-ng") if aloud else None
    if aloud and voice is None:
        print("没有安装 espeak-ng，只显示文字。espeak-ng is not installed: text only.", file=sys.stderr)

    async def use(url: str, folder: str) -> None:
        print(CALL_HELP)
        await _talk(carrier.call("+8613800001370"), voice)

    def settings(folder: str) -> dict[str, str]:
        return {
            **_common(port, folder), "TWILIO_ACCOUNT_SID": carrier.account, "TWILIO_AUTH_TOKEN": carrier.token,
            "DAOXUE_CHANNELS__TWILIO__ENABLED": "true", "DAOXUE_CHANNELS__TWILIO__API_BASE": carrier.api,
            "DAOXUE_CHANNELS__TWILIO__SMS_FROM": carrier.number, "DAOXUE_CHANNELS__TWILIO__VOICE_FROM": carrier.number,
        }  # fmt: skip

    return await _beside(path, carrier.app(), api_port, port, settings, use)


async def _talk(caller: Call, voice: str | None) -> None:
    heard, told = await caller.answer(), 0
    while True:
        for line in heard:
            print(f"\033[32m☎\033[0m {line}", flush=True)
            if voice is not None:
                speed = "110" if caller.slow else "150"
                spoken = await asyncio.create_subprocess_exec(
                    voice, "-v", "cmn-latn-pinyin", "-s", speed, line, stderr=asyncio.subprocess.DEVNULL
                )
                await spoken.wait()
        for text in caller.carrier.texts[told:]:
            print(f"  短信（{text.to}）：{text.body}")
        told = len(caller.carrier.texts)
        if caller.state == "ended":
            print("（已挂机）")
            return
        try:
            said = (await asyncio.to_thread(input, "> ")).strip()
        except EOFError:
            await caller.hang_up()
            return
        heard = await _said(caller, said)


async def _said(caller: Call, said: str) -> list[str]:
    if said == "/hangup":
        await caller.hang_up()
        return []
    if caller.state == "recording":
        return await caller.leave_message(words=said)
    if caller.state == "bridged" or caller.gather is None:
        return [] if caller.state == "bridged" else await caller.silence()
    if not said:
        return await caller.silence()
    if set(said) <= set("0123456789*#"):
        return await caller.press(said)
    return await caller.speak(said) if "speech" in caller.gather.get("input", "") else []


def _settings(platform: Platform, port: int, api_port: int, folder: str) -> dict[str, str]:
    """A service of its own, with a database that goes with it."""
    base = f"http://127.0.0.1:{api_port}"
    return {
        **_common(port, folder), "WECHAT_APP_ID": platform.app_id, "WECHAT_APP_SECRET": platform.secret,
        "WECHAT_TOKEN": platform.token, "WECHAT_AES_KEY": platform.aes_key, "DAOXUE_CHANNELS__WECHAT__ENABLED": "true",
        "DAOXUE_CHANNELS__WECHAT__MODE": "secure", "DAOXUE_CHANNELS__WECHAT__ACCOUNT": "",
        "DAOXUE_CHANNELS__WECHAT__API_BASE": base, "DAOXUE_CHANNELS__WECHAT__OPEN_BASE": base,
    }  # fmt: skip


def _common(port: int, folder: str) -> dict[str, str]:
    return {
        "DAOXUE_SERVER__HOST": "127.0.0.1", "DAOXUE_SERVER__PORT": str(port), "DAOXUE_SERVER__PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DAOXUE_DATABASE__URL": f"sqlite:///{folder}/play.db", "DAOXUE_ACCOUNTS__KEY_FILE": f"{folder}/data.key",
        "DAOXUE_DESK__ALWAYS_OPEN": "true",
    }  # fmt: skip


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _answers(url: str, service: asyncio.subprocess.Process) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(600):
            if service.returncode is not None:
                return False
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(url)).status_code == 200:
                    return True
            await asyncio.sleep(0.05)
    return False


class Telephone:
    """One resident's screen and keyboard."""

    def __init__(self, platform: Platform, identity: Identity, url: str) -> None:
        self._platform = platform
        self._identity = identity
        self._url = url
        self._me = platform.resident()
        platform.visitor = self._me.openid
        platform.listeners.append(self._show)

    async def talk(self) -> None:
        await self._platform.subscribe(self._me)
        while True:
            try:
                line = (await asyncio.to_thread(input, "")).strip()
            except EOFError:
                return
            if line == "/quit":
                return
            if line:
                try:
                    await self._do(line)
                except (ValueError, KeyError, IndexError):
                    print(HELP)

    async def _do(self, line: str) -> None:
        """Raises `ValueError`, `KeyError`, `IndexError` for what is not understood."""
        if not line.startswith("/"):
            await self._platform.say(self._me, line)
            return
        name, *rest = shlex.split(line[1:])
        await self._commands()[name](rest)

    def _commands(self) -> dict[str, Callable[[list[str]], Awaitable[object]]]:
        platform, me = self._platform, self._me
        keys = {words: key for key, (_, words) in MENU.items()}

        async def scan(_: list[str]) -> None:
            await platform.scan(me, list(platform._scenes)[-1])

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
            "lose": lambda rest: platform.say(me, rest[0], way=Way(lose=1)),
        }  # fmt: skip

    def _show(self, who: Resident, seen: Seen) -> None:
        """What appears on the screen."""
        if who is not self._me:
            return
        mark = {"passive": "", "custom": "（客服消息）", "notice": "（订阅通知）", "broken": "（微信系统）"}[seen.way]
        print(f"\n\033[32m公众号{mark}\033[0m " + seen.text.replace("\n", "\n  "))
        for number, option in enumerate(seen.options, 1):
            print(f"    {number}. {option}")
        if seen.url:
            print(f"  ➜ {seen.url}")
