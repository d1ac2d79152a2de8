"""`python -m benchmarks.forum`: what a post in the forum costs beyond the same turn in the web chat, from its webhook to the answer
that is posted; and what refusing costs; counted as CPU time of the service's process. Both come sixty-four at a time, as in
the other channels' benchmarks, and then one at a time, as a forum takes posts: a turn that comes alone costs several times what
one of sixty-four at once does, whoever brings it."""

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import json
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from benchmarks.turn import CONNECTIONS, QUESTIONS, beside_the_page, centre, cpu_seconds, message, served, tell_refusals
from benchmarks.wire import Wire, connected, post
from bot.messages import Inbound
from daoxue.app import compose
from daoxue.config import Config
from integrations.forum.judging import PostVerdict, judge
from tests.conftest import free_port
from tests.official import behind

REQUESTS, ROUNDS = 1_024, 5
ALONE = 40  # posts, and messages of the web chat
WRITES = 8  # posts of a resident in a topic
SECRET = secrets.token_hex(16)
PATH = "/channels/forum"
ANSWERED = 0.7  # seconds in which a post that comes alone is read and answered, or never is
LONGEST = 4.0  # seconds, among many: less than a connection is kept
_numbers, _events = itertools.count(), itertools.count(1)


class Sink:
    """A forum that shows what it was told of, and takes everything. `waiting` are told when something is posted in a topic."""

    def __init__(self) -> None:
        self.posted = 0
        self.topics: defaultdict[int, list[dict[str, object]]] = defaultdict(list)
        self.waiting: dict[int, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = await Request(scope, receive).body()
        if scope["method"] == "POST":
            self.posted += 1
            self.waiting[json.loads(given)["topic_id"]].set()
        shown = {"id": 5} if given else self.topic(int(scope["path"].split("/")[2]))
        await JSONResponse(shown)(scope, receive, send)

    def topic(self, number: int) -> dict[str, object]:
        """With all that the resident has written; its title are the words of the first, so that they are those of the turn."""
        posts = self.topics[number]
        stream = {"posts": posts, "stream": [each["id"] for each in posts]}
        return {"id": number, "title": posts[0]["raw"], "post_stream": stream, "category_id": 5, "archetype": "regular"}

    def write(self) -> dict[str, object]:
        """The next post. Sixty-four residents at a time, and each writes eight, in a topic of their own."""
        number = next(_numbers)
        who = 1_000 + number % CONNECTIONS + CONNECTIONS * (number // (CONNECTIONS * WRITES))
        posts = self.topics[who]
        posts.append({
            "id": 1_000_000 + number, "topic_id": who, "post_number": len(posts) + 1, "user_id": who, "username": f"r{who}",
            "category_id": 5, "topic_archetype": "regular", "post_type": 1, "staff": False, "raw": QUESTIONS[number * 7 % len(QUESTIONS)],
            "cooked": "<p>" + "好" * 200 + "</p>", "avatar_template": "/letter_avatar/{size}.png",
            "created_at": "2026-11-27T08:00:00.000Z",
        })  # fmt: skip
        return posts[-1]


async def bring(wire: Wire, sink: Sink, within: float) -> None:
    """A post, until it is answered; or not within some seconds."""
    written = sink.write()
    body = json.dumps({"post": written}).encode()
    come = sink.waiting[int(str(written["topic_id"]))] = asyncio.Event()
    await post(wire, PATH, body, *headers(hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(come.wait(), within)


async def many(port: int, pid: int, sink: Sink) -> float:
    """CPU µs a post, with its answer posted, of sixty-four at a time."""

    async def writes() -> None:
        wire = await connected(port)
        for _ in range(REQUESTS // CONNECTIONS):
            await bring(wire, sink, LONGEST)
        wire[1].close()

    before = cpu_seconds(pid)
    await asyncio.gather(*(writes() for _ in range(CONNECTIONS)))
    return (cpu_seconds(pid) - before) / REQUESTS * 1e6


def headers(signed: str) -> tuple[str, ...]:
    return (
        "X-Discourse-Event: post_created",
        f"X-Discourse-Event-Id: {next(_events)}",
        f"X-Discourse-Event-Signature: sha256={signed}",
    )


async def alone(pid: int, once: Callable[[], Awaitable[None]], count: int) -> float:
    """CPU µs of each, one at a time, with all that follows from it. What the process does while nothing happens is none of
    it."""
    before = cpu_seconds(pid)
    await asyncio.sleep(count * ANSWERED / 4)
    idle = 4 * (cpu_seconds(pid) - before)
    before = cpu_seconds(pid)
    for _ in range(count):
        began = time.perf_counter()
        await once()
        await asyncio.sleep(ANSWERED - (time.perf_counter() - began))
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
        await beside_the_page(port, service.pid, ROUNDS, lambda: many(port, service.pid, sink))
        print(f"of {REQUESTS * (ROUNDS + 1)} posts answered in public  {sink.posted:8}")

        async def on_its_own(use: Callable[[Wire], Awaitable[None]]) -> None:
            wire = await connected(port)
            await use(wire)
            wire[1].close()

        by_page, by_post = (
            lambda: on_its_own(lambda wire: post(wire, "/channels/webchat", message(new=False))),
            lambda: on_its_own(lambda wire: bring(wire, sink, ANSWERED)),
        )
        page, other = [await alone(service.pid, once, ALONE) for once in (by_page, by_post)]
        print(f"alone, web chat {page:6.0f} µs CPU, in the forum {other:6.0f}: {other - page:+.0f}")
        await tell_refusals(port, service.pid, PATH, *headers("0" * 64))


async def sure(config: Config) -> list[str]:
    """The questions that are answered in public. With the others another turn would be compared: what the web chat asks back
    is a ticket here."""
    app, found = await compose(config), []
    for number, text in enumerate(QUESTIONS):
        turn = await app.inbox.try_out(
            Inbound(channel="forum", address=f"1:{number}", id="1", text=text, at=int(time.time() * 1000), public=True)
        )
        if judge(turn, asks_us=True) is PostVerdict.ANSWER and turn.handover is None and not turn.private:
            found.append(text)
    app.database.close()
    return found


def main() -> None:
    with centre() as (folder, config):
        QUESTIONS[:] = asyncio.run(sure(config))
        asyncio.run(run(folder))


if __name__ == "__main__":
    main()
