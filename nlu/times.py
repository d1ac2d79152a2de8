"""Chinese expressions of date and time, as residents use them: 明天, 下周三晚上, 周末, 9月15号, 下午三点半, 国庆节.

Our own, because the libraries for it cost milliseconds a text, or guess a day where a resident named none; what is
not understood here is simply not found.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from nlu.text import digits

_DAY = {"大前天": -3, "前天": -2, "昨天": -1, "昨晚": -1, "昨日": -1, "今天": 0, "今儿": 0, "今日": 0, "今晚": 0, "今早": 0,
        "明天": 1, "明儿": 1, "明日": 1, "明晚": 1, "明早": 1, "大后天": 3, "后天": 2, "today": 0, "tonight": 0, "tomorrow": 1}  # fmt: skip
_WEEKDAY = {
    "一": 1,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "日": 7,
    "天": 7,
    "1": 1,
    "2": 2,
    "3": 3,
    "4": 4,
    "5": 5,
    "6": 6,
    "7": 7,
}
_ENGLISH = {"monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6, "sunday": 7}
_PART = {
    "早上": ("06:00", "12:00"), "早晨": ("06:00", "12:00"), "上午": ("06:00", "12:00"), "今早": ("06:00", "12:00"), "明早": ("06:00", "12:00"),
    "中午": ("11:00", "14:00"), "下午": ("12:00", "18:00"), "傍晚": ("16:30", "19:00"), "晚上": ("17:30", "22:00"),
    "晚间": ("17:30", "22:00"), "夜里": ("17:30", "22:00"), "夜间": ("17:30", "22:00"), "今晚": ("17:30", "22:00"),
    "明晚": ("17:30", "22:00"), "下班后": ("17:30", "22:00"), "下班以后": ("17:30", "22:00"), "下了班": ("17:30", "22:00"),
    "白天": ("08:00", "18:00"), "morning": ("06:00", "12:00"), "afternoon": ("12:00", "18:00"), "evening": ("17:30", "22:00"),
    "tonight": ("17:30", "22:00"),
}  # fmt: skip
# First days of the lunar year (Hong Kong Observatory's conversion table).
_SPRING = {
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
    2028: date(2028, 1, 26),
    2029: date(2029, 2, 13),
    2030: date(2030, 2, 3),
}
_FIXED = {"元旦": (1, 1), "五一": (5, 1), "劳动节": (5, 1), "儿童节": (6, 1), "国庆": (10, 1), "十一国庆": (10, 1)}
_NUMBER = r"(?:十[一二三四五六七八九]?|[二三]十[一二三四五六七八九]?|[一二三四五六七八九两]|\d{1,2})"
_PATTERN = re.compile(
    rf"(?P<month>{_NUMBER})月(?:份)?(?:(?P<day>{_NUMBER})[日号]?)?"
    rf"|(?P<only_day>{_NUMBER})[号日](?!线|楼|门|教室|院|路|码)"
    r"|(?P<which>下下个?|下个?|上个?|这个?|本)?(?:周|星期|礼拜)(?P<weekday>末|[一二三四五六日天1-7])"
    r"(?:(?:到|至|-|~)(?:周|星期|礼拜)?(?P<until>[一二三四五六日天1-7]))?"
    r"|(?P<week>下下个?|下个?|上个?|这个?|本)(?:周|星期|礼拜)(?!期)"
    r"|(?P<months>下个?|上个?|这个?|本)月"
    r"|(?P<english>(?:next |this )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekend))"
    r"|(?P<workdays>工作日|平时|平常)|双休日?(?P<weekend>)"
    rf"|(?P<named>{'|'.join(sorted([*_DAY, *_FIXED, '春节', '过年', '大年初一', '除夕'], key=len, reverse=True))})节?"
)
_PARTS = re.compile("|".join(sorted(_PART, key=len, reverse=True)))
_CLOCK = re.compile(
    rf"(?P<hour>{_NUMBER})(?:点钟?(?P<half>半|[一三]刻)?(?:(?P<minute>{_NUMBER})分?)?|[:：](?P<exact>[0-5]\d))(?!种|儿)"
)


@dataclass(frozen=True, slots=True)
class When:
    """Days `first` to `last`, restricted to `weekdays` (1 is Monday) and to the `part` of the day ("HH:MM" from, to).

    `fixed` says that certain days were named; otherwise they are the next that fit, and any such weekday is meant.
    `either` joins weekdays and part by "or" (晚上或者周末).
    """

    first: date
    last: date
    weekdays: tuple[int, ...] = ()
    part: tuple[str, str] | None = None
    fixed: bool = True
    either: bool = False

    def fits(self, day: date, starts: str) -> bool:
        """Whether something that starts then is within."""
        if self.fixed and not self.first <= day <= self.last:
            return False
        in_part = self.part is None or self.part[0] <= starts < self.part[1]
        on_day = not self.weekdays or day.isoweekday() in self.weekdays
        return (in_part or on_day) if self.either else (in_part and on_day)

    def __str__(self) -> str:
        days = "".join(map(str, self.weekdays))
        part = "-".join(self.part) if self.part else ""
        return (
            f"{self.first}/{self.last}/{days}/{part}/{'fixed' if self.fixed else 'any'}/{'or' if self.either else ''}"
        )

    @staticmethod
    def of(text: str) -> "When":
        """What `str` made of it."""
        first, last, days, part, fixed, either = text.split("/")
        ends = part.split("-")
        return When(
            date.fromisoformat(first), date.fromisoformat(last), tuple(map(int, days)),
            (ends[0], ends[1]) if part else None, fixed == "fixed", either == "or",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """An expression and where it stands."""

    when: When
    start: int
    end: int


def find(folded: str, today: date) -> Found | None:
    """The first date expression with the part of day or clock time that belongs to it; or one of those alone."""
    if not _POSSIBLE.search(folded):
        return None
    meant = (each for each in _PATTERN.finditer(folded) if not _NOT.search(folded, 0, each.start()))
    match = next((each for each in meant if _days(each, today) is not None), None)
    days = _days(match, today) if match else None
    part, spans = _part(folded)
    if match:
        spans.append(match.span())
    if not spans:
        return None
    start, end = min(span[0] for span in spans), max(span[1] for span in spans)
    if days is None:
        return Found(When(today, today + timedelta(days=60), (), part, fixed=False), start, end)
    first, last, weekdays, fixed = days
    either = bool(part and weekdays and _OR.search(folded, start, end))
    return Found(When(first, last, weekdays, part, fixed, either), start, end)


_NOT = re.compile(r"(?:不要|不想|不是|别)(?:在|去|上)?$")  # 不要晚上的
_OR = re.compile("或|还是| or ")
_POSSIBLE = re.compile(
    "[天晚早午周月号日点夜末节旦一年昨平双末班:：]|期|礼拜|儿|day|night|morning|evening|noon|week|工作|傍|国庆|除夕"
)


def _number(text: str) -> int:
    """十二, 二十, 三, 12 as a number."""
    if text.isdigit():
        return int(text)
    if "十" in text:
        tens, ones = text.split("十")
        return (int(digits(tens)) if tens else 1) * 10 + (int(digits(ones)) if ones else 0)
    return int(digits(text))


def _part(folded: str) -> tuple[tuple[str, str] | None, list[tuple[int, int]]]:
    named = next((each for each in _PARTS.finditer(folded) if not _NOT.search(folded, 0, each.start())), None)
    clock = _CLOCK.search(folded)
    spans = [match.span() for match in (named, clock) if match]
    part = _PART[named[0]] if named else None
    if clock and (hour := _number(clock["hour"])) < 24:
        if part and part[0] >= "11:00" and hour < 11:
            hour += 12
        minute = {"半": 30, "一刻": 15, "三刻": 45}.get(clock["half"] or "", 0)
        minute = int(clock["exact"]) if clock["exact"] else _number(clock["minute"]) if clock["minute"] else minute
        if minute < 60:
            part = (f"{hour:02d}:{minute:02d}", f"{min(23, hour + 1):02d}:{minute:02d}")
    return part, spans


Days = tuple[date, date, tuple[int, ...], bool]


def _days(match: re.Match[str], today: date) -> Days | None:
    """(first, last, weekdays, fixed) of a match; None where no such day exists (2月30日)."""
    if match["month"]:
        return _month_day(_number(match["month"]), match["day"], today)
    if match["only_day"]:
        return _day_of_month(_number(match["only_day"]), today)
    if match["weekday"]:
        return _weekday(match["which"], match["weekday"], match["until"], today)
    if match["week"]:
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=_offset(match["week"]))
        return monday, monday + timedelta(days=6), (), True
    if match["months"]:
        return _whole_month(_offset(match["months"]), today)
    if match["english"]:
        *which, name = match["english"].split()
        chinese = "下" if which == ["next"] else None
        return _weekday(chinese, "末" if name == "weekend" else str(_ENGLISH[name]), None, today)
    if match["workdays"]:
        return today, today + timedelta(days=6), (1, 2, 3, 4, 5), False
    if match["named"]:
        return _named(match["named"], today)
    return _weekday(None, "末", None, today)


def _offset(which: str | None) -> int:
    if not which:
        return 0
    return {"下下": 2, "下": 1, "上": -1}.get(which.removesuffix("个"), 0)


def _weekday(which: str | None, name: str, until: str | None, today: date) -> Days:
    wanted: tuple[int, ...] = (6, 7) if name == "末" else (_WEEKDAY[name],)
    if until:
        wanted = tuple(range(_WEEKDAY[name], _WEEKDAY[until] + 1)) or wanted
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=_offset(which))
    first, last = monday + timedelta(days=wanted[0] - 1), monday + timedelta(days=wanted[-1] - 1)
    if which is None and last < today:
        first, last = first + timedelta(weeks=1), last + timedelta(weeks=1)
    return first, last, wanted, which is not None


def _month_day(month: int, day: str | None, today: date) -> Days | None:
    if not 1 <= month <= 12:
        return None
    year = today.year if month >= today.month or today.month - month < 3 else today.year + 1
    if day is None:
        return _whole_month((year - today.year) * 12 + month - today.month, today)
    return _exactly(year, month, _number(day))


def _day_of_month(day: int, today: date) -> Days | None:
    if not 1 <= day <= 31:
        return None
    if day >= today.day:
        return _exactly(today.year, today.month, day)
    following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return _exactly(following.year, following.month, day)


def _exactly(year: int, month: int, day: int) -> Days | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found, found, (), True


def _whole_month(offset: int, today: date) -> Days:
    months = today.year * 12 + today.month - 1 + offset
    first = date(months // 12, months % 12 + 1, 1)
    following = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
    return first, following - timedelta(days=1), (), True


def _named(name: str, today: date) -> Days | None:
    if name in _DAY:
        day = today + timedelta(days=_DAY[name])
        return day, day, (), True
    if name in _FIXED:
        month, number = _FIXED[name]
        year = today.year if (today.month, today.day) <= (month, number) else today.year + 1
        return _exactly(year, month, number)
    spring = next((day for day in _SPRING.values() if day >= today), None)
    if spring is None:
        return None
    day = spring - timedelta(days=1) if name == "除夕" else spring
    return day, day, (), True
