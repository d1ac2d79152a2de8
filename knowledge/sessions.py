"""When a class is held. Whoever says so asks here: answers, cards, reminders, enrolment, the desk.

A class is held on its weekdays from its first day on, until it has had all its sessions. It is not held on days on which its
place is closed for a reason, nor on days off by law for which the place says nothing else: each is made up for at the end.
The week in which a house is open to everybody does not bind a class: an evening class has the key.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from knowledge.catalogue import Catalogue, Organisation, Record, TrainingClass
from knowledge.hours import Span, day_of, spans_of
from nlu.calendar import day_off

EVENING = "18:00"  # from when on a class is no matter of opening hours
_DAY = timedelta(days=1)


class Schedule(Struct, frozen=True):
    """The day of every session, in order, and the days between them on which one would have been (`off`)."""

    days: tuple[date, ...]
    off: tuple[date, ...] = ()


class Calendar:
    """The schedules of a catalogue's classes; each is reckoned once, when it is first asked for. Whoever goes by both takes
    the catalogue from here: the newest may have dropped a class that this one knows."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._known: dict[str, Schedule] = {}

    @property
    def classes(self) -> Mapping[str, TrainingClass]:
        return self.catalogue.classes

    def of(self, id: str) -> Schedule:
        """The schedule of a class by its id. Raises KeyError where there is none."""
        known = self._known.get(id)
        if known is None:
            group = self.catalogue.classes[id]
            place = self.catalogue.organisations.get(group.organisation)
            known = self._known[id] = schedule(group, place)
        return known

    def days(self, id: str) -> tuple[date, ...]:
        """The day of every session, in order."""
        return self.of(id).days

    def first(self, id: str) -> date:
        return self.days(id)[0]

    def last(self, id: str) -> date:
        return self.days(id)[-1]

    def following(self, id: str, now: datetime) -> tuple[date, ...]:
        """The days of the sessions that have not ended by then."""
        day, clock, group = now.date(), now.strftime("%H:%M"), self.catalogue.classes[id]
        return tuple(each for each in self.days(id) if each > day or (each == day and clock < group.ends))

    def times(self, id: str) -> str:
        """When and where a class is: what those who are in it have to be told when it changes."""
        group, off = self.catalogue.classes[id], self.of(id).off
        told = f"{group.first_day} {group.sessions} {group.days} {group.starts} {group.ends} {group.organisation} {group.room}"
        return f"{told} without {' '.join(map(str, off))}" if off else told


def schedule(group: TrainingClass, place: Organisation | None) -> Schedule:
    """When a class is held at a place."""
    days, off, day = list[date](), list[date](), group.first_day
    while len(days) < group.sessions:
        if day.isoweekday() in group.days:
            (days if _is_held(group, place, day) else off).append(day)
        day += _DAY
    return Schedule(tuple(days), tuple(off))


def with_past(record: Record, before: Catalogue, today: date) -> Record:
    """A record as it is written anew. A place keeps the special days that are over since the first day of a class that goes
    on there: when a class ends follows from them, and taking a row off a sheet makes no past session held. What is written
    anew on such a day stands."""
    if not isinstance(record, Organisation) or (old := before.organisations.get(record.id)) is None:
        return record
    written = {each.day for each in record.special_days}
    over = [each for each in old.special_days if each.day < today and each.day not in written]
    calendar, here = Calendar(before), [each for each in before.classes.values() if each.organisation == record.id]
    since = min((each.first_day for each in here if calendar.last(each.id) >= today), default=today)
    if not (kept := [each for each in over if each.day >= since]):
        return record
    return replace(record, special_days=tuple(sorted((*record.special_days, *kept), key=lambda each: each.day)))


def is_outside(group: TrainingClass, place: Organisation) -> bool:
    """Whether a class of the daytime lies, on one of its weekdays, where its place is closed in an ordinary week."""
    return group.starts < EVENING and not all(_is_within(group, spans_of(place.hours, day)) for day in group.days)


def _is_held(group: TrainingClass, place: Organisation | None, day: date) -> bool:
    if place is None or all(each.day != day for each in place.special_days):
        return day_off(day) is None
    spans = day_of(place, day).spans
    if _is_within(group, spans):
        return True
    # Of a day with other hours we know only what it takes from the usual ones.
    return bool(spans) and not _is_within(group, spans_of(place.hours, day.isoweekday()))


def _is_within(group: TrainingClass, spans: tuple[Span, ...]) -> bool:
    return any(opens <= group.starts and group.ends <= closes for opens, closes in spans)
