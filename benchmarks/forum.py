"""`python -m benchmarks.forum`: what a post in the forum costs beyond the same turn in the web chat, from its webhook to the answer
that is posted; and what refusing costs; counted as CPU time of the service's process. Both come one at a time, as a forum takes
posts: a turn that comes alone costs several times what one of sixty-four at once does."""

import asyncio
import hashlib
import hmac
import itertools
import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from benchmarks.turn import QUESTIONS, centre, cpu_seconds, message, served, tell_refusals
from benchmarks.wire import connected, post
from tests.conftest import free_port
from tests.official import behind

REQUESTS, ROUNDS = 40, 2
WARM = 16  # of each, before anything counts
SECRET = secrets.token_hex(16)
PATH = "/channels/forum"
ANSWERED = 0.7  # seconds in which a post is read and answered, or never is
_numbers = itertools.count(1)


class Sink:
    """A forum that shows what it was told of, and takes everything."""

    def __init__(self) -> None:
        self.posted = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        self.posted += scope["method"] == "POST"
        shown: object = topic(int(scope["path"].split("/")[2])) if scope["method"] == "GET" else {"id": 5}
        await JSONResponse(shown)(scope, receive, send)


def written(number: int) -> dict[str, object]:
    """The first of a topic: each of its own author."""
    return {
        "id": number, "topic_id": number, "post_number": 1, "user_id": 1_000 + number, "username": f"r{number}", "category_id": 5,
        "topic_archetype": "regular", "post_type": 1, "staff": False, "raw": QUESTIONS[number * 7 % len(QUESTIONS)],
        "cooked": "<p>" + "好" * 200 + "</p>", "avatar_template": "/letter_avatar/{size}.png", "created_at": "2026-11-27T08:00:00.000Z",
    }  # fmt: skip


def topic(number: int) -> dict[str, object]:
    stream = {"posts": [written(number)], "stream": [number]}
    question = QUESTIONS[number * 7 % len(QUESTIONS)]  # the words of the turn, with no title before them
    return {"id": number, "title": question, "post_stream": stream, "category_id": 5, "archetype": "regular"}


async def bring(port: int, body: bytes) -> None:
    wire, signed = await connected(port), hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    await post(wire, PATH, body, *headers(signed))
    wire[1].close()


def headers(signed: str) -> tuple[str, ...]:
    return (
        "X-Discourse-Event: post_created",
        f"X-Discourse-Event-Id: {next(_numbers)}",
        f"X-Discourse-Event-Signature: sha256={signed}",
    )


async def said(port: int) -> None:
    """A question in the web chat, on a connection of its own as the webhook."""
    wire = await connected(port)
    await post(wire, "/channels/webchat", message(new=False))
    wire[1].close()


async def alone(pid: int, once: Callable[[], Awaitable[None]], count: int) -> float:
    """CPU µs of each, one at a time, with all that follows from it. What the process does while nothing happens is none of
    it."""
    before = cpu_seconds(pid)
    await asyncio.sleep(count * ANSWERED / 4)
    idle = 4 * (cpu_seconds(pid) - before)
    before = cpu_seconds(pid)
    for _ in range(count):
        await once()
        await asyncio.sleep(ANSWERED)
    return (cpu_seconds(pid) - before - idle) / count * 1e6


async def run(folder: Path) -> None:
    sink, port, api_port = Sink(), free_port(), free_port()
    async with behind(sink, api_port):
        await measure(folder, port, api_port, sink)


async def measure(folder: Path, port: int, api_port: int, sink: Sink) -> None:
    prefix = "DAOXUE_CHANNELS__FORUM__"
    serving = served(
        folder, port, FORUM_API_KEY="0f" * 32, FORUM_WEBHOOK_SECRET=SECRET, DAOXUE_SERVER__PUBLIC_URL=f"http://127.0.0.1:{port}",
        **{f"{prefix}ENABLED": "true", f"{prefix}BASE": f"http://127.0.0.1:{api_port}", f"{prefix}USERNAME": "daoxue",
           f"{prefix}CATEGORIES": "[5]", f"{prefix}WAIT": "0"},
    )  # fmt: skip
    async with serving as service:
        by_post, by_page = (
            lambda: bring(port, json.dumps({"post": written(next(_numbers))}).encode()),
            lambda: said(port),
        )
        for once in (by_post, by_page):
            await alone(service.pid, once, WARM)
        for _ in range(ROUNDS):
            page, other = [await alone(service.pid, once, REQUESTS) for once in (by_page, by_post)]
            print(f"alone, web chat {page:6.0f} µs CPU, in the forum {other:6.0f}: {other - page:+.0f} (limit 500)")
        print(f"of {REQUESTS * ROUNDS + WARM} posts answered in public  {sink.posted:8}")
        await tell_refusals(port, service.pid, PATH, *headers("0" * 64))


def main() -> None:
    with centre() as (folder, _):
        asyncio.run(run(folder))


if __name__ == "__main__":
    main()
