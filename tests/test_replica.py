"""Pages are read on a streaming replica, which is real here: nobody reads what is older than what was written, whatever
becomes of the replica, and nobody waits for it."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from bot.examining import Severity
from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings
from daoxue.doctor import stored
from daoxue.preparing import prepare
from daoxue.workers import workers
from store import audit, conversations, replica
from store.database import Database
from store.outages import ReplicaError
from store.transaction import Transaction
from tests.cluster import Cluster, binaries
from tests.conftest import free_port, lacking
from tests.desk_client import Desk
from tests.talk import Resident


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Cluster, Cluster]]:
    """A primary and its replica."""
    programs = binaries()
    if programs is None:
        lacking("PostgreSQL")
    assert programs is not None
    ports, place = (free_port(), free_port()), Path(tempfile.gettempdir())
    primary = Cluster(programs, place / f"daoxue-primary-{ports[0]}", ports[0])
    primary.start()
    copy = Cluster(programs, place / f"daoxue-replica-{ports[1]}", ports[1], of=primary)
    copy.start()
    yield primary, copy
    copy.remove()
    primary.remove()


@pytest.fixture
def server(config: Config, servers: tuple[Cluster, Cluster]) -> Iterator[Config]:
    primary, copy = servers
    with psycopg.connect(f"{primary.url}/postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS centre WITH (FORCE)")
        connection.execute("CREATE DATABASE centre")
    there = replace(config, database=DatabaseSettings(f"{primary.url}/centre", replica_url=f"{copy.url}/centre"))
    prepare(there)
    yield there
    with contextlib.suppress(psycopg.Error), psycopg.connect(there.database.replica_url, autocommit=True) as connection:
        connection.execute("SELECT pg_wal_replay_resume()")


@pytest.fixture
async def app(server: Config) -> AsyncIterator[App]:
    composed = await compose(server)
    yield composed
    composed.database.close()


def where(transaction: Transaction) -> str:
    """On which server it is read."""
    transaction._cursor.execute("SELECT pg_is_in_recovery()", ())
    return "replica" if transaction._cursor.fetchone() == (True,) else "primary"


def note(number: int, transaction: Transaction) -> None:
    conversations.audited(transaction, "li", "replica.tried", str(number), "", number)


def newest(transaction: Transaction) -> tuple[str, str]:
    return audit.newest(transaction, audit.ANY, 1 << 60, 1)[0].subject, where(transaction)


def replaying(config: Config, *, goes_on: bool) -> None:
    with psycopg.connect(config.database.replica_url, autocommit=True) as connection:
        connection.execute("SELECT pg_wal_replay_resume()" if goes_on else "SELECT pg_wal_replay_pause()")


async def test_everybody_sees_what_anybody_wrote(app: App, server: Config) -> None:
    """Written in one process, read in another at once: a hundred times, and nearly always on the replica."""
    other = Database(server.database.url, replica_url=server.database.replica_url)
    read = []
    for number in range(100):
        await app.database.write(lambda t, n=number: note(n, t))  # type: ignore[misc]
        seen, place = await other.page(newest)
        assert seen == str(number)
        read.append(place)
    other.close()
    assert read.count("replica") > 90


async def test_turns_and_what_they_decide_stay_on_the_primary(app: App) -> None:
    assert await app.database.read(where) == "primary"
    assert await app.database.page(where) == "replica"
    assert await app.database.aside(where) == "replica"
    resident = Resident(app)
    await resident.say("转人工")
    ref = (await resident.receipt("我想问一件以前的事")).ticket
    await app.desk.search.index(list(app.live.changed))
    seat = await Desk(app).person("supervisor")
    assert [each["ref"] for each in (await seat.get("/tickets?state=waiting"))["tickets"]] == [ref]
    assert [each["ticket"]["ref"] for each in (await seat.get("/search?q=以前的事"))["found"]] == [ref]
    await seat.get("/reports")


async def test_one_that_stands_still_is_left_alone(app: App, server: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    await app.database.page(where)
    replaying(server, goes_on=False)
    await app.database.write(lambda t: note(1, t))
    began = time.monotonic()
    assert await app.database.page(newest) == ("1", "primary")
    assert time.monotonic() - began < replica.PATIENCE + 1
    with pytest.raises(replica.ReplicaBehindError):
        app.database.look_at_replica()
    [told] = [each for each in stored.examine(app.config, app.database) if each.subject == stored.REPLICA]
    assert told.severity is Severity.WARNING
    assert "behind" not in told.seen.zh
    began = time.monotonic()
    for number in range(20):
        await app.database.write(lambda t, n=number: note(n, t))  # type: ignore[misc]
        assert await app.database.page(newest) == (str(number), "primary")
    assert time.monotonic() - began < replica.AGAIN, "it is not asked each time"
    replaying(server, goes_on=True)
    await asyncio.sleep(replica.AGAIN + 0.5)
    assert await app.database.page(newest) == ("19", "replica")
    [told] = [each for each in stored.examine(app.config, app.database) if each.subject == stored.REPLICA]
    assert told.severity is Severity.OK
    app.database.look_at_replica()


async def test_one_that_is_away_or_frozen_is_done_without(
    app: App, server: Config, servers: tuple[Cluster, Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "AGAIN", 0.5)
    monkeypatch.setattr(replica, "WITHIN", 1.0)
    _, copy = servers
    assert await app.database.page(where) == "replica"
    copy.stop()
    assert await app.database.page(where) == "primary"
    with pytest.raises(replica.ReplicaAwayError):
        app.database.look_at_replica()
    [worker] = [each for each in workers(app) if each.name == "replica"]
    with pytest.raises(replica.ReplicaAwayError):
        await worker.work()
    copy.start()
    await asyncio.sleep(1)
    assert await app.database.page(where) == "replica"

    def hangs(transaction: Transaction) -> str:
        if where(transaction) == "replica":
            time.sleep(2)
        return where(transaction)

    began = time.monotonic()
    assert await app.database.page(hangs) == "primary"
    assert time.monotonic() - began < 1.5


async def test_another_server_is_no_replica(server: Config, postgres: str) -> None:
    for url in (f"{postgres}/postgres", server.database.url):
        database = Database(server.database.url, replica_url=url)
        assert await database.page(where) == "primary"
        with pytest.raises(replica.NotAReplicaError):
            database.look_at_replica()
        database.close()


async def test_what_it_refuses_is_read_on_the_primary(app: App) -> None:
    def fails(transaction: Transaction) -> str:
        if (place := where(transaction)) == "replica":
            transaction._cursor.execute("CREATE TABLE nothing (id int)", ())
        return place

    assert await app.database.page(fails) == "primary"
    assert issubclass(replica.ReplicaAwayError, ReplicaError)
