"""Getting into a class, waiting for it, and leaving it.

A class has as many places as its capacity says. Taking one, giving one back and moving the waiting list up are each one
transaction that holds the class: whoever comes at the same moment comes before or after, never beside. The same request
again (its `key`) finds what it did.

    pending   drawn by lot when enrolment ends        admitted  has a place
    waiting   has a number on the waiting list        offered   a place has come free; to be taken by a deadline
    unlucky   no place came free before the start     withdrawn, lapsed (the deadline went by)
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from time import time as time_now
from typing import Protocol
from zoneinfo import ZoneInfo

from accounts.timetable import Group, Scheduled, Timetable
from store import conversations, enrolments, identity
from store.database import Database
from store.enrolments import ACTIVE, EnrolmentRow, PlacesRow
from store.transaction import Transaction

OFFER = timedelta(hours=48)  # to say yes to a place that has come free
LAST_CALL = timedelta(hours=2)  # before the first session, when offers end
TOGETHER = 500


class EnrolError(Exception):
    """It cannot be done; `code` says why: no_class, not_yet, closed, begun, no_learner, only_adults, only_schools, none,
    late."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class EnrolmentStatus:
    """How a learner stands with a class. `ahead` wait in front of one who waits; `until` ends an offer (ms)."""

    group: str
    state: str
    ahead: int = 0
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    taken: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Turned:
    """How an enrolment in a group has gone on: `what` is the text that says it, once for each `key`; `until` ends an offer
    (ms)."""

    what: str
    group: str
    key: str
    until: int | None = None


class Tell(Protocol):
    """Says something to a learner who has not asked; part of the transaction that is the reason for it."""

    def __call__(self, transaction: Transaction, learner: int, turned: Turned, now: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears of a change, within its transaction: the learner, and the platform where there is one."""

    tell: Tell
    report: Callable[[Transaction, EnrolmentRow], None] | None = None


class Enrolments:
    """`groups` are the classes as they are now. `school` says which school a learner's record names."""

    def __init__(
        self, database: Database, groups: Callable[[], Timetable], school: Callable[[bytes], str],
        listeners: Listeners, zone: ZoneInfo, clock: Callable[[], float] = time_now,
    ) -> None:  # fmt: skip
        self._database = database
        self._groups = groups
        self._school = school
        self._tell = listeners.tell
        self._zone = zone
        self._clock = clock
        self._report = listeners.report
        self.seen: Mapping[str, Places] = {}  # as they were a moment ago, for lists

    # -- looking

    async def refresh(self) -> None:
        """Looks at the places anew."""
        self.seen = await self.places()

    async def places(self) -> dict[str, Places]:
        """Of the classes that somebody enrolled in through us; the others stand as the catalogue has them."""

        def look(transaction: Transaction) -> dict[str, Places]:
            waiting = enrolments.waiting(transaction)
            groups = self._groups().classes
            return {
                row.group: Places(row.taken, waiting.get(row.group, 0) + (groups[row.group].waiting if row.group in groups else 0))
                for row in enrolments.all_places(transaction)
            }  # fmt: skip

        return await self._database.read(look)

    async def of(self, learner: int) -> list[EnrolmentStatus]:
        """Everything a learner is in or waits for, the newest first."""

        def look(transaction: Transaction) -> list[EnrolmentStatus]:
            return [self._standing(transaction, row) for row in enrolments.of(transaction, learner)]

        return await self._database.read(look)

    def _standing(self, transaction: Transaction, row: EnrolmentRow) -> EnrolmentStatus:
        if row.state != "waiting":
            return EnrolmentStatus(row.group, row.state, until=row.until)
        group = self._groups().classes.get(row.group)
        before = group.waiting if group else 0  # those who waited before us come first
        return EnrolmentStatus(row.group, row.state, before + enrolments.ahead(transaction, row.group, row.number))

    # -- doing

    async def enrol(self, learner: int, group: str, key: str, by: str, now: int) -> EnrolmentStatus:
        """Takes a place, or a number on the waiting list, or a lot. Raises `EnrolError`."""
        held = self._found(group)
        found, today = held.group, self._day(now)
        if today < found.enrol_from:
            raise EnrolError("not_yet")
        if today > found.enrol_until:
            raise EnrolError("closed")

        def work(transaction: Transaction) -> EnrolmentStatus:
            places = self._places(transaction, held)
            row = enrolments.one(transaction, group, learner)
            if row is not None and row.state in ACTIVE:
                return self._standing(transaction, row)
            self._check(transaction, found, learner)
            new = EnrolmentRow(row.id if row else 0, group, learner, "admitted", 0, key, by, now, None)
            if found.ballot and not places.drawn:
                new = replace(new, state="pending")
            elif self._is_free(transaction, found, places):
                enrolments.count(transaction, replace(places, taken=places.taken + 1))
            else:
                new = replace(new, state="waiting", number=places.queue + 1)
                enrolments.count(transaction, replace(places, queue=places.queue + 1))
            self._put(transaction, new)
            conversations.audited(transaction, by, f"enrolment.{new.state}", f"learner {learner}", group, now)
            return self._standing(transaction, new)

        return await self._database.settle(work)

    def _check(self, transaction: Transaction, group: Group, learner: int) -> None:
        row = identity.get(transaction, learner)
        if row is None or row.status == "void":
            raise EnrolError("no_learner")
        if row.minor and not group.minors:
            raise EnrolError("only_adults")
        if group.schools and self._school(row.body) not in group.schools:
            raise EnrolError("only_schools")

    async def accept(self, learner: int, group: str, key: str, by: str, now: int) -> EnrolmentStatus:
        """Takes the place that was offered. Raises `EnrolError`."""

        def work(transaction: Transaction) -> EnrolmentStatus:
            self._places(transaction, self._found(group))
            row = enrolments.one(transaction, group, learner)
            if row is not None and row.state == "admitted":
                return self._standing(transaction, row)
            if row is None or row.state != "offered":
                raise EnrolError("late" if row is not None and row.state == "lapsed" else "none")
            if row.until is not None and now > row.until:
                raise EnrolError("late")
            row = replace(row, state="admitted", key=key, by=by, at=now, until=None)
            self._put(transaction, row)
            conversations.audited(transaction, by, "enrolment.accepted", f"learner {learner}", group, now)
            return self._standing(transaction, row)

        return await self._database.settle(work)

    async def withdraw(self, learner: int, group: str, key: str, by: str, now: int) -> EnrolmentStatus:
        """Gives the place, the number or the lot back; whoever waits moves up. Once a class has begun only a person
        helps. Raises `EnrolError`."""
        held = self._found(group)
        if now >= self._begins(held):
            raise EnrolError("begun")

        def work(transaction: Transaction) -> EnrolmentStatus:
            places = self._places(transaction, held)
            row = enrolments.one(transaction, group, learner)
            if row is None or row.state not in ACTIVE:
                if row is not None and row.state == "withdrawn":
                    return self._standing(transaction, row)
                raise EnrolError("none")
            gone = replace(row, state="withdrawn", key=key, by=by, at=now, until=None)
            self._put(transaction, gone)
            conversations.audited(transaction, by, "enrolment.withdrawn", f"learner {learner}", group, now)
            if row.state in ("admitted", "offered"):
                self._move_up(transaction, held, replace(places, taken=places.taken - 1), now)
            return self._standing(transaction, gone)

        return await self._database.settle(work)

    # -- what happens by itself

    async def tick(self, now: int) -> int:
        """Ends what is over, draws lots, moves waiting lists up, says what has changed; how much there was to do."""
        done = 0
        for row in await self._database.read(lambda t: enrolments.late(t, now, TOGETHER)):
            done += await self._database.settle(lambda t, row=row: self._lapse(t, row, now))  # type: ignore[misc]
        rows, unsettled = await self._database.read(lambda t: (enrolments.all_places(t), enrolments.unsettled(t)))
        for places in rows:
            held = Scheduled.of(self._groups(), places.group)
            if held is not None and self._has_work(held, places, places.group in unsettled, now):
                done += await self._database.settle(lambda t, held=held: self._advance(t, held, now))  # type: ignore[misc]
        await self.refresh()
        return done

    async def work(self) -> None:
        """One round of the worker."""
        await self.tick(int(self._clock() * 1000))

    def _has_work(self, held: Scheduled, places: PlacesRow, unsettled: bool, now: int) -> bool:
        """Whether a transaction is worth its while; `unsettled` where somebody waits."""
        if self._is_to_tell(held, places, now):
            return True
        if now >= self._begins(held):
            return unsettled
        group = held.group
        lots = group.ballot and not places.drawn and self._day(now) > group.enrol_until
        return lots or (unsettled and places.taken < group.capacity and not group.waiting)

    def _is_to_tell(self, held: Scheduled, places: PlacesRow, now: int) -> bool:
        """Whether those who are in it have not been told yet when and where it is, and some of it is to come."""
        return places.told != held.times and now < self._ends(held)

    def _lapse(self, transaction: Transaction, row: EnrolmentRow, now: int) -> int:
        held = Scheduled.of(self._groups(), row.group)
        current = enrolments.one(transaction, row.group, row.learner)
        if current is None or current.state != "offered" or current.until is None or current.until >= now:
            return 0
        self._put(transaction, replace(current, state="lapsed", at=now, until=None))
        self._tell(transaction, row.learner, Turned("lapsed", row.group, f"lapsed:{row.id}:{current.until}"), now)
        if held is not None:
            places = self._places(transaction, held)
            self._move_up(transaction, held, replace(places, taken=places.taken - 1), now)
        return 1

    def _advance(self, transaction: Transaction, held: Scheduled, now: int) -> int:
        places, group = self._places(transaction, held), held.group
        before, begun, done = places, now >= self._begins(held), 0
        if not begun and group.ballot and not places.drawn and self._day(now) > group.enrol_until:
            places = self._draw(transaction, group, places, now)
            done += 1
        if self._is_to_tell(held, places, now):
            what = "changed" if begun else "moved"
            for row in enrolments.in_state(transaction, group.id, "admitted"):
                self._tell(transaction, row.learner, Turned(what, group.id, f"moved:{row.id}:{now}"), now)
            places, done = replace(places, told=held.times), done + 1
        if not begun:
            return done + self._move_up(transaction, held, places, now, changed=places != before)
        if places != before:
            enrolments.count(transaction, places)
        return done + self._begin(transaction, group, now)

    def _begin(self, transaction: Transaction, group: Group, now: int) -> int:
        """The class has begun: nobody moves up any more."""
        done = 0
        for state in ("waiting", "pending", "offered"):
            for row in enrolments.in_state(transaction, group.id, state):
                self._put(transaction, replace(row, state="unlucky", at=now, until=None))
                self._tell(transaction, row.learner, Turned("unlucky", group.id, f"unlucky:{row.id}:{row.at}"), now)
                done += 1
        return done

    def _draw(self, transaction: Transaction, group: Group, places: PlacesRow, now: int) -> PlacesRow:
        """Lots for all at once; who gets no place has a number by lot."""
        lots = enrolments.in_state(transaction, group.id, "pending")
        random.SystemRandom().shuffle(lots)
        free = max(0, group.capacity - places.taken)
        for row in lots[:free]:
            self._put(transaction, replace(row, state="admitted", at=now))
            self._tell(transaction, row.learner, Turned("drawn", group.id, f"drawn:{row.id}:{row.at}"), now)
        for number, row in enumerate(lots[free:], places.queue + 1):
            self._put(transaction, replace(row, state="waiting", number=number, at=now))
            self._tell(transaction, row.learner, Turned("not_drawn", group.id, f"drawn:{row.id}:{row.at}"), now)
        conversations.audited(
            transaction, "system", "enrolment.drawn", group.id, f"{len(lots)} lots, {free} places", now
        )
        queue = places.queue + max(0, len(lots) - free)
        return replace(places, taken=places.taken + min(free, len(lots)), queue=queue, drawn=1)

    def _move_up(
        self, transaction: Transaction, held: Scheduled, places: PlacesRow, now: int, *, changed: bool = True
    ) -> int:
        """Offers free places to those who wait, in the order of their numbers."""
        group, moved = held.group, 0
        until = min(now + int(OFFER.total_seconds() * 1000), self._begins(held) - int(LAST_CALL.total_seconds() * 1000))
        # Who waits on a list from before (`waiting` of the catalogue) comes first, and staff see to that list.
        while (
            places.taken < group.capacity and not group.waiting and until > now and (not group.ballot or places.drawn)
        ):
            row = enrolments.next_waiting(transaction, group.id)
            if row is None:
                break
            self._put(transaction, replace(row, state="offered", at=now, until=until))
            self._tell(transaction, row.learner, Turned("offered", group.id, f"offered:{row.id}:{now}", until), now)
            places, moved = replace(places, taken=places.taken + 1), moved + 1
        if moved or changed:
            enrolments.count(transaction, places)
        return moved

    # -- small things

    def _is_free(self, transaction: Transaction, group: Group, places: PlacesRow) -> bool:
        """Whether a place is nobody else's: those who wait, here or on a list from before, come first."""
        return (
            places.taken < group.capacity
            and not group.waiting
            and enrolments.next_waiting(transaction, group.id) is None
        )

    def _put(self, transaction: Transaction, row: EnrolmentRow) -> None:
        enrolments.put(transaction, row)
        if self._report is not None:
            self._report(transaction, row)

    def _found(self, id: str) -> Scheduled:
        found = Scheduled.of(self._groups(), id)
        if found is None:
            raise EnrolError("no_class")
        return found

    def _places(self, transaction: Transaction, held: Scheduled) -> PlacesRow:
        return enrolments.places(transaction, held.group.id, held.group.enrolled, 0, held.times)

    def _day(self, now: int) -> date:
        return datetime.fromtimestamp(now / 1000, self._zone).date()

    def _begins(self, held: Scheduled) -> int:
        return self._at(held.days[0], held.group.starts)

    def _ends(self, held: Scheduled) -> int:
        """When its last session ends (ms)."""
        return self._at(held.days[-1], held.group.ends)

    def _at(self, day: date, clock: str) -> int:
        found = time.fromisoformat(clock if clock != "24:00" else "23:59")
        return int(datetime.combine(day, found, self._zone).timestamp() * 1000)
