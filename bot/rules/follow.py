"""What is asked about something that was told just now: its price, its place; which of them; another one.

What may be asked about a thing stands in `bot.aspects`.
"""

import re
from collections.abc import Collection, Sequence

from bot import halves, phrases
from bot.aspects import ASPECTS, HAS, sentences, spoken, spoken_of
from bot.commands import pointed_at
from bot.conversation import Task
from bot.rules import learnt, tasks
from bot.rules.asking import (
    asked,
    asked_of_a_name,
    asks_more,
    beside,
    half_sentence,
    is_general,
)
from bot.rules.records import in_its_words, names_what_is_not_there, with_its_word
from bot.rules.told import Thing, classes_of, courses_of, elsewhere, shown, spelt
from bot.running import SILENT_TOPICS, Runner
from bot.turn import Turn
from bot.wish import SUBJECTS
from knowledge.called import called
from knowledge.catalogue import Activity, TrainingClass
from knowledge.sessions import Calendar
from nlu.times import When

_OF_ORG = {"place": "site_address", "way": "site_address", "phone": "site_phone", "time": "site_hours"}
_OF_COURSES = {"level", "online", "exam", "about"}  # what a course is, wherever it is taught
# Aspects for which a class has an answer of its own that is as short.
_ANSWERED_BY = {"price": "class_fee", "places": "class_places"}
_TOPICS = {"activity": "activity", "item": "credit_redemption"}  # that an aspect of it is of
_ORDINAL = 0.5  # the probability of a move

_REDEEMS = re.compile("换|兑|redeem")
# 太贵了，能不能少点: less for the same class, and not another one.
_REACHES = re.compile("微信|电话|手机号|号码|联系方式|qq|加[他她老]")
_WHICH_CLASS = re.compile("[教带上]的?(?:是)?(?:什么|啥|哪些|哪个|哪几个|几个)[^,，。]{0,2}[班课]")
_ENDS = re.compile("结束|到(?:哪[一]?天|几号|什么时候|几时)|几号完")
_BOOKS = re.compile(
    "教材|课本|书本|讲义|(?:^|[买发带用的要本有领些那,，])书(?!法|画|院|店|记|签|包|面|写|桌|架|房|市|展|香)"
)  # and no 证书, no 读书
_EXPIRES = re.compile("失效|过期|有效|作废|保质")
_QUEUES = re.compile("排(?:队|号)")  # which is no stock
# 老师跟某某街道那个是一个人不: what was told beside what is named.
_WITH = re.compile("[跟和与同][^,，。]{1,10}(?:一样|一个|同一|相同|是不是)")
_COLLECTS = re.compile("领|拿|取|collect|pick")
_IN_DETAIL = re.compile("详细|具体(?:点|说|讲)|仔细|介绍|多(?:说|讲)(?:点|说|讲)")
_CHEAPEST = re.compile(r"最?便宜|不要钱|免费|cheap|free")
_DEAREST = re.compile(r"最?贵")
_FIRST = re.compile(r"最早|最先|最快|先开|近期|earliest|first")
_ROOM = re.compile(r"名额多|人少|空位多|没满|有位")
_WISHES = re.compile("[我俺咱她他]|想|希望|最好")
_LAST = re.compile(r"最后")


async def follow_up(run: Runner, turn: Turn) -> bool:
    """After a class, a course, an activity or an item: what is asked about it, and that alone."""
    if classes_of(turn) and _tell_of_books(run, turn):
        return True
    activity = _by_its_name(turn)
    if _says_when(turn):
        return False  # 我想白天上
    if _is_small_talk(turn) or (not activity and (_is_another_activity(turn) or _is_our_own(turn))):
        return False
    if _IN_DETAIL.search(turn.heard.folded) and pointed_at(turn.heard.folded, turn.state.offers):
        return False  # 第二个说详细点: all there is to know of it
    named = None if activity else turn.heard.first("course")
    aspect = asked_of_a_name(turn) if named else asked(turn)
    if aspect is None and courses_of(turn) == {named} and "bring" in spoken(turn.heard.folded):
        aspect = "bring"  # 要自己带电脑吗, of a class with computers
    if activity and aspect is None:
        aspect = spoken_of(turn.heard.folded)
    if aspect is None or (aspect not in spoken(turn.heard.folded) and classes_of(turn) == []):
        aspect = in_its_words(turn) or aspect
    if aspect not in spoken(turn.heard.folded) and turn.heard.first("item") and not _is_told(turn, "item"):
        return False  # 大米呢, after whether there is oil: all there is to know of it
    plain = aspect is not None and aspect not in learnt.IN_WORDS and aspect in spoken(turn.heard.folded)  # 多少钱
    likely = None if named or activity or plain else with_its_word(turn) or learnt.aspect_of(run, turn)
    aspect = likely or aspect
    best = turn.heard.best
    told = shown(turn) if turn.state.just_told else []
    if (
        len(told) == 1
        and told[0][0] == "activity"
        and spoken_of(turn.heard.folded) == "teacher"
        and not turn.heard.entities
    ):
        return await run.aside(turn, Task("on_record", {"of": spelt(told)}))  # 谁来讲啊
    of_paper = best is not None and best.question is not None and "证" in turn.heard.folded
    if (
        aspect == "exam"
        and best
        and of_paper
        and best.question not in ASPECTS["exam"].standards
        and best.score >= turn.heard.lines.likely
    ):
        return False  # 发证吗
    if aspect == "until" and _ENDS.search(turn.heard.folded) and any(kind == "activity" for kind, _ in shown(turn)):
        aspect = "time"  # 搞到哪天结束
    if aspect == "time" and "entry" in spoken(turn.heard.folded) and any(kind == "activity" for kind, _ in shown(turn)):
        aspect = "entry"  # 几点领票
    another = wants_another(turn, _ORDINAL) and not half_sentence(turn)
    if aspect is None or another or (not named and elsewhere(turn)):
        return False
    of = activity or meant(turn)
    things = [each for each in of if _has(turn, each, aspect)]
    if not things and len(of) == 1 and of[0][0] == "item" and half_sentence(turn):
        return await run.aside(turn, Task("on_record", {"of": spelt(of)}))  # 在哪条街用
    if not things or (not named and not likely and is_general(turn, aspect)):
        return False
    return await _told_of(run, turn, things, aspect, likely=likely is not None)


def _tell_of_books(run: Runner, turn: Turn) -> bool:
    """书要不要买, after a class: what the rule on fees says of textbooks."""
    folded = turn.heard.folded
    if len(folded) > phrases.FRAGMENT or not _BOOKS.search(folded) or not phrases.asks(folded):
        return False
    if run.waiting(turn.state) or turn.ticket or turn.heard.entities or not turn.state.just_told or elsewhere(turn):
        return False
    rule = turn.library.answer("fee-general", turn.today)
    said = [each for each in sentences(rule.said(turn.state.lang).answer) if _BOOKS.search(each)] if rule else []
    if rule is None or not said:
        return False
    turn.recall(rule, "".join(said))
    run.remind(turn)
    return True


def _says_when(turn: Turn) -> bool:
    """我想白天上; 学院的, of whatever there is: whether nothing but a time or place is said, and nothing asked."""
    heard, wish = turn.heard, turn.state.wish
    wishes = heard.first("when") is not None and _WISHES.search(heard.folded) is not None
    any_there = heard.first("org") is not None and wish is not None and not SUBJECTS & wish.slots.keys()
    if not (wishes or any_there) or phrases.asks(heard.folded):
        return False
    return phrases.narrows(heard) == [] and not spoken(heard.without("when", "org"))


async def _told_of(run: Runner, turn: Turn, things: Sequence[Thing], aspect: str, *, likely: bool) -> bool:
    """An aspect of some things, by whoever has a shorter or a better answer to it."""
    if _is_of_another_place(turn, things, aspect):
        return False
    if things[0][0] == "org":
        if aspect not in spoken(turn.heard.folded) or _REDEEMS.search(turn.heard.folded):
            return False  # 那哪里可以换, after one where points are not redeemed
        await run.start(turn, _OF_ORG[aspect], {"org": things[0][1]})
        return True
    if aspect == "teacher" and _REACHES.search(turn.heard.folded):  # 陈老师微信号多少
        await run.start(turn, "not_answered", {"question": "course-teacher-contact"})
        return True
    if aspect == "price" and len(things) > 1 and _BOOKS.search(turn.heard.folded):
        return False  # 教材要自己买, after several classes
    if aspect == "price" and things[0][0] == "activity":
        await run.start(turn, "not_answered", {"question": "activity-fee"})
        return True
    more = not likely and asks_more(turn, aspect)
    if aspect == "teacher" and turn.heard.first("teacher") and _WHICH_CLASS.search(turn.heard.folded):
        return False  # 太极拳的某某老师教什么班
    if (
        aspect in _ANSWERED_BY
        and not more
        and len(things) == 1
        and not beside(turn, aspect)
        and things[0][0] == "class"
    ):
        await run.start(turn, _ANSWERED_BY[aspect], {"class": things[0][1]})
        return True
    unheard = aspect == "bring" and names_what_is_not_there(turn, things[0])
    if unheard and len(things) == 1:
        return await run.aside(turn, Task("on_record", {"of": spelt(things)}))
    aspects = [aspect, *(each for each in beside(turn, aspect) if each in HAS[things[0][0]])]
    said = {"more": "yes"} if more or unheard else {}
    if await run.aside(turn, Task("fact", {"aspect": " ".join(aspects), "of": spelt(things), **said})):
        turn.state.asked = aspect
        of_class = "course_faq" if aspect in _OF_COURSES else "training_info"
        turn.state.topic = _TOPICS.get(things[0][0], of_class)
        run.remind(turn)
    return True


def _is_of_another_place(turn: Turn, things: Sequence[Thing], aspect: str) -> bool:
    """某某村在哪条路, after an activity or an item: asks about that place."""
    named = turn.heard.names("org") and things[0][0] in {"activity", "item"} and things[0][0] not in turn.heard.named
    return named and aspect in {"place", "way", "phone"}


def _is_told(turn: Turn, kind: str) -> bool:
    return (kind, turn.heard.first(kind)) in shown(turn)


def _is_small_talk(turn: Turn) -> bool:
    """要得要得，劳慰你了: asks nothing, and says nothing of what was told: 满了啊，唉."""
    best = turn.heard.best
    small = best is not None and best.topic in SILENT_TOPICS and best.score >= turn.heard.lines.likely
    return small and not phrases.asks(turn.heard.folded) and not half_sentence(turn)


def _has(turn: Turn, thing: Thing, aspect: str) -> bool:
    """Whether it may have the fact; where and when a course is held its classes know, if there are any."""
    kind, id = thing
    taught = aspect in _OF_COURSES | {"duration"} or any(
        each.course == id and each.enrols(turn.today) for each in turn.catalogue.classes.values()
    )
    if (
        kind == "item"
        and aspect == "place"
        and not (_COLLECTS.search(turn.heard.folded) or _REDEEMS.search(turn.heard.folded))
    ):
        return False  # 是哪里产的
    if kind == "item" and aspect == "places" and _QUEUES.search(turn.heard.folded):
        return False
    if kind == "item" and aspect == "time" and _EXPIRES.search(turn.heard.folded):
        return False
    return aspect in HAS[kind] and (kind != "course" or taught)


def _told_activities(turn: Turn) -> list[Activity]:
    told = [turn.catalogue.activities.get(id) for kind, id in shown(turn) if kind == "activity"]
    return [each for each in told if each is not None]


def _by_its_name(turn: Turn) -> list[Thing]:
    """中医那个, after two lectures: the one whose name alone has these words, though a course be called so as well; 讲故事那个."""
    if turn.state.just_told and ("activity", turn.heard.hinted) in shown(turn):
        return [("activity", turn.heard.hinted)]
    told, pieces = _told_activities(turn), set(phrases.PAIRS.findall(turn.heard.folded))
    found = [each.id for each in told if any(piece in each.name for piece in pieces)]
    return [("activity", found[0])] if len(found) == 1 < len(told) else []


def _is_another_activity(turn: Turn) -> bool:
    """春联哪天写, after the swap of books: one that was not told, and of which nothing told has a word."""
    best, named = turn.heard.best, turn.heard.hinted or turn.heard.first("activity")
    meant = best is not None and best.intent == "find_activity" and best.score >= turn.heard.lines.likely
    pieces = set(phrases.PAIRS.findall(turn.heard.folded))
    told = _told_activities(turn)
    return (
        meant
        and bool(named)
        and not any(each.id == named or any(piece in each.name + each.summary for piece in pieces) for each in told)
    )


def _is_our_own(turn: Turn) -> bool:
    """宿舍几点熄灯, after a class: a question of the centre's own, for sure, that says more than what a class has too."""
    best = turn.heard.best
    if best is None or best.entry is None or best.intent or best.question or best.score < turn.heard.lines.sure:
        return False
    return len(halves.beyond(turn.heard.without())) > 1


async def described(run: Runner, turn: Turn) -> bool:
    """便宜那个, 晚上那个, 最后一个: one of those that were told, by what it is like."""
    move = turn.heard.move
    points = (move.label == "follow/ordinal" and move.probability >= _ORDINAL) or phrases.points_at_one(
        turn.heard.folded
    )
    nth = phrases.nth_alone(turn.heard.folded)
    offer, told = pointed_at(turn.heard.folded, turn.state.offers) if nth else None, shown(turn)
    offered = offer.slots.get("class") if offer is not None else None  # 第三个怎么样
    if not (offered or (len(told) > 1 and (points or offer is not None))):
        return False
    wish = turn.state.wish
    if not offered and wish and not SUBJECTS & wish.slots.keys() and not phrases.points_back(turn.heard.folded):
        return False  # 下午的, of whatever there is on Saturdays: that narrows it
    if _IN_DETAIL.search(turn.heard.folded) is None and asked(turn) is not None:
        return False
    things = [("class", offered)] if offered else meant(turn)
    if len(things) != 1 or things[0] not in told or things[0][0] != "class":
        return False
    await run.start(turn, "class_detail", {"class": things[0][1]})
    return True


def wants_another(turn: Turn, least: float) -> bool:
    """Whether it asks for one at another time, at another place or for less, as the model reads it, after something of
    which there may be another."""
    if not any(kind in {"class", "course"} for kind, _ in shown(turn)):
        return False
    move = turn.heard.move
    return move.label in {"follow/other_time", "follow/other_place", "follow/cheaper"} and move.probability >= least


def meant(turn: Turn) -> list[Thing]:
    """Those of what was told that a message means; where it names another time or place, those of the same course there."""
    folded, heard = turn.heard.folded, turn.heard
    if pointed := pointed_at(folded, turn.state.offers):
        return [("class", pointed.slots["class"])] if "class" in pointed.slots else []
    if courses := dict.fromkeys(heard.values("course")):
        return [thing for course in courses for thing in of_course(turn, course)]
    if items := [
        each.value for each in heard.entities if each.kind == "item" and each.exact and not heard.denies(each)
    ]:
        return [("item", id) for id in dict.fromkeys(items)]  # 卷尺有货没, after a class or another item
    if course := tasks.at_level(turn):
        return of_course(turn, course)
    named = any(heard.first(kind) for kind in ("org", "when", "teacher"))
    classes = classes_of(turn) or (_fitting(turn, open_of(turn, courses_of(turn))) if named else [])  # after a theme's
    if not classes:
        place, told = heard.first("org"), shown(turn)
        return [("org", place)] if place and told and told[0][0] == "org" else [*told]  # 电话多少，学院的
    fitting = _fitting(turn, classes)
    if not fitting:
        others = open_of(turn, {each.course for each in classes})
        fitting = [*(classes if _WITH.search(folded) else ()), *_fitting(turn, others)]
    return [("class", each.id) for each in _superlative(folded, fitting, turn.calendar)]


def of_course(turn: Turn, course: str, *, whole: bool = False) -> list[Thing]:
    """The classes of a course that is named: those that were told, else those that one may be in; else the course."""
    shown = _fitting(turn, [each for each in classes_of(turn) if each.course == course])
    to_come = [each for each in turn.catalogue.classes.values() if each.course == course and each.comes(turn.today)]
    if not whole and (named := called(turn.heard.folded, to_come, turn.recorded)):
        return [("class", each.id) for each in [one for one in shown if one in named] or _fitting(turn, named) or named]
    others = open_of(turn, {course})
    return [("class", each.id) for each in shown or _fitting(turn, others)] or [("course", course)]


def open_of(turn: Turn, courses: Collection[str]) -> list[TrainingClass]:
    """The classes of some courses that one can be enrolled in."""
    return [each for each in turn.catalogue.classes.values() if each.course in courses and each.enrols(turn.today)]


def _fitting(turn: Turn, classes: Sequence[TrainingClass]) -> list[TrainingClass]:
    """Those at the place and time, and of the teacher, that are named."""
    heard, catalogue = turn.heard, turn.catalogue
    org, when, teacher = heard.first("org"), heard.first("when"), heard.first("teacher")
    return [
        each
        for each in classes
        if (not org or catalogue.is_held_at(each, org))
        and (not teacher or teacher in each.teacher)
        and (not when or any(When.of(when).fits(day, each.starts) for day in turn.calendar.days(each.id)))
    ]


def _superlative(folded: str, classes: list[TrainingClass], calendar: Calendar) -> list[TrainingClass]:
    if len(classes) < 2:
        return classes
    if _CHEAPEST.search(folded) and phrases.points_at_one(folded):
        least = min(each.fee + each.material_fee for each in classes)
        return [each for each in classes if each.fee + each.material_fee == least]
    if _DEAREST.search(folded) and phrases.points_at_one(folded):
        return [max(classes, key=lambda each: each.fee + each.material_fee)]
    if _FIRST.search(folded):
        return [min(classes, key=lambda each: calendar.first(each.id))]
    if _ROOM.search(folded):
        return [max(classes, key=lambda each: each.places)]
    return [classes[-1]] if _LAST.search(folded) else classes
