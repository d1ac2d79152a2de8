"""`python -m benchmarks.telegram`: what a message on Telegram costs beyond the same turn in the web chat, from the update that
comes in to the answer that has left, and what refusing costs; counted as CPU time of the service's process."""

import asyncio
import contextlib
import itertools
import json
import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from benchmarks.turn import CONNECTIONS, QUESTIONS, beside_the_page, centre, cpu_seconds, served, tell_refusals
from benchmarks.wire import connected, post
from players.telegram import TOKEN
from tests.conftest import free_port
from tests.official import behind

REQUESTS, ROUNDS, RESIDENTS = 6_144, 5, 512
SECRET = secrets.token_hex(16)
PATH = "/channels/telegram"
_numbers = itertools.count(1)


class Sink:
    """A Bot API that takes everything, at no cost to anybody's patience."""

    def __init__(self) -> None:
        self.sent = 0
        self._news = asyncio.Event()

    async def quiet(self) -> None:
        """Nothing has come for a second."""
        with contextlib.suppress(TimeoutError):
            while True:
                self._news.clear()
                await asyncio.wait_for(self._news.wait(), 1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        self.sent += scope["path"].endswith("/sendMessage")
        self._news.set()
        message = {"message_id": 5, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "好" * 200}
        result: object = {"url": "", "has_custom_certificate": False, "pending_update_count": 0, **message}
        said = JSONResponse({"ok": True, "result": result if "set" not in scope["path"] else True})
        await said(scope, receive, send)


def update() -> bytes:
    """One of five hundred residents at a time, each of whom says eight things, says the next: after the answer before."""
    number = next(_numbers)
    who = 5_000_000_000 + number % RESIDENTS + RESIDENTS * (number // (RESIDENTS * 8))
    user = {"id": who, "is_bot": False, "first_name": "王", "language_code": "zh-hans"}
    message = {
        "message_id": number, "from": user, "chat": {"id": who, "type": "private", "first_name": "王"}, "date": 1_790_000_000,
        "text": QUESTIONS[number * 7 % len(QUESTIONS)],
    }  # fmt: skip
    return json.dumps({"update_id": number, "message": message}, ensure_ascii=False).encode()


async def bring(port: int, updates: list[bytes]) -> None:
    wire = await connected(port)
    for each in updates:
        await post(wire, PATH, each, f"X-Telegram-Bot-Api-Secret-Token: {SECRET}")
    wire[1].close()


async def accepted(port: int, pid: int, sink: Sink) -> float:
    """CPU µs a message, with its answer sent."""
    waiting = [update() for _ in range(REQUESTS)]
    before, sent = cpu_seconds(pid), sink.sent
    await asyncio.gather(*(bring(port, waiting[n::CONNECTIONS]) for n in range(CONNECTIONS)))
    await sink.quiet()
    assert sink.sent - sent > 0.9 * REQUESTS, f"{sink.sent - sent} answers"
    return (cpu_seconds(pid) - before) / REQUESTS * 1e6


async def run(folder: Path) -> None:
    sink, port, api_port = Sink(), free_port(), free_port()
    async with behind(sink, api_port):
        await measure(folder, port, api_port, sink)


async def measure(folder: Path, port: int, api_port: int, sink: Sink) -> None:
    serving = served(
        folder, port, DAOXUE_CHANNELS__TELEGRAM__ENABLED="true", TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_WEBHOOK_SECRET=SECRET,
        DAOXUE_CHANNELS__TELEGRAM__API_BASE=f"http://127.0.0.1:{api_port}", DAOXUE_SERVER__PUBLIC_URL=f"http://127.0.0.1:{port}",
    )  # fmt: skip
    forged = f"X-Telegram-Bot-Api-Secret-Token: {'0' * 32}"
    async with serving as service:
        await beside_the_page(port, service.pid, ROUNDS, lambda: accepted(port, service.pid, sink))
        await tell_refusals(port, service.pid, PATH, forged)


def main() -> None:
    with centre() as (folder, _):
        asyncio.run(run(folder))


if __name__ == "__main__":
    main()
