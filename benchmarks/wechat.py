"""`python -m benchmarks.wechat`: what a message of WeChat's costs beyond the same turn in the web chat, and what refusing
costs, all in one run and counted as CPU time of the service's process."""

import asyncio
import itertools
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.turn import CONNECTIONS, QUESTIONS, beside_the_page, centre, cpu_seconds, refused, served
from benchmarks.wire import connected, post
from integrations.tencent.envelope import Keys
from integrations.wechat.gate import Gate
from integrations.wechat.messages import inbound
from players.wechat.platform import WechatPlatform
from players.wechat.residents import Posted
from tests.conftest import free_port
from tests.official import environment

REQUESTS, ROUNDS, FORGED = 6_000, 3, 60
_numbers = itertools.count(1)


def letters(platform: WechatPlatform, count: int) -> list[Posted]:
    """Messages of 64 residents at a time, each of whom says eight things."""
    found = []
    for number in range(count):
        who = platform.resident(f"o{number % CONNECTIONS + CONNECTIONS * (next(_numbers) // (CONNECTIONS * 8)):027d}")
        text = QUESTIONS[number * 7 % len(QUESTIONS)]
        found.append(
            platform.letter(
                who, f"<MsgType>text</MsgType><Content><![CDATA[{text}]]></Content><MsgId>{next(_numbers)}</MsgId>"
            )
        )
    return found


async def say(port: int, some: list[Posted]) -> None:
    wire = await connected(port)
    for letter in some:
        parts = urlsplit(letter.url)
        await post(wire, f"{parts.path}?{parts.query}", letter.body)
    wire[1].close()


async def accepted(port: int, pid: int, platform: WechatPlatform) -> float:
    """CPU µs a message."""
    waiting = letters(platform, REQUESTS)
    before = cpu_seconds(pid)
    await asyncio.gather(*(say(port, waiting[number::CONNECTIONS]) for number in range(CONNECTIONS)))
    return (cpu_seconds(pid) - before) / REQUESTS * 1e6


def forged() -> str:
    signed = f"signature={'0' * 40}&timestamp={int(time.time())}&nonce=1&encrypt_type=aes&msg_signature={'0' * 40}"
    return f"/channels/wechat?{signed}"


def at_the_gate(platform: WechatPlatform) -> tuple[float, float]:
    """µs to refuse a signature, and to check, decrypt and parse a good message, without HTTP."""
    gate = Gate("secure", platform.app_id, [Keys("WECHAT", platform.token, platform.aes_key)])
    waiting = letters(platform, 4_000)
    now = time.time()
    began = time.perf_counter()
    for letter in waiting:
        parameters = gate.parameters(urlsplit(letter.url).query.encode())
        inbound(gate.open(parameters, gate.check(parameters, now), letter.body), 0)
    opened = (time.perf_counter() - began) / len(waiting) * 1e6
    began = time.perf_counter()
    for _ in range(4_000):
        gate.parameters(f"signature={'0' * 40}&timestamp={int(now)}&nonce=1".encode())
    return (time.perf_counter() - began) / 4_000 * 1e6, opened


async def run(folder: Path) -> None:
    platform, port = WechatPlatform(), free_port()
    platform.webhook = f"http://127.0.0.1:{port}/channels/wechat"
    async with served(folder, port, **environment(platform), DAOXUE_CHANNELS__WECHAT__ENABLED="true") as service:
        await beside_the_page(port, service.pid, ROUNDS, lambda: accepted(port, service.pid, platform))
        check, opened = at_the_gate(platform)
        small = await refused(port, service.pid, forged(), 500, 2_000)
        large = await refused(port, service.pid, forged(), 5_000_000, FORGED)
        print(
            f"at the gate, without HTTP         {opened:8.1f} µs to check, decrypt, parse; {check:.1f} µs for the URL alone"
        )
        print(f"refusing 500 forged bytes         {small:8.0f} µs CPU with a connection of its own")
        print(f"refusing 5 MB of forged bytes     {large:8.0f} µs CPU (limit 5000)")


def main() -> None:
    with centre() as (folder, _):
        asyncio.run(run(folder))


if __name__ == "__main__":
    main()
