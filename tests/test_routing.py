"""Who is offered what: the pure function, its invariants, and that nobody starves."""

import heapq
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from desk.queueing import estimate
from desk.routing import ANY, OVERFLOW, Assignment, Free, Waiting, called, reaches, route
from store.ticket_rows import Priority, ranked

NAMES = ("a", "b", "c", "d")
SKILLS = (ANY, "complaint", "credit", "teacher")


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting]:
    return [
        Waiting(
            ref=f"{n:04d}", person=draw(st.sampled_from(["p1", "p2", f"q{n}"])), priority=(priority := draw(st.sampled_from(Priority))),
            rank=ranked(priority, opened := draw(st.integers(0, 900_000))), opened_at=opened, skill=draw(st.sampled_from(SKILLS)),
            lang=draw(st.sampled_from(["zh", "en"])), load=draw(st.sampled_from([1, 4])),
            last_seat=draw(st.sampled_from([None, *NAMES])), passed=tuple(draw(st.sets(st.sampled_from(NAMES)))),
            barred=tuple(draw(st.sets(st.sampled_from(NAMES), max_size=2))),
            place=draw(st.sampled_from([None, "linjiang", "unstaffed"])),
        )
        for n in range(draw(st.integers(0, 12)))
    ]  # fmt: skip


@st.composite
def desks(draw: st.DrawFn) -> list[Free]:
    return [
        Free(name, capacity := draw(st.integers(1, 6)), draw(st.integers(0, capacity)), draw(st.integers(0, 100)),
             frozenset(draw(st.sets(st.sampled_from(SKILLS)))), frozenset(draw(st.sets(st.sampled_from(["zh", "en"])))),
             draw(st.sampled_from([None, "linjiang"])))
        for name in draw(st.sets(st.sampled_from(NAMES)))
    ]  # fmt: skip


@given(queues(), desks(), st.integers(900_000, 900_000 + 2 * OVERFLOW))
def test_every_offer_is_one_that_may_be_made(waiting: list[Waiting], seats: list[Free], now: int) -> None:
    before = {seat.name: seat.load for seat in seats}
    staffed = frozenset({"linjiang"})
    made = route(waiting, seats, now, staffed)
    assert len({each.ref for each in made}) == len(made), "one ticket, one offer"
    tickets = {each.ref: each for each in waiting}
    by_person: dict[str, set[str]] = {}
    for each in made:
        by_person.setdefault(tickets[each.ref].person, set()).add(each.seat)
    assert all(len(names) == 1 for names in by_person.values()), "one person, one seat"
    for seat in seats:
        theirs = [tickets[each.ref] for each in made if each.seat == seat.name]
        load = before[seat.name] + sum(each.load for each in theirs)
        assert load == seat.load
        assert load <= seat.capacity or before[seat.name] == 0
        firsts = [
            min((t for t in waiting if t.person == each.person), key=lambda t: (t.rank, t.ref)) for each in theirs
        ]
        assert not any(seat.name in each.barred for each in theirs), "nobody gets what complains of them"
        for first in firsts:
            assert first.priority, "danger is nobody's offer: everybody is called to it"
            late = now - first.opened_at >= OVERFLOW and first.place not in staffed
            own = seat.place == (first.place if first.place in staffed else None)
            able = first.lang in seat.langs and (first.skill == ANY or first.skill in seat.skills)
            assert late or (own and able)


@given(queues(), desks())
def test_it_depends_on_nothing_but_what_it_is_given(waiting: list[Waiting], seats: list[Free]) -> None:
    def copies() -> list[Free]:
        return [Free(s.name, s.capacity, s.load, s.since, s.skills, s.langs, s.place) for s in seats]

    shuffled = list(waiting)
    random.Random(1).shuffle(shuffled)
    assert route(waiting, copies(), 1_000_000) == route(shuffled, copies(), 1_000_000)


@given(queues(), st.sets(st.sampled_from(NAMES)))
def test_danger_to_life_calls_all_who_are_there_but_whom_it_complains_of(
    waiting: list[Waiting], there: set[str]
) -> None:
    for each in waiting:
        assert set(called(each, there)) == {name for name in there if name not in each.barred}


def test_danger_to_life_is_offered_to_nobody_in_turn_and_takes_the_rest_of_theirs_along() -> None:
    danger = Waiting("1", "p", Priority.DANGER, ranked(Priority.DANGER, 0), 0)
    assert route([danger, Waiting("2", "p", Priority.ORDINARY, 9, 9)], [Free("a", 4)], 10) == []
    assert route([Waiting("3", "q", Priority.TODAY, ranked(Priority.TODAY, 0), 0)], [Free("a", 1, 1)], 1) == []


def test_the_seat_that_knows_the_resident_comes_first_then_the_least_loaded() -> None:
    seats = [Free("a", 4, 0), Free("b", 4, 3)]
    assert route([Waiting("1", "p", Priority.ORDINARY, 0, 0, last_seat="b")], seats, 1)[0].seat == "b"
    assert route([Waiting("2", "q", Priority.ORDINARY, 0, 0)], seats, 1)[0].seat == "a"


def test_of_two_with_as_much_in_hand_who_was_given_something_longest_ago_comes_first() -> None:
    ticket = Waiting("1", "p", Priority.ORDINARY, 0, 0)
    assert route([ticket], [Free("a", 4, 1, since=20), Free("b", 4, 1, since=10)], 30)[0].seat == "b"
    assert route([ticket], [Free("a", 4, 1, since=10), Free("b", 4, 1, since=20)], 30)[0].seat == "a"


def test_who_let_it_pass_is_asked_again_only_when_nobody_else_is_left() -> None:
    ticket = Waiting("1", "p", Priority.ORDINARY, 0, 0, passed=("a",))
    assert route([ticket], [Free("a", 1), Free("b", 1)], 1)[0].seat == "b"
    assert route([ticket], [Free("a", 1), Free("b", 1, 1)], 1) == []
    assert route([ticket], [Free("a", 1)], 1)[0].seat == "a"


def test_who_is_complained_of_never_gets_it_however_long_it_waits() -> None:
    ticket = Waiting("1", "p", Priority.SOON, 0, 0, "complaint", last_seat="a", barred=("a",))
    able, other = Free("a", 1, skills=frozenset({"complaint"})), Free("b", 1)
    assert route([ticket], [able], 100 * OVERFLOW) == []
    assert not reaches(ticket, [able], 100 * OVERFLOW, frozenset())
    assert called(replace(ticket, priority=Priority.DANGER), ["a", "b"]) == ("b",)
    assert not reaches(ticket, [able, other], 1, frozenset()), "the other lacks the skill"
    assert reaches(ticket, [able, other], OVERFLOW, frozenset()), "and is asked all the same after a while"
    assert route([ticket, Waiting("2", "p", Priority.ORDINARY, 9, 9)], [able, other], OVERFLOW)[1].seat == "b", (
        "all of theirs"
    )


def test_nobody_starves() -> None:
    """A day of a desk that can hardly keep up, with urgent matters coming all the time: by the clock of the simulation
    every ordinary ticket is taken, and none waits longer than what came in ahead of its ageing explains."""
    random.seed(7)
    minute = 60_000
    seats = dict.fromkeys(NAMES, 0)  # free again at
    waiting: list[Waiting] = []
    waited: dict[Priority, list[int]] = {each: [] for each in Priority}
    arrivals = [
        (int(random.uniform(0, 600) * minute), random.choices(tuple(Priority), (1, 25, 24, 50))[0]) for _ in range(470)
    ]
    heapq.heapify(arrivals)
    now, number = 0, 0
    while arrivals or waiting:
        while arrivals and arrivals[0][0] <= now:
            at, priority = heapq.heappop(arrivals)
            number += 1
            skill = random.choice(SKILLS)
            waiting.append(Waiting(f"{number:04d}", f"p{number}", priority, ranked(priority, at), at, skill))
        free = [
            Free(name, 1, 0, until, frozenset({"complaint"} if name == "a" else {"credit"}))
            for name, until in seats.items() if until <= now
        ]  # fmt: skip
        dangers = [
            each for each in waiting if each.priority == Priority.DANGER
        ]  # whoever is free of those who are called takes it
        taken = [Assignment(each.ref, seat.name) for each, seat in zip(dangers, free, strict=False)]
        free = [seat for seat in free if seat.name not in {each.seat for each in taken}]
        for each in [*taken, *route(waiting, free, now)]:
            [ticket] = [one for one in waiting if one.ref == each.ref]
            waiting.remove(ticket)
            waited[ticket.priority].append(now - ticket.opened_at)
            seats[each.seat] = now + int(random.expovariate(1 / 5) * minute)
        now += minute // 4
        assert now < 2000 * minute, "somebody is still waiting"
    assert sum(map(len, waited.values())) == 470
    assert max(waited[Priority.DANGER]) <= 15 * minute
    # The handicap of an ordinary matter is 45 minutes: whoever came later than that cannot have been put before it.
    assert max(waited[Priority.ORDINARY]) - max(waited[Priority.TODAY]) <= 90 * minute


def test_how_long_it_takes_is_a_range_or_nothing() -> None:
    minute = 60_000
    assert estimate([5 * minute, 4 * minute], 3) is None
    steady = [n * 2 * minute for n in range(20, 0, -1)]
    assert estimate(steady, 4) == (10, 11)
    uneven = [200, 170, 168, 140, 110, 108, 70, 30, 29, 0]
    found = estimate([each * minute for each in uneven], 4)
    assert found is not None
    low, high = found
    assert low < 5 * 22 < high
