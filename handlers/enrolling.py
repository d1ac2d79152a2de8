"""Getting into a class and out of it: by themselves for whoever can prove who they are, else by a seat."""

from bot.about import is_child
from bot.aspects import spoken
from bot.messages import masked
from bot.turn import Turn
from handlers import wording
from handlers.classes import class_places, matching, one
from handlers.courses import which_course
from handlers.eligibility import OF_AGE, SOURCE, conditions, refused, take_care
from handlers.enrolments import enrol_me
from handlers.fees import say_fee
from handlers.listing import offer_way_in
from handlers.slots import COURSE, ORG, PHONE
from handlers.whose import bound_now, provable
from knowledge.catalogue import TrainingClass


async def enrol(turn: Turn) -> None:
    """How to get into a class; right here for whoever can prove who they are."""
    group = await one(turn, "enrol")
    if group is None or refused(turn, group) or _is_early(turn, group):
        return
    if not group.places:
        await class_places(turn)
        if turn.state.people or "eligible" in spoken(turn.heard.folded):
            turn.say("fact.one", name=group.name, value=wording.clause(conditions(group, turn)), source=SOURCE)
        return
    turn.say(
        "class.enrol", name=group.name, until=wording.day(group.enrol_until, turn), places=group.places, materials=group.materials,
        eligibility=conditions(group, turn), place=wording.place(group.organisation, turn.catalogue), source=SOURCE,
    )  # fmt: skip
    if group.ballot:
        turn.say("enrol.ballot", names=group.name)
    if not group.minors and group.youngest >= OF_AGE and is_child(turn.state.person, turn.state.facts):
        turn.say("enrol.if_young", age=OF_AGE)
    if group.fee and turn.state.facts.grounds:
        say_fee(turn, group)
    take_care(turn)
    turn.offer_answer("label.enrol_online", "g-enrol-online")
    turn.suggest("register", course=group.course, org=group.organisation, **{"class": group.id})
    if provable(turn):
        turn.suggest("enrol_me", **{"class": group.id})


def _is_early(turn: Turn, group: TrainingClass) -> bool:
    """Whether one cannot be enrolled in it yet; says from when on."""
    if turn.today >= group.enrol_from:
        return False
    first = wording.day(group.enrol_from, turn)
    turn.say("class.not_yet", name=group.name, day=first, eligibility=conditions(group, turn), source=SOURCE)
    return True


async def enrol_it(turn: Turn) -> None:
    """Into the class that was told: by themselves for whoever can prove who they are, else by a seat, who rings back."""
    group = await one(turn, "enrol_it")
    if group is None or _is_early(turn, group):
        return
    if not group.places:
        await class_places(turn)
        return
    turn.once(
        "told",
        lambda: turn.say(
            "class.enrol_it", name=group.name, times=wording.times(group, turn), fee=wording.fee(group, turn),
            places=wording.places(group, turn), eligibility=wording.clause(conditions(group, turn)), source=SOURCE,
        ),
    )  # fmt: skip
    if await bound_now(turn):
        turn.task.slots["class"] = group.id
        await enrol_me(turn)
        return
    turn.task.slots |= {"class": group.id, "course": group.course, "org": group.organisation}
    await _register(turn, "enrolment_wish")


async def join_waiting_list(turn: Turn) -> None:
    """A number on the list of a full class for whoever has proven who they are; otherwise a wish that a seat sees to."""
    group = turn.catalogue.classes.get(turn.get("class") or turn.state.focus.get("class", ""))
    named = turn.get("course") or (group.course if group else None)
    if group is not None and not group.places and group.course == named:
        if await bound_now(turn):
            turn.task.slots["class"] = group.id
            await enrol_me(turn)
            return
        turn.task.slots = {"course": group.course, "org": group.organisation} | turn.task.slots
    await _register(turn, "waiting_list")


async def register(turn: Turn) -> None:
    await _register(turn, "enrolment_wish")


async def _register(turn: Turn, reason: str) -> None:
    """Course, street and a number to ring: a ticket that a seat puts on the list."""
    group = turn.catalogue.classes.get(turn.get("class") or "")
    if group and turn.get("course") not in {None, group.course}:  # another was said since
        _elsewhere(turn, group)
    elif group and refused(turn, group):
        return
    course = (
        await which_course(turn, "enrol-wait")
        if reason == "waiting_list"
        else turn.catalogue.courses[await turn.ask(COURSE)]
    )
    if reason == "waiting_list":
        turn.once("intro", lambda: turn.say("register.waiting", course=course.name))
    street = turn.catalogue.organisations[await turn.ask(ORG)]
    phone = await turn.ask(PHONE)
    turn.task.slots["detail"] = wording.listed((course.name, street.name), turn)
    turn.say("register.done", course=course.name, place=street.name, phone=masked(phone))
    await turn.hand_over(reason, skill="enrolment", topic="enrolment")


def _elsewhere(turn: Turn, group: TrainingClass) -> None:
    """Forgets the class that was meant before, and its place; of the other course the one class, where it has one."""
    del turn.task.slots["class"]
    if turn.get("org") == group.organisation:
        del turn.task.slots["org"]
        others = matching(turn)
        if len(others) == 1:
            turn.task.slots |= {"class": others[0].id, "org": others[0].organisation}


async def before_coming(turn: Turn) -> None:
    """要不要先打个电话: of a class, that one enrols first, and whom to ring; of a place, its hours and whom to ring."""
    group = turn.catalogue.classes.get(turn.get("class") or "")
    if group is not None and group.enrols(turn.today):
        home = turn.catalogue.organisations.get(group.organisation)
        turn.say(
            "before.class", name=group.name, until=wording.day(group.enrol_until, turn), materials=group.materials,
            place=wording.place(group.organisation, turn.catalogue), phone=home.phone if home else "", source=SOURCE,
        )  # fmt: skip
        offer_way_in(turn, group)
        return
    if course := turn.get("course"):
        turn.say("before.classes")
    place = turn.catalogue.organisations.get(turn.get("org") or "") or turn.catalogue.college
    if place is not None:
        turn.say("before.place", place=place.name, hours=wording.hours(place.hours, turn), phone=place.phone)
    for each in (each for each in turn.catalogue.classes.values() if each.course == course and each.enrols(turn.today)):
        turn.offer(each.name, "before_coming", **{"class": each.id})


async def withdraw(turn: Turn) -> None:
    """Leaving a class by the rules; money back always through a person."""
    turn.answer_standard("enrol-withdraw")
    if (rule := turn.library.answer("enrol-refund", turn.today)) is not None:
        said = rule.said(turn.state.lang)
        turn.told_of.append(rule.id)
        turn.say("withdraw.refund", rule=said.answer, source=said.source)
    turn.suggest("refund")
    turn.offer_answer("label.cancel_online", "g-cancel-online")
    if provable(turn):
        turn.suggest("withdraw_me")


async def refund(turn: Turn) -> None:
    await turn.hand_over("refund", skill="enrolment", topic="enrolment")
