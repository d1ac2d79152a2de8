"""`daoxue chat --channel voice`: a call in the terminal, by the rules of a real one."""

import asyncio
import shutil
import sys
from pathlib import Path

from daoxue.config import read
from daoxue.play import beside, common, free, until_left
from players.twilio import api as twilio_api
from players.twilio.call import Call
from players.twilio.carrier import Carrier

HELP = """直接打字就是对着电话说话；只打数字、*、# 就是按键；空行是不出声；/hangup 挂机；Ctrl-D 结束。"""


def call(path: Path, aloud: bool) -> int:
    """A call in the terminal, by the rules of a real one; spoken aloud where espeak-ng is installed."""
    return until_left(_call(path, aloud))


async def _call(path: Path, aloud: bool) -> int:
    read(path)
    port = free()
    carrier = Carrier(f"http://127.0.0.1:{port}")
    voice = shutil.which("espeak-ng") if aloud else None
    if aloud and voice is None:
        print("没有安装 espeak-ng，只显示文字。espeak-ng is not installed: text only.", file=sys.stderr)

    async def use(url: str, folder: str) -> None:
        print(HELP)
        await _talk(carrier.call("+8613800001370"), voice)

    def settings(folder: str, api_port: int) -> dict[str, str]:
        carrier.api = f"http://127.0.0.1:{api_port}"
        return {
            **common(port, folder), "TWILIO_ACCOUNT_SID": carrier.account, "TWILIO_AUTH_TOKEN": carrier.token,
            "DAOXUE_CHANNELS__TWILIO__ENABLED": "true", "DAOXUE_CHANNELS__TWILIO__API_BASE": carrier.api,
            "DAOXUE_CHANNELS__TWILIO__SMS_FROM": carrier.number, "DAOXUE_CHANNELS__TWILIO__VOICE_FROM": carrier.number,
        }  # fmt: skip

    return await beside(path, twilio_api.server(carrier), port, settings, use)


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
