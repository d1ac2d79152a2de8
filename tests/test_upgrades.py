"""A database that an earlier version left, with something in it, is brought up to date and goes on; and what brings it up
is never changed once it is in a version. How the databases were made: `tests/upgrades/make.py`."""

import contextlib
import lzma
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from accounts.auditing import audit
from daoxue import __version__
from daoxue.app import App, compose
from daoxue.config import AccountsSettings, Config, DatabaseSettings
from daoxue.preparing import prepare
from store import audit as trail
from store import conversations, whole
from store.database import Database
from store.migrate import is_current, upgrade
from store.personal import Sealed, Shut
from store.schema import metadata
from tests.conftest import created
from tests.desk_client import Desk
from tests.service import ROOT
from tests.talk import Resident
from tests.upgrades.make import CARD, digests

FOLDER = ROOT / "tests" / "upgrades"
MIGRATIONS = ROOT / "store" / "migrations" / "versions"
VERSIONS = sorted(path.name.removesuffix(".db.xz") for path in FOLDER.glob("*.db.xz"))
# Whatever else becomes of it, as much of it is there afterwards.
STAYS = (
    "message",
    "conversation",
    "inbound",
    "ticket",
    "ticket_event",
    "learner",
    "ledger",
    "binding",
    "consent",
    "seat",
    "webhook",
)
TOLD = b"13912345678"  # what a resident wrote


def rows(path: Path) -> dict[str, int]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in STAYS}


def released(version: str) -> list[tuple[str, str]]:
    """Its migrations, each by its name with its digest."""
    lines = (FOLDER / f"{version}.sha256").read_text().splitlines()
    return [(name, digest) for digest, _, name in (line.partition("  ") for line in lines)]


def legible(path: Path) -> set[str]:
    """The columns that are to be closed, and hold something that is not."""
    closed = [(table, column) for table in metadata.sorted_tables for column in table.c]
    found = set()
    with contextlib.closing(sqlite3.connect(path)) as database:
        for table, column in closed:
            if isinstance(column.type, Sealed | Shut):
                of_column = f"SELECT {column.name} FROM {table.name} WHERE length({column.name}) > 0"
                values = [row[0] for row in database.execute(of_column)]
                if not all(each[:1] in ("~", b"~") for each in values):
                    found.add(f"{table.name}.{column.name}")
    return found


@pytest.fixture(params=VERSIONS)
def earlier(request: pytest.FixtureRequest, config: Config, tmp_path: Path) -> Config:
    """The settings of a centre that stands as a version left it."""
    path, key = tmp_path / "earlier.db", tmp_path / "data.key"
    path.write_bytes(lzma.decompress((FOLDER / f"{request.param}.db.xz").read_bytes()))
    shutil.copy(FOLDER / f"{request.param}.key", key)
    key.chmod(0o600)
    return replace(config, database=DatabaseSettings(f"sqlite:///{path}"), accounts=AccountsSettings(key_file=str(key)))


@pytest.fixture
async def upgraded(earlier: Config) -> AsyncIterator[App]:
    prepare(earlier)
    app = await compose(earlier)
    yield app
    app.database.close()


def test_each_version_of_the_changelog_left_one() -> None:
    """But the one that is being made."""
    told = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted({*VERSIONS, __version__})
    assert told[0] == __version__


def test_what_comes_after_a_version_is_the_next_ones() -> None:
    """A migration too: who has the version has not got it."""
    if __version__ in VERSIONS:
        assert sorted(released(__version__)) == sorted(digests(MIGRATIONS))


def test_it_is_brought_up_to_date_with_all_that_is_in_it(earlier: Config) -> None:
    path = Path(earlier.database.embedded)
    before = rows(path)
    assert all(before.values()), before
    prepare(earlier)
    assert is_current(earlier.database.url)
    assert rows(path) == before
    prepare(earlier)
    assert rows(path) == before, "once"
    assert legible(path) == set(), "what is personal is closed"


def test_on_a_server_too(earlier: Config, postgres: str) -> None:
    """The rows that the version left in its file, put into tables of that version and brought up from there."""
    here, there = earlier.database.url, created(postgres)
    with whole.snapshot(here) as found, whole.writing(there) as kept:
        seen = whole.Counts()
        whole.fill(kept, whole.revision(found), whole.counted(whole.parts(found), seen), seen)
    prepare(replace(earlier, database=DatabaseSettings(there)))
    assert is_current(there)
    with psycopg.connect(there) as connection:
        counts = (connection.execute(f"SELECT count(*) FROM {each}").fetchone() for each in STAYS)
        assert [row[0] for row in counts if row] == list(rows(Path(earlier.database.embedded)).values())


async def test_the_centre_goes_on_with_it(upgraded: App) -> None:
    assert await upgraded.database.read(audit) == (12, [])
    seat = await Desk(upgraded).person("supervisor")
    waiting = (await seat.get("/tickets?state=waiting"))["tickets"]
    (had,) = (await seat.get("/tickets?state=open"))["tickets"]
    whole = await seat.get(f"/tickets/{had['ref']}")
    assert "转人工" in str(whole["messages"]) or "我要找人工" in str(whole["messages"])
    assert len(waiting) == 1
    assert (await seat.ask("POST", f"/tickets/{had['ref']}/take-over", {})).status_code == 200
    resident = Resident(upgraded)
    assert "两年" in await resident.say("积分会过期吗")
    assert "学习卡号" in await resident.say("我有多少学分")
    assert "验证码已发送" in await resident.say(CARD)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_migration_of_a_version_is_ever_changed(version: str) -> None:
    """Who has a database of that version has them applied: what is changed in them never reaches it. Write another one."""
    assert set(released(version)) <= set(digests(MIGRATIONS))


def test_what_was_typed_as_the_reason_of_an_erasure_goes(either_config: Config, tmp_path: Path, postgres: str) -> None:
    sqlite = either_config.database.url.startswith("sqlite")
    url = f"sqlite:///{tmp_path}/before.db" if sqlite else created(postgres)
    upgrade(url, "0022")
    database = Database(url)
    typed = "欧阳翠竹; 13911112222 来电"
    for action, proof in (("resident.erase", "1 tickets, 2 messages, sha256 ab"), ("account.closed", "sha256 ab")):
        detail = f"{typed}; {proof}"
        database.now(lambda t, of=action, said=detail: conversations.audited(t, "li", of, "1126-1", said, 1))  # type: ignore[misc]
    database.now(lambda t: conversations.audited(t, "li", "resident.reveal", "1126-1", "要回电; 急", 1))
    upgrade(url)
    kept = [each.detail for each in database.look(lambda t: trail.newest(t, trail.ANY, 1 << 60, 9))]
    assert kept == ["要回电; 急", "sha256 ab", "1 tickets, 2 messages, sha256 ab"]
    database.close()
