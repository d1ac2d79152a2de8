"""`python -m tests.faults --seed 7 --seconds 60` (`make faults`): attacks a house for so long, lets it come to its end, and
says what became of everything."""

import argparse
import asyncio
import contextlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from daoxue.app import App, compose
from desk.people import Profile
from desk.tickets import barred
from integrations.webchat.frames import address_of
from players.gateway import TextGateway
from players.wechat.platform import WechatPlatform
from store import conversations, queue, ticket_lists, tickets
from store.queue import Backlog
from store.transaction import Transaction
from tests.cluster import Cluster, binaries
from tests.conftest import free_port
from tests.desk_client import PASSWORD
from tests.faults.checking import HouseChecker
from tests.faults.house import HAPROXY, House, settings
from tests.faults.people import ApiSeat, Follower, Sockets
from tests.faults.providers import TEMPLATES, Handset, Providers
from tests.official import behind, environment
from tests.redis_server import redis_server
from tests.simulation.page import Page
from tests.simulation.people import SAYS, Busy, People

PAGES, FOLLOWERS, PHONES, SEATS = 12, 8, 4, ("li", "wang", "zhao")
TEXTS = 10  # of each resident, spread over the storm
TYPED = 4  # of each telephone: who sends more in a minute is not answered
SETTLING = 120.0  # seconds in which everything has to come to its end


@dataclass
class Hour:
    """Where it takes place: the dice of people, and what is told."""

    seed: int
    chance: random.Random
    began: float = field(default_factory=time.monotonic)
    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def note(self, who: str, what: str) -> None:
        self.lines.append(f"{time.monotonic() - self.began:9.3f}  {who:<10} {what}")

    def wrong(self, what: str) -> None:
        self.problems.append(what)
        self.note("WRONG", what)


class Attack:
    """Everybody, and the house that they speak to: what is said is said while it goes wrong, for so many seconds."""

    def __init__(self, hour: Hour, house: House, providers: Providers, seconds: float) -> None:
        self.hour = hour
        self.house = house
        self.providers = providers
        self._seconds = seconds
        platform, gateway = providers.platform, providers.gateway
        platform.webhook = f"{house.balancer.url}/channels/wechat"
        gateway.url = f"{house.balancer.url}/channels/gateway"
        socket = Sockets(f"{house.balancer.url.replace('http', 'ws')}/channels/webchat")
        self.pages = [
            Page(hour, socket.open, n, [hour.chance.choice(SAYS) for _ in range(TEXTS)], seconds / TEXTS)
            for n in range(1, PAGES + 1)
        ]
        self.followers = [Follower(hour, platform, n, TEXTS, seconds / TEXTS) for n in range(1, FOLLOWERS + 1)]
        self.phones = [Handset(hour, gateway, n, TYPED, seconds / TYPED) for n in range(1, PHONES + 1)]
        self.seats: list[ApiSeat] = []

    async def run(self) -> HouseChecker | None:
        """The storm, and the calm after it; None where it comes to no end."""
        app = await compose(self.house.config)
        try:
            await self._hire(app)
            keeping = asyncio.create_task(self.house.keep())
            await self.house.ready()
            tasks = [asyncio.create_task(each.live()) for each in self.pages]
            tasks += [asyncio.create_task(each.type()) for each in self.pages]
            tasks += [asyncio.create_task(each.live()) for each in self.followers]
            tasks += [asyncio.create_task(each.live()) for each in self.phones]
            tasks += [asyncio.create_task(each.live()) for each in self.seats]
            await self.house.suffer(self._seconds)
            self.providers.calm()
            self.hour.note("house", "from here on nothing goes wrong any more")
            checker = await self._settled(app, tasks)
            for task in (keeping, *tasks):
                task.cancel()
            await asyncio.gather(keeping, *tasks, return_exceptions=True)
            return checker
        finally:
            app.database.close()

    async def _hire(self, app: App) -> None:
        for name in SEATS:
            first = await app.desk.people.add(
                name, "seat", 1, "faults", Profile(capacity=50, skills=["complaint", "privacy", "general"])
            )
            await app.desk.signing.set_password(name, first, PASSWORD, 1)
            token = await app.desk.signing.sign_in(name, PASSWORD, "", int(time.time() * 1000))
            client = httpx.AsyncClient(
                base_url=self.house.balancer.url,
                timeout=10,
                trust_env=False,
                headers={"authorization": f"Bearer {token}"},
            )
            self.seats.append(ApiSeat(name=name, world=self.hour, client=client))

    async def _settled(self, app: App, tasks: "list[asyncio.Task[None]]") -> HouseChecker | None:
        until = time.monotonic() + SETTLING
        while time.monotonic() < until:
            await asyncio.sleep(0.5)
            for failed in (task for task in tasks if task.done() and task.exception()):
                self.hour.wrong(f"somebody did what cannot be: {failed.exception()!r}")
                return None
            busy: list[Busy] = [*self.pages, *self.followers, *self.phones]
            if not all(each.is_done for each in busy):
                continue
            for seat in self.seats:
                seat.is_finishing = True
            with contextlib.suppress(Exception):
                if await app.database.read(partial(self._is_quiet, now=int(time.time() * 1000))):
                    break
        else:
            self.hour.wrong(f"not at an end {SETTLING:.0f} seconds after the last fault")
        people = People(self.pages, self.phones, self.seats, [], self.providers)
        unheard = self.providers.wechat.asked
        checker = HouseChecker(self.hour, app, people, self.followers, unheard, died=self.house.deaths > 0)
        checker.all()
        return checker

    def _is_quiet(self, transaction: Transaction, now: int) -> bool:
        """Whether every ticket is closed, but those that complain of every seat, and its resident asked for stars; everything has
        left, and every page has heard all of it."""
        names = {each.name for each in self.seats}
        left = [row for state in ("waiting", "open", "snoozed") for row in tickets.in_state(transaction, state)]
        if any(not names <= {*barred(row)} for row in left):
            return False
        if ticket_lists.unsurveyed(transaction, now):
            return False
        talks = [conversations.find(transaction, "webchat", address_of(page.visitor)) for page in self.pages]
        heard = all(talk and talk.seq == page.seen for talk, page in zip(talks, self.pages, strict=True))
        # Counted, and not taken: what a process has in hand at this moment could not be taken, and is not done.
        return heard and Backlog.of(queue.owed(transaction, queue.HELD - 1)).due == 0


def report(attack: Attack, checker: HouseChecker | None, seconds: float) -> str:
    """What became of it, in words."""
    house, said = attack.house, sum(len(each.said) for each in attack.pages)
    typed = sum(len(each.said) for each in attack.phones)
    texts, words = sum(len(each.said) for each in attack.followers), sum(len(each.said) for each in attack.seats)
    failed = sum(each.failed for each in attack.followers)
    return (
        f"In {seconds:.0f} seconds two processes died {house.deaths} times; PostgreSQL lost its connections {house.cuts} times,"
        f" went and came {house.restarts} times; Redis went and came {house.redis_ends} times, was emptied {house.flushes} times;"
        f" something stood still {house.freezes} times; {attack.providers.unheard} answers of providers did not come.\n"
        f"{PAGES} pages were told that {said} messages are accepted, {FOLLOWERS} followers {texts}"
        f" ({failed} were told that theirs was not, and wrote again), {PHONES} telephones {typed}; {len(SEATS)} seats said"
        f" {words} things.\n"
        f"What WeChat was sent twice because nobody could know that it had it: {checker.twice if checker else 'unknown'}."
    )


async def attack(seed: int, seconds: float, folder: Path) -> Hour:
    hour, programs = Hour(seed, random.Random(seed)), binaries()
    assert programs is not None, "PostgreSQL is not installed"
    platform, gateway = WechatPlatform(mode="plain"), TextGateway({each.id: each.text for each in TEMPLATES})
    os.environ.update(environment(platform) | {"GATEWAY_KEY": gateway.key, "GATEWAY_SECRET": gateway.secret})
    providers = Providers(platform, gateway, random.Random(seed))
    cluster, wechat, texts = Cluster(programs, folder / "postgresql", free_port()), free_port(), free_port()
    cluster.start()
    try:
        async with behind(providers.wechat, wechat), behind(providers.texts, texts):
            with redis_server(folder / "redis") as redis:
                await _attack(
                    hour,
                    House(
                        cluster, redis, settings(cluster.url, redis.url, folder, (wechat, texts)), hour.seed, hour.note
                    ),
                    providers,
                    seconds,
                )
    finally:
        cluster.remove()
    return hour


async def _attack(hour: Hour, house: House, providers: Providers, seconds: float) -> None:
    try:
        whole = Attack(hour, house, providers, seconds)
        print(report(whole, await whole.run(), seconds))
    finally:
        house.close()


def _told(seed: int, kind: str) -> Path:
    return Path(tempfile.gettempdir()) / f"faults-{seed}.{kind}"


@contextlib.contextmanager
def _apart(path: Path) -> Iterator[None]:
    """What the processes complain of goes into a file."""
    shown = os.dup(2)
    with open(path, "wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(shown, 2)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    if not Path(HAPROXY).exists() or binaries() is None or shutil.which("redis-server") is None:
        print("haproxy, PostgreSQL and Redis are needed: apt-get install haproxy postgresql redis-server")
        return 2
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="daoxue-faults-", dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL is another user
        with _apart(folder / "log"):
            hour = asyncio.run(attack(asked.seed, asked.seconds, folder))
        if hour.problems:
            shutil.copy(folder / "log", _told(asked.seed, "log"))
    if not hour.problems:
        print(
            f"Seed {asked.seed}: nothing was lost, doubled or out of order; no ticket had two owners; ledgers are balanced."
        )
        return 0
    told = _told(asked.seed, "txt")
    told.write_text("\n".join(hour.lines), encoding="utf-8")
    print(f"Seed {asked.seed} is WRONG (all that happened is in {told}, the processes' log beside it):")
    print("\n".join(f"- {each}" for each in hour.problems))
    print(f"Again: python -m tests.faults --seed {asked.seed} --seconds {asked.seconds:.0f}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
