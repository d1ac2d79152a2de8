"""What a turn may ask about the seats: are they open, is anybody there who will do, how many wait, how long that takes."""

import itertools
import json
import math
from collections.abc import Callable, Collection, Set
from dataclasses import replace
from datetime import datetime

from bot.inbox import numbered
from bot.waiting import GENERAL, HeldPlace, Need, Reach, Seats, Uttered, Ways
from desk import routing
from desk.dispatch import as_waiting
from desk.hours import Hours
from desk.people import taking
from desk.roster import named
from desk.routing import Waiting
from store import conversations, people, ticket_lists, tickets
from store.conversations import MessageRow
from store.database import Database
from store.ticket_rows import Priority, ranked
from store.transaction import Transaction

WINDOW = 2 * 3_600_000  # ms of history that an estimate rests on
FRESH = 5_000  # ms that the pace is not looked up anew
LATELY = 16  # messages of a talk that are looked at for what was said before
ANYBODY = Need()
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
    """`bot.waiting.SeatAvailability`."""

    def __init__(self, hours: Hours, database: Database, ways: Ways, looked_at: Collection[str]) -> None:
        self.hours = hours
        self._ways = ways
        self._looked_at = looked_at
        self._database = database
        self._looked = 0
        self._taken: list[int] = []  # as it was then: the pace of a desk does not change from one moment to the next

    def ways(self, channel: str) -> Ways:
        """How a seat's answer may come to somebody on a channel; on one that is not `looked_at` it comes by itself."""
        return self._ways if channel in self._looked_at else {}

    def works(self, at: datetime) -> bool:
        """Whether seats answer then."""
        return self.hours.is_open(at)

    async def seats(self, now: datetime, priority: Priority, need: Need = ANYBODY) -> Seats:
        """The state of the desk for a resident who would wait with this priority for a seat that will do."""
        at = int(now.timestamp() * 1000)
        rank = ranked(priority, at)

        def look(transaction: Transaction) -> tuple[int, Reach]:
            barred = tickets.complained_of(transaction, need.against, need.named)
            ticket = Waiting("", "", priority, rank, at, need.skill, need.lang, barred=barred, place=need.place)
            return tickets.before(transaction, rank), _reach(transaction, ticket, at)

        return await self._seats(now, at, priority, look)

    async def held(self, person: str, *, goes_on: bool) -> HeldPlace | None:
        """The one place that somebody has; where they go on with what they had before, also with a seat."""
        row = await self._database.read(lambda t: tickets.place_of(t, person, goes_on=goes_on))
        return HeldPlace(row.ref, row.state == "waiting") if row is not None else None

    async def named(self, said: str, teachers: Set[str], *, surely: bool) -> tuple[str, ...]:
        """The accounts that a text calls by name; of whom it `surely` speaks, also as it is misspelt."""
        shown = await self._database.read(lambda t: {each.name: each.shown for each in people.everybody(t)})
        return named(said, shown, teachers, surely=surely)

    async def had(self, ref: str) -> tuple[str, ...]:
        """The accounts that have had a ticket."""
        return await self._database.read(lambda t: tickets.complained_of(t, (ref,), ()))

    async def barred(self, ref: str) -> tuple[str, ...]:
        """The accounts that are kept from a ticket."""
        row = await self._database.read(lambda t: tickets.get(t, ref))
        return tuple(json.loads(row.barred)) if row is not None else ()

    async def said_before(self, channel: str, address: str, since: int) -> list[Uttered]:
        """What was said lately in a resident's talk, and not before then (ms)."""

        def look(transaction: Transaction) -> list[MessageRow]:
            talk = conversations.find(transaction, channel, address)
            return conversations.messages(transaction, talk.id, talk.seq - LATELY, talk.seq) if talk else []

        said = [each for each in await self._database.read(look) if each.at >= since]
        return [Uttered(each.author, numbered(each).message.reply.text) for each in said]

    async def place(self, now: datetime, ref: str, need: Need = ANYBODY) -> Seats:
        """The same for a resident who waits already, and may now need more than the ticket says."""
        at = int(now.timestamp() * 1000)
        row = await self._database.read(lambda t: tickets.get(t, ref))
        assert row is not None

        def look(transaction: Transaction) -> tuple[int, Reach]:
            ticket = as_waiting(row, ticket_lists.complained_of(transaction, row.conversation))
            skill = ticket.skill if need.skill == GENERAL else need.skill
            barred = (*ticket.barred, *tickets.complained_of(transaction, need.against, need.named))
            ticket = replace(ticket, skill=skill, barred=barred)
            return tickets.before(transaction, row.rank - 1, row.person), _reach(transaction, ticket, at)

        return await self._seats(now, at, Priority(row.priority), look)

    async def _seats(
        self, now: datetime, at: int, priority: Priority, look: Callable[[Transaction], tuple[int, Reach]]
    ) -> Seats:
        if not self._looked <= at < self._looked + FRESH:
            self._looked = at
            self._taken = await self._database.read(lambda t: ticket_lists.taken_since(t, at - WINDOW, SAMPLE))
        waiting, reach = await self._database.read(look)
        minutes = estimate(self._taken, waiting) if reach is Reach.ABLE else None
        return Seats(
            self.hours.is_open(now),
            self.hours.in_words(),
            self.hours.next_opening(now),
            waiting,
            minutes,
            reach,
            priority,
            (self.hours.in_words("en"), self.hours.next_opening(now, "en")),
        )


def _reach(transaction: Transaction, ticket: Waiting, at: int) -> Reach:
    seats, staffed = taking(transaction, at)
    if routing.reaches(ticket, seats, at, staffed):
        return Reach.ABLE
    late = max(at, ticket.opened_at + routing.OVERFLOW)
    return Reach.OTHERS if routing.reaches(ticket, seats, late, staffed) else Reach.NOBODY
