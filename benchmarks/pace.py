"""`python -m benchmarks.pace [turns a second [seconds]]`: how long an answer takes on PostgreSQL (synced to disk) while turns
come at a pace of their own, 100 a second where nothing is said, whether those before are answered or not.

Beside it the same pace is asked for what needs no database (`/healthz`): what that takes is the machine's share, which is
large where other work wants the cores. The two take turns, a few seconds each. Beside the latter a page is written to the
same disk and synced by itself, again and again: an answer waits for one such sync, or for the one under way and the next.
"""

import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.processes import backends, durable, started
from benchmarks.turn import QUESTIONS, cpu_seconds
from benchmarks.wire import Wire, ask, connected, post
from integrations.webchat.channel import PATH
from tests.processes import Processes, prepared

LINES, EACH = 64, 5.0  # connections, and seconds of a stretch
SAYS = 8  # things, each resident
PAGE, PAUSE = 8_192, 0.005  # bytes of a sync, and seconds between two
_numbers = itertools.count()
Asking = Callable[[Wire], Awaitable[object]]


async def turn(wire: Wire) -> None:
    number = next(_numbers)
    who = f"{number % LINES + LINES * (number // (LINES * SAYS)):032d}"
    said = {"id": f"m{number}", "text": QUESTIONS[number * 7 % len(QUESTIONS)], "visitor": who}
    await post(wire, PATH, json.dumps(said, ensure_ascii=False).encode())


async def nothing(wire: Wire) -> None:
    await ask(wire, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")


async def paced(asking: Asking, wires: "asyncio.Queue[Wire]", rate: float) -> list[float]:
    """Milliseconds from when each was to be asked to its answer, over a stretch."""
    took: list[float] = []
    begins = time.perf_counter()

    async def one(at: float) -> None:
        wire = await wires.get()
        await asking(wire)
        took.append((time.perf_counter() - at) * 1000)
        wires.put_nowait(wire)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * EACH)):
            at = begins + number / rate
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            tasks.create_task(one(at))
    return took


def synced(folder: Path, until: threading.Event) -> list[float]:
    """Milliseconds of each sync of a page."""
    took: list[float] = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        while not until.wait(PAUSE):
            began = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * PAGE, 0)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return took


async def beside_syncs(cluster: Path, stretch: Awaitable[list[float]]) -> tuple[list[float], list[float]]:
    """A stretch, and the syncs meanwhile."""
    over = threading.Event()
    syncs = asyncio.create_task(asyncio.to_thread(synced, cluster, over))
    took = await stretch
    over.set()
    return took, await syncs


def told(what: str, took: list[float]) -> str:
    cut = statistics.quantiles(took, n=100)
    return f"{what:16} p50 {cut[49]:6.1f} ms, p95 {cut[94]:6.1f}, p99 {cut[98]:6.1f}, longest {max(took):6.1f}; {len(took)} asked"


async def measure(service: Processes, cluster: Path, rate: float, seconds: float) -> None:
    wires: asyncio.Queue[Wire] = asyncio.Queue()
    for _ in range(LINES):
        wires.put_nowait(await connected(service.port))
    await paced(turn, wires, rate)  # warm
    turns, empty, syncs, spent = list[float](), list[float](), list[float](), [0.0, 0.0]
    for _ in range(max(1, int(seconds / EACH / 2))):
        without, alone = await beside_syncs(cluster, paced(nothing, wires, rate))
        empty, syncs = empty + without, syncs + alone
        pids = (service.workers, backends(cluster))
        before = [sum(map(cpu_seconds, each)) for each in pids]
        turns += await paced(turn, wires, rate)
        spent = [all_ + sum(map(cpu_seconds, each)) - was for all_, each, was in zip(spent, pids, before, strict=True)]
    print(told("a turn", turns))
    print(told("no database", empty))
    print(told("a sync alone", syncs))
    ours, theirs = (each / len(turns) * 1e6 for each in spent)
    print(
        f"CPU a turn: {ours:.0f} µs ours, {theirs:.0f} µs PostgreSQL; {rate:.0f} a second, load {os.getloadavg()[0]:.1f}"
    )


def main(rate: float = 100, seconds: float = 40) -> None:
    with durable() as (cluster, url), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        service = started(folder / "one", prepared(url, folder, folder), 1)
        try:
            service.wait_until("starting")
            while not service.is_ready():
                time.sleep(0.1)
            asyncio.run(measure(service, cluster, rate, seconds))
        finally:
            service.end()


if __name__ == "__main__":
    main(*map(float, sys.argv[1:3]))
