"""What an expression of days is, and the days that it means. The expressions are in `nlu.days`, `weeks`, `years` and `english`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from nlu.calendar import DAY, Span

FAR = 365  # days that an open end reaches


@dataclass(frozen=True, slots=True)
class Days:
    """Days `first` to `last`, only those of `weekdays` where there are any; `fixed` as in `When`."""

    first: date
    last: date
    weekdays: tuple[int, ...] = ()
    fixed: bool = True

    @staticmethod
    def one(day: date | None) -> "Days | None":
        """That day alone, if there is one."""
        return Days(day, day) if day else None

    def of(self, weekdays: tuple[int, ...]) -> "Days | None":
        """Those of these days that are such weekdays, from the first to the last of them."""
        week = [self.first + DAY * each for each in range(min(7, (self.last - self.first).days + 1))]
        first = next((day for day in week if day.isoweekday() in weekdays), None)
        last = next((day for each in range(7) if (day := self.last - DAY * each).isoweekday() in weekdays), None)
        if first is None or last is None:
            return None
        return Days(first, last, weekdays if last > first else ())


@dataclass(frozen=True, slots=True)
class Known:
    """What is known where an expression stands: the year that was said before it, the days that it lies `within`
    (12月的15号), and those that it is listed `after` (12月9号到15号)."""

    today: date
    year: int | None = None
    within: Days | None = None
    after: Days | None = None

    @property
    def floor(self) -> date:
        """Nothing earlier is meant by what recurs."""
        return self.after.first if self.after else self.today

    def soonest(self, spans: Callable[[int], Span | None]) -> Days | None:
        """What every year has: that of the year that was said, or the soonest that is not over."""
        years = (self.year,) if self.year is not None else range(self.floor.year - 1, self.floor.year + 4)
        found = (span for year in years if (span := spans(year)))
        return next((Days(*span) for span in found if self.year is not None or span[1] >= self.floor), None)

    def next_day(self, day_of: Callable[[int], date | None]) -> Days | None:
        """`soonest` of what is a single day."""
        return self.soonest(lambda year: (day, day) if (day := day_of(year)) else None)


Resolve = Callable[[re.Match[str], Known], Days | None]


class Expression:
    """A kind of expression: its pattern, the characters that it may begin with (matching is tried at those alone), and
    which days it means; None for the clock's, which mean none."""

    __slots__ = ("kind", "pattern", "resolve", "starts")

    def __init__(self, kind: str, starts: str, pattern: str, resolve: Resolve | None = None) -> None:
        self.kind, self.starts, self.resolve = kind, starts, resolve
        self.pattern = re.compile(pattern, re.ASCII)  # so that a word ends where Chinese begins


def monday(day: date) -> date:
    """Of the same week."""
    return day - DAY * day.weekday()


def cycle(first: int, last: int) -> tuple[int, ...]:
    """The weekdays from one to another, over the end of the week where need be."""
    return tuple((first + each - 1) % 7 + 1 for each in range((last - first) % 7 + 1))


def recurring(weekdays: tuple[int, ...], floor: date, *, together: bool) -> Days:
    """Any such weekdays: the next time; `together` they may have begun already."""
    first = floor + DAY * ((weekdays[0] - floor.isoweekday()) % 7)
    length = timedelta(days=(weekdays[-1] - weekdays[0]) % 7)
    if together and first - timedelta(weeks=1) + length >= floor:
        first -= timedelta(weeks=1)
    return Days(first, first + length, tuple(sorted(set(weekdays))), fixed=False)


def workdays(today: date) -> Days:
    """Any of them."""
    return Days(today, today + DAY * 6, (1, 2, 3, 4, 5), fixed=False)


def portion(month: Span, begin: int, end: int) -> Span:
    """From one day of a month to another, or to its last."""
    return month[0] + DAY * (begin - 1), min(month[1], month[0] + DAY * (end - 1))
