"""What was erased is in no file of PostgreSQL any more, once the night is over: not in a page's free space, not among the
words of the search, not among the examples of the statistics."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings
from daoxue.doctor import stored
from daoxue.preparing import prepare
from desk.opening import ERASED
from desk.rewriting import NIGHT, SILENT, Nights, Rewriting, read
from store import months, rewriting, sealing
from store.engine import Rewritten, connected
from store.personal import Sort, StoredAs, Whose, tagged
from store.schema import metadata
from tests.cluster import Cluster, binaries
from tests.conftest import free_port, lacking
from tests.desk_client import Desk
from tests.talk import Resident

# Each is one word to the index, and nothing of it is anywhere else.
SAID, LONG, TAGGED, ASKED = "zq7said3x", "zq7long3x", "zq7tagged3x", "zq7asked3x"
PARTS = ["message_before", "message_rest"]  # of the table of messages, until its first night
PLANTED = (SAID, LONG, TAGGED, ASKED)


@dataclass(frozen=True, slots=True)
class Server:
    """A server of our own, with a database in which we own our tables and nothing else."""

    cluster: Cluster
    data: Path
    url: str

    def files(self) -> list[str]:
        """Which of the words are in which of the files."""
        with psycopg.connect(f"{self.cluster.url}/postgres", autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        found = []
        for path in (self.data / "base").rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            found += [f"{path.parent.name}/{path.name}: {word}" for word in PLANTED if word.encode() in content]
        return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    programs = binaries()
    if programs is None:
        lacking("PostgreSQL")
    assert programs is not None
    port = free_port()
    folder = Path(tempfile.gettempdir()) / f"daoxue-erased-{port}"
    cluster = Cluster(programs, folder, port)
    cluster.start()
    with psycopg.connect(f"{cluster.url}/postgres", autocommit=True) as connection:
        connection.execute("CREATE ROLE centre LOGIN")
        connection.execute("CREATE DATABASE centre")
    with psycopg.connect(f"{cluster.url}/centre", autocommit=True) as connection:
        connection.execute("GRANT ALL ON SCHEMA public TO centre")
    yield Server(cluster, folder / "data", f"postgresql://centre@127.0.0.1:{port}/centre")
    cluster.remove()


@pytest.fixture
async def centre(server: Server, config: Config) -> AsyncIterator[App]:
    there = replace(config, database=DatabaseSettings(server.url))
    prepare(there)
    app = await compose(there)
    yield app
    app.database.close()


class Clock:
    """An hour of a night."""

    def __init__(self, app: App) -> None:
        self.now = datetime(2026, 7, 1, NIGHT[0], tzinfo=app.config.zone)

    def __call__(self) -> float:
        return self.now.timestamp()


async def filled(app: App, desk: Desk) -> str:
    """Words of a resident in every table that has them in clear, among others' words; the ticket."""
    seat = await desk.person()
    others = [Resident(app) for _ in range(6)]
    for each in others:
        await each.say("太极班什么时候上课")
    resident = Resident(app)
    await resident.say(f"你们知道{ASKED}吗")
    ref = (await resident.receipt("转人工")).ticket
    assert ref
    await resident.say(f"我有{SAID}的事")
    await resident.say(LONG + "".join(chr(0x4E00 + n) for n in range(1200)))  # so long that it is kept apart
    await app.desk.search.index(list(app.live.changed))
    await seat.post(f"/tickets/{ref}/take")
    await seat.put(f"/tickets/{ref}/tags", {"tags": [TAGGED]})
    await seat.post(f"/tickets/{ref}/close", {"result": "answered"})
    return ref


def analyse(server: Server) -> None:
    """As the server does by itself, when it finds the time."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute("VACUUM")


async def test_after_an_erasure_and_a_night_no_byte_is_left(server: Server, centre: App) -> None:
    desk = Desk(centre)
    ref = await filled(centre, desk)
    analyse(server)
    assert {each.rpartition(" ")[2] for each in server.files()} == set(PLANTED), "they were there"
    admin = await desk.person("administrator")
    await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})
    analyse(server)
    assert server.files(), "freed is not gone"
    await Nights(centre.database, centre.config.zone, Clock(centre)).work()
    assert server.files() == []
    assert (await centre.tickets.show(ref)).handover.summary == ERASED
    with psycopg.connect(server.url) as connection:
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_passage_words'::regclass"
        assert connection.execute(valid).fetchone() == (True,)


async def test_no_examples_of_words_are_taken(server: Server, centre: App) -> None:
    """Every column in which words stand in clear, of every part of a table."""
    months.keep(server.url, 13)
    words = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column, tag in tagged(table, Whose.RESIDENT, Whose.LEARNER)
        if tag.kind is Sort.WORDS and tag.form is StoredAs.CLEAR
    } | {("passage_words", "words")}
    with connected(server.url) as cursor:
        words = {(part, name) for table, name in words for part in months.parts(cursor, table) or [table]}
    with psycopg.connect(server.url) as connection:
        untold = connection.execute(
            "SELECT attrelid::regclass::text, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " WHERE attstattarget = 0 AND attnum > 0 AND NOT attisdropped AND relkind = 'r' AND relowner = 'centre'::regrole"
        ).fetchall()
    assert words == set(untold)
    assert ("message_rest", "body") in words


async def test_one_process_does_it_and_goes_on_with_what_was_busy(server: Server, centre: App) -> None:
    clock = Clock(centre)
    one, other = (Nights(centre.database, centre.config.zone, clock) for _ in range(2))
    with psycopg.connect(server.url) as holding:
        holding.execute("SELECT count(*) FROM message")  # in a transaction that goes on
        await one.work()
        assert one._left == PARTS
        await other.work()
        assert other._left == []
    before = node(server)
    await other.work()
    assert node(server) == before, "it is the other's"
    await one.work()
    assert node(server) != before
    assert one._left == []
    done = node(server)
    clock.now += 2 * SILENT
    await other.work()
    assert node(server) == done, "once a night"


async def test_a_night_of_which_a_process_died_is_taken_up_by_another(server: Server, centre: App) -> None:
    clock = Clock(centre)
    with psycopg.connect(server.url) as holding:
        holding.execute("SELECT count(*) FROM message")
        await Nights(centre.database, centre.config.zone, clock).work()
    before, other = node(server), Nights(centre.database, centre.config.zone, clock)
    await other.work()
    assert node(server) == before, "that it is dead nobody knows yet"
    clock.now += SILENT
    await other.work()
    assert node(server) != before


def node(server: Server) -> object:
    """The file in which messages are."""
    with psycopg.connect(server.url) as connection:
        return connection.execute("SELECT pg_relation_filenode('message_before')").fetchone()


async def test_what_is_too_large_is_left_and_told(server: Server, centre: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "desk.rewriting.rewrite", lambda url, name: Rewritten.TOO_LARGE if name in PARTS else Rewritten.DONE
    )
    clock = Clock(centre)
    await Nights(centre.database, centre.config.zone, clock).work()
    assert await centre.database.read(read) == Rewriting(clock.now.date(), frozenset(PARTS))
    [told] = [each for each in stored.examine(centre.config, centre.database) if each.subject == stored.ERASED]
    assert "message" in told.seen.en
    monkeypatch.undo()
    clock.now = clock.now.replace(day=2)
    before = node(server)
    await Nights(centre.database, centre.config.zone, clock).work()
    assert node(server) == before, "nobody waits in vain each night"


def test_a_table_that_takes_too_long_stays_as_it_is(
    server: Server, centre: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE large AS SELECT repeat(n::text, 40) FROM generate_series(1, 200000) n")
    monkeypatch.setattr("store.postgres.Postgres.rewriting", {"large": ("VACUUM (FULL) large",)})
    monkeypatch.setattr("store.postgres.Postgres.bounding", ("SET statement_timeout = 5",))
    assert rewriting.rewrite(server.url, "large") is Rewritten.TOO_LARGE


def test_an_embedded_database_overwrites_in_its_place(config: Config) -> None:
    assert rewriting.rewritable(config.database.url) == []


def test_bringing_it_up_keeps_nobody_waiting(server: Server, centre: App) -> None:
    """Others may serve meanwhile: the night writes the tables anew."""
    centre.database.now(lambda t: t.run(sealing._FORGET, name="closed_for"))
    before = node(server)
    prepare(centre.config)
    assert node(server) == before
