"""When seats answer."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from msgspec import Struct

from bot.turn import Seats
from knowledge.catalogue import Opening
from store import tickets
from store.database import Database

_WEEKDAYS = "一二三四五六日"
AHEAD = 60  # days that the next opening is looked for


class DeskSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`hours` when seats answer; `closed_on` holidays; `always_open` ignores both, for trying out."""

    hours: tuple[Opening, ...] = (Opening((1, 2, 3, 4, 5), "08:30", "17:30"),)
    closed_on: tuple[date, ...] = ()
    always_open: bool = False


class SeatHours:
    """Answers what a turn asks about the seats."""

    def __init__(self, settings: DeskSettings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def seats(self, now: datetime, priority: int) -> Seats:
        """The state of the desk for a resident who would wait with this priority."""
        at = int(now.timestamp() * 1000)
        waiting = await self._database.read(lambda t: tickets.before(t, priority, at))
        return Seats(self._is_open(now), _week(self._settings.hours), self._next_opening(now), waiting)

    def _today(self, day: date) -> Opening | None:
        if day in self._settings.closed_on:
            return None
        return next((each for each in self._settings.hours if day.isoweekday() in each.days), None)

    def _is_open(self, now: datetime) -> bool:
        hours = self._today(now.date())
        return self._settings.always_open or (hours is not None and hours.opens <= now.strftime("%H:%M") < hours.closes)

    def _next_opening(self, now: datetime) -> str:
        for days in range(AHEAD):
            day = now.date() + timedelta(days=days)
            hours = self._today(day)
            if hours and (days or now.time() < time.fromisoformat(hours.opens)):
                near = {0: "今天", 1: "明天"}.get(days, f"{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）")
                return f"{near}{hours.opens}"
        return "另行通知"


def _week(hours: Sequence[Opening]) -> str:
    return "，".join(
        f"周{_WEEKDAYS[each.days[0] - 1]}到周{_WEEKDAYS[each.days[-1] - 1]} {each.opens}—{each.closes}"
        if len(each.days) > 1
        else f"周{_WEEKDAYS[each.days[0] - 1]} {each.opens}—{each.closes}"
        for each in hours
    )
