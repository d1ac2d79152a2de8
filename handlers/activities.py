"""Activities and volunteers."""

import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import lru_cache

from bot import unheld
from bot.aspects import spoken
from bot.messages import masked
from bot.phrases import asks, follows
from bot.turn import CHOICES, Turn
from bot.wish import NOT, narrowed
from handlers import wording
from handlers.fitting import refuses_place, refuses_time
from handlers.paging import page_of, past_the_end
from handlers.slots import ORG, PHONE, SERVICE
from knowledge.activities import RELATED, Subjects
from knowledge.catalogue import Activity, is_written
from nlu.times import When

SOURCE = "source.activities"
# Each by all its names; and what is for whoever has a child along.
_KINDS = tuple(
    re.compile(kind)
    for kind in (
        "讲座|讲坛|讲堂|大讲|lecture",
        "沙龙|salon",
        "电影|影片|film|movie",
        "集市|market",
        "义诊|看病",
        "开放日|open day",
        "故事会|讲故事",
    )
)
_IS_THERE = re.compile("有[吗么没不嘛]?[啊呀]?$|有没有$|还有|办不办|举办|什么活动|哪些活动")
_CHILD = re.compile("孩子|小孩|小朋友|儿童|少儿|亲子|宝宝|娃|外?孙[子女]|child|kid|grandson|granddaughter")
_FOR_CHILDREN = re.compile("孩子|儿童|少儿|亲子|小朋友|child|famil")


def _line(activity: Activity, turn: Turn, *, whole: bool = False) -> str:
    """When, where and how to get in; what it is as well, where it is the only one."""
    home = turn.catalogue.organisations.get(activity.organisation)
    untold = whole and home is not None and not is_written(activity.enrol)
    enrol = turn.line("activity.untold", phone=home.phone) if home and untold else wording.sentence(activity.enrol)
    return turn.line(
        "activity.whole" if whole else "activity.line", name=activity.name, time=wording.activity_time(activity, turn),
        place=activity.place, summary=wording.sentence(activity.summary), enrol=enrol,
    )  # fmt: skip


async def find_activity(turn: Turn) -> None:
    turn.task.slots = narrowed({}, turn.task.slots)
    upcoming = sorted(
        (each for each in turn.catalogue.activities.values() if each.last_day >= turn.today),
        key=lambda each: (each.first_day, each.id),
    )
    if "named" not in turn.task.memo:  # what is meant does not change with 更多
        chinese = _in_chinese(upcoming, turn)
        said = _subjects(chinese).named(_wished(turn), RELATED)
        hinted = "" if _refuses_a_kind(turn) else turn.heard.hinted
        turn.task.memo["named"] = " ".join(_with_their_parts(said or [hinted], chinese))
    named = turn.task.memo["named"].split()
    about = _of_kind([each for each in upcoming if not named or each.id in named], upcoming, turn)
    found = [each for each in about if _fits(each, turn)]
    told = turn.get("about") or turn.heard.folded
    listed = found or _nearest(about, turn)
    page = page_of(turn, listed, CHOICES)
    shown, rest = page.shown, page.rest
    if past_the_end(turn, page):
        return
    if not shown and upcoming and any(name.startswith(NOT) for name in turn.task.slots):
        _none_left(turn, upcoming)
        return
    if not shown:
        turn.say("activity.none", source=SOURCE)
        return
    what = "" if named else _taught(turn)
    key = ("activity.none_about" if what else "activity.list") if found else "activity.none_but"
    lines = "\n".join(
        f"{number}. {_line(each, turn, whole=len(listed) == 1)}" for number, each in enumerate(shown, page.first)
    )
    turn.say(key, what=what, lines=lines, more=turn.line("list.more", rest=rest) if rest else "", source=SOURCE)
    home = turn.catalogue.organisations.get(shown[0].organisation)
    if named and len(listed) == 1 and found and home and _is_asked_of_it(told):
        turn.say("fact.no_more", phone=home.phone)  # 开幕式有没有明星来
    turn.focus("org", shown[0].organisation)
    turn.show("activity", *(each.id for each in shown))


def _refuses_a_kind(turn: Turn) -> bool:
    """电影就不去了: no activity of that kind is meant by it."""
    return any(each in turn.heard.folded for each in turn.task.slots.get("not_about", "").split())


def _wished(turn: Turn) -> str:
    """What is said of the kind that is wished, without those that are not."""
    said = turn.get("about") or turn.heard.folded
    for each in turn.task.slots.get("not_about", "").split():
        said = said.replace(each, "")
    return said


def _none_left(turn: Turn, upcoming: Sequence[Activity]) -> None:
    """All of the kind was refused: said so, with the next of any kind that were not."""
    others = [each for each in upcoming if _fits(each, turn, without={"when", "org"})][:CHOICES]
    lines = "\n".join(f"{number}. {_line(each, turn)}" for number, each in enumerate(others, 1))
    turn.say("activity.none_left" if others else "activity.none_else", lines=lines, source=SOURCE)
    if others:
        turn.show("activity", *(each.id for each in others))


def _nearest(about: Sequence[Activity], turn: Turn) -> list[Activity]:
    """Those that fit but for one of the wishes, what was named just now held to longest; then all that were not refused."""
    wishes = sorted(({"when"}, {"org"}), key=lambda wish: any(map(turn.heard.first, wish)))
    some = ([each for each in about if _fits(each, turn, without=wish)] for wish in (*wishes, {"when", "org"}))
    return next(filter(None, some), [])


def _taught(turn: Turn) -> str:
    """防诈骗讲座是哪天: what of the things that are taught a message names, where no activity is about it."""
    course = turn.heard.first("course")
    return turn.catalogue.courses[course].name if course else turn.heard.first("subject") or ""


def _is_asked_of_it(told: str) -> bool:
    """开幕式有没有明星来: something of it that is no aspect, and not whether or when there is one."""
    beyond = not (follows(told) or spoken(told) or _IS_THERE.search(told))
    return unheld.asks_for(told) or (asks(told) and beyond)


def _with_their_parts(named: Collection[str], upcoming: Collection[Activity]) -> list[str]:
    """技术赶场都有啥: of a campaign that is named also what belongs to it."""
    campaigns = {each.name for each in upcoming if each.id in named}
    return [each.id for each in upcoming if each.id in named or each.campaign in campaigns]


@lru_cache(4)
def _subjects(activities: tuple[Activity, ...]) -> Subjects:
    return Subjects(activities)


def _in_chinese(activities: Collection[Activity], turn: Turn) -> tuple[Activity, ...]:
    """As their subjects are compared, whatever the language of the talk."""
    return tuple(turn.recorded.activities[each.id] for each in activities)


def _of_kind(activities: list[Activity], upcoming: list[Activity], turn: Turn) -> list[Activity]:
    """Those of the kind that was asked for, where there are any: 这个月有哪些讲座. Of what words only hint at, none of another
    kind where there are some of that: 健康讲座 is no 健康义诊."""
    about = _wished(turn)
    wanted = next((kind for kind in _KINDS if kind.search(about)), None)
    if wanted is None and _CHILD.search(about):
        return [each for each in activities if _FOR_CHILDREN.search(each.name + each.summary)] or activities
    if wanted is None or turn.heard.names("activity"):
        return activities
    of_it = [[each for each in some if wanted.search(each.name)] for some in (activities, upcoming)]
    return of_it[0] or of_it[1] or activities


def _fits(activity: Activity, turn: Turn, *, without: Collection[str] = ()) -> bool:
    slots, days = turn.task.slots, [activity.first_day + timedelta(days=each) for each in range(_days(activity))]
    if (kind := slots.get("not_about")) and _is_of_a_kind(activity, kind):
        return False
    if refuses_place(slots, activity.organisation, turn) or refuses_time(slots, days, activity.starts):
        return False
    if "org" not in without and (org := turn.get("org")) and not turn.catalogue.is_within(activity.organisation, org):
        return False
    if "when" not in without and (when := turn.get("when")) and not _is_of_its_name(turn, activity):
        asked = When.of(when)
        return any(asked.first <= day <= asked.last and asked.fits(day, activity.starts) for day in days)
    return True


def _is_of_a_kind(activity: Activity, said: str) -> bool:
    """Whether an activity is called so, or by another name of the same kind."""
    kinds = [kind for kind in _KINDS if kind.search(said)]
    return any(each in activity.name for each in said.split()) or any(kind.search(activity.name) for kind in kinds)


def _days(activity: Activity) -> int:
    return (activity.last_day - activity.first_day).days + 1


def _is_of_its_name(turn: Turn, activity: Activity) -> bool:
    """腊八 of 腊八年货会: whether the day that is named is part of what the activity is called."""
    days = [turn.heard.folded[each.start : each.end] for each in turn.heard.entities if each.kind == "when"]
    return bool(days) and all(each in activity.name for each in days)


async def activity_week(turn: Turn) -> None:
    week = sorted(
        (each for each in turn.catalogue.activities.values() if each.campaign), key=lambda each: each.first_day
    )
    if not week or week[-1].last_day < turn.today:
        turn.answer_standard("week-about")
        return
    lines = "\n".join(f"{number}. {_line(each, turn)}" for number, each in enumerate(week, 1))
    turn.say(
        "activity.week",
        name=week[0].campaign,
        first=wording.day(week[0].first_day, turn),
        last=wording.day(max(each.last_day for each in week), turn),
        lines=lines,
        source=SOURCE,
    )


async def volunteer(turn: Turn) -> None:
    """What volunteers get, and the wish on record for who looks after them."""
    turn.once("told", lambda: turn.say("volunteer.intro", source="source.handbook"))
    service = await turn.ask(SERVICE)
    street = turn.catalogue.organisations[await turn.ask(ORG)]
    phone = await turn.ask(PHONE)
    turn.task.slots["detail"] = wording.listed((service, street.name), turn)
    turn.say("volunteer.done", service=service, place=street.name, phone=masked(phone))
    await turn.hand_over("volunteer", skill="volunteer", topic="activity")
