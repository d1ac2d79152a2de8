"""`python -m benchmarks.desk [sqlite:///… | postgresql://…] [tickets]`: the desk with 100 000 tickets and 2 000 000
messages behind it, over HTTP, as a real process.

Every list and search: server time at the 95th percentile (limit 100 ms). Taking a ticket (limit 20 ms). From a
resident's message to the frame on 50 open desks (limit 150 ms). Times are on the wall, with an idle client, and stand
beside what the same process needs for an empty answer (`/healthz`), which is what the machine and HTTP cost.
"""

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from msgspec.structs import asdict, replace
from websockets.asyncio.client import connect

from bot.inbox import encode
from bot.messages import Handover, Message, Priority, Reply
from daoxue.app import compose
from daoxue.config import Config, DatabaseSettings, Nlu, Server
from daoxue.preparing import prepare
from desk.people import Profile
from desk.search import grams
from store import search, tickets
from store.database import Database
from store.schema import conversation, message, ticket, ticket_event
from store.ticket_events import TicketOpened, begun
from store.ticket_events import encode as encode_event
from store.transaction import Statement, Transaction, adding
from tests.conftest import free_port
from tests.desk_client import PASSWORD

PER_TICKET = 20  # messages
TOGETHER = 500  # conversations a transaction
DESKS = 50
_CONVERSATION = Statement(adding(conversation))
_MESSAGE = Statement(adding(message))
_TICKET = Statement(adding(ticket))
_EVENT = Statement(adding(ticket_event))
WORDS = [
    "书法", "太极", "国画", "剪纸", "合唱", "电脑", "手机", "学分", "积分", "报名", "退班", "候补", "老师", "迟到", "教室", "停车", "证书", "兑换",
    "录取", "直播", "微课", "密码", "验证码", "学习卡", "补办", "志愿者", "讲座", "活动周", "育儿", "养生", "护理", "烘焙", "摄影", "茶艺",
]  # fmt: skip
TOPICS = ("training_info", "credit_lookup", "enrolment", "complaint", "operation_guide")
SEARCHED = ("书法", "学分", "太极 迟到", "停车证书", "量子", "补办学习卡", "第777号", "老师")


def text(chance: random.Random, number: int) -> str:
    return f"我想问{''.join(chance.choices(WORDS, k=4))}的事，第{number % 9973}号，什么时候能好"


def fill(database: Database, total: int) -> None:
    """Writes the history; nine in ten tickets are closed."""
    chance = random.Random(1)
    now = int(time.time() * 1000)
    began = time.perf_counter()
    for start in range(0, total, TOGETHER):
        numbers = range(start, min(start + TOGETHER, total))
        database.now(lambda t, numbers=numbers: _some(t, chance, now, total, numbers))  # type: ignore[misc]
        if start % 10_000 == 0:
            print(f"\rfilling {start:7} of {total}", end="", flush=True)
    print(f"\r{total} tickets, {total * PER_TICKET} messages written in {time.perf_counter() - began:.0f} s")


def _some(transaction: Transaction, chance: random.Random, now: int, total: int, numbers: range) -> None:
    for n in numbers:
        at = now - (total - n) * 30_000
        ref = f"b{n:08d}"
        state = "closed" if n < total * 0.9 else chance.choice(["waiting", "waiting", "open", "snoozed"])
        owner = f"seat{n % DESKS}" if state in ("open", "snoozed") else None
        transaction.add(
            _CONVERSATION, channel="webchat", address=f"bench-{n}", version=1, seq=PER_TICKET, state=b"{}",
            ticket=None if state == "closed" else ref, seat=owner, updated_at=at,
        )  # fmt: skip
        said = [text(chance, n + k) for k in range(PER_TICKET)]
        for k, words in enumerate(said):
            author = ("resident", "bot", "resident", "seat")[k % 4]
            transaction.add(
                _MESSAGE,
                conversation=n + 1,
                seq=k + 1,
                author=author,
                body=encode(Message(reply=Reply(text=words))),
                at=at,
            )
        for first in range(0, PER_TICKET, 5):
            search.index(transaction, n + 1, first + 1, first + 5, grams("\n".join(said[first : first + 5])))
        topic = chance.choice(TOPICS)
        first_event = TicketOpened(
            ref=ref, conversation=n + 1, channel="webchat", seq=PER_TICKET, topic=topic, skill="general",
            place=chance.choice([None, "linjiang", "qinghe"]), lang="zh", person=f"p{n}",
            priority=chance.choice([Priority.TODAY, Priority.SOON, Priority.ORDINARY, Priority.ORDINARY]),
        )  # fmt: skip
        about = Handover(
            topic=topic, reason="asked_for_person", skill="general", priority=Priority.ORDINARY, summary=said[0]
        )
        row = begun(first_event, at, encode(about))
        closed = state == "closed"
        row = replace(
            row, state=state, owner=owner, seq=PER_TICKET, closed_at=at + 900_000 if closed else None, answered_at=at + 60_000 if closed else None,
            taken_at=at + 30_000 if closed or owner else None, last_seat=f"seat{n % DESKS}", result="answered" if closed else None,
            stars=chance.choice([None, 4, 5]) if closed else None, snoozed_until=now + 10**9 if state == "snoozed" else None,
        )  # fmt: skip
        transaction.add(_TICKET, **asdict(row))
        transaction.add(_EVENT, ticket=ref, kind="opened", actor="bot", body=encode_event(first_event), at=at)


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)] * 1000


async def timed(client: httpx.AsyncClient, paths: Iterator[str], count: int) -> list[float]:
    times = []
    for _ in range(count):
        path = next(paths)
        began = time.perf_counter()
        answer = await client.get(path)
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200, (path, answer.text)
    return times


def always(path: str) -> Iterator[str]:
    while True:
        yield path


async def measure(port: int, seats: list[tuple[str, str]], supervisor: str) -> None:
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        tokens = []
        for name, password in seats:
            tokens.append((await client.post("/api/login", json={"name": name, "password": password})).json()["token"])
        boss = {"authorization": f"Bearer {supervisor}"}
        nothing = statistics.median(await timed(client, always("/healthz"), 200)) * 1000
        print(f"{'an empty answer':42} {nothing:8.2f} ms median")
        client.headers["authorization"] = f"Bearer {tokens[0]}"
        for state in ("waiting", "mine", "open", "snoozed", "closed"):
            report(f"list {state}", p95(await timed(client, always(f"/api/tickets?state={state}"), 60)), 100, nothing)
        page = (await client.get("/api/tickets?state=closed&most=500")).json()["next"]
        report(
            "list closed, a later page",
            p95(await timed(client, always(f"/api/tickets?state=closed&after={page}"), 60)),
            100,
            nothing,
        )
        for query in SEARCHED:
            report(f"search {query}", p95(await timed(client, always(f"/api/search?q={query}"), 40)), 100, nothing)
        found = (await client.get("/api/tickets?state=waiting&most=200")).json()["tickets"]
        refs = iter([each["ref"] for each in found])
        report("a ticket whole", p95(await timed(client, (f"/api/tickets/{ref}" for ref in refs), 60)), 100, nothing)
        client.headers.update(boss)
        report("board", p95(await timed(client, always("/api/board"), 30)), 100, nothing)
        await takes(client, tokens, refs, nothing)
        client.headers.pop("authorization")
        await visible(client, port, tokens, nothing)


def report(name: str, value: float, limit: float, nothing: float) -> None:
    late = "" if value <= limit else "  OVER"
    print(f"{name:42} {value:8.2f} ms p95 (limit {limit:.0f}), {value / nothing:6.1f} empty answers{late}", flush=True)


async def takes(client: httpx.AsyncClient, tokens: list[str], refs: Iterator[str], nothing: float) -> None:
    times = []
    for n, ref in zip(range(60), refs, strict=False):
        began = time.perf_counter()
        answer = await client.post(f"/api/tickets/{ref}/take", headers={"authorization": f"Bearer {tokens[n % DESKS]}"})
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text
    report("taking a ticket", p95(times), 20, nothing)


async def visible(client: httpx.AsyncClient, port: int, tokens: list[str], nothing: float) -> None:
    """From posting a resident's message to the frame with it on every desk."""
    asked = await client.post("/channels/webchat", json={"id": "first", "text": "转人工"})
    visitor = asked.json()["visitor"]
    sockets = [
        await connect(f"ws://127.0.0.1:{port}/api/live", additional_headers={"authorization": f"Bearer {token}"})
        for token in tokens
    ]
    times = []
    for n in range(30):
        sign = f"第{n}句话"

        async def hears(socket: object, sign: str = sign) -> None:
            async for frame in socket:  # type: ignore[attr-defined]
                if any(sign in each["text"] for each in json.loads(frame).get("messages", ())):
                    return

        waiting = [asyncio.create_task(hears(socket)) for socket in sockets]
        began = time.perf_counter()
        await client.post("/channels/webchat", json={"id": f"m{n}", "text": sign, "visitor": visitor})
        await asyncio.wait_for(asyncio.gather(*waiting), 20)
        times.append(time.perf_counter() - began)
    report(f"a message on {len(sockets)} open desks", p95(times), 150, nothing)
    for socket in sockets:
        await socket.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/desk.db"
        total = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
        config = Config(Server(), DatabaseSettings(url), nlu=Nlu(str(folder)))
        prepare(config)
        database = Database(url)
        if database.look(lambda t: tickets.get(t, "b00000001")) is None:
            fill(database, total)
        database.close()
        seats, supervisor = asyncio.run(_people(config))
        port = free_port()
        environment = {
            "DAOXUE_SERVER__PORT": str(port), "DAOXUE_SERVER__UNLIMITED": "[127.0.0.1]",
            "DAOXUE_DATABASE__URL": url, "DAOXUE_NLU__FOLDER": str(folder), "DAOXUE_LOG__LEVEL": "error",
            "DAOXUE_DESK__ALWAYS_OPEN": "true",
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-c", "from daoxue.cli import main; main()", "serve"], env={**os.environ, **environment}, stdout=subprocess.DEVNULL
        )  # fmt: skip
        try:
            for _ in range(600):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5)
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            asyncio.run(measure(port, seats, supervisor))
            status = Path(f"/proc/{process.pid}/status").read_text()
            print(next(line for line in status.splitlines() if line.startswith("VmRSS")))
        finally:
            process.terminate()
            process.wait()


async def _people(config: Config) -> tuple[list[tuple[str, str]], str]:
    app = await compose(config)
    people, stamp = app.desk.people, int(time.time())
    boss = f"boss-{stamp}"
    accounts = [(f"seat{n}-{stamp}", "seat") for n in range(DESKS)] + [(boss, "supervisor")]
    for name, role in accounts:
        first = await people.add(name, role, 1, "bench", Profile(capacity=100))
        await app.desk.signing.set_password(name, first, PASSWORD, 1)
    token = await app.desk.signing.sign_in(boss, PASSWORD, "", int(time.time() * 1000))
    app.database.close()
    return [(name, PASSWORD) for name, role in accounts if role == "seat"], token


if __name__ == "__main__":
    main()
