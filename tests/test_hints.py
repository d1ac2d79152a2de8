"""Hints between processes: over PostgreSQL, over Redis, over neither; and Redis as it is on bad days."""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from bot import hints as timing
from bot.hints import MOST, TOGETHER, Hint, Hints, HintsError, TalkHint, TicketsHint, TypingHint
from bot.live import Looking
from bot.worker import Worker
from daoxue import watch
from daoxue.app import App, compose
from daoxue.config import Config, ConfigError, DatabaseSettings, RedisSettings, read
from daoxue.hints import hint_workers
from desk.feed import FeedPage
from integrations.redis.addresses import AddressError, RedisAddress, parse
from integrations.redis.hints import RedisPubSub
from store.listening import CHANNEL, PostgresPubSub
from tests.conftest import created, free_port
from tests.redis_server import RedisServer, redis_server
from tests.service import ROOT
from tests.talk import Resident

SOON = 0.8  # seconds: sooner than anybody looks
NEVER = 1000.0


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def shared(config: Config, postgres: str, sample_in_postgres: str) -> Iterator[Config]:
    """Settings of several processes, without Redis."""
    url = created(postgres, sample_in_postgres)
    yield replace(config, database=DatabaseSettings(url))
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")


class Pair:
    """Two composed apps on one database, as two processes are: nothing is common to them but what they write and tell. A
    page of the desk is open at the second."""

    def __init__(self, one: App, other: App) -> None:
        self.one, self.other = one, other
        self.page = FeedPage("nobody")
        self.refs: list[str] = []

    @property
    def workers(self) -> Sequence[tuple[App, list[Worker]]]:
        return [(app, hint_workers(app.hints, app.database, app.live)) for app in (self.one, self.other)]

    async def start(self, *, looking: float) -> None:
        for app, rows in self.workers:
            feed = Worker("feed", "实时", looking, app.desk.feed.look, app.live.watch_tickets())
            app.watch.start([*(row for row in rows if row.name != "look" or looking < NEVER), feed])
        await self.other.desk.feed.join(self.page, None)
        assert json.loads(await self.page.frames.get())["type"] == "hello"

    async def stop(self) -> None:
        for app in (self.one, self.other):
            await app.watch.stop()
            for each in app.hints:
                await each.close()
            await app.database.read(lambda t: None)  # after what a worker was still reading
            app.database.close()

    async def well(self, name: str, within: float = 12) -> None:
        """Until those hints come through in both."""
        found = [each for app in (self.one, self.other) for each in app.hints if each.name == name]
        async with asyncio.timeout(within):
            while not all(each.is_well for each in found):  # noqa: ASYNC110 - nothing says so
                await asyncio.sleep(0.02)

    async def opens_a_ticket(self) -> float:
        """Somebody calls for a person at the one; seconds until the turn has ended."""
        began = time.perf_counter()
        receipt = await Resident(self.one).receipt("转人工")
        assert receipt.ticket
        self.refs.append(receipt.ticket)
        return time.perf_counter() - began

    async def hears(self, within: float) -> float:
        """The page at the other is told of the last; seconds that it took."""
        began = time.perf_counter()
        async with asyncio.timeout(within):
            while json.loads(await self.page.frames.get())["ref"] != self.refs[-1]:
                pass
        return time.perf_counter() - began


@contextlib.asynccontextmanager
async def pair(config: Config, *, looking: float = NEVER) -> AsyncIterator[Pair]:
    found = Pair(await compose(config), await compose(config))
    try:
        await found.start(looking=looking)
        yield found
    finally:
        await found.stop()


def with_redis(config: Config, url: str) -> Config:
    return replace(config, redis=RedisSettings(url))


@pytest.mark.parametrize("carrier", ["postgres", "redis"])
async def test_what_happens_in_one_process_is_known_in_the_other(
    carrier: str, shared: Config, redis: RedisServer
) -> None:
    """Nobody looks here: hints alone can tell."""
    async with pair(with_redis(shared, redis.url) if carrier == "redis" else shared) as two:
        await two.well(carrier)
        await two.opens_a_ticket()
        await two.hears(SOON)

        someone = Resident(two.one)
        talk = (await someone.receipt("你好")).conversation
        news = two.other.live.watch(talk)
        await someone.say("积分会过期吗")
        await asyncio.wait_for(news.wait(), SOON)

        told: list[tuple[int, str]] = []
        two.other.live.on_typing(lambda *hint: told.append(hint))
        two.other.live.on_delivered(lambda id, seq: told.append((id, str(seq))))
        two.one.live.typing(talk, "seat")
        two.one.live.delivered(talk, 4)
        async with asyncio.timeout(SOON):
            while len(told) < 2:  # noqa: ASYNC110 - nothing says so
                await asyncio.sleep(0.01)
        assert told == [(talk, "seat"), (talk, "4")]


async def test_without_any_hint_it_is_found_by_looking(shared: Config) -> None:
    async with pair(shared, looking=1.0) as two:
        two.one.live._tell = lambda _: None
        someone = Resident(two.one)
        talk = (await someone.receipt("你好")).conversation
        news = two.other.live.watch(talk)
        await asyncio.wait_for(news.wait(), 2)  # it is looked at once by who comes to watch
        news.clear()
        await asyncio.sleep(1.2)
        assert not news.is_set(), "nothing was said"
        await someone.say("积分会过期吗")
        await asyncio.wait_for(news.wait(), 2)
        await two.opens_a_ticket()
        await two.hears(2)


async def killed(server: RedisServer) -> None:
    server.kill()


async def frozen(server: RedisServer) -> None:
    server.freeze()


async def flushed(server: RedisServer) -> None:
    server.say("FLUSHALL")
    server.say("CLIENT", "KILL", "TYPE", "pubsub")
    server.say("CLIENT", "KILL", "TYPE", "normal")


async def slow(server: RedisServer) -> None:
    server.say("CLIENT", "PAUSE", "2000", "ALL")


@pytest.mark.parametrize("misfortune", [killed, frozen, flushed, slow])
async def test_nothing_is_lost_or_told_twice_by_a_redis_in_trouble(
    misfortune: Callable[[RedisServer], Awaitable[None]], shared: Config, redis: RedisServer
) -> None:
    """Turns go on as if nothing were; what they wrote is known elsewhere within seconds, and at once again when the
    database has taken over."""
    async with pair(with_redis(shared, redis.url), looking=1.0) as two:
        await two.well("redis")
        await two.well("postgres")
        await misfortune(redis)
        for _ in range(4):
            assert await two.opens_a_ticket() < 1.0
            await two.hears(3)
        redis.thaw() if misfortune is frozen else None
        if misfortune is killed:
            redis.start()
        await two.well("redis")
        await two.opens_a_ticket()
        await two.hears(SOON)
        assert two.page.frames.empty(), "told once"
        assert len(set(two.refs)) == 5


async def test_the_database_takes_over_within_seconds(shared: Config, redis: RedisServer) -> None:
    """Nobody looks here."""
    async with pair(with_redis(shared, redis.url)) as two:
        await two.well("redis")
        await two.well("postgres")
        redis.freeze()
        await asyncio.sleep(timing.WITHIN + 1.1)
        await two.opens_a_ticket()
        await two.hears(SOON)
        said = [each.words for each in two.one.watch.troubles()]
        assert any("Redis" in each for each in said), said
        redis.thaw()
        await two.well("redis")


async def test_postgres_connections_that_are_cut_are_made_anew(
    shared: Config, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FIRST", 0.1)
    async with pair(shared) as two:
        await two.well("postgres")
        with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query LIKE '%pg_notify%' AND pid <> pg_backend_pid()"
            )
        await asyncio.sleep(0.1)
        await two.well("postgres")
        await two.opens_a_ticket()
        await two.hears(SOON)


async def test_numbers_alone_are_told(shared: Config, redis: RedisServer) -> None:
    heard: list[str] = []
    async with pair(with_redis(shared, redis.url)) as two:
        await two.well("redis")
        centre = two.one.hints[0]._pubsub._channel  # type: ignore[attr-defined]
        spy = RedisPubSub(parse(redis.url), centre)
        await spy.hear(0.1)
        someone = Resident(two.one)
        talk = (await someone.receipt("我叫王小明，电话13800138111，转人工")).conversation
        two.one.live.typing(talk, "resident")
        async with asyncio.timeout(3):
            while not any("typing" in each for each in heard):
                heard += await spy.hear(0.5)
        await spy.hang_up()
    batch = r'\["[0-9a-f]{12}",[0-9.e+]+,\[((\["(talk|delivered)"(,\d+)+\]|\["tickets"\]|\["typing",\d+,"resident"\]),?)*\]\]'
    assert all(re.fullmatch(batch, each) for each in heard), heard


# -- what carries them


@contextlib.contextmanager
def one_server(folder: Path) -> Iterator[str]:
    with redis_server(folder, "--requirepass", "s3cret") as server:
        yield f"redis://:s3cret@127.0.0.1:{server.port}/1"


@contextlib.contextmanager
def by_sentinel(folder: Path) -> Iterator[str]:
    with redis_server(folder) as server:
        told = [f"sentinel monitor centre 127.0.0.1 {server.port} 1"]
        with redis_server(folder / "sentinel", "--sentinel", config=told) as sentinel:
            yield f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{sentinel.port}/centre"


@contextlib.contextmanager
def by_cluster(folder: Path) -> Iterator[str]:
    with redis_server(folder, "--cluster-enabled", "yes") as server:
        server.say("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        while b"cluster_state:ok" not in server.say("CLUSTER", "INFO"):
            time.sleep(0.02)
        yield f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{server.port}"


@pytest.mark.parametrize("servers", [one_server, by_sentinel, by_cluster])
async def test_every_address_of_redis_works(
    servers: Callable[[Path], contextlib.AbstractContextManager[str]], tmp_path: Path
) -> None:
    with servers(tmp_path) as url:
        here, there = RedisPubSub(parse(url), "daoxue:test"), RedisPubSub(parse(url), "daoxue:test")
        await there.hear(0.2)
        await here.send("one")
        found: list[str] = []
        async with asyncio.timeout(5):
            while not found:
                found += await there.hear(0.5)
        assert found == ["one"]
        await here.hang_up()
        await there.hang_up()


def test_addresses_are_read() -> None:
    assert parse("redis://cache") == RedisAddress("server", False, (("cache", 6379),))
    assert parse("rediss://u:p%40ss@[::1]:7000/3") == RedisAddress(
        "server", True, (("::1", 7000),), "u", "p@ss", number=3
    )
    many = (("a", 26379), ("b", 1))
    assert parse("redis+sentinel://:p@a,b:1/centre/2") == RedisAddress("sentinel", False, many, None, "p", "centre", 2)
    assert parse("rediss+cluster://a,b:1").hosts == (("a", 6379), ("b", 1))


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@a,b", "redis://:s3cret@", "redis+sentinel://:s3cret@a", "redis://:s3cret@a/b", "redis://:s3cret@a:x",
        "redis+other://:s3cret@a", "http://:s3cret@a", "redis://:s3cret@[::1", "redis://:s3cret@a b",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises((AddressError, ConfigError)) as refused:
        read(ROOT / "config.yml", {"DAOXUE_REDIS__URL": url})
    assert "redis.url" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_nothing_of_it_is_loaded_where_it_is_not_used() -> None:
    code = (
        "import sys; from daoxue.config import Config; from daoxue.hints import hints_of; assert hints_of(Config(), 'x') == ();"
        "print(*({'redis', 'psycopg', 'store.listening'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


# -- how they are kept and sent


class PaperError(Exception):
    pass


class Paper:
    """A pub/sub in this process, that fails, hangs and keeps silent as it is told."""

    name, shown = "paper", "Paper"
    errors: tuple[type[Exception], ...] = (PaperError,)

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.fails = self.hangs = self.silent = False
        self.opens_in = 0.0  # seconds
        self.hung_up = 0
        self._news: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, text: str) -> None:
        if self.fails:
            raise PaperError
        await asyncio.sleep(60 if self.hangs else self.opens_in)
        self.opens_in = 0.0
        self.sent.append(text)
        if not self.silent:
            self._news.put_nowait(text)

    async def hear(self, seconds: float) -> Sequence[str]:
        if self.fails:
            raise PaperError
        with contextlib.suppress(TimeoutError):
            return [await asyncio.wait_for(self._news.get(), seconds)]
        return []

    async def hang_up(self) -> None:
        self.hung_up += 1

    def told(self) -> list[Hint]:
        return [hint for each in self.sent for hint in timing._decode(each).hints]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "paper" in request.node.name:
        monkeypatch.setattr(timing, "WITHIN", 0.05)
        monkeypatch.setattr(timing, "HEARD", 0.05)


async def test_paper_sends_each_hint_once_and_in_order() -> None:
    paper = Paper()
    hints = Hints(paper)
    for number in (3, 1, 3, 2):
        hints.put(TalkHint(number))
    assert hints.news.is_set()
    await hints.speak()
    assert paper.told() == [TalkHint(3), TalkHint(1), TalkHint(2)]


async def test_paper_keeps_no_more_than_it_may() -> None:
    paper = Paper()
    hints = Hints(paper)
    for number in range(MOST + 500):
        hints.put(TypingHint(10**18 + number, "resident"))
    await hints.speak()
    assert len(paper.told()) == MOST
    assert len(paper.sent) == -(-MOST // TOGETHER)
    assert max(len(each) for each in paper.sent) < 8_000, "PostgreSQL takes no more"


async def test_paper_that_opens_slowly_does_not_fail() -> None:
    """The first word takes the time that a connection does; the next one does not get it."""
    paper = Paper()
    hints = Hints(paper)
    paper.opens_in = 2 * timing.WITHIN
    await hints.speak()
    await hints.listen()
    assert hints.is_well
    paper.opens_in = 2 * timing.WITHIN
    with pytest.raises(HintsError):
        await hints.speak()


@pytest.mark.parametrize("how", ["fails", "hangs"])
async def test_paper_that_fails_hands_on_what_it_had(how: str) -> None:
    paper, other = Paper(), Paper()
    standby = Hints(other)
    hints = Hints(paper, standby)
    await hints.speak()
    await hints.listen()
    assert hints.is_well
    hints.put(TalkHint(1))
    setattr(paper, how, True)
    with pytest.raises(HintsError):
        await hints.speak()
    assert not hints.is_well
    hints.put(TicketsHint())
    await standby.speak()
    assert other.told() == [TalkHint(1), TicketsHint()]
    setattr(paper, how, False)
    await hints.speak()
    await hints.listen()
    hints.put(TalkHint(2))
    await hints.speak()
    assert paper.told() == [TalkHint(2)]


async def test_paper_that_says_nothing_back_is_not_well_and_opened_anew() -> None:
    paper, now = Paper(), [0.0]
    hints = Hints(paper, clock=lambda: now[0])
    paper.silent = True
    await hints.speak()
    assert await hints.listen() == []
    now[0] += timing.SILENT + 0.1
    with pytest.raises(HintsError, match="silent"):
        await hints.listen()
    assert paper.hung_up == 1
    await hints.listen()  # and has as long again
    paper.silent = False
    await hints.speak()
    await hints.listen()
    assert hints.is_well


async def test_paper_that_is_late_is_not_well() -> None:
    paper, now = Paper(), [0.0]
    hints = Hints(paper, clock=lambda: now[0])
    await hints.speak()
    now[0] += timing.LATE + 0.1
    await hints.listen()
    assert not hints.is_well


async def test_paper_with_words_of_another_version_is_not_read() -> None:
    paper = Paper()
    hints = Hints(paper)
    await paper.send('["a",1,[["new",1]]]')
    await paper.send("")
    await paper.send('["a",1.5,[["tickets"],["talk",7]]]')
    assert [hint for _ in range(3) for hint in await hints.listen()] == [TicketsHint(), TalkHint(7)]


def test_postgres_is_told_on_a_channel_of_its_own(shared: Config) -> None:
    async def tell() -> None:
        pubsub = PostgresPubSub(shared.database.url)
        await pubsub.hear(0.0)
        await pubsub.send("x" * 7_999)
        assert await pubsub.hear(2) == ["x" * 7_999]
        await pubsub.hang_up()

    asyncio.run(tell())
    assert CHANNEL == "daoxue_hints"


async def test_looking_reads_nothing_where_nobody_waits(app: App) -> None:
    await Looking(app.database, app.live).work()  # SQLite would not understand the question
