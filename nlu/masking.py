"""Numbers that nobody should keep, taken out of a text before anything keeps it: of identity papers and of bank cards.

They are found however they are written: in digits of any script, read out (洞幺两拐勾), in capitals (壹贰叁), in groups
with anything between them, words included where it is clear what they are. Learning cards, telephone numbers, dates
and sums stay.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

from msgspec import Struct

from nlu import harmless, phones
from nlu.groups import READ_OUT, DigitGroup, X, runs, sized
from nlu.numbering import unnumbered
from nlu.numerals import has_check_digit
from nlu.text import SAID_DIGITS, fold_numbers, up_to

IDENTITY, BANK = "[证件号]", "[卡号]"
_SHORT, _LONG = 15, 20  # digits: none that is masked is shorter in all, and no number that we need is as long
_TOLD = 3  # digits of each group, by and large, where a number is in groups
_CARD, _CODE = 12, 6  # digits of a learning card, and of a one-time code; telephone numbers have fewer than a card
_MANY = 80  # characters that telephone numbers and cards side by side may take
_PLACE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-9])\d{4}"
YEAR = r"(?:18[89]|19\d|20[0-3])\d"
DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
# GB 11643-1999: 18 characters, or the older 15 digits. Some mistype the day.
DATED = re.compile(rf"{_PLACE}{YEAR}{DAY}\d{{3}}[\dx]")
_SHAPED = re.compile(rf"{_PLACE}{YEAR}\d{{7}}|[1-9]\d{{16}}x")
_OLDER = re.compile(rf"{_PLACE}\d\d{DAY}\d{{3}}")
_MAY_BE_DATED = re.compile(rf"(?={_PLACE}(?:{YEAR}|\d\d){DAY})")
_OLDER_GROUPS = {(15,), (6, 6, 3), (6, 9), (6, 2, 2, 2, 3), (1,) * 15}
_X_SAID = re.compile(r"\D{0,10}?[x×](?![a-z0-9])")
_OF_PERSON = re.compile(r"身份|证件|[二一]代证|老证|证号|identity|\bid\b")
_OF_BANK = re.compile("银行|存折|卡号|[账帐]号|账户|信用卡|储蓄卡|打款|转账|bank|account")
_YEARS_OR_SUM = re.compile("[年元]")
_COUNTRY = re.compile(r"\+86(?:[-. ]\d|\d{9})")
ISSUED = re.compile(r"(?:62|4|5[1-5])\d{14}(?:\d\d{0,2})?")  # as most of them begin
_LETTER = re.compile(r"[^\W\d_]")
BANK_NUMBER = re.compile(r"[3-69]\d{15,18}|3[47]\d{13}")
PHONE_GROUPS = {(11,), (3, 4, 4), (3, 8), (7, 4)}
CARD_GROUPS = {(12,), (4, 4, 4), (3, 3, 3, 3), (6, 6)}
_KEPT = re.compile(
    rf"[\W_]*(?:(?:{phones.MOBILE}|{phones.LANDLINE}|{phones.SERVICE}|\d{{12}}|\d{{4}}([ -])\d{{4}}\2\d{{4}}"
    rf"|(?:19|20)\d\d[-./ ][01]?\d[-./ ][0-3]?\d|(?:[01]?\d|2[0-3]):[0-5]\d)[\W_]{{0,4}})+"
)
# Passports, permits of Hong Kong, Macau and Taiwan, foreigners' residence permits.
_LETTERED = re.compile(
    r"(?<![a-z0-9])(?:(?:[eghm]|e[a-z])[ -]?\d{7,8}|[a-z]{3}[ -]?\d{12}|[hm]\d{10}|[a-z][1289]\d{8}|[a-z]{1,2}\d{6}\([\da]\))(?![a-z0-9])"
)
_PAPER = re.compile(
    r"(?:护照|通行证|回乡证|台胞证|居留|永居|居住证|签证|[军警]官证|士兵证|军字|社保|医保|驾驶证|驾照|残疾人?证|passport|permit)(?:(?!电话|手机)[^0-9]){0,16}?"
    r"(?<![a-z0-9])(?P<number>(?:[a-z]{1,3}|[a-z][ -])?(?!(?:19|20)\d\d[01]\d[0-3]\d(?!\d))\d(?:[ -]?\d){6,11})(?![a-z0-9])"
)


# 三三〇八〇二，六一年十月十三，六八五八
_BORN = re.compile(
    rf"(?<!\d){_PLACE}\D{{0,6}}(?:\d\d){{1,2}}年[\d十]{{1,3}}月[\d十]{{1,3}}[日号]?\D{{0,6}}\d{{3}}[\dx](?!\d)"
)


class _Window(Struct, frozen=True, gc=False):
    """Groups read as one number. `apart` where strange words stand between any, `whole` where they are all of a run."""

    groups: Sequence[DigitGroup]
    number: str
    apart: bool
    whole: bool

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the groups as they were written."""
        sizes: tuple[int, ...] = ()
        for last in range(len(self.groups)):
            sizes = sized(sizes, self.groups, 0, last)
        return sizes


Span = tuple[int, int, str]


# Six digits, however they are written: with fewer nothing is masked.
_POSSIBLE = re.compile(rf"(?:[0-9{SAID_DIGITS}][^0-9{SAID_DIGITS}]*+){{6}}")


def mask(text: str) -> str:
    """The text with identity and bank card numbers replaced; all else as it was."""
    return cover(text, spans(text))


def cover(text: str, spans: Iterable[Span]) -> str:
    """The text with these replaced; of two that share anything the first, of two that begin together the longer."""
    covered: list[str] = []
    last = 0
    for start, end, label in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= last:
            covered += [text[last:start], label]
            last = up_to(text, end)
    return "".join([*covered, text[last:]]) if covered else text


def spans(text: str) -> Iterator[Span]:
    """Where numbers of identity papers and of bank cards stand in a text."""
    folded = fold_numbers(text)
    if _POSSIBLE.search(folded) is None:
        return
    folded = unnumbered(text, folded)
    reader = _NumberReader(folded)
    for run in runs(folded):
        if sum(len(group.digits) for group in run) >= _SHORT:
            yield from reader.spans(run)
    plain = folded.translate(READ_OUT)
    yield from ((*match.span(), IDENTITY) for each in (_LETTERED, _BORN) for match in each.finditer(plain))
    for match in _PAPER.finditer(plain):
        if not _is_kept(re.sub(r"\D", "", match["number"])) and not phones.find(match["number"]):
            yield *match.span("number"), IDENTITY


def _counted(folded: str, window: _Window) -> bool:
    """Whether the last of several groups is a year or a sum."""
    return len(window.groups) > 1 and _YEARS_OR_SUM.match(folded, window.groups[-1].end) is not None


class _NumberReader:
    """Reads the runs of one text, knowing whether it speaks of identity papers or bank cards."""

    def __init__(self, folded: str) -> None:
        self._folded = folded
        self._person = _OF_PERSON.search(folded) is not None
        self._bank = _OF_BANK.search(folded) is not None

    def spans(self, run: list[DigitGroup]) -> Iterator[Span]:
        rest: list[list[DigitGroup]] = [[]]
        for groups, label in self._cut(run, self._dated):
            if label:
                yield from self._labelled(groups, label)
                rest.append([])
            else:
                rest[-1] += groups
        for part in (part for each in rest for part in self._parts(each)):
            text = self._folded[part[0].start : part[-1].end].translate(READ_OUT)
            if len(text) > _MANY or not _KEPT.fullmatch(text):
                for groups, label in self._cut(part, self._likely):
                    if label:
                        yield from self._labelled(groups, label)
        if not (self._person or self._bank):
            yield from (span for each in rest for span in self._strewn(each))

    def _strewn(self, run: list[DigitGroup]) -> Iterator[Span]:
        """A card's number with one letter between its groups, or the same word (6217点5756点…)."""
        windows = _Windows(run, self._x)
        for first in range(len(run)):
            for window in windows.at(first):
                if window.apart and ISSUED.fullmatch(window.number) and self._is_strewn(window):
                    yield from self._labelled(list(window.groups), BANK)

    def _is_strewn(self, window: _Window) -> bool:
        groups = window.groups
        if len(window.number) < _TOLD * len(groups) or not has_check_digit(window.number):
            return False
        between = ["".join(_LETTER.findall(self._folded, a.end, b.start)) for a, b in pairwise(groups)]
        counted = any(harmless.COUNTED.match(self._folded, each.end) for each in groups)
        sums = all(each.digits.endswith("00") for each in groups)
        alike = len({*between}) == 1 or all(len(each) <= 1 for each in between)
        return alike and not (counted or sums or self._extensions.intersection(each.start for each in groups))

    def _parts(self, run: list[DigitGroup]) -> Iterator[list[DigitGroup]]:
        """Groups with words between them are parts of one number only where the text speaks of one."""
        part: list[DigitGroup] = []
        for group in run:
            if part and group.strange and not (self._person or self._bank):
                yield part
                part = []
            part.append(group)
        if part:
            yield part

    def _cut(
        self, run: list[DigitGroup], judge: Callable[[_Window], str | None]
    ) -> Iterator[tuple[list[DigitGroup], str | None]]:
        """The run in pieces: those that a label replaces, and those that stay."""
        windows = _Windows(run, self._x)
        first = 0
        while first < len(run):
            size, label = 1, None
            if len(run[first].digits) >= _LONG:
                label = self._long(run[first].digits)
            elif judge == self._likely or windows.may_be_dated(first):
                natural = _natural(run, first) if judge == self._likely else 0
                size = natural or 1
                for window in windows.at(first):
                    if (found := judge(window)) and (not natural or self._outdoes(window, natural)):
                        size, label = len(window.groups), found
            yield run[first : first + size], label
            first += size

    def _outdoes(self, window: _Window, natural: int) -> bool:
        """Whether a number goes on behind what alone would be a learning card; six digits more may be a one-time code."""
        alone = sum(len(group.digits) for group in window.groups[:natural])
        proven = alone == _CARD and BANK_NUMBER.fullmatch(window.number) and has_check_digit(window.number)
        return bool(proven) and (self._bank or len(window.number) - alone != _CODE)

    def _x(self, end: int) -> re.Match[str] | None:
        return (_X_SAID if self._person else X).match(self._folded, end)

    def _dated(self, window: _Window) -> str | None:
        if not self._person and self._cuts_a_telephone(window):
            return None  # 1100 13190001100 130: telephones side by side
        if DATED.fullmatch(window.number):
            return IDENTITY
        older = _OLDER.fullmatch(window.number) and not window.apart and window.sizes in _OLDER_GROUPS
        return IDENTITY if older else None

    def _likely(self, window: _Window) -> str | None:
        label = self._judged(window)
        if label == BANK and not self._bank and _counted(self._folded, window):
            return None  # 620000000005 1776年: a card, and a year
        if label and not (self._person or self._bank) and self._cuts_a_telephone(window):
            return None  # 620380103114和132 7197 0000
        if label and any(_COUNTRY.match(self._folded, each.start - 1) for each in window.groups[1:]):
            return None  # 转492 +8618000000000: with that another number begins
        return label

    def _judged(self, window: _Window) -> str | None:
        number, near = window.number, not window.apart
        if self._person and window.whole and len(number) in {15, 18} and number[0] != "0":
            return IDENTITY
        together = window.groups[-1].end - window.groups[0].start == len(number.removesuffix("x"))
        if near and _SHAPED.fullmatch(number) and (self._person or window.whole or together):
            return IDENTITY
        if number[-1] == "x" or (len(number) < 16 and not (near and has_check_digit(number))):
            return None
        if together and len(number) >= 16:
            return BANK
        if not (near or self._bank) or not BANK_NUMBER.fullmatch(number):
            return None
        sure = has_check_digit(number) or (window.whole and (self._bank or self._even(window)))
        return BANK if sure and window.groups[0].start not in self._extensions else None

    def _cuts_a_telephone(self, window: _Window) -> bool:
        start, end = window.groups[0].start, window.groups[-1].end
        return any(first < at < last for first, last in self._telephones for at in (start, end))

    @cached_property
    def _telephones(self) -> list[tuple[int, int]]:
        return [(each.start, each.end) for each in phones.find(self._folded)]

    @cached_property
    def _extensions(self) -> frozenset[int]:
        """Where the numbers of extensions begin (0500-80000000转342): no other number does."""
        numbers = ((each.end, each.number.partition("-")[2]) for each in phones.find(self._folded))
        return frozenset(end - len(extension) for end, extension in numbers if extension)

    def _even(self, window: _Window) -> bool:
        sizes = window.sizes
        sums = all(group.digits.endswith("00") for group in window.groups)  # 4000、5000、6000、7000
        return len({*sizes[:-1]}) == 1 and sizes[0] in {1, 4} and window.number.startswith(("6", "4", "5")) and not sums

    def _long(self, digits: str) -> str | None:
        if DATED.search(digits):  # once, or twice without a space
            return IDENTITY
        return None if len(digits) <= _MANY and _KEPT.fullmatch(digits) else BANK

    def _labelled(self, groups: list[DigitGroup], label: str) -> Iterator[Span]:
        """Words between groups stay."""
        start = groups[0].start
        for before, group in pairwise(groups):
            if group.apart:
                yield start, before.end, label
                start = group.start
        end = groups[-1].end
        x = X.match(self._folded, end) if sum(len(group.digits) for group in groups) == 17 else None
        yield start, x.end() if x else end, label


class _Windows:
    """The numbers that groups of a run make, of as many digits as what is masked has. A run may be long: what each takes
    is found from sums, not group by group."""

    def __init__(self, run: Sequence[DigitGroup], x: Callable[[int], object]) -> None:
        self._run = run
        self._x = x
        self._digits = "".join(group.digits for group in run)
        self._ends = list(accumulate((len(group.digits) for group in run), initial=0))
        self._apart = list(accumulate((group.strange for group in run), initial=0))
        self._dated = frozenset(match.start() for match in _MAY_BE_DATED.finditer(self._digits))

    def may_be_dated(self, first: int) -> bool:
        """Whether a number that says when somebody was born can begin with this group."""
        return self._ends[first] in self._dated

    def at(self, first: int) -> Iterator[_Window]:
        """Those that begin with this group."""
        begun = self._ends[first]
        for end in range(bisect_left(self._ends, begun + _SHORT), len(self._ends)):
            number = self._digits[begun : self._ends[end]]
            if len(number) >= _LONG:
                return
            if len(number) == 17 and self._x(self._run[end - 1].end):
                number += "x"
            apart = self._apart[end] > self._apart[first + 1]
            yield _Window(self._run[first:end], number, apart, first == 0 and end == len(self._run))


def _natural(run: list[DigitGroup], first: int) -> int:
    """How many groups from there are a telephone number or a learning card as people group them; 0 if they are none."""
    sizes: tuple[int, ...] = ()
    number = ""
    for last in range(first, min(first + _CARD, len(run))):
        number += run[last].digits
        if len(number) > _CARD:
            return 0
        sizes = sized(sizes, run, first, last)
        if (sizes in PHONE_GROUPS or sizes in CARD_GROUPS or len(sizes) == _CARD) and _is_kept(number):
            return last - first + 1
    return 0


def _is_kept(number: str) -> bool:
    return (len(number) == 11 and "13" <= number[:2] <= "19") or (len(number) == 12 and has_check_digit(number))
