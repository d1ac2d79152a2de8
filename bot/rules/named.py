"""Names: what is meant where nothing else is said; which are said and not meant, as a place for one within it."""

import re
from itertools import pairwise

from bot import described, halves, phrases
from bot.aspects import ASPECTS, spoken
from bot.commands import bare
from bot.leanings import OF_CLASSES
from bot.readings import plainly
from bot.rules import tasks
from bot.rules.asking import MOVE
from bot.rules.records import in_its_words, taught
from bot.rules.told import courses_of, shown
from bot.running import Runner
from bot.turn import Turn
from knowledge.called import called
from knowledge.catalogue import TrainingClass
from nlu.entities import Entity

_ABOUT = re.compile("打听|咨询|了解|问[问下]|问一下|介绍|说说|讲讲|看看|关于|about")
_TEACHES = re.compile("(?:里[面头])?[都会也有]{0,2}[讲教](?:不[讲教])?")
_JOINS = re.compile("(?:怎么|怎样|咋|如何)(?:才能?|去|样)?(?:参加|加入|报名?)(?:呢|啊|呀|的|法)?$")
_NAMES = {"course", "org", "item", "teacher"}
NEAR, LEAD = 0.4, 0.1  # likeness to what is meant, and how much more than to anything else
# What is said of any activity.
_ANY_ACTIVITY = re.compile(
    "[今明后]天|晚上|周[一二三四五六日末]|星期.|礼拜.|最近|近期|有没有|没有|活动|讲座|听|地儿|地方|免费|参加|报名|什么|啥|时候|哪[里儿天个些]?|几[点号]|怎么|一个|可以|周末|多少人?|[进收]人?|[那这]|[的个场是在有还想我要去能不没了吗呢啊呀吧嘛么，。？?！!]"
)
_PARTS = re.compile("[、，。；：与]")  # of what an activity is
_SAYS = 2  # characters
_OF_IT_THERE = re.compile("[的那边里街道镇个有下面底]{0,6}")  # between a place and one within it

# What a class may be called, and none of 第一次课, 下期的班, 免费的课.
NAME = re.compile(
    "下[象围]?棋|(?:(?![第次节天周月期几每上下前后早晚新老大小长短同免收便贵远近网线这那哪我你他她好报开补听落缺请学习一二三四五六七八九十])[一-鿿]){2,4}"
)


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


def activity_meant(run: Runner, turn: Turn) -> str:
    """剃头的那个, of an activity at which hair is cut: the one to come of which a part means what is said, much more than any
    other's does, where activities are talked of and none is named; empty where there is none."""
    heard = turn.heard
    asked = any(each.intent == "find_activity" and each.score >= heard.lines.ask for each in heard.candidates)
    told = turn.state.just_told and any(kind == "activity" for kind, _ in shown(turn))
    named = heard.hinted or any(
        (each.exact and each.kind in _NAMES) or each.kind == "activity" for each in heard.entities
    )
    if told and len(halves.beyond(heard.folded)) < _SAYS:
        return ""  # 要报名？打哪个电话: of the one that was told
    said = _ANY_ACTIVITY.sub("", heard.renamed(lambda each: None if each.kind == "when" else ""))  # 冬天 of 中医话冬养
    if named or not (asked or told) or not _SAYS <= len(said) <= phrases.FRAGMENT:
        return ""
    parts = [
        (part, each.id)
        for each in turn.recorded.activities.values()
        if each.last_day >= turn.today
        for part in _PARTS.split(f"{each.name}。{each.summary}")
        if len(part) >= _SAYS
    ]
    near = run.comprehension.likeness(said, [part for part, _ in parts])
    nearest = {id: likeness for likeness, id in sorted(zip(near, (id for _, id in parts), strict=True))}
    ranked = sorted(((likeness, id) for id, likeness in nearest.items()), reverse=True)
    alone = len(ranked) > 1 and ranked[0][0] >= NEAR and ranked[0][0] - ranked[1][0] >= LEAD
    return ranked[0][1] if alone else ""


async def name_alone(run: Runner, turn: Turn) -> bool:
    """A name alone (书法, 某某街道): what about it."""
    if phrases.named_share(turn.heard) < 0.6 or (
        plainly(turn.heard) and (phrases.rest(turn.heard) or phrases.asks(turn.heard.folded))
    ):
        return False
    place_or_time = turn.heard.first("org") or turn.heard.first("when")
    wants = phrases.wants_to_learn(turn.heard.folded)
    if turn.heard.first("course") and (place_or_time or wants):  # 我想周末在某某街道学太极拳, 想学拍照
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
    if turn.heard.best and turn.heard.best.intent == "complaint" and turn.heard.best.score >= turn.heard.lines.likely:
        return False  # 楼上弹筝太吵了
    about = (
        turn.described
        or described.asks_for(folded)
        or _ABOUT.search(folded)
        or not phrases.asks(folded)
        or phrases.follows(folded)
    )
    joins = _JOINS.search(bare(folded)) is not None  # 合唱团怎么参加
    if run.waiting(turn.state) or turn.ticket or not (about or joins):
        return False
    exact = turn.heard.named | ({"course"} if turn.described else set())
    if "course" in exact and joins:
        await run.start(turn, "enrol", run.readings.values(run.handlers["enrol"], turn))
        return True
    for kind, intent in (("course", "find_class"), ("item", "redemption_items"), ("activity", "find_activity")):
        if kind in exact:
            await run.start(turn, intent, run.readings.values(run.handlers[intent], turn))
            return True
    return False


async def untaught(run: Runner, turn: Turn) -> bool:
    """学开无人机, 钢琴难不难: a subject that none of our courses teaches, where it is asked what only a course can answer."""
    subject = turn.heard.first("subject")
    if subject is None or not _asks_of_a_course(run, turn) or run.waiting(turn.state):
        return False
    if turn.ticket and not phrases.asks(turn.heard.folded):  # 我是教钢琴的, to the seat that will come
        return False
    await run.start(turn, "find_class", {"subject": subject})
    return True


async def unknown_name(run: Runner, turn: Turn) -> bool:
    """油画呢, 插花班在哪上课, after classes of something else: a name that we have nothing for, and never what is so of the class
    that was told."""
    courses, last = courses_of(turn), turn.state.last
    after = bool(courses) or (last is not None and last.intent in OF_CLASSES)
    if not after or turn.heard.entities or run.waiting(turn.state) or turn.ticket:
        return False
    known = turn.recorded.courses
    called = {char for id in courses if id in known for name in (known[id].name, *known[id].aliases) for char in name}
    name = next((each for each in _names_said(turn, called) if NAME.fullmatch(each)), None)
    if name is None:
        return False
    taught_here = [id for id, each in known.items() if any(name in said for said in (each.name, *each.aliases))]
    if len(taught_here) > 1:
        return False
    if taught_here:  # 叉车呢, where 叉车司机 is taught
        await run.start(turn, "find_class", {"course": taught_here[0]})
        return True
    teachers = (each.teacher for each in turn.catalogue.classes.values())
    teacher = next((each for each in teachers if each.startswith(name)), None)  # 赵芳的班
    await run.start(turn, "find_class", {"teacher": teacher} if teacher else {"subject": name})
    return True


def _asks_of_a_course(run: Runner, turn: Turn) -> bool:
    """Whether only a course that is on record could answer it."""
    best = turn.heard.best
    handler = run.handlers.get(best.intent) if best and best.intent else None
    of_one = handler is not None and not handler.is_private and any(each.name == "course" for each in handler.slots)
    of_one = of_one or (best is not None and best.intent == "village_training")
    wants = phrases.wants_to_learn(turn.heard.folded) and not (best and best.score >= turn.heard.lines.sure)
    of_its_teacher = best is not None and best.question in ASPECTS["teacher"].standards
    return of_one or wants or of_its_teacher or described.unclear(turn)


def _names_said(turn: Turn, called: set[str]) -> list[str]:
    """What of a message may be the name of a class that is called by other characters than these: all of it, where nothing else
    is asked (油画, after 国画); else what stands before 班, if it has none of them."""
    heard, best = turn.heard, turn.heard.best
    likely = best is not None and best.score >= heard.lines.likely
    of_one = best is not None and best.intent in OF_CLASSES | {"class_fee"}
    lone = phrases.lone_name(heard.folded)
    follows = heard.move.probability >= MOVE or bool(spoken(heard.folded)) or tasks.at_level(turn) is not None
    follows = follows or in_its_words(turn) is not None  # 健康证呢, which a class of what was told asks for
    if lone and not follows and (of_one or not likely):
        return [] if set(lone) <= called else [lone]
    return [each for each in phrases.described(heard.folded) if not set(each) & called] if likely and of_one else []
