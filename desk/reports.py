"""What the desk did: volume, first answers, handling, who gave up, the promise kept, what residents thought of it; by
day, hour, topic, school, channel and seat. And what the bot did: talks, those that needed no seat, what it did not understand.

Times count the opening hours, for a resident who writes at night is not kept waiting by anybody; those of danger to life go
by the clock on the wall.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from desk.hours import Hours
from store import talks, ticket_lists
from store.ticket_events import TicketMerged
from store.ticket_lists import ReportRow
from store.ticket_rows import Priority
from store.transaction import Transaction
from store.units import MINUTE

LONGEST = 400  # days of one report
MERGED = TicketMerged.kind  # how a ticket ends that goes on as part of another


class ReportLine(Struct, frozen=True):
    """Figures of one group of tickets. Minutes of opening time; None where there is nothing to say.

    `abandoned` are closed without an answer of a seat; `in_time` is the share whose first answer came as promised, of all that
    were promised one by then: who has had none, and was to have it, is among them. What goes on as part of another ticket is
    neither: its resident is answered there. `outside` were answered while the desk was closed, before any minute of theirs had
    begun to count: nothing was promised for then, and they are in no figure of time.
    `first_answer` and `handling` are medians; within `first_answer_90` nine of ten had their first answer.
    """

    name: str
    opened: int
    answered: int
    closed: int
    abandoned: int
    first_answer: float | None
    first_answer_90: float | None
    handling: float | None
    in_time: float | None
    stars: float | None
    rated: int
    outside: int


class Reckoning(NamedTuple):
    """What figures are reckoned by; `names` are of organisations and seats, `now` is in ms."""

    hours: Hours
    zone: ZoneInfo
    names: Mapping[str, str]
    now: int


class TalkLine(Struct, frozen=True):
    """Figures of the bot. A talk is what a resident and we said on one day; `alone` are those without a seat, without a ticket
    and without anything that was not understood. `not_understood` of the residents' `messages` had no answer."""

    name: str
    talks: int
    alone: int
    messages: int
    not_understood: int


class Report(Struct, frozen=True):
    """`bot` is by channel, `bot_total` of all of them."""

    first: date
    last: date
    total: ReportLine
    by: dict[str, list[ReportLine]]
    bot_total: TalkLine
    bot: list[TalkLine]


def named(report: Report, names: Mapping[str, str]) -> Report:
    """The same with topics and channels as people call them."""
    by = {
        group: [replace(each, name=names.get(each.name, each.name)) for each in lines] if group in ("topic", "channel") else lines
        for group, lines in report.by.items()
    }  # fmt: skip
    return replace(report, by=by, bot=[replace(each, name=names.get(each.name, each.name)) for each in report.bot])


def report(transaction: Transaction, first: date, last: date, by: Reckoning) -> Report:
    """Tickets opened from the first day to the last, both included."""
    zone = by.zone

    def midnight(day: date) -> int:
        return int(datetime.combine(day, time(), zone).timestamp() * 1000)

    begins, ends = midnight(first), midnight(last + timedelta(days=1))
    found = ticket_lists.opened_between(transaction, begins, ends)

    def when(each: ReportRow) -> datetime:
        return datetime.fromtimestamp(each.opened_at / 1000, zone)

    def grouped(key: Callable[[ReportRow], str | None], order: Sequence[str] | None = None) -> list[ReportLine]:
        groups: defaultdict[str, list[ReportRow]] = defaultdict(list)
        for name in order or ():
            groups[name] = []
        for each in found:
            if (group := key(each)) is not None:
                groups[group].append(each)
        lines = [_line(by.names.get(name, name), some, by) for name, some in groups.items()]
        return lines if order is not None else sorted(lines, key=lambda line: -line.opened)

    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    groups = {
        "day": grouped(lambda each: when(each).date().isoformat(), days),
        "hour": grouped(lambda each: f"{when(each).hour:02d}", [f"{hour:02d}" for hour in range(24)]),
        "topic": grouped(lambda each: each.topic), "place": grouped(lambda each: each.place or "—"),
        "channel": grouped(lambda each: each.channel), "seat": grouped(lambda each: each.seat),
    }  # fmt: skip
    bot = _talks(transaction, begins, ends)
    return Report(first, last, _line("", found, by), groups, _together(bot), bot)


def _talks(transaction: Transaction, begins: int, ends: int) -> list[TalkLine]:
    """By channel, the most used first."""
    found = [
        TalkLine(each.channel, each.talks, each.alone, each.messages, each.not_understood)
        for each in talks.counted(transaction, begins, ends)
    ]
    return sorted(found, key=lambda line: (-line.talks, line.name))


def _together(lines: Sequence[TalkLine]) -> TalkLine:
    return TalkLine(
        "", sum(each.talks for each in lines), sum(each.alone for each in lines), sum(each.messages for each in lines),
        sum(each.not_understood for each in lines),
    )  # fmt: skip


def _line(name: str, some: Iterable[ReportRow], by: Reckoning) -> ReportLine:
    some = list(some)
    waits, outside = _minutes(((each, each.opened_at, each.answered_at) for each in some), by)
    handling, _ = _minutes(((each, each.taken_at, each.closed_at) for each in some), by)
    promises = [kept for each in some if (kept := _is_kept(each, by)) is not None]
    stars = [each.stars for each in some if each.stars is not None]
    closed = [each for each in some if each.state == "closed"]
    return ReportLine(
        name=name, opened=len(some), answered=len(waits) + outside, closed=len(closed),
        abandoned=sum(each.answered_at is None and each.result != MERGED for each in closed),
        first_answer=_round(statistics.median(waits)) if waits else None,
        first_answer_90=_round(waits[math.ceil(0.9 * len(waits)) - 1]) if waits else None,
        handling=_round(statistics.median(handling)) if handling else None,
        in_time=round(sum(promises) / len(promises), 3) if promises else None,
        stars=round(statistics.mean(stars), 2) if stars else None, rated=len(stars),
        outside=outside,
    )  # fmt: skip


def _minutes(spans: Iterable[tuple[ReportRow, int | None, int | None]], by: Reckoning) -> tuple[list[float], int]:
    """How long each took from here to there, the shortest first; and how many lay wholly outside the opening hours."""
    passed = [_passed(each, start, end, by) for each, start, end in spans if start is not None and end is not None]
    counted = sorted(each / MINUTE for each in passed if each is not None)
    return counted, len(passed) - len(counted)


def _passed(each: ReportRow, start: int, end: int, by: Reckoning) -> int | None:
    """The ms that count between two moments, None where the desk was closed all the while."""
    if each.priority == Priority.DANGER:
        return end - start
    return by.hours.between(start, end) or (0 if by.hours.was_open(end) else None)


def _is_kept(each: ReportRow, by: Reckoning) -> bool | None:
    """Whether the first answer came as promised; None where it is not due yet, where it came before the desk opened, or nobody
    waits for it any more."""
    if each.result == MERGED or (each.answered_at and _passed(each, each.opened_at, each.answered_at, by) is None):
        return None
    until = each.answered_at or each.closed_at or by.now
    came_in_time = until <= by.hours.answer_due(each.opened_at, each.priority)
    if each.answered_at is None:
        return None if came_in_time else False
    return came_in_time


def _round(minutes: float) -> float:
    return round(minutes, 1)
