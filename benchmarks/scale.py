"""`python -m benchmarks.scale [largest [seconds]]`: whether what is done costs the same however much has been written.

On SQLite, and on PostgreSQL where it is installed, a database each with 10³, 10⁴ … messages up to the largest (10⁵ where
nothing is said), ten a conversation, and each of these with a ticket, what hangs on it, and a learner who has proven who it
is. Rows are made by the database itself, from a few hundred texts. As many tickets wait at every size: what grows is what
has been, and who comes; how many seats and waiting there are is another question, which `benchmarks.desk` asks.

Sizes alternate in short rounds until the seconds (60) are over, for the machine is now fast, now slow. Counted is CPU time,
ours and PostgreSQL's. Told are the cost at the smallest, how many times that it is at each of the others (medians of ratios
within a round), and the exponent of the curve: 0 is flat, 1 grows with the rows.
"""

import asyncio
import contextlib
import itertools
import math
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import asdict, replace
from sqlalchemy import Connection, create_engine, text

from benchmarks.desk import SEARCHED
from benchmarks.desk import text as saying
from benchmarks.processes import backends
from benchmarks.turn import QUESTIONS, cpu_seconds
from bot.inbox import encode
from bot.messages import Handover, Message, Priority, Reply
from daoxue.app import App, compose
from daoxue.config import AccountsSettings, Config, DatabaseSettings, Nlu
from daoxue.preparing import prepare, vault_of
from desk.hours import DeskSettings, Hours
from desk.lists import listed
from desk.search import grams
from store.database import Database
from store.migrate import alembic_url
from store.schema import ticket, ticket_event
from store.ticket_events import TicketOpened, begun
from store.ticket_events import encode as encode_event
from store.transaction import Statement, Transaction, adding
from store.units import MINUTE
from tests.cluster import Cluster, binaries
from tests.conftest import created, free_port
from tests.talk import Resident

CHINA = ZoneInfo("Asia/Shanghai")
PER_TALK = 10  # messages
TEXTS = 997  # a prime: no pattern of talks and texts comes back soon
WAITING = 20  # tickets
BACK = 400  # residents with a history who write again
TOGETHER, SAYS = 16, 2  # residents at once in a round, and the things each says
_ADD_TICKET, _ADD_EVENT = Statement(adding(ticket)), Statement(adding(ticket_event))
_NUMBERS = (
    "WITH RECURSIVE numbers(n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < :most) "
)
_MESSAGES = (
    "INSERT INTO message (conversation, seq, author, body, at)"
    f" SELECT conversation.id, n, CASE n % 2 WHEN 1 THEN 'resident' ELSE 'bot' END, said.body, conversation.updated_at"
    f" FROM conversation, numbers, said WHERE said.id = (conversation.id * {PER_TALK} + n) % {TEXTS}"
)
_INBOUND = (
    "INSERT INTO inbound (conversation, id, seq, last_seq)"
    " SELECT conversation, 'm' || seq, seq, seq + 1 FROM message WHERE seq % 2 = 1"
)
_KNOWN = "INSERT INTO correspondent (channel, address, conversation) SELECT channel, address, id FROM conversation"
_PASSAGES = f"INSERT INTO passage (conversation, first_seq, last_seq) SELECT id, 1, {PER_TALK} FROM conversation"
_WORDS = {
    "sqlite": "said.words",
    "postgresql": "array_to_tsvector(array_remove(string_to_array(said.words, ' '), ''))",
}
_AUDITED = (
    "INSERT INTO audit (at, actor, action, subject, detail)"
    " SELECT updated_at, 'bench', 'ticket.read', 'b' || id, '' FROM conversation"
)
_LEARNERS = (
    _NUMBERS + "INSERT INTO learner (card, phone, status, minor, body) SELECT 'c' || n, 'p' || n, 'active', 0, :body"
    " FROM numbers"
)
_PROVEN = (
    'INSERT INTO binding (channel, person, learner, bound_at, "by", dormant, digest)'
    " SELECT 'wechat', 'p' || id, id, 0, 'code', 0, 'd' || id FROM learner"
)


@dataclass(frozen=True)
class Place:
    """A database of so many messages, and the centre that works on it."""

    size: int
    app: App


Work = Callable[[Place, random.Random], Awaitable[int]]


def fill(config: Config, size: int) -> None:
    """Writes the history."""
    talks = size // PER_TALK
    now = int(time.time() * 1000)
    with contextlib.closing(Database(config.database.url)) as database:
        dialect = database.dialect.name
        database.now(lambda t: _first_ticket(t, now))
    with create_engine(alembic_url(config.database.url)).begin() as connection:
        _texts(connection)
        _many(connection, "conversation", talks, now)
        connection.execute(text(_NUMBERS + _MESSAGES), {"most": PER_TALK})
        for statement in (_INBOUND, _PASSAGES, _AUDITED):
            connection.execute(text(statement))
        connection.execute(
            text(
                f"INSERT INTO passage_words (rowid, words) SELECT passage.id, {_WORDS[dialect]} FROM passage"
                f" JOIN said ON said.id = (passage.conversation * {PER_TALK} + 1) % {TEXTS}"
            )
        )
        for table in ("ticket", "ticket_event"):
            _many(connection, table, talks, now)
        connection.execute(text(_LEARNERS), {"most": talks, "body": b""})
        connection.execute(text(_PROVEN))
        vault = vault_of(config)
        for number in _old_ones(size):
            connection.execute(
                text("UPDATE conversation SET address = :sealed WHERE address = :address"),
                {"sealed": vault.seal(f"old-{number}"), "address": f"old-{number}"},
            )
        connection.execute(text(_KNOWN))
        connection.execute(text("DROP TABLE said"))
    if dialect == "postgresql":  # which does so by itself in time; SQLite never does
        with create_engine(alembic_url(config.database.url), isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _texts(connection: Connection) -> None:
    """What is said; `words` are those of a talk that begins with it."""
    chance = random.Random(1)
    said = [saying(chance, number) for number in range(TEXTS)]
    kind = "BLOB" if connection.dialect.name == "sqlite" else "BYTEA"
    connection.execute(text(f"CREATE TABLE said (id INTEGER PRIMARY KEY, body {kind}, words TEXT)"))
    rows = [
        {
            "id": number,
            "body": encode(Message(reply=Reply(text=each))),
            "words": " ".join(grams("\n".join((said + said)[number : number + PER_TALK : 2]))),
        }
        for number, each in enumerate(said)
    ]
    connection.execute(text("INSERT INTO said (id, body, words) VALUES (:id, :body, :words)"), rows)


def _first_ticket(transaction: Transaction, now: int) -> None:
    """The one that all others are copies of."""
    opened = TicketOpened(
        ref="b0", conversation=0, channel="webchat", seq=PER_TALK, topic="training_info", skill="general", place=None,
        priority=Priority.ORDINARY, lang="zh", person="p0",
    )  # fmt: skip
    about = Handover(
        topic="training_info",
        reason="asked_for_person",
        skill="general",
        priority=Priority.ORDINARY,
        summary="想问书法班",
    )
    row = replace(
        begun(opened, now, encode(about)), state="closed", closed_at=now, result="answered", last_seat="bench"
    )
    transaction.add(_ADD_TICKET, **asdict(row))
    transaction.add(_ADD_EVENT, ticket="b0", kind="opened", actor="bot", body=encode_event(opened), at=now)


def _many(connection: Connection, table: str, most: int, now: int) -> None:
    """So many rows: conversations, or what the first ticket's are copied to, the newest of which wait."""
    at = f"{now} - (:most - n) * {MINUTE}"
    if table == "conversation":
        connection.execute(
            text(
                _NUMBERS + "INSERT INTO conversation (channel, address, version, seq, state, updated_at)"
                f" SELECT 'webchat', 'old-' || n, 1, {PER_TALK}, :state, {at} FROM numbers"
            ),
            {"most": most, "state": b""},
        )
        return
    waits = f"n > :most - {WAITING}"
    own = {
        "ticket": {
            "ref": "'b' || n", "conversation": "n", "person": "'p' || n", "opened_at": at, "updated_at": at, "rank": at,
            "state": f"CASE WHEN {waits} THEN 'waiting' ELSE 'closed' END",
            "closed_at": f"CASE WHEN {waits} THEN NULL ELSE {at} END",
        },
        "ticket_event": {"ticket": "'b' || n", "at": at},
    }[table]  # fmt: skip
    source = ticket if table == "ticket" else ticket_event
    names = [column.name for column in source.c if column.name != "id"]
    connection.execute(
        text(
            f"{_NUMBERS}INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(own.get(name, name) for name in names)}"
            f" FROM numbers, {table} WHERE {names[0]} = 'b0'"
        ),
        {"most": most},
    )


def _old_ones(size: int) -> range:
    talks = size // PER_TALK
    return range(1, talks + 1, max(1, talks // BACK))


_numbers = itertools.count()


async def turns(place: Place, chance: random.Random) -> int:
    """Half of those who write were here before."""

    async def one(address: str) -> None:
        resident = Resident(place.app)
        resident.address = address
        for _ in range(SAYS):
            await resident.receipt(chance.choice(QUESTIONS))

    old = chance.sample(_old_ones(place.size), TOGETHER // 2)
    who = [f"old-{number}" for number in old] + [f"new-{next(_numbers)}" for _ in range(TOGETHER // 2)]
    await asyncio.gather(*map(one, who))
    return TOGETHER * SAYS


def lists(state: str) -> Work:
    settings = DeskSettings()
    hours = Hours(settings, CHINA)

    async def work(place: Place, chance: random.Random) -> int:
        for _ in range(20):
            page = await place.app.database.read(lambda t: listed(t, state, "bench", None, 20, hours))
            assert len(page.tickets) == 20, state
        return 20

    return work


async def searches(place: Place, chance: random.Random) -> int:
    for query in SEARCHED:
        await place.app.desk.search.find(query, "bench")
    return len(SEARCHED)


async def owners(place: Place, chance: random.Random) -> int:
    """The other talks of whose ticket it is."""
    for _ in range(50):
        digest = f"d{chance.randint(20, place.size // PER_TALK)}"
        await place.app.database.read(lambda t, digest=digest: place.app.identity.talks(t, digest, (), 1))  # type: ignore[misc]
    return 50


WORKS: dict[str, Work] = {
    "a turn": turns, "the list of who waits": lists("waiting"), "the list of what is closed": lists("closed"),
    "a search": searches, "a person's other talks": owners,
}  # fmt: skip


async def cost(work: Work, place: Place, chance: random.Random, cluster: Path | None) -> float:
    """Of one, in µs of CPU: ours, and PostgreSQL's."""

    def spent() -> float:
        return time.process_time() + (sum(map(cpu_seconds, backends(cluster))) if cluster else 0.0)

    before = spent()
    count = await work(place, chance)
    return (spent() - before) / count * 1e6


async def measure(name: str, configs: dict[int, Config], seconds: float, cluster: Path | None) -> None:
    places = [Place(size, await compose(config)) for size, config in configs.items()]
    chance = random.Random(2)
    taken: dict[str, list[list[float]]] = {what: [] for what in WORKS}
    ends, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        for what, work in WORKS.items():
            order = chance.sample(places, len(places))
            costs = {place.size: await cost(work, place, chance, cluster) for place in order}
            if rounds:  # the first warms
                taken[what].append([costs[place.size] for place in places])
        rounds += 1
    print(f"\n{name}, {rounds - 1} rounds, load {os.getloadavg()[0]:.1f}")
    for what, rows in taken.items():
        if rows:
            report(what, list(configs), rows)
    for place in places:
        place.app.database.close()


def report(what: str, sizes: Sequence[int], rows: Sequence[Sequence[float]]) -> None:
    middle = [statistics.median(column) for column in zip(*rows, strict=True)]
    ratios = [statistics.median(row[n] / max(row[0], 1.0) for row in rows) for n in range(1, len(sizes))]
    slope = statistics.linear_regression(
        [math.log(n) for n in sizes], [math.log(max(each, 1.0)) for each in middle]
    ).slope
    grows = ", ".join(f"10^{math.log10(n):.0f} {ratio:.2f}" for n, ratio in zip(sizes[1:], ratios, strict=True))
    print(f"{what:28} {middle[0]:7.0f} µs at {sizes[0]}; times that at {grows}; exponent {slope:+.3f}")


@contextlib.contextmanager
def postgres() -> Iterator[tuple[Cluster, Path]]:
    programs = binaries()
    assert programs is not None
    folder = Path(tempfile.gettempdir()) / f"daoxue-scale-{os.getpid()}"
    cluster = Cluster(programs, folder, free_port(), durable=True)
    cluster.start()
    try:
        yield cluster, folder
    finally:
        cluster.remove()


def filled(sizes: Sequence[int], folder: Path, first: str, copied: Callable[[int], str]) -> dict[int, Config]:
    """The sample centre at `first`, and copies of it with so many messages."""

    def config(url: str) -> Config:
        return Config(
            database=DatabaseSettings(url), nlu=Nlu(str(folder), encoder="none"),
            accounts=AccountsSettings(str(folder / "data.key")),
        )  # fmt: skip

    prepare(config(first))
    found = {size: config(copied(size)) for size in sizes}
    for size, each in found.items():
        began = time.perf_counter()
        fill(each, size)
        print(f"{size} messages written in {time.perf_counter() - began:.1f} s", flush=True)
    return found


def main(largest: int = 100_000, seconds: int = 60) -> None:
    sizes = [10**n for n in range(3, int(math.log10(largest)) + 1)]
    with tempfile.TemporaryDirectory() as name:
        folder, share = Path(name), seconds / (2 if binaries() else 1)

        def copied(size: int) -> str:
            shutil.copy(folder / "first.db", folder / f"{size}.db")
            return f"sqlite:///{folder}/{size}.db"

        asyncio.run(measure("SQLite", filled(sizes, folder, f"sqlite:///{folder}/first.db", copied), share, None))
        if binaries() is None:
            print("PostgreSQL is not installed")
            return
        with postgres() as (cluster, place):
            first = created(cluster.url)
            template = first.rpartition("/")[2]
            configs = filled(sizes, folder, first, lambda size: created(cluster.url, template))
            asyncio.run(measure("PostgreSQL", configs, share, place))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
