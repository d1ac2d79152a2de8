"""Limits that several processes share: together they let through hardly more than one would, whatever becomes of Redis."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.limits import FRAMES, Limit, Limits
from accounts.sharing import CountingError, Sharing
from accounts.vault import Vault
from integrations.redis.addresses import parse
from integrations.redis.limits import RedisTally
from tests.redis_server import RedisServer, redis_server
from tests.test_hints import by_cluster

FIVE = Limit("five", 5, 100)
TEN = Limit("ten", 10, 1)
VAULT = Vault([b"k" * 32])


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "redis") as server:
        yield server


class Process:
    """One that counts with the others of its centre."""

    def __init__(self, url: str, centre: str = "here") -> None:
        self.limits = Limits(shared=True)
        self.sharing = Sharing(self.limits, RedisTally(parse(url), centre), lambda key: VAULT.digest("limits", key))

    async def takes(self, limit: Limit, key: str, times: int) -> int:
        """How many of those are let through, each told before the next."""
        through = 0
        for _ in range(times):
            through += self.limits.take((limit, key)) == 0
            await self.sharing.work()
        return through


async def test_several_let_through_hardly_more_than_one(redis: RedisServer) -> None:
    """What it had not touched before, each process finds out with its first."""
    processes = [Process(redis.url) for _ in range(4)]
    assert await processes[0].takes(FIVE, "somebody", 20) == 5
    assert [await each.takes(FIVE, "somebody", 20) for each in processes[1:]] == [1, 1, 1]
    assert await processes[1].takes(FIVE, "somebody else", 20) == 5
    processes.append(Process(redis.url, "elsewhere"))
    assert await processes[-1].takes(FIVE, "somebody", 20) == 5, "another centre's"
    for each in processes:
        await each.sharing.close()


async def test_what_is_forgiven_is_forgiven_everywhere(redis: RedisServer) -> None:
    one, other = Process(redis.url), Process(redis.url)
    await one.takes(FIVE, "somebody", 5)
    one.limits.forgive((FIVE, "somebody"))
    await one.sharing.work()
    assert await other.takes(FIVE, "somebody", 9) == 5
    await one.sharing.close()
    await other.sharing.close()


async def test_keys_say_nothing_and_go_by_themselves(redis: RedisServer) -> None:
    process = Process(redis.url)
    await process.takes(TEN, "192.0.2.7", 4)
    await process.takes(FRAMES, "140234", 3)
    kept = redis.say("KEYS", "*").decode()
    assert re.fullmatch(r"\*1\r\n\$\d+\r\n\{daoxue:here\}:[0-9a-f]{32}\r\n", kept), kept
    key = kept.split("\r\n")[2]
    assert 0 < int(redis.say("PTTL", key).strip(b":\r\n")) <= 400
    await process.sharing.close()


async def test_each_goes_on_by_itself_without_redis(redis: RedisServer) -> None:
    process = Process(redis.url)
    assert await process.takes(FIVE, "somebody", 3) == 3
    redis.kill()
    for _ in range(2):
        assert process.limits.take((FIVE, "somebody")) == 0
        with pytest.raises(CountingError):
            await process.sharing.work()
    assert process.limits.take((FIVE, "somebody")) > 0
    redis.start()
    assert await process.takes(FIVE, "somebody else", 9) == 5
    await process.sharing.close()


async def test_what_is_told_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.limits.MOST", 100)
    kept = Limits(shared=True)
    for number in range(300):
        kept.take((FIVE, str(number)))
    assert len(kept.untold(1000)) == 100
    assert Limits().untold(10) == []


async def test_a_cluster_counts_as_well(tmp_path: Path) -> None:
    with by_cluster(tmp_path) as url:
        process = Process(url)
        process.limits.take((FIVE, "one"), (FIVE, "two"), (TEN, "three"))
        await process.sharing.work()
        assert await process.takes(FIVE, "one", 9) == 4
        await process.sharing.close()
