"""How much of a message a question of the centre's own may claim, beyond how near the two are. Pure.

晕船能学开船吗 hangs on 晕船: who asks whether they may learn it in summer, or at seventeen, shares all but that, and is not
answered by it.
"""

import re
from functools import lru_cache
from itertools import pairwise

from knowledge.entries import Entry
from nlu.judgement import Lines
from nlu.text import fold, without_fillers

_WHETHER = re.compile(
    "(?:能不能|可不可以|可以不可以|行不行|收不收|要不要|用不用|还能|可以|(?<![智可功才性技只])能够?|还|(?P<verb>[一-鿿])[不没](?P=verb))(?!时|力|源|量)"
)
_ASKS = re.compile(
    r"(?:[吗嘛不没否]|(?<![什怎])么)(?:[啊呀呢哦]?[?？。]?)$|[得的][了到起]|(?P<verb>[一-鿿])[不没](?P=verb)"
)
_SAYS_NOTHING = re.compile(
    "请问|我们?|俺们?|咱们?|你们?|您|他们?|她们?|要是|如果|的话|的时候|的人|的|是|有|了|也|就|都|那|这|[^一-鿿]"
)
_COMMON = (
    "怎么办理 怎么样 什么时候 多少 哪里 哪儿 我想要 可以 能不能 有没有 是不是 要不要 请问 一下 如何 咋办 几点 你们 我们"
)
_OF_ANYTHING = frozenset("".join(pair) for words in _COMMON.split() for pair in pairwise(words))
_HAN = re.compile("[一-鿿]")
_A_WORD = re.compile(
    "\\b(?!(?:the|and|you|are|can|how|what|when|where|which|who|much|many|does|for|your|have|there|get|with|from|need|cost)\\b)[a-z]{3,}"
)
_AN_AGE = re.compile(r"(?:\d|[一二三四五六七八九十百])[ 多几来]*(?:周?岁|years? old)")
_OF_AGES = re.compile("岁|年龄|年纪|多大|老人|老年|孩|娃|儿童|少年|未成年|成年|age|old|child|kid")
_TO_TAKE_PART = re.compile("[学报]|参加|上课|班|收|learn|join|enrol")


def claim(entry: Entry, score: float, folded: str, lines: Lines) -> float:
    """The probability that an own question is meant by a folded message, of the `score` that nearness gives it. Where the
    message asks whether, and names nothing of what the question hangs on, it is not sure; nor where somebody's age is
    said of which the question says nothing, and with neither it is not meant."""
    said = without_fillers(folded)
    if not _ASKS.search(said):
        return score
    hangs_on = _conditions(entry.questions)
    named = any(each in said for each in hangs_on)
    aged = _AN_AGE.search(said) and _TO_TAKE_PART.search(said) and not _OF_AGES.search(_all_of(entry))
    if aged:
        return min(score, lines.likely) if named else 0.0
    return score if named or not hangs_on else min(score, lines.likely)


def _all_of(entry: Entry) -> str:
    return fold(" ".join((*entry.questions, entry.answer, *entry.steps)))


@lru_cache(4096)
def _conditions(questions: tuple[str, ...]) -> frozenset[str]:
    """The pieces of what stands before the 能 of those questions that ask whether."""
    found = set[str]()
    for question in map(fold, questions):
        match = _WHETHER.search(question) if _ASKS.search(question) else None
        if match is not None:
            found |= _pieces(_SAYS_NOTHING.sub("", without_fillers(question[: match.start()])))
    return frozenset(found)


def _pieces(text: str) -> set[str]:
    """Pairs of characters; of one alone, that."""
    return {left + right for left, right in pairwise(text)} if len(text) > 1 else {*text}


def shares(entry: Entry, folded: str) -> bool:
    """Whether a message has any piece of what an own question asks or answers, beside those that any question has. A few
    sentences are near everything a little: where they share nothing it is not worth a choice."""
    if not _HAN.search(folded):
        english = f"{entry.en.question} {entry.en.answer}" if entry.en else ""
        return not {*_A_WORD.findall(folded)}.isdisjoint(_A_WORD.findall(fold(english)))
    asked = {piece for each in (*entry.questions, entry.answer, *entry.steps) for piece in _pieces(fold(each))}
    return not (_pieces(folded) & asked) <= _OF_ANYTHING
