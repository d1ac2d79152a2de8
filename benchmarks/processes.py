"""`python -m benchmarks.processes`: two processes on PostgreSQL against one, in turns, in one run.

Both services run at the same time, each on a database of its own in one cluster (synced to disk as it comes), and are
spoken to alternately over 64 connections a process, each of which says the questions of one resident after the other. Told is how many durable turns a second
there are, and what CPU they cost: the processes', PostgreSQL's and the clients'. Where all of these share the cores, two
processes cannot be twice as fast as one, which leaves the others a core of their own; how many times as fast they could
be with cores enough, the CPU says: twice what a turn costs with one process by what it costs with two.
"""

import asyncio
import contextlib
import itertools
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.turn import CONNECTIONS, QUESTIONS, cpu_seconds
from benchmarks.wire import connected, post
from integrations.webchat.channel import PATH
from tests.cluster import Cluster, binaries
from tests.conftest import free_port
from tests.processes import Prepared, Processes, prepared

REQUESTS, ROUNDS = 24, 5  # of each connection; pairs
SAYS = 8  # things, each resident
_residents = itertools.count()


class Cost(NamedTuple):
    """Of one turn: microseconds on the clock, and of CPU."""

    wall: float
    ours: float
    postgres: float
    clients: float


def _cpu(pids: list[int]) -> float:
    return sum(cpu_seconds(pid) for pid in pids)


def backends(cluster: Path) -> list[int]:
    """PostgreSQL's processes: the first, those of all connections, and those that write behind them."""
    first = int((cluster / "data" / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first, *map(int, children)]


async def client(port: int) -> None:
    """One resident after the other, each a few questions; a connection is a page's, and stays with one process."""
    wire = await connected(port)
    for number in range(REQUESTS):
        if number % SAYS == 0:
            resident = next(_residents)
        text = QUESTIONS[(resident + number * 7) % len(QUESTIONS)]
        said = {"id": f"m{number}", "text": text, "visitor": f"{resident:032d}"}
        await post(wire, PATH, json.dumps(said, ensure_ascii=False).encode())
    wire[1].close()


async def one_round(service: Processes, cluster: Path) -> Cost:
    server = backends(cluster)
    began, ours, postgres = time.perf_counter(), _cpu(service.workers), _cpu(server)
    own = resource.getrusage(resource.RUSAGE_SELF)
    count = CONNECTIONS * len(service.workers)
    await asyncio.gather(*(client(service.port) for _ in range(count)))
    after = resource.getrusage(resource.RUSAGE_SELF)
    clients = after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime
    spent = (time.perf_counter() - began, _cpu(service.workers) - ours, _cpu(server) - postgres, clients)
    return Cost(*(each / REQUESTS / count * 1e6 for each in spent))


async def measure(cluster: Path, one: Processes, two: Processes) -> None:
    for service in (one, two):
        await one_round(service, cluster)  # warm
    pairs = [(await one_round(one, cluster), await one_round(two, cluster)) for _ in range(ROUNDS)]
    for name, costs in zip(("one process", "two processes"), zip(*pairs, strict=True), strict=True):
        wall, ours, postgres, clients = (statistics.median(column) for column in zip(*costs, strict=True))
        print(
            f"{name:14} {1e6 / wall:6.0f} turns/s; CPU a turn: {ours:5.0f} µs ours, {postgres:5.0f} µs PostgreSQL, {clients:4.0f} µs clients"
        )
    faster = sorted(one.wall / two.wall for one, two in pairs)
    dearer = statistics.median(one.ours / two.ours for one, two in pairs)
    print(f"two against one   {statistics.median(faster):5.2f} times the turns ({faster[0]:.2f} to {faster[-1]:.2f})")
    print(f"with cores enough {2 * dearer:5.2f} times, by the CPU of a turn")
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {ROUNDS} pairs, {REQUESTS * CONNECTIONS} turns a process"
    )


def started(folder: Path, centre: Prepared, count: int) -> Processes:
    folder.mkdir()
    return Processes(folder, centre, count, DAOXUE_LOG__LEVEL="info")


@contextlib.contextmanager
def durable() -> Iterator[tuple[Path, str]]:
    """A PostgreSQL of our own that syncs to disk as it comes: its folder, and the URL of its database."""
    programs = binaries()
    assert programs is not None, "PostgreSQL is not installed"
    cluster = Path(tempfile.gettempdir()) / f"daoxue-bench-{os.getpid()}"
    server = Cluster(programs, cluster, free_port(), durable=True)
    with contextlib.ExitStack() as held:
        held.callback(server.remove)
        server.start()
        yield cluster, server.url


def main() -> None:
    with durable() as (cluster, url), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        centre = prepared(url, folder, folder)
        services = [started(folder / f"{count}", centre, count) for count in (1, 2)]
        try:
            services[0].wait_until("starting")
            services[1].wait_until("processes serve")
            for service in services:
                while not service.is_ready():
                    time.sleep(0.1)
            asyncio.run(measure(cluster, *services))
        finally:
            for service in services:
                service.end()


if __name__ == "__main__":
    main()
