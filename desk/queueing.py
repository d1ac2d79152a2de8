"""What a turn may ask about the seats: are they there, how many wait, how long that may take."""

import itertools
import math
from datetime import datetime

from sqlalchemy import bindparam, select

from bot.turn import Seats
from desk.hours import Hours
from store import tickets
from store.database import Database, Statement, Transaction
from store.schema import ticket

_TAKEN = Statement(
    select(ticket.c.taken_at)
    .where(ticket.c.opened_at > bindparam("since"), ticket.c.taken_at.is_not(None))
    .order_by(ticket.c.taken_at.desc())
    .limit(bindparam("most"))
)
WINDOW = 2 * 3_600_000  # ms of history that an estimate rests on
FRESH = 5_000  # ms that the pace is not looked up anew
SAMPLE, FEWEST = 40, 6  # tickets taken: looked at, and without which nobody can honestly say


def estimate(taken: list[int], waiting: int) -> tuple[int, int] | None:
    """From and to how many minutes one waits behind `waiting` others, given when the last tickets were taken (newest
    first, ms). The gaps between them are what each place costs; their spread is what makes it a range. None when there
    are too few to say."""
    gaps = [later - earlier for later, earlier in itertools.pairwise(taken)]
    if len(taken) < FEWEST or not gaps:
        return None
    mean = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    places = waiting + 1
    expected, doubt = places * mean, math.sqrt(places) * spread
    low, high = max(1, math.floor((expected - doubt) / 60_000)), max(2, math.ceil((expected + doubt) / 60_000))
    return low, max(low + 1, high)


class Queueing:
    """`bot.turn.Desk`."""

    def __init__(self, hours: Hours, database: Database) -> None:
        self.hours = hours
        self._database = database
        self._looked = 0
        self._taken: list[int] = []  # as it was then: the pace of a desk does not change from one moment to the next

    async def seats(self, now: datetime, priority: int) -> Seats:
        """The state of the desk for a resident who would wait with this priority."""
        at = int(now.timestamp() * 1000)
        rank = tickets.ranked(priority, at)
        return await self._seats(now, at, rank, "")

    async def place(self, now: datetime, ref: str) -> Seats:
        """The same for a resident who waits already."""
        at = int(now.timestamp() * 1000)
        row = await self._database.read(lambda t: tickets.get(t, ref))
        assert row is not None
        return await self._seats(now, at, row.rank - 1, row.person)

    async def _seats(self, now: datetime, at: int, rank: int, person: str) -> Seats:
        if not self._looked <= at < self._looked + FRESH:
            self._looked, self._taken = at, await self._database.read(lambda t: _taken(t, at))
        waiting = await self._database.read(lambda t: tickets.before(t, rank, person))
        minutes = estimate(self._taken, waiting)
        return Seats(
            self.hours.is_open(now),
            self.hours.in_words(),
            self.hours.next_opening(now),
            waiting,
            minutes,
            self.hours.in_english(now),
        )


def _taken(transaction: Transaction, at: int) -> list[int]:
    return [row[0] for row in transaction.all(_TAKEN, since=at - WINDOW, most=SAMPLE) if isinstance(row[0], int)]
