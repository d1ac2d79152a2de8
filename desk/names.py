"""What accounts of the desk may be called: the one rule, however they are made. What somebody is called already stays."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Set
from itertools import pairwise
from typing import Literal, NamedTuple

from knowledge.words import Words
from nlu.proofs import unreachable
from nlu.text import fold, spelled, syllables

LOGIN = r"^[a-z0-9一-鿿][a-z0-9一-鿿._@-]{0,63}$"
_SHOWN = re.compile(r"[A-Za-zÀ-ɏ0-9㐀-鿿][A-Za-zÀ-ɏ0-9㐀-鿿 ·.,'’#@_()（）/-]{0,63}")
# Who stands in the place of a name in events, in the audit and before a resident, and is nobody who signs in.
_OURS = (
    "system", "bot", "resident", "visitor", "seat", "cli", "serve", "daoxue", "系统", "机器人", "居民", "访客", "坐席", "导学", "助手", "小助手", "智能助手",
)  # fmt: skip
_WORD, _ASIDE = re.compile(r"[a-z0-9._@-]+"), re.compile(r"[ ·.,'’#@_()（）/-]")
_LOOKS = str.maketrans("0i1", "oll")
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
_ALONE = re.compile("$|[,，。;；!！?？、和跟与这那她他的骂吼凶冲态对不太很真接在就是说欺敷挂]|老师|坐席|客服|一起")
_CALLED = re.compile(
    rf"(?:(?:(?<![一-鿿])(?:我要|要|我)?|[诉举报控告发评对给是叫和跟])[小老]|姓)(?P<name>{_SURNAME})(?={_ALONE.pattern})"
    rf"|(?:(?<![一-鿿])|[诉报告评对给是叫和跟的个位才天])(?P<titled>{_SURNAME})(?:老师|小姐|女士|先生|师傅|主任|经理|同志|姐|哥|某)"
)
_OF_A_SEAT = "(?:坐席|客服|接线员|话务员|工作人员)"
_AS_A_SEAT, _A_SEAT = (
    re.compile(rf"({_SURNAME})姓?的?{_OF_A_SEAT}"),
    re.compile(rf"{_OF_A_SEAT}[小老姓]?({_SURNAME})"),
)
_CALLS_BEFORE = re.compile("(?:^|[,，。;；!！?？、诉举报控告发评]|对|给|是|那个|这个|坐席|客服|人员|你们|叫)$")
_SYLLABLES = 5  # words that a name in letters may be of
_SYLLABLE = re.compile(
    "(?:[bpmfdtnlgkhjqxzcsryw]|[zcs]h)?(?:[aeo]|ai|ei|ao|ou|an|en|ang|eng|er|ong|i[aeu]?|iao|i?an|in|i?ang|ing|iong|u[aeoi]?|uai|u?an|un|u?ang|v|ve)"
)
_ENGLISH = {
    "a", "an", "be", "can", "fan", "he", "i", "long", "man", "me", "my", "no", "pan", "ran", "she", "so", "the", "to", "we", "you",
}  # fmt: skip
# he can, of 何灿: what an English sentence has as well.
_PERSONS = {"he", "she", "you"}
_VERBS = {"bin", "can", "fan", "gang", "hang", "long", "man", "men", "pan", "ran", "sang", "wan"}
_FORM = Words(
    "用户名用小写字母、数字或汉字，中间可以有 . _ @ -，如 wang.li",
    "a user name is of lower-case letters, digits or Chinese characters, with . _ @ - between them: wang.li",
)
_SHOWN_FORM = Words(
    "显示名用汉字、拉丁字母和数字，不用全角字母、看不见的字符和别的文字",
    "a name to be shown is of Chinese characters, Latin letters and digits: nothing of full width, invisible or of another"
    " script",
)

_IS_OURS = Words("这是系统自己用的名字，请换一个", "that is what the service itself is called")
_HAS_NUMBER = Words(
    "名字里不能有手机号、卡号、证件号：它到处看得到",
    "no number of a telephone, a card or a paper: names are seen everywhere",
)
_IS_TAKEN = Words(
    "和另一个账号分不清，请换一个，或者加上站点、工号",
    "it cannot be told from another account: add a place or a number",
)


class Unfit(NamedTuple):
    """What is wrong with a name, and with which; whether somebody else is called that."""

    field: Literal["name", "shown"]
    said: Words
    is_taken: bool = False


def looks(name: str) -> str:
    """What is the same for names that nobody can tell from each other: case, marks, points and blanks aside, a nought is an o
    and a one an l."""
    bare = unicodedata.normalize("NFKD", fold(name))
    return "".join(filter(str.isalnum, bare)).translate(_LOOKS).replace("rn", "m").replace("vv", "w")


# Who speaks for the house, and is nobody in it: 系统管理员, 人工客服, Customer Service.
_ROLES = ("客服", "管理员", "服务", "助手", "助理", "消息", "通知", "坐席", "机器人")
_OF_THE_HOUSE = ("系统", "平台", "官方", "中心", "人工", "在线", "智能", "自动", "值班", "后台", "超级")
_ENGLISH_ROLES = ("admin", "administrator", "service", "support", "agent", "assistant", "team")
_OF_THE_ENGLISH = ("system", "official", "online", "customer", "platform", "human", "the")
_HOUSE = (
    "客服", "管理员", *(of + role for of in _OF_THE_HOUSE for role in _ROLES), *(of + role for of in _OF_THE_ENGLISH for role in _ENGLISH_ROLES)
)  # fmt: skip
_RESERVED = frozenset(map(looks, (*_OURS, *_HOUSE)))


def unfit(name: str, shown: str, there: Mapping[str, str]) -> Unfit | None:
    """What is wrong with what an account is to be called and shown as, beside those that are `there`: what they are shown as, by
    name."""
    others = {looks(each) for known, as_ in there.items() if known != name for each in (known, as_)}
    if name not in there and (said := _misfit("name", name, others)):
        return said
    return _misfit("shown", shown, others) if shown not in ("", name, there.get(name)) else None


def unfit_for_long(there: Mapping[str, str]) -> list[str]:
    """The accounts from before a rule that are called what none is called any more: by a number, or what speaks for us."""
    return [
        name
        for name, shown in there.items()
        if any(looks(each) in _RESERVED or unreachable(each) != each for each in (name, shown))
    ]


def named(
    said: str, there: Mapping[str, str], teachers: Set[str] = frozenset(), *, surely: bool = False
) -> tuple[str, ...]:
    """The accounts that a text calls by their name, or by what they are shown as, a place or a number behind it aside. Of whom
    it `surely` speaks it may say the name as it sounds, or the surname that they alone have; `teachers` are meant where they
    are called so."""
    text = fold(said)
    bare = _BLANK.sub("", text)
    in_letters, words = _in_letters(text, there)
    forms = {account: _forms(account) | _forms(shown) for account, shown in there.items()}
    exact = {each for known in forms.values() for each in known}.union(teachers)
    found = [
        account
        for account, known in forms.items()
        if account in in_letters
        or any(each in words if each.isascii() else _calls(bare, each, teachers) for each in known)
        or (surely and any(_sounds(bare, each, exact) for each in known if not each.isascii()))
    ]
    if surely:
        others = (*_by_surname(bare, there, teachers), *_by_given_name(bare, there, teachers))
        found += [each for each in dict.fromkeys(others) if each not in found]
    return tuple(found)


def _in_letters(text: str, there: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """The accounts that are called in pinyin, surname first or last, and the words that are no part of a name so written."""
    spans = [(each[0].strip("."), *each.span()) for each in _WORD.finditer(text)]
    if not spans:
        return set(), set()
    by_sound = {way: name for name, shown in there.items() for way in _ways(shown or name)}
    called, taken = set[str](), set[int]()
    for first in range(len(spans)):
        written = ""
        for last in range(first, min(first + _SYLLABLES, len(spans))):
            if last > first and text[spans[last - 1][2] : spans[last][1]].strip(" ·'-"):
                break
            written += _BLANK.sub("", spans[last][0])
            words = tuple(each[0] for each in spans[first : last + 1])
            if written in by_sound and not _is_english(words):
                called.add(by_sound[written])
                taken.update(range(first, last + 1))
    alone = {word for at, (word, *_) in enumerate(spans) if at not in taken and not _is_of_a_name(text, spans, at)}
    return called, alone


def _is_english(words: tuple[str, ...]) -> bool:
    return len(words) == 2 and words[0] in _PERSONS and words[1] in _VERBS


def _is_of_a_name(text: str, spans: list[tuple[str, int, int]], at: int) -> bool:
    """li of xu li na: a syllable between syllables is nobody's account."""
    beside = [
        spans[next_][0]
        for next_ in (at - 1, at + 1)
        if 0 <= next_ < len(spans) and text[spans[min(at, next_)][2] : spans[max(at, next_)][1]] in {" ", "-", "'"}
    ]
    is_one = _SYLLABLE.fullmatch(spans[at][0]) is not None
    return is_one and any(_SYLLABLE.fullmatch(each) and each not in _ENGLISH for each in beside)


def _ways(shown: str) -> set[str]:
    """How a Chinese name is written in letters."""
    name, surname = _ASIDE.split(shown, maxsplit=1)[0], _surname(shown)
    given = name.removeprefix(surname)
    return {spelled(name), spelled(given) + spelled(surname)} if surname and given else set()


def _by_given_name(text: str, there: Mapping[str, str], teachers: Set[str]) -> Iterator[str]:
    """海燕, where one account alone is called that and no teacher; and a double surname by itself. A name of two that sounds
    the same is one where it stands where a name does."""
    parts = {
        name: (_ASIDE.split(shown or name, maxsplit=1)[0], _surname(shown or name)) for name, shown in there.items()
    }
    exact = {whole for whole, _ in parts.values()} | teachers
    for account, (whole, surname) in parts.items():
        given = whole.removeprefix(surname)
        short = [each for each in (given, surname) if surname and len(each) == 2]
        only = [each for each in short if not _is_anothers(each, whole, exact)]
        if any(_stands_alone(text, each) for each in only) or (len(whole) == 2 and _sounds_alone(text, whole, exact)):
            yield account


def _is_anothers(part: str, whole: str, exact: Set[str]) -> bool:
    return any(part in each for each in exact if each != whole)


def _stands_alone(text: str, name: str) -> bool:
    """Whether it stands where one is called: 投诉海燕, and not 投诉张海燕."""
    return any(
        _CALLS_BEFORE.search(before[-_BEFORE:]) and _ALONE.match(after) and not _ELSEWHERE.search(before[-_BEFORE:])
        for before, after in pairwise(text.split(name))
    )


def _sounds_alone(text: str, name: str, exact: Set[str]) -> bool:
    heard, sound = syllables(text), syllables(name)
    return any(
        heard[at : at + 2] == sound and text[at : at + 2] not in exact and _stands_alone(text, text[at : at + 2])
        for at in range(len(text) - 1)
    )


def _calls(text: str, name: str, teachers: Set[str]) -> bool:
    """Whether a text without blanks has this name, and not one that goes on (王丽娟), or somebody's of another place (食堂李老师)."""
    return any(
        not (
            _GOES_ON.match(after)
            or _ELSEWHERE.search(before[-_BEFORE:])
            or (name.removesuffix("老师") in teachers and (_TAUGHT.match(after) or _TEACHES.search(before[-_BEFORE:])))
        )
        for before, after in pairwise(text.split(name))
    )


def _sounds(text: str, name: str, exact: Set[str]) -> bool:
    """孙小妹 for 孙小梅, where that is nobody else's name; of two characters the first has to be right, and nothing to follow that
    would make another word of them."""
    heard, sound, size = syllables(text), syllables(name), len(name)
    return any(
        heard[at : at + size] == sound
        and (size > 2 or (text[at] == name[0] and _ALONE.match(text, at + size) is not None))
        and not any(text.startswith(each, at) for each in exact)
        and not _GOES_ON.match(text, at + size)
        for at in range(len(text) - size + 1)
    )


def _by_surname(text: str, there: Mapping[str, str], teachers: Set[str]) -> Iterator[str]:
    """孙老师, 小孙, 姓孙的, where one account alone is called that, and no teacher; whom one calls a seat is no teacher."""
    seats = {*_AS_A_SEAT.findall(text), *_A_SEAT.findall(text)}
    # 小孙 may be another than 孙老师 of a class.
    ways = [(str(each.lastgroup), each) for each in _CALLED.finditer(text)]
    taught = {(way, each[way]) for way, each in ways if _is_of_a_class(text, each.start(way), each.end())}
    called = {each[way] for way, each in ways if (way, each[way]) not in taught}
    called.difference_update(map(_surname, teachers))
    surnames = [(_surname(shown or name), name) for name, shown in there.items()]
    for surname, account in surnames:
        if surname in seats | called and [each for each, _ in surnames].count(surname) == 1:
            yield account


def _is_of_a_class(text: str, start: int, end: int) -> bool:
    """书法班的孙老师, 孙老师讲课, 食堂的小孙."""
    before = text[max(0, start - _BEFORE) : start]
    return (
        _OF_A_CLASS.search(before) is not None
        or _TEACHING.match(text, end) is not None
        or bool(_ELSEWHERE.search(before))
    )


def _surname(shown: str) -> str:
    """Of a name of Chinese characters."""
    name = _ASIDE.split(shown, maxsplit=1)[0]
    if not _CHINESE.fullmatch(name):
        return ""
    return name[:2] if name[:2] in _OF_TWO and len(name) > 2 else name[0]


def _forms(name: str) -> set[str]:
    """How somebody may be called who is called that."""
    forms = {fold(name), _ASIDE.split(fold(name), maxsplit=1)[0]}
    return {each for each in forms if len(each) > 1 and looks(each) not in _RESERVED}


def _misfit(field: Literal["name", "shown"], name: str, others: Set[str]) -> Unfit | None:
    form, said = (re.compile(LOGIN), _FORM) if field == "name" else (_SHOWN, _SHOWN_FORM)
    as_seen = looks(name)
    if unreachable(name) != name:
        return Unfit(field, _HAS_NUMBER)
    if not form.fullmatch(name) or not as_seen:
        return Unfit(field, said)
    if as_seen in _RESERVED:
        return Unfit(field, _IS_OURS)
    return Unfit(field, _IS_TAKEN, True) if as_seen in others else None
