"""Numbers by which residents prove who they are, taken out of a text before anything keeps it: of learning cards, and
one-time codes.

They are found with words around them, in digits of any script, read out, and in groups. What six digits are by themselves
depends on the talk: `lately` says that a code may be on its way, `asked` that the message answers a question for one of
them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from nlu import phones
from nlu.masking import CARD_GROUPS, READ_OUT, DigitGroup, Span, cover, mask, runs, sized
from nlu.masking import spans as masked
from nlu.numerals import has_check_digit
from nlu.text import SAID_DIGITS, fold_numbers

Kind = Literal["card", "code"]
LABELS: Mapping[Kind, str] = {"card": "[学习卡号]", "code": "[验证码]"}  # what stands for them
_CARD_DIGITS, _CODE_DIGITS = 12, 6
_NEARLY = range(10, 15)  # digits of a card's number with one or two too many or too few
_BARE = range(4, 21)  # digits that are an answer to a question for a number, whatever they are
_POSSIBLE = re.compile(rf"(?:[\d{SAID_DIGITS}][^\d{SAID_DIGITS}]{{0,40}}){{4}}")
_OF_CARD = re.compile("卡|card")
_CALLED = (
    "(?:验证|校验|动态|确认|短信|认证)[码嘛马吗玛]|(?:登[录陆]|取[件货餐]|提取|激活|安全|授权|绑定|注册)码"
    "|(?:动态|短信|一次性)?(?:密码|口令)|yan ?zheng ?ma|(?<![a-z])(?:code|otp|pin)(?![a-z])"
)
_OF_CODE = re.compile(f"{_CALLED}|短信[里中上]?|收到|发[来过给]|数字是|[码马]是")
_SOME_WORDS = r" *(?:[^\d ] *){0,6}"
_NEAR = 40  # characters before a number in which its name stands, blanks included
# A code may have letters about it (a648571b); what a date or the number of a ticket begins with is none.
_AFTER_CODE = re.compile(
    rf"(?:{_CALLED}){_SOME_WORDS}?((?:(?<![a-z])[a-z]{{1,3}})?\d{{4,8}}(?!\d)(?![-./:]\d)(?:[a-z]{{1,3}}(?![a-z]))?)"
)
_BEFORE_CODE = re.compile(rf"(?:{_CALLED}){_SOME_WORDS}$")
_COUNTED = re.compile(r" ?(?:[元块分年月日人号岁期路楼室]|积分|学分)")  # 200000分: how much or which, no code
_LASTING = re.compile(r"(?<!\d{6}) ?(?:[秒天次遍位个]|小时)")
# 邮编324000, 订单号…: which number of something else it is.
_OTHERWISE = re.compile(
    r"(?:邮编|邮政编码|post(?:al)? ?code|zip(?: code)?|qr code|工单|订单|[单编群工座]号|报名号|会议号|房间号|[qQ]{2}群?|微信群)\W{0,3}(?:是|为)?\W{0,3}[a-z]{0,3}$"
)
# The number of a lesson on line and its password are everybody's who is in it; nothing else may stand between.
_OF_A_MEETING = re.compile(
    r"(?:会议|入会|直播间?|无线网?络?|wi-?fi|meeting|zoom)(?:号码?|id)?(?:是|为|is)?[\W\d]{0,24}(?:入会|会议)?(?:密码|口令|pass(?:word|code))(?:是|为| is)?\W{0,3}$"
)
# What may go on with a number of the text before it: two digits and more, among few words.
_PIECE, _NEXT = re.compile(rf"(?:[^\d{SAID_DIGITS}]{{0,12}})(?:[\d{SAID_DIGITS}][\W_]{{0,2}}){{2}}"), "\n"
_DIGIT = re.compile(rf"[\d{SAID_DIGITS}]")
_REACH = 80  # characters at the end of a text, or at its beginning, in which a piece of a number stands
_CUT = 60  # digits of what is cut into numbers that run together
_DAY_OR_TIME = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])|(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)(?!\d)"
)
_MOBILE, _MOBILE_DIGITS = re.compile(r"1[3-9]\d{9}"), 11
_DATED = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")
_YEARS = re.compile(r"(?:(?:19|20)\d\d){3}|(?:\d\d00){3}")  # or sums


class Found(Struct, frozen=True):
    """A card's number or a code: its digits, and what of the text is replaced for it."""

    kind: Kind
    digits: str
    spans: tuple[tuple[int, int], ...]


def hide(text: str, *, lately: bool = False, asked: bool = False) -> str:
    """The text without them; all else as it was."""
    return cover(text, _spans_of(text, lately=lately, asked=asked))


def _spans_of(text: str, *, lately: bool, asked: bool) -> Iterator[Span]:
    found = find(text, lately=lately, asked=asked)
    return ((*span, LABELS[each.kind]) for each in found for span in each.spans)


def may_go_on(text: str) -> bool:
    """Whether it may be a piece of a number that began in the text before it."""
    return _PIECE.match(fold_numbers(text)) is not None


def together(texts: Sequence[str], *, lately: bool = False) -> list[str]:
    """Texts of one resident, one after the other, each without what is a piece of a number that the last of them goes on or
    ends; as they were where it does not. However long they are, their ends alone are read."""
    *before, going_on = texts
    ends = [*(each[-_REACH:] for each in before), going_on[:_REACH]]
    joined = _NEXT.join(ends)
    of_code = lately or _OF_CODE.search(joined) is not None  # six digits alone may be prices
    of_proofs = (span for span in _spans_of(joined, lately=lately, asked=False) if of_code or span[2] != LABELS["code"])
    last = len(joined) - len(ends[-1])
    found = sorted({*masked(joined), *of_proofs, *_cut_anywhere(joined, last)})
    across = [span for number in _numbers(joined, found) if number[0][0] < last < number[-1][1] for span in number]
    covered = [cover(end, _within(across, start, len(end))) for start, end in _placed(ends)]
    heads = [each.removesuffix(end) for each, end in zip(before, ends, strict=False)]
    return [*map("".join, zip(heads, covered, strict=False)), covered[-1] + going_on[_REACH:]]


def _numbers(text: str, spans: Iterable[Span]) -> Iterator[list[Span]]:
    """What is covered of one number each: words in it stand between, and no digits."""
    number: list[Span] = []
    for span in spans:
        if number and (number[-1][2] != span[2] or _DIGIT.search(text, number[-1][1], span[0])):
            yield number
            number = []
        number.append(span)
    if number:
        yield number


def _cut_anywhere(joined: str, last: int) -> Iterator[Span]:
    """A card's number by its check digit alone, wherever the texts cut it: all the digits of those that it stands in."""
    folded = fold_numbers(joined)
    reader = _Reader(folded, of_card=False, of_code=False)
    for run in runs(folded):
        for part in _parts(run):
            for first, group in enumerate(part):
                number = _digits(part[first:])
                begins = first == 0 or _NEXT in joined[part[first - 1].end : group.start]
                if begins and group.start < last < part[-1].end and reader.is_proven(part[first:], number):
                    yield from ((*span, LABELS["card"]) for span in _spans(part[first:]))


def _placed(texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    start = 0
    for text in texts:
        yield start, text
        start += len(text) + len(_NEXT)


def _within(spans: Iterable[Span], start: int, size: int) -> Iterator[Span]:
    """What of them is in a text that begins there."""
    for first, end, label in spans:
        if first < start + size and end > start:
            yield max(0, first - start), min(size, end - start), label


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
    found = list(find(text, lately=True, asked=True))
    meant = [each for each in found if each.kind == kind] or found
    return meant[-1].digits if meant else None


def later_answer(text: str, kind: Kind, *, lately: bool) -> str | None:
    """The same where the question was put aside: a card's number, or a code that may be on its way. Any other number means
    something else: a year, a telephone."""
    found = find(text, lately=lately, asked=False)
    meant = [each.digits for each in found if each.kind == "card" or (kind == "code" and lately)]
    return meant[-1] if meant else None


def find(text: str, *, lately: bool, asked: bool) -> Iterator[Found]:
    """All of them in a cleaned text."""
    folded = fold_numbers(text)
    if _POSSIBLE.search(folded) is None:
        return
    plain = folded.translate(READ_OUT)
    bare = re.sub(r"[\W_]", "", plain)
    alone = bare.isdecimal()
    of_card = asked or bool(_OF_CARD.search(folded))
    of_code = lately or of_card or (alone and len(bare) in (_CODE_DIGITS, _CARD_DIGITS + _CODE_DIGITS))
    reader = _Reader(folded, of_card=of_card, of_code=of_code or bool(_OF_CODE.search(folded)))
    found = [each for run in runs(folded) for each in reader.of_run(run)]
    found += reader.named(plain)
    if asked and alone and len(bare) in _BARE and not found:
        found.append(Found("card" if len(bare) > _CODE_DIGITS else "code", bare, ((0, len(text)),)))
    yield from found


class _Reader:
    """Reads the runs of one text, knowing what it speaks of."""

    def __init__(self, folded: str, *, of_card: bool, of_code: bool) -> None:
        self._folded = folded
        self._of_card = of_card
        self._of_code = of_code
        self._phones = {position for each in phones.find(folded) for position in range(each.start, each.end)}
        self._days = {position for each in _DAY_OR_TIME.finditer(folded) for position in range(*each.span())}

    def of_run(self, run: Sequence[DigitGroup]) -> Iterator[Found]:
        found = [each for part in _parts(run) for each in self._of_part(part)]
        if not found and self._has_words(run):
            number = _digits(run)
            if len(number) == _CARD_DIGITS and (
                self._of_card or (has_check_digit(number) and not _YEARS.fullmatch(number))
            ):
                found = [Found("card", number, _spans(run))]
            elif self._of_code and len(number) == _CODE_DIGITS:
                found = [Found("code", number, _spans(run))]
        yield from found

    def named(self, plain: str) -> Iterator[Found]:
        """Codes of any length that are called so."""
        for match in _AFTER_CODE.finditer(plain):
            start, end = match.span(1)
            counted = _COUNTED.match(plain, end) or _LASTING.match(plain, end)
            if not counted and self._phones.isdisjoint(range(start, end)) and not self._is_other(start):
                yield Found("code", re.sub("[a-z]", "", match[1]), ((start, end),))

    def _is_other(self, start: int) -> bool:
        before = max(0, start - _NEAR)
        return any(each.search(self._folded, before, start) for each in (_OTHERWISE, _OF_A_MEETING))

    def _has_words(self, run: Sequence[DigitGroup]) -> bool:
        return any(each.strange for each in run) and not self._is_phone(run)

    def _of_part(self, part: Sequence[DigitGroup]) -> Iterator[Found]:
        """Those among groups that follow on each other without words."""
        number = _digits(part)
        if self._of_card and len(number) in _NEARLY and not self._is_phone(part) and not self._is_other(part[0].start):
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
                and self._is_code(window, behind)
            ):
                code = len(window)
            if digits >= _CARD_DIGITS:
                break
        return (code, "code") if code else (1, None)

    def _is_card(self, window: Sequence[DigitGroup], sizes: tuple[int, ...]) -> bool:
        number = _digits(window)
        proven = has_check_digit(number)
        if self._of_card:
            return proven or not self._is_other(window[0].start)
        if self._is_phone(window) or _DATED.match(number) or _YEARS.fullmatch(number):
            return False
        if proven:
            return sizes in CARD_GROUPS or len(sizes) == _CARD_DIGITS
        return len(sizes) == 1 and not self._is_other(window[0].start)

    def is_proven(self, groups: Sequence[DigitGroup], number: str) -> bool:
        """Whether groups of any size are a card's number, by its check digit."""
        return len(number) == _CARD_DIGITS and has_check_digit(number) and self._is_card(groups, (_CARD_DIGITS,))

    def _is_code(self, window: Sequence[DigitGroup], behind: bool) -> bool:
        return (
            (self._of_code or behind)
            and not self._is_phone(window)
            and all(each.start not in self._days for each in window)
            and _COUNTED.match(self._folded, window[-1].end) is None
            and not self._is_other(window[0].start)
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


def _parts(run: Sequence[DigitGroup]) -> Iterator[list[DigitGroup]]:
    part: list[DigitGroup] = []
    for group in run:
        if part and group.strange:
            yield part
            part = []
        part.append(group)
    if part:
        yield part


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
