"""Opening hours: what they are on a day, and how they are said. A day may have several spans: rows that share it."""

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from knowledge.catalogue import Opening, Organisation

WEEKDAYS = "一二三四五六日"
Span = tuple[str, str]  # from one time to another, HH:MM


class Day(Struct, frozen=True):
    """What is known of a place's day: no `spans` where it stays closed, `reason` where it differs from the week."""

    spans: tuple[Span, ...]
    reason: str = ""


def spans_of(openings: Iterable[Opening], weekday: int) -> tuple[Span, ...]:
    """The spans of a weekday (1 is Monday), in their order."""
    return tuple(sorted((each.opens, each.closes) for each in openings if weekday in each.days))


def day_of(place: Organisation, day: date) -> Day:
    """The hours of a place on a day; special days win over the week."""
    special = [each for each in place.special_days if each.day == day]
    if not special:
        return Day(spans_of(place.hours, day.isoweekday()))
    spans = sorted((each.opens, each.closes) for each in special if each.opens and each.closes)
    return Day(tuple(spans), special[0].reason)


def weekdays(days: Iterable[int]) -> str:
    """周一、周三; 周一到周五."""
    ordered = sorted(days)
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"周{WEEKDAYS[ordered[0] - 1]}到周{WEEKDAYS[ordered[-1] - 1]}"
    return "、".join(f"周{WEEKDAYS[number - 1]}" for number in ordered)


def spans_in_words(spans: Sequence[Span]) -> str:
    """08:30—12:00、14:00—17:30."""
    return "、".join(f"{opens}—{closes}" for opens, closes in spans)


def week_in_words(openings: Sequence[Opening]) -> str:
    """周一到周五 08:30—12:00、14:00—17:30，周六 09:00—16:00: weekdays with the same hours together."""
    alike: dict[tuple[Span, ...], list[int]] = {}
    for weekday in range(1, 8):
        if spans := spans_of(openings, weekday):
            alike.setdefault(spans, []).append(weekday)
    return "，".join(f"{weekdays(days)} {spans_in_words(spans)}" for spans, days in alike.items())
