"""Names of things we have, found in text: as written, else as they sound or are misspelt (书发班, 烘培, 太级拳).

What only resembles a name must do so as a whole: at least half of its characters are written as they should be, and
none of the others is part of an ordinary word (简直 is no 剪纸), for words are what people mean to write.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise, product, repeat
from operator import add, attrgetter, eq

from msgspec import Struct

from nlu.text import fold, known_words, readings, syllables

LONGEST = 24
LATIN = 60  # the same, in Latin letters


class Name(Struct, frozen=True, gc=False):
    """What may be found: `kind` and `id` of the thing, and one way to write its name."""

    kind: str
    id: str
    text: str


class Mention(Struct, frozen=True, gc=False):
    """A name found at a position. `exact` is False where it only resembles what is written."""

    kind: str
    id: str
    start: int
    end: int
    exact: bool


# Characters that are taken for one another in writing, beyond those that sound alike.
_CONFUSED = (
    "焙培倍陪", "伽珈枷", "瑜愉喻渝榆", "筝争睁挣", "模膜摸", "绣锈秀", "塑溯朔", "刺剌", "陶淘掏", "烹亨", "饪任", "蹈稻滔", "朗郎狼", "诵颂通", "锦绵棉",
    "葫湖糊", "胡湖乎", "芦卢庐", "摄慑", "影景", "婴樱鹰", "植值殖", "禽擒", "诈炸榨", "骗编偏遍", "烘哄供", "焊悍捍", "键健", "脑恼", "戏戎", "曲典", "拳券卷",
    "极级及吸", "段断", "球求", "篮蓝", "茶荼", "插播", "画话", "瓷磁", "雕调凋", "织帜职", "缝逢", "裁栽载", "理埋", "财材", "账帐胀", "税悦", "早旱", "消销",
    "防妨", "汛迅讯", "微徽", "礼札", "仪义议", "农衣", "果裸", "蔬疏", "宿缩", "民氏", "赡瞻", "赏尝", "析晰折", "诗侍", "词祠", "绘烩", "本木", "笛苗",
    "箫萧", "琵批", "琶芭",
)  # fmt: skip
_FAMILY: dict[str, set[str]] = defaultdict(set)
for _family in _CONFUSED:
    for _char in _family:
        _FAMILY[_char] |= {*_family}
# What stands in a text for itself, whatever it sounds like.
_FUNCTION = frozenset(
    "的了吗呢吧啊呀嘛不没有无是在和跟与就都也还要能会可以我你您他她它们这那哪几多少个一二三四五六七八九十两去来到给把被让说讲看想点上下里中外"
    "大小好很太怎什么谁啥咋为从对向往得地着过又再才只最更每各该请叫做用拿换找问"
)
_TYPED = {"course", "item", "theme"}  # one wrong character leaves them what they are; of a place it makes another
_SHORT = {"course", "org"}  # of two characters
_LEARNS = frozenset("^,。;! 、学报教练讲上想选会有是个名考拉弹唱跳打做道镇村校院")  # what stands before what is learnt
_LEARNT = re.compile(
    "[班课]|老师|怎么|难|什么|[学的有在要会能可好还哪啥呢啊嘛吗]|几[点号节个]|多少|$|[,。;!? 、]"
)  # and behind it
_WITHIN_WORD = re.compile("[a-z]{2}")
_PRONOUNS = ("你们", "我们", "咱")
_LEARNING = "学报教练选"  # and right before it
_ADDED = "班课难"  # what may stand right after a name
_CLASS = re.compile("(?:晚间|早间|周末|基础|初级|中级|高级|提高|[晚早夜])?[班课]")


class _Spelling(Struct, frozen=True, gc=False):
    """A way to write a name. `words` tells of each character which of the name's words it belongs to; `swapped` is
    the position where two neighbours are in the wrong order."""

    text: str
    name: Name
    words: tuple[int, ...]
    swapped: int | None = None


class _Candidate(Struct, frozen=True, gc=False):
    """A place where a name may be meant. `wrong` are the positions in the text that differ from it; `far` says that
    one does not even resemble it."""

    spelling: _Spelling
    start: int
    end: int
    wrong: tuple[int, ...]
    far: bool


def _is_whole(folded: str, name: str, start: int) -> bool:
    """A name in Latin letters is a whole word, or several: yoga, but no art in start."""
    end = start + len(name)
    return not (
        _WITHIN_WORD.fullmatch(folded, max(0, start - 1), start + 1) or _WITHIN_WORD.fullmatch(folded, end - 1, end + 1)
    )


class Gazetteer:
    """Finds the longest names first; a character belongs to one mention at most."""

    def __init__(self, names: Iterable[Name]) -> None:
        # By the first two characters.
        self._written: dict[str, list[_Spelling]] = defaultdict(list)
        # By the sound of two neighbours, and how far into the spelling they stand.
        self._spoken: dict[tuple[str, str], list[tuple[int, _Spelling]]] = defaultdict(list)
        for name in dict.fromkeys(names):
            spelling = _spelled(name)
            text = spelling.text
            if not 2 <= len(text) <= (LATIN if text.isascii() else LONGEST):
                continue
            self._written[text[:2]].append(spelling)
            written_only = text.isascii() or text.startswith(_PRONOUNS)
            if (len(text) > 2 or name.kind in _SHORT) and not written_only:
                self._index(spelling)
        for written in self._written.values():
            written.sort(key=lambda each: (each.swapped is not None, -len(each.text)))

    def _index(self, spelling: _Spelling) -> None:
        """How a name is found that is not written as it should be."""
        text, typed = spelling.text, spelling.name.kind in _TYPED
        for offset in _telling(spelling.words, typed):
            for first, second in product(_sounds(text[offset], typed), _sounds(text[offset + 1], typed)):
                self._spoken[first, second].append((offset, spelling))
        for at in range(len(text) - 1) if len(text) > 2 else ():
            if text[at] != text[at + 1]:
                swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
                self._written[swapped[:2]].append(_Spelling(swapped, spelling.name, spelling.words, at))

    def find(self, folded: str) -> list[Mention]:
        """The mentions in a folded text, in the order of their positions."""
        found, near = self._by_writing(folded)
        near += self._by_sound(folded)
        if near:
            self._add(folded, near, found)
            found.sort(key=attrgetter("start"))
        return found

    def _by_writing(self, folded: str) -> tuple[list[Mention], list[_Candidate]]:
        """What is written as it should be; and what is but for two neighbours in the wrong order."""
        found: list[Mention] = []
        near: list[_Candidate] = []
        if self._written.keys().isdisjoint(map(add, folded, folded[1:])):
            return found, near  # most texts name nothing, and that is seen at once
        free = 0
        for position, pair in enumerate(map(add, folded, folded[1:])):
            if position < free or pair not in self._written:
                continue
            for spelling in self._written[pair]:
                if folded.startswith(spelling.text, position) and _is_whole(folded, spelling.text, position):
                    end = position + len(spelling.text)
                    if spelling.swapped is None and self._is_outdone(folded, position, end):
                        break
                    if spelling.swapped is None:
                        free = end
                        found.append(Mention(spelling.name.kind, spelling.name.id, position, free, True))
                        break
                    at = position + spelling.swapped
                    near.append(_Candidate(spelling, position, end, (at, at + 1), True))
        return found, near

    def _is_outdone(self, folded: str, start: int, end: int) -> bool:
        """Whether a longer name begins within: 学电脑中级 names 电脑中级, and no 学电脑."""
        return any(
            each.swapped is None
            and len(each.text) > end - start
            and folded.startswith(each.text, at)
            and _is_whole(folded, each.text, at)
            for at in range(start + 1, end)
            for each in self._written.get(folded[at : at + 2], ())
        )

    def _add(self, folded: str, near: list[_Candidate], found: list[Mention]) -> None:
        """Adds what is meant; of what is found already it replaces shorter names within."""
        words: list[tuple[int, int]] = []
        for each in sorted(near, key=lambda each: (each.far, each.start - each.end, len(each.wrong))):
            there = [mention for mention in found if mention.start < each.end and each.start < mention.end]
            if there and (each.far or not all(_is_within(mention, each) for mention in there)):
                continue
            words = words or _spans(known_words(folded))
            if _is_meant(folded, each, words):
                name = each.spelling.name
                found[:] = [mention for mention in found if mention not in there]
                found.append(Mention(name.kind, name.id, each.start, each.end, False))

    def _by_sound(self, folded: str) -> list[_Candidate]:
        placed: list[tuple[int, _Spelling]] = []
        heard, spoken = syllables(folded), self._spoken
        if not spoken.keys().isdisjoint(pairwise(heard)):
            for at, pair in enumerate(pairwise(heard)):
                if pair in spoken:
                    placed += [(at - offset, spelling) for offset, spelling in spoken[pair]]
        return [found for start, spelling in placed if (found := _candidate(spelling, folded, start))]


@lru_cache(4096)  # whoever publishes one more course reads them all anew
def _spelled(name: Name) -> _Spelling:
    text = fold(name.text)
    return _Spelling(text, name, tuple(_numbered(known_words(text))))


def _spans(words: Sequence[str]) -> list[tuple[int, int]]:
    return [*pairwise(accumulate(map(len, words), initial=0))]


def _numbered(words: Iterable[str]) -> Iterator[int]:
    """Of each character the number of its word."""
    for number, word in enumerate(words):
        yield from repeat(number, len(word))


def _sounds(char: str, typed: bool) -> frozenset[str]:
    """What is heard for a character of a name; of one that is typed also for those that are taken for it."""
    if not typed:
        return frozenset(syllables(char))
    return frozenset(readings(char)[:2]) | {syllables(other)[0] for other in _FAMILY.get(char, ())}


def _telling(words: Sequence[int], typed: bool) -> set[int]:
    """The pairs of neighbours by which a name is looked for: of a place's the first, which is its own; of another's one
    that bridges two words, for those are rare in other texts. And where one of its characters may be wrong, another."""
    pairs = range(len(words) - 1)
    if not typed or len(words) == 2:
        return {0}
    rare = sorted(pairs, key=lambda at: (words[at] == words[at + 1], -at))
    best = rare[0]
    others = (
        next((pair for pair in rare if at not in {pair, pair + 1}), best)
        for at in (best, best + 1)
        if words.count(words[at]) > 1
    )
    return {best, *others}


def _candidate(spelling: _Spelling, folded: str, start: int) -> _Candidate | None:
    """A place where the text differs from a name and yet resembles it as a whole."""
    text = spelling.text
    end = start + len(text)
    if start < 0 or end > len(folded) or folded.startswith(text, start):
        return None
    there = folded[start:end]
    if 2 * sum(map(eq, text, there)) < len(text):
        return None
    wrong = [at for at, char in enumerate(text) if there[at] != char]
    far = [at for at in wrong if not _is_near(text[at], there[at])]
    if far and (len(wrong) > 1 or spelling.name.kind not in _TYPED or spelling.words.count(spelling.words[far[0]]) < 2):
        return None
    return _Candidate(spelling, start, end, tuple(start + at for at in wrong), bool(far))


@lru_cache(1 << 14)
def _is_near(char: str, other: str) -> bool:
    return other in _FAMILY.get(char, ()) or not {*readings(char)}.isdisjoint(readings(other))


def _is_within(mention: Mention, near: _Candidate) -> bool:
    """Whether it is a shorter name within; a whole one that is written as it should be is meant, whatever else sounds so."""
    longer = near.end - near.start > mention.end - mention.start
    return longer and near.start <= mention.start and mention.end <= near.end and mention.exact


def _is_meant(folded: str, near: _Candidate, words: Sequence[tuple[int, int]]) -> bool:
    """Whether what resembles a name is not just other words. What sounds like it right before 班 is it: 剪只班."""
    if near.spelling.name.kind == "course" and not near.far and _CLASS.match(folded, near.end):
        return near.start == 0 or folded[near.start - 1] in _LEARNS
    long = near.end - near.start > 3 and len(near.wrong) == 1 and not near.far
    if any(not "一" <= folded[at] <= "鿿" or (folded[at] in _FUNCTION and not long) for at in near.wrong):
        return False
    sure = near.end - near.start > 2 and not near.far
    for start, end in words:
        if end - start < 2 or end <= near.start or start >= near.end:
            continue
        before, after = folded[start : near.start], folded[near.end : end]
        if (before and before not in _LEARNING) or (after and after not in _ADDED):
            return False
        wrong = [at for at in near.wrong if start <= at < end]
        if wrong and not _is_confused(folded, near, wrong):
            return False
        if not wrong and _completes(near, start, end):
            if near.far:
                return False
            sure = False
    return sure or _is_asked_for(folded, near.start, near.end)


def _is_confused(folded: str, near: _Candidate, wrong: Sequence[int]) -> bool:
    text = near.spelling.text
    return all(folded[at] in _FAMILY.get(text[at - near.start], ()) for at in wrong)


def _completes(near: _Candidate, start: int, end: int) -> bool:
    """Whether the rest of a name's word is a word by itself: then another may have been meant (护理院, 护理员)."""
    words = near.spelling.words
    rest = words[start - near.start : end - near.start]
    return near.spelling.swapped is None and words[near.wrong[0] - near.start] in rest


def _is_asked_for(folded: str, start: int, end: int) -> bool:
    """学书发, 书发班: two characters need somebody who learns them."""
    before = folded[start - 1 : start] or "^"
    return (before in _LEARNS and _LEARNT.match(folded, end) is not None) or folded.startswith(("班", "课"), end)
