"""What a text names: numbers that identify a person, amounts, ages, times, and the gazetteer's things."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter

from msgspec import Struct

from nlu import phones, times
from nlu.gazetteer import Gazetteer
from nlu.numbers import quantities
from nlu.numerals import has_check_digit
from nlu.text import digits

# As many digits as a telephone number has at least, however they are written.
_DIGITS = re.compile(r"(?:[\d零〇一二三四五六七八九幺两][^\d零〇一二三四五六七八九幺两]{0,4}){10}")
# Twelve digits, whatever stands between digits that are read out in groups; or twelve in a row.
_TWELVE = re.compile(r"(?<!\d)(?<!\d[ \-_.,、])\d(?:[ \-_.,、]{0,2}\d){11}(?![ \-_.,、]?\d)|(?<!\d)\d{12}(?!\d)")
# Quantities that somebody asks by; the others tell questions apart.
_ASKED_BY = frozenset({"points", "age", "money", "grade"})
_RANGE = "-~到至"
_NOT_AGED = frozenset(_RANGE)
_DIFFER = ("少了", "多了", "多写了", "少写了", "年轻了", "老了", "大了", "小了", "差了", "差", "大我", "小我")
_LIMIT = re.compile(f" ?(?:以上|以下|以内|以前|之前|及以|起|[{_RANGE}])")
_MAIL = re.compile(
    r"(?<![a-z0-9.+_-])[a-z0-9][a-z0-9.+_-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}(?![a-z0-9@-])"
)
_FREE = re.compile(r"免费|不要钱|不收费|不花钱|不用交钱|公益的|free")
AUDIENCES: Mapping[str, str] = {
    "老年人": "老年人", "老人": "老年人", "老人家": "老年人", "中老年": "老年人", "退休": "老年人", "我妈": "老年人", "我爸": "老年人",
    "父母": "老年人", "爷爷": "老年人", "奶奶": "老年人", "老头": "老年人", "老太": "老年人", "老两口": "老年人", "长辈": "老年人",
    "senior": "老年人", "elderly": "老年人",
    "失业": "失业人员", "下岗": "失业人员", "没工作": "失业人员", "找工作": "失业人员", "待业": "失业人员", "丢了工作": "失业人员",
    "进城务工": "进城务工人员", "农民工": "进城务工人员", "打工": "进城务工人员", "外来务工": "进城务工人员",
    "农民": "农民", "种地": "农民", "务农": "农民",
    "家长": "家长", "孩子": "家长", "亲子": "家长", "小孩": "家长", "孙子": "家长", "孙女": "家长", "娃": "家长",
    "上班族": "在职人员", "在职": "在职人员",
}  # fmt: skip
# 伺候老人 is what is learnt, and not for whom.
_AUDIENCE = re.compile(
    "(?<!伺候)(?<!照顾)(?<!照护)(?<!护理)(?<!服侍)(?<!看护)(?:"
    + "|".join(sorted(AUDIENCES, key=len, reverse=True))
    + ")"
)


class Entity(Struct, frozen=True, gc=False):
    """`value` is canonical: digits, an id, `str(When)`. `exact` is False for what only sounds like a name."""

    kind: str
    value: str
    start: int
    end: int
    exact: bool = True


def find(folded: str, gazetteer: Gazetteer, today: date) -> tuple[Entity, ...]:
    """All entities of a folded text by position."""
    found = [*_numbers(folded), *_amounts(folded), *_mails(folded)]
    if (time := times.find(folded, today)) is not None:
        found.append(Entity("when", str(time.when), time.start, time.end))
    # What only resembles a name is none within an expression of time or a number.
    taken = {position for each in found for position in range(each.start, each.end)}
    found += [
        Entity(each.kind, each.id, each.start, each.end, each.exact)
        for each in gazetteer.find(folded)
        if each.exact or taken.isdisjoint(range(each.start, each.end))
    ]
    if free := _FREE.search(folded):
        found.append(Entity("fee", "free", free.start(), free.end()))
    if audience := _AUDIENCE.search(folded):
        found.append(Entity("audience", AUDIENCES[audience[0]], audience.start(), audience.end()))
    found.sort(key=attrgetter("start"))
    return tuple(found)


def _numbers(folded: str) -> Iterator[Entity]:
    if _DIGITS.search(folded) is None:
        return
    taken: set[int] = set()
    for phone in phones.find(folded):
        if not (len(phone.number) == 12 and has_check_digit(phone.number) and "卡" in folded):
            taken.update(range(phone.start, phone.end))
            yield Entity("phone", phone.number, phone.start, phone.end)
    for match in _TWELVE.finditer(digits(folded)):
        if taken.isdisjoint(range(*match.span())):
            number = re.sub(r"\D", "", match[0])
            yield Entity("card" if has_check_digit(number) else "wrong_card", number, *match.span())


def _mails(folded: str) -> Iterator[Entity]:
    if "@" in folded:
        yield from (Entity("mail", match[0], *match.span()) for match in _MAIL.finditer(folded))


def _amounts(folded: str) -> Sequence[Entity]:
    return [
        Entity(each.kind, each.value, each.start, each.end)
        for each in quantities(folded)
        if each.kind in _ASKED_BY
        and each.value.isdecimal()
        and not (each.kind == "age" and _is_no_age(folded, each.start, each.end))
    ]


def _is_no_age(folded: str, start: int, end: int) -> bool:
    """45岁以上, 6-12岁: for whom something is, not how old anybody is; 少了十岁: a difference."""
    before = folded[max(0, start - 1) : start]
    return _LIMIT.match(folded, end) is not None or before in _NOT_AGED or folded.endswith(_DIFFER, 0, start)
