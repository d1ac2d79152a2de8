"""Who is offered what: a pure function of the queue, the seats and the time.

The queue is in the order of rank, which ages by itself (`store.ticket_rows.ranked`). For each in turn the best seat that
may and can: the one that had this resident last, else the least loaded, else the one that has waited longest. A ticket
whose skill nobody has, or nobody has free, goes to anybody after a while, so no one starves; but never to a seat that it
complains of. All that one person has waiting, on whatever channel, is one place and goes to one seat. Danger to life is
offered to nobody in turn: everybody is called to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from store.ticket_rows import Priority

OVERFLOW = 5 * 60_000  # ms after which the skill does not matter any more
ANY = "general"  # the skill that everybody has


@dataclass(frozen=True, slots=True)
class Waiting:
    """What routing looks at of a ticket. `load` is how much of a seat's capacity it takes; `passed` are seats that let an
    offer of it pass, `barred` those that it complains of."""

    ref: str
    person: str
    priority: Priority
    rank: int
    opened_at: int
    skill: str = ANY
    lang: str = "zh"
    load: int = 1
    last_seat: str | None = None
    passed: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    place: str | None = None


@dataclass(slots=True)
class Free:
    """A seat that takes offers. `load` is what it has in hand, by weight; `since` when it was given something last."""

    name: str
    capacity: int
    load: int = 0
    since: int = 0
    skills: frozenset[str] = field(default_factory=frozenset)
    langs: frozenset[str] = frozenset({"zh"})
    place: str | None = None  # the organisation it answers for; None is the college, for all that have no seats


@dataclass(frozen=True, slots=True)
class Assignment:
    ref: str
    seat: str


def route(
    waiting: Iterable[Waiting], seats: Sequence[Free], now: int, staffed: frozenset[str] = frozenset()
) -> list[Assignment]:
    """The offers to make now. Seats' loads are changed as if they were accepted. `staffed` are the organisations that
    have seats of their own, present or not: their tickets are theirs, until they are escalated. Danger to life is nobody's
    offer: `called` says whom it goes to."""
    people: dict[str, list[Waiting]] = {}
    for each in sorted(waiting, key=lambda each: (each.rank, each.ref)):
        people.setdefault(each.person, []).append(each)
    assignments: list[Assignment] = []
    for theirs in people.values():
        if theirs[0].priority == Priority.DANGER:
            continue  # everybody is called to it, and who takes it gets all of theirs
        load = sum(each.load for each in theirs)
        barred = {name for each in theirs for name in each.barred}
        seat = _best(theirs[0], load, [seat for seat in seats if seat.name not in barred], now, staffed)
        if seat is not None:
            seat.load += load
            seat.since = now
            assignments += [Assignment(each.ref, seat.name) for each in theirs]
    return assignments


def called(danger: Waiting, there: Iterable[str]) -> tuple[str, ...]:
    """Who is called to a danger to life: all who are there at once, busy, paused or without the skill; but never whom it
    complains of."""
    return tuple(sorted(set(there) - set(danger.barred)))


def reaches(ticket: Waiting, seats: Iterable[Free], now: int, staffed: frozenset[str]) -> bool:
    """Whether any of these seats, busy or not, may be offered it at that time."""
    return any(seat.name not in ticket.barred and _may(ticket, seat, now, staffed) for seat in seats)


def _best(first: Waiting, load: int, seats: Sequence[Free], now: int, staffed: frozenset[str]) -> Free | None:
    allowed = [seat for seat in seats if _may(first, seat, now, staffed)]
    # Who let it pass is asked again only when nobody else is left to ask.
    allowed = [seat for seat in allowed if seat.name not in first.passed] or allowed
    able = [seat for seat in allowed if _can(seat, load)]
    if not able:
        return None
    return min(able, key=lambda seat: (_stranger(first, seat), seat.load / seat.capacity, seat.since, seat.name))


def _stranger(ticket: Waiting, seat: Free) -> bool:
    return seat.name != ticket.last_seat


def _may(ticket: Waiting, seat: Free, now: int, staffed: frozenset[str]) -> bool:
    if ticket.priority == Priority.DANGER:
        return True
    if now - ticket.opened_at >= OVERFLOW and ticket.place not in staffed:
        return True
    if seat.place != (ticket.place if ticket.place in staffed else None):
        return False
    return ticket.lang in seat.langs and (ticket.skill == ANY or ticket.skill in seat.skills)


def _can(seat: Free, load: int) -> bool:
    # What is more than a seat's whole capacity goes to an empty one.
    return seat.load + load <= seat.capacity or (seat.load == 0 and load > seat.capacity)
