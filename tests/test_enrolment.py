"""Classes under a rush, waiting lists that move up, lots, and what residents are told of it."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.enrolment import EnrolError, Enrolments, Listeners, Turned
from accounts.vault import Vault
from daoxue.config import Config
from store import enrolments as rows
from store import identity
from store.database import Database
from store.jobs import Work
from store.transaction import Transaction

CHINA = ZoneInfo("Asia/Shanghai")
VAULT = Vault([b"k" * 32])
HOUR = 3_600_000


def at(day: date, hour: int = 10) -> int:
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=CHINA).timestamp() * 1000)


TODAY = date(2026, 11, 2)
NOW = at(TODAY)


@dataclass
class Group:
    """A class as enrolment sees it."""

    id: str = "g"
    capacity: int = 2
    enrolled: int = 0
    waiting: int = 0
    enrol_from: date = TODAY - timedelta(days=5)
    enrol_until: date = TODAY + timedelta(days=5)
    opens_on: date = TODAY + timedelta(days=10)
    closes_on: date = TODAY + timedelta(days=40)
    starts: str = "09:00"
    ends: str = "10:30"
    ballot: bool = False
    minors: bool = False
    schools: tuple[str, ...] = ()
    times: str = "wednesdays"


@dataclass
class Timetable:
    """The classes, and when each is held."""

    classes: dict[str, Group]

    def days(self, id: str) -> tuple[date, ...]:
        return self.classes[id].opens_on, self.classes[id].closes_on

    def times(self, id: str) -> str:
        return self.classes[id].times


@dataclass
class Office:
    """Enrolment with a note of what was told to whom."""

    database: Database
    groups: dict[str, Group] = field(default_factory=lambda: {"g": Group()})
    told: list[tuple[int, str]] = field(default_factory=list)
    people: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.enrolments = Enrolments(
            self.database, lambda: Timetable(self.groups), lambda body: body.decode(), Listeners(self._tell), CHINA
        )

    def _tell(self, transaction: Transaction, learner: int, turned: Turned, now: int) -> None:
        self.told.append((learner, turned.what))

    @property
    def group(self) -> Group:
        return self.groups["g"]

    async def somebody(self, *, minor: bool = False, school: str = "linjiang", status: str = "active") -> int:
        card = VAULT.digest("card", str(random.random()))
        return await self.database.write(lambda t: identity.add(t, card, "p", status, minor, school.encode()))

    async def enrol(self, learner: int, now: int = NOW) -> str:
        return (await self.enrolments.enrol(learner, "g", f"k{learner}", "test", now)).state

    async def state(self, learner: int) -> str:
        return (await self.enrolments.of(learner))[0].state


@pytest.fixture
async def office(either_config: Config) -> AsyncIterator[Office]:
    database = Database(either_config.database.url)
    yield Office(database)
    database.close()


async def test_a_thousand_at_once(office: Office) -> None:
    """Thirty places: thirty are in, the others wait in order, nobody is told an error."""
    office.groups["g"] = Group(capacity=30)
    learners = [await office.somebody() for _ in range(1000)]
    random.shuffle(learners)
    states = await asyncio.gather(*(office.enrol(each) for each in learners))
    assert states.count("admitted") == 30
    assert states.count("waiting") == 970
    waiting = await office.database.read(lambda t: rows.in_state(t, "g", "waiting"))
    assert [each.number for each in waiting] == list(range(1, 971))
    assert await asyncio.gather(*(office.enrol(each) for each in learners[:50])) == states[:50], "asked again"


async def test_the_waiting_list_moves_up_by_itself(office: Office) -> None:
    first, second, third, fourth = [await office.somebody() for _ in range(4)]
    assert [await office.enrol(each) for each in (first, second, third, fourth)] == [
        "admitted",
        "admitted",
        "waiting",
        "waiting",
    ]
    assert (await office.enrolments.of(fourth))[0].ahead == 1
    await office.enrolments.withdraw(first, "g", "w", "test", NOW)
    assert (await office.state(third), await office.state(fourth)) == ("offered", "waiting")
    fifth = await office.somebody()
    assert await office.enrol(fifth) == "waiting", "an offered place is nobody else's"
    await office.enrolments.tick(NOW + 49 * HOUR)
    assert (await office.state(third), await office.state(fourth)) == ("lapsed", "offered")
    with pytest.raises(EnrolError, match="late"):
        await office.enrolments.accept(third, "g", "a", "test", NOW + 49 * HOUR)
    assert (await office.enrolments.accept(fourth, "g", "a", "test", NOW + 50 * HOUR)).state == "admitted"
    assert (await office.enrolments.accept(fourth, "g", "a", "test", NOW + 50 * HOUR)).state == "admitted"
    assert office.told == [(third, "offered"), (third, "lapsed"), (fourth, "offered")]
    assert await office.enrol(third, NOW + 50 * HOUR) == "waiting", "at the end of the list"


async def test_an_offer_ends_two_hours_before_the_first_session(office: Office) -> None:
    first, second, third, fourth = [await office.somebody() for _ in range(4)]
    for each in (first, second, third, fourth):
        await office.enrol(each)
    begins = at(office.group.opens_on, 9)
    await office.enrolments.withdraw(first, "g", "w", "test", begins - 3 * HOUR)
    assert (await office.enrolments.of(third))[0].until == begins - 2 * HOUR, "and not after two days"
    await office.enrolments.withdraw(second, "g", "w", "test", begins - 2 * HOUR)
    assert await office.state(fourth) == "waiting", "it is too late to offer anything"


async def test_a_list_from_before_comes_first(office: Office) -> None:
    """The catalogue knows of people who wait elsewhere: nobody overtakes them."""
    office.groups["g"] = Group(capacity=2, enrolled=2, waiting=1)
    who = await office.somebody()
    assert await office.enrol(who) == "waiting"
    assert (await office.enrolments.of(who))[0].ahead == 1
    office.groups["g"] = Group(capacity=3, enrolled=2, waiting=1)
    await office.enrolments.tick(NOW)
    assert await office.state(who) == "waiting"
    office.groups["g"] = Group(capacity=3, enrolled=2, waiting=0)
    await office.enrolments.tick(NOW)
    assert await office.state(who) == "offered"


async def test_who_may_and_when(office: Office) -> None:
    child, void, stranger = (
        await office.somebody(minor=True),
        await office.somebody(status="void"),
        await office.somebody(school="x"),
    )
    for learner, code in ((child, "only_adults"), (void, "no_learner"), (1 << 40, "no_learner")):
        with pytest.raises(EnrolError, match=code):
            await office.enrol(learner)
    office.groups["g"] = Group(schools=("linjiang",), minors=True)
    assert await office.enrol(child) == "admitted"
    with pytest.raises(EnrolError, match="only_schools"):
        await office.enrol(stranger)
    for day, code in ((-6, "not_yet"), (6, "closed")):
        with pytest.raises(EnrolError, match=code):
            await office.enrol(child, at(TODAY + timedelta(days=day)))
    with pytest.raises(EnrolError, match="no_class"):
        await office.enrolments.enrol(child, "nothing", "k", "test", NOW)
    with pytest.raises(EnrolError, match="none"):
        await office.enrolments.withdraw(stranger, "g", "k", "test", NOW)
    with pytest.raises(EnrolError, match="begun"):
        await office.enrolments.withdraw(child, "g", "k", "test", at(TODAY + timedelta(days=10)))


async def test_lots_are_drawn_once_when_enrolment_ends(office: Office) -> None:
    office.groups["g"] = Group(capacity=3, ballot=True)
    learners = [await office.somebody() for _ in range(8)]
    assert {await office.enrol(each) for each in learners} == {"pending"}
    await office.enrolments.tick(NOW)
    assert {await office.state(each) for each in learners} == {"pending"}
    later = at(TODAY + timedelta(days=6))
    await asyncio.gather(*(office.enrolments.tick(later) for _ in range(4)))
    states = [await office.state(each) for each in learners]
    assert (states.count("admitted"), states.count("waiting")) == (3, 5)
    assert sorted(what for _, what in office.told) == ["drawn"] * 3 + ["not_drawn"] * 5
    await office.enrolments.tick(at(TODAY + timedelta(days=10), 12))
    assert [await office.state(each) for each in learners].count("unlucky") == 5


async def test_more_places_and_other_times(office: Office) -> None:
    learners = [await office.somebody() for _ in range(4)]
    for each in learners:
        await office.enrol(each)
    office.groups["g"] = Group(capacity=3, times="thursdays")
    await office.enrolments.tick(NOW)
    await office.enrolments.tick(NOW)
    assert [await office.state(each) for each in learners] == ["admitted", "admitted", "offered", "waiting"]
    assert sorted(office.told) == sorted([(learners[0], "moved"), (learners[1], "moved"), (learners[2], "offered")])


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_nothing_is_oversold(office: Office, seed: int) -> None:
    """Clocks jump, everybody does everything at once: no more places are taken than there are, and none is lost."""
    dice = random.Random(seed)
    office.groups["g"] = Group(capacity=4, ballot=seed == 3)
    learners = [await office.somebody() for _ in range(12)]

    async def one(who: int) -> None:
        now = NOW + dice.randrange(-3, 200) * HOUR
        try:
            match dice.randrange(6):
                case 0 | 1:
                    await office.enrol(who, now)
                case 2:
                    await office.enrolments.withdraw(who, "g", "w", "test", now)
                case 3:
                    await office.enrolments.accept(who, "g", "a", "test", now)
                case _:
                    await office.enrolments.tick(now)
        except EnrolError:
            pass

    for _ in range(25):
        await asyncio.gather(*(one(dice.choice(learners)) for _ in range(12)))
        states = [each.state for who in learners for each in await office.enrolments.of(who)]
        [places] = await office.database.read(rows.all_places) or [rows.PlacesRow("g", 0, 0, 0, "")]
        assert states.count("admitted") + states.count("offered") == places.taken <= 4


async def test_a_class_in_which_nobody_waits_costs_no_transaction(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one with free places nor one that has begun; when its times are moved then, those who are in it are told once."""
    learners = [await office.somebody() for _ in range(3)]
    assert [await office.enrol(each) for each in learners] == ["admitted", "admitted", "waiting"]
    office.groups["free"] = Group("free", capacity=30)
    await office.enrolments.enrol(learners[0], "free", "k", "test", NOW)
    begun = at(office.group.opens_on)
    await office.enrolments.tick(begun)
    assert await office.state(learners[2]) == "unlucky"
    settled = 0

    async def counted(work: Work[int]) -> int:
        nonlocal settled
        settled += 1
        return await office.database.write(work)

    monkeypatch.setattr(office.database, "settle", counted)
    await office.enrolments.tick(NOW)
    await office.enrolments.tick(begun + HOUR)
    assert settled == 0
    office.group.times = "thursdays"
    await office.enrolments.tick(begun + HOUR)
    await office.enrolments.tick(begun + 2 * HOUR)
    assert (settled, [what for _, what in office.told].count("changed")) == (1, 2)
    office.group.times = "fridays"
    await office.enrolments.tick(at(office.group.closes_on, 11))
    assert settled == 1, "it is over"


async def test_a_class_that_is_dropped_within_a_round_stops_nothing(office: Office) -> None:
    """Who is in it has been told what was so a moment ago; the next round finds that there is none."""
    learner = await office.somebody()
    await office.enrol(learner)
    office.group.times = "thursdays"
    here, gone = Timetable(dict(office.groups)), Timetable({})
    looks = iter([here])
    enrolments = Enrolments(
        office.database, lambda: next(looks, gone), lambda body: body.decode(), Listeners(office._tell), CHINA
    )
    assert [await enrolments.tick(NOW), await enrolments.tick(NOW + HOUR)] == [1, 0]
    assert office.told == [(learner, "moved")]
