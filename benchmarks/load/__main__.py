"""`python -m benchmarks.load --sockets 100 --seconds 20` (`make load`): what one process on SQLite stands, and what it costs.

Whole (`--sockets 5000 --seconds 120`) it is 5 000 residents on the web chat at once, each with a question every ten
seconds, 200 seats at the desk and 100 calls beside them; then, while all go on, 10 000 messages of WeChat's in ten
seconds; then, compressed, the 23 000 turns that a city has in eight ordinary hours. With fewer sockets all of it is less in
proportion. CPU is that of the service's process, as a ratio to an echo before and after; where other work wants the
cores, waiting says more of that than of the service. A picture is drawn beside.
"""

import argparse
import asyncio
import contextlib
import os
import resource
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks.load.people import WITHIN, Heard, Platforms, Resident, Seat, letters
from benchmarks.load.picture import Curve, draw
from benchmarks.telephone import one_call
from benchmarks.turn import centre, client, cpu_seconds, load_server, resident_megabytes, serve, start, wait_for
from daoxue.app import compose
from daoxue.config import Config
from desk.people import Profile
from desk.signing import NewToken
from integrations.webchat.channel import PATH
from players.twilio.carrier import Carrier
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from tests.conftest import free_port
from tests.official import behind, environment

WHOLE = 5_000
SEATS, CALLS, FOLLOWERS, SOAK = 200, 100, 10_000, 23_000  # beside so many
OPENING = 50  # sockets that are opened at the same time
DONE_WITHIN = 120.0  # seconds
SOAKS = 64  # connections


class Seen(NamedTuple):
    """Of the process, at a moment (`time.monotonic`): seconds of CPU, and MB."""

    at: float
    cpu: float
    memory: float


@dataclass
class Watch:
    """Looks at a process every second."""

    pid: int
    seen: list[Seen] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(1)

    def look(self) -> Seen:
        self.seen.append(Seen(time.monotonic(), cpu_seconds(self.pid), resident_megabytes(self.pid)))
        return self.seen[-1]


class Size(NamedTuple):
    """How much of everything."""

    sockets: int
    seconds: float

    def of(self, whole: int) -> int:
        return max(1, whole * self.sockets // WHOLE)


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)] if times else 0.0


async def echo(port: int, pid: int) -> float:
    """CPU µs of one."""
    return statistics.median([(await load_server(port, "/", pid))[0] for _ in range(3)])


@dataclass
class Service:
    """The process, and whoever asks it for lists and figures."""

    port: int
    asking: httpx.AsyncClient

    async def figure(self, name: str) -> float:
        """The sum of a figure of /metrics."""
        lines = (await self.asking.get("/metrics")).text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    async def until(self, name: str, least: float, most: float) -> float:
        """Waits until a figure is between these; how long that took."""
        began = time.monotonic()
        while not least <= await self.figure(name) <= most and time.monotonic() < began + DONE_WITHIN:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        return time.monotonic() - began


@contextlib.asynccontextmanager
async def everybody(
    size: Size, service: Service, carrier: Carrier, tokens: list[str], heard: Heard
) -> AsyncIterator[None]:
    """Residents, seats and callers, from when they begin to open their pages."""
    port = service.port
    url, opening = f"ws://127.0.0.1:{port}{PATH}", asyncio.Semaphore(OPENING)
    tasks = [asyncio.create_task(Resident(url, n, heard).live(opening)) for n in range(size.sockets)]
    tasks += [asyncio.create_task(Seat(service.asking, token, n, heard).live()) for n, token in enumerate(tokens)]
    tasks += [asyncio.create_task(_calls(carrier, port, n, heard)) for n in range(size.of(CALLS))]
    try:
        yield
    finally:
        failed = [task.exception() for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if failed:
            raise ExceptionGroup("somebody has gone", [each for each in failed if isinstance(each, Exception)])


async def _calls(carrier: Carrier, port: int, number: int, heard: Heard) -> None:
    """One call after another."""
    for call in range(1_000_000):
        took = await one_call(carrier, port, number * 1_000 + call, pause=5.0)
        heard.calls += [(time.monotonic(), each) for each in took]


async def soak(port: int, count: int) -> None:
    await asyncio.gather(*(client(port, PATH, max(1, count // SOAKS), True) for _ in range(SOAKS)))


@dataclass
class Load:
    """A service, and all that is said of it."""

    size: Size
    service: Service
    watch: Watch
    heard: Heard
    marks: list[tuple[float, str]] = field(default_factory=list)

    def begins(self, what: str) -> Seen:
        seen = self.watch.look()
        self.marks.append((seen.at, what))
        return seen

    async def of_residents(self) -> float:
        """Everybody at once; CPU µs a turn."""
        opened = await self.service.until("daoxue_webchat_sockets", self.size.sockets, self.size.sockets)
        first = self.begins("everybody")
        before, desk, calls = len(self.heard.answers), len(self.heard.desk), len(self.heard.calls)
        await asyncio.sleep(self.size.seconds)
        last, took = self.watch.look(), [each for _, each in self.heard.answers[before:]]
        lists = [each for _, each in self.heard.desk[desk:]]
        steps = [each for _, each in self.heard.calls[calls:]]
        seconds, cpu = last.at - first.at, last.cpu - first.cpu
        turns = len(took) + len(steps)
        print(
            f"{self.size.sockets} pages open after {opened:.0f} s, {self.size.of(SEATS)} seats, {self.size.of(CALLS)} calls:"
            f" {turns / seconds:.0f} turns a second for {seconds:.0f} s, {cpu / seconds:.2f} cores (wanted under 1)"
        )
        print(
            f"  an answer on the web chat   {percentile(took, 0.5):6.0f} ms, 99th percentile {percentile(took, 0.99):.0f}"
            f" (wanted under 100); {self.heard.in_vain} came not at all"
        )
        print(
            f"  a list at the desk          {percentile(lists, 0.5):6.0f} ms, 99th percentile {percentile(lists, 0.99):.0f}"
        )
        print(
            f"  a step of a call            {percentile(steps, 0.5):6.0f} ms, 99th percentile {percentile(steps, 0.99):.0f}"
        )
        print(f"  memory                      {last.memory:6.0f} MB (wanted under 600)")
        return cpu / max(1, turns) * 1e6

    async def of_followers(self, platform: WechatPlatform) -> None:
        """What WeChat brings in ten seconds, beside all others."""
        count, platforms = self.size.of(FOLLOWERS), Platforms(self.service.port)
        written = letters(platform, count)
        self.begins("WeChat")
        await platforms.bring(written)
        found, late = platforms.found, await self.service.until('daoxue_queue_due{lane="wechat"}', 0, 0)
        print(
            f"{count} messages of WeChat's in ten seconds beside them: {found.answered} answered in the response, {found.later}"
            f" taken and answered by themselves, {found.failed} not taken; {percentile(found.took, 0.5):.0f} ms, 99th percentile"
            f" {percentile(found.took, 0.99):.0f}; nothing was due {late:.0f} s later"
        )

    async def of_hours(self) -> None:
        """Eight hours as fast as they go."""
        count = self.size.of(SOAK)
        self.begins("eight hours")
        await soak(self.service.port, count // 2)
        half = self.watch.look()
        await soak(self.service.port, count // 2)
        last = self.watch.look()
        more = last.memory - half.memory
        print(
            f"{count} turns more, every message new: {last.memory:.0f} MB, {more:+.1f} of them in the second half"
            f" ({more / count * 2_000:+.2f} MB for 1 000 turns)"
        )

    def drawn(self, path: Path) -> None:
        """CPU, memory and waiting over time."""
        first, seen = self.watch.seen[0].at, self.watch.seen
        pairs = [(a, b) for a, b in pairwise(seen) if b.at - a.at > 0.5]
        cores = [(b.at - first, (b.cpu - a.cpu) / (b.at - a.at)) for a, b in pairs]
        slow = [(b.at - first, percentile(self.heard.between(a.at, b.at), 0.99)) for a, b in pairs]
        memory = [(each.at - first, each.memory) for each in seen]
        curves = [
            Curve("CPU of the process, cores", "#0b6e5f", cores), Curve("resident memory, MB", "#8a5a00", memory),
            Curve("an answer on the web chat, 99th percentile of a second, ms", "#3557a5", slow),
        ]  # fmt: skip
        draw(path, curves, [(at - first, what) for at, what in self.marks])
        print(f"drawn in {path}")


async def run(folder: Path, size: Size, tokens: list[str], picture: Path) -> None:
    echo_port, port, api = free_port(), free_port(), free_port()
    carrier = Carrier(f"http://127.0.0.1:{port}")
    platform = WechatPlatform(mode="plain", webhook=f"{carrier.url}/channels/wechat")
    more = environment(platform) | {
        "DAOXUE_CHANNELS__WECHAT__ENABLED": "true", "DAOXUE_CHANNELS__WECHAT__MODE": "plain",
        "DAOXUE_CHANNELS__WECHAT__API_BASE": f"http://127.0.0.1:{api}", "DAOXUE_SERVER__PUBLIC_URL": carrier.url,
        "DAOXUE_CHANNELS__TWILIO__ENABLED": "true", "TWILIO_ACCOUNT_SID": carrier.account, "TWILIO_AUTH_TOKEN": carrier.token,
        "DAOXUE_DESK__ALWAYS_OPEN": "true",
    }  # fmt: skip
    plain, service = start("-m", "benchmarks.echo", str(echo_port)), serve(folder, port, **more)
    try:
        await wait_for(port)
        await wait_for(echo_port)
        before = await echo(echo_port, plain.pid)
        no_limits = httpx.Limits(max_connections=None)
        async with (
            httpx.AsyncClient(base_url=carrier.url, trust_env=False, timeout=WITHIN, limits=no_limits) as asking,
            behind(wechat_api.server(platform), api),
        ):
            await asking.get(
                "/api/me"
            )  # the desk's API is loaded when it is first asked for, and that is another figure
            load = Load(size, Service(port, asking), Watch(service.pid), Heard())
            watching = asyncio.create_task(load.watch.run())
            async with everybody(size, load.service, carrier, tokens, load.heard):
                turn = await load.of_residents()
                await load.of_followers(platform)
        await load.of_hours()
        after = (before + await echo(echo_port, plain.pid)) / 2
        print(f"an echo {after:.0f} µs CPU; a turn among all that, desk and calls included, {turn / after:.1f} echoes")
        watching.cancel()
        load.drawn(picture)
    finally:
        for process in (plain, service):
            process.terminate()
            process.wait()


async def hired(config: Config, count: int) -> list[str]:
    """Tokens of so many seats."""
    app, now = await compose(config), int(time.time() * 1000)
    tokens = []
    for number in range(count):
        name = f"seat{number}"
        profile = Profile(capacity=20, skills=["general", "complaint", "privacy"])
        password = await app.desk.people.add(name, "seat", now, "bench", profile)
        tokens.append(await app.desk.signing.add_token(name, NewToken("load", password), now))
    app.database.close()
    return tokens


def _more_files() -> None:
    """Every page holds one, here and there."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--sockets", type=int, default=100, help=f"of residents; {WHOLE} is the whole of it")
    parser.add_argument("--seconds", type=float, default=20.0, help="that everybody is there before WeChat comes")
    parser.add_argument("--picture", type=Path, default=Path("load.svg"), help="where it is drawn")
    asked = parser.parse_args()
    size = Size(asked.sockets, asked.seconds)
    _more_files()
    print(f"load of the machine at the beginning: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with centre() as (folder, config):
        tokens = asyncio.run(hired(config, size.of(SEATS)))
        asyncio.run(run(folder, size, tokens, asked.picture))


if __name__ == "__main__":
    main()
