"""The credit bank: whatever happens in whatever order, a balance is the sum of its lines and never below nought."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from accounts import rules
from accounts.auditing import audit
from accounts.bank import Bank, BankError, Learnt, Wanted
from accounts.disputes import Disputes
from accounts.rules import RuleError, amounts
from accounts.vault import Vault
from daoxue.config import Config
from knowledge.catalogue import Catalogue
from knowledge.files import read_sample
from store import bank as rows
from store import identity
from store.database import Database

EARNED, DAY = date(2026, 3, 2), date(2026, 7, 2)  # in one half-year, and the day on which that is converted
BEGUN = 1_000  # ms; what has no time was entered before
SAMPLE = Catalogue.of(read_sample(EARNED).records).reckoning
VAULT = Vault([b"k" * 32])


@pytest.fixture
async def database(either_config: Config) -> AsyncIterator[Database]:
    database = Database(either_config.database.url)
    yield database
    database.close()


@pytest.fixture
def bank(database: Database) -> Bank:
    return Bank(database, lambda: SAMPLE)


async def somebody(database: Database, status: str = "active") -> int:
    """A learner with nothing yet."""
    digest = VAULT.digest("card", str(random.random()))
    return await database.write(lambda t: identity.add(t, digest, "phone", status, False, b""))


async def rich(bank: Bank, database: Database) -> int:
    """A learner with 100 points."""
    who = await somebody(database)
    for number in range(2):
        await bank.earn(who, Learnt("finish", f"finish-{who}-{number}", EARNED, "结业"))
    assert await bank.convert(who, DAY, BEGUN) == 100
    return who


async def sound(database: Database) -> None:
    _, problems = await database.read(audit)
    assert problems == []


async def test_earning_goes_as_far_as_the_cap(bank: Bank, database: Database) -> None:
    who = await somebody(database)
    assert [await bank.earn(who, Learnt("attend", f"a{who}-{n}", DAY, "听课")) for n in range(3)] == [10, 10, 0]
    assert await bank.earn(who, Learnt("attend", f"a{who}-0", DAY, "听课")) == 10, "entered before"
    assert await bank.earn(who, Learnt("attend", f"b{who}", DAY + timedelta(days=1), "听课")) == 10
    assert await bank.earn(who, Learnt("activity", f"c{who}", DAY, "活动")) == 5
    assert amounts((await bank.balance(who)).credits) == "3.5"
    with pytest.raises(BankError, match="unknown_rule"):
        await bank.earn(who, Learnt("dancing", "x", DAY, ""))
    for times in (0, -5, 10**9):
        with pytest.raises(BankError, match="invalid"):
            await bank.earn(who, Learnt("attend", "x", DAY, "", times=times))
    other = await somebody(database)
    with pytest.raises(BankError, match="invalid"):
        await bank.earn(other, Learnt("attend", f"a{who}-0", DAY, "somebody else's"))
    await sound(database)


async def test_credits_become_points_once(bank: Bank, database: Database) -> None:
    who = await rich(bank, database)
    assert await bank.convert(who, DAY + timedelta(days=40), BEGUN) == 100, "the same half-year"
    assert await bank.convert(who, date(2027, 1, 1), BEGUN) == 0, "nothing new"
    await bank.earn(who, Learnt("attend", f"late-{who}", date(2027, 2, 1), "听课"))
    assert await bank.convert(who, date(2027, 7, 2), BEGUN) == 10
    found = await bank.balance(who)
    assert (found.credits, found.points, found.last) == (110, 110, "2027-07-02")
    await sound(database)


@pytest.mark.parametrize("first", [1, 4, 6, 20])
async def test_the_day_on_which_a_half_year_is_converted_does_not_matter(
    bank: Bank, database: Database, first: int
) -> None:
    """Whoever had nothing on the first of July has it no sooner than who had."""
    who = await somebody(database)
    for day in range(1, 32):
        if day == 3:
            await bank.earn(who, Learnt("attend", f"new-{who}", date(2026, 7, 3), "听课", at=BEGUN + 3))
        if day == 5:
            await bank.earn(who, Learnt("attend", f"backdated-{who}", date(2026, 6, 30), "听课", at=BEGUN + 5))
        if day >= first:
            assert await bank.convert(who, date(2026, 7, day), BEGUN) == 0
    assert await bank.convert(who, date(2027, 1, 5), 2 * BEGUN) == 20
    await sound(database)


async def test_what_was_taken_back_becomes_no_points(bank: Bank, database: Database) -> None:
    who = await somebody(database)
    await bank.earn(who, Learnt("attend", f"wrong-{who}", EARNED, "听课"))
    (entry,) = await database.read(lambda t: rows.entries(t, who, 9))
    await bank.reverse(entry.id, "li", "wang", "记错", DAY)
    assert await bank.convert(who, DAY, BEGUN) == 0
    await sound(database)


async def test_an_order_is_set_aside_then_spent_or_given_back(bank: Bank, database: Database) -> None:
    who = await rich(bank, database)
    order = await bank.reserve(who, Wanted("towel", "毛巾", 50, 300, "college", "k1"), 1, DAY)
    assert (await bank.reserve(who, Wanted("towel", "毛巾", 50, 300, "college", "k1"), 1, DAY)).ref == order.ref
    found = await bank.balance(who)
    assert (found.points, found.frozen) == (50, 50)
    await bank.collect(order.ref, "clerk", 2, DAY)
    await bank.collect(order.ref, "clerk", 2, DAY)
    found = await bank.balance(who)
    assert (found.points, found.frozen) == (50, 0)
    with pytest.raises(BankError, match="not_open"):
        await bank.cancel(order.ref, "clerk", 3, DAY)
    second = await bank.reserve(who, Wanted("towel", "毛巾", 50, 300, "college", "k2"), 1, DAY)
    assert await bank.expire_orders(second.until + 1, DAY + timedelta(days=8)) == 1
    assert (await bank.balance(who)).points == 50
    assert [each.state for each in await bank.orders(who, 9)].count("expired") == 1
    await sound(database)


async def test_what_cannot_be_ordered(bank: Bank, database: Database) -> None:
    who, lost = await rich(bank, database), await somebody(database, "lost")
    for points, code in ((101, "not_enough"), (0, "invalid"), (-50, "invalid"), (1 << 40, "invalid")):
        with pytest.raises(BankError, match=code):
            await bank.reserve(who, Wanted("towel", "毛巾", points, 300, "college", f"k{points}"), 1, DAY)
    with pytest.raises(BankError, match="out_of_stock"):
        await bank.reserve(who, Wanted("rice", "大米", 10, 0, "college", "k"), 1, DAY)
    with pytest.raises(BankError, match="card_lost"):
        await bank.reserve(lost, Wanted("towel", "毛巾", 10, 9, "college", "kl"), 1, DAY)
    with pytest.raises(BankError, match="no_learner"):
        await bank.reserve(1 << 40, Wanted("towel", "毛巾", 10, 9, "college", "kn"), 1, DAY)
    await sound(database)


async def test_a_reversal_takes_two_and_is_done_once(bank: Bank, database: Database) -> None:
    who = await rich(bank, database)
    [convert, *earned] = await database.read(lambda t: rows.entries(t, who, 9))
    for by, second in (("li", "li"), ("li", ""), ("", "wang")):
        with pytest.raises(BankError, match="two_persons"):
            await bank.reverse(convert.id, by, second, "错记", DAY)
    order = await bank.reserve(who, Wanted("towel", "毛巾", 60, 300, "college", "k"), 1, DAY)
    with pytest.raises(BankError, match="not_enough"):
        await bank.reverse(convert.id, "li", "wang", "错记", DAY)
    await bank.cancel(order.ref, "li", 1, DAY)
    for _ in range(2):
        await bank.reverse(convert.id, "li", "wang", "错记", DAY)
    assert (await bank.balance(who)).points == 0
    await bank.reverse(earned[0].id, "li", "wang", "记到别人卡上", DAY)
    assert amounts((await bank.balance(who)).credits) == "5"
    reversal = (await database.read(lambda t: rows.entries(t, who, 1)))[0]
    with pytest.raises(BankError, match="not_reversible"):
        await bank.reverse(reversal.id, "li", "wang", "", DAY)
    await sound(database)


async def test_points_lapse_the_oldest_first(bank: Bank, database: Database) -> None:
    who = await rich(bank, database)
    await bank.earn(who, Learnt("finish", f"f27-{who}", date(2026, 8, 1), "结业"))
    await bank.convert(who, date(2027, 2, 1), BEGUN)
    assert await bank.lapsing(who, DAY) == (100, date(2028, 12, 31))
    order = await bank.reserve(who, Wanted("towel", "毛巾", 30, 300, "college", "k"), 1, date(2027, 3, 1))
    await bank.collect(order.ref, "clerk", 1, date(2027, 3, 1))
    assert await bank.lapsing(who, DAY) == (70, date(2028, 12, 31))
    assert await bank.lapse(who, date(2028, 12, 31)) == 0, "that day they are still good"
    assert await bank.lapse(who, date(2029, 1, 1)) == 70
    assert await bank.lapse(who, date(2029, 1, 1)) == 0
    assert await bank.lapsing(who, date(2029, 1, 1)) == (50, date(2029, 12, 31))
    assert (await bank.balance(who)).points == 50
    assert (await bank.balance(who)).credits == 150, "credits do not lapse"
    await sound(database)


async def test_a_dispute_keeps_what_was_there(bank: Bank, database: Database) -> None:
    who = await rich(bank, database)
    disputes, extract = Disputes(database, VAULT), await bank.extract(who)
    await database.write(lambda t: rows.keep_dispute(t, "T1", disputes.sealed(extract), 5))
    await bank.earn(who, Learnt("attend", f"later-{who}", DAY, "听课"))
    [(extract, at)] = await disputes.of("T1")
    assert (extract.points, len(extract.lines), at) == (100, 3, 5)


async def test_a_hundred_at_once_spend_no_point_twice(bank: Bank, database: Database) -> None:
    who = await rich(bank, database)

    async def buy(number: int) -> bool:
        try:
            await bank.reserve(who, Wanted("towel", "毛巾", 30, 300, "college", f"race-{number}"), 1, DAY)
        except BankError:
            return False
        return True

    assert sum(await asyncio.gather(*(buy(number) for number in range(100)))) == 3
    assert (await bank.balance(who)).points == 10
    await sound(database)


async def test_the_last_thing_is_handed_out_once(bank: Bank, database: Database) -> None:
    people = [await rich(bank, database) for _ in range(6)]

    async def buy(who: int) -> bool:
        try:
            await bank.reserve(who, Wanted("umbrella", "晴雨伞", 100, 1, "college", f"last-{who}"), 1, DAY)
        except BankError:
            return False
        return True

    assert sum(await asyncio.gather(*(buy(who) for who in people))) == 1
    await sound(database)


async def random_operations(bank: Bank, people: list[int], count: int, dice: random.Random) -> None:
    """Whatever somebody might do, also what is refused."""
    refs: list[str] = []
    for number in range(count):
        who, day = dice.choice(people), date(2026, 1, 1) + timedelta(days=dice.randrange(1500))
        try:
            match dice.randrange(9):
                case 0 | 1:
                    what = dice.choice(["attend", "online", "finish", "activity", "certificate"])
                    await bank.earn(
                        who, Learnt(what, f"op-{dice.randrange(count)}-{who}", day, "", times=dice.randint(1, 4))
                    )
                case 2:
                    await bank.convert(who, day, BEGUN)
                case 3 | 4:
                    key = f"order-{dice.randrange(count)}-{who}"
                    refs.append(
                        (
                            await bank.reserve(
                                who, Wanted("towel", "毛巾", dice.randint(1, 90), 1 << 30, "college", key), 1, day
                            )
                        ).ref
                    )
                case 5 if refs:
                    await bank.collect(dice.choice(refs), "clerk", 1, day)
                case 6 if refs:
                    await bank.cancel(dice.choice(refs), "clerk", 1, day)
                case 7:
                    await bank.lapse(who, day)
                case _:
                    await bank.reverse(dice.randrange(1, 200 + number), "li", "wang", "", day)
        except BankError:
            pass


@pytest.mark.parametrize("seed", range(3))
async def test_thousands_of_operations_at_once(bank: Bank, database: Database, seed: int) -> None:
    people = [await somebody(database) for _ in range(5)]
    jobs = [random_operations(bank, people, 250, random.Random(seed * 100 + each)) for each in range(8)]
    await asyncio.gather(*jobs)
    await sound(database)
    for who in people:
        lines = await database.read(lambda t, who=who: rows.all_entries(t, who))  # type: ignore[misc]
        found = await bank.balance(who)
        assert (found.credits, found.points) == (
            sum(each.credits for each in lines),
            sum(each.points for each in lines),
        )


KILLED = textwrap.dedent(
    """
    import asyncio, random, sys
    from accounts.bank import Bank
    from store.database import Database
    from tests.test_bank import SAMPLE, random_operations

    async def main() -> None:
        bank = Bank(Database(sys.argv[1]), lambda: SAMPLE)
        print("ready", flush=True)
        people = [int(each) for each in sys.argv[3].split(",")]
        jobs = [random_operations(bank, people, 10_000, random.Random(int(sys.argv[2]) * 31 + each)) for each in range(6)]
        await asyncio.gather(*jobs)

    asyncio.run(main())
    """
)


async def test_kills_leave_every_account_sound(database: Database, tmp_path: Path) -> None:
    people = [await somebody(database) for _ in range(5)]
    for seed in range(3):
        process = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-c", KILLED, database.url, str(seed), ",".join(map(str, people))], stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )  # fmt: skip
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"ready\n"
        await asyncio.sleep(0.4 + seed * 0.21)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        await sound(database)
    assert sum([len(await database.read(lambda t, who=who: rows.all_entries(t, who))) for who in people]) > 50  # type: ignore[misc]


# -- rules

WHOLE = {
    "version": "v1", "valid_from": "2026-01-01", "earn": {"attend": {"credits": 1, "cap": 2, "per": "day"}},
    "points_per_credit": 10, "points_last_years": 2, "order_days": 7,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"points_per_credit": -1}, "points_per_credit"),
        ({"points_per_credit": 10**9}, "points_per_credit"),
        ({"earn": {}}, "earn"),
        ({"earn": {"attend": {"credits": 3, "cap": 2, "per": "day"}}}, "cap"),
        ({"earn": {"attend": {"credits": -1, "cap": 2, "per": "day"}}}, "credits"),
        ({"earn": {"attend": {"credits": 0.25, "cap": 2, "per": "day"}}}, "one decimal"),
        ({"earn": {"attend": {"credits": 1, "cap": 2, "per": "fortnight"}}}, "per"),
        ({"unknown": 1}, "unknown"),
        ({"valid_from": "31.12."}, "valid_from"),
    ],
)
def test_rules_that_make_no_sense(change: dict[str, object], says: str) -> None:
    with pytest.raises(RuleError, match=says):
        rules.read([WHOLE | change])


def test_rules_that_contradict_each_other() -> None:
    with pytest.raises(RuleError, match="valid_from: stands twice"):
        rules.read([WHOLE, WHOLE | {"version": "v2"}])
    with pytest.raises(RuleError, match="no rules"):
        rules.read([])
    found = rules.read([WHOLE | {"version": "v2", "valid_from": "2027-01-01", "points_per_credit": 20}, WHOLE])
    assert found.at(date(2026, 12, 31)).version == "v1"
    assert found.at(date(2027, 1, 1)).points_per_credit == 20
    with pytest.raises(RuleError):
        found.at(date(2025, 1, 1))
