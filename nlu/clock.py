"""Parts of the day and times of the clock: 晚上, 下午三点半, 差五分八点, 早上九点到十一点, after 6 pm.

Without a word for the part of day, one to six o'clock are in the afternoon: nobody asks for lessons at three at night.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nlu.expressions import Expression
from nlu.small_numbers import DIGITS, NUMBER, NUMERALS, number

Part = tuple[str, str]  # "HH:MM" from, until; until may be before from: over midnight
MIDNIGHT = 24 * 60
_MORNING, _NOON, _AFTERNOON = ("06:00", "12:00"), ("11:00", "14:00"), ("12:00", "18:00")
_EVENING, _NIGHT, _EARLY = ("17:30", "22:00"), ("20:00", "24:00"), ("00:00", "06:00")
PARTS: Mapping[str, Part] = {
    **dict.fromkeys(("早上", "早晨", "清晨", "清早", "一早", "一大早", "大早上", "朝早", "上昼", "上午", "午前", "上半天", "morning"), _MORNING),
    **dict.fromkeys(("中午", "正午", "午间", "晌午", "午休", "noon", "midday", "lunchtime"), _NOON),
    **dict.fromkeys(("下午", "午后", "下半天", "后晌", "下昼", "晏昼", "午饭后", "吃完午饭", "afternoon"), _AFTERNOON),
    **dict.fromkeys(("傍晚", "傍黑", "擦黑", "黄昏", "天黑前"), ("16:30", "19:00")), "放学后": ("16:00", "20:00"),
    **dict.fromkeys(("晚上", "晚间", "夜里", "夜间", "夜晚", "晚饭后", "吃完晚饭", "天黑了", "晚黑", "天黑后", "下班后", "下班以后", "下班之后", "下了班",
                     "evening", "night", "after work"), _EVENING),
    **dict.fromkeys(("半夜", "深夜", "午夜", "midnight"), _NIGHT), "凌晨": _EARLY,
    "白天": ("08:00", "18:00"), "daytime": ("08:00", "18:00"), "during the day": ("08:00", "18:00"),
}  # fmt: skip
# After a day, or before a clock time, one character is enough: 明晚, 早8点.
_SHORT = {"早": _MORNING, "晨": _MORNING, "晚": _EVENING, "夜": _EVENING}
_CHINESE = sorted((name for name in PARTS if name > "z"), key=len, reverse=True)
_ENGLISH = sorted((name for name in PARTS if name < "z"), key=len, reverse=True)
_GREETING = r"好(?:[,，。.!！?？~\s啊呀哈请我您你想老同]|$)"
_HOURS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12,
}  # fmt: skip
_HOUR = rf"(?P<hour>\d\d?|{'|'.join(_HOURS)})"
_PM = r"\s?(?P<pm>[ap])\.?m\b\.?"
# 三点建议, 三点水 and 时间 have no time in them.
_O_CLOCK = (
    "(?:点钟?(?!意见|建议|要[求说讲问]|问题|注意|疑问|说明|想法|原因|不明|不懂|不清|体会|感受|需求|水(?!平)|底|一线|头)"
    "|时(?![间代候装期尚段长差常下不]))"
)
_MINUTES = (
    f"(?:(?P<half>半)|(?P<quarters>[一二三123])刻钟?|整|差(?:(?P<less>{NUMBER})分|(?P<quarter>一刻))"
    f"|过?零?(?P<minute>{NUMBER})(?:分钟?|(?![个人节名位号楼块元天月岁点时倍折米公克斤度万亿成%])))?"
)
_BEFORE_HOUR = "|".join(rf"(?<=\b{word} )" for word in ("at", "by", "after", "before", "until", "till"))
_NO_COUNT = r"(?![-/:.]\d| ?(?:days?|weeks?|months?|years?|people|st|nd|rd|th))"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
EXPRESSIONS = (
    Expression("part", "".join({name[0] for name in _CHINESE}), rf"(?P<part>{'|'.join(_CHINESE)})(?!{_GREETING}|茶|班车|头条)"),
    Expression("part", "早晚夜晨", "(?<=[今明昨])(?P<part>[早晚夜晨]上?)(?!饭|会|餐)"),
    Expression("part", "晚夜", "(?<![上下值倒做轮换是加当打了天刚])(?P<part>[晚夜])(?=班(?!车))"),  # 书法晚班
    Expression("part", "早晚", "(?P<part>[早晚])(?=(?:[5-9五六七八九]|1[0-2]|十[一二]?)(?:点|时|:))"),
    Expression("part", _LETTERS, rf"(?<!good )(?:\b|(?<=\bto))(?P<part>{'|'.join(_ENGLISH)})s?\b(?! school)"),
    Expression("clock", DIGITS + "差", rf"(?:差(?:(?P<short>{NUMBER})分钟?|(?P<quarter_to>一刻))(?:到|就)?)?(?P<hour>{NUMBER}){_O_CLOCK}{_MINUTES}"),
    Expression(
        "clock", "一二三四五六七八九",
        f"(?<![{NUMERALS}])(?P<hour>[一二三四五六七八九])(?P<high>[二三四五六七八九]){_O_CLOCK}(?:(?P<half>半))?",
    ),
    Expression("clock", "0123456789", rf"(?<![\d:])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?:{_PM})?"),
    Expression("clock", "hq", rf"\b(?:(?P<half>half) past|(?P<past>quarter (?:past|to))) {_HOUR}\b"),
    Expression("clock", _LETTERS + "0123456789", rf"\b{_HOUR}(?:{_PM}| ?o'clock\b|(?= in the (?:morning|afternoon|evening)\b))"),
    Expression("clock", _LETTERS + "0123456789", rf"(?:{_BEFORE_HOUR})(?P<hour>[1-9]|1\d|2[0-3]|{'|'.join(_HOURS)})\b{_NO_COUNT}"),
    # The first hour of two: 7到9点, from 6 to 8 pm.
    Expression("hour_of", DIGITS, f"(?P<hour>{NUMBER})(?=(?:到|至|-|~){NUMBER}{_O_CLOCK})"),
    Expression("hour_of", "0123456789", r"(?:(?P<between>(?<=\bbetween ))|\b)(?P<hour>\d\d?)(?=(?: to | ?- ?|(?(between) and |(?!)))\d\d?(?::\d\d)? ?[ap]\.?m\b)"),
)  # fmt: skip
# 一点 is a bit (便宜一点), and a time where something says so: a day or part before it, what begins then after it.
_DAY_BEFORE = re.compile(
    r"(?:[午晚早夜]上|午|(?<=[今明昨])[早晚]|凌晨|[天号日]|[周期拜][一二三四五六日天末]|中午|[从到至~-])(?:的|在|,)?$"
)
_SAID_ALONE = re.compile(r"(?:^|[,。;:!?、\s]|从|在|是|改|约|就|我|每天|们)$")
_NOT_A_BIT = re.compile("[到至~-]|开|上课|下课|集合|结束|以?[后前]|之[后前]|左右|的?[课班]|见|多|过|来钟")
_A_BIT_MORE = re.compile("[早晚快慢宜贵多少大小高低好近远难易轻重长短单松细亮有差]$")
_A_BIT = re.compile("[儿都也没不吧]")
# What a clock time is no exact one with: 六点以后, before 8.
_SIDE = re.compile(
    r"(?:钟|左右|多|整)*(?P<side>(?:之|以|过)?后(?!台|面|来|天|半)|(?:之|以)?前(?!台|面|往|后|天)|起(?!床|来)|开外)"
)
_ENGLISH_SIDE = re.compile(r"\b(?P<side>after|from|since|before|until|till|by)(?: the)?(?: at)? ?$")


@dataclass(frozen=True, slots=True)
class _Time:
    """An hour and minute as they were said, for how long, and the part of day that was said before them."""

    minutes: int
    length: int
    part: Part | None
    exact: bool


def read(said: Sequence[tuple[str, re.Match[str]]], folded: str, known: Part | None) -> tuple[Part, int] | None:
    """The part of day that parts and clock times in a row mean, and where they end; `known` is one said elsewhere."""
    times: list[_Time] = []
    named: list[Part] = []
    part: Part | None = None
    for kind, match in said:
        if kind == "part":
            part = _named(match["part"])
            named.append(part)
            known = part if times and match["part"].isascii() else known  # 7 in the evening
        elif (time := _time(match, part)) is not None:
            times.append(time)
    start, end = said[0][1].start(), said[-1][1].end()
    if not times:
        return _beside(named[0] if len(named) == 1 else hull(named), folded, start, end) if named else None
    first, *rest = _resolved(times, known)
    if rest:
        return (_spell(first), _spell(rest[-1])), end
    first %= MIDNIGHT
    window = (_spell(first), _spell(min(MIDNIGHT, first + times[0].length)))
    return _beside(window, folded, start, end)


def hull(parts: Sequence[Part]) -> Part:
    """From the earliest to the latest."""
    return min(part[0] for part in parts), max(part[1] for part in parts)


def is_time(match: re.Match[str]) -> bool:
    """Whether 一点 is a time, and the number is one of the clock."""
    before, text, end = match.string[max(0, match.start() - 4) : match.start()], match.string, match.end()
    if before.endswith(("第", "这", "那")):
        return False
    if match[0] != "一点":
        return match[0] != "1点" or not _A_BIT_MORE.search(before)
    if _A_BIT.match(text, end):
        return False
    return bool(_DAY_BEFORE.search(before)) or bool(_SAID_ALONE.search(before) and _NOT_A_BIT.match(text, end))


def _named(word: str) -> Part:
    return PARTS.get(word) or PARTS.get(word.removesuffix("s")) or _SHORT[word[0]]


def _time(match: re.Match[str], part: Part | None) -> _Time | None:
    said: dict[str, str | None] = match.groupdict()
    text = match["hour"]
    hour, minute = _HOURS.get(text) or number(text), _minute(said)
    if hour > 24 or minute >= 60 or (hour == 24 and minute > 0):
        return None
    if half_day := said.get("pm"):
        part = _AFTERNOON if half_day == "p" else _EARLY
    high = said.get("high")
    length = 60 * max(1, number(high) - hour + 1) if high else 60
    return _Time(hour * 60 + minute, length, part, exact=hour > 12 or hour == 0 or text[0] == "0")


def _minute(said: Mapping[str, str | None]) -> int:
    if text := said.get("minute"):
        return number(text)
    if said.get("half"):
        return 30
    if text := said.get("quarters"):
        return 15 * number(text)
    if text := said.get("past"):
        return 15 if text.endswith("past") else -15
    if said.get("quarter") or said.get("quarter_to"):
        return -15
    return -number(said.get("short") or said.get("less") or "0")


def _resolved(times: Sequence[_Time], known: Part | None) -> list[int]:
    """Minutes of the day. The part of day that is said of one end of a span is that of the other where it can be."""
    first, last = times[0], times[-1]
    begin = _minutes(first, first.part or known)
    if len(times) == 1:
        return [begin]
    end = _minutes(last, last.part or known)
    if first.part is None and last.part is not None and known is None:
        begin = next((each for each in (_minutes(first, last.part), begin, first.minutes) if each < end), begin)
    if end <= begin < end + MIDNIGHT // 2 <= MIDNIGHT and last.part is None and not last.exact:
        end += MIDNIGHT // 2
    return [begin % MIDNIGHT, end if end == MIDNIGHT else end % MIDNIGHT]


def _minutes(time: _Time, part: Part | None) -> int:
    hour, noon = time.minutes / 60, MIDNIGHT // 2
    if time.exact:
        return time.minutes
    if part is None or part == PARTS["白天"]:
        return time.minutes + noon * (1 <= round(hour) <= 6)
    if part in {_EARLY, _MORNING}:
        return time.minutes - noon * (part == _EARLY and hour >= 12)
    if part == _NOON:
        return time.minutes + noon * (hour < 10)
    if part == _AFTERNOON:
        return time.minutes + noon * (hour < 12)
    late = time.minutes + noon * (4.5 <= hour < 13)  # 晚上12点 is midnight, 半夜一点 is one in the morning
    return late - MIDNIGHT * (late > MIDNIGHT)


def _spell(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _beside(part: Part, folded: str, start: int, end: int) -> tuple[Part, int]:
    """With what is said beside it: 六点以后, 中午之前."""
    begin = "12:00" if part == _NOON else part[0]
    if (side := _SIDE.match(folded, end)) is not None:
        before = "前" in side["side"]
        return (("00:00", begin) if before else (begin, "24:00")), side.end()
    if side := _ENGLISH_SIDE.search(folded, max(0, start - 12), start):
        before = side["side"] in {"before", "until", "till", "by"}
        return (("00:00", begin) if before else (begin, "24:00")), end
    return part, end
