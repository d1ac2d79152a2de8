"""What seats see of a resident's words: numbers that reach a person are masked, however they are written, until somebody
says why they are needed."""

import re
from collections.abc import Iterator, Sequence

from bot.messages import Numbered
from nlu import phones
from nlu.groups import DigitGroup, runs, sized
from nlu.masking import PHONE_GROUPS
from nlu.text import SPELLED_OUT, fold, fold_numbers, up_to

_ABROAD = re.compile(r"(\+(?!86)\d{1,3}[- ]?)\d(?:[- ]?\d){2,7}[- ]?(\d{4})(?!\d)")
_LIKE = re.compile(r"(?<![a-z0-9])[li|](?=[3-9]\d{9}(?!\d))")  # what is typed for its first 1
# Within a city: where it is called a number, and eight digits in a row, which no date and no sum of ours are.
_AT_HOME = re.compile(
    r"(?:电话|座机|家里|号码)\D{0,4}([2-8]\d{2,3})[- ]?\d{4}(?!\d)|[打拨]\D{0,2}([2-8]\d{2})\d{4}(?!\d)"
    r"|(?<![\d.])(?<!单号)(?<!单号 )((?:[3-8]\d|2[1-9])\d\d)\d{4}(?!\d)"
)
_MOBILE, _DIGITS = re.compile(r"1[3-9]\d{9}"), 11

Span = tuple[int, int, str]  # of a text, and what is shown for it


def mask(text: str, *, theirs: bool = False) -> str:
    """138****5678. A landline is a person's where it is `theirs`, said by a resident; else it may be an office of ours."""
    masked, last = [], 0
    folded = _LIKE.sub("1", fold_numbers(text))
    found = [
        *_written(folded, theirs=theirs),
        *_in_pieces(folded),
        *_read_out(fold(text)),
        *_elsewhere(folded, theirs=theirs),
    ]
    for start, end, hidden in sorted(found, key=lambda span: span[0]):
        if start >= last:
            masked += [text[last:start], hidden]
            last = up_to(text, end)
    return "".join([*masked, text[last:]])


def _elsewhere(folded: str, *, theirs: bool) -> Iterator[Span]:
    """Numbers of other countries, and those without an area in front of them."""
    for match in _ABROAD.finditer(folded):
        yield *match.span(), f"{match[1]}****{match[2]}"
    for match in _AT_HOME.finditer(folded) if theirs else ():
        first = match.lastindex or 0
        yield match.start(first), match.end(), f"{match[first]}****"


def _read_out(folded: str) -> Iterator[Span]:
    """one three nine, one two three four, 5678; yao san jiu."""
    for match in SPELLED_OUT.finditer(folded):
        number = re.sub(r"\D", "", fold_numbers(match[0]))
        if _MOBILE.fullmatch(number):
            yield *match.span(), f"{number[:3]}****{number[-4:]}"


def _written(folded: str, *, theirs: bool) -> Iterator[Span]:
    """The numbers that are written as numbers are."""
    for phone in phones.find(folded):
        kind = phone.number[0]
        if kind == "1" or (kind == "0" and theirs):
            country = "+86" if folded[phone.start] == "+" else ""
            hidden = f"{phone.number[:3]}****{phone.number[-4:]}" if kind == "1" else f"{phone.number[:4]}****"
            yield phone.start, phone.end, country + hidden


def _in_pieces(folded: str) -> Iterator[Span]:
    """139/1234/5678, 139后面是12345678, 139壹贰叁肆…: the mobiles' numbers whose digits stand apart in any way."""
    for run in runs(folded):
        first = 0
        while first < len(run):
            size, number = _mobile(run, first)
            if number:
                yield run[first].start, run[first + size - 1].end, f"{number[:3]}****{number[-4:]}"
            first += size


def _mobile(run: Sequence[DigitGroup], first: int) -> tuple[int, str]:
    """How many groups from there are a mobile's number as people group it, and its digits; one and none, where they are
    none."""
    number, sizes = "", tuple[int, ...]()
    for last in range(first, min(first + _DIGITS, len(run))):
        number, sizes = number + run[last].digits, sized(sizes, run, first, last)
        if len(number) >= _DIGITS:
            grouped = sizes in PHONE_GROUPS or len(sizes) == _DIGITS
            return (last - first + 1, number) if grouped and _MOBILE.fullmatch(number) else (1, "")
    return 1, ""


def mask_said(each: Numbered) -> str:
    """A message as seats see it without a reason; the same can be searched, and no more."""
    return mask(each.message.reply.text, theirs=each.author == "resident")


def mask_all(data: object) -> object:
    """The same for every text in a document of a resident's."""
    if isinstance(data, str):
        return mask(data, theirs=True)
    if isinstance(data, dict):
        return {key: mask_all(value) for key, value in data.items()}
    return [mask_all(each) for each in data] if isinstance(data, list) else data
