"""A database that cannot be used: everybody who asks is told what is wrong, in words, and that it is over."""

import contextlib
import json
import logging
import os
import re
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from msgspec.structs import replace

from accounts.limits import MESSAGES
from daoxue import operations
from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings
from daoxue.logs import Counting, JsonLines
from integrations.webchat.channel import PATH
from store import database, outages, queue
from store.database import ConflictError
from store.jobs import T, Work
from store.outages import Outage, OutageError
from store.people import PresenceRow
from tests.desk_client import Desk, Person
from tests.disk import fill, mounted
from tests.talk import Resident


@pytest.fixture(autouse=True)
def looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "FRESH", -1.0)


async def ready(app: App) -> tuple[int, str]:
    async with Desk(app).client() as client:
        answer = await client.get("/readyz")
    return answer.status_code, answer.text


async def figures(app: App) -> dict[str, float]:
    async with Desk(app).client() as client:
        text = (await client.get("/metrics")).text
    return {name: float(value) for name, value in re.findall(r"^(daoxue\S+) (\S+)$", text, re.MULTILINE)}


async def say(app: App, text: str) -> httpx.Response:
    async with Desk(app).client() as client:
        return await client.post(PATH, json={"id": "one", "text": text})


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines about the database as they are written."""
    found = [record for record in caplog.records if record.name == "store.outages"]
    return [json.loads(JsonLines().format(record))["what"] for record in found]


# -- a full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "8m") as folder:
        yield folder


@pytest.fixture
async def on_small_disk(config: Config, small_disk: Path) -> AsyncIterator[App]:
    for part in Path(config.database.embedded).parent.glob("daoxue.db*"):
        shutil.copy(part, small_disk)
    app = await compose(replace(config, database=DatabaseSettings(f"sqlite:///{small_disk}/daoxue.db")))
    yield app
    app.database.close()


async def test_a_full_disk_is_told_to_all_who_ask_and_is_over_when_there_is_room(
    on_small_disk: App, small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = on_small_disk
    admin = await Desk(app).person("administrator")
    assert await ready(app) == (200, "ready\n")
    ballast = fill(small_disk)
    answer = await say(app, "学习卡丢了怎么办")
    assert answer.status_code == 503
    assert "比较忙" in answer.text
    status, text = await ready(app)
    assert (status, text) == (503, f"not ready\n{OutageError(Outage.FULL)}\n")
    assert "磁盘满了" in text
    assert "disk full" in text
    assert (await admin.get("/system"))["outage"] == str(OutageError(Outage.FULL))
    refused = await admin.ask("POST", "/people", {"name": "new", "role": "seat"})
    assert (refused.status_code, refused.json()) == (503, {"code": "unusable", "text": Outage.FULL.zh})
    seen = await figures(app)
    assert seen['daoxue_database_outage{outage="full"}'] == 1
    assert seen["daoxue_disk_free_bytes"] < 65_536
    assert told(caplog) == [str(OutageError(Outage.FULL))], "once"
    ballast.unlink()
    assert await ready(app) == (200, "ready\n")
    assert (await say(app, "学习卡丢了怎么办")).status_code == 200
    assert (await figures(app))['daoxue_database_outage{outage="full"}'] == 0
    assert (await admin.get("/system"))["outage"] == ""
    assert "can be used again" in told(caplog)[-1]


# -- another program


async def test_another_program_that_writes_is_told_to_all_who_ask(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await Desk(app).person("administrator")
    monkeypatch.setattr(outages, "PASSING", 0.0)
    monkeypatch.setattr(app.database, "_patience", 0.0)
    with contextlib.closing(sqlite3.connect(app.config.database.embedded, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await say(app, "你好")).status_code == 503
        assert await ready(app) == (503, f"not ready\n{OutageError(Outage.LOCKED)}\n")
        assert (await admin.get("/system"))["outage"] == str(OutageError(Outage.LOCKED))
        assert (await figures(app))['daoxue_database_outage{outage="locked"}'] == 1
    assert (await say(app, "你好")).status_code == 200
    assert await ready(app) == (200, "ready\n")
    assert (await figures(app))['daoxue_database_outage{outage="locked"}'] == 0
    assert len(told(caplog)) == 2, "once, and that it is over"


# -- a database that is gone


async def test_a_file_that_was_moved_is_told_though_it_can_be_written(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    path = Path(app.config.database.embedded)
    there = path.with_name("elsewhere.db")
    os.replace(path, there)
    assert (await say(app, "你好")).status_code == 200
    for _ in range(3):
        assert await ready(app) == (503, f"not ready\n{OutageError(Outage.MOVED)}\n")
    shutil.copy(there, path)
    assert (await ready(app))[0] == 503, "another file, be it the same"
    os.replace(there, path)
    assert await ready(app) == (200, "ready\n")
    assert len(told(caplog)) == 2


@pytest.mark.parametrize("either_config", ["postgresql"], indirect=True)
async def test_a_server_that_is_lost_is_told_and_is_found_again(
    either_app: App, caplog: pytest.LogCaptureFixture
) -> None:
    url = either_app.config.database.url
    admin = await Desk(either_app).person("administrator")
    name, server = urlsplit(url).path[1:], f"{urlsplit(url)._replace(path='/postgres').geturl()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        assert await ready(either_app) == (503, f"not ready\n{OutageError(Outage.LOST)}\n")
        refused = await admin.ask("GET", "/system")
        assert (refused.status_code, refused.json()) == (503, {"code": "unusable", "text": Outage.LOST.zh})
        assert (await say(either_app, "你好")).status_code == 503
        assert (await figures(either_app))['daoxue_database_outage{outage="lost"}'] == 1
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert await ready(either_app) == (200, "ready\n")
    assert (await say(either_app, "你好")).status_code == 200
    assert told(caplog)[0] == str(OutageError(Outage.LOST))
    assert len(told(caplog)) == 2


# -- in figures


async def test_figures_of_the_queue_the_seats_and_what_became_of_messages(app: App) -> None:
    desk = Desk(app)
    before = await figures(app)
    assert before["daoxue_tickets_waiting"] == 0
    assert before['daoxue_seats_present{ready="yes"}'] == 0
    seat: Person = await desk.person("seat")
    await app.desk.dispatch.come(PresenceRow("page", seat.name, 1, 1 << 60))
    await Resident(app).say("我要找人工")
    other = Resident(app)
    for said in ("证书换分", "积分会过期吗", "你答非所问"):
        await other.say(said)
    after = await figures(app)
    assert after["daoxue_tickets_waiting"] == 1
    assert after['daoxue_seats_present{ready="yes"}'] == 1
    rose = {name for name, value in after.items() if value > before.get(name, 0) and "turns_total" in name}
    assert rose == {
        f'daoxue_turns_total{{ended="{each}"}}' for each in ("handed_over", "asked_back", "answered", "refused")
    }
    owed = await app.database.read(lambda t: queue.owed(t, 1 << 60))
    assert sum(each.rows for each in owed) == 4, "answers that nobody fetched"
    of_pages = {value for name, value in after.items() if name.startswith(("daoxue_queue_due", "daoxue_queue_oldest"))}
    assert of_pages == {0}, "they wait for residents, and are not late"
    ten_days = 864_000
    late = queue.NewRow("of the test", "key", "lane", b"", int(time.time() - ten_days) * 1000)
    await app.database.write(lambda t: queue.put(t, late))
    assert ten_days <= (await figures(app))['daoxue_queue_oldest_seconds{lane="lane"}'] < ten_days + 60


async def test_figures_of_what_was_too_much_and_of_what_failed(app: App) -> None:
    limits = app.inbox._limits
    for _ in range(MESSAGES.most + 1):
        wait = limits.take((MESSAGES, "somebody"))
    assert wait > 0
    log, counting = logging.getLogger("of.the.test"), Counting(logging.ERROR)
    log.addHandler(counting)
    try:
        raise ValueError("王小明")
    except ValueError as error:
        log.error("failed", exc_info=error)
        log.warning("no error")
    finally:
        log.removeHandler(counting)
    seen = await figures(app)
    assert seen['daoxue_limited_total{limit="messages"}'] >= 1
    assert seen['daoxue_errors_total{error="ValueError",part="of.the.test"}'] == 1


async def test_what_has_left_is_written_down_though_the_disk_is_full_for_a_moment(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would leave again when its lease ends; so it is where PostgreSQL has given way to another process."""
    monkeypatch.setattr(database, "AGAIN", 0.01)
    write = app.database.write
    full: list[Exception] = [OutageError(Outage.FULL), ConflictError(), OutageError(Outage.FULL)]

    async def full_at_first(work: Work[T], *, quick: bool = False) -> T:
        if full:
            raise full.pop()
        return await write(work, quick=quick)

    monkeypatch.setattr(app.database, "write", full_at_first)
    assert await app.database.insist(lambda t: 7) == 7
    monkeypatch.setattr(database, "INSISTING", -1.0)
    full.append(OutageError(Outage.FULL))
    with pytest.raises(OutageError):
        await app.database.insist(lambda t: 7)
