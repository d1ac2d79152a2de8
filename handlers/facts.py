"""One fact of one thing: the price of a class, the place of an activity, said alone where that alone was asked."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bot import halves, phrases
from bot.aspects import sentence_on
from bot.turn import CHOICES, Turn
from handlers import wording
from handlers.distances import is_located, metres
from handlers.eligibility import SOURCE, bears_on_fee, conditions, misfit, refused, take_care
from handlers.listing import focus, offer_way_in, tell_each
from knowledge.catalogue import Activity, Course, Lesson, Organisation, RedemptionItem, TrainingClass, is_written

Thing = TrainingClass | Course | Activity | RedemptionItem
_KINDS: Mapping[str, type] = {"class": TrainingClass, "course": Course, "activity": Activity, "item": RedemptionItem}
# What one would ask next.
_NEXT = {
    "price": ("time", "place"), "place": ("way", "phone"), "time": ("place", "price"), "teacher": ("time", "place"),
    "duration": ("time", "price"), "bring": ("place", "time"), "until": ("places", "price"), "way": ("phone", "time"),
    "phone": ("place", "time"), "level": ("time", "price"), "eligible": ("time", "price"), "places": ("time", "price"),
}  # fmt: skip
_ONLINE = re.compile("微课|视频|网课|录像|线上|网上|video|online")
_EXTREME = re.compile("最(?:长|(?P<short>短))的?(?:那|一)*[节集]|(?:the )?(?:longest|(?P<shortest>shortest)) lesson")
_OWN_KIT = ("自备", "带", "提供", "有一", "证")  # a prerequisite that is something to bring
_NOTHING = re.compile("(?:不需要|不用|不要求|无|没有)[^，。；]*")  # a prerequisite that is none
_WORN = re.compile("穿|鞋|衣|wear|shoes|clothes")
_COMMAS = re.compile("[，；]|(?:, |; )")
_PARTS = re.compile(r"[。；]|[.;] ")  # between sentences, in either language


async def fact(turn: Turn) -> None:
    """The aspects in `aspect` of the things in `of`, in one sentence each; alike ones in one for all."""
    aspects = (turn.get("aspect") or "time").split()
    aspect = aspects[0]
    things = _things(turn, aspect)
    if aspect == "eligible" and len(things) == 1 and isinstance(things[0], TrainingClass) and refused(turn, things[0]):
        return
    told = [(each, [value for asked in aspects if (value := value_of(turn, each, asked))]) for each in things]
    values = [(each, wording.joined(said, turn)) for each, said in told if said]
    if not values:
        turn.say("fact.unknown", name=wording.listed((each.name for each in things), turn) or turn.line("fact.it"))
        turn.suggest("human")
        return
    source = SOURCE if isinstance(things[0], TrainingClass | Course) else None
    if len(values) == 1:
        _say_one(turn, values[0][0], values[0][1], source)
    else:
        tell_each(turn, [(each.name, value) for each, value in values], source)
    if len(values) > 1 and turn.get("more") and turn.catalogue.college and turn.catalogue.college.phone:
        turn.say("fact.no_more", phone=turn.catalogue.college.phone)
    if aspect == "eligible" and isinstance(things[0], TrainingClass):
        take_care(turn)
    _offer_next(turn, aspect, things)


def _say_one(turn: Turn, thing: Thing, value: str, source: str | None) -> None:
    """A fact of one thing; where `more` was asked than is on record, with whom to ring."""
    home = _home(turn, thing) if isinstance(thing, TrainingClass | Activity) else turn.catalogue.college
    if turn.get("more") and home and home.phone:
        turn.say("fact.record", name=thing.name, value=value, phone=home.phone, source=source)
    else:
        turn.say("fact.one", name=thing.name, value=value, source=source)


async def on_record(turn: Turn) -> None:
    """What is on record in words of the thing in `of`, where what was asked of it may not be; and whom to ring."""
    kind, _, id = (turn.get("of") or "").partition(":")
    if kind == "org" and (place := turn.catalogue.organisations.get(id)):
        _of_a_place(turn, place)
        return
    thing = next(iter(_things(turn, "about")), None)
    said = [value for aspect in _IN_WORDS.get(type(thing), ()) if thing and (value := value_of(turn, thing, aspect))]
    home = (
        _home(turn, thing) if isinstance(thing, TrainingClass | Activity) else turn.catalogue.college
    )  # courses, items
    if thing is None or home is None or not home.phone or not said:
        turn.say("fact.unknown", name=thing.name if thing else turn.line("fact.it"))
    else:
        parts = [part for value in said for part in _PARTS.split(value)]
        whole = [part for part in parts if not any(part != each and part in each for each in parts)]
        turn.say("fact.record", name=thing.name, value=wording.joined(whole, turn), phone=home.phone)
        turn.show(next(kind for kind, each in _KINDS.items() if isinstance(thing, each)), thing.id)
    turn.suggest("human")


def _of_a_place(turn: Turn, place: Organisation) -> None:
    said = [wording.clause(each) for each in (wording.facilities(place, turn), place.accessible) if is_written(each)]
    if said:
        turn.say("fact.record", name=place.name, value=wording.joined(said, turn), phone=place.phone)
    else:
        turn.say("fact.not_held", name=place.name, phone=place.phone)
    turn.show("org", place.id)
    turn.suggest("human")


async def not_held(turn: Turn) -> None:
    """That what is asked of the thing in `of`, of what an answer told, or of us, is on no record; and whom to ring."""
    kind, _, id = (turn.get("of") or "").partition(":")
    catalogue, entry = turn.catalogue, turn.library.entries.get(id) if kind == "entry" else None
    place = catalogue.organisations.get(id) if kind == "org" else None
    only = _only_class(turn, id) if kind == "course" else None
    thing: Thing | Organisation | None = only or place or next(iter(_things(turn, "about")), None)
    home = place or (_home(turn, thing) if isinstance(thing, TrainingClass | Activity) else None) or catalogue.college
    name = thing.name if thing else turn.line("fact.of_answer", question=turn.title(entry)) if entry else None
    if entry is not None:  # what was told is gone on with
        turn.told_of.append(entry.id)
    if home is None or not home.phone:
        turn.say("fact.unknown", name=name or turn.line("fact.it")) if name else turn.say("kept_nowhere")
    elif name:
        turn.say("fact.not_held", name=name, phone=home.phone)
    else:
        turn.say("not_held", phone=home.phone)
    if thing is not None and not turn.get("beside"):  # 二胡多少钱一把 is no talk of the class
        turn.show("class" if only else kind, thing.id)
    turn.suggest("human")


def _only_class(turn: Turn, course: str) -> TrainingClass | None:
    """The class of a course, where there is one that one can be enrolled in."""
    classes = [each for each in turn.catalogue.classes.values() if each.course == course and each.enrols(turn.today)]
    return classes[0] if len(classes) == 1 else None


def _offer_next(turn: Turn, aspect: str, things: Sequence[Thing]) -> None:
    kind = next((kind for kind, each in _KINDS.items() if isinstance(things[0], each)))
    turn.show(kind, *(each.id for each in things[:CHOICES]))
    if len(things) > 1:
        for each in things[:CHOICES]:
            if isinstance(each, TrainingClass):
                turn.offer(each.name, "class_detail", **{"class": each.id})
        return
    only = things[0]
    if isinstance(only, TrainingClass):
        focus(turn, only)
        for following in _NEXT.get(aspect, ()):
            turn.offer(turn.line(f"label.fact.{following}"), "fact", aspect=following, of=f"class:{only.id}")
        offer_way_in(turn, only, told=aspect == "places")


async def compare(turn: Turn) -> None:
    """The things in `of` side by side, best first; `by` an aspect or all of them."""
    classes = [each for each in _things(turn, "price") if isinstance(each, TrainingClass)]
    if len(classes) < 2:
        turn.say("class.no_more")
        return
    by, rank = turn.get("by") or "all", _RANK.get(turn.get("by") or "")
    home = turn.catalogue.organisations.get(turn.heard.first("org") or "")
    if by == "place" and home and is_located(home) and all(_is_somewhere(turn, each) for each in classes):
        rank = partial(_far, (home.north, home.east))  # 哪个近，我住城东
    if rank:
        ranks = [rank(turn, each) for each in classes]
        classes = sorted(classes, key=partial(rank, turn))
        lead = turn.line("compare.same") if len(set(ranks)) == 1 else turn.line(f"compare.{by}", name=classes[0].name)
    else:
        lead = turn.line("compare.all")
    aspects = {"all": ("time", "place", "price", "places")}.get(by, (by,))
    lines = "\n".join(
        turn.line(
            "fact.one", name=each.name, value=turn.line("and").join(value_of(turn, each, aspect) for aspect in aspects)
        )
        for each in classes[:CHOICES]
    )
    turn.say("compare", lead=lead, lines=lines, source=SOURCE)
    turn.show("class", *(each.id for each in classes))
    for each in classes[:CHOICES]:
        turn.offer(each.name, "class_detail", **{"class": each.id})


def _is_somewhere(turn: Turn, group: TrainingClass) -> bool:
    place = turn.catalogue.organisations.get(group.organisation)
    return place is not None and is_located(place)


def _far(spot: tuple[float, float], turn: Turn, group: TrainingClass) -> float:
    return metres(spot, turn.catalogue.organisations[group.organisation])


# What makes one better than another; the best is the least.
_RANK: Mapping[str, Callable[[Turn, TrainingClass], float]] = {
    "price": lambda _, group: group.fee + group.material_fee,
    "time": lambda turn, group: turn.calendar.first(group.id).toordinal(),
    "places": lambda _, group: -group.places,
}


def _things(turn: Turn, aspect: str) -> list[Thing]:
    """What is asked about; a course's classes, where it is they that have the fact."""
    catalogue = turn.catalogue
    kinds: Mapping[str, Mapping[str, Thing]] = {
        "class": catalogue.classes, "course": catalogue.courses, "activity": catalogue.activities, "item": catalogue.items
    }  # fmt: skip
    named = [each.split(":", 1) for each in (turn.get("of") or "").split()]
    found = [kinds[kind][id] for kind, id in named if id in kinds.get(kind, {})]
    if aspect in _OF_COURSE and aspect != "duration":
        return found
    ids = {each.id for each in found if isinstance(each, Course)}
    classes = [each for each in catalogue.classes.values() if each.course in ids and each.enrols(turn.today)]
    taught = [each for each in found if isinstance(each, Course) and aspect == "duration"]
    online = [each for each in taught if _asks_of_lessons(turn, each) or not classes]
    return [*online] or [*(each for each in found if not isinstance(each, Course)), *classes]


def value_of(turn: Turn, thing: Thing, aspect: str) -> str:
    """A fact as it is said; empty where nothing is on record."""
    if isinstance(thing, TrainingClass):
        course = turn.catalogue.courses.get(thing.course)
        if aspect in _OF_CLASS:
            return _OF_CLASS[aspect](turn, thing)
        return _OF_COURSE[aspect](turn, course) if course and aspect in _OF_COURSE else ""
    if isinstance(thing, Course):
        return _OF_COURSE[aspect](turn, thing) if aspect in _OF_COURSE else ""
    if isinstance(thing, Activity):
        return _OF_ACTIVITY[aspect](turn, thing) if aspect in _OF_ACTIVITY else ""
    return _OF_ITEM[aspect](turn, thing) if aspect in _OF_ITEM else ""


def _home(turn: Turn, thing: TrainingClass | Activity) -> Organisation | None:
    return turn.catalogue.organisations.get(thing.organisation)


def _place(turn: Turn, group: TrainingClass) -> str:
    home = _home(turn, group)
    return (
        turn.line("fact.place", place=wording.room(group, turn), address=home.address)
        if home
        else wording.written(group.room)
    )


def _way(turn: Turn, thing: TrainingClass | Activity) -> str:
    home = _home(turn, thing)
    if home is None:
        return ""
    if not home.route:
        return turn.line("fact.way.unknown", address=home.address)
    return turn.line("fact.way", address=home.address, route=wording.clause(home.route))


def _phone(turn: Turn, thing: TrainingClass | Activity) -> str:
    home = _home(turn, thing)
    return turn.line("fact.phone", place=home.name, phone=home.phone) if home else ""


def _time(turn: Turn, group: TrainingClass) -> str:
    return turn.line("fact.time", times=wording.times(group, turn), first=wording.first(group, turn))


def _duration(turn: Turn, group: TrainingClass) -> str:
    course = turn.catalogue.courses.get(group.course)
    if course and _asks_of_lessons(turn, course):
        return _lessons(turn, course)
    return turn.line(
        "fact.duration", sessions=group.sessions, times=wording.times(group, turn), last=wording.last(group, turn)
    )


def _asks_of_lessons(turn: Turn, course: Course) -> bool:
    """有几节微课, 糖尿病那节多长: what is learnt online, and not in the room."""
    return course.mode != "线下" and bool(_ONLINE.search(turn.heard.folded) or _lessons_meant(turn, course))


def _lessons_meant(turn: Turn, course: Course) -> list[Lesson]:
    """The lessons that are named by a part of their titles, or as the longest or shortest."""
    folded = turn.heard.folded
    if not course.lessons:
        return []
    if found := _EXTREME.search(folded):
        most = (min if found["short"] or found["shortest"] else max)(each.minutes for each in course.lessons)
        return [each for each in course.lessons if each.minutes == most]
    pieces = {each for each in phrases.PAIRS.findall(folded) if halves.of_a_part(folded)}
    return [each for each in course.lessons if any(piece in each.title for piece in pieces)]


def _lessons(turn: Turn, course: Course) -> str:
    """How many there are and how long they take, or those that are meant."""
    if course.mode == "线下":
        return turn.line("fact.lessons.offline", count=len(course.lessons)) if course.lessons else ""
    if meant := _lessons_meant(turn, course):
        said = (turn.line("fact.lesson", title=each.title, minutes=each.minutes) for each in meant)
        return wording.joined(list(said), turn)
    minutes = sum(each.minutes for each in course.lessons)
    return turn.line("fact.lessons", count=len(course.lessons), minutes=minutes)


def _until(turn: Turn, group: TrainingClass) -> str:
    open_until = "fact.until_ballot" if group.ballot else "fact.until"
    key = open_until if group.enrol_until >= turn.today else "fact.until_past"
    return turn.line(key, day=wording.day(group.enrol_until, turn))


def _bring(turn: Turn, group: TrainingClass) -> str:
    bring = [turn.line("fact.bring", materials=group.materials)] if is_written(group.materials) else []
    return wording.joined([*bring, *_kit(turn, group)], turn)


def _kit(turn: Turn, group: TrainingClass) -> list[str]:
    """What its course demands to be brought: as the course says itself, and as the centre's rule says."""
    course, chinese = turn.catalogue.courses.get(group.course), turn.recorded.courses.get(group.course)
    if course is None or chinese is None:
        return []
    own = [wording.clause(course.prerequisite)] if any(word in chinese.prerequisite for word in _OWN_KIT) else []
    rule = turn.library.answer("enrol-first-day", turn.today)
    names = [chinese.name, *chinese.aliases, *([chinese.en.name.casefold()] if chinese.en else [])]
    parts = _PARTS.split(rule.said(turn.state.lang).answer) if rule else []
    worn = _WORN.search(turn.heard.folded)
    return own + [
        wording.clause(each)
        for each in parts
        if any(name in each.casefold() for name in names) or (worn and _WORN.search(each))
    ]


def _price(turn: Turn, group: TrainingClass) -> str:
    """What it costs, with what its conditions say of that."""
    told = [wording.clause(conditions(group, turn))] if bears_on_fee(turn.recorded.classes[group.id]) else []
    return wording.joined([wording.fee(group, turn), *told], turn)


def _eligible(turn: Turn, group: TrainingClass) -> str:
    """Its conditions, and what one has to have learnt before."""
    course, chinese = turn.catalogue.courses.get(group.course), turn.recorded.courses.get(group.course)
    demands = chinese is not None and is_written(chinese.prerequisite) and not _NOTHING.fullmatch(chinese.prerequisite)
    own = wording.clause(conditions(group, turn))
    learnt = [each for each in _COMMAS.split(course.prerequisite) if each not in own] if course and demands else []
    age = turn.state.facts.age
    fits = age is not None and turn.heard.first("age") and misfit(turn, group) is None
    said = [turn.line("fact.age_fits", age=age)] if fits else []
    return wording.joined([*said, own, *map(wording.clause, learnt)], turn)


def _redeemed_at(turn: Turn) -> str:
    """Where what points get is collected; nothing where nobody says so."""
    places = [each.name for each in turn.catalogue.organisations.values() if each.redeems]
    return turn.line("fact.collect", count=len(places), names=wording.listed(places[:CHOICES], turn)) if places else ""


def _level(turn: Turn, course: Course) -> str:
    return turn.line("fact.level", level=turn.named("level", course.level), prerequisite=course.prerequisite)


def _online(turn: Turn, course: Course) -> str:
    return turn.line("fact.offline" if course.mode == "线下" else "fact.online", count=len(course.lessons))


def _about(turn: Turn, course: Course) -> str:
    summary = wording.clause(course.summary)
    titles = wording.listed((each.title for each in course.lessons), turn)
    return turn.line("fact.about", summary=summary, count=len(course.lessons), titles=titles) if titles else summary


_OF_CLASS: Mapping[str, Callable[[Turn, TrainingClass], str]] = {
    "price": _price,
    "places": lambda turn, group: wording.places(group, turn),
    "teacher": lambda turn, group: turn.line("fact.teacher", teacher=group.teacher) if is_written(group.teacher) else "",
    "eligible": _eligible, "place": _place, "way": _way, "phone": _phone, "time": _time, "duration": _duration, "until": _until, "bring": _bring,
}  # fmt: skip
_OF_COURSE: Mapping[str, Callable[[Turn, Course], str]] = {
    "about": _about, "level": _level, "online": _online, "duration": _lessons,
    "exam": lambda turn, course: wording.clause(wording.written(course.assessment)),
}  # fmt: skip
_OF_ACTIVITY: Mapping[str, Callable[[Turn, Activity], str]] = {
    "place": lambda turn, activity: activity.place,
    "time": lambda turn, activity: wording.activity_time(activity, turn),
    "duration": lambda turn, activity: wording.activity_time(activity, turn),
    "eligible": lambda turn, activity: turn.line(
        "fact.for", summary=wording.clause(activity.summary), enrol=wording.clause(activity.enrol)
    ),
    "until": lambda turn, activity: wording.clause(wording.written(activity.enrol)),
    "entry": lambda turn, activity: wording.clause(wording.written(activity.enrol)),
    "about": lambda turn, activity: wording.clause(activity.summary),
    "way": _way, "phone": _phone,
    "places": lambda turn, activity: sentence_on("places", activity.enrol, activity.summary).rstrip("。"),
    "bring": lambda turn, activity: sentence_on("bring", activity.summary, activity.enrol).rstrip("。"),
}  # fmt: skip
_OF_ITEM: Mapping[str, Callable[[Turn, RedemptionItem], str]] = {
    "price": lambda turn, item: turn.line("fact.points", points=item.points),
    "places": lambda turn, item: turn.line("fact.stock" if item.stock else "fact.out_of_stock", stock=item.stock),
    "time": lambda turn, item: turn.line("fact.stock" if item.stock else "fact.out_of_stock", stock=item.stock),
    "place": lambda turn, _: _redeemed_at(turn),
}
# Of what each kind has a record in words.
_IN_WORDS: Mapping[type, Sequence[str]] = {
    TrainingClass: ("bring", "level"), Course: ("level", "about"), Activity: ("about", "entry"), RedemptionItem: ("price", "places")
}  # fmt: skip
