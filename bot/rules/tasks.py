"""What a message is to an open task, and to the question before it."""

from bot import phrases, redlines
from bot.commands import CORRECTION, commands
from bot.readings import spell
from bot.running import Runner
from bot.turn import Turn

_SUBJECTS = {"course", "theme"}  # naming one of them takes the place of the other
_CORRECTS, _LIKELY = {"cmd/correct", "cmd/change_mind"}, 0.45
_NODS = {"acknowledge", "smalltalk"}  # said to a question, these are no other question


async def open_task(run: Runner, turn: Turn) -> bool:
    """The answer to what was asked, or a correction of what was said before; another question is a digression."""
    task = run.waiting(turn.state)
    if task is None:
        return False
    handler, slot = run.handlers[task.intent], run.slot(task)
    values = run.readings.values(handler, turn)
    corrected = corrects(turn)
    best = turn.heard.best
    asks = phrases.asks(turn.heard.folded)
    enough = turn.heard.lines.likely if asks else turn.heard.lines.sure
    another = best is not None and best.intent != task.intent and best.score >= enough and not corrected
    if another and best is not None:
        another = not phrases.answers_only(turn.heard) and best.intent not in _NODS
    fills = slot.name in values and phrases.named_share(turn.heard) >= 0.5
    if values and (fills or not another):
        changed = [name for name, value in values.items() if task.slots.get(name, value) != value]
        task.slots.update(values)
        task.tries = 0
        if changed:
            turn.say("corrected", value=spell(turn, changed[0], values[changed[0]]))
        await run.run(turn, task)
        return True
    certain = best is not None and best.score >= turn.heard.lines.sure
    if another and (not slot.free or asks or certain):
        return False
    if slot.free and not certain:  # 我想当志愿者, said once more, is no answer to what service
        task.slots[slot.name] = turn.heard.text
        task.tries = 0
        await run.run(turn, task)
        return True
    await run.ask_again(turn, task)
    return True


async def dropped(run: Runner, turn: Turn) -> bool:
    """先不查分了，茶艺有没有: what is open is let go first; the rest is what is asked."""
    parts = phrases.clauses(turn.heard.folded)
    if len(parts) < 2 or not run.waiting(turn.state) or not commands(parts[0]) & {"cancel", "not_now"}:
        return False
    turn.state.tasks.pop()
    turn.say("cancelled.first")
    turn.heard = redlines.without(run.comprehension.understand("，".join(parts[1:]), turn.today))
    return False


async def goes_on(run: Runner, turn: Turn) -> bool:
    """那周日呢: the last question again, with what is named now, before an open task takes it for its answer."""
    return phrases.follows(turn.heard.folded) and await refined(run, turn)


async def refined(run: Runner, turn: Turn) -> bool:
    """晚上的, 那青禾街道的, 不对是下周三: the last question again, with what is named now."""
    last, heard = turn.state.last, turn.heard
    handler = run.row(last)
    if last is None or handler is None:
        return False
    values = run.readings.values(handler, turn)
    corrected = corrects(turn)
    if not values or not (corrected or len(phrases.rest(heard)) <= 1):
        return False
    best = heard.best
    another = best is not None and best.intent != last.intent and not corrected
    own = phrases.names_matter(heard.folded) and not phrases.follows(heard.folded)
    line = heard.lines.ask if own else heard.lines.sure
    if another and best is not None and best.score >= line and not phrases.follows(heard.folded):
        return False
    if corrected:
        name, value = next(iter(values.items()))
        turn.say("corrected", value=spell(turn, name, value))
    gone = {"class", *(_SUBJECTS if _SUBJECTS & set(values) else ())}
    kept = {name: value for name, value in last.slots.items() if name not in gone}
    await run.start(turn, last.intent, {**kept, **values})
    return True


def corrects(turn: Turn) -> bool:
    """Whether it takes back what was said before: by its words, or as the model reads it."""
    move = turn.heard.move
    return CORRECTION.match(turn.heard.folded) is not None or (move.label in _CORRECTS and move.probability >= _LIKELY)
