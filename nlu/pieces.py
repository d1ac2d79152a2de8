"""A number over several texts of one resident: what is a piece of it in each.

Either it is known by itself when its last piece has come, wherever it was cut; or it was called so, or a piece of it was
covered before, and what comes next is digits and little else.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from nlu import harmless, phones, proofs, secrets
from nlu.groups import READ_OUT, DigitGroup, runs
from nlu.masking import BANK, BANK_NUMBER, DATED, DAY, IDENTITY, ISSUED, YEAR, Span, cover, mask
from nlu.masking import spans as masked
from nlu.numbering import unnumbered
from nlu.numerals import has_check_digit
from nlu.text import SAID_DIGITS, SPELLED_FEW, digits_said, figures, fold_numbers

_NEXT = "\n"
# 2026春季班, room 302: what words begin behind, or of another script before.
_BESIDES = re.compile(rf"[\d{SAID_DIGITS}][^\W\d_x{SAID_DIGITS}某][^\W\d_{SAID_DIGITS}]|[a-z]{{3}}")
_WAITS, _MURMUR = re.compile("[等稍看找拿慢喂]|花?眼?镜|在吗"), 2  # what is said between two pieces, and letters of it
_LEADS = re.compile(
    "然后|接着|接下来|下一?[面段]|随后|往后|后[面边]|后?半段|最后|[末后].?位|剩|还有|继续|好了|找到|看清|第.[段组部位节截排行块串批]|[末尾][了尾]?一?[段截排行块串]|另外?一?半|收尾|[后末]头|next|then|last"
)
_YEAR_OR_SUM = re.compile(r"(?:19|20)\d\d|\d{1,2}00")
_SUMS = re.compile(r"(?:[1-9]\d{0,2}?0{2,3}(?=[1-9]|$))+")
_NO_WORD = re.compile(rf"[\W_\d{SAID_DIGITS}某签]")
_DIGIT = re.compile(rf"[\d{SAID_DIGITS}]")
_BEGINS = re.compile(rf"[\da-z{SAID_DIGITS}卡证码令号户编\[]", re.IGNORECASE)
_REACH = 120  # characters at the end of a text, or at its beginning, in which a piece of a number stands
_BRIEF, _SHORT = 40, 8  # characters of a text that is a piece and little else, and of one that only stands between
_BESIDE = 4  # characters of words that are not known to be small
_BETWEEN = 2  # longer texts, behind which a number that was begun does not go on
_PIECE = 4  # digits that tell something of a number
_ISSUER = "62"  # what most learning cards begin with
_CARD_DIGITS, _WHOLE, _LONGEST = 12, 16, 19  # digits of a learning card, and of what has more
_ALONE = re.compile(rf"^[\s·\d{SAID_DIGITS}]++x?\s*+$")  # a number and nothing that says whose or what it is
# The end of an identity paper's: it looks like a mobile's where its holder was born in the last century.
_BORN = re.compile(rf"{YEAR}{DAY}\d{{3}}")
_WORD, _X = re.compile(r"[^\W_]"), re.compile(r"[\W_]{0,2}[x×](?![a-z0-9])")


class _Text(Struct, frozen=True):
    """The end of a text, and what of it may be read over the next. `groups` are its digits that are nobody's known harmless
    number; `bare` where little else is in it, `opens` the label of the number that it names or has a piece of,
    `wordy` says that it has words that lead to no number,
    `aside` says that something else is spoken of."""

    said: str  # its numbers folded
    read: str  # the same, blank where small words are
    groups: Sequence[DigitGroup]
    bare: bool
    opens: str | None
    aside: bool
    wordy: bool

    @property
    def digits(self) -> int:
        return sum(len(each.digits) for each in self.groups)


def may_begin(text: str) -> bool:
    """Whether a number may have begun in it that the next text goes on with."""
    return _BEGINS.search(text) is not None


def may_go_on(text: str) -> bool:
    """Whether it may be a piece of a number that began in the text before it."""
    head = text[:_REACH]
    return _DIGIT.search(_spelled(fold_numbers(head))) is not None or secrets.LABEL.search(head) is not None


def is_whole(said: str, kept: str) -> bool:
    """Whether a number was covered in it that none can go on from: of an identity paper, or of a bank card."""
    return digits_said(said) - digits_said(kept) >= _WHOLE


def begun(said: str, kept: str, since: int, now: int) -> int:
    """Since when pieces of a number may have come, now that this was said, and this kept of it; 0 where none may."""
    if said != kept and is_whole(said, kept):
        return 0
    return since or (now if may_begin(kept) else 0)


def _folded(text: str) -> str:
    return _spelled(secrets.named_right(fold_numbers(text)))


def _spelled(folded: str) -> str:
    """With the few digits spelled out that are all of it: by themselves they are words."""
    if "e" not in folded and "i" not in folded and "o" not in folded:  # as what is written in Chinese has not
        return folded
    return SPELLED_FEW.sub(figures, folded)


def keep(
    before: Sequence[str], said: str, *, lately: bool = False, asked: bool = False, answers: bool = False
) -> list[str]:
    """What is kept of the texts before, as they were kept, and of the one that comes now. `asked` says that it answers a
    question for one of these numbers; for the others see `together`."""
    beside = before[-1][-_REACH:] if before else ""
    text = proofs.hide(mask(said), lately=lately, asked=asked, before=beside)
    return together([*before, text], lately=lately, answers=answers) if before and may_go_on(text) else [*before, text]


def together(texts: Sequence[str], *, lately: bool = False, answers: bool = False) -> list[str]:
    """Texts of one resident, one after the other, each without what is a piece of a number that the last of them goes on or
    ends; as they were where it does not. However long they are, their ends alone are read. `lately` says that a code may be
    on its way, `answers` that digits are asked for that are none of these numbers."""
    *before, going_on = texts
    ends = [*(each[-_REACH:] for each in before), going_on[:_REACH]]
    read = list(map(_read, _plain(ends)))
    found = _proven(read, lately=lately)
    label = found[-1][-1][2] if found[-1] else _called(read, answers=answers)
    if label and read[-1].bare:
        found[-1] += _covered(read[-1], label)
        for n in _alone(read):
            found[n] += _covered(read[n], label)
    found[-1] += secrets.password_behind([each.said for each in read])
    covered = [cover(text, spans) for text, spans in zip(ends, found, strict=True)]
    heads = [each.removesuffix(end) for each, end in zip(before, ends, strict=False)]
    return [*map("".join, zip(heads, covered, strict=False)), covered[-1] + going_on[_REACH:]]


def _plain(ends: Sequence[str]) -> Iterator[str]:
    """With their numbers folded, and without the marks that tell the pieces apart."""
    plain = unnumbered(_NEXT.join(ends), _NEXT.join(map(_folded, ends)))
    start = 0
    for each in ends:
        yield plain[start : start + len(each)]
        start += len(each) + len(_NEXT)


def _read(folded: str) -> _Text:
    opens = secrets.opened(folded)
    plain = secrets.without(folded, (match.span() for match in secrets.LABEL.finditer(folded)), "签")
    words = secrets.little(plain)
    little = len(folded.replace(" ", "")) <= _BRIEF and _is_little(secrets.named(words))
    # A number that stands alone may be a piece, whatever else it could be: the proof is in all of them together.
    telephones = _LEADS.search(plain) is None and not _ALONE.fullmatch(words)
    others = () if _ALONE.fullmatch(plain) else harmless.spans(plain, telephones=telephones)
    words = secrets.without(words, ((start, end) for start, end in others if words[start:end].strip()))
    wordy = any(map(_is_letter, secrets.named(words)))
    if little and not wordy:
        words = words.translate(READ_OUT)  # a numeral alone is a digit where there is nothing else
    groups = [group for run in runs(words) for group in run]
    bare = little and "某" not in words and bool(groups or opens or _DIGIT.search(words))
    waits = not bare and len(folded) <= _SHORT and "某" not in words
    if bare:
        words = "".join(
            " " if _is_letter(beside) else each for each, beside in zip(words, secrets.named(words), strict=True)
        )
    aside = not (bare or opens or (waits and (_WAITS.search(words) or len(_NO_WORD.sub("", words)) <= _MURMUR)))
    return _Text(folded, " " * len(words) if waits and not groups else words, groups, bare, opens, aside, wordy)


def _is_letter(char: str) -> bool:
    return char.isalpha() and char not in SAID_DIGITS and char not in "x×某签"


def _is_little(words: str) -> bool:
    return len(_NO_WORD.sub("", words).removesuffix("x")) <= _BESIDE and _BESIDES.search(words) is None


def _called(read: Sequence[_Text], *, answers: bool) -> str | None:
    """The label of the number that the last of them goes on with: it was called so, or a piece of it covered, before; or here."""
    *before, last = read
    if not last.bare:
        return None
    label, between = None, 0
    for each in before:
        label, between = each.opens or label, 0 if each.opens else between + each.aside
        label = label if between <= _BETWEEN else None
    told = [each for each in before if each.opens == label and (each.groups or secrets.LABEL.search(each.said))]
    begun = label in (IDENTITY, BANK) and len(told) == 1
    if label and not answers and _goes_on(last, apart=between > 0 or not told, begun=begun):
        return label
    return last.opens if secrets.LABEL.search(last.said) else None


def _goes_on(text: _Text, *, apart: bool, begun: bool) -> bool:
    """Whether digits and little else go on with a number; `apart` says that something else was spoken of meanwhile,
    or that it was called by name alone, `begun` that of the number no more than its beginning was said."""
    number = "".join(each.digits for each in text.groups)
    if len(number) < (_PIECE if apart else 2) or (apart and _YEAR_OR_SUM.fullmatch(number)):
        return False
    if begun and not apart and _ALONE.fullmatch(text.read.strip()):
        return not harmless.is_public(text.said)  # whatever it looks like
    return _BORN.fullmatch(number) is not None or not _is_somebodys(text.said)


def _alone(read: Sequence[_Text]) -> Iterator[int]:
    """Which of those before it are digits and little else, one behind the other up to the last, or with little talk between;
    and what more of its digits is said around them, right before such as were covered."""
    apart = 0
    last = secrets.LABEL.sub("", read[-1].said)
    named = secrets.named(last) != last  # that is a number of its own
    for n in range(len(read) - 2, -1, -1):
        each = read[n]
        begins = not apart and not named and each.digits > _PIECE and secrets.LABEL.search(read[n + 1].said)
        apart += each.aside
        if apart > _BETWEEN:
            return
        surely = not apart or (each.bare and not _YEAR_OR_SUM.fullmatch("".join(one.digits for one in each.groups)))
        piece = surely and each.digits >= _PIECE and not each.aside
        if (piece or begins) and not _is_somebodys(each.said):
            yield n


def _is_somebodys(said: str) -> bool:
    """Whether it is a telephone's number, and nothing says that it goes on, or one that one calls in danger."""
    return bool(
        any(not _X.match(said, each.end) for each in phones.find(said)) and not _LEADS.search(said)
    ) or harmless.is_public(said)


def _proven(read: Sequence[_Text], *, lately: bool) -> list[list[Span]]:
    """What is covered of each where a number goes from one of them into the last."""
    found = _across(read, lately=lately)
    if not any(found) and any(map(_is_talk, read[:-1])):
        # What is said meanwhile may have numbers in it as well, and stands between its pieces nevertheless.
        quiet = [replace(each, read="", groups=(), wordy=False) if _is_talk(each) else each for each in read[:-1]]
        return _across([*quiet, read[-1]], lately=lately)
    return found


def _is_talk(text: _Text) -> bool:
    return (text.wordy or not text.bare) and text.digits < _PIECE


def _across(read: Sequence[_Text], *, lately: bool) -> list[list[Span]]:
    joined = _NEXT.join(each.read for each in read)
    starts = [0, *accumulate(len(each.read) + len(_NEXT) for each in read[:-1])]
    of_code = lately or proofs.OF_CODE.search(joined) is not None  # six digits alone may be prices
    of_proofs = (
        span for span in proofs.spans(joined, lately=lately, asked=False) if of_code or span[2] != secrets.CODE
    )
    found = sorted({*masked(joined), *of_proofs, *_cut_anywhere(read, starts)})
    across = [
        span
        for number in _numbers(joined, found)
        if number[0][0] < starts[-1] < number[-1][1] and not _is_telephone(joined, number)
        for span in number
    ]
    return [
        []
        if harmless.are_emergency(each.said)
        else [span for first, end, label in across for span in _covered(each, label, first - start, end - start)]
        for each, start in zip(read, starts, strict=True)
    ]


def _is_telephone(joined: str, number: Sequence[Span]) -> bool:
    """Whether what looks like a learning card's number is one with its area code (0571, 8800…)."""
    digits = re.sub(r"\D", "", joined[number[0][0] : number[-1][1]].translate(READ_OUT))
    return number[0][2] == secrets.CARD and digits[:1] == "0" and bool(phones.find(digits))


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


def _cut_anywhere(read: Sequence[_Text], starts: Sequence[int]) -> Iterator[Span]:
    """A number by what proves it alone, wherever the texts cut it and whatever they say around its pieces."""
    last, between, wordy = read[-1], "", False
    for text, start in zip(reversed(read[:-1]), reversed(starts[:-1]), strict=True):
        groups = text.groups
        for first, group in enumerate(groups):
            number = "".join(each.digits for each in groups[first:]) + between
            if first == 0 or group.strange or _WORD.search(text.read, groups[first - 1].end, group.start):
                for end, label in _ends(number, last, sure=wordy or text.wordy or last.wordy):
                    yield start + group.start, starts[-1] + end, label
        between = "".join(each.digits for each in groups) + between
        wordy = wordy or text.wordy
        if len(between) > _LONGEST:
            return


def _ends(number: str, last: _Text, *, sure: bool) -> Iterator[tuple[int, str]]:
    """Where in the last text a number ends that goes on there, and what it is."""
    for n, group in enumerate(last.groups):
        number += group.digits
        if len(number) > _LONGEST:
            return
        ends = n + 1 == len(last.groups) or last.groups[n + 1].strange
        if ends and (label := _proof(number, last.read[group.end : group.end + 18 - len(number)], sure=sure)):
            yield group.end, label


def _proof(number: str, behind: str, *, sure: bool) -> str | None:
    """What number this is, if it proves itself; where words stand between, it is to be `sure`."""
    if len(number) in (17, 18) and DATED.fullmatch(number + behind):
        return IDENTITY
    if not has_check_digit(number) or _SUMS.fullmatch(number):
        return None
    if len(number) == _CARD_DIGITS and not proofs.is_dated(number) and (number[:2] == _ISSUER or not sure):
        return secrets.CARD
    return BANK if (ISSUED if sure else BANK_NUMBER).fullmatch(number) else None


def _covered(text: _Text, label: str, first: int = 0, end: int = _REACH) -> Iterator[Span]:
    """Its digits between two places; words between them stay."""
    start = None
    for n, group in enumerate(text.groups):
        if not first <= group.start < end:
            continue
        start = group.start if start is None else start
        behind = text.groups[n + 1].start if n + 1 < len(text.groups) else None
        if behind is None or behind >= end or _WORD.search(text.said, group.end, behind):
            x = _X.match(text.said, group.end)
            yield start, x.end() if x else group.end, label
            start = None
