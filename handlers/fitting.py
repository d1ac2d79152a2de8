"""Whether something is where it is wished, and none of what was refused: places, times, courses and classes. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.turn import Turn
from knowledge.catalogue import TrainingClass
from nlu.times import When


def refuses_class(wish: Mapping[str, str], group: TrainingClass, turn: Turn) -> bool:
    """Whether a class is none that is wished."""
    return (
        group.id in wish.get("not_class", "").split()
        or group.course in wish.get("not_course", "").split()
        or refuses_place(wish, group.organisation, turn)
        or refuses_time(wish, usual_days(group, turn), group.starts)
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
        if hit == len(days) > 0 or (hit and not refused.fixed):
            return True
    return False


def usual_days(group: TrainingClass, turn: Turn) -> list[date]:
    """The days on which a class is held, but for those to which a session was moved from another weekday."""
    days = turn.calendar.days(group.id)
    return [day for day in days if day.isoweekday() in group.days] or list(days)


def is_at(group: TrainingClass, organisation: str, turn: Turn) -> bool:
    """Whether it is held there. All is within the college: whoever calls it by its name means its own house."""
    college = turn.catalogue.college
    if college is None or organisation != college.id:
        return turn.catalogue.is_within(group.organisation, _street(organisation, turn))
    return group.organisation == college.id or means_everywhere(turn, organisation)


def means_everywhere(turn: Turn, organisation: str | None) -> bool:
    """Whether a message calls the college by a name that is that of all (学校), or nothing is taught in its own house."""
    college = turn.catalogue.college
    if college is None or organisation != college.id:
        return False
    if all(each.organisation != college.id for each in turn.catalogue.classes.values()):
        return True
    said = [turn.heard.folded[each.start : each.end] for each in turn.heard.entities if each.kind == "org"]
    return bool(said) and not any(college.name.endswith(name) for name in said)


def _street(organisation: str, turn: Turn) -> str:
    """Classes run at schools: a site where none is held stands for its school, where it has one; right below the college it is
    its own."""
    if any(each.organisation == organisation for each in turn.catalogue.classes.values()):
        return organisation
    places = turn.catalogue.organisations
    above = places.get(places[organisation].parent or "") if organisation in places else None
    stands = above is not None and above.level == "school" and places[organisation].level == "site"
    return above.id if above and stands else organisation


def named_after_it(turn: Turn) -> bool:
    """书法班，学院的不要, and then 国画班有吗: what was refused of the one was not said of the other."""
    heard = turn.heard
    refuses = (When.of(each.value).refuses if each.kind == "when" else heard.refuses(each) for each in heard.entities)
    return heard.first("course") is not None and not any(refuses)


def leaves_out(turn: Turn, course: str) -> bool:
    """Whether some class of a course is left out of those that may be meant, because it was refused."""
    wish, there = turn.state.wish, turn.catalogue.classes.values()
    if wish is None or wish.slots.get("course") != course:
        return False
    out = [refuses_class(wish.slots, each, turn) for each in there if each.course == course and each.enrols(turn.today)]
    return any(out) and not all(out)
