"""Several processes on one PostgreSQL database, started by one parent: one dies, all are renewed, all end."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bot.turn import Turn
from daoxue.app import compose
from daoxue.config import Config, DatabaseSettings, Nlu
from store import room
from store.outages import DatabaseError
from tests.conftest import created
from tests.processes import Prepared, Processes, prepared
from tests.service import ROOT
from tests.talk import Resident

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def centre(postgres: str, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(postgres, tmp_path_factory.mktemp("centre"), models)


@contextlib.contextmanager
def started(folder: Path, centre: Prepared) -> Iterator[Processes]:
    # To read what texts mean is half of what a process does as it starts, and nothing of what is looked at here.
    running = Processes(folder, centre, 2, DAOXUE_NLU__ENCODER="none")
    try:
        running.wait_until("processes serve")
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module")
def two(centre: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Two, for all tests that leave two behind; in the end they end in order."""
    with started(tmp_path_factory.mktemp("two"), centre) as running:
        yield running
        assert running.end() == 0
        assert not running.rows(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


class Caller:
    """Says one thing after the other over HTTP, each on a connection that may be kept; sends again what was not answered.
    Between two there is a breath: the processes that begin meanwhile have the cores, and the test is over sooner."""

    def __init__(self, running: Processes) -> None:
        self.running, self.visitor = running, f"{next(_numbers):032d}"
        self.heard: dict[str, list[str]] = {}
        self.refused: list[str] = []

    async def talk(self, until: asyncio.Event) -> None:
        async with httpx.AsyncClient(timeout=30) as client:
            while not until.is_set():
                await self.say(client, f"{self.visitor[-3:]}-{len(self.heard)}")
                await asyncio.sleep(0.2)

    async def say(self, client: httpx.AsyncClient, id: str) -> None:
        body = {"id": id, "text": "积分会过期吗", "visitor": self.visitor}
        while id not in self.heard:
            try:
                answer = await client.post(f"{self.running.url}/channels/webchat", json=body)
            except httpx.TransportError as error:
                self.refused.append(f"{id}: {type(error).__name__}")
                continue
            if answer.status_code == 200:
                self.heard[id] = [each["text"] for each in answer.json()["messages"]]
            else:
                self.refused.append(f"{id}: {answer.status_code}")


@contextlib.asynccontextmanager
async def talking(running: Processes, count: int) -> AsyncIterator[list[Caller]]:
    callers, until = [Caller(running) for _ in range(count)], asyncio.Event()
    talks = [asyncio.create_task(each.talk(until)) for each in callers]
    try:
        await asyncio.sleep(1)
        yield callers
        await asyncio.sleep(1)
    finally:
        until.set()
        await asyncio.gather(*talks)


def kept(running: Processes, callers: list[Caller]) -> dict[str, list[str]]:
    """The ids of what they said, and those to which there are answers, each as often as it is there."""
    theirs = {each.visitor[-3:] for each in callers}
    found: dict[str, list[str]] = {"resident": [], "bot": []}
    for author, body in running.rows("SELECT author, body FROM message"):
        assert isinstance(body, bytes)
        id = json.loads(body)["re"]
        if id.partition("-")[0] in theirs:
            found[str(author)].append(id)
    return found


def is_whole(running: Processes, callers: list[Caller]) -> None:
    """All that was accepted is there once, and answered once."""
    found = kept(running, callers)
    said = [id for each in callers for id in each.heard]
    assert len(said) > len(callers), "they did talk"
    assert sorted(found["resident"]) == sorted(said)
    assert sorted(found["bot"]) == sorted(id for each in callers for id, texts in each.heard.items() for _ in texts)


def test_all_that_is_done_once_is_done_once(two: Processes) -> None:
    assert two.said.count("导学已启动") == 1
    assert two.said.count("administrator") == 1
    assert len(two.workers) == 2
    figures = [httpx.get(f"http://127.0.0.1:{two.port + each}/metrics").text for each in (1, 2)]
    began = {line for each in figures for line in each.splitlines() if line.startswith("process_start_time_seconds")}
    assert len(began) == 2, "each tells its own figures at a port of its own"


async def test_one_that_is_killed_takes_nothing_with_it(two: Processes) -> None:
    began = two.logged("starting")
    async with talking(two, 8) as callers:
        killed = two.workers[0]
        os.kill(killed, signal.SIGKILL)
        await asyncio.to_thread(two.wait_until, "a process died")
        await asyncio.to_thread(two.wait_until, "starting", began + 1)
    is_whole(two, callers)
    assert killed not in two.workers
    assert len(two.workers) == 2


async def test_all_are_renewed_while_people_talk_and_nobody_is_refused(two: Processes) -> None:
    """A page goes on with another process, and finds all that it had."""
    before, renewed = two.workers, two.logged("processes are new")
    visitor, seen = await _seen(two, None)
    async with talking(two, 8) as callers:
        two.parent.send_signal(signal.SIGHUP)
        await asyncio.to_thread(two.wait_until, "processes are new", renewed + 1)
    assert [each.refused for each in callers if each.refused] == []
    is_whole(two, callers)
    assert len(two.workers) == 2
    assert not set(before) & set(two.workers)
    assert await _seen(two, visitor) == (visitor, seen)


async def _seen(running: Processes, visitor: str | None) -> tuple[str, list[str]]:
    """A visitor, and all that they have said and heard."""
    async with connect(running.socket_url) as page:
        await page.send(json.dumps({"type": "hello", "visitor": visitor, "since": 0, "lang": "zh"}))
        welcome = json.loads(await page.recv())
        if visitor is None:
            await page.send(json.dumps({"type": "message", "id": "one", "text": "积分会过期吗"}))
        heard: list[str] = []
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            while True:  # until nothing more comes
                frame = json.loads(await asyncio.wait_for(page.recv(), 0.5 if len(heard) > 1 else 10))
                if frame["type"] == "message":
                    heard.append(frame["text"])
        return welcome["visitor"], heard


async def test_new_ones_that_cannot_begin_leave_the_old_ones(two: Processes) -> None:
    before = two.workers
    (two.folder / "config.yml").write_text("server: {prot: 1}\n")
    two.parent.send_signal(signal.SIGHUP)
    await asyncio.to_thread(two.wait_until, "could not begin")
    (two.folder / "config.yml").unlink()
    assert two.workers == before
    assert two.is_ready()


def test_those_whose_parent_is_killed_end(centre: Prepared, tmp_path: Path) -> None:
    with started(tmp_path, centre) as running:
        workers = running.workers
        running.parent.kill()
        running.parent.wait()
        for _ in range(400):
            if not any(Path(f"/proc/{each}").exists() for each in workers):
                return
            time.sleep(0.05)
        raise AssertionError("they go on")


async def test_who_goes_to_and_fro_is_thought_about_once(
    postgres: str, sample_in_postgres: str, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes, as a proxy deals a resident's messages out to them in turn."""
    settings = Config(database=DatabaseSettings(created(postgres, sample_in_postgres)), nlu=Nlu(str(models)))
    apps, thought = [await compose(settings) for _ in range(2)], 0
    for each in apps:

        def counted(
            turn: Turn, respond: Callable[[Turn], Awaitable[None]] = each.inbox._mind.dialogue.respond
        ) -> Awaitable[None]:
            nonlocal thought
            thought += 1
            return respond(turn)

        monkeypatch.setattr(each.inbox._mind.dialogue, "respond", counted)
    who = Resident(apps[0])
    for number in range(10):
        receipt = await apps[number % 2].inbox.receive(who.message("积分会过期吗"))
        assert receipt.answers
    assert thought <= 12, "what the other has committed is looked for, once it was met"
    for each in apps:
        each.database.close()


# -- where there can be but one, or not so many


def told(folder: Path, *words: str, **settings: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "daoxue", "serve", *words], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), **settings}, timeout=60,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr.splitlines()[-1]


def test_sqlite_is_for_one(tmp_path: Path) -> None:
    status, line = told(tmp_path, "--workers", "2")
    assert (status, "daoxue move --to postgresql://" in line, "SQLite is for one process" in line) == (2, True, True), (
        line
    )
    assert not (tmp_path / "var").exists()


def test_more_than_the_server_takes_are_refused(postgres: str, tmp_path: Path) -> None:
    status, line = told(tmp_path, "--workers", "50", DAOXUE_DATABASE__URL=created(postgres))
    assert status == 2
    assert f"--workers 50 要 {room.needed(50)} 个数据库连接" in line
    assert "max_connections =" in line
    room.check(created(postgres), 4)
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        most = int(connection.execute("SHOW max_connections").fetchone()[0])  # type: ignore[index]
    with pytest.raises(DatabaseError):
        room.check(created(postgres), most // room.OF_A_PROCESS)
