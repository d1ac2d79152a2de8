"""Opening hours: what they are on a day, and how they are said in either language. A day may have several spans: rows that share it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

from msgspec import Struct

from knowledge.catalogue import Opening, Organisation
from knowledge.english import DAYS, MONTHS

_WEEKDAYS = "一二三四五六日"
# What a reason says of any day that differs: the rest is what the day is called (苗年 of 苗年放假).
_ANY_REASON = re.compile(
    "(?<![寒暑])假期?|放|休息?|停|闭馆?|不?[开关]门?|只|上班|[上下]午|[半全整]天|期间|时间|节日|[学本]院|学校|中心|调整|[的，。、；,;（）() 0-9:：]"
)
_FESTIVAL = re.compile("[一-鿿]{1,3}[节年庆假会祭]")
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


def closed_around(place: Organisation, day: date) -> tuple[date, date]:
    """The days around a day on which a place stays closed for the same reason; the day alone where it does not."""
    known, first, last = day_of(place, day), day, day
    if known.reason and not known.spans:
        while day_of(place, last + timedelta(days=1)) == known:
            last += timedelta(days=1)
        while day_of(place, first - timedelta(days=1)) == known:
            first -= timedelta(days=1)
    return first, last


def named_days(folded: str, places: Iterable[Organisation], today: date) -> tuple[date, date] | None:
    """The next days that the first place, or else another, keeps otherwise for a reason that a text names: 苗年, 县庆, 检修."""
    for place in places:
        days = sorted(each.day for each in place.special_days if each.day >= today and _is_named(each.reason, folded))
        if days:
            first = last = days[0]
            reason = day_of(place, first).reason
            while (following := last + timedelta(days=1)) in days and day_of(place, following).reason == reason:
                last = following
            return first, last
    return None


def festivals(places: Iterable[Organisation], today: date) -> Iterator[tuple[str, tuple[date, date]]]:
    """What the centre calls days to come, of those that are called as festivals are, with the next of them: 县庆, 苗年."""
    known = set[str]()
    to_come = [(each.day, place, each.reason) for place in places for each in place.special_days if each.day >= today]
    for day, place, reason in sorted(to_come, key=lambda each: (each[0], each[1].id)):
        for name in _ANY_REASON.split(reason):
            if _FESTIVAL.fullmatch(name) and name not in known:
                known.add(name)
                yield name, closed_around(place, day)


def _is_named(reason: str, folded: str) -> bool:
    names = (part for part in _ANY_REASON.split(reason.casefold()) if len(part) > 1)
    return any(left + right in folded for name in names for left, right in pairwise(name))


def date_in_words(day: date, lang: str) -> str:
    """11月25日, 25 November."""
    return f"{day.day} {MONTHS[day.month - 1]}" if lang == "en" else f"{day.month}月{day.day}日"


def day_in_words(day: date, lang: str) -> str:
    """11月25日（周三）, Wednesday 25 November."""
    named, alone = _weekday(day.isoweekday(), lang), date_in_words(day, lang)
    return f"{named} {alone}" if lang == "en" else f"{alone}（{named}）"


def weekdays(days: Iterable[int], lang: str) -> str:
    """周一、周三; 周一到周五; Monday to Friday."""
    ordered = sorted(days)
    names = [_weekday(each, lang) for each in ordered]
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{names[0]}{' to ' if lang == 'en' else '到'}{names[-1]}"
    return listed(names, lang)


def listed(words: Iterable[str], lang: str) -> str:
    """书法、国画; calligraphy, painting."""
    return (", " if lang == "en" else "、").join(words)


def spans_in_words(spans: Iterable[Span], lang: str) -> str:
    """08:30—12:00、14:00—17:30."""
    return listed((f"{opens}—{closes}" for opens, closes in spans), lang)


def week_in_words(openings: Sequence[Opening], lang: str) -> str:
    """周一到周五 08:30—12:00、14:00—17:30，周六 09:00—16:00: weekdays with the same hours together."""
    alike: dict[tuple[Span, ...], list[int]] = {}
    for weekday in range(1, 8):
        if spans := spans_of(openings, weekday):
            alike.setdefault(spans, []).append(weekday)
    between = "; " if lang == "en" else "，"
    return between.join(f"{weekdays(days, lang)} {spans_in_words(spans, lang)}" for spans, days in alike.items())


def _weekday(number: int, lang: str) -> str:
    return DAYS[number - 1] if lang == "en" else f"周{_WEEKDAYS[number - 1]}"
