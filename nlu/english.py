"""English expressions of days: tomorrow, next Tuesday, on Dec 5, this weekend, in three days."""

import re
from datetime import timedelta

from nlu.calendar import DAY, days_off, festival, later, months, nth_weekday, on
from nlu.expressions import Days, Expression, Known, monday, portion, recurring, workdays

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "couple of": 2, "few": 4,
}  # fmt: skip
_AWAY = {
    "day before yesterday": -2, "yesterday": -1, "today": 0, "to": 0, "this": 0, "tomorrow": 1, "day after tomorrow": 2,
}  # fmt: skip
_COUNTS_IN_MONTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_WHICH = {"next": 1, "coming": 1, "last": -1, "this": 0}
_FESTIVALS = {
    "spring festival": "春节", "chinese new year": "春节", "lunar new year": "春节", "lantern festival": "元宵", "qingming": "清明",
    "tomb sweeping day": "清明", "labor day": "劳动节", "labour day": "劳动节", "may day": "劳动节", "dragon boat": "端午",
    "mid autumn": "中秋", "national day": "国庆", "childrens day": "儿童节", "womens day": "妇女节", "teachers day": "教师节",
    "mothers day": "母亲节", "fathers day": "父亲节", "double ninth": "重阳", "winter solstice": "冬至", "christmas eve": "平安夜",
    "christmas": "圣诞", "new years eve": "跨年夜", "new years day": "元旦", "new year": "元旦",
}  # fmt: skip
_FESTIVAL = "|".join(name.replace("s ", "['’]?s? ").replace(" ", "[ -]") for name in _FESTIVALS)
_PORTIONS = {
    "early": (1, 10), "beginning": (1, 10), "start": (1, 10), "mid": (11, 20), "middle": (11, 20), "late": (21, 31), "end": (24, 31),
}  # fmt: skip
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_NTH = "(?:st|nd|rd|th)"
_IN_YEAR = r"(?:,? (?P<year>20\d\d))?"
_BEFORE_MONTH = "(?:(?P<portion>early|mid|late)[ -]|(?<=in )|(?<=since )|(?<=until )|(?<=of ))"
# Mon, sat and sun are words as well: they are days with a word before them, or another day beside them.
_BEFORE_SHORT = "".join(
    f"|(?<={word})" for word in ("on ", "this ", "next ", "every ", "last ", "by ", "and ", "or ", "to ", "-")
)
_WEEKDAY = (
    "(?:(?:mon|tues?|wednes|thurs|fri|satur|sun)days?|tues?|wed|thurs?|fri"
    f"|(?:{_BEFORE_SHORT[1:]})(?:mon|sat|sun)|mon(?= ?-| to )|sat(?= and | or | ?-))"
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ANY = _LETTERS + "0123456789"


def _relative(match: re.Match[str], known: Known) -> Days | None:
    return Days.one(known.today + DAY * _AWAY[match["day"]])


def _festival(match: re.Match[str], known: Known) -> Days | None:
    said = re.sub("['’]", "", match["name"]).replace("-", " ")
    name = next(each for english, each in _FESTIVALS.items() if said.replace("s ", " ") == english.replace("s ", " "))
    if match["off"]:
        return known.soonest(lambda year: days_off(year, name))
    return known.next_day(lambda year: festival(year, name))


def _weekday(match: re.Match[str], known: Known) -> Days | None:
    wanted = (_WEEKDAYS.index(match["day"][:3]) + 1,)
    if match["which"] in {"next", "this", "last"}:
        return _week_of(match["which"], known).of(wanted)
    return recurring(wanted, known.floor, together=False)


def _week_of(which: str, known: Known) -> Days:
    first = monday(known.today) + timedelta(weeks=_WHICH[which])
    return Days(first, first + DAY * 6)


def _weekend(match: re.Match[str], known: Known) -> Days | None:
    if match["which"] in {"next", "this", "last"}:
        return _week_of(match["which"], known).of((6, 7))
    return recurring((6, 7), known.floor, together=True)


def _workdays(match: re.Match[str], known: Known) -> Days:
    return workdays(known.today)


def _which(match: re.Match[str], known: Known) -> Days:
    which, today = match["which"], known.today
    if match["unit"] == "week":
        return _week_of(which, known)
    if match["unit"] == "month":
        return Days(*months(today.year, today.month + _WHICH[which]))
    return Days(*months(today.year + _WHICH[which], 1, 12))


def _after_next(match: re.Match[str], known: Known) -> Days:
    first = monday(known.today) + timedelta(weeks=2)
    return Days(first, first + DAY * 6)


def _date(match: re.Match[str], known: Known) -> Days | None:
    month, day = _MONTHS.index(match["month"][:3]) + 1, int(match["day"])
    return _said_year(match, known).next_day(lambda year: on(year, month, day))


def _month(match: re.Match[str], known: Known) -> Days | None:
    month, ends = _MONTHS.index(match["month"][:3]) + 1, _PORTIONS.get(match["portion"], (1, 31))
    return _said_year(match, known).soonest(lambda year: portion(months(year, month), *ends))


def _said_year(match: re.Match[str], known: Known) -> Known:
    return Known(known.today, int(match["year"])) if match["year"] else known


def _of_month(match: re.Match[str], known: Known) -> Days | None:
    if match["last"] and known.after is None:
        return None
    day, floor = int(match["day"] or match["last"]), known.floor
    begin = months(floor.year, floor.month + (day < floor.day))[0]
    return Days.one(on(begin.year, begin.month, day))


def _lasting(match: re.Match[str], known: Known) -> Days | None:
    count, unit, today = _COUNTS.get(match["count"]) or int(match["count"]), match["unit"], known.today
    since, side = match["since"] or "", match["side"]
    if not since and not side:
        return None
    sign = -1 if side == "ago" or since in {"past", "last"} else 1
    if unit in {"month", "year"}:
        end = later(today, sign * count * (12 if unit == "year" else 1))
    else:
        end = today + timedelta(days=sign * count * (7 if unit == "week" else 1))
    if side or since == "in":
        return Days(end, end)
    return Days(today, end) if sign > 0 else Days(end, today - DAY)


def _end(match: re.Match[str], known: Known) -> Days:
    today, said, further = known.today, match["portion"], match["which"] == "next"
    if match["unit"] == "year":
        return Days(*months(today.year + further, {"end": 12, "late": 12, "middle": 6, "mid": 6}.get(said, 1)))
    return Days(*portion(months(today.year, today.month + further), *_PORTIONS[said]))


def _nth(match: re.Match[str], known: Known) -> Days | None:
    count, weekday = _COUNTS_IN_MONTH[match["nth"]], _WEEKDAYS.index(match["day"][:3]) + 1
    if name := match["month"]:
        month = _MONTHS.index(name[:3]) + 1
        return known.next_day(lambda year: nth_weekday(months(year, month), count, weekday))
    return Days.one(
        nth_weekday(months(known.today.year, known.today.month + (match["which"] == "next")), count, weekday)
    )


EXPRESSIONS = (
    Expression(
        "relative", _LETTERS,
        r"\b(?P<day>day before yesterday|day after tomorrow|yesterday|today|tomorrow|to(?=night\b)"
        r"|this(?= (?:morning|afternoon|evening)))(?:\b|(?=night))", _relative,
    ),
    Expression(
        "festival", _LETTERS,
        rf"\b(?P<name>{_FESTIVAL})\b(?: festival| day)?(?P<off> (?:holidays?|break))?", _festival,
    ),
    Expression(
        "nth", _LETTERS,
        rf"\b(?P<nth>first|second|third|fourth|last) (?P<day>{_WEEKDAY}) (?:of|in) "
        rf"(?:(?:(?P<which>the|this|next) )?month|(?P<month>{_MONTH}))", _nth,
    ),
    Expression("weekday", _LETTERS, rf"\b(?:(?P<which>next|this|last|coming|every) )?(?P<day>{_WEEKDAY})\b", _weekday),
    Expression("weekend", _LETTERS, r"\b(?:(?P<which>next|this|last|coming|every) )?weekends?\b", _weekend),
    Expression("workdays", _LETTERS, r"\b(?:weekday|workday)s?\b", _workdays),
    Expression("week", _LETTERS, r"\b(?P<which>next|this|last|coming) (?P<unit>week|month|year)\b", _which),
    Expression("week", "w", r"\bweek after next\b", _after_next),
    Expression("date", _LETTERS, rf"\b(?P<month>{_MONTH}) (?:the )?(?P<day>\d\d?){_NTH}?(?!\d|:| ?[ap]m){_IN_YEAR}", _date),
    Expression("date", "0123456789", rf"\b(?P<day>\d\d?){_NTH}? (?:of )?(?P<month>{_MONTH}){_IN_YEAR}", _date),
    Expression("month", _LETTERS, rf"\b{_BEFORE_MONTH}(?P<month>{_MONTH}){_IN_YEAR}", _month),
    Expression(
        "of_month", "0123456789",
        rf"(?:(?:(?<=the )|(?<=to )|(?<=-)|(?<=and ))(?P<day>\d\d?){_NTH}|(?<=\d-)(?P<last>\d\d?))\b", _of_month,
    ),
    Expression(
        "lasting", _ANY,
        r"\b(?:(?P<since>in|within|over the next|for the next|the next|next|the coming|past|last) )?(?:a )?"
        rf"(?P<count>\d\d?|{'|'.join(_COUNTS)}) (?P<unit>day|week|month|year)s?\b(?: (?P<side>ago|later|from now|from today))?", _lasting,
    ),
    Expression(
        "part_of", _LETTERS,
        r"\b(?P<portion>(?:end|beginning|start|middle)(?= of )|(?:early|mid|late)(?= (?:this|next) ))"
        r"(?: of)? (?P<which>the|this|next) (?P<unit>month|year)\b", _end,
    ),
)  # fmt: skip
