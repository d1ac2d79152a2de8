"""`python -m benchmarks.accounts postgresql://…/database [learners] [rows]`: the credit bank with 200 000 learners and
10 000 000 lines of five years, most of them in the archive, and a thousand residents who want one of thirty places at once.
The database is filled if it is empty.

What a balance costs beyond the turn that asks for it (limit 5 ms at the 95th percentile) stands beside the same read on
the same connection that finds nothing to add up: that is what the database's answer costs at all.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import psycopg

from accounts.bank import Bank
from accounts.enrolment import Enrolments, Listeners, Turned
from daoxue.config import Config, DatabaseSettings
from daoxue.preparing import prepare, vault_of
from knowledge.catalogue import Catalogue
from knowledge.files import read_sample
from store import enrolments as rows
from store import months
from store.database import Database
from store.engine import Cursor
from store.transaction import Transaction
from tests.test_enrolment import Group, Timetable

CHINA = ZoneInfo("Asia/Shanghai")
ASKED, AT_ONCE = 3000, 64
MONTHS = 60  # that the lines are from, beginning with this one: no line is older than the program


def fill(url: str, learners: int, lines: int) -> None:
    """Learners and lines made by the server itself; each learner has as many as any other."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM learner").fetchone()
        if row and row[0] >= learners:
            return
        began = time.perf_counter()
        connection.execute(
            "INSERT INTO learner (card, phone, status, minor, body) SELECT 'c' || n, 'p' || n, 'active', 0, ''::bytea"
            " FROM generate_series(1, %s) n",
            (learners,),
        )
        first = int(time.time() * 1000)
        last = months.month_after(first, MONTHS)
        months.keep_at(cast(Cursor, connection.cursor()), last, 2 * MONTHS)
        connection.execute(
            "INSERT INTO ledger (learner, day, type, credits, points, source, note, rule, at)"
            " SELECT 12 + 1 + n %% %s, to_char(date '2024-01-01' + (n / %s)::int %% 900, 'YYYY-MM-DD'), 'earn', 10, 0, 's' || n, '听课', 'v',"
            " %s + (%s - %s) * n / %s FROM generate_series(1, %s::bigint) n",
            (learners, learners, first, last, first, lines, lines),
        )
        months.keep_at(cast(Cursor, connection.cursor()), last, 13)
        connection.execute("VACUUM ANALYZE")
        print(f"filled in {time.perf_counter() - began:.0f} s")


async def timed(work: Callable[[int], Awaitable[object]], ids: list[int], at_once: int) -> list[float]:
    """Milliseconds of each, so many at a time."""
    took: list[float] = []
    waiting = asyncio.Semaphore(at_once)

    async def one(id: int) -> None:
        async with waiting:
            began = time.perf_counter()
            await work(id)
            took.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(one(id) for id in ids))
    return took


def shown(what: str, took: list[float]) -> float:
    ordered = sorted(took)
    high = ordered[int(len(ordered) * 0.95)]
    print(f"{what:44} median {statistics.median(ordered):6.2f} ms, 95th {high:6.2f} ms, longest {ordered[-1]:6.2f} ms")
    return high


async def main(url: str, learners: int, lines: int) -> None:
    config = Config(database=DatabaseSettings(url))
    await asyncio.to_thread(prepare, config)
    await asyncio.to_thread(fill, url, learners, lines)
    database = Database(url, vault_of(config))
    found = Catalogue.of(read_sample(date.today()).records).reckoning
    bank = Bank(database, lambda: found)
    some = [13 + (number * 7919) % learners for number in range(ASKED)]
    nobody = [1 << 40] * ASKED
    print(f"{learners} learners, {lines} lines on {database.dialect.name}")
    await timed(bank.balance, some[:200], 1)
    empty = shown("the same read of an account without lines", await timed(bank.balance, nobody, 1))
    high = shown("a balance, one after the other", await timed(bank.balance, some, 1))
    print(f"    {high / empty:.2f} times the empty one; limit 5 ms")
    shown(f"a balance, {AT_ONCE} at once", await timed(bank.balance, some, AT_ONCE))
    lapsing: Callable[[int], Awaitable[object]] = lambda id: bank.lapsing(id, date(2026, 11, 1))  # noqa: E731
    shown("what lapses next", await timed(lapsing, some, 1))
    await rush(database, learners)
    database.close()


async def rush(database: Database, learners: int) -> None:
    today = datetime.now(CHINA).date()
    group = Group(
        id=f"rush-{time.time_ns()}",
        capacity=30,
        enrol_from=today,
        enrol_until=today,
        opens_on=today + timedelta(days=9),
    )

    def nothing(transaction: Transaction, learner: int, turned: Turned, now: int) -> None:
        """Nobody is told."""

    enrolments = Enrolments(database, lambda: Timetable({group.id: group}), lambda body: "", Listeners(nothing), CHINA)
    now = int(time.time() * 1000)
    began = time.perf_counter()
    states = await asyncio.gather(
        *(enrolments.enrol(13 + number, group.id, f"k{number}", "benchmark", now) for number in range(1000))
    )
    took = time.perf_counter() - began
    admitted = sum(each.state == "admitted" for each in states)
    waiting = await database.read(lambda t: rows.in_state(t, group.id, "waiting"))
    in_order = [each.number for each in waiting] == list(range(1, 971))
    print(
        f"1000 at once for 30 places: {took:.2f} s, {admitted} in, {len(waiting)} wait, numbers without a gap: {in_order}"
    )


if __name__ == "__main__":
    more = [int(each) for each in sys.argv[2:4]]
    asyncio.run(main(sys.argv[1], *(more or [200_000, 10_000_000])))
