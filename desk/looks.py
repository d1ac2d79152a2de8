"""What is written down of looks at words of residents: of those shown as they happen, without having been asked for, once a
ticket, seat and day, before it is; of lists that were asked for, what was not just shown."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from store import conversations
from store.database import Database
from store.transaction import Transaction
from store.units import MINUTE

MOST = 50_000  # tickets and seats that are remembered; those forgotten are written down again
AGAIN = 10 * MINUTE  # in which the same look is one line


class Stand(NamedTuple):
    """How far a ticket and its talk have come: who sees it again as it stands sees nothing new."""

    version: int
    seq: int


class Glances:
    """What lists have shown to seats in the last minutes: a page that is loaded again shows it again."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, str], tuple[Stand, int]] = {}

    def new(self, seat: str, where: str, shown: Mapping[str, Stand], now: int) -> list[str]:
        """Those that the seat has not just been shown there as they stand."""

        def is_known(ref: str) -> bool:
            stand, at = self._last.get((seat, where, ref), (None, 0))
            return stand == shown[ref] and at <= now < at + AGAIN

        return [ref for ref in shown if not is_known(ref)]

    def written(self, seat: str, where: str, shown: Mapping[str, Stand], now: int) -> None:
        """These are written down by now."""
        if len(self._last) > MOST:
            self._last = {}
        self._last |= {(seat, where, ref): (stand, now) for ref, stand in shown.items()}


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
