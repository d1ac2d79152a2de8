"""`python -m benchmarks.hints postgresql://…`: how long it takes from a note that is written in one process to a page of the
desk that is open in another, by looking four times a second, by PostgreSQL's NOTIFY and by Redis, in one run.

The address is that of a server without a database's name; redis-server is started here. Wall time, from when the request is
sent to when the page's frame is there; what the request itself takes is in it, and printed beside.
"""

import asyncio
import json
import multiprocessing
import random
import secrets
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from dataclasses import replace as replace_row
from pathlib import Path
from statistics import median, quantiles

import httpx
import psycopg
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect

from bot.worker import Worker
from daoxue import serve
from daoxue.app import App, compose
from daoxue.config import AccountsSettings, Config, DatabaseSettings, Nlu, RedisSettings, Server
from daoxue.preparing import prepare
from daoxue.workers import workers
from desk.hours import DeskSettings
from tests.conftest import free_port
from tests.redis_server import redis_server

ROUNDS, EVENTS, WARM_UP = 2, 60, 5  # rounds of each way in turn, notes in one
PAUSES = 0.02, 0.3  # seconds between two, by lot: looking is met at any moment
LOOKED = 0.25  # seconds between two looks, where nothing tells
WAYS = ("looking", "NOTIFY", "Redis")
ADMIN = "benchmark"
Times = dict[str, list[float]]  # milliseconds, by what they end with


def live(config: Config, way: str) -> None:
    """One of the processes."""
    if way == "looking":
        serve.workers = as_before  # type: ignore[attr-defined]
    asyncio.run(_serve(config))


def as_before(app: App) -> list[Worker]:
    """The workers, where nobody tells anything."""
    told = {"look", *(f"{each.name}-{does}" for each in app.hints for does in ("speak", "listen"))}
    rows = [row for row in workers(app) if row.name not in told]
    return [replace_row(row, seconds=LOOKED) if row.name == "feed" else row for row in rows]


async def _serve(config: Config) -> None:
    await serve.server(await compose(config)).serve()


async def person(config: Config) -> str:
    """Somebody new at the desk with a password of their own: the token."""
    app = await compose(config)
    name = f"{ADMIN}-{secrets.token_hex(4)}"
    given = await app.desk.people.add(name, "supervisor", int(time.time() * 1000), ADMIN)
    app.database.close()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{config.server.port}") as client:
        token = (await client.post("/api/login", json={"name": name, "password": given})).json()["token"]
        headers = {"authorization": f"Bearer {token}"}
        changed = {"old": given, "new": secrets.token_urlsafe(16)}
        (await client.post("/api/me/password", json=changed, headers=headers)).raise_for_status()
    return str(token)


async def page(config: Config, token: str) -> ClientConnection:
    url = f"ws://127.0.0.1:{config.server.port}/api/live"
    opened = await connect(url, additional_headers={"authorization": f"Bearer {token}"}, proxy=None)
    assert json.loads(await opened.recv())["type"] == "hello"
    return opened


async def heard(opened: ClientConnection, kind: str) -> float:
    """When the page had it."""
    while json.loads(await asyncio.wait_for(opened.recv(), 10)).get("kind") != kind:
        pass
    return time.perf_counter()


async def measured(one: Config, other: Config) -> Times:
    """Milliseconds of each note: its request, until a page of the same process has it, and one of the other."""
    token = await person(one)
    here, there = await page(one, token), await page(other, token)
    found: Times = {"request": [], "same process": [], "other process": []}
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{one.server.port}", headers=headers) as client:
        said = {"id": secrets.token_hex(8), "text": "转人工", "visitor": secrets.token_urlsafe(24)}
        (await client.post("/channels/webchat", json=said)).raise_for_status()
        while "ref" not in (opening := json.loads(await asyncio.wait_for(there.recv(), 10))):
            pass  # who is there is told as well
        for number in range(EVENTS + WARM_UP):
            await asyncio.sleep(random.uniform(*PAUSES))
            pages = asyncio.gather(heard(here, "noted"), heard(there, "noted"))
            await asyncio.sleep(0)
            began = time.perf_counter()
            answer = await client.post(f"/api/tickets/{opening['ref']}/note", json={"text": f"note {number}"})
            ended = time.perf_counter()
            answer.raise_for_status()
            if number >= WARM_UP:
                for name, at in zip(found, (ended, *await pages), strict=True):
                    found[name].append((at - began) * 1000)
            else:
                await pages
    return found


def settings(folder: Path, url: str, redis: str) -> Config:
    return Config(
        server=Server(port=free_port()), database=DatabaseSettings(url), redis=RedisSettings(redis), nlu=Nlu(encoder="none"),
        desk=DeskSettings(always_open=True), accounts=AccountsSettings(key_file=str(folder / "data.key")),
    )  # fmt: skip


def run(way: str, config: Config) -> Times:
    """A round."""
    configs = [config, replace(config, server=Server(port=free_port()))]
    start = multiprocessing.get_context("spawn")
    processes = [start.Process(target=live, args=(each, way), daemon=True) for each in configs]
    for process, each in zip(processes, configs, strict=True):
        process.start()
        await_ready(each.server.port)
    try:
        return asyncio.run(measured(*configs))
    finally:
        for process in processes:
            process.terminate()
            process.join(20)


def await_ready(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("a process does not start")


def show(found: dict[str, Times]) -> None:
    """What it takes, and how much later than a page of the same process the other's has it."""
    print("| told by | until | p50, ms | p95, ms |\n| --- | --- | --- | --- |")
    for way, times in found.items():
        later = [there - here for here, there in zip(times["same process"], times["other process"], strict=True)]
        for name, each in {**times, "other process, after the same": later}.items():
            print(f"| {way} | {name} | {median(each):.1f} | {quantiles(each, n=20)[-1]:.1f} |")


def main(server_url: str) -> None:
    name = f"hints_{secrets.token_hex(4)}"
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    with tempfile.TemporaryDirectory() as folder, redis_server(Path(folder) / "redis") as redis:
        config = settings(Path(folder), f"{server_url}/{name}", "")
        prepare(config)
        found: dict[str, Times] = {way: defaultdict(list) for way in WAYS}
        for _ in range(ROUNDS):
            for way in WAYS:
                times = run(way, replace(config, redis=RedisSettings(redis.url if way == "Redis" else "")))
                for until, more in times.items():
                    found[way][until] += more
    show(found)
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    main(sys.argv[1])
