"""`python -m benchmarks.telegram`: what a message on Telegram costs beyond the same turn in the web chat, from the update that
comes in to the answer that has left, and what refusing costs; counted as CPU time of the service's process."""

import asyncio
import contextlib
import itertools
import json
import secrets
from pathlib import Path

from starlette.types import Receive, Scope, Send

from benchmarks.turn import CONNECTIONS, QUESTIONS, beside_the_page, centre, cpu_seconds, serve, wait_for
from players.telegram import TOKEN
from tests.conftest import free_port
from tests.official import behind

REQUESTS, ROUNDS, FORGED, RESIDENTS = 6_144, 5, 60, 512
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
        more = True
        while more:
            more = (await receive()).get("more_body", False)
        self.sent += scope["path"].endswith("/sendMessage")
        self._news.set()
        message = {"message_id": 5, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "好" * 200}
        result: object = {"url": "", "has_custom_certificate": False, "pending_update_count": 0, **message}
        body = json.dumps({"ok": True, "result": result if "set" not in scope["path"] else True}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


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


async def post(port: int, bodies: list[bytes], secret: str, expect: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for body in bodies:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Telegram-Bot-Api-Secret-Token: {secret}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 " + expect), answer
    writer.close()


async def accepted(port: int, pid: int, sink: Sink) -> float:
    """CPU µs a message, with its answer sent."""
    waiting = [update() for _ in range(REQUESTS)]
    before, sent = cpu_seconds(pid), sink.sent
    await asyncio.gather(*(post(port, waiting[n::CONNECTIONS], SECRET, b"200") for n in range(CONNECTIONS)))
    await sink.quiet()
    assert sink.sent - sent > 0.9 * REQUESTS, f"{sink.sent - sent} answers"
    return (cpu_seconds(pid) - before) / REQUESTS * 1e6


async def refused(port: int, pid: int, size: int, count: int) -> float:
    """CPU µs a forged request, each with a connection of its own."""
    body = secrets.token_bytes(size)
    before = cpu_seconds(pid)
    for _ in range(count):
        await post(port, [body], "0" * 32, b"403")
    return (cpu_seconds(pid) - before) / count * 1e6


async def run(folder: Path) -> None:
    sink, port, api_port = Sink(), free_port(), free_port()
    async with behind(sink, api_port):
        await measure(folder, port, api_port, sink)


async def measure(folder: Path, port: int, api_port: int, sink: Sink) -> None:
    service = serve(
        folder, port, DAOXUE_CHANNELS__TELEGRAM__ENABLED="true", TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_WEBHOOK_SECRET=SECRET,
        DAOXUE_CHANNELS__TELEGRAM__API_BASE=f"http://127.0.0.1:{api_port}", DAOXUE_SERVER__PUBLIC_URL=f"http://127.0.0.1:{port}",
    )  # fmt: skip
    try:
        await wait_for(port)
        await beside_the_page(port, service.pid, ROUNDS, lambda: accepted(port, service.pid, sink))
        print(f"refusing 500 forged bytes         {await refused(port, service.pid, 500, 2_000):8.0f} µs CPU")
        print(f"refusing 200 kB of forged bytes   {await refused(port, service.pid, 200_000, FORGED):8.0f} µs CPU")
    finally:
        service.terminate()
        service.wait()


def main() -> None:
    with centre() as (folder, _):
        asyncio.run(run(folder))


if __name__ == "__main__":
    main()
