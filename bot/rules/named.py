"""Names that are said and not meant: a place for one within it, a course for what a lesson is about."""

import re
from itertools import pairwise

from bot import halves
from bot.rules.records import taught
from bot.rules.told import shown
from bot.turn import Turn
from nlu.entities import Entity

_OF_IT_THERE = re.compile("[的那边里街道镇个有]{0,6}")  # between a place and one within it


def names_meant(turn: Turn) -> tuple[Entity, ...]:
    """What a message names, without those."""
    aside = [*_around(turn), *_within(turn)]
    return tuple(each for each in turn.heard.entities if each not in aside)


def _around(turn: Turn) -> list[Entity]:
    """The first in 某某街道的某某社区: a place right before one that belongs to it."""
    places = sorted((each for each in turn.heard.entities if each.kind == "org"), key=lambda each: each.start)
    known, folded = turn.recorded.organisations, turn.heard.folded
    return [
        before
        for before, each in pairwise(places)
        if each.value in known and known[each.value].parent == before.value
        if _OF_IT_THERE.fullmatch(folded, before.end, max(before.end, each.start))
    ]


def _within(turn: Turn) -> list[Entity]:
    """糖尿病那节, of what a lesson of the course that was told is about: the name of another course."""
    told, folded = shown(turn), turn.heard.folded
    if not told or not turn.state.just_told or not halves.of_a_part(folded):
        return []
    texts = taught(turn, told[0])
    courses = (each for each in turn.heard.entities if each.kind == "course")
    return [each for each in courses if any(folded[each.start : each.end] in text for text in texts)]
