"""When seats answer: opening hours with holidays and make-up workdays (调休), and a clock that runs in them only."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from desk.oidc import OidcSettings
from knowledge.catalogue import Opening
from knowledge.english import DAYS, MONTHS

_WEEKDAYS = "一二三四五六日"
AHEAD = 60  # days that the next opening is looked for
MINUTE = 60_000
Seconds = Annotated[int, Meta(ge=1, le=3600)]
Minutes = Annotated[int, Meta(ge=1, le=100_000)]


class DeskSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`hours` when seats answer; `closed_on` holidays; `open_on` days off that are worked (调休), with the hours of
    the first row; `always_open` ignores all of that, for trying out."""

    hours: tuple[Opening, ...] = (Opening((1, 2, 3, 4, 5), "08:30", "17:30"),)
    closed_on: tuple[date, ...] = ()
    open_on: tuple[date, ...] = ()
    always_open: bool = False
    offer_seconds: Seconds = 30
    away_seconds: Seconds = 4
    answer_within: tuple[Minutes, Minutes, Minutes, Minutes] = (2, 15, 30, 60)
    call_within: Minutes = 30
    escalate_after: Minutes = 120
    session_minutes: Minutes = 480
    webhooks_inside: bool = False
    oidc: OidcSettings = OidcSettings()


class Hours:
    """The opening hours of one time zone. All times are in milliseconds since 1970 UTC unless they are `datetime`."""

    def __init__(self, settings: DeskSettings, zone: ZoneInfo) -> None:
        self._settings = settings
        self._zone = zone

    def follow(self, settings: DeskSettings) -> None:
        """From here on these are the hours."""
        self._settings = settings

    def with_days(self, hours: Sequence[Opening]) -> "Hours":
        """The same holidays, other hours: an organisation's own."""
        return Hours(msgspec.structs.replace(self._settings, hours=tuple(hours)), self._zone)

    def of(self, day: date) -> Opening | None:
        """The hours of a day, if it has any."""
        settings = self._settings
        if day in settings.closed_on:
            return None
        if day in settings.open_on and settings.hours:
            return settings.hours[0]
        return next((each for each in settings.hours if day.isoweekday() in each.days), None)

    def is_open(self, now: datetime) -> bool:
        hours = self.of(now.date())
        return self._settings.always_open or (hours is not None and hours.opens <= now.strftime("%H:%M") < hours.closes)

    def next_opening(self, now: datetime) -> str:
        """In words, for residents."""
        if (found := self._next(now)) is None:
            return "另行通知"
        day, opens = found
        named = f"{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）"
        return f"{ {0: '今天', 1: '明天'}.get((day - now.date()).days, named) }{opens}"

    def in_english(self, now: datetime) -> tuple[str, str]:
        """When seats answer, and when they do next, for residents who talk English."""
        week = "; ".join(
            f"{DAYS[each.days[0] - 1]}{f' to {DAYS[each.days[-1] - 1]}' if len(each.days) > 1 else ''} "
            f"{each.opens}—{each.closes}"
            for each in self._settings.hours
        )
        if (found := self._next(now)) is None:
            return week, "a time that will be announced"
        day, opens = found
        named = f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"
        return week, f"{ {0: 'today', 1: 'tomorrow'}.get((day - now.date()).days, named) } {opens}"

    def _next(self, now: datetime) -> tuple[date, str] | None:
        """The day and the time of the next opening."""
        for days in range(AHEAD):
            day = now.date() + timedelta(days=days)
            hours = self.of(day)
            if hours and (days or now.time() < time.fromisoformat(hours.opens)):
                return day, hours.opens
        return None

    def in_words(self) -> str:
        return _week(self._settings.hours)

    def after(self, start: int, minutes: int) -> int:
        """The moment when so many minutes of opening have passed since then."""
        if self._settings.always_open:
            return start + minutes * MINUTE
        left = minutes * MINUTE
        for opens, closes in self._spans(start):
            begin = max(start, opens)
            if begin + left <= closes:
                return begin + left
            left -= max(0, closes - begin)
        return start + minutes * MINUTE  # never open: then the clock on the wall counts

    def between(self, start: int, end: int) -> int:
        """How long it was open in between."""
        if self._settings.always_open:
            return max(0, end - start)
        passed = 0
        for opens, closes in self._spans(start):
            if opens >= end:
                break
            passed += max(0, min(end, closes) - max(start, opens))
        return passed

    def _spans(self, start: int) -> Iterator[tuple[int, int]]:
        first = datetime.fromtimestamp(start / 1000, self._zone).date()
        for days in range(AHEAD * 6):
            day = first + timedelta(days=days)
            if hours := self.of(day):
                yield self._at(day, hours.opens), self._at(day, hours.closes)

    def _at(self, day: date, clock: str) -> int:
        return int(datetime.combine(day, time.fromisoformat(clock), self._zone).timestamp() * 1000)


def _week(hours: Sequence[Opening]) -> str:
    return "，".join(
        f"周{_WEEKDAYS[each.days[0] - 1]}到周{_WEEKDAYS[each.days[-1] - 1]} {each.opens}—{each.closes}"
        if len(each.days) > 1
        else f"周{_WEEKDAYS[each.days[0] - 1]} {each.opens}—{each.closes}"
        for each in hours
    )
