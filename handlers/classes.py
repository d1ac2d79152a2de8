"""Training classes: which there are, when, what they cost, whether there is room."""

import re
from collections.abc import Callable, Collection, Sequence

from bot import described, phrases
from bot.turn import CHOICES, Turn
from bot.wish import NOT, narrowed
from handlers import wording
from handlers.distances import is_located, metres
from handlers.eligibility import SOURCE, beside, made_for, misfit, refused, spell, suits, unmet
from handlers.fitting import is_at, leaves_out, means_everywhere, named_after_it, refuses_class, usual_days
from handlers.listing import choose, focus, list_classes, list_later, offer_way_in
from handlers.slots import (
    AUDIENCE,
    CLASS,
    COURSE,
    FEE,
    NOT_CLASS,
    NOT_COURSE,
    NOT_ONLINE,
    NOT_ORG,
    NOT_WHEN,
    ORG,
    TEACHER,
    THEME,
    WHEN,
)  # fmt: skip
from handlers.whose import provable
from knowledge.called import called
from knowledge.catalogue import TrainingClass
from nlu.times import When

# What a class may lack and still be the nearest there is.
WISHES = ("when", "teacher", "audience", "fee", "theme", "org")
REFUSED = ("not_class", "not_course", "not_org", "not_when")
_VILLAGE = re.compile("下乡|送教|进村|[到来]村里?[来上教开办]")
_AHEAD = 60  # days from which on nobody asks for what began before
_PERIOD = 27  # days of a period in which a class begins, and is not only held: a month, a season
FILTERS = (COURSE, THEME, ORG, WHEN, AUDIENCE, FEE, TEACHER, NOT_COURSE, NOT_ORG, NOT_WHEN, NOT_CLASS, NOT_ONLINE)
ONE = (CLASS, COURSE, THEME, ORG, WHEN, TEACHER)


def matching(turn: Turn, *, without: Collection[str] = ()) -> list[TrainingClass]:
    """The classes open for enrolment that fit what was named, soonest first; filters may be left out."""
    return _matching(turn, without, lambda group: group.enrols(turn.today))


def _to_come(turn: Turn) -> list[TrainingClass]:
    """Those that fit and do not enrol yet."""
    return _matching(turn, (), lambda group: group.comes(turn.today) and not group.enrols(turn.today))


def _matching(turn: Turn, without: Collection[str], open_to: Callable[[TrainingClass], bool]) -> list[TrainingClass]:
    wanted = {name: value for name, value in turn.task.slots.items() if name not in without}
    found = [group for group in turn.catalogue.classes.values() if open_to(group) and _fits(group, wanted, turn)]
    if "village" in turn.task.memo:
        found = [group for group in found if group.village]
    facts = turn.state.facts
    return sorted(
        called_so(turn, found), key=lambda group: (not made_for(group, facts), group.places == 0, turn.calendar.first(group.id), group.id)
    )  # fmt: skip


def called_so(turn: Turn, groups: list[TrainingClass]) -> list[TrainingClass]:
    """Of some classes those that the message calls by a name of their own, which is not that of their course (亲子烘焙
    beside 烘焙): of several, the longest names. All, where it calls none so."""
    return called(turn.heard.folded, groups, turn.recorded) or groups


def _fits(group: TrainingClass, wanted: dict[str, str], turn: Turn) -> bool:
    catalogue = turn.catalogue
    course = catalogue.courses.get(group.course)
    if refuses_class(wanted, group, turn):
        return False
    if (value := wanted.get("course")) and group.course != value:
        return False
    if (value := wanted.get("theme")) and (course is None or course.theme != value) and not wanted.get("course"):
        return False
    if (value := wanted.get("org")) and not is_at(group, value, turn):
        return False
    if (value := wanted.get("audience")) and not suits(group, value) and not wanted.get("course"):
        return False
    if wanted.get("fee") and group.fee:
        return False
    if (value := wanted.get("teacher")) and value not in group.teacher:
        return False
    if value := wanted.get("when"):
        when = When.of(value)
        far = (when.first - turn.today).days > _AHEAD
        if far and (when.last - when.first).days >= _PERIOD:  # 3月份有什么班: which begin then
            return when.first <= turn.calendar.first(group.id) <= when.last
        days = turn.calendar.days(group.id) if when.fixed else usual_days(group, turn)
        return any(when.fits(each, group.starts) for each in days)
    return True


async def find_class(turn: Turn) -> None:
    """The next classes that fit; where none does, the nearest that do without one of the wishes."""
    said = turn.heard.without(exact=True, by=" ")  # 技术下乡研修班 asks for nothing that comes to a village
    if _VILLAGE.search(said) and any(each.village for each in turn.catalogue.classes.values()):
        turn.task.memo["village"] = "yes"  # also for 更多
    turn.task.slots = narrowed({}, turn.task.slots)
    if means_everywhere(turn, turn.get("org")):
        del turn.task.slots["org"]
    known = turn.task.slots.keys() & {"course", "theme"}
    if not known and (subject := turn.get("subject") or wording.subject(turn.heard.without("org", exact=True))):
        if courses := described.in_a_lesson(turn, subject):
            names = (turn.line("class.quoted", name=turn.catalogue.courses[id].name) for id in courses)
            turn.say("class.in_a_lesson", subject=subject, courses=wording.listed(names, turn), source=SOURCE)
        else:
            turn.say("class.unknown", subject=subject, source=SOURCE)
        described.offer_beside(turn, subject)
        turn.suggest("find_course")
        turn.suggest("human")
        return
    asked = turn.task.slots.keys() & {*WISHES, "course"}
    if not asked and turn.inbound.choice is None and described.names_what(turn.heard):
        turn.say("class.unheard")
    if found := _fitting_any(turn):
        if "not_online" in turn.task.slots:
            turn.once("in_person", lambda: turn.say("class.in_person"))
        _list_for(turn, found)
        return
    if later := _to_come(turn):
        list_later(turn, later)
        return
    if turn.task.memo.pop("village", None) and (near := matching(turn)):
        _list_nearest(turn, near, "village")
        return
    # What was named just now is held to longest.
    for wish in sorted(WISHES, key=lambda wish: bool(turn.heard.first(wish))):
        if turn.get(wish) and (near := matching(turn, without={wish})):
            _list_nearest(turn, near, wish)
            turn.suggest("join_waiting_list", **_wishes(turn))
            return
    course = turn.get("course")
    if course and (near := matching(turn, without=set(WISHES))):  # neither there nor then: there are such nevertheless
        _list_nearest(turn, near, "all")
        turn.suggest("join_waiting_list", **_wishes(turn))
        return
    if course and "not_online" in turn.task.slots:
        say_none(turn, course)
        return
    refuses = any(name.startswith(NOT) for name in turn.task.slots)
    if refuses and named_after_it(turn) and (near := matching(turn, without={*WISHES, *REFUSED})):
        list_classes(turn, beside(turn, near))
        return
    if refuses and _none_left(turn, course):
        return
    turn.say("class.none", source=SOURCE)
    turn.suggest("join_waiting_list", **_wishes(turn))
    if course:
        _offer_course(turn, course)
    turn.suggest("find_class")


def _none_left(turn: Turn, course: str | None) -> bool:
    """All that there is was refused: said so, with what is nearest, of the same kind; never what was refused."""
    known = turn.catalogue.courses.get(course or "")
    if known is None or not _matching(turn, {*WISHES, *REFUSED}, lambda group: group.comes(turn.today)):
        return False
    unsuited = any(turn.get(each) for each in REFUSED if each != "not_class")
    turn.say("class.none_left" if unsuited else "class.none_else", course=known.name, source=SOURCE)
    wanted = turn.task.slots
    turn.task.slots = {**{name: each for name, each in wanted.items() if name != "course"}, "theme": known.theme}
    near = matching(turn) or matching(turn, without={"when", "org", "fee"})
    turn.task.slots = wanted
    for group in near[:CHOICES]:
        turn.offer(group.name, "class_detail", **{"class": group.id})
    if near:
        lines = "\n".join(wording.class_line(group, turn) for group in near[:CHOICES])
        turn.say("class.of_the_kind", lines=lines, source=SOURCE)
    turn.suggest("join_waiting_list", **_wishes(turn))
    turn.focus("course", known.id)
    return True


def _fitting_any(turn: Turn) -> list[TrainingClass]:
    """Those that fit; where several courses or places are named, those of any of them: 太极班和书法班都有吗."""
    courses, places = set(turn.heard.values("course")), set(turn.heard.values("org"))
    several = {"course"} if len(courses) > 1 and turn.get("course") in courses else set[str]()
    several |= {"org"} if len(places) > 1 and turn.get("org") in places else set[str]()
    return [
        each
        for each in matching(turn, without=several)
        if ("course" not in several or each.course in courses)
        and ("org" not in several or any(is_at(each, place, turn) for place in places))
    ]


def _list_nearest(turn: Turn, near: Sequence[TrainingClass], wish: str) -> None:
    """Classes that fit but for one of the wishes; those that are nearest to the place that was wished before others."""
    near = beside(turn, near)
    home = turn.catalogue.organisations.get(turn.get("org") or "") if wish in {"org", "all"} else None
    if home is not None and is_located(home):
        spot, places = (home.north, home.east), turn.catalogue.organisations
        near = sorted(near, key=lambda group: metres(spot, places[group.organisation]))
    list_classes(turn, near, turn.line("class.nearest", wish=_wish(turn, wish), count=len(near)))


def _wish(turn: Turn, wish: str) -> str:
    """How a wish is called; a theme by its name."""
    theme = turn.get("theme") if wish == "theme" else None
    return turn.line(f"wish.{wish}", theme=turn.named("theme", theme) if theme else "")


def _list_for(turn: Turn, found: Sequence[TrainingClass]) -> None:
    """Those that who is spoken of can be in, and why others are not among them."""
    out = [group for group in found if misfit(turn, group)]
    if len(out) == len(found) and len(found) <= CHOICES:
        refused(turn, found[0])
        return
    if len(out) == len(found):
        turn.say("class.none_for_you", fact=_facts_of(turn, out), source=SOURCE)
        turn.suggest("human")
        return
    list_classes(turn, beside(turn, found))
    if len(out) == 1:
        turn.say("class.left_out_one", name=out[0].name, eligibility=unmet(out[0], turn), fact=_facts_of(turn, out))
    elif out and turn.task.memo["step"] == "0":
        turn.say("class.left_out", count=len(out), fact=_facts_of(turn, out))


def _facts_of(turn: Turn, out: Sequence[TrainingClass]) -> str:
    """What keeps somebody out of these."""
    why = dict.fromkeys(found for group in out if (found := misfit(turn, group)))
    return wording.listed((spell(turn, each) for each in why), turn)


def _offer_enrolment(turn: Turn, group: TrainingClass, *, told: bool = False) -> None:
    """Offers it to whoever can be in it; says why not to others."""
    if not refused(turn, group):
        offer_way_in(turn, group, told=told)


def _wishes(turn: Turn) -> dict[str, str]:
    return {name: value for name, value in turn.task.slots.items() if name in {"course", "org"}}


async def running(turn: Turn) -> list[TrainingClass]:
    """The class that is meant, or those that may be, where it is asked on which days: of those that go on or come, whether one
    can still enrol or not, and whatever day is named."""
    named = turn.catalogue.classes.get(turn.get("class") or "")
    course = turn.get("course") or (named.course if named else None)
    if (
        not course
        and named_otherwise(turn)
        and (taught := _matching(turn, {"when"}, lambda group: _goes_on(turn, group)))
    ):
        return taught
    course = course or turn.state.focus.get("course") or await turn.ask(COURSE)
    turn.task.slots["course"] = course
    return _meant(turn, course, running=True)


def named_otherwise(turn: Turn) -> bool:
    """秦师傅的课, 修车的班, 某某乡那个班: whether it says which class it means by its teacher, theme or place."""
    at_a_place = turn.get("org") and turn.heard.names("org") and phrases.points_at_one(turn.heard.folded)
    return bool(turn.get("teacher") or turn.get("theme") or at_a_place)


def _goes_on(turn: Turn, group: TrainingClass) -> bool:
    return turn.calendar.last(group.id) >= turn.today


def _meant(turn: Turn, course: str, *, running: bool = False) -> list[TrainingClass]:
    """The class that is meant, or those that may be: of those that one can enrol in, or will, or of the `running`."""
    kept = {"org", "teacher"} if running else {"org", "when", "teacher"}
    wanted = {name: value for name, value in turn.task.slots.items() if name in kept} | {"course": course}
    fitting = [each for each in turn.catalogue.classes.values() if _fits(each, wanted, turn)]
    wish = turn.state.wish
    if wish is not None and wish.slots.get("course") == course:  # 除了学院哪里有, 那就报这个
        fitting = [each for each in fitting if not refuses_class(wish.slots, each, turn)] or fitting
    last = turn.catalogue.classes.get(turn.get("class") or turn.state.focus.get("class", ""))
    if last in fitting and last in called_so(turn, fitting):
        return [last]
    fitting = called_so(turn, fitting)
    if running:
        found = [each for each in fitting if _goes_on(turn, each)]
        return sorted(found, key=lambda each: (turn.calendar.first(each.id), each.id))
    found = [each for each in fitting if each.enrols(turn.today)] or [
        each for each in fitting if each.comes(turn.today)
    ]
    offered = [each for each in found if any(offer.slots.get("class") == each.id for offer in turn.state.offers)]
    return offered if len(offered) == 1 else beside(turn, found)


async def one(turn: Turn, question: str) -> TrainingClass | None:
    """The class that a question is about; asks which, or says that there is none."""
    if (named := turn.get("class")) and named in turn.catalogue.classes:
        focus(turn, turn.catalogue.classes[named])
        return turn.catalogue.classes[named]
    course = turn.get("course")
    if not course and named_otherwise(turn) and (taught := _taught(turn, question)):
        if len({each.course for each in taught}) > 1 or question == "enrol_it":
            choose(turn, taught, question)
            return None
        course = taught[0].course  # 秦师傅的课几点, 修车的班多少钱
    course = course or turn.state.focus.get("course") or await turn.ask(COURSE)
    said = turn.heard.values("course")
    courses = dict.fromkeys([course, *(said if course in said else ())])  # 陶艺班和烘焙班我都想学
    found = [group for each in courses for group in _meant(turn, each)]
    if not found:
        turn.task.slots["course"] = course
        found = matching(turn, without={"org"})
    if not found and (found := matching(turn, without=WISHES)):
        lacking = next(wish for wish in WISHES if turn.get(wish))
        turn.say("class.none_but", wish=_wish(turn, lacking), source=SOURCE)
    if len(found) == 1:
        focus(turn, found[0])
        return found[0]
    if found and question == "enrol" and all(misfit(turn, group) for group in found):
        refused(turn, found[0])
        return None
    if found:
        if any(leaves_out(turn, each) for each in courses):
            turn.say("class.without_refused")
        choose(turn, found, question)
        return None
    say_none(turn, course)
    return None


def say_none(turn: Turn, course: str) -> None:
    """That a course has no class now, and what there is instead."""
    known = turn.catalogue.courses[course]
    here = known.mode == "线下" or "not_online" in turn.task.slots
    key = "class.none_of_course_here" if here else "class.none_of_course"
    turn.say(key, course=known.name, source=SOURCE)
    turn.suggest("join_waiting_list", course=course)
    _offer_course(turn, course)


def _offer_course(turn: Turn, course: str) -> None:
    """What is learnt in it: online, where that can be."""
    known = turn.catalogue.courses[course]
    key = "label.what_is_taught" if known.mode == "线下" or "not_online" in turn.task.slots else "label.learn_online"
    turn.offer(turn.line(key, course=known.name), "find_course", course=course)


def _taught(turn: Turn, question: str) -> list[TrainingClass]:
    """The classes of the teacher or theme that is named. Whoever enrols means one that is open, where there is one; other questions
    may also be about one that opens later."""
    taught = matching(turn)
    return taught if taught and question in {"enrol", "enrol_it"} else taught + _to_come(turn)


async def class_detail(turn: Turn) -> None:
    group = await one(turn, "class_detail")
    if group:
        card = wording.class_card(group, turn)
        turn.say(
            "class.detail", name=group.name, facts=wording.phrase(card.lines, turn), times=wording.times(group, turn), fee=wording.fee(group, turn),
            places=wording.places(group, turn), cards=(card,), source=SOURCE,
        )  # fmt: skip
        _offer_enrolment(turn, group, told=True)
        turn.suggest("site_address", org=group.organisation)


async def class_schedule(turn: Turn) -> None:
    group = await one(turn, "class_schedule")
    if group:
        turn.say(
            "class.schedule", name=group.name, first=wording.first(group, turn), times=wording.times(group, turn),
            sessions=group.sessions, last=wording.last(group, turn),
            place=wording.room(group, turn), teacher=group.teacher, source=SOURCE,
        )  # fmt: skip
        _offer_enrolment(turn, group)


async def class_places(turn: Turn) -> None:
    group = await one(turn, "class_places")
    if group is None:
        return
    if group.places:
        turn.say(
            "class.places_ballot" if group.ballot else "class.places",
            name=group.name,
            places=group.places,
            capacity=group.capacity,
            until=wording.day(group.enrol_until, turn),
            source=SOURCE,
        )
        _offer_enrolment(turn, group)
    elif not refused(turn, group):
        turn.say("class.full", name=group.name, waiting=group.waiting, source=SOURCE)
        turn.suggest("join_waiting_list", course=group.course, org=group.organisation)
        turn.offer(turn.line("label.other_classes"), "find_class", course=group.course)
        if provable(turn):
            turn.offer(turn.line("label.wait_me"), "enrol_me", **{"class": group.id})
