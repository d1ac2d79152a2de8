"""Telephone numbers in any usual spelling: 138 0013 8000, +86-138-0013-8000, 幺三八…, 0519-86901234转802, 400-123-4567."""

import re
from collections.abc import Sequence

from msgspec import Struct

from nlu.text import digits

_GAP = r"[-_., ()、]{0,2}"
_COUNTRY = r"(?:(?:\+|00)?86[-. )]{0,2})?"
MOBILE = rf"{_COUNTRY}\(?1{_GAP}[3-9](?:{_GAP}\d){{9}}"
_AREA = r"0(?:10|2\d|[3-9]\d\d)"
LANDLINE = (
    rf"(?:{_COUNTRY}\(?{_AREA}|(?:\+|00)86[- ]?[1-9]\d{{1,2}})\)?[-. ]{{0,2}}[2-9]\d{{2,3}}[-. ]?\d{{4}}"
    r"(?!\d)(?:[ ,]{0,2}(?:转|分机|ext\.?|-|#)(?:分机|号)?[ :]?(?P<extension>\d{1,5})(?!\d))?"
)
SERVICE = r"[48]00[- ]?\d(?:[- ]?\d){6}"
_POSSIBLE = re.compile(r"(?:\d\D{0,3}){9}")
_ANY = re.compile(rf"(?<!\d)(?:(?P<mobile>{MOBILE})|(?P<landline>{LANDLINE})|(?P<service>{SERVICE}))(?!\d)")
# A number may follow another; else one whose digits stand apart does not begin within other digits.
_WITHIN = re.compile(r"\d[-_., 、]$")


class Phone(Struct, frozen=True, gc=False):
    """`number` is a mobile's 11 digits, a landline's with its area code, after a hyphen its extension, or a service's
    (400…) 10."""

    number: str
    start: int
    end: int


def find(folded: str) -> Sequence[Phone]:
    """The telephone numbers of a folded text by position."""
    found = _written(folded)
    spoken = digits(folded)
    if spoken != folded:
        taken = {position for each in found for position in range(each.start, each.end)}
        found += [each for each in _written(spoken) if taken.isdisjoint(range(each.start, each.end))]
        found.sort(key=lambda each: each.start)
    return found


def _written(plain: str) -> list[Phone]:
    if not _POSSIBLE.search(plain):
        return []
    found: list[Phone] = []
    last = 0
    for match in _ANY.finditer(plain):
        apart = match.start() > last and _WITHIN.search(plain, max(0, match.start() - 2), match.start())
        if apart and not match[0].isdecimal():
            continue
        last = match.end() + 1
        found.append(Phone(_canonical(match), match.start(), match.end()))
    return found


def _canonical(match: re.Match[str]) -> str:
    number = re.sub(r"\D", "", match[0])
    if match["mobile"]:
        return number[-11:]
    if match["service"]:
        return number
    extension = match["extension"] or ""
    number = "0" + number.removesuffix(extension).removeprefix("00").removeprefix("86").removeprefix("0")
    return f"{number}-{extension}" if extension else number
