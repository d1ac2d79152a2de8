"""What stands beside days and moves them: 国庆前一周, 月底前, 12月5号以后, 从下周起, until Friday."""

import re
from datetime import date, timedelta

from nlu.calendar import DAY
from nlu.expressions import FAR, Days
from nlu.small_numbers import NUMBER, number

_NOT_BEFORE = "(?!台|面|往|去|来|期|提|景|任|辈|排|门|院|后|半|天|日|两|几)"
_NOT_AFTER = "(?!台|面|来|续|期|勤|门|院|悔|代|半|排|天|日)"
_UNIT = "(?:天|日|(?:周|星期|礼拜)(?![年一二三四五六日末])|月)"
_SIDE = re.compile(
    rf"的?(?:第(?P<place>{NUMBER})天|(?P<beside>前|后)(?P<nth>第)?(?P<count>{NUMBER})个?(?P<unit>{_UNIT})|(?P<about>前后|左右)"
    rf"|(?P<before>(?:之|以)?前{_NOT_BEFORE})|(?P<until>为止)|(?P<after>(?:之|过)?后{_NOT_AFTER})"
    "|(?P<since>以后|以来|起(?!床|来|步))|(?P<within>之内|以内|内(?!部|容|科)))"
)
_FROM = re.compile("[从自打]了?$")
_OVER = re.compile("过[完了]$")
_BEGINNING = re.compile("开始(?![吗?])")
_ENGLISH_SIDE = re.compile(
    r"\b(?:(?P<until>until|till|by)|(?P<before>before)|(?P<since>after|since|as of))(?: on)?(?: the)? $"
)
_ENDS = {"portion", "of_year", "part_of"}  # 月底前 lasts to the end of the month


def beside(kind: str, found: Days, folded: str, span: tuple[int, int], today: date) -> tuple[Days, int]:
    """The days that are meant with what stands beside an expression of a kind, and where that ends."""
    start, end = span
    side = _SIDE.match(folded, end)
    if side is not None and kind not in {"lasting", "new_year"} and (not side["place"] or kind in {"festival", "term"}):
        return _moved(found, kind, side, today), side.end()
    if (side := _BEGINNING.match(folded, end)) and _FROM.search(folded, max(0, start - 2), start):
        return _since(found.first), side.end()
    if _OVER.search(folded, max(0, start - 2), start):
        return _since(found.last + DAY), end
    if side := _ENGLISH_SIDE.search(folded, max(0, start - 16), start):
        if side["since"]:
            return _since(found.last + DAY if kind == "festival" else found.first), end
        return (_before(found, kind, today) if side["before"] else _until(found.last, today)), end
    return found, end


def _moved(found: Days, kind: str, side: re.Match[str], today: date) -> Days:
    one = found.first == found.last and kind != "festival"
    if side["place"]:
        day = found.first + DAY * (number(side["place"]) - 1)
        return Days(day, day)
    if side["count"]:
        return _counted(found, side)
    if side["about"]:
        return Days(found.first - DAY * 3, found.last + DAY * 3)
    if side["before"]:
        return _before(found, kind, today)
    if side["until"]:
        return _until(found.last, today)
    if side["after"] and not one:
        return _since(found.last + DAY)
    return found if side["within"] else _since(found.first)


def _counted(found: Days, side: re.Match[str]) -> Days:
    """国庆前一周, 春节后第三天."""
    unit = side["unit"]
    length = timedelta(days=number(side["count"]) * (1 if unit in "天日" else 30 if unit == "月" else 7))
    if side["beside"] == "前":
        return Days(found.first - length, found.first - DAY)
    return Days(found.last + (length if side["nth"] else DAY), found.last + length)


def _before(found: Days, kind: str, today: date) -> Days:
    """Through a single day, and through the end of a month; what else lasts has not begun."""
    through = found.last if (found.first == found.last and kind != "festival") or kind in _ENDS else found.first - DAY
    return _until(through if through >= today else found.last, today)


def _until(last: date, today: date) -> Days:
    return Days(today if today <= last else last - DAY * FAR, last)


def _since(first: date) -> Days:
    return Days(first, first + DAY * FAR)
