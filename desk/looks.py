"""Whose words seats are shown as they happen, without having asked: written down before it is, once a ticket, seat and day."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from store import conversations
from store.database import Database
from store.transaction import Transaction

MOST = 50_000  # tickets and seats that are remembered; those forgotten are written down again


class Looks:
    """Days are those of `zone`; `clock` is in seconds."""

    def __init__(self, database: Database, zone: ZoneInfo, clock: Callable[[], float]) -> None:
        self._database = database
        self._zone = zone
        self._clock = clock
        self._day = date.min
        self._written: set[tuple[str, str]] = set()

    async def about_to(self, tell: Mapping[str, Collection[str]]) -> None:
        """Writes down that of each ticket, by its reference, words are about to be told to these seats: one line for all
        tickets that the same seats are told of."""
        now = self._clock()
        self._begin(datetime.fromtimestamp(now, self._zone).date())
        new: dict[tuple[str, ...], list[str]] = {}
        for ref, seats in tell.items():
            if seats := tuple(sorted(each for each in seats if (ref, each) not in self._written)):
                new.setdefault(seats, []).append(ref)
        if not new:
            return

        def work(transaction: Transaction) -> None:
            for seats, refs in new.items():
                told, to = " ".join(refs), " ".join(seats)
                conversations.audited(transaction, "system", "ticket.told", told, to, int(now * 1000))

        await self._database.write(work)
        self._written |= {(ref, seat) for seats, refs in new.items() for ref in refs for seat in seats}

    def _begin(self, day: date) -> None:
        if day != self._day or len(self._written) > MOST:
            self._day, self._written = day, set()
