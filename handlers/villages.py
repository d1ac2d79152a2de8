"""Training that comes to a village: what is planned, and a wish on record."""

from bot.messages import masked
from bot.turn import CHOICES, Turn
from handlers import wording
from handlers.eligibility import SOURCE
from handlers.listing import list_classes
from handlers.slots import PHONE, VILLAGE, WISH


def _lists_those_of_the_course(turn: Turn) -> bool:
    """What is asked by its course and by no place: wherever it comes to, if it does."""
    if turn.get("org") or not (course := turn.heard.first("course")):
        return False
    of_it = [each for each in turn.catalogue.classes.values() if each.course == course and each.village]
    if coming := [each for each in of_it if turn.calendar.first(each.id) >= turn.today]:
        list_classes(turn, coming)
    return bool(coming)


async def village_training(turn: Turn) -> None:
    """Training that comes to a village: what is planned at its town, or a wish on record."""
    if _lists_those_of_the_course(turn):
        return
    village = await turn.ask(VILLAGE)
    town = turn.catalogue.line_up(village)[-2].id
    planned = [
        group
        for group in turn.catalogue.classes.values()
        if group.village
        and turn.catalogue.is_within(group.organisation, town)
        and turn.calendar.first(group.id) >= turn.today
    ]
    name = wording.place(village, turn.catalogue).removesuffix("教学站点").removesuffix("社区学校")
    exact = [group for group in planned if turn.catalogue.is_within(group.organisation, village)]
    if exact or planned:
        shown = exact or planned
        lines = "\n".join(wording.class_line(group, turn) for group in shown[:CHOICES])
        turn.say("village.planned" if exact else "village.nearby", village=name, lines=lines, source=SOURCE)
        for group in shown[:CHOICES]:
            turn.offer(group.name, "class_detail", **{"class": group.id})
        turn.show("class", *(group.id for group in shown[:CHOICES]))
    else:
        turn.say("village.none", village=name, source=SOURCE)
        turn.suggest("village_wish", org=village)


async def village_wish(turn: Turn) -> None:
    if _lists_those_of_the_course(turn):
        return
    village = await turn.ask(VILLAGE)
    detail = await turn.ask(WISH)
    phone = await turn.ask(PHONE)
    turn.say(
        "village.wish_done",
        village=wording.place(village, turn.catalogue),
        detail=detail,
        phone=masked(phone),
    )
    await turn.hand_over("village_wish", skill="enrolment", topic="training_info")
