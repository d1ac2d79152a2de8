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
    known = turn.library.catalogue  # in Chinese, as the answer is looked through
    place, college = known.organisations.get(turn.heard.first("org") or ""), known.college
    if place is None or college is None or place.level == "college" or place.name in found.answer:
        return False
    of_college = found.topic == "site_hours" or any(name in found.answer for name in (college.name, *college.aliases))
    if not of_college or _EVERYWHERE.search(found.answer):
        return False
    turn.say("entry.elsewhere", place=turn.catalogue.organisations[place.id].name, phone=place.phone)
    turn.offer(turn.line("label.human"), "human")
    turn.offer(turn.line("label.site_facilities"), "site_facilities", org=place.id)
    return True


async def not_answered(turn: Turn) -> None:
    """A standard question that this centre has no answer to, or none any more."""
    turn.answer_standard(turn.task.slots["question"])


def _step(turn: Turn) -> None:
    found = turn.library.entries[turn.task.slots["entry"]]
    steps = len(found.steps)
    at = min(int(turn.task.memo.get("step") or turn.get("step") or "0"), steps)
    turn.task.memo["step"] = str(at)
    if at >= steps:
        turn.say("guide.done")
        return
    said = found.said(turn.state.lang)
    step = said.steps[at]
    lead = turn.line("guide.step", number=at + 1, count=steps)
    follow = turn.line("guide.next" if at + 1 < steps else "guide.last")
    intro = f"{said.answer}\n" if at == 0 else ""
    spoken = said.spoken or said.answer
    turn.tell(
        Reply(
            text=f"{intro}{lead}{step}\n{follow}",
            spoken=f"{f'{spoken} ' if at == 0 else ''}{lead}{step} {follow}",
            short=said.sms if at == 0 else f"{lead}{step}",
            source=said.source,
        )
    )
    if at + 1 < steps:
        turn.offer(turn.line("label.next_step"), "entry", entry=found.id, step=str(at + 1))
    if at:
        turn.offer(turn.line("label.previous_step"), "entry", entry=found.id, step=str(at - 1))
