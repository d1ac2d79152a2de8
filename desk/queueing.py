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

    async def seats(self, now: datetime, priority: int) -> Seats:
        """The state of the desk for a resident who would wait with this priority."""
        at = int(now.timestamp() * 1000)
        rank = tickets.ranked(priority, at)
        waiting, minutes = await self._database.read(lambda t: _ahead(t, rank, "", at))
        return self._seats(now, waiting, minutes)

    async def place(self, now: datetime, ref: str) -> Seats:
        """The same for a resident who waits already."""
        at = int(now.timestamp() * 1000)
        row = await self._database.read(lambda t: tickets.get(t, ref))
        assert row is not None
        waiting, minutes = await self._database.read(lambda t: _ahead(t, row.rank - 1, row.person, at))
        return self._seats(now, waiting, minutes)

    def _seats(self, now: datetime, waiting: int, minutes: tuple[int, int] | None) -> Seats:
        return Seats(self.hours.is_open(now), self.hours.in_words(), self.hours.next_opening(now), waiting, minutes)


def _ahead(transaction: Transaction, rank: int, person: str, at: int) -> tuple[int, tuple[int, int] | None]:
    waiting = tickets.before(transaction, rank, person)
    taken = [row[0] for row in transaction.all(_TAKEN, since=at - WINDOW, most=SAMPLE) if isinstance(row[0], int)]
    return waiting, estimate(taken, waiting)
