"""Expressions of days by date, by how far they are away and by part of the month: 明天, 三天后, 12月9号, 月底."""

import re
from datetime import date, timedelta

from nlu.calendar import DAY, later, months, on
from nlu.expressions import Days, Expression, Known, portion
from nlu.small_numbers import DIGITS, NUMBER, NUMERALS, number

_AWAY = {"大前天": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "大后": 3, "后": 2}
_SEVERAL = {"今明": (0, 1), "明后": (1, 2), "今明后": (0, 2)}
_PORTIONS = {
    "上中": (1, 20), "中下": (11, 31), "上半": (1, 15), "下半": (16, 31), "上": (1, 10), "初": (1, 10), "头": (1, 10),
    "中": (11, 20), "下": (21, 31), "底": (24, 31), "末": (24, 31), "尾": (24, 31),
}  # fmt: skip
_NAMES = {"今朝": 0, "听日": 1, "寻日": -1, "琴日": -1}  # of Wu and Cantonese speakers
# What follows makes another word of it: 前台, 后来, 昨日子; 明儿童节.
_NOT_BEFORE = "(?!台|面|往|去|来|期|提|后|景|任|辈|头|排|门|院|几)"
_NOT_AFTER = "(?!台|面|来|续|期|勤|门|院|悔|代|半|排|天|遗|果)"
_DAY_ENDS = "(?=天(?!气)|日(?![期子常程头])|儿(?![童子科歌女]))"
_PART_NEXT = "(?=[早晚夜晨])"
# A count of days, weeks, months or years. 过三天 and 前三天 by themselves, not 学过三天, 提前三天.
_COUNT = rf"(?:几|半(?=个?[月年])|(?:一两|两三|三四|三五|四五)(?=个|天|周|星期|礼拜)|{NUMBER}|[1-9]\d\d(?=天))"
_UNIT = "(?:个?工作日|天|日(?!游|营|三餐|一)|(?:个半?)?(?:周(?!岁|年)|星期|礼拜)|(?:个半?|(?<=半))月|年(?!级|纪|龄|制|代|前列))"
_FREE = "(?:(?<![一-鿿])|(?<=[我们在就是那这他她再等要得]))"
_SINCE = (
    rf"(?:(?:未来|接下来|今后|往后|最近)的?|近|这(?=.{{1,2}}天)|再?{_FREE}过(?!去)个?|{_FREE}过去的?|{_FREE}前(?!天))"
)
_SIDE = f"(?:(?:之|以|过)?后{_NOT_AFTER}|(?:之|以)?前{_NOT_BEFORE}|(?:之|以)?内)"
# What makes 5号 no day (5号线, 人民路5号), and 八月 no month (八月饼).
_NO_DAY = (
    "(?!线|楼|门|口|出口|入口|教室|教学|院|路|码|窗|柜|厅|馆|店|桌|机|车|公路|文|病|会议|仓|井|电池|台|栋|幢|单元|床|卡|学员|选手|工|座|坐|档"
    "|房|室|铺|召|称|头条|常|报|程|记|志|子|益|语|本|游|营|三餐|复)"
)
_NO_ADDRESS = f"(?<![路街巷弄道村里幢栋楼第编工卡账学排尾座{NUMERALS}.])"
_NO_MONTH = "(?!饼|亮|考|嫂|子|季|琴|票|卡|费|薪|刊|球|光|老)"
_NO_COUNT = "(?![个点时次名位人节门元块折年周天期号日小:分月])"
_NO_AMOUNT = r"(?![\d./:-]|岁|人|个|天|月|周|点|分|元|块|名|年|楼|栋|单元|室|期|课|节|号线|倍|米|公里|%)"
# A number that another one with its 号 follows: the 9 in 9到15号, the 10 in 10、11、12号.
_LISTED = f"(?=(?:[、,和跟及到至~-]{{1,2}}{NUMBER})+[号日]{_NO_DAY})"
_ONE_TO_NINE = "[一二三四五六七八九]"


def _iso(match: re.Match[str], known: Known) -> Days | None:
    return Days.one(on(int(match["year"]), int(match["month"]), int(match["day"])))


def _by_month(match: re.Match[str], known: Known) -> Days | None:
    month, day = match["month"], match["day"]
    return _month_day(1 if month == "元" else number(month), number(day) if day else None, known)


def _month_day(month: int, day: int | None, known: Known) -> Days | None:
    """Of the year that was said, or else of this year as long as it is not long past."""
    year, floor = known.year, known.floor
    if not 1 <= month <= 12:
        return None
    if year is None:
        year = floor.year + (month < floor.month if known.after else floor.month - month >= 3)
    return Days(*months(year, month)) if day is None else Days.one(on(year, month, day))


def _two_months(match: re.Match[str], known: Known) -> Days | None:
    """七八月."""
    first, last = number(match["low"]), number(match["high"])
    begin = _month_day(first, None, known)
    return Days(begin.first, months(begin.first.year, last)[1]) if begin and first < last else None


def _which_month(match: re.Match[str], known: Known) -> Days:
    which = match["which"]
    return Days(*months(known.today.year, known.today.month + which.count("下") - which.count("上")))


def _portion(match: re.Match[str], known: Known) -> Days:
    begin, end = next(ends for key, ends in _PORTIONS.items() if key in match["portion"])
    if known.within:
        return Days(*portion((known.within.first, known.within.last), begin, end))
    floor = known.floor
    this = Days(*portion(months(floor.year, floor.month), begin, end))
    return this if this.last >= floor else Days(*portion(months(floor.year, floor.month + 1), begin, end))


def _of_month(match: re.Match[str], known: Known) -> Days | None:
    day, floor = number(match["day"]), known.floor
    if known.within:
        return Days.one(on(known.within.first.year, known.within.first.month, day))
    begin = months(floor.year, floor.month + (day < floor.day))[0]
    return Days.one(on(begin.year, begin.month, day))


def _relative(match: re.Match[str], known: Known) -> Days:
    first, last = _SEVERAL.get(match["day"]) or (_AWAY[match["day"]],) * 2
    return Days(known.today + DAY * first, known.today + DAY * last)


def _by_name(match: re.Match[str], known: Known) -> Days | None:
    return Days.one(known.today + DAY * _NAMES[match["day"]])


def _some(match: re.Match[str], known: Known) -> Days:
    first, last = {"过": (2, 7), "前": (-7, -2), "这": (0, 6)}[match["some"]]
    return Days(known.today + DAY * first, known.today + DAY * last)


def _lasting(match: re.Match[str], known: Known) -> Days | None:
    """三天后, 两周内, 未来一周: the number alone (三天打鱼) is no day."""
    since, side, unit, today = (
        (match["since"] or "").removesuffix("的"),
        match["side"] or "",
        match["unit"],
        known.today,
    )
    low, high = _counts(match["count"])
    if "工作日" in unit or (match["count"] == "几" and side.endswith("内")):
        return None
    if side.endswith("前"):
        return Days(_moved(today, -high, unit), _moved(today, -low, unit)) if since in {"", "前"} else None
    if side.endswith("后") or (since.startswith(("过", "再过")) and since != "过去" and not side):
        return Days(_moved(today, low, unit), _moved(today, high, unit))
    if unit == "年" and since and not side and since not in {"未来", "接下来", "今后", "往后"}:
        return None
    if since in {"过去", "前"}:
        return Days(_moved(today, -high, unit), today - DAY)
    return Days(today, _moved(today, high, unit) - DAY * (since == "这"))


def _counts(text: str) -> tuple[float, float]:
    if text == "几":
        return 2, 7
    if text == "半":
        return 0.5, 0.5
    if re.fullmatch("[一二两三四五]{2}", text):  # 两三天
        return number(text[0]), number(text[1])
    return (count := int(text) if text.isdigit() else number(text)), count


def _moved(day: date, count: float, unit: str) -> date:
    if unit.startswith("个半"):
        count += 0.5 if count > 0 else -0.5
    whole, half = int(count), round((count - int(count)) * 2)
    if unit.endswith("月"):
        return later(day, whole) + timedelta(days=15 * half)
    if unit.endswith("年"):
        return later(day, 12 * whole + 6 * half)
    return day + timedelta(days=round(count * (1 if unit[-1] in "天日" else 7)))


EXPRESSIONS = (
    Expression("iso", "2", r"(?<![\d./-])(?P<year>20\d\d)[-/.](?P<month>[01]?\d)[-/.](?P<day>[0-3]?\d)(?![\d-])", _iso),
    Expression(
        "date", "01", rf"(?<![\d./-])(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?![号日]){_NO_AMOUNT}", _by_month
    ),
    Expression(
        "date", "0123456789",
        r"(?<![\d./])(?P<month>0?[1-9]|1[0-2])/(?P<day>0[1-9]|[12]\d|3[01]|(?<=\d\d/)[1-9])[号日]?"
        rf"(?:(?=-\d\d?/\d)|{_NO_AMOUNT})", _by_month,
    ),
    Expression("date", "0123456789", r"(?<![\d./-])(?P<month>0?[1-9]|1[0-2])\.(?P<day>[0-3]?\d)[号日]", _by_month),
    Expression(
        "lasting", DIGITS + "未接今往最近这再过前几半",
        rf"(?:(?P<since>{_SINCE})这?)?(?<![好十])(?P<count>{_COUNT})(?P<unit>{_UNIT})(?:多|左右)?"
        rf"(?:(?P<side>{_SIDE})|(?(since)|(?!)))", _lasting,
    ),
    Expression("some", "这过前", "(?P<some>[这过前])些天", _some),
    Expression("relative", "今明", "(?P<day>今明后(?=三天)|(?:今明|明后)(?=[两2]?[天日]))[三两2]?[天日]", _relative),
    Expression("relative", "大", "(?P<day>大前天|大后(?=[天日]))[天日]?", _relative),
    Expression(
        "relative", "今昨明前后",
        rf"(?:(?P<day>(?<!如)[今昨]|(?<![文发声证透聪])明|(?<![目以之当])前|(?<![以之然最今往前日])后){_DAY_ENDS}(?:天|日|儿个?))", _relative,
    ),
    Expression("relative", "今听寻琴", f"(?P<day>{'|'.join(_NAMES)})(?![^ ]{{0,2}}[代人])", _by_name),
    Expression("relative", "今昨明", rf"(?P<day>[今昨明]){_PART_NEXT}", _relative),
    Expression(
        "month", DIGITS + "元", rf"(?P<month>{NUMBER}|元)月份?{_NO_MONTH}(?:(?P<day>{NUMBER})(?:[号日]{_NO_DAY}|{_NO_COUNT}))?", _by_month
    ),
    Expression(
        "month", DIGITS, rf"(?<![{NUMERALS}])(?P<low>{_ONE_TO_NINE})(?P<high>{_ONE_TO_NINE})月份?{_NO_MONTH}", _two_months
    ),
    Expression("which_month", "下上这本当", rf"(?P<which>下+|上+|这|本|当)(?:一?个)?月份?{_NO_MONTH}", _which_month),
    Expression("portion", "上中下", "(?P<portion>(?:上中|中下|[上中下])旬|[上下]半月)", _portion),
    Expression("portion", "月", "(?P<portion>月初(?!级|中)|月[底末尾]|月头(?!像)|(?<![个几])月中(?:旬|(?!国|午|秋|心)))", _portion),
    Expression(
        "portion", "初底末中",
        "(?<=[月份])(?P<portion>初(?!级|中|学|步|次)|[底末](?!下|层)|中(?:旬|(?!国|午|秋|心|央|文|医|学|小|老|年|间|华|级)))", _portion,
    ),
    Expression(
        "of_month", DIGITS, rf"{_NO_ADDRESS}(?P<day>{NUMBER})(?:[号日](?<!一日)(?<!两日){_NO_DAY}|{_LISTED})", _of_month
    ),
)  # fmt: skip
