"""The things that were told just now, which a message may go on with."""

import re
from collections.abc import Sequence
from functools import lru_cache

from bot import phrases
from bot.conversation import Task
from bot.leanings_to_learning import OF_LEARNING
from bot.turn import Turn
from knowledge.catalogue import TrainingClass

# 啥时候能拿到, after how one gets an invoice for a class: nobody gets the class.
OBTAINED = re.compile("[拿收领退](?:得)?(?:到|回来|下来)|到[手账]|[办开寄]好|批下来")
Thing = tuple[str, str]  # a kind (class, course, activity, item) and an id


def shown(turn: Turn) -> Sequence[Thing]:
    return _things(tuple(turn.state.shown))


def told_as(spelt: Sequence[str]) -> Sequence[Thing]:
    """Those that a state names so: class:taichi-college."""
    return _things(tuple(spelt))


@lru_cache(2048)  # a turn asks a score of times
def _things(spelt: tuple[str, ...]) -> Sequence[Thing]:
    return tuple((kind, id) for kind, _, id in (each.partition(":") for each in spelt))


def classes_of(turn: Turn) -> list[TrainingClass]:
    """The classes that were told and are still there."""
    if not turn.state.shown:
        return []
    there = turn.catalogue.classes
    return [there[id] for kind, id in shown(turn) if kind == "class" and id in there]


def courses_of(turn: Turn) -> set[str]:
    """The courses that were told, or whose classes were."""
    return {each.course for each in classes_of(turn)} or {id for kind, id in shown(turn) if kind == "course"}


def spelt(things: Sequence[Thing]) -> str:
    return " ".join(f"{kind}:{id}" for kind, id in things)


def elsewhere(turn: Turn) -> bool:
    """Whether the last answer was on something else than what is learnt, and nothing points back behind it."""
    told = [found for each in turn.state.told if (found := turn.library.entries.get(each))]
    beside = all(each.topic not in OF_LEARNING for each in told) or OBTAINED.search(turn.heard.folded)
    return bool(told) and bool(beside) and not phrases.points_back(turn.heard.folded)


def wish_of(turn: Turn) -> Task | None:
    """What is looked for, as it was wished so far, or what was told last, where that is something else."""
    wish, told = turn.state.wish, {kind for kind, _ in shown(turn)}
    if "activity" in told:
        return wish if wish and wish.intent == "find_activity" else Task("find_activity")
    courses = courses_of(turn)
    if len(courses) != 1:
        return wish if wish and (courses or "org" in told) else None
    (course,) = courses
    if wish and wish.intent == "find_class":
        wished = wish.slots.get("course")
        if wished == course or (wished is None and set(turn.state.shown) <= set(turn.state.listed)):
            return wish
    return Task("find_class", {"course": course})
