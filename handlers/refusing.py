"""What was refused of what is looked for: the places, times, courses and classes that it is not to be. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.turn import Turn
from knowledge.catalogue import TrainingClass
from nlu.times import When

_SOME = 0.2  # the share of its days from which a time is one of a class: a day that was moved there is none


def refuses_class(wish: Mapping[str, str], group: TrainingClass, turn: Turn) -> bool:
    """Whether a class is none that is wished."""
    return (
        group.id in wish.get("not_class", "").split()
        or group.course in wish.get("not_course", "").split()
        or refuses_place(wish, group.organisation, turn)
        or refuses_time(wish, turn.calendar.days(group.id), group.starts)
    )


def refuses_place(wish: Mapping[str, str], organisation: str, turn: Turn) -> bool:
    """A place that is refused is refused with what is below it; all is below the college, which stands for its own house."""
    college = turn.catalogue.college
    return any(
        organisation == place
        or (not (college and place == college.id) and turn.catalogue.is_within(organisation, place))
        for place in wish.get("not_org", "").split()
    )


def refuses_time(wish: Mapping[str, str], days: Sequence[date], starts: str) -> bool:
    """Whoever has no time on Wednesdays is in no class that is on Mondays and Wednesdays; one certain day is only missed."""
    for refused in map(When.of, wish.get("not_when", "").split()):
        hit = sum(refused.fits(day, starts) for day in days)
        if hit > (_SOME * len(days) if not refused.fixed else len(days) - 1):
            return True
    return False
