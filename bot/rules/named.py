"""Names that are said and not meant: a place for one within it, a course for what a lesson is about."""

import re
from itertools import pairwise

from bot.rules.records import A_PART, taught
from bot.rules.told import shown
from bot.turn import Turn
from nlu.entities import Entity

_OF_IT_THERE = re.compile("[的那边里街道镇个有]{0,6}")  # between a place and one within it


def most_exact(turn: Turn) -> tuple[Entity, ...]:
    """Of 某某街道的某某社区 the second: where a place is named right behind one that it belongs to, it is meant alone."""
    places = sorted((each for each in turn.heard.entities if each.kind == "org"), key=lambda each: each.start)
    known, folded = turn.library.catalogue.organisations, turn.heard.folded
    over = [
        before
        for before, each in pairwise(places)
        if each.value in known and known[each.value].parent == before.value
        if _OF_IT_THERE.fullmatch(folded, before.end, max(before.end, each.start))
    ]
    return tuple(each for each in turn.heard.entities if each not in over)


def named_within(turn: Turn) -> Entity | None:
    """糖尿病那节, of what a lesson of the course that was told is about: a name of another course that is not meant."""
    told = shown(turn)
    if not told or not A_PART.search(turn.heard.folded) or not turn.state.just_told:
        return None
    texts = taught(turn, told[0])
    folded = turn.heard.folded
    return next(
        (
            each
            for each in turn.heard.entities
            if each.kind == "course" and any(folded[each.start : each.end] in text for text in texts)
        ),
        None,
    )
