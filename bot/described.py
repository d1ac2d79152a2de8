"""Courses that are not called so here, and may be meant, by what their names mean: 直播卖货, 石桥镇讲防火的那堂课."""

from msgspec.structs import replace

from bot import phrases
from bot.comprehension import Understanding
from bot.leanings import OF_CLASSES, OF_FEE
from bot.turn import LIKE, Turn
from nlu.entities import Entity

MEANT = 0.74  # likeness from which a course is meant
LEAD = 0.1  # that the one that is meant is ahead of the next


def with_course(turn: Turn) -> Understanding:
    """What was heard, with the course that it describes where it is not clear otherwise."""
    heard, best = turn.heard, turn.heard.best
    unclear = best is None or best.score < heard.lines.likely or best.intent in OF_CLASSES or best.question in OF_FEE
    if not unclear or not phrases.is_of_a_course(heard.folded) or turn.ticket:
        return heard
    if any(heard.first(each) for each in ("course", "activity", "item")) or (course := _meant(turn)) is None:
        return heard
    return replace(heard, entities=(*heard.entities, Entity("course", course, 0, 0, exact=False)))


def _meant(turn: Turn) -> str | None:
    """The one that is meant for all we can see: near enough, and no other nearly as near. Where a place is named, of what is
    taught there."""
    org, catalogue = turn.heard.first("org"), turn.catalogue
    there = {each.course for each in catalogue.classes.values() if org and catalogue.is_within(each.organisation, org)}
    near = [(id, likeness) for id, likeness in turn.courses_like(0.0).items() if not there or id in there]
    first, second = [*near, ("", 0.0), ("", 0.0)][:2]
    least = LIKE if there else MEANT
    return first[0] if first[1] >= least and first[1] - second[1] >= LEAD else None
