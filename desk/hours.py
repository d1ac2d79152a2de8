"""When seats answer: opening hours with holidays and make-up workdays (调休), and a clock that runs in them only."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from desk.oidc import OidcSettings
from knowledge.catalogue import Opening
from knowledge.hours import Span, day_in_words, spans_of, week_in_words
from store.ticket_rows import Priority
from store.units import MINUTE

AHEAD = 60  # days that the next opening is looked for
_NEAR = {"zh": ("今天", "明天"), "en": ("today", "tomorrow")}
_UNKNOWN = {"zh": "另行通知", "en": "a time that will be announced"}
_UNWRITTEN = {"zh": "没有登记", "en": "not on record"}
Seconds = Annotated[int, Meta(ge=1, le=3600)]
Minutes = Annotated[int, Meta(ge=1, le=100_000)]


class DeskSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`hours` when seats answer, several rows of a day where it has a break; `closed_on` holidays; `open_on` days off
    that are worked (调休), with the hours of the first row's first day; `always_open` ignores all of that, for trying out.
    `recall_seconds` is how long what a seat has written can be called back before it leaves; 0: it leaves at once."""

    hours: tuple[Opening, ...] = (Opening((1, 2, 3, 4, 5), "08:30", "17:30"),)
    closed_on: tuple[date, ...] = ()
    open_on: tuple[date, ...] = ()
    always_open: bool = False
    offer_seconds: Seconds = 30
    away_seconds: Seconds = 4
    recall_seconds: Annotated[int, Meta(ge=0, le=60)] = 10
    answer_within: tuple[Minutes, Minutes, Minutes, Minutes] = (2, 15, 30, 60)
    call_within: Minutes = 30
    escalate_after: Minutes = 120
    session_minutes: Minutes = 480
    webhooks_inside: bool = False
    oidc: OidcSettings = OidcSettings()


class Hours:
    """The opening hours of one time zone, and what is promised by them: `settings` are those of this moment. All times are in
    milliseconds since 1970 UTC unless they are `datetime`."""

    def __init__(self, settings: DeskSettings, zone: ZoneInfo) -> None:
        self.settings = settings
        self.zone = zone

    def follow(self, settings: DeskSettings) -> None:
        """From here on these are the hours."""
        self.settings = settings

    def with_days(self, hours: Sequence[Opening]) -> "Hours":
        """The same holidays, other hours: an organisation's own."""
        return Hours(msgspec.structs.replace(self.settings, hours=tuple(hours)), self.zone)

    def of(self, day: date) -> tuple[Span, ...]:
        """The spans of a day; none where it stays closed."""
        settings = self.settings
        if day in settings.closed_on:
            return ()
        if day in settings.open_on and settings.hours:
            return spans_of(settings.hours, settings.hours[0].days[0])
        return spans_of(settings.hours, day.isoweekday())

    def is_open(self, now: datetime) -> bool:
        clock = now.strftime("%H:%M")
        return self.settings.always_open or any(opens <= clock < closes for opens, closes in self.of(now.date()))

    def was_open(self, at: int) -> bool:
        return self.is_open(datetime.fromtimestamp(at / 1000, self.zone))

    def next_opening(self, now: datetime, lang: str = "zh") -> str:
        """In words, for residents."""
        if (found := self._next(now)) is None:
            return _UNKNOWN[lang]
        day, opens = found
        near = dict(enumerate(_NEAR[lang])).get((day - now.date()).days)
        return f"{near or day_in_words(day, lang)}{' ' if lang == 'en' else ''}{opens}"

    def _next(self, now: datetime) -> tuple[date, str] | None:
        """The day and the time of the next opening."""
        for days in range(AHEAD):
            day = now.date() + timedelta(days=days)
            for opens, _ in self.of(day):
                if days or now.time() < time.fromisoformat(opens):
                    return day, opens
        return None

    def in_words(self, lang: str = "zh") -> str:
        return week_in_words(self.settings.hours, lang) or _UNWRITTEN[lang]

    def after(self, start: int, minutes: int) -> int:
        """The moment when so many minutes of opening have passed since then."""
        if self.settings.always_open:
            return start + minutes * MINUTE
        left = minutes * MINUTE
        for opens, closes in self._spans(start):
            begin = max(start, opens)
            if begin + left <= closes:
                return begin + left
            left -= max(0, closes - begin)
        return start + minutes * MINUTE  # never open: then the clock on the wall counts

    def answer_due(self, opened_at: int, priority: int) -> int:
        """When the first answer to a ticket is due."""
        return self._due(opened_at, self.settings.answer_within[priority], priority)

    def call_due(self, since: int, priority: int) -> int:
        """When who waits for a call is to be rung up."""
        return self._due(since, self.settings.call_within, priority)

    def _due(self, start: int, minutes: int, priority: int) -> int:
        """Danger to life waits for no opening."""
        return start + minutes * MINUTE if priority == Priority.DANGER else self.after(start, minutes)

    def between(self, start: int, end: int) -> int:
        """How long it was open in between."""
        if self.settings.always_open:
            return max(0, end - start)
        passed = 0
        for opens, closes in self._spans(start):
            if opens >= end:
                break
            passed += max(0, min(end, closes) - max(start, opens))
        return passed

    def _spans(self, start: int) -> Iterator[tuple[int, int]]:
        first = datetime.fromtimestamp(start / 1000, self.zone).date()
        for days in range(AHEAD * 6):
            day = first + timedelta(days=days)
            for opens, closes in self.of(day):
                yield self._at(day, opens), self._at(day, closes)

    def _at(self, day: date, clock: str) -> int:
        return int(datetime.combine(day, time.fromisoformat(clock), self.zone).timestamp() * 1000)
