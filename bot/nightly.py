"""What the credit bank does by itself, once a day: orders that nobody fetched, points that lapsed, credits that become
points at the half-year, a word about points that are about to lapse.

Each step knows by its source whether it was done: two processes, or a second run after a crash, change nothing.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.bank import Bank
from accounts.rules import half_year
from bot.tellings import Tellings
from store import bank as rows
from store.database import Database

AT = 2  # o'clock
TOGETHER = 500
HALF_YEARS = (1, 7)  # months in whose nights the half-year before is converted, each learner's once
SOON = timedelta(days=31)


class Nightly:
    """`clock` is in seconds."""

    def __init__(
        self, bank: Bank, tellings: Tellings, database: Database, zone: ZoneInfo, clock: Callable[[], float]
    ) -> None:
        self._bank = bank
        self._tellings = tellings
        self._database = database
        self._zone = zone
        self._clock = clock
        self._done: date | None = None

    async def work(self) -> None:
        """The night's work, once a day; a later round goes on with what failed."""
        now = datetime.fromtimestamp(self._clock(), self._zone)
        if now.hour >= AT and self._done != now.date():
            await self.night(now.date(), int(now.timestamp() * 1000))
            self._done = now.date()

    async def night(self, today: date, now: int) -> None:
        """All of a day's."""
        while await self._bank.expire_orders(now, today):
            pass
        if not self._bank.reckons:
            return
        first = half_year(today)
        begun = int(datetime(first.year, first.month, 1, tzinfo=self._zone).timestamp() * 1000)
        after = 0
        while ids := await self._database.read(lambda t, after=after: rows.learners(t, after, TOGETHER)):  # type: ignore[misc]
            after = ids[-1]
            if today.month in HALF_YEARS:
                for id in ids:
                    await self._bank.convert(id, today, begun, now)
            if today.month == 1:
                for id in ids:
                    await self._bank.lapse(id, today, now)
            if date(today.year, 12, 31) - today <= SOON:
                await self._tellings.points(self._bank, ids, today, now)
