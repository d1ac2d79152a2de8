"""A text read as terms (days, a part of the day, or both), those that are listed together in one run: 周三晚上和周六上午."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from nlu import clock, days, english, weeks, years
from nlu.beside import beside
from nlu.calendar import DAY, later
from nlu.clock import Part
from nlu.expressions import Days, Expression, Known, cycle, recurring
from nlu.small_numbers import number

_EXPRESSIONS = (
    *years.EXPRESSIONS, *days.EXPRESSIONS, *weeks.EXPRESSIONS, *clock.EXPRESSIONS, *english.EXPRESSIONS,
)  # fmt: skip
# Few characters begin an expression, and each of them few kinds of one.
_BY_FIRST = {
    first: tuple(each for each in _EXPRESSIONS if first in each.starts)
    for first in sorted({first for each in _EXPRESSIONS for first in each.starts})
}
_FIRST = re.compile(f"[{''.join(_BY_FIRST)}]")
Mark = tuple[Expression, re.Match[str]]
# What stands between two expressions that belong together.
_CLOSE = re.compile(r"(?:的|里|内|份|期间|,| |\(|\)|这个?|那个?|在|每天|日|\bat\b|\bin\b|\bon\b|\bof\b|\bthe\b)*")
_RANGE = re.compile(
    r"[\s,]*(?:一?直?(?:到|至)(?:了|第二天)?|[~—–-]+|\bto\b|\buntil\b|\btill\b|\bthrough\b)\s*(?:the )?(?:on )?"
)
_LIST = re.compile(
    r"[\s、,&]*(?:或者?是?|还是|和|跟|与|及|以及|还有|又?或者?|\bor\b|\band\b|[/+])?[\s、,]*(?:在|的|on |the )?"
)
_LINKS = (("range", _RANGE), ("close", _CLOSE), ("list", _LIST))
_OR = re.compile(r"或|还是|和|跟|以及|、|\bor\b|\band\b|/")
_SENTENCE_ENDS = re.compile("[,。;!?]")
_FURTHEST = 12  # characters that two expressions which belong together are apart
_TIMES = {"part", "clock", "hour_of"}
_REFINING = {"portion", "of_month"}  # what is of the month that was said before it


@dataclass(slots=True)
class Term:
    """Days or a part of the day, or both; `ahead` when the part was said first (晚上周二和周四)."""

    days: Days | None
    part: Part | None
    start: int
    end: int
    kind: str = ""
    ahead: bool = False
    parts: list[Part] = field(default_factory=list)  # where there are several: 上午或者晚上

    @property
    def all_parts(self) -> list[Part]:
        """Each of its parts of the day."""
        return self.parts or ([self.part] if self.part else [])


@dataclass(slots=True)
class Run:
    """Terms that are listed together; `either` when a part of the day alone is one of them (晚上或者周末)."""

    terms: list[Term]
    either: bool = False

    @property
    def start(self) -> int:
        return self.terms[0].start

    @property
    def end(self) -> int:
        return max(term.end for term in self.terms)


class Reader:
    """Reads one text from left to right."""

    def __init__(self, folded: str, today: date) -> None:
        self._folded, self._today = folded, today
        self._runs: list[Run] = []
        self._end = 0  # of what was read

    def read(self) -> list[Run]:
        """The runs in the order of the text."""
        marks = list(_marks(self._folded))
        place = 0
        while place < len(marks):
            row = [marks[place]]
            place += 1
            if row[0][1].start() < self._end:
                continue
            if row[0][0].kind not in _TIMES:
                self._day(*row[0])
                continue
            while place < len(marks) and self._goes_on(row, marks[place]):
                row.append(marks[place])
                place += 1
            self._time(row)
        return [run for run in self._runs if self._is_meant(run)]

    def _is_meant(self, run: Run) -> bool:
        last = run.terms[-1]
        return len(run.terms) > 1 or last.kind != "year" or years.is_asked(self._folded, last.start, last.end)

    def _goes_on(self, row: list[Mark], following: Mark) -> bool:
        """Whether a part or clock time belongs to those before it: 下午三点, 三点到五点."""
        kind, match = following[0].kind, following[1]
        if kind not in _TIMES:
            return False
        gap = self._folded[row[-1][1].end() : match.start()]
        clocks = sum(each.kind != "part" for each, _ in row)
        if row[-1][0].kind == "part" and kind != "part":
            return clocks < 2 and _CLOSE.fullmatch(gap) is not None
        if _RANGE.fullmatch(gap) or row[-1][0].kind == "hour_of":
            return clocks < 2
        return kind == "part" and match["part"].isascii() and clocks == 1 and gap in {" in the ", " at "}

    def _link(self, start: int) -> str:
        """How what starts there is joined to what was read last."""
        if not self._runs:
            return ""
        gap = self._folded[self._end : start]
        if len(gap) > _FURTHEST or "的," in gap:
            return ""
        found = next((name for name, pattern in _LINKS if pattern.fullmatch(gap)), "")
        return "comma" if found == "close" and "," in gap else found

    def _time(self, row: list[Mark]) -> None:
        start = row[0][1].start()
        found = clock.read([(each.kind, match) for each, match in row], self._folded, self._said_before(start))
        if found is None:
            return
        part, end = found
        link, gap = self._link(start), self._folded[self._end : start]
        last = self._runs[-1].terms[-1] if link else None
        if last is None:
            self._runs.append(Run([Term(None, part, start, end)]))
        elif last.part is None and not (_OR.search(gap) and last.days):
            last.part, last.end = part, end
        elif "," in gap:
            self._runs.append(Run([Term(None, part, start, end)]))
        elif last.part is not None and link in {"list", "close"} and (last.days is None or gap):
            last.parts = [*(last.parts or [last.part]), part]
            last.part, last.end = clock.hull(last.parts), end
        elif link:
            self._runs[-1].terms.append(Term(None, part, start, end))
            self._runs[-1].either = True
        self._end = end

    def _said_before(self, start: int) -> Part | None:
        """A part of day that was said further ahead in the same clause: 晚上的课是七点吗."""
        run = self._runs[-1] if self._runs else None
        if run is None or _SENTENCE_ENDS.search(self._folded, run.end, start):
            return None
        part = run.terms[-1].part
        return part if part in clock.PARTS.values() else None

    def _day(self, said: Expression, match: re.Match[str]) -> None:
        assert said.resolve is not None, "the clock's are read elsewhere"
        link = self._link(match.start())
        if said.kind == "of_month" and link and not self._ascends(match):
            link = ""
        known, alone = self._known(said.kind, link), Known(self._today)
        found = said.resolve(match, known)
        if found is None and known != alone:
            known = alone
            found = said.resolve(match, known)
        if found is not None:
            self._take(said.kind, found, match, link, refined=known.within is not None or known.year is not None)
        elif match.groupdict().get("year"):
            self._end = match.end() + _FURTHEST  # one's year of birth, and the day after it

    def _ascends(self, match: re.Match[str]) -> bool:
        """10号,11号 is a list; 报名到二十号,十五号就满了 is none."""
        last = self._runs[-1].terms[-1].days
        comma = "," in self._folded[self._end : match.start()]
        return not comma or (last is not None and number(match["day"]) > last.last.day)

    def _known(self, kind: str, link: str) -> Known:
        last = self._runs[-1].terms[-1] if link else None
        if last is None or last.days is None:
            return Known(self._today)
        if link in {"close", "comma"} and last.part is None:
            if last.kind == "year":
                return Known(self._today, last.days.first.year)
            if kind == "nth" or (_is_month(last.days) and kind in _REFINING):
                return Known(self._today, within=last.days)
            if last.days.fixed and last.days.first < last.days.last:
                return Known(self._today)
        return Known(self._today, after=last.days)

    def _take(self, kind: str, found: Days, match: re.Match[str], link: str, *, refined: bool) -> None:
        start = match.start()
        found, end = beside(kind, found, self._folded, match.span(), self._today)
        last = self._runs[-1].terms[-1] if link else None
        merged = found if refined else _merged(last, kind, found, link) if last and last.days else None
        if last and merged:
            last.days, last.kind, last.end = merged, kind, end
        elif last and last.days is None and link in {"close", "comma"} and not self._runs[-1].either:
            last.days, last.kind, last.end, last.ahead = found, kind, end, True
        elif last:
            self._runs[-1].either |= last.days is None
            self._runs[-1].terms.append(Term(found, None, start, end, kind))
        else:
            self._runs.append(Run([Term(found, None, start, end, kind)]))
        self._end = end


def _marks(folded: str) -> Iterator[Mark]:
    """The expressions, from left to right; where two begin together, the first kind that fits."""
    end = 0
    while first := _FIRST.search(folded, end):
        start, end = first.span()
        for each in _BY_FIRST[first[0]]:
            if (match := each.pattern.match(folded, start)) and (each.kind != "clock" or clock.is_time(match)):
                yield each, match
                end = max(end, match.end())
                break


def _is_month(found: Days) -> bool:
    return found.first.day == 1 and found.last == later(found.first, 1) - DAY and not found.weekdays


def _merged(last: Term, kind: str, found: Days, link: str) -> Days | None:
    """One expression of two: a span of days, the Saturdays of a month, a day with its weekday beside it."""
    before = last.days
    assert before is not None, "only days are joined to days"
    if link == "range":
        return _spanned(before, found)
    if link == "list" or last.part is not None:
        return None
    if last.kind == "relative" != kind and found != before and link == "close":
        return before  # 今天周二: of the two, today is not mistaken
    if before.fixed and not before.weekdays and not found.fixed:
        if before.first == before.last:
            return before if before.first.isoweekday() in found.weekdays else None
        return before.of(found.weekdays)
    if kind == "week" and before.weekdays and not before.fixed:
        return found.of(before.weekdays)  # Tuesday next week
    if _is_month(before) and kind == "festival":
        return found
    if kind == "weekday" or last.kind in {"week", "weekday"}:
        same = found.first == found.last and (found.first.isoweekday() in before.weekdays or found == before)
        return found if same and found.fixed else None
    return None


def _spanned(begin: Days, end: Days) -> Days | None:
    if not begin.fixed and not end.fixed and begin.weekdays and end.weekdays:
        weekdays = cycle(begin.weekdays[0], end.weekdays[-1])
        return recurring(weekdays, begin.first, together=True)
    return Days(begin.first, end.last) if begin.first <= end.last else None
