"""On which days a class is held: whether it is on one that is asked about, which is its last, its next, how many are left.

All of it is read from the calendar, which leaves out the days on which its place is closed.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.turn import CHOICES, Turn
from handlers import wording
from handlers.classes import running, say_none
from handlers.eligibility import SOURCE
from handlers.listing import choose, focus, offer_way_in
from knowledge.catalogue import TrainingClass
from knowledge.hours import closed_around, day_of
from nlu.calendar import day_off, days_off
from nlu.times import When

LISTED = 5  # days that are told one by one
LONG = timedelta(days=62)  # from which no days are meant of their own
WHOLE = 16  # dates of sessions that are told where all are asked for
_ONE_DAY = re.compile(
    "[0-9号日月]|那一?天|当天|三十|除夕|初[一二三四五六七八九十]"
)  # of a festival's days off one alone


async def class_days(turn: Turn) -> None:
    """Of the class that is meant, or of each of a few: whether it is held on the days in `when`; else what `asks` names."""
    groups = await running(turn)
    if not groups:
        say_none(turn, turn.task.slots["course"])
        return
    if len(groups) > CHOICES:
        choose(turn, groups, "class_days", **{name: value for name in ("when", "asks") if (value := turn.get(name))})
        return
    told = _held(turn, groups) or groups
    asks = turn.get("asks") or "next"
    asks = "count" if asks == "all" and len(told) > 1 else asks  # a list of lists is read by nobody
    when = _asked(turn)
    turn.say("fact.lines", lines="\n".join(_told(turn, each, asks, when) for each in told), source=SOURCE)
    turn.show("class", *(each.id for each in told))
    if len(told) == 1:
        focus(turn, told[0])
        _offer_next(turn, told[0], when)


def _asked(turn: Turn) -> When | None:
    """The days that are asked about, whatever time of theirs."""
    when = turn.get("when")
    return replace(When.of(when), part=None, either=False) if when else None


def _held(turn: Turn, groups: Sequence[TrainingClass]) -> list[TrainingClass]:
    """Of several those that are held at the time that is named, where any is."""
    when = turn.get("when") or turn.heard.first("when")
    if when is None or len(groups) < 2:
        return []
    asked = When.of(when)
    return [each for each in groups if any(asked.fits(day, each.starts) for day in turn.calendar.days(each.id))]


def _told(turn: Turn, group: TrainingClass, asks: str, asked: When | None) -> str:
    if asked is None:
        return _of_all(turn, group, asks)
    if not asked.fixed:
        return _on_weekdays(turn, group, asked.weekdays or (1, 2, 3, 4, 5, 6, 7))
    return _on_days(turn, group, _asked_for(turn, group, asked))


def _on_weekdays(turn: Turn, group: TrainingClass, asked: Sequence[int]) -> str:
    """礼拜天也要上吗."""
    held = set(asked) & set(group.days)
    key = "sessions.weekly" if held == set(asked) else "sessions.weekly_some" if held else "sessions.weekly_not"
    return turn.line(
        key, name=group.name, asked=wording.weekdays(tuple(asked), turn), times=wording.times(group, turn), days=wording.weekdays(group.days, turn),
    )  # fmt: skip


def _asked_for(turn: Turn, group: TrainingClass, asked: When) -> list[date]:
    """The days that are meant: of a festival all its days off, and what its place is closed for around them."""
    first, last = asked.first, asked.last
    home = turn.catalogue.organisations.get(group.organisation)
    name = day_off(first) if first == last and not _ONE_DAY.search(turn.heard.folded) else None
    if name and (off := days_off(first.year, name)):
        closed = closed_around(home, first) if home else off
        first, last = min(off[0], closed[0]), max(off[1], closed[1])
    if last - first > LONG:  # 年后, which has no end of its own
        last = max(first, min(last, turn.calendar.last(group.id)))
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if name or asked.fits(day, group.starts)] or [first]


def _on_days(turn: Turn, group: TrainingClass, asked: Sequence[date]) -> str:
    """Whether it is held on these days; where it is not, why, and when it goes on."""
    schedule = turn.calendar.of(group.id)
    held = [day for day in asked if day in schedule.days]
    off = [day for day in asked if day in schedule.off]
    said = {
        "name": group.name, "day": wording.from_to(turn, asked[0], asked[-1]), "times": wording.times(group, turn), "starts": group.starts,
        "ends": group.ends, "first": wording.first(group, turn), "last": wording.last(group, turn), "count": len(held),
        "place": wording.room(group, turn), "held": _listed(turn, held), "off": wording.listed((_why(turn, group, day) for day in off), turn),
        "next": wording.day(next((day for day in schedule.days if day > asked[-1]), schedule.days[-1]), turn),
        "why": _reason(turn, group, asked[0]),
    }  # fmt: skip
    return turn.line(f"sessions.{_case(asked, held, off, schedule.days)}", **said)


def _case(asked: Sequence[date], held: Sequence[date], off: Sequence[date], days: Sequence[date]) -> str:
    if off:
        return "some" if held else "off_then" if len(asked) == 1 else "off"
    if held:
        return "on" if len(asked) == 1 else "days"
    if asked[-1] < days[0]:
        return "before"
    return "after" if asked[0] > days[-1] else "not_then"


def _listed(turn: Turn, days: Sequence[date]) -> str:
    if len(days) <= LISTED:
        return wording.listed((wording.day(day, turn) for day in days), turn)
    return wording.from_to(turn, days[0], days[-1])


def _dates(turn: Turn, days: Sequence[date]) -> str:
    """12月18日、12月25日: all of them, as far as one reads that."""
    return wording.listed((wording.date_alone(day, turn) for day in days[:WHOLE]), turn) + (
        "…" if len(days) > WHOLE else ""
    )


def _why(turn: Turn, group: TrainingClass, day: date) -> str:
    """2月5日（周五）除夕闭馆."""
    return turn.line("sessions.why", day=wording.day(day, turn), reason=_reason(turn, group, day))


def _reason(turn: Turn, group: TrainingClass, day: date) -> str:
    """Why it is not held on a day."""
    home = turn.catalogue.organisations.get(group.organisation)
    return (day_of(home, day).reason if home else "") or turn.line("sessions.holiday")


def _of_all(turn: Turn, group: TrainingClass, asks: str) -> str:
    """Its last session, its next, how many are left, when one ends, whether it is every day."""
    schedule, left = turn.calendar.of(group.id), turn.calendar.following(group.id, turn.now)
    state = "over" if not left else "whole" if len(left) == len(schedule.days) else "left"
    to_come = [day for day in schedule.off if day >= turn.today]
    off = wording.listed((_why(turn, group, day) for day in to_come[:LISTED]), turn)
    said = {
        "name": group.name, "times": wording.times(group, turn), "starts": group.starts, "ends": group.ends, "sessions": group.sessions,
        "left": len(left), "days": wording.weekdays(group.days, turn), "first": wording.first(group, turn), "last": wording.last(group, turn),
        "next": wording.day(left[0], turn) if left else "", "place": wording.room(group, turn), "off": off,
        "held": _dates(turn, schedule.days),
    }  # fmt: skip
    told = turn.line(f"sessions.{_part(group, asks, state, bool(to_come))}", **said)
    if asks in {"last", "left"} and to_come and state != "over":
        told = f"{told}{turn.line('sessions.without', off=off)}"
    return told


def _part(group: TrainingClass, asks: str, state: str, is_off: bool) -> str:
    """What is said of all sessions: of those that are `left`, of the `whole`, of one that is `over`."""
    if state == "over":
        return "over"
    if asks in {"left", "next"}:
        return f"{asks}_{state}"
    if asks == "off":
        return "off_between" if is_off else "off_never"
    return "every_day" if asks == "every" and len(group.days) == 7 else asks


def _offer_next(turn: Turn, group: TrainingClass, asked: When | None) -> None:
    others = [each for each in turn.catalogue.classes.values() if each.course == group.course and each.id != group.id]
    if asked is not None:
        turn.offer(turn.line("label.sessions.last"), "class_days", **{"class": group.id}, asks="last")
    if asked is not None and not asked.fixed and others and not set(asked.weekdays) & set(group.days):
        turn.offer(turn.line("label.other_classes"), "find_class", course=group.course)
    turn.offer(turn.line("label.fact.place"), "fact", aspect="place", of=f"class:{group.id}")
    if group.enrols(turn.today):
        offer_way_in(turn, group)
