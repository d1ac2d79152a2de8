"""Expressions of what every year has: festivals and their days off, lunar dates, seasons, holidays; and of years."""

import re
from collections.abc import Mapping
from datetime import date

from nlu.calendar import (
    DAY,
    LUNAR,
    NTH,
    SOLAR,
    TERMS,
    Span,
    days_off,
    festival,
    lunar,
    make_up_days,
    months,
    on,
    season,
)
from nlu.expressions import FAR, Days, Expression, Known
from nlu.small_numbers import DIGITS, NUMBER, NUMERALS, number
from nlu.text import digits

# Other names of festivals; 节 may follow any of them.
_NAMES: Mapping[str, str] = {
    "三八妇女节": "妇女节", "38妇女节": "妇女节", "三八节": "妇女节", "38节": "妇女节", "女神节": "妇女节", "五一劳动节": "劳动节", "51劳动节": "劳动节",
    "五一国际劳动节": "劳动节", "五四青年节": "青年节", "六一儿童节": "儿童节", "61儿童节": "儿童节", "七一建党节": "建党节", "八一建军节": "建军节",
    "十一国庆": "国庆", "双11": "双十一", "双12": "双十二", "跨年": "跨年夜", "过年": "春节", "大年初一": "春节", "新春佳节": "春节", "端阳": "端午",
    "二月二龙抬头": "龙抬头", "元宵灯会": "元宵", "鬼节": "中元", "中元节": "中元", "老年节": "重阳", "老人节": "重阳", "敬老节": "重阳",
    "阳历年": "元旦", "新历年": "元旦", "除夕": "除夕", "年三十": "除夕", "大年三十": "除夕", "大年夜": "除夕",
}  # fmt: skip
# Said without 节, in numbers that may be others.
_NUMERIC = {"五一": "劳动节", "六一": "儿童节", "七一": "建党节", "八一": "建军节", "三八": "妇女节", "五四": "青年节", "十一": "国庆"}  # fmt: skip
_AMBIGUOUS = {"雨水", "小满", "白露", "小雪", "大雪"}  # more often the weather or a name
_CERTAIN = sorted({*SOLAR, *LUNAR, *NTH, *TERMS, *_NAMES} - _AMBIGUOUS - {"小年", "中元"}, key=len, reverse=True)
# What makes a festival none: 国庆路, 五一广场, 元宵好吃, 六一班, 李国庆.
_PLACE = (
    "路|街|大街|大道|红旗|运动|桥|村|小区|社区|小学|中学|幼儿园|公园|镇|乡|站|新村|大厦|上河|医院|号|老师|先生|女士"
)
_GREETING = "节?(?:好|快乐|安康|吉祥)"
_NO_NAME = "(?<![包做煮吃滚李王张陈])"
_OFF = "节?的?(?:[三五七八3578]天(?:长?假|乐)?|(?:你们|学院|学校)?[关歇休停放](?:几|多少)天(?:门|假|课)?|放假|假期|长假|小长假|黄金周|假日|休假|期间|假)(?:期间)?"
_NO_NUMBER = f"[{NUMERALS}个人点年月日岁块元分班楼栋室线式届]"
# 年 as in 年底, not as in 三年 or 每年.
_NOT_COUNTED = f"(?<![{NUMERALS}百千万几半多近每前去今明后整周全])"
_YEAR = rf"(?:(?:19|20)\d\d|[一二][九零〇0][零〇0一二三四五六七八九1-9]{{2}}|\d\d(?=年{NUMBER}月))"
_MONTH = f"闰?(?:正|冬|腊|{NUMBER})"
_LUNAR_MONTHS = {"正": 1, "冬": 11, "腊": 12}
_AGE = re.compile(rf"[^{NUMERALS}]{{0,4}}[{NUMERALS}]{{1,4}}[多来几]?(?:周?岁|[,。!?了的]|$)")
# 去年在这里学过 tells of the past: a year that is not to come is asked about by what follows it.
_ASKED = re.compile("的?(?:有|还有|还会|还开|开|会|能|哪|什么|全年)")


def _make_up(match: re.Match[str], known: Known) -> Days | None:
    name = match["festival"]
    found = make_up_days(known.today, _NUMERIC.get(name, name) if name else None)
    return Days.one(found[0]) if found else None


def _lunar(match: re.Match[str], known: Known) -> Days | None:
    month, day = match["month"].removeprefix("闰"), (match["day"] or "").removeprefix("初")
    place = _LUNAR_MONTHS.get(month) or number(month)
    return _of_lunar(-place if match["month"] != month else place, number(day) if day else None, known)


def _of_lunar(month: int, day: int | None, known: Known) -> Days | None:
    def whole(year: int) -> Span | None:
        first, last = lunar(year, month, 1), lunar(year, month, 30) or lunar(year, month, 29)
        return (first, last) if first and last else None

    return known.soonest(whole) if day is None else known.next_day(lambda year: lunar(year, month, day))


def _new_year_day(match: re.Match[str], known: Known) -> Days | None:
    """大年初三, 年二十九; 初七 alone is one after another lunar day, or a year of school."""
    if known.after is None and match[0].startswith("初"):
        return None
    day = match["day"].removeprefix("初")
    if day != match["day"]:
        return _of_lunar(1, number(day), known)
    return known.next_day(lambda year: lunar(year - 1, 12, number(day)))


def _festival(match: re.Match[str], known: Known) -> Days | None:
    said = match["name"]
    name = _NUMERIC.get(said) or _NAMES.get(said, said)
    if match["off"]:
        return known.soonest(lambda year: days_off(year, name))
    return _under_way(name, known) or known.next_day(lambda year: festival(year, name))


def _under_way(name: str, known: Known) -> Days | None:
    """While its days off last, a festival is now, not in a year."""
    span = days_off(known.today.year, name) if known.year is None else None
    day = festival(known.today.year, name)
    return Days(*span) if span and day and day < known.floor <= span[1] else None


def _school_holiday(match: re.Match[str], known: Known) -> Days | None:
    """Schools differ: these are the days that all of them have off, or nearly so."""

    def whole(year: int) -> Span:
        return (date(year, 1, 15), months(year, 2)[1]) if match["term"] == "寒假" else months(year, 7, 2)

    return known.soonest(whole)


def _season(match: re.Match[str], known: Known) -> Days | None:
    return known.soonest(lambda year: season(year, match["season"]))


def _this_season(match: re.Match[str], known: Known) -> Days | None:
    span = season(known.today.year + (match["year"] == "明"), match["season"])
    return Days(*span) if span else None


def _half(match: re.Match[str], known: Known) -> Days | None:
    return known.soonest(lambda year: months(year, 1 if match["half"] in "上前" else 7, 6))


def _quarter(match: re.Match[str], known: Known) -> Days | None:
    begin = int(digits(match["quarter"])) * 3 - 2
    return _end_of(known.soonest(lambda year: months(year, begin, 3)), match["end"])


def _which_quarter(match: re.Match[str], known: Known) -> Days | None:
    this = (known.today.month - 1) // 3 + {"上": -1, "下": 1}.get(match["which"], 0)
    return _end_of(Days(*months(known.today.year, this * 3 + 1, 3)), match["end"])


def _end_of(quarter: Days | None, end: str | None) -> Days | None:
    if quarter is None or end is None:
        return quarter
    month = quarter.first if end == "初" else quarter.last
    return Days(*months(month.year, month.month))


def _of_year(match: re.Match[str], known: Known) -> Days | None:
    month, count = {"初": (1, 1), "中": (6, 2)}.get(match["end"] or "底", (12, 1))
    return known.soonest(lambda year: months(year, month, count))


def _within_year(match: re.Match[str], known: Known) -> Days:
    return Days(known.today, date(known.today.year, 12, 31))


def _new_year(match: re.Match[str], known: Known) -> Days | None:
    """年前 and 年后 are those of the Spring Festival."""
    spring = known.next_day(lambda year: festival(year, "春节"))
    if spring is None:
        return None
    if match["side"] == "前":
        return Days(known.today, spring.first - DAY)
    return Days(spring.first + DAY, spring.first + DAY * FAR)


def _year(match: re.Match[str], known: Known) -> Days | None:
    year = _said_year(match["year"], known.today)
    return _whole(year) if year else None


def _said_year(text: str, today: date) -> int | None:
    """None for what is one's birth, or history."""
    year = int(digits(text))
    year += 2000 if year < 100 else 0
    return year if abs(year - today.year) <= 10 else None


def _date(match: re.Match[str], known: Known) -> Days | None:
    """A year and a month, and perhaps a day: one expression, so that it may be the end of a span."""
    year, month, day = _said_year(match["year"], known.today), number(match["month"]), match["day"]
    if year is None or not 1 <= month <= 12:
        return None
    return Days.one(on(year, month, number(day))) if day else Days(*months(year, month))


def _which_year(match: re.Match[str], known: Known) -> Days | None:
    away = {"大前": -3, "前": -2, "去": -1, "今": 0, "本": 0, "明": 1, "来": 1, "后": 2}[match["which"]]
    return None if _AGE.match(match.string, match.end()) else _whole(known.today.year + away)


def _whole(year: int) -> Days | None:
    first, last = on(year, 1, 1), on(year, 12, 31)
    return Days(first, last) if first and last else None


def is_asked(folded: str, start: int, end: int) -> bool:
    """Whether a year by itself is what is asked about: one to come, or one whose things are asked for."""
    return folded[start] in "明后来0123456789一二" or _ASKED.match(folded, end) is not None


EXPRESSIONS = (
    Expression(
        "make_up", "国春五元清端中调补",
        "(?P<festival>国庆|春节|五一|元旦|清明|端午|中秋)?节?(?:调休(?:补班|上班|日|的?那(?:天|个)|当天)|补班)(?:(?:的?那)?天|日)?", _make_up,
    ),
    Expression("lunar", "农阴旧老", rf"(?:农历|阴历|旧历|老历)的?(?P<month>{_MONTH})月(?:初?(?P<day>{NUMBER})日?)?", _lunar),
    Expression("lunar", "闰正冬腊", rf"(?P<month>闰?[正冬腊])月(?:(?P<day>初?{NUMBER})日?)?(?!级|中)", _lunar),
    Expression(
        "lunar", DIGITS + "闰", rf"(?P<month>闰?{NUMBER})月(?P<day>初[一二三四五六七八九十]|廿[一二三四五六七八九]?)(?!级|中)", _lunar
    ),
    # 三月三, 九月九: nobody says the solar ones without 号.
    Expression(
        "lunar", "二三五六七九", rf"(?<![{NUMERALS}])(?P<month>[二三五六七九])月(?P<day>(?P=month))(?![{NUMERALS}号日点个])", _lunar
    ),
    Expression(
        "lunar", "大年过春新",
        "(?:大?年|过年|春节|新年)(?P<day>初[二三四五六七八九十]|(?<=年)(?:廿[七八九]|二十[七八九]))(?!级|中)", _new_year_day,
    ),
    Expression("also_lunar", "初", "(?P<day>初[一二三四五六七八九十])(?!级|中|[年学的]|班|步)", _new_year_day),
    Expression(
        "festival", "".join({name[0] for name in [*_CERTAIN, *_AMBIGUOUS, "小年"]}),
        rf"{_NO_NAME}(?P<name>{'|'.join(_CERTAIN)}|(?:{'|'.join(_AMBIGUOUS)})(?=节气|那天|当天|这天)|小年(?!轻|纪|龄))"
        rf"(?:节|夜(?!市|校))?(?!{_GREETING}|(?<!节)(?:{_PLACE}|广场(?!舞)))(?P<off>{_OFF})?", _festival,
    ),
    Expression(
        "festival", "五六七八三十",
        rf"(?<![{NUMERALS}第周期拜.])(?P<name>五一|六一|七一|八一|三八|五四|十一(?={_OFF}|前后|黄金))节?"
        rf"(?!{_GREETING}|{_PLACE}|广场(?!舞)|{_NO_NUMBER})(?P<off>{_OFF})?", _festival,
    ),
    Expression("term", "寒暑", "(?P<term>寒假|暑假|暑期)(?:期间)?", _school_holiday),
    Expression("season", "春夏秋冬", "(?P<season>[春夏秋冬])(?:天|季(?=有|开|里|的时候|能|可|会|还|期间))", _season),
    Expression("season", "开入", "(?:开(?=春)|入(?=[夏秋冬]以?后))(?P<season>[春夏秋冬])", _season),
    Expression("season", "今明", "(?P<year>[今明])(?P<season>[春夏秋冬])", _this_season),
    Expression("half", "上下前后", "(?P<half>[上下前后])半年", _half),
    Expression("quarter", "第一二三四1234", "第?(?P<quarter>[一二三四1-4])季度(?P<end>[初末底])?", _quarter),
    Expression("quarter", "q", r"\bq(?P<quarter>[1-4])\b(?P<end>[初末底])?", _quarter),
    Expression("quarter", "本上下这", "(?P<which>[本上下这])(?:一?个)?季度(?P<end>[初末底])?", _which_quarter),
    Expression("of_year", "年", rf"{_NOT_COUNTED}年(?P<end>[底末尾]|终(?!身)|初(?![{NUMERALS}])|中(?!国|级|医))", _of_year),
    Expression("of_year", "年底末尾初中", "(?<=[今明去前后来]年)年?(?P<end>[底末尾]|初(?!级|中)|中(?!国|级|医|秋))", _of_year),
    Expression("of_year", "岁", "岁末(?P<end>)", _of_year),
    Expression("new_year", "年", rf"{_NOT_COUNTED}年(?P<side>前|后)(?!台|半)", _new_year),
    Expression("new_year", "过", "过[完了]年(?P<side>)(?:之后|以?后)?", _new_year),
    Expression("new_year", "年", rf"{_NOT_COUNTED}年[内里]", _within_year),
    Expression(
        "date", "0123456789一二",
        rf"(?<![{NUMERALS}])(?P<year>{_YEAR})年的?(?P<month>{NUMBER})月份?(?:(?P<day>{NUMBER})(?:[号日]|(?![{NUMERALS}个点节])))?", _date,
    ),
    Expression("year", "0123456789一二", rf"(?<![{NUMERALS}])(?P<year>{_YEAR})年(?!级)度?", _year),
    Expression("year", "大前今明去后来本", "(?P<which>大?前|[今明去后来本])年(?!纪|龄|级|夜)度?", _which_year),
)  # fmt: skip
