"""What a year does to a learner's account, night by night: orders that nobody fetched, points that lapse, a word before."""

import time
from datetime import date, datetime
from itertools import count

import pytest

from accounts.bank import Learnt, Wanted
from bot.nightly import Nightly
from daoxue.app import App
from store import bank, identity, notices, queue

_cards = count(1)


@pytest.fixture
def nightly(app: App) -> Nightly:
    return Nightly(app.bank, app.tellings, app.database, app.config.zone, time.time)


async def night(app: App, nightly: Nightly, day: date) -> int:
    """The night before that day's morning; the moment of it in ms."""
    now = int(datetime(day.year, day.month, day.day, 3, tzinfo=app.config.zone).timestamp() * 1000)
    await nightly.night(day, now)
    return now


async def learner(app: App) -> int:
    """One with 10 points of 2026."""
    who = await app.database.write(lambda t: identity.add(t, f"card-{next(_cards)}", "phone", "active", False, b""))
    await app.bank.earn(who, Learnt("attend", f"lesson-{who}", date(2026, 3, 2), "听课"))
    return who


async def test_credits_become_points_in_january_and_july_alone(app: App, nightly: Nightly) -> None:
    who = await learner(app)
    for month in (4, 5, 6):
        await night(app, nightly, date(2026, month, 1))
    assert (await app.bank.balance(who)).points == 0
    await night(app, nightly, date(2026, 7, 1))
    assert (await app.bank.balance(who)).points == 10
    late = await app.database.write(lambda t: identity.add(t, "late", "phone", "active", False, b""))
    await app.bank.earn(late, Learnt("attend", "in-autumn", date(2026, 10, 5), "听课"))
    await night(app, nightly, date(2026, 12, 31))
    assert (await app.bank.balance(late)).points == 0
    await night(app, nightly, date(2027, 1, 1))
    assert (await app.bank.balance(late)).points == 10


async def test_points_lapse_in_the_first_night_after_their_last_day(app: App, nightly: Nightly) -> None:
    who = await learner(app)
    await night(app, nightly, date(2026, 7, 1))
    await night(app, nightly, date(2028, 12, 31))
    assert (await app.bank.balance(who)).points == 10, "that day they are still good"
    await night(app, nightly, date(2029, 1, 1))
    await night(app, nightly, date(2029, 1, 2))
    assert (await app.bank.balance(who)).points == 0
    lapsed = [each for each in await app.database.read(lambda t: bank.all_entries(t, who)) if each.type == "expire"]
    assert [(each.day, each.points) for each in lapsed] == [("2029-01-01", -10)]


async def test_what_nobody_fetched_is_given_back(app: App, nightly: Nightly) -> None:
    who = await learner(app)
    ordered = await night(app, nightly, date(2026, 7, 1))
    order = await app.bank.reserve(who, Wanted("towel", "毛巾", 10, 300, "college", "k"), ordered, date(2026, 7, 1))
    assert order.until - ordered == 7 * 86_400_000, "the days of the rules"
    await night(app, nightly, date(2026, 7, 7))
    assert (await app.bank.balance(who)).frozen == 10
    await night(app, nightly, date(2026, 7, 9))
    found = await app.bank.balance(who)
    assert (found.points, found.frozen) == (10, 0)


async def test_a_word_within_the_last_month_and_once(app: App, nightly: Nightly) -> None:
    who = await learner(app)
    await night(app, nightly, date(2026, 7, 1))

    async def told() -> int:
        rows = await app.database.read(
            lambda t: [notices.due(t, row.number) for row in queue.of_lane(t, notices.KIND, 100)]
        )
        return sum(row is not None and row.learner == who and row.purpose == "points" for row in rows)

    await night(app, nightly, date(2027, 12, 10))
    await night(app, nightly, date(2028, 11, 29))
    assert await told() == 0
    await night(app, nightly, date(2028, 12, 1))
    await night(app, nightly, date(2028, 12, 2))
    assert await told() == 1
