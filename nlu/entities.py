"""What a text names: numbers that identify a person, amounts, ages, times, and the gazetteer's things."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from operator import attrgetter

from msgspec import Struct

from nlu import times
from nlu.gazetteer import Gazetteer
from nlu.numbers import quantities
from nlu.text import digits, fold

# A digit, whatever stands between digits that are read out in groups, a digit.
_RUN = re.compile(r"(?<![0-9])[0-9](?:[ \-_.,，、]{0,2}[0-9]){5,80}(?:[ \-]?[xX])?(?![0-9])")
_UNBROKEN = re.compile(r"[0-9]{15,19}[xX]?")
_MOBILE = re.compile(r"1[3-9]\d{9}")
# Quantities that somebody asks by; the others tell questions apart.
_ASKED_BY = frozenset({"points", "age", "money", "grade"})
_RANGE = "-~到至"
_LIMIT = re.compile(f" ?(?:以上|以下|以内|以前|之前|及以|起|[{_RANGE}])")
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
_AUDIENCE = re.compile("|".join(sorted(AUDIENCES, key=len, reverse=True)))


class Entity(Struct, frozen=True, gc=False):
    """`value` is canonical: digits, an id, `str(When)`. `exact` is False for what only sounds like a name."""

    kind: str
    value: str
    start: int
    end: int
    exact: bool = True


def has_check_digit(number: str) -> bool:
    """Luhn's test (ISO/IEC 7812-1 annex B), which the last digit of a learning card makes true."""
    total = 0
    for position, char in enumerate(reversed(number)):
        doubled = int(char) * (2 if position % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_identity(number: str) -> bool:
    """Whether it can be a resident identity number: GB 11643-1999, 18 characters or the older 15 digits."""
    born = number[6:14] if len(number) == 18 else "19" + number[6:12]
    return (
        len(number) in {15, 18} and "1" <= number[0] <= "8" and "01" <= born[4:6] <= "12" and "01" <= born[6:8] <= "31"
    )


def mask(text: str) -> str:
    """The text with identity and bank card numbers replaced, however they are written; before anything keeps it."""
    plain = digits(fold(text))
    masked: list[str] = []
    last = 0
    for run in _RUN.finditer(plain):
        whole = [(run.start(), run.end())]
        # Numbers that stand side by side are looked at one by one.
        parts = [(run.start() + part.start(), run.start() + part.end()) for part in _UNBROKEN.finditer(run[0])]
        for start, end in whole if _label(plain[run.start() : run.end()]) else parts:
            if label := _label(plain[start:end]):
                masked += [text[last:start], label]
                last = end
    return "".join([*masked, text[last:]]) if masked else text


def _label(written: str) -> str | None:
    """What to write in the place of a number that nobody should keep."""
    number = re.sub(r"[^0-9xX]", "", written)
    if _is_identity(number):
        return "[证件号]"
    return "[卡号]" if 16 <= len(number) <= 19 and number.isdigit() else None


def find(folded: str, gazetteer: Gazetteer, today: date) -> tuple[Entity, ...]:
    """All entities of a folded text by position."""
    found = [Entity(m.kind, m.id, m.start, m.end, m.exact) for m in gazetteer.find(folded)]
    plain = digits(folded)
    found += _numbers(plain)
    found += _amounts(folded)
    if (time := times.find(folded, today)) is not None:
        found.append(Entity("when", str(time.when), time.start, time.end))
    if free := _FREE.search(folded):
        found.append(Entity("fee", "free", free.start(), free.end()))
    if audience := _AUDIENCE.search(folded):
        found.append(Entity("audience", AUDIENCES[audience[0]], audience.start(), audience.end()))
    found.sort(key=attrgetter("start"))
    return tuple(found)


def _numbers(plain: str) -> Sequence[Entity]:
    found = []
    for run in _RUN.finditer(plain):
        number = re.sub(r"\D", "", run[0])
        if _MOBILE.fullmatch(number):
            found.append(Entity("phone", number, run.start(), run.end()))
        elif len(number) == 12:
            kind = "card" if has_check_digit(number) else "wrong_card"
            found.append(Entity(kind, number, run.start(), run.end()))
    return found


def _amounts(folded: str) -> Sequence[Entity]:
    return [
        Entity(each.kind, each.value, each.start, each.end)
        for each in quantities(folded)
        if each.kind in _ASKED_BY
        and each.value.isdecimal()
        and not (each.kind == "age" and _is_limit(folded, each.start, each.end))
    ]


def _is_limit(folded: str, start: int, end: int) -> bool:
    """45岁以上, 6-12岁: for whom something is, not how old anybody is."""
    return _LIMIT.match(folded, end) is not None or folded[max(0, start - 1) : start] in {*_RANGE}
