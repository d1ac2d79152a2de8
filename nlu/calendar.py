"""What a calendar knows: spans of months, quarters and seasons; the lunar calendar; festivals and their days off.

Lunar months and solar terms are borax's tables, the announced days off chinese_calendar's. These are announced in
November for the following year; until then, and while the library is older than the announcement, only the days that the
law itself names are known, and no make-up working days (调休).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar
from borax.calendars.lunardate import InvalidLunarDateError, LunarDate, TermUtils

Span = tuple[date, date]  # first and last day
DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1900, 2100  # the years that anybody speaks of

# Festivals by solar date, by lunar date, by solar term, and by the n-th weekday of a month (-1 is Monday of the last).
SOLAR: Mapping[str, tuple[int, int]] = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "植树节": (3, 12), "愚人节": (4, 1), "劳动节": (5, 1), "青年节": (5, 4),
    "护士节": (5, 12), "儿童节": (6, 1), "建党节": (7, 1), "建军节": (8, 1), "教师节": (9, 10), "国庆": (10, 1), "万圣节": (10, 31),
    "双十一": (11, 11), "双十二": (12, 12), "平安夜": (12, 24), "圣诞": (12, 25), "跨年夜": (12, 31),
}  # fmt: skip
LUNAR: Mapping[str, tuple[int, int]] = {
    "春节": (1, 1), "元宵": (1, 15), "龙抬头": (2, 2), "端午": (5, 5), "七夕": (7, 7), "中元": (7, 15), "中秋": (8, 15),
    "重阳": (9, 9), "腊八": (12, 8), "小年": (12, 23),
}  # fmt: skip
TERMS = (
    "立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至", "小暑", "大暑", "立秋", "处暑", "白露", "秋分",
    "寒露", "霜降", "立冬", "小雪", "大雪", "冬至", "小寒", "大寒",
)  # fmt: skip
NTH: Mapping[str, tuple[int, int, int]] = {"母亲节": (5, 2, 7), "父亲节": (6, 3, 7), "感恩节": (11, 4, 4)}
# Days off by law (State Council, as of 2025), counted from the festival: before it, after it.
_STATUTORY: Mapping[str, tuple[int, int]] = {
    "元旦": (0, 0), "春节": (1, 2), "清明": (0, 0), "劳动节": (0, 1), "端午": (0, 0), "中秋": (0, 0), "国庆": (0, 2),
}  # fmt: skip
_ENGLISH = {
    "元旦": "New Year's Day", "春节": "Spring Festival", "清明": "Tomb-sweeping Day", "劳动节": "Labour Day", "端午": "Dragon Boat Festival",
    "中秋": "Mid-autumn Festival", "国庆": "National Day",
}  # fmt: skip
_SEASONS = {"春": ("立春", "立夏"), "夏": ("立夏", "立秋"), "秋": ("立秋", "立冬"), "冬": ("立冬", "立春")}


def on(year: int, month: int, day: int) -> date | None:
    """The day, if there is one and anybody would speak of it."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def months(year: int, month: int, count: int = 1) -> Span:
    """So many whole months; `month` may lie beyond the year (13 is January of the next, 0 December of the last)."""
    begin = year * 12 + month - 1
    return date(begin // 12, begin % 12 + 1, 1), date((begin + count) // 12, (begin + count) % 12 + 1, 1) - DAY


def later(day: date, count: int) -> date:
    """The same day so many months later; the last of that month where it has no such day."""
    first, last = months(day.year, day.month + count)
    return min(first.replace(day=min(day.day, last.day)), last)


def nth_weekday(span: Span, count: int, weekday: int) -> date | None:
    """The `count`-th Monday (1) to Sunday (7) of a span; counted from its end where negative."""
    found = [day for day in days(span) if day.isoweekday() == weekday]
    place = count - 1 if count > 0 else count
    return found[place] if -len(found) <= place < len(found) else None


def days(span: Span) -> list[date]:
    """Each day of a span."""
    return [span[0] + DAY * number for number in range((span[1] - span[0]).days + 1)]


@lru_cache(maxsize=512)
def lunar(year: int, month: int, day: int) -> date | None:
    """The solar day of a lunar one; a leap month is negative. None where that month has no such day."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        found: date = LunarDate(year, abs(month), day, month < 0).to_solar_date()
    except InvalidLunarDateError:
        return None
    return found


@lru_cache(maxsize=128)
def term(year: int, name: str) -> date | None:
    """The day on which a solar term begins."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    found: date = TermUtils.nth_term_day(year, term_name=name)
    return found


def season(year: int, name: str) -> Span | None:
    """春, 夏, 秋, 冬 of a year, from one term to the next; winter reaches into the next year."""
    begin, end = _SEASONS[name]
    first, following = term(year, begin), term(year + (name == "冬"), end)
    return (first, following - DAY) if first and following else None


def festival(year: int, name: str) -> date | None:
    """The day of a festival. 除夕 is that which is followed by the new year of `year`."""
    if name == "除夕":
        spring = lunar(year, 1, 1)
        return spring and spring - DAY
    if name in SOLAR:
        return on(year, *SOLAR[name])
    if name in LUNAR:
        return lunar(year, *LUNAR[name])
    if name in NTH:
        month, count, weekday = NTH[name]
        return nth_weekday(months(year, month), count, weekday)
    return term(year, name)


@lru_cache(maxsize=128)
def days_off(year: int, name: str) -> Span | None:
    """The days off around a festival: as announced, else by law alone. A festival without any has its own day."""
    day = festival(year, "春节" if name == "除夕" else name)
    if day is None:
        return None
    before, after = _STATUTORY.get("春节" if name == "除夕" else name, (0, 0))
    first, last = day - DAY * before, day + DAY * after
    if name in _STATUTORY or name == "除夕":
        while first - DAY in chinese_calendar.holidays:
            first -= DAY
        while last + DAY in chinese_calendar.holidays:
            last += DAY
    return first, last


@lru_cache(maxsize=1024)
def day_off(day: date) -> str | None:
    """The festival whose days off a day is one of."""
    spans = {name: days_off(day.year, name) for name in _STATUTORY}
    return next((name for name, span in spans.items() if span and span[0] <= day <= span[1]), None)


def make_up_days(today: date, name: str | None = None) -> list[date]:
    """The working days to come that make up for days off: for those of a festival, or for the next that has any."""
    to_come = {day: of for day, of in chinese_calendar.workdays.items() if day >= today}
    meant = _ENGLISH.get(name) if name else to_come[min(to_come)] if to_come else None
    return sorted(day for day, of in to_come.items() if of == meant)
