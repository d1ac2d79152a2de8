"""Two versions on one PostgreSQL database: the newer one brings it up to date while the older one serves, then takes its
place, process by process; an older one that dies meanwhile comes back; what could not go on beside it keeps it from that.

What is proven: the program as it stands goes on, as the older one, on a database with a table, columns and an index more
than it knows, that come while it writes; nothing is lost, doubled or out of order meanwhile or when its processes are
replaced. The newer one is played (`tests/next_version.py`): it is this one, and knows that migration.
"""

import ast
import asyncio
import random
import signal
import time
from collections.abc import Iterator, Mapping, Sequence

import psycopg
import pytest
from msgspec.structs import replace

from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings, Nlu, Server
from integrations.webchat.frames import address_of
from store import beside, conversations, migrate
from store.migrate import is_current, revision_at, upgrade
from store.outages import DatabaseError
from tests.conftest import created
from tests.faults.__main__ import Hour
from tests.faults.people import Sockets
from tests.next_version import REVISION, NextService
from tests.service import ROOT, Service
from tests.simulation.checking import Checker
from tests.simulation.page import Page, Wire
from tests.simulation.people import SAYS, People, Text

MIGRATIONS = ROOT / "store" / "migrations" / "versions"
PAGES, TEXTS, EACH = 6, 16, 1.0  # texts of each, and seconds between two, on average
ADDS = {"batch_alter_table", "create_table", "add_column", "create_index", "f"}


class Nobody:
    """Nobody has a telephone."""

    taken: Mapping[str, Sequence[Text]] = {}


@pytest.fixture
def shared(config: Config, postgres: str, sample_in_postgres: str) -> Iterator[Config]:
    url = created(postgres, sample_in_postgres)
    nlu = Nlu(config.nlu.folder, encoder="none")
    yield replace(config, database=DatabaseSettings(url), nlu=nlu, server=Server(unlimited=("127.0.0.1",)))
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")


class Balancing:
    """Hands each connection to one of those that serve."""

    def __init__(self, services: list[Service], chance: random.Random) -> None:
        self.services = services
        self._chance = chance

    async def open(self) -> Wire | None:
        return await Sockets(self._chance.choice(self.services).socket_url).open()


async def test_a_newer_version_comes_while_the_older_one_serves(shared: Config) -> None:
    hour, old = Hour(7, random.Random(7)), [Service(shared), Service(shared)]
    new: list[Service] = [NextService(replace(shared, server=each.config.server)) for each in old]
    balancer = Balancing(old, hour.chance)
    try:
        for each in old:
            await asyncio.to_thread(each.start)
        pages = [
            Page(hour, balancer.open, n, [hour.chance.choice(SAYS) for _ in range(TEXTS)], EACH) for n in range(PAGES)
        ]
        async with asyncio.TaskGroup() as tasks:
            living = [tasks.create_task(each.live()) for each in pages]
            typing = [tasks.create_task(each.type()) for each in pages]
            await asyncio.sleep(2)
            await asyncio.to_thread(new[0].start)  # brings the database up
            assert revision_in(shared.database.url) == REVISION
            assert not any(each.is_dead for each in old)
            balancer.services = [old[0], new[0]]
            await asyncio.to_thread(old[1].kill)
            await asyncio.to_thread(old[1].start)  # it comes back as what it is, to a database that is newer
            balancer.services = [*old, new[0]]
            await asyncio.sleep(2)
            for older, newer in zip(old, [None, new[1]], strict=True):
                balancer.services = [each for each in balancer.services if each is not older]
                assert await asyncio.to_thread(older.stop) in (0, -signal.SIGTERM)
                if newer is not None:
                    await asyncio.to_thread(newer.start)
                    balancer.services.append(newer)
            await asyncio.gather(*typing)
            app = await compose(shared)
            await come_to_an_end(app, pages)
            for task in living:
                task.cancel()
        Checker(hour, app, People(pages, [], [], [], Nobody())).all()
        app.database.close()
        assert hour.problems == [], "\n".join(hour.lines)
        assert sum(len(each.said) for each in pages) == PAGES * TEXTS
    finally:
        for each in (*old, *new):
            if each.process is not None and each.process.is_alive():
                each.kill()


def revision_in(url: str) -> str:
    with psycopg.connect(url) as connection:
        [(found,)] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(found)


async def come_to_an_end(app: App, pages: list[Page]) -> None:
    """Until all that is said has been heard."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        await asyncio.sleep(0.2)
        talks = [
            await app.database.read(lambda t, page=page: conversations.find(t, "webchat", address_of(page.visitor)))  # type: ignore[misc]
            for page in pages
        ]
        heard = all(talk and talk.seq == page.seen for talk, page in zip(talks, pages, strict=True))
        if heard and all(each.is_done for each in pages):
            return
    raise AssertionError("not at an end")


def test_who_could_not_go_on_keeps_it_from_that(postgres: str) -> None:
    url = created(postgres)
    upgrade(url, "0018")
    with psycopg.connect(url, application_name="daoxue"), pytest.raises(DatabaseError, match="older"):
        beside.check(url)
    with psycopg.connect(url, application_name=beside.name()), psycopg.connect(url, application_name="psql"):
        beside.check(url)
    assert revision_at(url) == "0018"


def test_an_older_program_may_start_where_it_is_said_to_go_on(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever brought the database up said which programs those are; who came before that was said stays out."""
    url = created(postgres)
    upgrade(url)
    expand(url, migrate.HEAD)
    assert is_current(url)
    for oldest in (REVISION, None):
        expand(url, oldest)
        with pytest.raises(DatabaseError, match=f"{REVISION}.*newer than"):
            is_current(url)
    with pytest.raises(DatabaseError, match="newer than"):
        revision_at(url)  # nor does it keep or move what it does not know
    monkeypatch.setattr(migrate, "HEAD", REVISION)
    assert is_current(url)


def expand(url: str, oldest: str | None) -> None:
    """As the next version leaves a database, which says that programs of this age go on."""
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", (REVISION,))
        connection.execute("DELETE FROM setting WHERE name = 'oldest_program'")
        if oldest is not None:
            connection.execute(
                "INSERT INTO setting (name, body, by, at) VALUES ('oldest_program', %s, 'system', 0)",
                (oldest.encode(),),
            )


def test_it_waits_for_nobody_long_and_tries_again(postgres: str) -> None:
    """While it waits for a table, whoever comes behind it would wait as well."""
    url = created(postgres)
    upgrade(url, "0021")
    with psycopg.connect(url) as reading:
        reading.execute("SELECT count(*) FROM binding").fetchall()
        began = time.monotonic()
        ended = asyncio.run(_upgraded_beside(url, reading))
    assert ended - began > 1
    assert is_current(url)


async def _upgraded_beside(url: str, reading: "psycopg.Connection[tuple[object, ...]]") -> float:
    upgrading = asyncio.create_task(asyncio.to_thread(upgrade, url))
    await asyncio.sleep(1.5)
    reading.rollback()
    await upgrading
    return time.monotonic()


def test_what_may_come_beside_only_adds() -> None:
    """A table, a column with a default, an index: what older programs do not know does not hinder them. Whoever writes
    another migration raises `BESIDE` to it."""
    for path in sorted(MIGRATIONS.glob("*.py"))[int(migrate.BESIDE) :]:
        assert called(path.read_text("utf-8")) <= ADDS, f"{path.name}: BESIDE has to be {path.name[:4]}"


def test_what_adds_is_known() -> None:
    assert called((MIGRATIONS / "0021_files_of_residents.py").read_text("utf-8")) <= ADDS
    assert not called((MIGRATIONS / "0013_webhooks_are_there_or_not.py").read_text("utf-8")) <= ADDS


def called(source: str) -> set[str]:
    """What a migration does."""
    calls = [each.func for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Call)]
    return {
        each.attr
        for each in calls
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id in {"op", "batch_op"}
    }
