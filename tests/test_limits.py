"""How often something may be done: at once, on average, by whom and from where."""

from contextlib import ExitStack

import pytest
from msgspec.structs import replace

from accounts import limits
from accounts.limits import MESSAGES, NETWORK, Limit, Limits, TooManyError, networks
from bot.admission import Admission
from bot.messages import LONGEST, Inbound

FIVE = Limit("five", 5, 10)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(kept: Limits, asked: tuple[limits.Asked, ...], times: int) -> int:
    return sum(kept.take(*asked) == 0 for _ in range(times))


def test_so_many_at_once_and_then_evenly(clock: Clock) -> None:
    kept, asked = Limits(clock=clock), ((FIVE, "a"),)
    assert taken(kept, asked, 9) == 5
    assert kept.take(*asked) == pytest.approx(2)
    clock.now += 1.9
    assert kept.take(*asked) == pytest.approx(0.1)
    clock.now += 0.1
    assert taken(kept, asked, 3) == 1
    clock.now += 100
    assert taken(kept, asked, 9) == 5, "nobody saves up more than there is"
    assert taken(kept, ((FIVE, "b"),), 9) == 5, "somebody else has their own"


def test_what_one_of_several_refuses_counts_for_none(clock: Clock) -> None:
    kept = Limits(clock=clock)
    assert taken(kept, ((FIVE, "a"),), 5) == 5
    assert kept.take((FIVE, "a"), (FIVE, "b")) > 0
    assert kept.wait((FIVE, "b")) == 0
    assert taken(kept, ((FIVE, "b"),), 9) == 5


def test_a_network_has_more_than_its_addresses(clock: Clock) -> None:
    kept = Limits(clock=clock)
    through = sum(taken(kept, kept.from_(FIVE, f"203.0.113.{n}"), 9) for n in range(20))
    assert through == 5 * NETWORK
    assert taken(kept, kept.from_(FIVE, "203.0.114.1"), 9) == 5


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("unix", "unix", True),
    ],
)
def test_what_one_household_has_is_one_address(one: str, other: str, same: bool) -> None:
    assert (limits.place(one)[0] == limits.place(other)[0]) is same


def test_where_nothing_is_limited(clock: Clock) -> None:
    kept = Limits(networks(["10.0.0.0/8", "::1"]), clock)
    assert kept.from_(FIVE, "10.1.2.3") == kept.from_(FIVE, "::1") == kept.from_(FIVE, "") == ()
    assert kept.from_(FIVE, "11.1.2.3")
    assert taken(kept, (), 100) == 100


def test_it_is_said_when_it_would_go(clock: Clock) -> None:
    kept = Limits(clock=clock)
    for _ in range(5):
        kept.check((FIVE, "a"))
    with pytest.raises(TooManyError) as refused:
        kept.check((FIVE, "a"))
    assert refused.value.seconds == pytest.approx(2)
    kept.forgive((FIVE, "a"))
    assert taken(kept, ((FIVE, "a"),), 9) == 5


def test_who_and_from_where(clock: Clock) -> None:
    kept = Limits(networks(["10.0.0.0/8"]), clock)
    assert taken(kept, kept.both(FIVE, "a", FIVE, ""), 9) == 5
    assert taken(kept, kept.both(FIVE, "a", FIVE, "10.0.0.1"), 9) == 9, "nothing is limited there"
    assert taken(kept, kept.both(FIVE, "b", FIVE, "192.0.2.1"), 9) == 5
    assert taken(kept, kept.both(FIVE, "c", FIVE, "192.0.2.1"), 9) == 0


def test_so_many_are_open_at_the_same_time(clock: Clock) -> None:
    kept = Limits(networks(["10.0.0.0/8"]), clock)
    with ExitStack() as opened:
        rooms = [opened.enter_context(kept.held(2, "192.0.2.1")) for _ in range(4)]
        assert rooms == [True, True, False, False]
        assert opened.enter_context(kept.held(2, "192.0.2.2"))
        assert all(opened.enter_context(kept.held(2, "10.0.0.1")) for _ in range(4))
        wide = [opened.enter_context(kept.held(2, f"192.0.2.{n}")) for n in range(3, 40)]
        assert sum(wide) == 2 * NETWORK - 3
    with kept.held(2, "192.0.2.1") as room:
        assert room
    assert not kept._held


def test_it_does_not_grow_without_end(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST", 100)
    kept = Limits(clock=clock)
    assert taken(kept, ((FIVE, "busy"),), 5) == 5
    for n in range(1000):
        kept.take((FIVE, f"once {n}"))
    assert len(kept._until) <= 100
    assert kept.wait((FIVE, "busy")) > 0, "who has taken most is remembered longest"


def test_what_was_taken_while_the_others_were_asked_stands_beside_what_they_say(clock: Clock) -> None:
    kept = Limits(clock=clock, shared=True)
    kept.take((FIVE, "a"))
    assert kept.untold(9) == [((FIVE, "a"), 2000)]
    assert taken(kept, ((FIVE, "a"),), 2) == 2, "before the answer is there"
    kept.learn((FIVE, "a"), 4)  # ours that was told, and one of another process
    assert taken(kept, ((FIVE, "a"),), 9) == 1, "five, less two that are told and two that are not"


def test_what_is_long_counts_as_so_many(clock: Clock) -> None:
    admission = Admission(Limits(clock=clock))
    said = Inbound(channel="webchat", address="a", id="1", text="说" * (4 * LONGEST), at=0, origin="192.0.2.1")
    for _ in range(MESSAGES.most // 5):
        admission.check(said, is_new=False)
    with pytest.raises(TooManyError):
        admission.check(said, is_new=False)
    admission.check(replace(said, address="b", text="说"), is_new=False)
