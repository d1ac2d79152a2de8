"""Real databases and real parts. PostgreSQL is a throw-away cluster of the installed binaries; without them the tests
that need it are skipped with a word, or fail where CI says that everything must run."""

import contextlib
import gc
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from msgspec.structs import replace
from playwright.async_api import Browser, async_playwright

from daoxue.app import App, compose
from daoxue.config import Config, DatabaseSettings, Nlu
from daoxue.preparing import prepare
from desk import passwords
from desk.hours import DeskSettings
from tests.cluster import Cluster, binaries
from tests.read_once import QUICK, read_once

# How busy the machine is says nothing of what is tried.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")

read_once()

CI = os.environ.get("CI") == "true"
PLAIN_HOST = "desk.internal"  # this machine in the browser: plain http there is no secure context, unlike on 127.0.0.1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: whoever has it at the end would be alone with it."""
    items.sort(key=lambda item: item.path.name != "test_faults.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was loaded stays: to look through it for garbage again and again costs a tenth of all tests, as it would a tenth of
    each turn in the service."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    real, passwords._HASHER = passwords._HASHER, QUICK
    yield
    passwords._HASHER = real


def lacking(what: str) -> None:
    """Skips where a binary is missing; in CI that is a failure."""
    if CI:
        pytest.fail(f"{what} is not installed, and CI must test with it")
    pytest.skip(f"{what} is not installed")


# Below the ports that connections leave from, and each of the processes that test side by side has its own: what was
# free stays free until somebody listens there. Where in them it begins, another run beside this one hardly will.
_FIRST = 12_000 + 4_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
_PORTS = itertools.cycle(_FIRST + (os.getpid() * 37 + n) % 4_000 for n in range(4_000))


def free_port() -> int:
    for port in _PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a cycle has no end")


def _in_memory(needed: int) -> Path:
    """Where files are made and thrown away ten times as fast, if there is such a place with so many bytes."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free >= needed else Path(tempfile.gettempdir())


# Read by pytest where it makes `tmp_path`: a disk that waits for every commit of every test proves nothing.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_in_memory(6 << 30)))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a cluster of our own, without a database's name."""
    programs = binaries()
    if programs is None:
        lacking("PostgreSQL")
    assert programs is not None
    cluster = Cluster(programs, _in_memory(6 << 30) / f"daoxue-pg-{os.getpid()}", free_port())
    cluster.start()
    yield cluster.url
    cluster.remove()


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the one model of all tests is kept."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the sample centre, to be copied."""
    path = tmp_path_factory.mktemp("sample") / "sample.db"
    prepare(Config(database=DatabaseSettings(f"sqlite:///{path}")))
    with open(path, "rb") as file:
        assert file.read(6) == b"SQLite"
    return path


def copied(sample_file: Path, to: Path) -> str:
    for suffix in ("", "-wal", "-shm"):
        if (part := Path(f"{sample_file}{suffix}")).exists():
            shutil.copy(part, f"{to}{suffix}")
    return f"sqlite:///{to}"


@pytest.fixture
def config(sample_file: Path, models: Path, tmp_path: Path) -> Config:
    """The embedded default with a database of its own; seats always answer."""
    url = copied(sample_file, tmp_path / "daoxue.db")
    return Config(database=DatabaseSettings(url), nlu=Nlu(str(models)), desk=DeskSettings(always_open=True))


_created = itertools.count(1)


def created(server: str, template: str = "template1") -> str:
    """The URL of a new database of a cluster."""
    name = f"test_{next(_created)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return f"{server}/{name}"


@pytest.fixture(scope="session")
def sample_in_postgres(postgres: str) -> str:
    """The name of a database with the sample centre, to be used as a template."""
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE sample")
    prepare(Config(database=DatabaseSettings(f"{postgres}/sample")))
    return "sample"


@pytest.fixture(params=["sqlite", "postgresql"])
def either_config(request: pytest.FixtureRequest, config: Config) -> Iterator[Config]:
    """The same settings on both databases."""
    if request.param == "sqlite":
        yield config
        return
    server: str = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("sample_in_postgres")
    url = created(server, template)
    yield replace(config, database=DatabaseSettings(url))
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")


@pytest.fixture
async def app(config: Config) -> AsyncIterator[App]:
    """The composed parts on SQLite."""
    composed = await compose(config)
    yield composed
    composed.database.close()


@pytest.fixture
async def either_app(either_config: Config) -> AsyncIterator[App]:
    """The composed parts, on SQLite and on PostgreSQL."""
    composed = await compose(either_config)
    yield composed
    composed.database.close()


CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# The same engine without windows and what belongs to them: a page is opened in a tenth of the time.
BARE = ("chromium-headless-shell", *CHROMIUM)


@contextlib.asynccontextmanager
async def _chromium(names: Sequence[str] = BARE) -> AsyncIterator[Browser]:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        lacking("Chromium")
    async with async_playwright() as playwright:
        mapped = f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1"
        started = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox", mapped])
        yield started
        await started.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """For a test beside composed parts, which live in the loop of that test alone."""
    async with _chromium() as started:
        yield started


@pytest.fixture
async def whole_browser() -> AsyncIterator[Browser]:
    """The same with all that people have, notifications as well."""
    async with _chromium(CHROMIUM) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def _kept() -> AsyncIterator[Browser]:
    async with _chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def one_browser(_kept: Browser) -> AsyncIterator[Browser]:
    """For the tests of a module that share a loop: what each of them opens is closed after it, and nothing is kept of it."""
    yield _kept
    for context in _kept.contexts:
        await context.close()
