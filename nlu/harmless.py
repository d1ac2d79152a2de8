"""Numbers that are no secret, told by what stands around them: how many and how much, when, which order, whom one calls."""

import re
from collections.abc import Iterator

from nlu import phones
from nlu.text import SAID_DIGITS, fold

_NUMERAL = rf"[\d{SAID_DIGITS}十百千万]"
COUNTED = re.compile(r" ?(?:[元块分年月日人号岁期路楼室]|积分|学分)")  # 200000分: how much or which, no code
# 邮编324000, 订单号…: which number of something else it is.
_THINGS = r"(?:邮编|邮政编码|post(?:al)? ?code|zip(?: code)?|qr code|工单|订单|[单编群工座学课班期桌房门]号|报名号|会议号|房间号|[qQ]{2}群?|微信[号群]?)"
OTHERWISE = re.compile(rf"{_THINGS}\W{{0,3}}(?:是|为)?\W{{0,3}}[a-z]{{0,3}}$")
_ASKED_FOR = re.compile(rf"{_THINGS}[^\d]{{0,8}}$")
# The number of a lesson on line and its password are everybody's who is in it; nothing else may stand between.
OF_A_MEETING = re.compile(
    r"(?:会议|入会|直播间?|无线网?络?|wi-?fi|meeting|zoom)(?:号码?|id)?(?:是|为|is)?[\W\d]{0,24}"
    r"(?:入会|会议)?(?:密码|口令|pass(?:word|code))(?:是|为| is)?\W{0,3}[a-z]{0,12}$"
)
DAY_OR_TIME = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])|(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)(?!\d)"
    r"|(?<!\d)(?:19|20)\d\d[-./](?:0[1-9]|1[0-2])(?![-./]?\d)|(?<!\d)(?:\d{4}|\d\d)年(?:\d{1,2}月(?:\d{1,2}[日号]?)?)?|(?<!\d)\d{1,2}月\d{1,2}[日号]?|(?<!\d)\d{1,2}点\d{1,2}"
)
_EMERGENCY, _PUBLIC = re.compile(r"110|119|12[02]"), re.compile(r"123\d\d|96110")
_NUMBERS = re.compile(rf"[\d{SAID_DIGITS}]{{2,}}")
# Of a place or a town: a code ends so once in a hundred times.
POSTCODE = re.compile(r"[0-8]\d{3}00")
_UNIT = r"(?:[元块角毛分年月日号人个名岁期届季路楼层幢栋室班节次遍天周秒点时度斤米页份套门级折倍寸式%]|积分|学分|单元|小时|公里|公斤|多[人元块])"
_AMOUNT = re.compile(rf"(?<![\d{SAID_DIGITS}]){_NUMERAL}{{1,6}}(?: ?[-~到至—] ?{_NUMERAL}{{1,6}})? ?{_UNIT}")
_NAMED = re.compile(
    r"(?:积分|学分|余额|价格|学费|费用|票价|教室|房间|门牌|[打拨]|热线|客服)[^\w。]{0,2}(?:还?有|还?剩|是|为|了)?\W{0,2}\d{1,6}(?!\d)"
    r"|[座幢栋楼层]\d{2,5}(?!\d)|(?<![\d.])\d{1,4}\.\d{1,2}(?![.\d])|(?<!\d)(?:0?[1-9]|1[0-2])[-/](?:[12]\d|3[01]|0?[1-9])(?!\d)|(?<!\d)\d:\d(?!\d)"
    r"|第\W{0,2}\d{1,6}(?![\d段组部])|(?<![a-z0-9])(?!and|then|next|last|rest|is|my|no|ok)[a-z]{1,4}-?\d{4,}|(?<!\d)(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])-\d{5}(?!\d)"
)
_DIGITS = re.compile(r"\d{2,}")
_NEAR = 40  # characters before a number in which its name stands, blanks included


def is_other(folded: str, start: int) -> bool:
    """Whether what begins there is called something that everybody may know."""
    before = max(0, start - _NEAR)
    return any(each.search(folded, before, start) for each in (OTHERWISE, OF_A_MEETING))


def names_other(text: str) -> bool:
    """Whether it ends with what such a number is called: that comes next."""
    return _ASKED_FOR.search(fold(text[-_NEAR:])) is not None


def are_emergency(folded: str) -> bool:
    """Whether its only numbers are those that one calls in danger."""
    numbers = _NUMBERS.findall(folded)
    return bool(numbers) and all(map(_EMERGENCY.fullmatch, numbers))


def is_public(folded: str) -> bool:
    """Whether it is one of those, or alone a number of the state's."""
    return are_emergency(folded) or _PUBLIC.fullmatch(folded.strip()) is not None


def spans(folded: str, *, telephones: bool = True) -> Iterator[tuple[int, int]]:
    """Where numbers stand in a short text that are nobody's secret."""
    for pattern in (DAY_OR_TIME, _AMOUNT, _NAMED):
        for match in pattern.finditer(folded):
            yield match.span()
    for match in _DIGITS.finditer(folded):
        if is_other(folded, match.start()):
            yield match.span()
    for each in phones.find(folded) if telephones else ():
        yield each.start, each.end
