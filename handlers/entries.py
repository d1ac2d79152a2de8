"""Knowledge entries: said as reviewed; a guide one step at a time."""

import re

from bot.messages import Reply
from bot.turn import Turn
from handlers.people import take_back
from knowledge.entries import Entry

_EVERYWHERE = re.compile("社区学校|教学站点|各校|各点|全区|所有")  # an answer that speaks of schools too


async def entry(turn: Turn) -> None:
    found = turn.library.entries.get(turn.get("entry") or "")
    if found is None:  # it was withdrawn after it had been offered
        turn.say("entry.gone")
        turn.offer(turn.line("label.human"), "human")
        return
    turn.state.topic = found.topic
    if await take_back(turn):
        return
    if _about_another_place(turn, found):
        return
    if found.steps:
        _step(turn)
    else:
        turn.answer(found)
    if found.person:
        turn.offer(turn.line("label.human"), "human")


def _about_another_place(turn: Turn, found: Entry) -> bool:
    """What is known of the college is not said of a school: whoever names one is told whom to ask."""
    place, college = turn.catalogue.organisations.get(turn.heard.first("org") or ""), turn.catalogue.college
    if place is None or college is None or place.level == "college" or place.name in found.answer:
        return False
    of_college = found.topic == "site_hours" or any(name in found.answer for name in (college.name, *college.aliases))
    if not of_college or _EVERYWHERE.search(found.answer):
        return False
    turn.say("entry.elsewhere", place=place.name, phone=place.phone)
    turn.offer(turn.line("label.human"), "human")
    turn.offer(turn.line("label.site_facilities"), "site_facilities", org=place.id)
    return True


async def not_answered(turn: Turn) -> None:
    """A standard question: this centre's answer to it, or honestly that there is none, or none any more."""
    question = turn.task.slots["question"]
    found = turn.library.answer(question, turn.today)
    if found is None:
        turn.answer_standard(question)
        return
    turn.standards[question] = found.id
    turn.task.slots["entry"] = found.id
    await entry(turn)


def _step(turn: Turn) -> None:
    found = turn.library.entries[turn.task.slots["entry"]]
    steps = len(found.steps)
    at = min(int(turn.task.memo.get("step") or turn.get("step") or "0"), steps)
    turn.task.memo["step"] = str(at)
    if at >= steps:
        turn.say("guide.done")
        return
    step = found.steps[at]
    lead = turn.line("guide.step", number=at + 1, count=steps)
    follow = turn.line("guide.next" if at + 1 < steps else "guide.last")
    intro = f"{found.answer}\n" if at == 0 else ""
    turn.tell(
        Reply(
            text=f"{intro}{lead}{step}\n{follow}",
            spoken=f"{found.spoken if at == 0 else ''}{lead}{step}{follow}",
            short=found.sms if at == 0 else f"{lead}{step}"[:134],
            source=found.source,
        )
    )
    if at + 1 < steps:
        turn.offer(turn.line("label.next_step"), "entry", entry=found.id, step=str(at + 1))
    if at:
        turn.offer(turn.line("label.previous_step"), "entry", entry=found.id, step=str(at - 1))
