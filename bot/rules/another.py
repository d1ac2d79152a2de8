"""The course that was told, once more: at another time, at another place, for less; and what else its teacher teaches."""

import re

from bot import described, phrases
from bot.aspects import HAS, spoken_of
from bot.conversation import Task
from bot.leanings import OF_CLASSES
from bot.readings import plainly
from bot.rules.asking import LONG, MOVE
from bot.rules.follow import of_course, open_of, wants_another
from bot.rules.told import classes_of, courses_of, shown, spelt
from bot.running import Runner
from bot.turn import Turn

_ORDINAL = 0.5  # the probability of a move
LESS = re.compile(
    "能(?:不能)?再?(?:少|便宜|优惠|减)|便宜[点一些]{1,2}[吗不行成]|(?:有|给|可以)[^,，。]{0,3}优惠|打个?折|减免|太贵|贵了|(?:少|便宜|减)[点一些]{1,2}(?:吗|不|行)"
)
_TEACHES_ELSE = re.compile(
    "还(?:有没有|有|在|会|能)?(?:[教上开]|带(?=[^,，。]{0,6}[班课]))[^,，。]{0,2}(?:别的|别个|其他|其它|另外|什么|啥|哪)"
)
_OF_THE_HOUSE = re.compile("门|开放|营业|上班|下班|有人|电话|open|close")
_HELD = re.compile(
    "那?(?:你们(?:这[里边儿]?|那[里边儿]?)?)?(?:最近|近期|现在|这阵子?|今年|还)?(?:有没有|有|要|能)?(?:开班|开课|班|课|线下班)(?:了|上)?(?:[吗么没不嘛]|没有|有没有|有吗)?"
)


async def another(run: Runner, turn: Turn) -> bool:
    """那周六呢, 有没有近一点的: the same course at another time, at another place, for less."""
    courses = courses_of(turn)
    of_others = turn.heard.first("theme") or phrases.of_any(turn.heard)
    if len(courses) != 1 or turn.heard.first("course") or of_others:  # 有什么家政课, 某某镇有什么课
        return False
    best = plainly(turn.heard)
    if best and best.intent == "find_class" and (_HELD.fullmatch(turn.heard.folded) or _only_whether(turn)):
        await run.start(turn, "find_class", {"course": courses.pop()})
        return True
    move, slots = turn.heard.move, run.handlers["find_class"].slots
    wishes = {slot.name: value for slot in slots if (value := slot.read(turn.heard, turn.catalogue))}
    wants = wants_another(turn, 0)
    if move.label == "follow/other_place" and all(each.organisation == wishes.get("org") for each in classes_of(turn)):
        wishes.pop("org", None)  # 学院太远了，别处有没有: not there
    there = "org" in wishes and phrases.lives(turn.heard)
    if wishes:
        alone = best and best.intent == "find_class" and not phrases.names_matter(turn.heard.folded)  # 有没得白天打的
        takes = there or len(phrases.rest(turn.heard)) <= 1 or alone or (wants and move.probability >= MOVE)
    else:
        takes = wants and move.probability >= _ORDINAL and len(turn.heard.folded) <= LONG
    elsewhere = best is not None and best.score >= turn.heard.lines.sure and best.intent not in OF_CLASSES
    elsewhere = elsewhere and not there and not (wants and move.probability >= MOVE)
    if not takes or (elsewhere and not phrases.follows(turn.heard.folded)):
        return False
    if wants and move.label == "follow/other_place" and not wishes and _is_here_alone(turn):
        turn.say("class.nowhere_else")
        turn.suggest("find_course")
        turn.suggest("human")
        return True
    if move.label == "follow/cheaper":
        if LESS.search(turn.heard.folded):
            await _tell_of_less(run, turn)
            return True
        wishes["fee"] = "free"
    await run.start(turn, "find_class", {"course": courses.pop(), **wishes})
    return True


def _only_whether(turn: Turn) -> bool:
    """有教的吗, right after a course was talked of: whether that is taught."""
    return turn.state.just_told and not turn.heard.entities and not described.content(turn.heard)


def _is_here_alone(turn: Turn) -> bool:
    """Whether all classes of the course that are to come were told just now, and are at one place."""
    told = classes_of(turn)
    return len({each.organisation for each in told}) == 1 and {each.id for each in open_of(turn, courses_of(turn))} <= {
        each.id for each in told
    }


async def _tell_of_less(run: Runner, turn: Turn) -> None:
    """Who pays less; where nobody has written that, what the class says of it with its price."""
    told = classes_of(turn)
    if len(told) == 1 and turn.library.answer("fee-free-who", turn.today) is None:
        await run.start(turn, "class_fee", {"class": told[0].id})
    else:
        await run.start(turn, "not_answered", {"question": "fee-free-who"})


async def taught_beside(run: Runner, turn: Turn) -> bool:
    """这老师还教别的不, after a class: what else its teacher teaches."""
    told = classes_of(turn)
    if len(told) != 1 or not turn.state.just_told or not _TEACHES_ELSE.search(turn.heard.folded):
        return False
    classes, teacher = turn.catalogue.classes.values(), turn.heard.first("teacher") or told[0].teacher
    if any(each.teacher == teacher and each.course != told[0].course and each.comes(turn.today) for each in classes):
        await run.start(turn, "find_class", {"teacher": teacher})
        return True
    return await run.aside(turn, Task("fact", {"aspect": "teacher", "of": f"class:{told[0].id}", "more": "yes"}))


async def asked_elsewhere(run: Runner, turn: Turn) -> bool:
    """临江的呢, after who teaches it somewhere else: the same of the same course there."""
    courses, folded = {each.course for each in classes_of(turn)}, turn.heard.folded
    named = {each.kind for each in turn.heard.entities}
    if not phrases.follows(folded) or len(courses) != 1 or named != {"org"} or _OF_THE_HOUSE.search(folded):
        return False
    said = spoken_of(phrases.without_names(turn.heard))  # 那就某某吧，几点到几点
    aspect = said if said in HAS["class"] else None if len(phrases.rest(turn.heard)) > 1 else turn.state.asked
    there = of_course(turn, courses.pop()) if aspect else []
    if not aspect or there == shown(turn) or any(kind != "class" for kind, _ in there):
        return False
    return await run.aside(turn, Task("fact", {"aspect": aspect, "of": spelt(there)}))
