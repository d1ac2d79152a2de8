"""Numbers by which residents prove who they are, taken out of a text before anything keeps it: of learning cards, and
one-time codes.

They are found with words around them, in digits of any script, read out, and in groups. What six digits are by themselves
depends on the talk: `lately` says that a code may be on its way, `asked` that the message answers a question for one of
them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from nlu import harmless, phones, secrets
from nlu.groups import READ_OUT, DigitGroup, parts, runs, sized
from nlu.masking import CARD_GROUPS, Span, cover, mask
from nlu.numbering import unnumbered
from nlu.numerals import has_check_digit
from nlu.text import SAID_DIGITS, fold_numbers

Kind = Literal["card", "code"]
LABELS: Mapping[Kind, str] = {"card": secrets.CARD, "code": secrets.CODE}  # what stands for them
_CARD_DIGITS, _CODE_DIGITS = 12, 6
_NEARLY = range(10, 15)  # digits of a card's number with one or two too many or too few
_BARE = range(4, 21)  # digits that are an answer to a question for a number, whatever they are
_POSSIBLE = re.compile(rf"(?:[\d{SAID_DIGITS}][^\d{SAID_DIGITS}]{{0,40}}){{4}}")
_FIGURES = re.compile(rf"\d|[{SAID_DIGITS}]{{3}}")
_SIX, _YEAR = re.compile(r"[\W_]*\d{6}[\W_]*"), re.compile(r"(?:19|20)\d\d")
_OF_CARD = re.compile("卡|card")
_CALLED = (
    "(?:验证|[校检]验|动态|确认|短信|认证)[码嘛马吗玛]|(?:登[录陆]|取[件货餐]|提取|激活|安全|授权|绑定|注册)码"
    "|(?:动态|短信|一次性)?(?:密[码马玛]|口令)|yan ?zheng ?ma|(?<![a-z])(?:(?:pass)?code|otp|pin|mi ?ma|pass ?word|pwd)(?![a-z])"
)
OF_CODE = re.compile(
    rf"{_CALLED}|短信[里中上]?|收到|(?:验证|报|输入?|填|念)(?=\W?[\d{SAID_DIGITS}]{{4}})|发[来过给]|数字是|[码马]是|(?:(?<!\w)|[的个串]|手机|短信)码(?=\W{{0,2}}[\d{SAID_DIGITS}])"
)
_SOME_WORDS = r" *(?:[^\d ] *){0,6}"
_NEAR = 40  # characters before a number in which its name stands, blanks included
# A code may have letters about it (a648571b); what a date or the number of a ticket begins with is none.
_AFTER_CODE = re.compile(
    rf"(?:{_CALLED}){_SOME_WORDS}?((?:(?<![a-z])[a-z]{{1,3}})?\d{{4,8}}(?!\d)(?![-./:]\d)(?:[a-z]{{1,3}}(?![a-z]))?)"
)
_BEFORE_CODE = re.compile(rf"(?:{_CALLED}){_SOME_WORDS}$")
_LASTING = re.compile(r"(?<!\d{6}) ?(?:[秒天次遍位个]|小时)")
_CUT = 60  # digits of what is cut into numbers that run together
_MOBILE, _MOBILE_DIGITS = re.compile(r"1[3-9]\d{9}"), 11
_DATED = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")
_YEARS = re.compile(r"(?:(?:19|20)\d\d){3}|(?:\d\d00){3}")  # or sums


class Found(Struct, frozen=True):
    """A card's number or a code: its digits, and what of the text is replaced for it."""

    kind: Kind
    digits: str
    spans: tuple[tuple[int, int], ...]


def hide(text: str, *, lately: bool = False, asked: bool = False, before: str = "") -> str:
    """The text without them, without pieces of numbers that are called so, and passwords; all else as it was. What was
    said right `before` may have called six digits something else, or be the piece before."""
    folded = fold_numbers(text)
    found = list(secrets.passwords(folded)) if secrets.may_have_password(folded) else []
    if _FIGURES.search(folded):
        folded = secrets.named_right(unnumbered(f"{before}\n{text}", f"{before}\n{folded}")[len(before) + 1 :])
        if not (_SIX.fullmatch(folded) and harmless.names_other(before)):
            found += spans(folded, lately=lately, asked=asked)
        whole = any(label == secrets.CARD and _size(folded[start:end]) == _CARD_DIGITS for start, end, label in found)
        found = [*secrets.called(folded, found if whole else ()), *found]
    return cover(text, found) if found else text


def _size(folded: str) -> int:
    return sum(map(str.isdecimal, folded.translate(READ_OUT)))


def spans(folded: str, *, lately: bool, asked: bool) -> Iterator[Span]:
    """Where they stand in a text whose numbers are folded."""
    found = find(folded, lately=lately, asked=asked)
    return ((*span, LABELS[each.kind]) for each in found for span in each.spans)


def covered(text: str) -> str:
    """The text without any number that nobody keeps: decision 74."""
    return hide(mask(text))


def unreachable(text: str) -> str:
    """The same, and with no mobile's number whole."""
    text = covered(text)
    for each in reversed(phones.find(fold_numbers(text))):
        if each.number[0] == "1":
            text = f"{text[: each.start]}{each.number[:3]}****{each.number[-4:]}{text[each.end :]}"
    return text


def answer(text: str, kind: Kind) -> str | None:
    """The digits that answer a question for one of this kind, or the other kind where that alone is named; of several the
    last, for that is the one put right. None where it is no answer."""
    found = list(find(fold_numbers(text), lately=True, asked=True))
    meant = [each for each in found if each.kind == kind] or found
    return meant[-1].digits if meant else None


def later_answer(text: str, kind: Kind, *, lately: bool) -> str | None:
    """The same where the question was put aside: a card's number, or a code that may be on its way. Any other number means
    something else: a year, a telephone."""
    found = find(fold_numbers(text), lately=lately, asked=False)
    meant = [each.digits for each in found if each.kind == "card" or (kind == "code" and lately)]
    return meant[-1] if meant else None


def is_whole(digits: str) -> bool:
    """Whether an answer is a card's number or a code, and no piece of one."""
    return len(digits) in (_CARD_DIGITS, _CODE_DIGITS)


def find(folded: str, *, lately: bool, asked: bool) -> Iterator[Found]:
    """All of them in a text whose numbers are folded."""
    if _POSSIBLE.search(folded) is None or harmless.are_emergency(folded):
        return
    plain = folded.translate(READ_OUT)
    bare = re.sub(r"[\W_]", "", plain)
    alone = bare.isdecimal()
    of_card = asked or bool(_OF_CARD.search(folded))
    of_code = (
        lately
        or of_card
        or (
            alone and len(bare) in (_CODE_DIGITS, _CARD_DIGITS + _CODE_DIGITS) and not harmless.POSTCODE.fullmatch(bare)
        )
    )
    reader = _Reader(folded, of_card=of_card, of_code=of_code or bool(OF_CODE.search(folded)))
    found = [each for run in runs(folded) for each in reader.of_run(run)]
    found += reader.named(plain)
    if asked and alone and len(bare) in _BARE and not found and not _is_when(folded):
        found.append(Found("card" if len(bare) > _CODE_DIGITS else "code", bare, ((0, len(folded)),)))
    yield from found


def _is_when(folded: str) -> bool:
    return harmless.DAY_OR_TIME.fullmatch(folded) is not None or _YEAR.fullmatch(folded) is not None


class _Reader:
    """Reads the runs of one text, knowing what it speaks of."""

    def __init__(self, folded: str, *, of_card: bool, of_code: bool) -> None:
        self._folded = folded
        self._of_card = of_card
        self._of_code = of_code
        self._phones = {position for each in phones.find(folded) for position in range(each.start, each.end)}
        self._days = {position for each in harmless.DAY_OR_TIME.finditer(folded) for position in range(*each.span())}

    def of_run(self, run: Sequence[DigitGroup]) -> Iterator[Found]:
        found = [each for part in parts(run) for each in self._of_part(part)]
        if not found and self._has_words(run):
            number = _digits(run)
            if len(number) == _CARD_DIGITS and (
                self._of_card or (has_check_digit(number) and not _YEARS.fullmatch(number))
            ):
                found = [Found("card", number, _spans(run))]
            elif len(number) == _CODE_DIGITS and self._is_code(run, behind=False):
                found = [Found("code", number, _spans(run))]
        yield from found

    def named(self, plain: str) -> Iterator[Found]:
        """Codes of any length that are called so."""
        for match in _AFTER_CODE.finditer(plain):
            start, end = match.span(1)
            counted = harmless.COUNTED.match(plain, end) or _LASTING.match(plain, end)
            if (
                not counted
                and self._phones.isdisjoint(range(start, end))
                and not harmless.is_other(self._folded, start)
            ):
                yield Found("code", re.sub("[a-z]", "", match[1]), ((start, end),))

    def _has_words(self, run: Sequence[DigitGroup]) -> bool:
        return any(each.strange for each in run) and not self._is_phone(run)

    def _of_part(self, part: Sequence[DigitGroup]) -> Iterator[Found]:
        """Those among groups that follow on each other without words."""
        number = _digits(part)
        if (
            self._of_card
            and len(number) in _NEARLY
            and not self._is_phone(part)
            and not harmless.is_other(self._folded, part[0].start)
        ):
            yield Found("card", number, _spans(part))
            return
        first = 0
        kind: Kind | None = None
        while first < len(part):
            if together := _together(part[first], of_card=self._of_card):
                yield from together
                first, kind = first + 1, "card"
                continue
            size, kind = self._at(part, first, behind=kind == "card")
            taken = part[first : first + size]
            if kind:
                yield Found(kind, _digits(taken), _spans(taken))
            first += size

    def _at(self, part: Sequence[DigitGroup], first: int, *, behind: bool) -> tuple[int, Kind | None]:
        """How many groups from there are one number, and of what; one, where they are neither. Six digits right `behind` a
        card are the code that was asked for with it."""
        digits, code = 0, 0
        sizes: tuple[int, ...] = ()
        for last in range(first, len(part)):
            digits += len(part[last].digits)
            sizes = sized(sizes, part, first, last)
            window = part[first : last + 1]
            if digits == _CARD_DIGITS and self._is_card(window, sizes):
                return len(window), "card"
            if (
                digits == _CODE_DIGITS
                and (len(sizes) == 1 or len(window) == len(part) or self._is_called(window[0].start))
                and self._is_code(window, behind=behind)
            ):
                code = len(window)
            if digits >= _CARD_DIGITS:
                break
        return (code, "code") if code else (1, None)

    def _is_card(self, window: Sequence[DigitGroup], sizes: tuple[int, ...]) -> bool:
        number = _digits(window)
        proven = has_check_digit(number)
        if self._of_card:
            return proven or not harmless.is_other(self._folded, window[0].start)
        if self._is_phone(window) or is_dated(number):
            return False
        if proven:
            return sizes in CARD_GROUPS or len(sizes) == _CARD_DIGITS or any(map(self._is_mixed, window))
        return len(sizes) == 1 and not harmless.is_other(self._folded, window[0].start)

    def _is_mixed(self, group: DigitGroup) -> bool:
        """Whether it is written in figures and numerals, as no sum and no date is."""
        written = self._folded[group.start : group.end]
        return written.isalnum() and not written.isascii() and any(map(str.isdecimal, written))

    def _is_code(self, window: Sequence[DigitGroup], *, behind: bool) -> bool:
        return (
            (self._of_code or behind)
            and not self._is_phone(window)
            and all(each.start not in self._days for each in window)
            and harmless.COUNTED.match(self._folded, window[-1].end) is None
            and not harmless.is_other(self._folded, window[0].start)
        )

    def _is_called(self, start: int) -> bool:
        return _BEFORE_CODE.search(self._folded, max(0, start - _NEAR), start) is not None

    def _is_phone(self, groups: Sequence[DigitGroup]) -> bool:
        return any(group.start in self._phones for group in groups)


def _together(group: DigitGroup, *, of_card: bool) -> list[Found]:
    """The cards and codes of digits that run together: a card typed twice, a card and a telephone number. Where they are
    more than those, and a card is among them or spoken of, all is one."""
    number = group.digits
    if len(number) <= _CARD_DIGITS or len(number) != group.end - group.start:
        return []
    pieces = _cut(number) if len(number) <= _CUT else None
    if pieces:
        return [
            Found(kind, number[at : at + size], ((group.start + at, group.start + at + size),))
            for at, size, kind in pieces
            if kind != "phone"
        ]
    card = next((each for each in (number[:_CARD_DIGITS], number[-_CARD_DIGITS:]) if has_check_digit(each)), None)
    if card is None and not (of_card and len(number) not in _NEARLY):
        return []
    return [Found("card", card or number, ((group.start, group.end),))]


def _cut(number: str, at: int = 0) -> list[tuple[int, int, Literal["card", "code", "phone"]]] | None:
    """The pieces of which a number wholly is: where each begins, how long it is, and what; None where it is not of such. A
    code is one behind a card."""
    if at == len(number):
        return []
    piece = number[at : at + _CARD_DIGITS]
    if len(piece) == _CARD_DIGITS and has_check_digit(piece) and (rest := _cut(number, at + _CARD_DIGITS)) is not None:
        return [(at, _CARD_DIGITS, "card"), *rest]
    if _MOBILE.match(number, at) and (rest := _cut(number, at + _MOBILE_DIGITS)) is not None:
        return [(at, _MOBILE_DIGITS, "phone"), *rest]
    if at and len(number) - at == _CODE_DIGITS:
        return [(at, _CODE_DIGITS, "code")]
    return None


def is_dated(number: str) -> bool:
    """Whether it may be a date and what follows, or years or sums in a row."""
    return _DATED.match(number) is not None or _YEARS.fullmatch(number) is not None


def _digits(groups: Sequence[DigitGroup]) -> str:
    return "".join(each.digits for each in groups)


def _spans(groups: Sequence[DigitGroup]) -> tuple[tuple[int, int], ...]:
    """Words between groups stay."""
    start = groups[0].start
    spans = []
    for before, group in pairwise(groups):
        if group.apart:
            spans.append((start, before.end))
            start = group.start
    return (*spans, (start, groups[-1].end))
