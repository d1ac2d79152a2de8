"""Names: what is meant where nothing else is said; which are said and not meant, as a place for one within it."""

import re
from itertools import pairwise

from bot import halves, phrases
from bot.readings import plainly
from bot.rules.records import taught
from bot.rules.told import shown
from bot.running import Runner
from bot.turn import Turn
from knowledge.called import called
from knowledge.catalogue import TrainingClass
from nlu.entities import Entity

_ABOUT = re.compile("打听|咨询|了解|问[问下]|问一下|介绍|说说|讲讲|看看|关于|about")
_TEACHES = re.compile("(?:里[面头])?[都会也有]{0,2}[讲教](?:不[讲教])?")
_NAMES = {"course", "org", "item", "teacher"}
_OF_IT_THERE = re.compile("[的那边里街道镇个有]{0,6}")  # between a place and one within it


def names_meant(turn: Turn) -> tuple[Entity, ...]:
    """What a message names, without those."""
    aside = [*_around(turn), *_within(turn)]
    return tuple(each for each in turn.heard.entities if each not in aside)


def names_besides(turn: Turn, label: str) -> bool:
    """家政在哪里上, where 在哪里上 of something else is offered."""
    folded = turn.heard.folded
    names = (folded[each.start : each.end] for each in turn.heard.entities if each.exact and each.kind in _NAMES)
    return any(name not in label.casefold() for name in names)


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
    within = halves.of_a_part(folded) or _TEACHES.match(folded)  # 糖尿病那节, 讲糖尿病怎么吃不
    if not told or not turn.state.just_told or not within:
        return []
    texts = taught(turn, told[0])
    courses = (each for each in turn.heard.entities if each.kind == "course")
    return [each for each in courses if any(folded[each.start : each.end] in text for text in texts)]


async def name_alone(run: Runner, turn: Turn) -> bool:
    """A name alone (书法, 某某街道): what about it."""
    if phrases.named_share(turn.heard) < 0.6 or (
        plainly(turn.heard) and (phrases.rest(turn.heard) or phrases.asks(turn.heard.folded))
    ):
        return False
    place_or_time = turn.heard.first("org") or turn.heard.first("when")
    if turn.heard.first("course") and place_or_time:  # 我想周末在某某街道学太极拳
        await run.start(turn, "find_class", run.readings.values(run.handlers["find_class"], turn))
        return True
    if len(groups := _called(turn)) == 1:  # 国画班（学院）
        await run.start(turn, "class_detail", {"class": groups[0].id})
        return True
    if turn.heard.first("org") and turn.heard.first("when"):  # a place on a day: whether it is open
        await run.start(turn, "site_hours", run.readings.values(run.handlers["site_hours"], turn))
        return True
    for kind, intent in (("course", "about_course"), ("org", "about_org"), ("theme", "find_course"), ("item", "redemption_items"),
                         ("matter", "other_office"), ("when", "find_class")):  # fmt: skip
        if turn.heard.first(kind):
            await run.start(turn, intent, run.readings.values(run.handlers[intent], turn))
            return True
    return False


def _called(turn: Turn) -> list[TrainingClass]:
    """The classes that one can be in, or will, which are called by a name of their own."""
    course, classes = turn.heard.first("course"), turn.catalogue.classes.values()
    to_come = [each for each in classes if each.course == course and each.comes(turn.today)]
    return called(turn.heard.folded, to_come, turn.recorded)


async def named_at_least(run: Runner, turn: Turn) -> bool:
    """给我妈打听打听八段锦, 听说你们有八段锦: nothing is clear but what it is about, and that is told."""
    folded = turn.heard.folded
    about = turn.described or _ABOUT.search(folded) or not phrases.asks(folded) or phrases.follows(folded)
    if run.waiting(turn.state) or turn.ticket or not about:
        return False
    exact = turn.heard.named | ({"course"} if turn.described else set())
    for kind, intent in (("course", "find_class"), ("item", "redemption_items"), ("activity", "find_activity")):
        if kind in exact:
            await run.start(turn, intent, run.readings.values(run.handlers[intent], turn))
            return True
    return False
