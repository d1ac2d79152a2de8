"""What the desk did: volume, first answers, handling, who gave up, the promise kept, what residents thought of it; by
day, hour, topic, school, channel and seat.

Times count the opening hours, for a resident who writes at night is not kept waiting by anybody.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from desk.hours import DeskSettings, Hours
from store import ticket_lists
from store.database import Transaction
from store.ticket_lists import ReportRow

LONGEST = 400  # days of one report


class ReportLine(Struct, frozen=True):
    """Figures of one group of tickets. Minutes of opening time; None where there is nothing to say.

    `abandoned` are closed without an answer of a seat; `in_time` is the share whose first answer came as promised.
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


class Report(Struct, frozen=True):
    first: date
    last: date
    total: ReportLine
    by: dict[str, list[ReportLine]]


def named(report: Report, names: Mapping[str, str]) -> Report:
    """The same with topics and channels as people call them."""
    by = {
        group: [replace(each, name=names.get(each.name, each.name)) for each in lines] if group in ("topic", "channel") else lines
        for group, lines in report.by.items()
    }  # fmt: skip
    return replace(report, by=by)


def report(
    transaction: Transaction, first: date, last: date, hours: Hours, settings: DeskSettings, zone: ZoneInfo,
    names: Mapping[str, str],
) -> Report:  # fmt: skip
    """Tickets opened from the first day to the last, both included. `names` are of organisations and seats."""

    def midnight(day: date) -> int:
        return int(datetime.combine(day, time(), zone).timestamp() * 1000)

    found = ticket_lists.opened_between(transaction, midnight(first), midnight(last + timedelta(days=1)))

    def when(each: ReportRow) -> datetime:
        return datetime.fromtimestamp(each.opened_at / 1000, zone)

    def grouped(key: Callable[[ReportRow], str | None], order: Sequence[str] | None = None) -> list[ReportLine]:
        groups: defaultdict[str, list[ReportRow]] = defaultdict(list)
        for name in order or ():
            groups[name] = []
        for each in found:
            if (group := key(each)) is not None:
                groups[group].append(each)
        lines = [_line(names.get(name, name), some, hours, settings) for name, some in groups.items()]
        return lines if order is not None else sorted(lines, key=lambda line: -line.opened)

    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    by = {
        "day": grouped(lambda each: when(each).date().isoformat(), days),
        "hour": grouped(lambda each: f"{when(each).hour:02d}", [f"{hour:02d}" for hour in range(24)]),
        "topic": grouped(lambda each: each.topic), "place": grouped(lambda each: each.place or "—"),
        "channel": grouped(lambda each: each.channel), "seat": grouped(lambda each: each.seat),
    }  # fmt: skip
    return Report(first, last, _line("", found, hours, settings), by)


def _line(name: str, some: Iterable[ReportRow], hours: Hours, settings: DeskSettings) -> ReportLine:
    some = list(some)
    first = [
        (hours.between(each.opened_at, each.answered_at) / 60_000, each.priority)
        for each in some
        if each.answered_at is not None
    ]
    waits = sorted(minutes for minutes, _ in first)
    handling = [
        hours.between(each.taken_at, each.closed_at) / 60_000
        for each in some
        if each.taken_at is not None and each.closed_at is not None
    ]
    stars = [each.stars for each in some if each.stars is not None]
    in_time = sum(minutes <= settings.answer_within[priority] for minutes, priority in first)
    closed = [each for each in some if each.state == "closed"]
    return ReportLine(
        name=name, opened=len(some), answered=len(first), closed=len(closed),
        abandoned=sum(each.answered_at is None for each in closed),
        first_answer=_round(statistics.median(waits)) if waits else None,
        first_answer_90=_round(waits[int(0.9 * (len(waits) - 1))]) if waits else None,
        handling=_round(statistics.median(handling)) if handling else None,
        in_time=round(in_time / len(first), 3) if first else None,
        stars=round(statistics.mean(stars), 2) if stars else None, rated=len(stars),
    )  # fmt: skip


def _round(minutes: float) -> float:
    return round(minutes, 1)
