"""What is wrong with a catalogue as a whole: references to what is not there, circles, dates and times out of order."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from accounts.rules import problems as rule_problems
from knowledge.catalogue import Activity, Catalogue, Opening, Organisation, TrainingClass
from knowledge.headings import problems as heading_problems
from knowledge.topics import ours
from knowledge.topics import problems as topic_problems


def inconsistencies(catalogue: Catalogue) -> list[str]:
    """Each with the record it is in."""
    found = [*_of_topics(catalogue), *rule_problems(catalogue.reckoning.versions)]
    found += [f"theme {each}" for each in heading_problems(catalogue.themes.values())]
    found += [f"category {each}" for each in heading_problems(catalogue.categories.values())]
    for place in catalogue.organisations.values():
        found += [f"organisation {place.id}: {each}" for each in _of_place(catalogue, place)]
    for group in catalogue.classes.values():
        found += [f"class {group.id}: {each}" for each in _of_class(catalogue, group)]
    for activity in catalogue.activities.values():
        found += [f"activity {activity.id}: {each}" for each in _of_activity(catalogue, activity)]
    return found


def _of_topics(catalogue: Catalogue) -> Iterator[str]:
    """Why there may not be a topic of the centre's own."""
    product, known = {*ours().values()}, {*ours().values(), *catalogue.topics.values()}
    for own in catalogue.topics.values():
        if own not in product:
            yield from topic_problems(own, known - {own})


def _of_place(catalogue: Catalogue, place: Organisation) -> Iterator[str]:
    if place.parent and place.parent not in catalogue.organisations:
        yield f"parent: there is no {place.parent}"
    elif place.level != "college":
        top = catalogue.line_up(place.id)[-1]
        if top.parent is not None and top.level != "college":
            yield "parent: leads round in a circle"
        elif catalogue.college is not None and top.level != "college":
            yield "parent: does not lead up to the college"
    for name, degrees, most in (("north", place.north, 90), ("east", place.east, 180)):
        if not -most <= degrees <= most:
            yield f"{name}: {degrees:g} degrees, which are {most} at most"
    for each in place.hours:
        if each.closes <= each.opens:
            yield f"hours: closes {each.closes} before it opens {each.opens}"
    for day in place.special_days:
        if (day.opens is None) != (day.closes is None):
            yield f"special_days: {day.day} has one of two times"
        elif day.opens and day.closes and day.closes <= day.opens:
            yield f"special_days: {day.day} closes {day.closes} before it opens {day.opens}"
    for weekday in range(1, 8):
        for ends, begins in _gaps(place.hours, weekday):
            if begins < ends:
                yield f"hours: weekday {weekday} is open twice from {begins}"


def _gaps(openings: Iterable[Opening], weekday: int) -> Iterator[tuple[str, str]]:
    """When each span of a weekday ends, and the one after it begins."""
    spans = sorted((each.opens, each.closes) for each in openings if weekday in each.days)
    return ((one[1], other[0]) for one, other in pairwise(spans))


def _of_class(catalogue: Catalogue, group: TrainingClass) -> Iterator[str]:
    if group.course not in catalogue.courses:
        yield f"course: there is no {group.course}"
    if group.organisation not in catalogue.organisations:
        yield f"organisation: there is no {group.organisation}"
    for school in group.schools:
        if school not in catalogue.organisations:
            yield f"schools: there is no {school}"
    if group.ends <= group.starts:
        yield f"ends: {group.ends} is not after starts {group.starts}"
    if group.oldest < group.youngest:
        yield f"oldest: {group.oldest} is less than {group.youngest}"
    if group.enrolled > group.capacity:
        yield f"enrolled: {group.enrolled} is more than there are places, {group.capacity}"
    if group.enrol_until < group.enrol_from:
        yield f"enrol_until: {group.enrol_until} is before {group.enrol_from}"


def _of_activity(catalogue: Catalogue, activity: Activity) -> Iterator[str]:
    if activity.organisation not in catalogue.organisations:
        yield f"organisation: there is no {activity.organisation}"
    if activity.last_day < activity.first_day:
        yield f"last_day: {activity.last_day} is before {activity.first_day}"
    if activity.ends <= activity.starts:
        yield f"ends: {activity.ends} is not after starts {activity.starts}"
