"""What enrolment needs of training classes: how many places, for whom, from when to when; and when each is held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


class Group(Protocol):
    """What is needed of a training class."""

    @property
    def id(self) -> str: ...
    @property
    def capacity(self) -> int: ...
    @property
    def enrolled(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def enrol_from(self) -> date: ...
    @property
    def enrol_until(self) -> date: ...
    @property
    def starts(self) -> str: ...
    @property
    def ends(self) -> str: ...
    @property
    def ballot(self) -> bool: ...
    @property
    def minors(self) -> bool: ...
    @property
    def schools(self) -> Sequence[str]: ...


class Timetable(Protocol):
    """The classes by their ids, and when each is held."""

    @property
    def classes(self) -> Mapping[str, Group]: ...

    def days(self, id: str) -> Sequence[date]:
        """The day of every session, in order."""

    def times(self, id: str) -> str:
        """When and where it is: what those who are in it are told when it changes."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A class with when it is held, both of one moment: in the next it may be on record no more."""

    group: Group
    days: Sequence[date]
    times: str

    @staticmethod
    def of(timetable: Timetable, id: str) -> "Scheduled | None":
        """None where there is no such class."""
        group = timetable.classes.get(id)
        return Scheduled(group, timetable.days(id), timetable.times(id)) if group else None
