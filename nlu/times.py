"""Chinese and English expressions of date and time, as residents use them: 明天, 下周三晚上, 除了周末, 9月15号下午三点半.

Our own: decision 22 says what the libraries for it do. What is not understood here is simply not found.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from nlu import refusals
from nlu.calendar import DAY, days
from nlu.clock import Part, hull
from nlu.expressions import Days
from nlu.terms import Reader, Run, Term
from nlu.when import When

__all__ = ["FoundTime", "When", "find"]

ANY_TIME = 60  # days that are looked at where none was named
_READ = 1000  # characters; whoever writes more names no time in passing
# Texts without any of these hold no expression of time.
_POSSIBLE = re.compile(
    "[天日号月年周期拜末晚早午夜晨晌夕昼庆旦节宵秋春夏冬季旬暑寒阳点昏平双圣诞龙腊清立谷惊芒霜补调放假黑今昨二三四五六七八九十0-9a-z]"
)
NEW_YEAR = re.compile("初[一二三四五六七八九十](?![中年级一二三四五六七八九十])")
_INSTEAD = re.compile("(?:改|换|调|挪|推迟?|移)(?:成|到|为|至|在)?了?$")
_ASKED_FOR = re.compile("(?:有没有|有无|有|想[要学上报]?|要|找|报)$")
_LOOK_BACK = 6  # characters


@dataclass(frozen=True, slots=True)
class FoundTime:
    """What is meant, and where that stands."""

    when: When
    start: int
    end: int


def find(folded: str, today: date) -> FoundTime | None:
    """What the text's expressions mean together: the first days with the part of day or clock time that belongs to
    them, less what is refused (除了周三) or is not the wish (白天要上班)."""
    if not (_POSSIBLE.search(folded) or "明儿" in folded or "下班" in folded or "下了班" in folded):
        return None
    folded = folded[:_READ]
    runs = Reader(folded, today).read()
    if not runs:
        return None
    wishes, refused = refusals.sort(folded, runs)
    when, used = _wish(folded, wishes, today)
    later = [run for run in refused if used and run.start > max(each.end for each in used)]
    if any(_covers(each, when) for run in later for each in _refusals(run, today)):
        when, used = _any_time(today), []  # 晚上的啊，晚上我不敢出门
    without = [each for run in refused for each in _refusals(run, today) if not _covers(each, when)]
    used = used or (refused if without else [])
    if not used:
        return None
    whole = replace(when, without=tuple(dict.fromkeys([*when.without, *without])))
    return FoundTime(whole, min(run.start for run in used), max(run.end for run in used))


def new_year(folded: str, today: date) -> str | None:
    """初二开门吗: the day of the new year as a `When` is written, which is no certain day in other questions."""
    named = NEW_YEAR.search(folded)
    found = find(f"大年{named[0]}", today) if named else None
    return str(found.when) if found else None


def _any_time(today: date, part: Part | None = None) -> When:
    return When(today, today + DAY * ANY_TIME, (), part, fixed=False)


def _wish(folded: str, wishes: Sequence[Run], today: date) -> tuple[When, list[Run]]:
    """What is wished for, and the runs that say so. Of several, the days that are not past, or that another was changed
    to; any time where none is."""
    dated = [run for run in wishes if any(term.days for term in run.terms)]
    loose = [run for run in wishes if run not in dated]
    asked = next((run for run in loose if _follows(_ASKED_FOR, folded, run)), loose[-1] if loose else None)
    any_day = _when(asked, today) if asked else _any_time(today)
    if not dated:
        return any_day, [asked] if asked else []
    meant = [(run, _when(run, today)) for run in dated]
    to_come = [each for each in meant if each[1].last >= today] or meant
    first, when = next((each for each in reversed(to_come) if _follows(_INSTEAD, folded, each[0])), to_come[0])
    used = [first]
    if when.part is None:
        same_days = (each for _, each in to_come if (each.first, each.last) == (when.first, when.last))
        when = replace(when, part=next((each.part for each in same_days if each.part), None))
    if asked and when.part is None and not when.without:
        when = replace(when, part=any_day.part, without=any_day.without)
        used.append(asked)
    for run, other in to_come:
        if run.start > first.start and (narrow := _narrowed(when, other)) != when:
            when = narrow
            used.append(run)
    return when, used


def _follows(pattern: re.Pattern[str], folded: str, run: Run) -> bool:
    return pattern.search(folded, max(0, run.start - _LOOK_BACK), run.start) is not None


def _narrowed(when: When, other: When) -> When:
    """12月有周末的班吗: the weekends of that month."""
    if not when.fixed or when.weekdays or other.fixed or not other.weekdays or other.either:
        return when
    found = Days(when.first, when.last).of(other.weekdays) if when.last - when.first >= DAY * 6 else None
    if found is None:
        return when
    part = when.part or other.part
    return replace(when, first=found.first, last=found.last, weekdays=found.weekdays, part=part)


def _when(run: Run, today: date) -> When:
    dated = [term for term in run.terms if term.days]
    loose = [part for term in run.terms if term.days is None for part in term.all_parts]
    if not dated:
        return _with_parts(_any_time(today), loose)
    _share_parts(dated)
    when = _union([term.days for term in dated if term.days])
    if loose and when.weekdays and not any(term.part for term in dated):
        return replace(when, part=hull(loose), either=True)
    if len({term.part for term in dated}) == 1:
        return _with_parts(when, dated[0].all_parts)
    outside = [each for term in dated for each in _outside(term)]
    return replace(when, without=(*when.without, *outside))


def _share_parts(dated: Sequence[Term]) -> None:
    """周二和周四晚上: the evening of both. Not so 周末和工作日晚上."""
    if {(1, 2, 3, 4, 5), (6, 7)} <= {term.days.weekdays for term in dated if term.days}:
        return
    if dated and dated[0].ahead and all(term.part is None for term in dated[1:]):
        for term in dated[1:]:
            term.part, term.parts = dated[0].part, dated[0].parts
    for term, following in reversed(list(pairwise(dated))):
        if term.part is None:
            term.part, term.parts = following.part, following.parts


def _with_parts(when: When, parts: Sequence[Part]) -> When:
    """Restricted to one of the parts."""
    if not parts:
        return when
    between = [(one[1], other[0]) for one, other in pairwise(sorted(parts)) if one[1] < other[0]]
    gaps = [When(when.first, when.last, (), gap, fixed=False) for gap in between]
    return replace(when, part=hull(parts), without=(*when.without, *gaps))


def _outside(term: Term) -> list[When]:
    """The day's other parts, for days of which only one part is meant."""
    if term.days is None or term.part is None:
        return []
    others = (("00:00", term.part[0]), (term.part[1], "24:00"))
    return [_plain(term.days, each) for each in others if each[0] < each[1]]


def _plain(found: Days, part: Part | None = None) -> When:
    return When(found.first, found.last, found.weekdays, part, found.fixed)


def _union(found: Sequence[Days]) -> When:
    """One `When` for several days: from the first to the last, without those between that were not named."""
    first, last = min(each.first for each in found), max(each.last for each in found)
    if all(each == found[0] for each in found):
        return _plain(found[0])
    if all(each.weekdays and not each.fixed for each in found):
        return When(first, last, tuple(sorted({day for each in found for day in each.weekdays})), fixed=False)
    named = {
        day
        for each in found
        for day in days((each.first, each.last))
        if not each.weekdays or day.isoweekday() in each.weekdays
    }
    return When(first, last, without=tuple(_gaps([day for day in days((first, last)) if day not in named])))


def _gaps(left: Sequence[date]) -> list[When]:
    gaps: list[When] = []
    for day in left:
        if gaps and gaps[-1].last == day - DAY:
            gaps[-1] = replace(gaps[-1], last=day)
        else:
            gaps.append(When(day, day))
    return gaps


def _refusals(run: Run, today: date) -> list[When]:
    _share_parts([term for term in run.terms if term.days])
    named = [_plain(term.days, term.part) for term in run.terms if term.days]
    return named + [_any_time(today, part) for term in run.terms if term.days is None for part in term.all_parts]


def _covers(refusal: When, when: When) -> bool:
    """Whether nothing would be left: then it is not what was meant."""
    inside = when.part is not None and (
        refusal.part is None or (refusal.part[0] <= when.part[0] and when.part[1] <= refusal.part[1])
    )
    if refusal.part and not inside:
        return False
    if refusal.fixed:
        return when.fixed and refusal.first <= when.first and when.last <= refusal.last
    return not refusal.weekdays or (bool(when.weekdays) and set(when.weekdays) <= set(refusal.weekdays))
