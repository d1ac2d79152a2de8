"""Expressions of weekdays and weeks: 周三, 下周二到周四, 周一三五, 周末, 12月的第二个周二."""

import re
from datetime import timedelta

from nlu.calendar import DAY, Span, months, nth_weekday
from nlu.expressions import Days, Expression, Known, cycle, monday, recurring, workdays
from nlu.small_numbers import NUMERALS

_PLACES = {name: place for place, name in enumerate("一二三四五六日", 1)} | {"天": 7} | {str(n): n for n in range(1, 8)}
_WEEK = "(?:周|星期|礼拜)"
_WHICH = "(?:(?:下+|上+|这|本|当)(?:一?个|一)?)"
_DAY = "[一二三四五六日天1-7]"
# What makes 周三 no Wednesday: 每周三次, 周天气, 本周日程, 星期天花园, 周一鸣老师.
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁"
_TITLES = "老师|先生|女士|医生|主任|校长|同学|教授|师傅|大夫"
_NO_WEEKDAY = (
    "(?!(?<!末)[一二三四五六七1-7]*(?:次|个|趟|小时|遍|号楼|回(?!来|去|家)|节(?!目)|堂课|天(?!气)))"
    "(?!(?<=天)(?:气|堂|津|府|桥|才|然|台))(?!(?<=日)(?:程|常|记|志))(?!花园|酒店|公寓|影城|咖啡|书吧|大厦)"
    f"(?![鸣帆凡围涵航诺](?!行|船|海|绕))(?!(?<=[一三五六])[^{_SURNAMES}的新哪那这有没是请找换让跟和给](?:{_TITLES}))"
)
_NO_COUNT = f"(?![{NUMERALS}点时号:日月楼个人次节门位名天])"
# 周一三五, 周一、三、五: upwards, or else 周五一起 would have a Monday.
_MORE = "".join(f"(?:[、和]?{day})?" for day in "二三四五六") + "(?:(?:[、和]|(?<=六))[日天](?!气))?"


_GONE = re.compile("[^,，。]{0,6}(?:没[去来上]|[去来上缺]了|缺课)")


def _weekday(match: re.Match[str], known: Known) -> Days | None:
    wanted: tuple[int, ...] = (6, 7) if match["day"] == "末" else (_PLACES[match["day"]],)
    if until := match["until"]:
        wanted = cycle(wanted[0], _PLACES[until])
    wanted += tuple(_PLACES[char] for char in match["more"] or "" if char in _PLACES)
    which = (match["which"] or "").rstrip("个一")
    if which not in {"", "每", "逢"}:
        days = _of_week(which, known)
        return (Days(days.first + DAY * 7, days.last + DAY * 7) if _is_to_come(match, wanted, known) else days).of(
            wanted
        )
    if known.after and known.after.fixed and not known.after.weekdays and not which:
        first = known.after.first + DAY * ((wanted[0] - known.after.first.isoweekday()) % 7)
        return Days(first, first + DAY * (len(wanted) - 1))
    return recurring(wanted, known.floor, together=bool(until) or match["day"] == "末")


def _is_to_come(match: re.Match[str], wanted: tuple[int, ...], known: Known) -> bool:
    """这周六, said on a Sunday; and not 这周六的课我没去."""
    this_week = not {"上", "下"} & set(match["which"]) and known.today.isoweekday() == 7 and 7 not in wanted
    return this_week and _GONE.match(match.string, match.end()) is None


def _of_week(which: str, known: Known) -> Days:
    """下下 is two weeks further, 上 is one back, 这 and 本 none."""
    first = monday(known.today) + timedelta(weeks=which.count("下") - which.count("上"))
    return Days(first, first + DAY * 6)


def _week(match: re.Match[str], known: Known) -> Days:
    return _of_week(match["which"], known)


def _weekend(match: re.Match[str], known: Known) -> Days:
    return recurring((6, 7), known.floor, together=True)


def _workdays(match: re.Match[str], known: Known) -> Days:
    return workdays(known.today)


def _nth(match: re.Match[str], known: Known) -> Days | None:
    """12月的第二个周二, 12月最后一周; a weekday without a month is of this one or the next that has it still to come."""
    count = {"最后": -1, "头": 1}.get(match["nth"]) or _PLACES[match["nth"][-1]]
    if known.within:
        return _nth_of((known.within.first, known.within.last), count, match["day"])
    if match["day"] is None:
        return None
    spans = (months(known.today.year, known.today.month + each) for each in range(3))
    found = (_nth_of(span, count, match["day"]) for span in spans)
    return next((each for each in found if each and each.last >= known.floor), None)


def _nth_of(span: Span, count: int, weekday: str | None) -> Days | None:
    if weekday is None:
        first = span[0] + timedelta(weeks=count - 1) if count > 0 else span[1] - DAY * 6
        return Days(first, first + DAY * 6) if span[0] <= first <= span[1] else None
    day = nth_weekday(span, count, _PLACES.get(weekday, 6))
    return Days(day, day + DAY) if day and weekday == "末" else Days.one(day)


EXPRESSIONS = (
    Expression("nth", "第最头", rf"(?P<nth>第[一二三四五1-5]|最后|头(?=一?个))(?:一?个|一)?{_WEEK}(?P<day>{_DAY}|末)?", _nth),
    Expression(
        "weekday", "下上这本当每逢周星礼",
        rf"(?P<which>{_WHICH}|每个?|逢)?(?:{_WEEK}的?)?{_WEEK}(?P<day>末|{_DAY}){_NO_WEEKDAY}"
        rf"(?:(?:到|至|-|~)(?P<until>{_DAY}){_NO_COUNT}|(?P<more>{_MORE}){_NO_COUNT})?", _weekday,
    ),
    Expression("week", "下上这本当", rf"(?P<which>{_WHICH}){_WEEK}(?!期|刊|年|岁|边|围|末|{_DAY})", _week),
    Expression("weekend", "双大", "双休日?|大礼拜", _weekend),
    Expression("workdays", "工平周", "(?<!个)工作日|平时|平日|平常|(?<![一两几本这上下])周内", _workdays),
)  # fmt: skip
