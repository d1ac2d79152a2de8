"""Knowledge entries: said as reviewed; a guide one step at a time."""

from bot.messages import Reply
from bot.turn import Turn
from knowledge.entries import Entry


async def entry(turn: Turn) -> None:
    found = turn.library.entries.get(turn.get("entry") or "")
    if found is None:  # it was withdrawn after it had been offered
        turn.say("entry.gone")
        turn.offer(turn.line("label.human"), "human")
        return
    turn.state.topic = found.topic
    if found.steps:
        _step(turn)
    else:
        turn.answer(found)
    _about_another_place(turn, found)
    if found.person:
        turn.offer(turn.line("label.human"), "human")


def _about_another_place(turn: Turn, found: Entry) -> None:
    """What entries say of a place they say of the college: whoever asked about a school is told so."""
    place = turn.catalogue.organisations.get(turn.heard.first("org") or "")
    if found.topic == "site_hours" and place and place.level != "college" and place.name not in found.answer:
        turn.say("entry.elsewhere", place=place.name, phone=place.phone)
        turn.offer(turn.line("label.site_facilities"), "site_facilities", org=place.id)


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
