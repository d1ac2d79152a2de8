"""`python -m benchmarks.turn`: what a full durable turn over HTTP costs, as a ratio to an echo in the same run; with
`--against REVISION`, as a ratio to what it costs in the tree of that revision.

Both servers are real processes on loopback; 64 connections post one message after the other: once questions as
residents repeat them, once every message new in its words. Counted is the CPU time of the server process (user and
system). Neighbours on the machine change even that from second to second, so echo and turn alternate in short rounds,
and the median ratio is reported. The steps are timed inside one process, without HTTP.
"""

import argparse
import asyncio
import contextlib
import io
import itertools
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from benchmarks.wire import connected, post
from daoxue.app import App, compose
from daoxue.config import AccountsSettings, Config, DatabaseSettings, Nlu, Server
from daoxue.preparing import prepare
from tests.conftest import free_port
from tests.talk import Resident

CONNECTIONS, REQUESTS, ROUNDS = 64, 1_536, 15
SERVE = "-c", "from daoxue.cli import main; main()", "serve"
WARM, AGAINST = 2, 6  # rounds that are not counted, and that are
TICKS = os.sysconf("SC_CLK_TCK")
DATA = Path(__file__).parent.parent / "tests"
_DANGER = re.compile("晕|昏|摔|活够|不想活")  # nobody is at the desk here who could be called to it
QUESTIONS = [
    question
    for name in ("questions.tsv", "paraphrases.tsv")
    for line in (DATA / name).read_text(encoding="utf-8").splitlines()
    if not _DANGER.search(question := line.partition("\t")[2])
]
_numbers = itertools.count()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_megabytes(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def changed(text: str, number: int) -> str:
    """With a slip in its words, another one for each number."""
    place = number % (len(text) - 1)
    return text[:place] + chr(0x4E00 + number * 7919 % 20_000) + text[place + 1 :]


def message(new: bool) -> bytes:
    """A question of the sixty and their paraphrases; a `new` one was never sent before to the letter."""
    number = next(_numbers)
    text = QUESTIONS[number * 7 % len(QUESTIONS)]
    if new:
        text = changed(text, number)
    # Sixty-four residents at a time, and each says eight things: who says a hundred would sooner or later have a ticket.
    visitor = f"{number % CONNECTIONS + CONNECTIONS * (number // (CONNECTIONS * 8)):032d}"
    return json.dumps({"id": f"m{number}", "text": text, "visitor": visitor}, ensure_ascii=False).encode()


async def client(port: int, path: str, requests: int, new: bool) -> None:
    wire = await connected(port)
    for _ in range(requests):
        await post(wire, path, message(new))
    wire[1].close()


async def load_server(port: int, path: str, pid: int, new: bool = True) -> tuple[float, float]:
    """(CPU µs, wall µs) a request."""
    before, began = cpu_seconds(pid), time.perf_counter()
    await asyncio.gather(*(client(port, path, REQUESTS // CONNECTIONS, new) for _ in range(CONNECTIONS)))
    done = REQUESTS // CONNECTIONS * CONNECTIONS
    return (cpu_seconds(pid) - before) / done * 1e6, (time.perf_counter() - began) / done * 1e6


def start(*arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
    kept = {"PYTHONDONTWRITEBYTECODE": ""}  # as `make serve` starts it
    return subprocess.Popen(
        [sys.executable, *arguments], env={**os.environ, **kept, **environment}, stdout=subprocess.DEVNULL
    )


def _settings(folder: Path, port: int) -> dict[str, str]:
    return {
        "DAOXUE_SERVER__PORT": str(port), "DAOXUE_NLU__FOLDER": str(folder), "DAOXUE_DATABASE__URL": f"sqlite:///{folder}/bench.db",
        "DAOXUE_ACCOUNTS__KEY_FILE": f"{folder}/data.key", "DAOXUE_LOG__LEVEL": "error", "DAOXUE_SERVER__UNLIMITED": "[127.0.0.1]",
    }  # fmt: skip


def serve(folder: Path, port: int, **more: str) -> "subprocess.Popen[bytes]":
    """The service on what is in the folder; `more` is set besides."""
    return start(*SERVE, **(_settings(folder, port) | more))


def serve_from(tree: Path, folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """The same of another tree. It refuses settings that it does not know, so it is told those alone that it does."""
    known = (tree / "daoxue" / "config.py").read_text(encoding="utf-8")
    said = {name: value for name, value in os.environ.items() if name.startswith("DAOXUE_")} | _settings(folder, port)
    told = {name: value for name, value in said.items() if f"    {name.rpartition('__')[2].lower()}: " in known}
    others = {name: value for name, value in os.environ.items() if name not in said}
    return subprocess.Popen(
        [sys.executable, *SERVE], env=others | told | {"PYTHONPATH": str(tree)}, cwd=tree, stdout=subprocess.DEVNULL
    )


async def wait_for(port: int) -> None:
    for _ in range(600):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise TimeoutError(f"nothing listens on {port}")


@contextlib.asynccontextmanager
async def served(folder: Path, port: int, **more: str) -> "AsyncIterator[subprocess.Popen[bytes]]":
    """The same, from when it listens until it is not wanted any more."""
    service = serve(folder, port, **more)
    try:
        await wait_for(port)
        yield service
    finally:
        service.terminate()
        service.wait()


async def refused(port: int, pid: int, target: str, size: int, count: int, *headers: str) -> float:
    """CPU µs a forged request, each with a connection of its own."""
    body, before = secrets.token_bytes(size), cpu_seconds(pid)
    for _ in range(count):
        wire = await connected(port)
        await post(wire, target, body, *headers, expect=403)
        wire[1].close()
    return (cpu_seconds(pid) - before) / count * 1e6


async def tell_refusals(port: int, pid: int, target: str, *headers: str) -> None:
    """Small ones and large ones."""
    small = await refused(port, pid, target, 500, 2_000, *headers)
    large = await refused(port, pid, target, 200_000, 60, *headers)
    print(f"refusing 500 forged bytes         {small:8.0f} µs CPU")
    print(f"refusing 200 kB of forged bytes   {large:8.0f} µs CPU")


async def beside_the_page(port: int, pid: int, rounds: int, channel: Callable[[], Awaitable[float]]) -> None:
    """Tells what a message costs by a channel (CPU µs), and the same question in the web chat, in turns with it."""
    await load_server(port, "/channels/webchat", pid, new=False)  # warm
    await channel()
    pairs = []
    for _ in range(rounds):
        page, _ = await load_server(port, "/channels/webchat", pid, new=False)
        pairs.append((await channel(), page))
    other, page = sorted(pairs, key=lambda pair: pair[0] - pair[1])[rounds // 2]
    print(f"the same questions, web chat      {page:8.0f} µs CPU")
    print(
        f"  by this channel, answered       {other:8.0f} µs CPU, {other / page:5.2f} times; {other - page:.0f} µs beyond the turn (limit 500)"
    )
    print(
        f"  rounds                          {', '.join(f'{one - two:+.0f} µs' for one, two in pairs)}, {CONNECTIONS} connections"
    )


class Round(NamedTuple):
    """CPU µs a request; `wall` is of the new ones."""

    plain: float
    usual: float
    new: float
    wall: float


async def one_round(echo_port: int, echo: int, turn_port: int, turn: int) -> Round:
    before, _ = await load_server(echo_port, "/", echo)
    new, wall = await load_server(turn_port, "/channels/webchat", turn)
    after, _ = await load_server(echo_port, "/", echo)
    usual, _ = await load_server(turn_port, "/channels/webchat", turn, new=False)
    return Round((before + after) / 2, usual, new, wall)


def spread(ratios: Sequence[float]) -> str:
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"{middle:4.1f} echoes ({low:.1f} to {high:.1f}; limit 10)"


async def over_http(folder: Path) -> None:
    echo_port, turn_port = free_port(), free_port()
    first = serve(folder, turn_port)
    await wait_for(turn_port)
    first.terminate()
    first.wait()
    echo = start("-m", "benchmarks.echo", str(echo_port))
    began = time.perf_counter()
    turn = serve(folder, turn_port)
    try:
        await wait_for(turn_port)
        await client(turn_port, "/channels/webchat", 1, True)
        print(f"second start               {time.perf_counter() - began:8.2f} s to the first answer (limit 2)")
        await wait_for(echo_port)
        for _ in range(3):  # warm
            await load_server(turn_port, "/channels/webchat", turn.pid)
        rounds = [await one_round(echo_port, echo.pid, turn_port, turn.pid) for _ in range(ROUNDS)]
        plain, usual, new, wall = (statistics.median(column) for column in zip(*rounds, strict=True))
        usual_ratios = sorted(each.usual / each.plain for each in rounds)
        new_ratios = sorted(each.new / each.plain for each in rounds)
        print(f"echo                       {plain:8.0f} µs CPU")
        print(
            f"full durable turn          {usual:8.0f} µs CPU, {spread(usual_ratios)}: questions as residents repeat them"
        )
        print(
            f"  every message new        {new:8.0f} µs CPU, {spread(new_ratios)}: nothing understood before; {wall:.0f} µs wall"
        )
        print(f"  median of {ROUNDS} rounds, their quarters in brackets; {CONNECTIONS} connections")
        print(f"resident memory            {resident_megabytes(turn.pid):8.0f} MB  (limit 250)")
    finally:
        for process in (echo, turn):
            process.terminate()
            process.wait()


@contextlib.contextmanager
def tree_of(revision: str) -> Iterator[Path]:
    """The project as it was at a revision, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        packed = subprocess.run(
            ["git", "archive", revision], cwd=DATA.parent, check=True, stdout=subprocess.PIPE
        ).stdout  # fmt: skip
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(name, filter="data")
        yield Path(name)


async def against(folder: Path, tree: Path, revision: str) -> None:
    """Both at once, each round of one beside one of the other; who begins changes from round to round."""
    ports = free_port(), free_port()
    before = tree / "of-the-benchmark"
    before.mkdir()
    services = serve(folder, ports[0]), serve_from(tree, before, ports[1])
    try:
        for port in ports:
            await wait_for(port)
        ratios: dict[bool, list[float]] = {False: [], True: []}
        spent: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
        for number in range(WARM + AGAINST):
            for new in (False, True):
                cost = [0.0, 0.0]
                for which in (0, 1) if number % 2 else (1, 0):
                    cost[which], _ = await load_server(ports[which], "/channels/webchat", services[which].pid, new)
                if number >= WARM:
                    ratios[new].append(cost[0] / cost[1])
                    spent[new].append((cost[0], cost[1]))
    finally:
        for service in services:
            service.terminate()
            service.wait()
    print(f"CPU of a turn, here against {revision}, {AGAINST} rounds, load {os.getloadavg()[0]:.1f}")
    for new, name in ((False, "questions as residents repeat them"), (True, "every message new")):
        low, middle, high = statistics.quantiles(ratios[new], n=4)
        here, there = (statistics.median(column) for column in zip(*spent[new], strict=True))
        print(f"  {name:36} {middle:5.2f} times ({low:.2f} to {high:.2f}): {here:.0f} µs here, {there:.0f} there")


async def by_step(config: Config) -> None:
    spent: defaultdict[str, float] = defaultdict(float)
    last = time.perf_counter()

    def observe(step: str) -> None:
        nonlocal last
        now = time.perf_counter()
        spent[step] += now - last
        last = now

    app: App = await compose(config, observe)
    residents = [Resident(app) for _ in range(200)]
    turns = 2_000
    for number in range(turns):
        text = QUESTIONS[number % len(QUESTIONS)] + chr(0x4E00 + number)
        message = residents[number % len(residents)].message(text)
        last = time.perf_counter()
        await app.inbox.receive(message)
    names = {
        "understood": "read, load, understand",
        "thought": "decide and answer",
        "committed": "encode, commit, sync to disk",
    }
    print("\none turn alone, by step (wall):")
    for step, name in names.items():
        print(f"  {name:28} {spent[step] / turns * 1e6:8.0f} µs")
    times = []
    for number in range(2_000):
        began = time.perf_counter()
        app.comprehension.understand(QUESTIONS[number % len(QUESTIONS)] + chr(0x5E00 + number), date.today())
        times.append(time.perf_counter() - began)
    print(f"parse, full sample centre    {statistics.median(times) * 1e3:8.3f} ms median (limit 1)")
    app.database.close()


@contextlib.contextmanager
def centre() -> Iterator[tuple[Path, Config]]:
    """The sample centre in a folder of its own, with somebody in it, or the start would make the first accounts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = Config(
            Server(), DatabaseSettings(f"sqlite:///{folder}/bench.db"), nlu=Nlu(str(folder)),
            accounts=AccountsSettings(f"{folder}/data.key"),
        )  # fmt: skip
        prepare(config)
        asyncio.run(_first_start(config))
        yield folder, config


async def _first_start(config: Config) -> None:
    app = await compose(config)
    await app.desk.people.add("somebody", "seat", 1, "bench")
    app.database.close()


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.turn")
    asked.add_argument("--against", metavar="REVISION", help="compare with the tree of a revision of git")
    revision: str | None = asked.parse_args().against
    with centre() as (folder, config):
        if revision is not None:
            with tree_of(revision) as tree:
                asyncio.run(against(folder, tree, revision))
            return
        asyncio.run(over_http(folder))
        asyncio.run(by_step(config))


if __name__ == "__main__":
    main()
