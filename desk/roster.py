"""Whom of the desk a text calls by name: by the whole of it or a part, in characters, as it sounds, or in letters."""

import re
from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from desk.names import RESERVED, looks
from nlu.text import fold, spelled, syllables

_WORD, _ASIDE = re.compile(r"[a-z0-9._@-]+"), re.compile(r"[ ·.,'’#@_()（）/-]")
# What a given name may end in and nothing else begins with, or what a title follows; and whose place is not at the desk.
_GOES_ON = re.compile(
    "[娟芳萍霞燕玲珍琴梅莉婷雯倩颖琳娜媛莲蓉丽萱涵欣瑶琪琼瑛珊英华军伟杰斌鹏辉峰磊涛勇俊宇浩轩]"
    "|(?!老)[一-鿿](?<![的和跟与同是在说对叫让找问这那等])(?:老师|先生|女士|主任|师傅|经理)"
)
_ELSEWHERE, _BEFORE = (
    re.compile("(?:食堂|门卫|保安|保洁|后勤|财务|宿舍|图书[馆室]|阅览室|机房|超市|医务室|[班课])[里上]?的?$"),
    8,
)
_BLANK = re.compile(r"[ ·.\-_*]")
# 周、海、燕, so that no machine reads it.
_APART, _PART = re.compile("(?<![一-鿿])[一-鿿](?:[、,，][一-鿿]){2}(?![一-鿿])"), re.compile("[、,，]")
_TAUGHT, _TEACHES = re.compile("老师|[的教讲].{0,4}[课班]"), re.compile("[课班教讲][的里上]?$")
_OF_A_CLASS, _TEACHING = re.compile("[课班教讲]"), re.compile("(?:[的上教讲].{0,4})?(?:[课班]|迟到|讲|教|上课)")
_CHINESE = re.compile("[㐀-鿿]{2,4}")
_OF_TWO = {
    "欧阳",
    "上官",
    "诸葛",
    "司马",
    "司徒",
    "慕容",
    "尉迟",
    "皇甫",
    "夏侯",
    "令狐",
    "东方",
    "公孙",
    "长孙",
    "宇文",
}
_SURNAME = f"(?:{'|'.join(sorted(_OF_TWO))}|[一-鿿])"
# What ends a name: nothing, a stop, or what is said of whoever has it.
_ALONE = re.compile(
    "$|[,，。;；!！?？、和跟与这那她他的骂吼凶冲态对不太很真接在就是说欺敷挂服嫌怠把让叫总答回]|老(?![一-鿿]?[,，。]|$)|老师|坐席|客服|一起"
)
_CALLED = re.compile(
    rf"(?:(?:(?<![一-鿿])(?:我要|要|我)?|[诉举报控告发评对给是叫和跟])[小老]|姓)(?P<name>{_SURNAME})(?={_ALONE.pattern})"
    rf"|(?:(?<![一-鿿])|[诉报告评对给是叫和跟的个位才天])(?P<titled>{_SURNAME})(?:老师|小姐|女士|先生|师傅|主任|经理|同志|姐|哥|某)"
)
_OF_A_SEAT = "(?:坐席|客服|接线员|话务员|工作人员)"
_SEAT = re.compile(_OF_A_SEAT)
_AS_A_SEAT, _A_SEAT = (
    re.compile(rf"({_SURNAME})姓?的?(?:[这那]个)?{_OF_A_SEAT}"),
    re.compile(rf"{_OF_A_SEAT}[小老姓]?({_SURNAME})"),
)
_CALLS_BEFORE = re.compile("(?:^|[,，。;；!！?？、诉举报控告发评]|对|给|是|那个|这个|坐席|客服|人员|你们|叫)$")
# A given name alone is a child's and a learner's as well, but for whom one complains of.
_COMPLAINED_OF = re.compile(f"(?:投[诉述数速素拆折溯]|举报|控告|控诉|检举|告发)(?:一下|的是)?$|{_OF_A_SEAT}$")
_NAMED_SEAT = re.compile(rf"的?(?:[这那][个位])?{_OF_A_SEAT}")
_SYLLABLES = 5  # words that a name in letters may be of
_SYLLABLE = re.compile(
    "(?:[bpmfdtnlgkhjqxzcsryw]|[zcs]h)?(?:[aeo]|ai|ei|ao|ou|an|en|ang|eng|er|ong|i[aeu]?|iao|i?an|in|i?ang|ing|iong|u[aeoi]?|uai|u?an|un|u?ang|v|ve)"
)
_ENGLISH = {
    "a", "an", "be", "can", "do", "fan", "he", "hi", "i", "long", "man", "me", "my", "no", "pan", "ran", "she", "so", "the", "to", "we", "you",
}  # fmt: skip
# he can, of 何灿: what an English sentence has as well.
_PERSONS = {"he", "she", "you"}
_VERBS = {"bin", "can", "fan", "gang", "hang", "long", "man", "men", "pan", "ran", "sang", "wan"}


class _Account(NamedTuple):
    """`forms` are the ways to call it by the whole name; `short` those to call it by a part that nobody else has."""

    name: str
    whole: str
    surname: str
    forms: frozenset[str]
    given: str = ""
    double: str = ""


class _Word(NamedTuple):
    said: str
    start: int
    end: int


def named(
    said: str, there: Mapping[str, str], teachers: Set[str] = frozenset(), *, surely: bool = False
) -> tuple[str, ...]:
    """The accounts that a text calls by their name, or by what they are shown as, a place or a number behind it aside. Of whom
    it `surely` speaks it may say the name as it sounds, or the surname that they alone have; `teachers` are meant where they
    are called so."""
    return _roster(tuple(there.items()), frozenset(teachers)).named(said, surely=surely)


@lru_cache(maxsize=4)  # accounts and teachers stay the same for days
def _roster(there: tuple[tuple[str, str], ...], teachers: frozenset[str]) -> "_Roster":
    return _Roster(there, teachers)


class _Roster:
    """The accounts of the desk, with all that they may be called, beside `teachers` that may be called the same."""

    def __init__(self, there: tuple[tuple[str, str], ...], teachers: frozenset[str]) -> None:
        whole = [_ASIDE.split(shown or name, maxsplit=1)[0] for name, shown in there]
        forms = [_forms(name) | _forms(shown) for name, shown in there]
        anybody = teachers.union(whole)
        self._teachers = teachers
        self._taught = frozenset(map(_surname, teachers))
        self._exact = teachers.union(*forms)
        self._accounts = [
            _account(name, as_, known, anybody) for (name, _), as_, known in zip(there, whole, forms, strict=True)
        ]
        surnames = [each.surname for each in self._accounts]
        self._alone = {each.surname: each.name for each in self._accounts if surnames.count(each.surname) == 1}
        self._spoken = {each: syllables(each) for each in self._exact.union(whole) if not each.isascii()}
        self._by_sound: dict[str, set[str]] = {}  # of one spelling there may be several
        for each in self._accounts:
            for way in _ways(each):
                self._by_sound.setdefault(way, set()).add(each.name)

    def named(self, said: str, *, surely: bool) -> tuple[str, ...]:
        text = _APART.sub(lambda match: _PART.sub("", match[0]), fold(said))
        bare = _BLANK.sub("", text)
        in_letters, words = self._in_letters(text)
        found = [
            each.name
            for each in self._accounts
            if each.name in in_letters or any(form in words or self._calls(bare, form) for form in each.forms)
        ]
        if surely:
            found += [each for each in dict.fromkeys(self._likely(bare)) if each not in found]
        return tuple(found)

    def _likely(self, text: str) -> Iterator[str]:
        """Whom it calls where it surely speaks of somebody at the desk."""
        heard = syllables(text)
        for each in self._accounts:
            if any(self._sounds(text, heard, form) for form in each.forms if not form.isascii()):
                yield each.name
        yield from self._by_surname(text)
        for each in self._accounts:
            if (
                (each.given and (_stands_alone(text, each.given, _COMPLAINED_OF) or _is_called(text, each.given)))
                or (each.double and _stands_alone(text, each.double, _CALLS_BEFORE))
                or (len(each.whole) == 2 and each.surname and self._sounds_alone(text, heard, each.whole))
            ):
                yield each.name

    def _in_letters(self, text: str) -> tuple[set[str], set[str]]:
        """The accounts that are called in pinyin, surname first or last, and the words that are no part of a name so written."""
        spans = [_Word(each[0].strip("."), *each.span()) for each in _WORD.finditer(text)]
        if not spans:
            return set(), set()
        called, taken = set[str](), set[int]()
        for first in range(len(spans)):
            written = ""
            for last in range(first, min(first + _SYLLABLES, len(spans))):
                if last > first and text[spans[last - 1].end : spans[last].start].strip(" ·'-"):
                    break
                written += _BLANK.sub("", spans[last].said)
                words = tuple(each.said for each in spans[first : last + 1])
                if written in self._by_sound and not _is_english(words):
                    called |= self._by_sound[written]
                    taken.update(range(first, last + 1))
        taken |= _of_strangers(text, spans)
        return called, {each.said for at, each in enumerate(spans) if at not in taken}

    def _calls(self, text: str, name: str) -> bool:
        """Whether a text without blanks has this name, and not one that goes on (王丽娟), or somebody's of another place
        (食堂李老师)."""
        if name.isascii() or name not in text:
            return False
        taught = name.removesuffix("老师") in self._teachers
        return any(
            not (
                _GOES_ON.match(after)
                or _ELSEWHERE.search(before[-_BEFORE:])
                or (taught and (_TAUGHT.match(after) or _TEACHES.search(before[-_BEFORE:])))
            )
            for before, after in pairwise(text.split(name))
        )

    def _sounds(self, text: str, heard: list[str], name: str) -> bool:
        """孙小妹 for 孙小梅, where that is nobody else's name; of two characters the first has to be right, and nothing to follow
        that would make another word of them."""
        sound, size = self._spoken[name], len(name)
        return sound[0] in heard and any(
            heard[at : at + size] == sound
            and (size > 2 or (text[at] == name[0] and _ALONE.match(text, at + size) is not None))
            and not any(text.startswith(each, at) for each in self._exact)
            and not _GOES_ON.match(text, at + size)
            for at in range(len(text) - size + 1)
        )

    def _sounds_alone(self, text: str, heard: list[str], name: str) -> bool:
        """贺健 for 何健, where a name stands."""
        sound = self._spoken[name]
        return sound[0] in heard and any(
            heard[at : at + 2] == sound
            and text[at : at + 2] not in self._exact
            and _stands_alone(text, text[at : at + 2], _CALLS_BEFORE)
            for at in range(len(text) - 1)
        )

    def _by_surname(self, text: str) -> Iterator[str]:
        """孙老师, 小孙, 姓孙的, where one account alone is called that, and no teacher is called 孙老师; whom one calls a seat is
        none."""
        called = {*_AS_A_SEAT.findall(text), *_A_SEAT.findall(text)}
        # 小孙 may be another than 孙老师 of a class.
        ways = [(str(each.lastgroup), each) for each in _CALLED.finditer(text)]
        taught = {(way, each[way]) for way, each in ways if _is_of_a_class(text, each.start(way), each.end())}
        of_a_seat = _SEAT.search(text) is not None
        for way, each in ways:
            is_teacher = not of_a_seat and each[way] in self._taught and text.startswith("老师", each.end(way))
            if (way, each[way]) not in taught and not is_teacher:
                called.add(each[way])
        return (account for surname, account in self._alone.items() if surname in called)


def _account(name: str, whole: str, forms: frozenset[str], anybody: Set[str]) -> _Account:
    surname = _surname(whole)
    given = whole.removeprefix(surname)
    only = [
        each if surname and len(each) == 2 and not any(each in other for other in anybody if other != whole) else ""
        for each in (given, surname)
    ]
    return _Account(name, whole, surname, forms, *only)


def _is_english(words: tuple[str, ...]) -> bool:
    return len(words) == 2 and words[0] in _PERSONS and words[1] in _VERBS


def _of_strangers(text: str, words: list[_Word]) -> set[int]:
    """xu li na, who is nobody at the desk: her li is not the account li. Words in a row that are three syllables; two are as
    likely English, but in a Chinese text."""
    most = 3 if text.isascii() else 2
    found, row = set[int](), list[int]()
    for at, (said, start, _) in enumerate(words):
        is_one = _SYLLABLE.fullmatch(said) is not None and said not in _ENGLISH
        if not (is_one and row and text[words[at - 1].end : start] in {" ", "-", "'"}):
            found |= {*row} if most <= len(row) <= 3 else set()
            row = []
        row += [at] if is_one else []
    return found | ({*row} if most <= len(row) <= 3 else set())


def _ways(account: _Account) -> set[str]:
    """How a Chinese name is written in letters."""
    given = account.whole.removeprefix(account.surname)
    both = account.surname and given
    return {spelled(account.whole), spelled(given) + spelled(account.surname)} if both else set()


def _stands_alone(text: str, name: str, calls: re.Pattern[str]) -> bool:
    """Whether it stands where one is called: 投诉海燕, and not 投诉张海燕."""
    return any(
        calls.search(before[-_BEFORE:]) and _ALONE.match(after) and not _ELSEWHERE.search(before[-_BEFORE:])
        for before, after in pairwise(text.split(name))
    )


def _is_called(text: str, given: str) -> bool:
    """那个叫海燕的坐席, and not 叫海燕的学员."""
    return any(before.endswith("叫") and _NAMED_SEAT.match(after) for before, after in pairwise(text.split(given)))


def _is_of_a_class(text: str, start: int, end: int) -> bool:
    """书法班的孙老师, 孙老师讲课, 食堂的小孙."""
    before = text[max(0, start - _BEFORE) : start]
    return (
        _OF_A_CLASS.search(before) is not None
        or _TEACHING.match(text, end) is not None
        or bool(_ELSEWHERE.search(before))
    )


def _surname(whole: str) -> str:
    """Of a name of Chinese characters."""
    if not _CHINESE.fullmatch(whole):
        return ""
    return whole[:2] if whole[:2] in _OF_TWO and len(whole) > 2 else whole[0]


def _forms(name: str) -> frozenset[str]:
    """How somebody may be called who is called that."""
    forms = {fold(name), _ASIDE.split(fold(name), maxsplit=1)[0]}
    return frozenset(each for each in forms if len(each) > 1 and looks(each) not in RESERVED)
