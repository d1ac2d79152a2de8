"""The course that was told, once more: at another time, at another place, for less; and what else its teacher teaches."""

import re

from bot import described, phrases
from bot.aspects import HAS, spoken, spoken_of
from bot.commands import pointed_at
from bot.conversation import Task
from bot.leanings import OF_CLASSES
from bot.readings import plainly
from bot.rules.asking import LONG, MOVE
from bot.rules.follow import of_course, open_of, wants_another
from bot.rules.tasks import corrects
from bot.rules.told import classes_of, courses_of, elsewhere, shown, spelt, wish_of
from bot.running import Runner
from bot.turn import Turn
from bot.wish import (
    NOT,
    SUBJECTS,
    asks_for_others,
    is_too_far,
    kind_refused,
    narrowed,
    refuses_online,
    says_nothing_here,
    taken,
)
from nlu.questions import NO_ANSWER

_OF_ANOTHER = {"place", "time", "eligible", "about"}  # 除了学院哪里还有
_OF_ONE = {"way", "phone", "teacher", "bring", "until"}  # and never why one does not suit
# What a reason against a time or place is taken for.
_MISTAKEN = {"nearest_site", "site_address", "site_hours", "about_org", "find_activity", "smalltalk", "acknowledge", "withdraw", "course_help"}  # fmt: skip
_IS_THERE = re.compile("有没有$|有[吗么没不]?$|的$")  # 望湖有没有
_WHAT_THERE = re.compile("有(?:什么|啥|些什么|哪些)[呀啊呢]?$")  # 某某镇有什么, after classes
_NEARER = re.compile("离(?:[我俺咱]|家)[^,，。]{0,3}近|哪个?[^,，。]{0,2}近|近(?:点|一点|些)")
_ORDINAL = 0.5  # the probability of a move
LESS = re.compile(
    "能(?:不能)?再?(?:少|便宜|优惠|减)|便宜[点一些]{1,2}[吗不行成]|(?:有|给|可以)[^,，。]{0,3}优惠|打个?折|减免|太贵|贵了|(?:少|便宜|减)[点一些]{1,2}(?:吗|不|行)"
)
_TEACHES_ELSE = re.compile(
    "还(?:有没有|有|在|会|能)?(?:[教上开]|带(?=[^,，。]{0,6}[班课]))[^,，。]{0,2}(?:别的|别个|其他|其它|另外|什么|啥|哪)"
)
# What a refusal itself consists of.
_NOTHING_BESIDE = re.compile(
    "(?:[我俺咱她他那边里儿个就也是真可都又倒不没别想要愿意肯法得能行去来上到了太远班课吧啊呀呢的 ,，。.!！]"
    "|实在|根本|可以|的话|考虑|感兴趣)*+"
)
_OF_THE_HOUSE = re.compile("门|开放|营业|上班|下班|有人|电话|open|close")
_HELD = re.compile(
    "那?(?:你们(?:这[里边儿]?|那[里边儿]?)?)?(?:最近|近期|现在|这阵子?|今年|还)?(?:有没有|有|要|能)?(?:开班|开课|班|课|线下班)(?:了|上)?(?:[吗么没不嘛]|没有|有没有|有吗)?"
)


async def refused(run: Runner, turn: Turn) -> bool:
    """晚上我看不清路, 除了学院哪里还有, 还有别的班吗: what is looked for once more, without what does not suit."""
    state, heard = turn.state, turn.heard
    if not shown(turn) or turn.ticket or run.waiting(state) or (wish := wish_of(turn)) is None:
        return False
    if elsewhere(turn) or phrases.accuses(heard.folded):
        return False
    if not heard.entities and is_too_far(heard.folded):
        return await _elsewhere(run, turn, wish)
    said = _refused(run, turn, wish)
    refusals = {name for name in said if name.startswith(NOT)}
    if not refusals or _asks_beside(turn, wish, said) or (len(refusals) < len(said) and corrects(turn)):
        return False  # 不是书法，是国画 puts it right
    if "not_online" in said:
        turn.described = None
    if "not_when" in said:
        said.pop("audience", None)  # 早上我要送孙女上学
    await run.start(turn, wish.intent, narrowed({} if phrases.of_any(heard) else wish.slots, said))
    return True


def _refused(run: Runner, turn: Turn, wish: Task) -> dict[str, str]:
    """What a message says of a wish, where it refuses something."""
    heard = turn.heard
    said = run.readings.values(run.handlers[wish.intent], turn) if heard.entities else {}
    if "course" in wish.slots:
        said.pop("not_course", None)  # 不想跳舞, said of a class of yoga
    busy, classes = taken(heard) if heard.entities else None, classes_of(turn)
    if busy is not None and courses_of(turn):
        return {"not_when": busy}
    if wish.intent == "find_activity" and (kind := kind_refused(heard.folded)) and _is_held(turn, kind):
        return {"not_about": kind}
    if any(name.startswith(NOT) for name in said) or not courses_of(turn) or len(heard.folded) > LONG:
        return said
    if refuses_online(heard.folded):
        course = {"course": said["course"]} if "course" in said and heard.names("course") else {}
        return {**course, "not_online": "yes"}
    if asks_for_others(heard.folded) and not {said.get("course")} <= {None, *courses_of(turn)}:
        return {
            **said,
            **{name: value for name, value in wish.slots.items() if name.startswith(NOT)},
        }  # 书法有别的日子吗
    same = said.keys() <= {"course", "class"} and said.get("course") in {None, *courses_of(turn)}
    if classes and same and asks_for_others(heard.folded):
        pointed = pointed_at(heard.folded, turn.state.offers)
        one = pointed.slots.get("class") if pointed else None
        return {"not_class": one or " ".join(each.id for each in classes)}
    return {}


def _is_held(turn: Turn, kind: str) -> bool:
    """Whether there is an activity of a kind, by its name."""
    return any(kind in each.name for each in turn.recorded.activities.values())


def refuses_a_place(turn: Turn) -> bool:
    """同心我不想去, of a class that was told, and nothing beside it: no word of how somebody is."""
    heard = turn.heard
    told = turn.state.just_told and bool(courses_of(turn)) and _NOTHING_BESIDE.fullmatch(heard.without()) is not None
    return told and any(each.kind == "org" and heard.refuses(each) for each in heard.entities)


def _asks_beside(turn: Turn, wish: Task, said: dict[str, str]) -> bool:
    """除了周三，学费多少: whether something else is asked than where or when there is another."""
    heard, best = turn.heard, turn.heard.best
    if "not_when" in said and taken(heard) is not None:
        return False  # 我上班，六点才下班 asks nothing
    asked = set(spoken(phrases.without_names(heard)))
    if phrases.asks(heard.folded) or asked & _OF_ONE:
        return bool(asked - _OF_ANOTHER)
    if said.keys() & {"not_course", "not_org", "not_online", "not_about"}:
        return False  # 不要电脑, whatever it is read as
    mistaken = {wish.intent, *OF_CLASSES, *NO_ANSWER, *_MISTAKEN}
    return best is not None and best.score >= heard.lines.sure and best.intent not in mistaken


async def another(run: Runner, turn: Turn) -> bool:
    """那周六呢, 有没有近一点的, 有没有不要钱的: what is looked for once more, at another time, at another place, for less."""
    wish, heard = wish_of(turn), turn.heard
    place = heard.first("org")
    if place and wish and wish.intent == "find_class" and _WHAT_THERE.search(heard.folded):
        await run.start(turn, "find_class", {"org": place})
        return True
    of_others = heard.first("theme") or phrases.of_any(heard)
    if wish is None or heard.first("course") or of_others:  # 有什么家政课, 某某镇有什么课
        return False
    best, courses, told = plainly(heard), courses_of(turn), classes_of(turn)
    whether = len(courses) == 1 and (_HELD.fullmatch(heard.folded) is not None or _only_whether(turn))
    if best and best.intent == "find_class" and whether:
        await run.start(turn, "find_class", {"course": courses.pop()})
        return True
    move, slots = heard.move, run.handlers[wish.intent].slots
    said = {slot.name: value for slot in slots if (value := slot.read(heard, turn.catalogue))}
    if told and move.label == "follow/other_place" and all(each.organisation == said.get("org") for each in told):
        said.pop("org", None)  # 学院太远了，别处有没有: not there
    others = phrases.narrows(heard) if said else None
    if not _takes(turn, wish, said, others):
        return False
    if len(courses) == 1 and "online" in spoken(heard.folded):  # 晚上啊，那网上有没有能看的
        return await run.aside(turn, Task("fact", {"aspect": "online", "of": f"course:{courses.pop()}"}))
    if not said and move.label == "follow/other_place":
        return await _elsewhere(run, turn, wish)
    if not said and move.label == "follow/other_time" and told:
        said["not_class"] = " ".join(each.id for each in told)
    if move.label == "follow/cheaper":
        if LESS.search(heard.folded):
            await _tell_of_less(run, turn)
            return True
        said["fee"] = "free"
    await run.start(turn, wish.intent, narrowed(wish.slots, said, instead=phrases.follows(heard.folded)))
    if "org" not in said and any(map(_NEARER.search, others or ())):
        turn.say("class.where")
    return True


def _takes(turn: Turn, wish: Task, said: dict[str, str], others: list[str] | None) -> bool:
    """Whether a message says nothing but what narrows the wish. `others` are its parts that name nothing."""
    heard, move, best = turn.heard, turn.heard.move, plainly(turn.heard)
    wants = wants_another(turn, MOVE) if said else wants_another(turn, _ORDINAL)
    there = "org" in said and phrases.lives(heard)
    if not said:
        takes = wants and len(heard.folded) <= LONG
    else:
        alone = best and best.intent == wish.intent and not phrases.names_matter(heard.folded)  # 有没得白天打的
        takes = there or len(phrases.rest(heard)) <= 1 or others == [] or alone is True or wants
    reasons = [each for each in others or () if not _NEARER.search(each)]  # 周末的，平时我上班; 白天的呢，哪个离我近点
    explained = bool(others) and all(map(says_nothing_here, reasons)) and not (corrects(turn) or elsewhere(turn))
    asked = best is not None and best.score >= heard.lines.sure and best.intent not in OF_CLASSES | {wish.intent}
    is_there = others == [] and _IS_THERE.search(heard.folded) is not None
    goes_on = phrases.follows(heard.folded) or there or explained or is_there or (wants and move.probability >= MOVE)
    return (takes or explained) and (not asked or goes_on)


async def _elsewhere(run: Runner, turn: Turn, wish: Task) -> bool:
    """有没有近一点的, and no place is named: not where all of those are that were told. Where they are at several, it is asked
    where somebody lives; there is no other where all were told."""
    places = {each.organisation for each in classes_of(turn)} or _places_of_activities(turn)
    if len(places) > 1 or (wish.intent == "find_class" and not SUBJECTS & wish.slots.keys()):
        turn.say("class.where")
    elif wish.intent == "find_class" and _is_here_alone(turn):
        turn.say("class.nowhere_else")
        turn.suggest("find_course")
        turn.suggest("human")
    else:
        await run.start(turn, wish.intent, narrowed(wish.slots, {"not_org": places.pop()} if places else {}))
    return True


def _places_of_activities(turn: Turn) -> set[str]:
    there = turn.catalogue.activities
    return {there[id].organisation for kind, id in shown(turn) if kind == "activity" and id in there}


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
    if not aspect or there == [*shown(turn)] or any(kind != "class" for kind, _ in there):
        return False
    return await run.aside(turn, Task("fact", {"aspect": aspect, "of": spelt(there)}))
