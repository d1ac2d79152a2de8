"""The marks by which somebody tells pieces of a number apart: 1) 2) 3), (1/3), ①, A. They are no digits of it."""

import re
import unicodedata

from nlu.text import SAID_DIGITS

_D = rf"[\d{SAID_DIGITS}]"
_CIRCLED, _NUMERALS = "①-⒛⓪⓵-⓾❶-❿➀-➓", "一二三四五六七八九"
_THREE = rf"(?={_D}(?: ?{_D}){{2}}|\[)"
# What is sure to be one, whatever stands before or behind it: 2/3), 2), and 2. with a blank.
_SURE = rf"(?: ?(?:/|of) ?\d\d?)?[)）\]】][:：]? ?(?=\[|{_D})| ?(?:/|of) ?\d\d?[:：] ?(?=\[|{_D})|[.．、:：] {_THREE}"
_MARK = re.compile(
    rf"(?<![\da-z{SAID_DIGITS}{_CIRCLED}(（\[【])(?<!{_D}[:：.．、/|*·→-])[(（\[【]?(?:"
    rf"(?P<figure>\d\d?)(?:(?P<sure>{_SURE})|[.．、:：]{_THREE}|[:：] (?={_D}))"
    rf"|(?:^|(?<=\n))(?P<first>\d\d?)(?: ?/ ?\d\d?)? (?=\[|{_D}{{3}})"
    rf"|(?P<named>(?:part|piece) \d|第 ?[\d{_NUMERALS}] ?[段组部位节截排行块串批])[^\w\[]{{0,3}}(?=\[|{_D})|(?P<circled>[{_CIRCLED}]) ?(?={_D})"
    rf"|(?P<letter>[a-h])[)）\]】:：.．、]? ?(?={_D} ?{_D})|(?P<numeral>[{_NUMERALS}])[)）\]】:：.．、] ?(?={_D} ?{_D}))",
    re.IGNORECASE,
)


def unnumbered(text: str, folded: str) -> str:
    """The text with its numbers folded, and blanks for such marks: such as are sure, and those that count on, one by one."""
    marks = list(_MARK.finditer(text))
    places = list(map(_place, marks))
    plain, last = "", 0
    for n, mark in enumerate(marks):
        if (
            mark["sure"]
            or mark["named"]
            or places[n] + 1 in places[n + 1 : n + 2]
            or places[n] - 1 in places[max(0, n - 1) : n]
        ):
            plain, last = plain + folded[last : mark.start()] + " " * len(mark[0]), mark.end()
    return plain + folded[last:]


def _place(mark: re.Match[str]) -> float:
    """Which of several it is, by itself for each way of counting."""
    if mark["letter"]:
        return 100 + ord(mark["letter"].lower())
    if mark["numeral"]:
        return 300 + _NUMERALS.index(mark["numeral"])
    if mark["circled"]:
        return 400 + unicodedata.numeric(mark["circled"])
    return int(mark["figure"] or mark["first"] or -2)
