"""What is attacked: PostgreSQL, Redis, two processes, and haproxy in front of them."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg
from msgspec.structs import replace

from daoxue.config import AccountsSettings, Config, DatabaseSettings, Nlu, RedisSettings, Server
from daoxue.preparing import prepare
from desk.hours import DeskSettings
from integrations.gateway_settings import GatewaySettings
from integrations.wechat.settings import WechatSettings
from players.gateway import SIGN
from tests.cluster import Cluster
from tests.conftest import created, free_port
from tests.faults.providers import TEMPLATES
from tests.redis_server import RedisServer
from tests.service import Service

SLOW = 2.0  # seconds that Redis stands still
STEPS = ("accepted", "thought", "committed", "delivering", "delivered", "sending")
HAPROXY = "/usr/sbin/haproxy"
SETTINGS = """
global
    maxconn 2000
defaults
    mode http
    option redispatch
    retries 3
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    timeout tunnel 600s
frontend front
    bind 127.0.0.1:{port}
    default_backend processes
backend processes
    option httpchk GET /readyz
    default-server check inter 300ms fall 2 rise 1 on-marked-down shutdown-sessions
{servers}
"""


class Balancer:
    """haproxy, as a process."""

    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.port = free_port()
        servers = "\n".join(f"    server p{n} 127.0.0.1:{port}" for n, port in enumerate(ports, 1))
        path = folder / "haproxy.cfg"
        path.write_text(SETTINGS.format(port=self.port, servers=servers), encoding="utf-8")
        with open(folder / "haproxy.log", "ab") as log:
            self._process = subprocess.Popen([HAPROXY, "-f", path, "-db"], stdout=log, stderr=log)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def settings(database: str, redis: str, folder: Path, apis: tuple[int, int]) -> Config:
    """Of both processes; `apis` are the ports of WeChat and of the text gateway."""
    config = Config(
        database=DatabaseSettings(created(database)), redis=RedisSettings(redis),
        nlu=Nlu(str(folder / "models"), encoder="none"), accounts=AccountsSettings(key_file=str(folder / "data.key")),
        desk=DeskSettings(always_open=True, recall_seconds=0), server=Server(unlimited=("127.0.0.1",)),
    )  # fmt: skip
    wechat, texts = (f"http://127.0.0.1:{port}" for port in apis)
    account = WechatSettings(enabled=True, mode="plain", api_base=wechat)
    gateway = GatewaySettings(enabled=True, api_base=texts, sign=SIGN, templates=TEMPLATES)
    return replace(config, channels=config.channels.having(account, gateway))


class House:
    """`note` is told what is done to it. `calm` ends that; whoever is dead then is started again."""

    def __init__(
        self, cluster: Cluster, redis: RedisServer, config: Config, seed: int, note: Callable[[str, str], None]
    ) -> None:
        self.cluster = cluster
        self.redis = redis
        self.config = config
        self.chance = random.Random(seed)
        self.deaths = self.cuts = self.restarts = self.freezes = self.redis_ends = self.flushes = 0
        self._note = note
        self._calm = asyncio.Event()
        prepare(self.config)
        self.services = [Service(self.config) for _ in range(2)]
        self.balancer = Balancer(redis.folder, [each.port for each in self.services])

    # -- living

    async def keep(self) -> None:
        """Whoever looks after the machines: starts what is dead."""
        async with asyncio.TaskGroup() as group:
            for number, service in enumerate(self.services, 1):
                group.create_task(self._keep(f"process{number}", service))

    async def _keep(self, name: str, service: Service) -> None:
        while True:
            service.ahead = 0.0 if self._calm.is_set() else self.chance.choice((0.0, 0.0, -2.0, 2.0))
            doomed = not self._calm.is_set() and self.chance.random() < 0.5
            step, nth = (self.chance.choice(STEPS), self.chance.randint(2, 30)) if doomed else ("never", 1)
            with contextlib.suppress(AssertionError):  # PostgreSQL may be away: it is tried again
                await asyncio.to_thread(service.start, step, nth)
                self._note(name, f"is up, its clock {service.ahead:+.0f} s, to die at {step} {nth}")
            while not service.is_dead:  # noqa: ASYNC110 - a process tells nobody that it is dead
                await asyncio.sleep(0.05)
            self.deaths += 1
            self._note(name, f"is dead ({service.wait_for_death()})")
            await asyncio.sleep(self.chance.uniform(0.1, 1.5))

    async def ready(self) -> None:
        """Both answer."""
        for service in self.services:
            await asyncio.to_thread(self._wait, f"{service.url}/readyz")

    def _wait(self, url: str) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(url, timeout=2).read()
                return
            time.sleep(0.1)
        raise AssertionError(f"{url} does not answer")

    # -- what goes wrong

    async def suffer(self, seconds: float) -> None:
        """One thing after the other, for so long."""
        faults = (
            self._kill, self._kill, self._cut, self._cut, self._freeze, self._slow, self._restart,
            self._end_redis, self._freeze_redis, self._flush_redis,
        )  # fmt: skip
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(1.0, 4.0))
            with contextlib.suppress(psycopg.OperationalError, ProcessLookupError):
                await self.chance.choice(faults)()
        self._calm.set()
        for service in self.services:  # without what they were doomed to
            if service.process is not None and service.process.is_alive():
                service.process.kill()

    async def _kill(self) -> None:
        service = self.chance.choice(self.services)
        if service.process is not None and service.process.is_alive():
            self._note("house", f"kill -9 of process{1 + self.services.index(service)}")
            service.process.kill()

    async def _cut(self) -> None:
        share = self.chance.choice((0.3, 1.0))
        self.cuts += 1
        self._note("house", f"cuts {share:.0%} of the connections to PostgreSQL")
        for pid in await asyncio.to_thread(self._backends):
            if self.chance.random() < share:
                await asyncio.to_thread(self._query, f"SELECT pg_terminate_backend({pid})")

    async def _freeze(self) -> None:
        """A process that does nothing for a while, and then goes on as if nothing had been."""
        service = self.chance.choice(self.services)
        if service.process is None or service.process.pid is None or not service.process.is_alive():
            return
        self.freezes += 1
        seconds = self.chance.uniform(0.5, 4.0)
        self._note("house", f"process{1 + self.services.index(service)} stands still for {seconds:.1f} s")
        os.kill(service.process.pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(service.process.pid, signal.SIGCONT)

    async def _slow(self) -> None:
        """PostgreSQL stands still for a while."""
        self.freezes += 1
        seconds, pids = self.chance.uniform(0.3, 2.0), await asyncio.to_thread(self._backends)
        self._note("house", f"PostgreSQL stands still for {seconds:.1f} s")
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    async def _restart(self) -> None:
        self.restarts += 1
        self._note("house", "PostgreSQL goes, and comes again")
        await asyncio.to_thread(self.cluster.stop)
        await asyncio.sleep(self.chance.uniform(0.1, 2.0))
        await asyncio.to_thread(self.cluster.start)

    async def _end_redis(self) -> None:
        self.redis_ends += 1
        self._note("house", "Redis goes, and comes again with nothing in it")
        await asyncio.to_thread(self.redis.kill)
        await asyncio.sleep(self.chance.uniform(0.1, 4.0))
        await asyncio.to_thread(self.redis.start)

    async def _freeze_redis(self) -> None:
        self.freezes += 1
        self._note("house", f"Redis stands still for {SLOW} s")
        self.redis.freeze()
        await asyncio.sleep(SLOW)
        self.redis.thaw()

    async def _flush_redis(self) -> None:
        self.flushes += 1
        self._note("house", "Redis is emptied")
        await asyncio.to_thread(self.redis.say, "FLUSHALL")

    def _backends(self) -> list[int]:
        return [
            int(str(row[0]))
            for row in self._query(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ]

    def _query(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.config.database.url, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def close(self) -> None:
        self.balancer.stop()
        for service in self.services:
            if service.process is not None and service.process.is_alive():
                service.kill()
