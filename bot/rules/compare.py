"""What was told side by side: which is cheaper, nearer, earlier."""

import re
from collections.abc import Sequence

from bot.conversation import Task
from bot.leanings_to_learning import OF_LEARNING
from bot.rules.asking import MOVE
from bot.rules.follow import of_course
from bot.rules.told import Thing, courses_of, shown, spelt, told_as
from bot.running import Runner
from bot.turn import Turn
from knowledge.called import without_place

_THESE = re.compile("[这那][两俩几]|它们|these|them")
_COMPARES = re.compile(
    r"哪[一]?[个家门种样边头处里][^,，。]{0,6}(?:便宜|贵|近|早|晚|好|划算|人少|合适|快|方便|强|多(?!少|久|长|大)|(?<!多)少|空|挤|松)"
    r"|(?:区别|不一样|不同|差别|差多少|对比|比较)|冲突|撞(?:上|了|时间)?[吗么不没]|同一天|[赶凑]在?了?一天"
    r"|两[处个边家只门][^,，。]{0,10}(?:一并|都|一起|分别)|比比|比一[下比]|which (?:one )?is"
)
_BY = (
    ("price", r"便宜|贵|划算|钱"),
    ("place", r"近|远|方便"),
    ("time", r"早|晚|快"),
    ("duration", r"次数|几次|多少次|课时|[长久短]"),
    ("places", r"人少|名额|空|位[子置]|挤|松"),
)


def compares(turn: Turn) -> bool:
    """Whether it asks what is better of several, or how they differ."""
    move = turn.heard.move
    return (move.label == "follow/compare" and move.probability >= MOVE) or _COMPARES.search(
        turn.heard.folded
    ) is not None


async def compared(run: Runner, turn: Turn) -> bool:
    """哪个便宜, 这两个有啥区别: those that were told, side by side."""
    best = turn.heard.best
    other = best and best.question and best.score >= turn.heard.lines.sure and best.topic not in OF_LEARNING
    if (other and not _THESE.search(turn.heard.folded)) or not compares(turn):
        return False  # 学分跟积分有什么不同
    if len(items := _items_told(turn)) > 1:
        return await run.aside(turn, Task("fact", {"aspect": "price", "of": spelt(items)}))
    told, listed = shown(turn), told_as(turn.state.listed)
    told = listed if len(told) < 2 and set(told) <= set(listed) else told  # one that was picked from several
    told = [*told_as(turn.state.before), *told] if len(told) < 2 else told  # 初级, and 中级 after it
    named = [thing for course in turn.heard.values("course") for thing in of_course(turn, course, whole=True)]
    things = [each for each in dict.fromkeys(_at_places(turn) or [*told, *named]) if each[0] == "class"]
    things = _by_their_parts(turn, things) or things
    if len(things) < 2:
        return False
    by = next((aspect for aspect, words in _BY if re.search(words, turn.heard.folded)), "all")
    await run.aside(turn, Task("compare", {"by": by, "of": spelt(things)}))
    run.remind(turn)
    return True


def _items_told(turn: Turn) -> list[Thing]:
    """The item that was told and the one before it, the cheapest first; none, where something else is named."""
    told = [each for each in dict.fromkeys([*told_as(turn.state.before), *shown(turn)]) if each[0] == "item"]
    items = turn.catalogue.items
    if not turn.state.just_told or turn.heard.first("course") or turn.heard.first("org"):
        return []
    return sorted((each for each in told if each[1] in items), key=lambda each: items[each[1]].points)


def _by_their_parts(turn: Turn, things: Sequence[Thing]) -> list[Thing]:
    """电焊夜班和零基础班哪个便宜: of several those of which what is theirs alone is said; none, where that is of one at most."""
    catalogue, found = turn.recorded, list[Thing]()
    for _, id in things:
        course, own = (
            catalogue.courses.get(catalogue.classes[id].course),
            without_place(catalogue.classes[id], catalogue),
        )
        for name in sorted((course.name, *course.aliases) if course else (), key=len, reverse=True):
            own = own.removeprefix(name)
        if len(own) > 1 and own.casefold() in turn.heard.folded:
            found.append(("class", id))
    return found if len(found) > 1 else []


def _at_places(turn: Turn) -> list[Thing]:
    """东校区和西校区哪边空位多: the classes of the course that was told, at each of several places that are named; or of the course that is."""
    courses, places = {*turn.heard.values("course")} or courses_of(turn), set(turn.heard.values("org"))
    there = [each for each in turn.catalogue.classes.values() if each.course in courses and each.enrols(turn.today)]
    at = [each for each in there if any(turn.catalogue.is_held_at(each, place) for place in places)]
    return [("class", each.id) for each in at] if len(places) > 1 else []
