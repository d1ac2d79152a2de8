"""What happens at the desk without anybody doing it: offers are made and run out, gone seats give back what they had,
what was put aside comes back, what a site leaves lying goes up the tree, closed tickets ask for their stars, and danger to
life calls everybody.

Every step is a compare-and-set on one ticket, so any number of processes may do this at once.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from prometheus_client import Counter, Gauge

from bot.hints import DeskHint
from bot.live import Live
from desk.errors import TicketError
from desk.hours import Hours
from desk.opening import kept_away
from desk.people import at_the_desk, supervisors, taking
from desk.routing import Waiting, called, route
from desk.standing import LiveSettings
from desk.tickets import Tickets, passed
from knowledge.library import Library
from store import people, summons, ticket_lists, tickets
from store.database import ConflictError, Database
from store.people import PresenceRow
from store.summons import Summons
from store.ticket_events import Happened, TicketAlarmed, TicketEscalated, TicketOffered, TicketUnheeded, TicketWoken
from store.ticket_rows import Priority, TicketRow
from store.transaction import Transaction

log = logging.getLogger(__name__)
MOST = 200  # tickets looked at in one go: the front of the queue
AFTER_START = 20_000  # ms in which pages come back after a restart
GAP = 2_000  # ms after the end before the question for the stars
FEW = 2  # stars, of five, of who was not content
SEATS = DeskHint("seats")
HEEDED = 60_000  # ms within which somebody has to take a danger to life
DANGERS = Gauge("daoxue_danger_waiting", "Tickets of danger to life that nobody has")
UNHEEDED = Counter("daoxue_danger_unheeded", "Tickets of danger to life to which the supervisors were called")


@dataclass(slots=True)
class Load:
    """What a seat has in hand, by weight, and when it took something last."""

    weight: int = 0
    since: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What offers are made by: where places are and when they are open, what supervisors have set, and how much of a seat's
    capacity a conversation takes, by channel; one that is not named takes 1."""

    library: Library
    hours: Hours
    standing: LiveSettings
    weights: Mapping[str, int]

    def weight(self, channel: str) -> int:
        return self.weights.get(channel, 1)


class Dispatch:
    """`work` is the worker's round; `step` the same, for tests and simulations that bring their own clock."""

    def __init__(
        self, database: Database, live: Live, board: Tickets, terms: Terms, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._live = live
        self._tickets = board
        self._terms = terms
        self._clock = clock
        self._begun = False

    async def work(self) -> None:
        now = int(self._clock() * 1000)
        if not self._begun:
            # Pages that were open when the service stopped come back within moments: nobody loses tickets by a restart.
            await self._database.write(lambda t: people.extend(t, now + AFTER_START))
            self._begun = True
        await self.step(now)

    async def step(self, now: int) -> int:
        """All that is due; the number of offers made."""
        await self._terms.standing.refresh()
        waiting = await self._front()
        await self._clear_away(now, waiting)
        await self._wake(now)
        await self._escalate(now, waiting)
        await self._ask_for_stars(now)
        await self._alarm(now)
        return await self._route(now)

    async def _front(self) -> list[TicketRow]:
        return await self._database.read(lambda t: ticket_lists.front(t, MOST))

    # -- seats that come and go

    async def come(self, page: PresenceRow, *, again: bool = False) -> None:
        """The page is there, or as it was `again`: then nobody needs to be told."""
        await self._database.write(lambda t: people.come(t, page))
        if not again:
            self._live.desk(SEATS)

    async def go(self, page: str, until: int) -> None:
        """The page has gone: its seat is offered nothing through it, and keeps what it has until then (ms)."""
        await self._database.write(lambda t: people.go(t, page, until))
        self._live.desk(SEATS)

    async def leave(self, seat: str, now: int) -> None:
        """The seat goes on purpose: what it had goes back at once."""
        await self._database.write(lambda t: people.leave_all(t, seat))
        self._live.desk(SEATS)
        await self._gone(seat, now)
        for found in await self._front():
            if found.offered_to == seat:
                await self._tickets.pass_on(found.ref, seat, now, "offline")

    async def _clear_away(self, now: int, waiting: list[TicketRow]) -> None:
        """Who was there and is not any more loses what it has and is offered. A program that never opened a page is
        not gone: it holds what it took."""
        there = {page.seat for page in await self._database.read(lambda t: people.present(t, now))}
        expired = await self._database.read(lambda t: people.expired(t, now))
        for name in {page.seat for page in expired} - there:
            await self._gone(name, now)
        for found in waiting:
            if found.offered_to is None:
                continue
            if found.offered_to not in there:
                await self._tickets.pass_on(found.ref, found.offered_to, now, "offline")
            elif (found.offered_until or 0) <= now:
                await self._tickets.pass_on(found.ref, found.offered_to, now, "timeout")
        if expired:
            await self._database.write(lambda t: people.leave(t, [page.page for page in expired]))
            self._live.desk(SEATS)

    async def _gone(self, name: str, now: int) -> None:
        row = await self._database.read(lambda t: people.get(t, name))
        await self._tickets.give_back(name, now, "offline", row.shown if row else name)

    # -- the queue

    async def _route(self, now: int) -> int:
        free, staffed = await self._database.read(lambda t: taking(t, now))
        if not free:
            return 0
        waiting = await self._front()
        if not any(row.offered_to is None for row in waiting):
            return 0
        load = await self.loads()
        for row in waiting:
            if row.offered_to is not None:
                load.setdefault(row.offered_to, Load()).weight += self._terms.weight(row.channel)
        for seat in free:
            held = load.get(seat.name, Load())
            seat.load, seat.since = held.weight, held.since
        made = 0
        of_whom = await self._database.read(lambda t: ticket_lists.complained_of_in_front(t, MOST))
        fresh = [
            as_waiting(row, of_whom.get(row.ref, frozenset()), self._terms.weight(row.channel))
            for row in waiting
            if row.offered_to is None
        ]
        until = now + self._terms.hours.settings.offer_seconds * 1000
        for each in route(fresh, free, now, staffed):
            row = next(row for row in waiting if row.ref == each.ref)
            made += await self._change(row, TicketOffered(each.seat, until), now)
        return made

    async def loads(self) -> dict[str, Load]:
        load: dict[str, Load] = {}
        for row in await self._database.read(ticket_lists.held):
            held = load.setdefault(row.seat, Load())
            held.weight += self._terms.weight(row.channel) * row.count
            held.since = max(held.since, row.since)
        return load

    # -- danger to life

    async def _alarm(self, now: int) -> None:
        """Everybody is called to what nobody has, and the supervisors to what nobody takes then."""
        dangers = [row for row in await self._front() if row.priority == Priority.DANGER]
        DANGERS.set(len(dangers))
        for row in dangers:
            if row.alarmed_at is None:
                there = await self._database.read(lambda t: at_the_desk(t, now))
                await self._change(row, TicketAlarmed(called(as_waiting(row, frozenset()), there)), now)
            elif row.unheeded_at is None and row.alarmed_at + HEEDED <= now:
                await self._summon(row, now)

    async def _summon(self, row: TicketRow, now: int) -> None:
        def work(transaction: Transaction) -> int:
            able = [each for each in supervisors(transaction) if each.name not in kept_away(row, frozenset())]
            tickets.record(transaction, row, TicketUnheeded(tuple(each.name for each in able)), "system", now)
            for each in able:
                if each.phone:
                    key = f"{row.ref}:{row.alarmed_at}:{each.name}"
                    summons.owe(transaction, key, Summons(each.phone, row.ref), now)
            return len(able)

        try:
            number = await self._database.write(work)
        except ConflictError:
            return  # somebody has it in this moment, or another process was quicker
        UNHEEDED.inc()
        log.error("danger that nobody takes", extra={"ticket": row.ref, "supervisors": number})
        self._live.ring()

    # -- what is due

    async def _wake(self, now: int) -> None:
        for row in await self._database.read(lambda t: ticket_lists.snoozed(t, now)):
            await self._change(row, TicketWoken(), now)

    async def _escalate(self, now: int, waiting: list[TicketRow]) -> None:
        """Up the tree, when nobody there took it within the time, counted in the place's own hours."""
        organisations = self._terms.library.catalogue.organisations
        for row in waiting:
            place = organisations.get(row.place or "")
            limit = self._terms.hours.settings.escalate_after * 60_000 * (row.level + 1)
            if place is None or place.parent is None or now - row.opened_at < limit:
                continue
            own = self._terms.hours.with_days(place.hours)
            if own.between(row.opened_at, now) >= limit:
                await self._change(row, TicketEscalated(place.parent, place.id), now)

    async def _ask_for_stars(self, now: int) -> None:
        for row in await self._database.read(lambda t: ticket_lists.unsurveyed(t, now - GAP)):
            try:
                await self._tickets.survey(row.ref, now)
            except TicketError as error:
                log.error("survey", extra={"error": error.code})

    async def _change(self, row: TicketRow, happened: Happened, now: int) -> bool:
        try:
            await self._database.write(lambda t: tickets.record(t, row, happened, "system", now))
        except ConflictError:
            return False  # somebody was quicker; the next step sees what it is now
        self._live.ring()
        return True


def as_waiting(row: TicketRow, complained_of: frozenset[str], load: int = 1) -> Waiting:
    """As routing has it; its talk complains of these seats."""
    # Who gave few stars need not meet the same seat again.
    last_seat = None if row.stars is not None and row.stars <= FEW else row.last_seat
    return Waiting(
        row.ref, row.person, Priority(row.priority), row.rank, row.opened_at, row.skill, row.lang, load, last_seat,
        passed(row), tuple(sorted(kept_away(row, complained_of))), row.place,
    )  # fmt: skip
