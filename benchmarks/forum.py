"""`python -m benchmarks.forum`: what a post in the forum costs beyond the same turn in the web chat, from its webhook to the answer
that is posted; and what refusing costs; counted as CPU time of the service's process."""

import asyncio
import hashlib
import hmac
import itertools
import json
import secrets
from pathlib import Path

from starlette.types import Receive, Scope, Send

from benchmarks.turn import CONNECTIONS, QUESTIONS, beside_the_page, centre, cpu_seconds, serve, wait_for
from tests.conftest import free_port
from tests.official import behind

REQUESTS, ROUNDS, FORGED = 768, 5, 60
SECRET = secrets.token_hex(16)
PATH = "/channels/forum"
QUIET = 3.0  # seconds in which nothing comes: all is done
_numbers = itertools.count(1)


class Sink:
    """A forum that shows what it was told of, and takes everything."""

    def __init__(self) -> None:
        self.posted = 0
        self._news = asyncio.Event()

    async def quiet(self) -> None:
        while True:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), QUIET)
            except TimeoutError:
                return

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            more = (await receive()).get("more_body", False)
        self._news.set()
        self.posted += scope["method"] == "POST"
        shown: object = topic(int(scope["path"].split("/")[2])) if scope["method"] == "GET" else {"id": 5}
        body = json.dumps(shown).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def post(number: int) -> dict[str, object]:
    """The first of a topic: each of its own author."""
    return {
        "id": number, "topic_id": number, "post_number": 1, "user_id": 1_000 + number, "username": f"r{number}", "category_id": 5,
        "topic_archetype": "regular", "post_type": 1, "staff": False, "raw": QUESTIONS[number * 7 % len(QUESTIONS)],
        "cooked": "<p>" + "好" * 200 + "</p>", "avatar_template": "/letter_avatar/{size}.png", "created_at": "2026-11-27T08:00:00.000Z",
    }  # fmt: skip


def topic(number: int) -> dict[str, object]:
    stream = {"posts": [post(number)], "stream": [number]}
    return {"id": number, "title": "请教", "post_stream": stream, "category_id": 5, "archetype": "regular"}


async def bring(port: int, bodies: list[bytes], secret: str, expect: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for body in bodies:
        signed = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Discourse-Event: post_created\r\nX-Discourse-Event-Id: {next(_numbers)}\r\n"
            f"X-Discourse-Event-Signature: {signed}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 " + expect), answer
    writer.close()


async def accepted(port: int, pid: int, sink: Sink) -> float:
    """CPU µs a post, until whatever is posted to it is."""
    bodies = [json.dumps({"post": post(next(_numbers))}).encode() for _ in range(REQUESTS)]
    before = cpu_seconds(pid)
    await asyncio.gather(*(bring(port, bodies[n::CONNECTIONS], SECRET, b"200") for n in range(CONNECTIONS)))
    await sink.quiet()
    return (cpu_seconds(pid) - before) / REQUESTS * 1e6


async def refused(port: int, pid: int, size: int, count: int) -> float:
    """CPU µs a forged request, each with a connection of its own."""
    before = cpu_seconds(pid)
    for _ in range(count):
        await bring(port, [secrets.token_bytes(size)], "0" * 32, b"403")
    return (cpu_seconds(pid) - before) / count * 1e6


async def run(folder: Path) -> None:
    sink, port, api_port = Sink(), free_port(), free_port()
    async with behind(sink, api_port):
        await measure(folder, port, api_port, sink)


async def measure(folder: Path, port: int, api_port: int, sink: Sink) -> None:
    prefix = "DAOXUE_CHANNELS__FORUM__"
    service = serve(
        folder, port, FORUM_API_KEY="0f" * 32, FORUM_WEBHOOK_SECRET=SECRET, DAOXUE_SERVER__PUBLIC_URL=f"http://127.0.0.1:{port}",
        **{f"{prefix}ENABLED": "true", f"{prefix}BASE": f"http://127.0.0.1:{api_port}", f"{prefix}USERNAME": "daoxue",
           f"{prefix}CATEGORIES": "[5]", f"{prefix}WAIT": "0"},
    )  # fmt: skip
    try:
        await wait_for(port)
        await beside_the_page(port, service.pid, ROUNDS, lambda: accepted(port, service.pid, sink))
        print(f"of {REQUESTS * (ROUNDS + 1)} posts answered in public  {sink.posted:8}")
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
