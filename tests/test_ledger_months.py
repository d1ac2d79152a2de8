"""On PostgreSQL the ledger is divided by month like messages (`tests/test_months.py`): a balance is the sum of all of its
months, those in the archive too, and what was credited once is credited once whatever month it was in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import cast

import psycopg
import pytest
from msgspec.structs import replace

from accounts.auditing import audit
from accounts.bank import Bank, BankError, Learnt, Wanted
from daoxue.config import Config, DatabaseSettings
from knowledge.catalogue import Catalogue
from knowledge.files import read_sample
from store import bank as rows
from store import identity, months, past
from store.bank import AttendanceRow, LedgerEntryRow, NewEntry, Sums
from store.database import ConflictError, Database
from store.engine import Cursor
from store.migrate import upgrade
from store.transaction import Transaction
from tests.conftest import created

DAY = 86_400_000
AFTER, ROUNDS = 3, 8  # months after which what is old goes, and months that pass
FIRST = date(2026, 3, 2)
RULES = Catalogue.of(read_sample(FIRST).records).reckoning
_LINE = (
    "INSERT INTO ledger (learner, day, type, credits, points, frozen, counted, source, note, rule, what, at)"
    " VALUES (%s, '2026-03-02', %s, %s, %s, 0, 0, %s, '', 'v1', 'attend', %s)"
)


@pytest.fixture
async def database(config: Config, postgres: str, sample_in_postgres: str) -> AsyncIterator[Database]:
    there = replace(config, database=DatabaseSettings(created(postgres, sample_in_postgres)))
    database = Database(there.database.url)
    yield database
    database.close()


@pytest.fixture
def bank(database: Database) -> Bank:
    return Bank(database, lambda: RULES)


def test_what_is_there_is_brought_along(postgres: str) -> None:
    url = created(postgres)
    upgrade(url, "0025")
    with psycopg.connect(url, autocommit=True) as connection:
        [(now,)] = connection.execute("SELECT (extract(epoch FROM now()) * 1000)::bigint").fetchall()
        times = (
            0,
            now - 900 * DAY,
            now - 40 * DAY,
            now,
            months.month_after(now, 1) + DAY,
            months.month_after(now, 5) + DAY,
        )
        for number in range(60):
            kind, at = ("convert" if number % 2 else "earn"), times[number % len(times)]
            connection.execute(_LINE, (number % 4, kind, number, 2 * number, f"s{number // 2}", at))
        before = _lines(connection), _sums(connection)
    upgrade(url)
    with psycopg.connect(url, autocommit=True) as connection:
        assert (_lines(connection), _sums(connection)) == before
        known = connection.execute("SELECT source, type, entry, at FROM ledger_source ORDER BY entry").fetchall()
        assert known == connection.execute("SELECT source, type, id, at FROM ledger ORDER BY id").fetchall()
        assert months.keep_at(cast(Cursor, connection.cursor()), now, AFTER) == []
        assert connection.execute("SELECT count(*) FROM ledger_rest").fetchall() == [(10,)], "what is far ahead"
        assert (_lines(connection), _sums(connection)) == before
    with contextlib.closing(Database(url)) as database:
        with pytest.raises(psycopg.errors.UniqueViolation):
            database.now(lambda t: rows.enter(t, NewEntry(9, "2026-03-02", "earn", "s5", "", "v1", credits=1)))
        database.now(lambda t: rows.enter(t, NewEntry(9, "2026-03-02", "earn", "new", "", "v1", credits=1)))
        assert database.look(lambda t: rows.entries(t, 9, 9))[0].id > 60


def _lines(connection: "psycopg.Connection[tuple[object, ...]]") -> list[tuple[object, ...]]:
    return connection.execute("SELECT * FROM ledger ORDER BY id").fetchall()


def _sums(connection: "psycopg.Connection[tuple[object, ...]]") -> list[tuple[object, ...]]:
    asked = "SELECT learner, sum(credits), sum(points), max(day) FROM ledger GROUP BY learner ORDER BY learner"
    return connection.execute(asked).fetchall()


async def years(bank: Bank, database: Database, cursor: psycopg.Cursor) -> tuple[int, int]:
    """A learner who in each of some months was at a lesson twice, once without getting anything for it, and had something set
    aside; and the last of these moments (ms)."""
    who = await database.write(lambda t: identity.add(t, "card", "phone", "active", False, b""))
    now = cast("tuple[int]", cursor.execute("SELECT (extract(epoch FROM now()) * 1000)::bigint").fetchone())[0]
    at = now
    for number in range(ROUNDS):
        at, day = months.month_after(now, number) + DAY, FIRST + timedelta(days=30 * number)
        months.keep_at(cast(Cursor, cursor), at, 600)
        await bank.earn(who, Learnt("finish", f"finish-{number}", day, "结业", at=at))
        await bank.convert(who, day + timedelta(days=200), at + 1, at)
        lesson = AttendanceRow(day.isoformat(), "attend", 90, "听课", f"lesson-{number}")
        await database.write(lambda t, lesson=lesson: rows.attend(t, who, lesson))  # type: ignore[misc]
        if number % 2:
            await bank.earn(who, Learnt("attend", f"lesson-{number}", day, "听课", at=at))
    order = await bank.reserve(who, Wanted("towel", "毛巾", 10, 9, "college", "key"), at, day)
    await bank.cancel(order.ref, "li", at, day)
    return who, at


def told(transaction: Transaction, who: int, moment: int) -> tuple[object, ...]:
    """All that is asked of a learner's account."""
    return (
        rows.sums(transaction, who),
        rows.entries(transaction, who, 5),
        rows.all_entries(transaction, who),
        rows.earned(transaction, who, "finish", "2026-01-01", "2026-06-30"),
        rows.unconverted(transaction, who, "2030-01-01", moment),
        rows.uncredited(transaction, who, "2026-01-01"),
        [rows.by_source(transaction, f"finish-{number}", "earn") for number in range(ROUNDS)],
    )


async def test_a_balance_is_that_of_all_months(bank: Bank, database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection, connection.cursor() as cursor:
        who, last = await years(bank, database, cursor)
        before = await database.read(lambda t: told(t, who, last))
        assert await asyncio.to_thread(months.keep_at, cast(Cursor, cursor), last + 31 * DAY, AFTER)
        archived = [each.name for each in months.months(cast(Cursor, cursor), "archive_ledger")]
        assert len(archived) >= ROUNDS - AFTER
        assert await database.read(lambda t: told(t, who, last)) == before
        lines = cast("list[LedgerEntryRow]", before[2])
        counts = [cursor.execute(f"SELECT count(*) FROM {name} WHERE learner = {who}".encode()).fetchone() for name in ("ledger", "archive_ledger")]  # fmt: skip
        assert all(count and count[0] for count in counts)
        assert cast(Sums, before[0]).credits == sum(each.credits for each in lines)

        again = [await bank.earn(who, Learnt("finish", "finish-0", FIRST, "结业", at=last)) for _ in range(2)]
        assert again == [lines[0].credits] * 2, "what is in the archive is not credited again"
        assert await database.read(lambda t: told(t, who, last)) == before
        await bank.reverse(lines[0].id, "li", "wang", "记错", FIRST, last)
        await bank.reverse(lines[0].id, "li", "wang", "记错", FIRST, last)
        after = await bank.balance(who)
        assert after.credits == cast(Sums, before[0]).credits - lines[0].credits
    assert (await database.read(audit))[1] == []


async def test_two_that_report_the_same_at_once_are_one_line(bank: Bank, database: Database) -> None:
    """Also where they are two learners, whom nothing else keeps from each other."""
    some = [
        await database.write(lambda t, n=n: identity.add(t, f"card {n}", "phone", "active", False, b""))  # type: ignore[misc]
        for n in range(2)
    ]
    other = Database(database.url)
    both = [(bank, some[0]), (Bank(other, lambda: RULES), some[1])]
    asked = [each.earn(who, Learnt("finish", "the same", FIRST, "结业")) for each, who in both]
    results = await asyncio.gather(*asked, return_exceptions=True)
    other.close()
    assert sum(isinstance(each, BankError | ConflictError) for each in results) == 1
    assert sum([(await bank.balance(who)).credits for who in some]) == 50


def test_the_sources_are_those_of_the_lines(database: Database) -> None:
    """What stands in the sample has its sources too."""
    assert past.PAST["ledger"].name == "archive_ledger"
    with psycopg.connect(database.url) as connection:
        known = connection.execute("SELECT source, type, entry, at FROM ledger_source ORDER BY entry").fetchall()
        assert known == connection.execute("SELECT source, type, id, at FROM ledger ORDER BY id").fetchall()
        assert known
