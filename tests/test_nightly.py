"""What the credit bank does by itself: at night, once, and the same on whatever night it is done."""

from datetime import date, datetime

import pytest

from accounts.bank import Learnt
from bot.nightly import Nightly
from daoxue.app import App
from store import bank, identity


class Nights:
    def __init__(self, app: App) -> None:
        self.zone = app.config.zone
        self.now = datetime(2026, 7, 1, tzinfo=self.zone)
        self.nightly = Nightly(app.bank, app.tellings, app.database, self.zone, lambda: self.now.timestamp())

    async def at(self, day: int, hour: int) -> None:
        self.now = datetime(2026, 7, day, hour, tzinfo=self.zone)
        await self.nightly.work()


@pytest.fixture
def nights(app: App) -> Nights:
    return Nights(app)


async def test_it_is_done_at_night_and_once(app: App, nights: Nights) -> None:
    who = await app.database.write(lambda t: identity.add(t, "card", "phone", "active", False, b""))
    await app.bank.earn(who, Learnt("attend", "before", date(2026, 6, 30), "听课"))
    await nights.at(1, 1)
    assert (await app.bank.balance(who)).points == 0
    await nights.at(1, 2)
    assert (await app.bank.balance(who)).points == 10
    moment = int(nights.now.timestamp() * 1000)
    await app.bank.earn(who, Learnt("attend", "new", date(2026, 7, 1), "听课", at=moment))
    await app.bank.earn(who, Learnt("attend", "backdated", date(2026, 6, 29), "听课", at=moment))
    for day in range(2, 32):
        await nights.at(day, 3)
    assert (await app.bank.balance(who)).points == 10
    found = await app.database.read(lambda t: bank.all_entries(t, who))
    assert [each.day for each in found if each.type == "convert"] == ["2026-07-01"]


async def test_each_night_is_worked_through_once(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the worker comes round in it: in a large centre one night is a long one."""
    worked: list[date] = []

    async def night(today: date, now: int) -> None:
        worked.append(today)

    monkeypatch.setattr(nights.nightly, "night", night)
    for day, hour in ((1, 1), (1, 2), (1, 3), (1, 23), (2, 1), (2, 5), (2, 6)):
        await nights.at(day, hour)
    assert worked == [date(2026, 7, 1), date(2026, 7, 2)]


async def test_a_night_that_failed_is_done_again(app: App, nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    who = await app.database.write(lambda t: identity.add(t, "card", "phone", "active", False, b""))
    await app.bank.earn(who, Learnt("attend", "before", date(2026, 6, 30), "听课"))

    async def broken(*_: object) -> int:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(app.bank, "convert", broken)
        with pytest.raises(OSError, match="disk"):
            await nights.at(1, 2)
    await nights.at(1, 2)
    assert (await app.bank.balance(who)).points == 10
