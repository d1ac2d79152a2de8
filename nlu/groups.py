"""Digits as they stand in a text, however they are written, and which of them may be parts of one number."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from nlu.text import SAID_DIGITS

READ_OUT = str.maketrans(SAID_DIGITS, "0001122345677899123456789")
# Figures and numerals by turns (6二0八) are one group.
_GROUP = re.compile(
    rf"[0-9]++(?:[{SAID_DIGITS}]++[0-9]++)+[{SAID_DIGITS}]*|[{SAID_DIGITS}]++(?:[0-9]++[{SAID_DIGITS}]++)+[0-9]*"
    rf"|[0-9]{{2,}}[{SAID_DIGITS}](?!\w)|(?<!\w)[{SAID_DIGITS}][0-9]{{2,}}|[0-9]+|[{SAID_DIGITS}]+"
)
_TIGHT = re.compile(r"[\W_]{0,8}")
_LINKS = re.compile(
    r"(?:[\W_]|然后|接着|后[面来边]|随后|最后|末尾|中间|再|是|空格|横?[杠线]|加|和|跟|[前中后末]?[两三四五六八]位(?:数字?)?|then|and)*"
)
_FAR = 14  # characters between two groups of one number, words included
_BY_ONE = 4  # signs that stand one by one, from which each of them is a digit
X = re.compile(r"[\W_]{0,4}[x×](?![a-z0-9])")


class DigitGroup(Struct, frozen=True, gc=False):
    """Digits in a row. `apart` says that words stand between the group before and this, `strange` that they are others than
    lead from one part of a number to the next (然后)."""

    digits: str
    start: int
    end: int
    apart: bool
    strange: bool


def runs(folded: str) -> Iterator[list[DigitGroup]]:
    """The groups of digits that may be parts of one number."""
    run: list[DigitGroup] = []
    matches = list(_GROUP.finditer(folded))
    alone = _one_by_one(folded, matches)
    for n, match in enumerate(matches):
        if n not in alone and _is_word(folded, matches[max(0, n - 1) : n + 2], match):
            continue
        between = folded[run[-1].end if run else match.start() : match.start()].replace(" ", "")
        if len(between) > _FAR:
            yield run
            run, between = [], ""
        run += _groups(match, between)
    yield run


def parts(run: Sequence[DigitGroup]) -> Iterator[list[DigitGroup]]:
    """Groups that follow on each other without strange words."""
    part: list[DigitGroup] = []
    for group in run:
        if part and group.strange:
            yield part
            part = []
        part.append(group)
    if part:
        yield part


def _one_by_one(folded: str, matches: Sequence[re.Match[str]]) -> set[int]:
    """The places of figures and numerals that stand one by one: 6 二 0 八."""
    found: set[int] = set()
    chain: list[int] = []
    for n, match in enumerate(matches):
        if len(match[0]) > 1:
            chain = []
            continue
        if chain and not _TIGHT.fullmatch(folded, matches[n - 1].end(), match.start()):
            chain = []
        chain.append(n)
        if len(chain) >= _BY_ONE:
            found.update(chain[-_BY_ONE:])
    return found


def _groups(match: re.Match[str], between: str) -> Iterator[DigitGroup]:
    """One group; but the last numeral that is read out may belong to the word behind it (…三四一共)."""
    number, (start, end) = match[0].translate(READ_OUT), match.span()
    apart, strange = not _TIGHT.fullmatch(between), not _LINKS.fullmatch(between)
    said = not match.string[end - 1].isascii() and match.string[end : end + 1].isalpha()
    cut = end - 1 if said else start
    if start < cut:
        yield DigitGroup(number[:-1], start, cut, apart, strange)
        apart = strange = False
    yield DigitGroup(number[cut - start :], cut, end, apart, strange)


def _is_word(folded: str, near: Sequence[re.Match[str]], match: re.Match[str]) -> bool:
    """A numeral alone among other signs (一下) is no digit; a 零 beside one is."""
    beside = folded[max(0, match.start() - 1) : match.start()] + folded[match.end() : match.end() + 1]
    if match[0] in "零〇" and any(each.isdecimal() for each in beside):
        return False
    if len(match[0]) > 1 or match[0].isascii() or X.match(folded, match.end()):
        return False
    ends = [each.span() for each in near if each is not match and not each[0].isascii()]
    return not any(_TIGHT.fullmatch(folded, min(end, match.end()), max(start, match.start())) for start, end in ends)


def sized(sizes: tuple[int, ...], run: Sequence[DigitGroup], first: int, last: int) -> tuple[int, ...]:
    """The sizes of the groups as they were written, one more of them read."""
    size = len(run[last].digits)
    if last > first and run[last].start == run[last - 1].end:
        return (*sizes[:-1], sizes[-1] + size)
    return (*sizes, size)
