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

from benchmarks.turn import QUESTIONS, beside_the_page, centre, cpu_seconds, serve, wait_for
from tests.conftest import free_port
from tests.official import behind

REQUESTS, ROUNDS, FORGED = 48, 3, 60
SECRET = secrets.token_hex(16)
PATH = "/channels/forum"
ANSWERED = 0.7  # seconds in which a post is read and answered, or never is
_numbers = itertools.count(1)


class Sink:
    """A forum that shows what it was told of, and takes everything."""

    def __init__(self) -> None:
        self.posted = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            more = (await receive()).get("more_body", False)
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
    question = QUESTIONS[number * 7 % len(QUESTIONS)]  # the words of the turn, with no title before them
    return {"id": number, "title": question, "post_stream": stream, "category_id": 5, "archetype": "regular"}


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


async def accepted(port: int, pid: int) -> float:
    """CPU µs a post, until whatever is posted to it is: one at a time, as a forum takes them. What the process does while
    nothing happens is none of it."""
    before = cpu_seconds(pid)
    await asyncio.sleep(REQUESTS * ANSWERED / 4)
    idle = 4 * (cpu_seconds(pid) - before)
    before = cpu_seconds(pid)
    for _ in range(REQUESTS):
        await bring(port, [json.dumps({"post": post(next(_numbers))}).encode()], SECRET, b"200")
        await asyncio.sleep(ANSWERED)
    return (cpu_seconds(pid) - before - idle) / REQUESTS * 1e6


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
        await beside_the_page(port, service.pid, ROUNDS, lambda: accepted(port, service.pid))
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
