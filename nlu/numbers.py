"""Numbers with what they count or name: 72岁, 三百块, 40学分, 3号楼, 302室, 103路, 2026年.

Two questions that differ in one of these only are two questions. Dates, clock times, telephone and card numbers are
none of them, and neither are the numerals within words (一下, 三心二意, 五一).
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from nlu.numerals import CHINESE, DIGITS, read, written

OTHER = "number"


class Quantity(Struct, frozen=True, gc=False):
    """A number in a folded text.

    `kind` is age, money (yuan), points, credits, building, room, floor, window, line (of a bus or metro), year, class,
    hours, lessons, people, grade (1 to 16: 初一 is 7, 大一 is 13), percent, `number:` with another measure word
    (number:次), or `number` alone. `value` is written in digits, a fraction with a point; a letter that belongs to it
    comes first (b1). `start` and `end` are of the number with its unit.
    """

    kind: str
    value: str
    start: int
    end: int


_ANY = re.compile(rf"[0-9半{CHINESE}]|[a-z][座栋幢楼区]")
_SMALL = "(?:[0-2]?[0-9]|3[01]|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九两])"
_ALONE = "(?<![0-9.十百千])" + _SMALL
# What a number with 号 names, where it is no day: 3号楼.
_NAMED = "(?!楼|线|门|院|教室|教学楼|路|窗|栋|幢|厅|机|单元|馆|桌|柜|房|室|位|站点|球|校区|地铁|[0-9])"
_WEEKDAY = "[一二三四五六1-6](?![0-9]|[次节遍天个趟])"
# Numerals that count and name nothing. Each alternative begins with a numeral.
_NOTHING = "|".join(
    (
        r"(?<!\d)(?:(?:86[- ]?)?1[3-9]\d[-. ]?\d{4}[-. ]?\d{4}|0\d{2,3}[- ]?\d{7,8}|[48]00[- ]?\d{3,4}[- ]?\d{3,4})(?!\d)",
        r"(?<!\d)\d{4}(?P<gap>[ -])\d{4}(?P=gap)\d{4}(?!\d)",
        rf"(?<!\d)(?:19|20)\d\d[-/.]{_SMALL}(?:[-/.]{_SMALL})?(?!\d)|(?<!\d)[01]?\d/[0-3]?\d(?!\d)",
        rf"{_ALONE}月份?(?:初?{_SMALL}(?:[日号]{_NAMED}|(?![0-9年岁个人元块分节次班期])))?",
        rf"(?<![第路街巷弄道村]){_ALONE}(?:[-~到至、和]{_SMALL})?[日号]{_NAMED}",
        rf"(?<!\d)[0-2]?\d:[0-5]\d(?!\d)分?|{_ALONE}[-~到至]{_SMALL}点",
        rf"{_ALONE}(?:点(?![一二三四五六七八九]+(?:倍|万|个?小时|公里|米|元))|时(?![候间段长常代尚]))钟?"
        rf"(?:半|整|[一三]刻|(?:[0-5]\d(?!\d)|{_SMALL})(?![个位人号楼班块门元]))?分?",
        rf"(?:(?<=(?<![一两二三四五六七八九十几0-9])周)|(?<=星期)|(?<=礼拜)){_WEEKDAY}(?:[、,和到至~-]?{_WEEKDAY})*",
        f"(?:(?<=正月)|(?<=腊月)|(?<=大年)|(?<=农历)){_SMALL}|(?:(?<=年)(?<!今年)|(?<=月))(?:三十|十五)(?![0-9岁个元块])|(?<=初)一、?十五|"
        "三十(?=晚上|夜)|(?:(?<=[大过新]年初)|(?<=[正腊]月初))十?[一二三四五六七八九十]",
        "(?:三八|五四|六一|五一|七一|八一|十一|九九|一二九)(?=[节路街假前后]|妇女|青年|儿童|劳动|建军|建党|重阳|期间|国庆|黄金|广场|小学|中学)",
        "一二三四?五?六?七?八?九?|十分(?!钟|之)|千万(?=别|不|要|记|得|小心|注意)|万一|百分(?!之)|百分百|七七八八|三三两两|百八十|一五一十|三百六十行"
        "|二十四节气|八门|[二三]把手|三天[两打]|二次元|两口子|两回事|两码事|二手|八段锦|两下子|三角(?!钱)|二人转|三轮(?!比)|十万八千里|(?<=[几数上])[十百千万亿]+",
    )
)  # fmt: skip
_NUMBER = (
    r"(?<![a-z0-9])[a-z](?:\d{1,4}(?!\d)|(?=[座栋幢楼区](?!别|间)))|\d{1,3}(?:,\d{3}){1,2}(?!\d)|半百"
    rf"|\d+(?:\.\d+)?(?:[十百千万亿][0-9{CHINESE}]*)?|(?<![个上下大])半(?=个?(?:小时|钟头|学期|月|年(?!级)))"
    rf"|[二三四五六七八九]十有[一二三四五六七八九](?![个位人门名])|[{CHINESE}]+(?:点[一二三四五六七八九]+(?=倍|万|个?小时|公里|米|元))?"
)
_NUMERAL = re.compile(rf"(?=[0-9半{CHINESE}a-z])(?:(?P<nothing>{_NOTHING})|(?P<number>{_NUMBER}))")
_MEASURE = (
    "公里|公斤|毫升|厘米|平方|平米|站路|人次|分钟|学年|学期|单元|个月|周年|[个种门次份件张本条天周遍套台盒袋斤克米平站步级折"
    "倍项场部首幅轮回题页篇届排桌瓶桶双支只头棵户家口顿组式号版款秒度代年辆箱块日亩所尺寸笔针章集根杯碗粒颗片间弄]|课(?![表程时堂上])"
)
# 三块五, 三块五毛; but 两百元一节.
_TAIL = "(?P<tail>[一二三四五六七八九1-9])(?:[毛角]|(?=[钱的吗了]|一[斤节课个]|$|[ ,.!?。]))"
_UNIT = re.compile(
    " ?(?:好几|[多来余几])? ?(?:"
    + "|".join(
        (
            "(?P<age>周岁|岁|旬|(?:years?|yrs?)[ -]old)",
            r"(?P<credits>个?学分|credits?\b)",
            r"(?P<points>个?积分|points?\b|分(?![钟之店校班享别类开成析布工期离会部钱]))",
            rf"(?P<money>(?:[元圆]|块(?![地蛋糕肥皂布牌板]))(?:钱|整|{_TAIL})?|人民币|yuan\b|rmb\b)",
            "(?P<dimes>[毛角](?![星形落色梅度])钱?)|(?P<cents>分钱)",
            "(?P<building>号?教学楼|号[楼院]|[栋幢]|座(?!位|谈|机))",
            "(?P<room>号?(?:教室|房间|室(?!内|外)))",
            "(?P<window>号?窗口|号窗|号柜台)",
            "(?P<line>路?公交|路(?![人上子边过程])|号?(?:地铁)?线(?![上下索]))",
            "(?P<floor>层|楼|(?:st|nd|rd|th) floor)",
            "(?P<grade>年级|(?:st|nd|rd|th) grade)",
            "(?P<class>班(?![车级人主])|期(?![间限待末中望]))",
            r"(?P<half>个半(?:小时|钟头))|(?P<hours>个?小时|个?钟头|hours?\b)",
            r"(?P<lessons>个?[课学]时|节(?!气|日)课?|堂课?|讲(?![座解课师坛])|lessons?\b)",
            r"(?P<people>个?人(?![次民生类气])|位(?![置于数地]|密码|验证|号)|名(?![额字称])|people\b)",
            rf"(?P<percent>%)|(?P<measure>{_MEASURE})|(?P<latin>(?<=[0-9])[a-z]{{1,3}}(?![a-z0-9]))",
        )
    )
    + ")"
)  # fmt: skip
NAMES = frozenset({"building", "room", "floor", "window", "line", "class"})  # they count nothing
_BEFORE = re.compile(
    r"(?P<room>教室|房间|room) ?$|(?P<window>窗口|counter|window) ?$|(?P<building>building) ?$|(?P<floor>floor) ?$"
    r"|(?P<line>bus|line|metro) ?$|(?P<grade>grade) ?$|(?P<class>class) ?$|(?P<money>¥) ?$|(?P<percent>百分之)$"
)
# Whose age a number is that has no unit: 我38, 今年六十八, 她才12.
_WHO = (
    "我|俺|咱|他|她|本人|妈|爸|娘|爹|爷爷|奶奶|外婆|外公|姥姥|姥爷|老伴|老公|老婆|丈夫|妻子|父亲|母亲|孩子|小孩|儿子|女儿|孙子|孙女"
    "|外孙|宝宝|娃|老人家?|老头|老太|婆婆|公公|岳父|岳母|姑|舅|叔|伯|大爷|大妈|老爷子|外甥|侄[子女]|哥|弟|妹"
)
_AGED = re.compile(
    r"(?:今年|现年|如今|年龄|年纪|岁数|年满|[未不没刚才]满|虚岁|实岁|周岁|高龄|年过|aged?)(?:是|有|都|已经|已|才|刚|也|快|就|大概|差不多|在|:| ){0,3}$"
    rf"|(?<![了给扣收欠差赔])(?:{_WHO})子?(?:今年|现在|都|已经|已|才|刚|也|快|就|马上|过|奔|,| ){{0,3}}$"
    r"|(?:i am|i'm|im|he is|he's|she is|she's|(?:mum|mom|mother|father|dad|son|daughter|wife|husband)(?: is|'s)?) $"
)
_AGE = re.compile("[0-9]+$|.*[十百廿卅]")
_AFTER_AGE = re.compile(
    r" ?(?:好几|[多来几]|出头|开外|上下|左右)?(?:[了啦喽咯咧嘞哩嘛呀啊呢吧哈]|的人|$|[ ,.!?;、。~](?!min|hour|km)|[能可想还也要不没腿身像退才刚](?![分点]))"
)
_OLD = re.compile(
    "(?:多|好几|几|出头|开外)(?:[了啦喽咯咧嘞哩]|的人|的老|$|[ ,.!?;。])|的老[人太头爷奶]|的人(?!数|家|次)"
)
_ALREADY = re.compile("[了啦喽咧嘞]")
_COUNTED = re.compile("[有花交存攒得了报等满分钱共约近到]")
_CLAUSE = re.compile("[ ,.!?;、。]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_OF_YEAR = re.compile("学?年(?!级)|[级届]")
_OF_LIFE = re.compile("年(?P<then>生|出生|的(?:人|属|$|[ ,.。])|我|俺)")  # 五八年生人, 九八年我在你们那念过
_OF_TERM = re.compile("年(?=[春秋夏冬度底初]|[上下]半)")
_PLACE_OF_LINE = re.compile("(?:^|[坐乘搭等换转有是的路或和、,到 ])$")  # else it is a street: 中山三路
_THE_SAME = re.compile("[同哪这那每下上头另]")  # 同一班
_BETWEEN = re.compile(" ?(?:[-~、到至和或跟]|还是) ?")
_SCHOOL = {"初": 6, "高": 9, "大": 12, "初中": 6, "高中": 9, "大学": 12}
_PUPIL = re.compile("(?:[读念上]|孩子|小孩|儿子|女儿|孙[子女]|娃|小学|今年|我是|班)$")
_PUPILS = re.compile("学生|同学|新生|的?孩子|的?娃|年级|数学|英语|语文|班|了?$|[,。!?]")
_COMPOSED = re.compile(f"[{DIGITS}廿卅卌].*[十百千万亿廿卅卌]|[廿卅卌].|[十0-9].|[0-9]|[{DIGITS}][{DIGITS}][{DIGITS}]")
_NEAR = 12  # characters before a number that tell what it is


def quantities(folded: str) -> tuple[Quantity, ...]:
    """The numbers of a folded text by position."""
    if _ANY.search(folded) is None:
        return ()
    found = [
        quantity
        for match in _NUMERAL.finditer(folded)
        if match["number"] and (quantity := _quantity(folded, match.start(), match.end())) is not None
    ]
    return tuple(quantity for quantity in _shared(folded, found) if quantity.kind)


def _shared(folded: str, found: Sequence[Quantity]) -> Sequence[Quantity]:
    """3到5号楼: the first has the kind of the second. What has no kind by then is a word, not a number."""
    shared: list[Quantity] = []
    for quantity in reversed(found):
        if shared and quantity.kind in {"", OTHER} and _BETWEEN.fullmatch(folded, quantity.end, shared[-1].start):
            quantity = Quantity(shared[-1].kind, quantity.value, quantity.start, quantity.end)
        shared.append(quantity)
    return shared[::-1]


def _quantity(folded: str, start: int, end: int) -> Quantity | None:
    raw = folded[start:end]
    if raw in {"半百", "半"} or "有" in raw:
        return _in_words(folded, raw, start, end)
    if start and folded[start - 1] in _SCHOOL and raw in "一二三四":
        return _school_year(folded, start, end)
    letter = raw[0] if "a" <= raw[0] <= "z" else ""
    if letter == raw:
        return Quantity("building", letter, start, end + 1)
    unit = _UNIT.match(folded, end)
    kind = unit.lastgroup if unit else None
    value = read(raw[len(letter) :], read_out=kind in NAMES)
    if value is None or (len(value) > 6 and kind != "money"):
        return None
    if year := _year(folded, raw, value, end):
        return Quantity("year", year[0], start, year[1])
    if unit is None or kind is None:
        return _alone(folded, letter + value, start, end)
    return _with_unit(folded, letter + value, start, end, unit)


def _in_words(folded: str, raw: str, start: int, end: int) -> Quantity | None:
    """半百, 七十有二, 半小时."""
    if raw == "半" and (unit := _UNIT.match(folded, end)) is not None:
        return Quantity(_measured(unit), "0.5", start, unit.end())
    value = "50" if raw == "半百" else read(raw.replace("有", ""))
    return Quantity("age", value, start, end) if value else None


def _school_year(folded: str, start: int, end: int) -> Quantity | None:
    """初一, 高二, 大三: of a pupil, for 初一 is also a day, and 大一点 a comparison."""
    if not (_PUPIL.search(folded, max(0, start - _NEAR), start - 1) or _PUPILS.match(folded, end)):
        return None
    value = _SCHOOL[folded[start - 1]] + int(read(folded[start]) or 0)
    return Quantity("grade", str(value), start - 1, end)


def _year(folded: str, raw: str, value: str, end: int) -> tuple[str, int] | None:
    """The year, and where its expression ends: 2026年, 二零二六级, 26年春季, 2026."""
    if len(raw) == 2 and raw.isdecimal() and (term := _OF_TERM.match(folded, end)):
        return "20" + value, term.end()
    if len(raw) == 2 and "十" not in raw and value >= "30" and (born := _OF_LIFE.match(folded, end)):
        return "19" + value, born.end() - len(born["then"])
    if len(raw) != 4 or not _YEAR.fullmatch(value):
        return None
    if of_year := _OF_YEAR.match(folded, end):
        return value, of_year.end()
    return None if _UNIT.match(folded, end) else (value, end)


def _with_unit(folded: str, value: str, start: int, end: int, unit: re.Match[str]) -> Quantity | None:
    raw, kind = folded[start:end], _measured(unit)
    if kind in NAMES and raw == "两":
        kind = f"{OTHER}:{unit[0]}"  # 两栋楼
    if raw == "一" and _is_article(folded, kind, start, unit):
        return None
    if kind == "line" and not raw[0].isascii() and not _is_line(folded, start, unit):
        return None
    if kind == "floor" and folded.startswith(("负", "地下"), max(0, start - 2)):
        value = "b" + value
    if kind == "grade" and (school := _SCHOOL.get(folded[max(0, start - 2) : start])):
        value = str(school + int(value))
    return Quantity(kind, _scaled(value, unit), start, unit.end())


def _is_article(folded: str, kind: str, start: int, unit: re.Match[str]) -> bool:
    """一个人, 一节课, 同一班, 多少钱一期, and 一块 for together."""
    if kind in {"class", "building", "floor"}:
        before = folded[max(0, start - 1) : start]
        return before != "第" and (unit["class"] == "期" or _THE_SAME.match(before) is not None)
    return kind in {"people", "lessons", "credits"} or kind.startswith(OTHER) or unit["money"] == "块"


def _measured(unit: re.Match[str]) -> str:
    match unit.lastgroup:
        case "dimes" | "cents":
            return "money"
        case "half":
            return "hours"
        case "measure" | "latin" as group:
            return f"{OTHER}:{unit[group]}"
        case group:
            return str(group)


def _scaled(value: str, unit: re.Match[str]) -> str:
    """The value with what its unit adds to it: 三块五, 5毛, 一个半小时, 七旬."""
    if not value.replace(".", "").isdecimal():
        return value
    number = Decimal(value)
    if unit["tail"]:
        number += Decimal(read(unit["tail"]) or 0) / 10
    if unit["half"]:
        number += Decimal("0.5")
    if unit["age"] == "旬":
        number *= 10
    if unit["age"]:
        number //= 1
    if unit["dimes"] or unit["cents"]:
        number /= 10 if unit["dimes"] else 100
    return written(number)


def _is_line(folded: str, start: int, unit: re.Match[str]) -> bool:
    """坐三路, 三路车; but 中山三路 is a street, 一路 all the way."""
    if unit[0] != "路":
        return True
    followed = folded.startswith(("车", "公交", "公共"), unit.end())
    named = _PLACE_OF_LINE.search(folded, max(0, start - 1), start) is not None
    return followed or (named and folded[start : unit.start()] != "一")


def _alone(folded: str, value: str, start: int, end: int) -> Quantity | None:
    """A number without a unit: what stands before it tells what it is."""
    before = max(0, start - _NEAR)
    if (named := _BEFORE.search(folded, before, start)) and named.lastgroup:
        return Quantity(named.lastgroup, value, start, end)
    if value.isdecimal() and _is_age(folded, int(value), start, end):
        return Quantity("age", value, start, end)
    nth = start and folded[start - 1] == "第" and value != "1"
    is_number = nth or (_COMPOSED.match(folded[start:end]) and folded[start:end] != "十一")
    return Quantity(OTHER if is_number else "", value, start, end)


def _is_age(folded: str, years: int, start: int, end: int) -> bool:
    if not 9 < years < 110 or not _AGE.match(folded, start, end):
        return False
    before = folded[start - 1 : start]
    if years >= 30 and _OLD.match(folded, end) and not _COUNTED.match(before):
        return True  # 七十多了
    if years >= 50 and _ALREADY.match(folded, end) and (not before or _CLAUSE.match(before)):
        return True  # 八十了，还收吗
    return _AFTER_AGE.match(folded, end) is not None and _AGED.search(folded, max(0, start - _NEAR), start) is not None
