"""Choices among what was offered, and moves in the talk: again, slower, back, stop, yes, no."""

import re
from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from bot import phrases
from bot.commands import chosen, commands, labelled, number
from bot.conversation import Offer, Task
from bot.language import wanted
from bot.rules.named import names_besides
from bot.running import TRIES, Runner, fresh
from bot.turn import Turn


async def language(run: Runner, turn: Turn) -> bool:
    """Another language is asked for: where the talk stands once more in that one, nothing done a second time."""
    if turn.inbound.choice is not None or wanted(turn.heard.folded) is None:
        return False
    last = turn.state.last
    handler = run.row(last)
    turn.say("language.now")
    if run.waiting(turn.state):
        run.remind(turn)
    elif last and handler and not (handler.personal or handler.careful):
        await run.run(turn, Task(last.intent, dict(last.slots), memo=dict(last.memo)))
    return True


async def choice(run: Runner, turn: Turn) -> bool:
    """One of those that were offered, by its key, its place or its name; or none of them."""
    state = turn.state
    if not state.offers:
        return False
    if turn.inbound.choice is not None:
        offer = next((each for each in state.offers if each.key == turn.inbound.choice), None)
    else:
        best = turn.heard.best
        said = commands(turn.heard.folded)
        if (named := labelled(turn.heard.folded, state.offers) or with_a_number(turn)) is not None:
            offer = named
        elif said & {"none"} or (said & {"no"} and not state.tasks):
            state.offers = []
            turn.say("none_of_these")
            turn.offer(turn.line("label.human"), "human")
            return True
        elif said & {"yes", "fine"} and state.confirming:
            offer = state.offers[0]
        elif said & {"yes"} and not state.tasks and not run.guiding(turn) and state.offers[0].intent != "human":
            turn.say("which_offer")
            turn.offered = list(state.offers)
            return True
        elif turn.heard.first("phone") and phrases.named_share(turn.heard) >= 0.6:
            offer = next((each for each in fresh(state) if run.wants(each, "phone")), None)
        elif best and best.score >= turn.heard.lines.sure and number(turn.heard.folded) is None:
            return False
        else:
            asks = state.confirming and phrases.asks(turn.heard.folded)  # 是这样吗 agrees to nothing
            offer = None if asks else chosen(turn.heard.folded, state.offers)
            offer = None if offer and names_besides(turn, offer.label) else offer
    if offer is None:
        return False
    await run.take(turn, offer)
    return True


def takes_up(turn: Turn) -> bool:
    """Whether it is no sentence of theirs, but one of those that were offered: 最后一个."""
    return (with_a_number(turn) or chosen(turn.heard.folded, turn.state.offers)) is not None


def with_a_number(turn: Turn) -> Offer | None:
    """请人工帮我登记，电话13912345678: one that is offered, by its name, and a number to ring."""
    phone = next((each for each in turn.heard.entities if each.kind == "phone"), None)
    if phone is None:
        return None
    folded = turn.heard.folded
    if len(folded) > _WITH_A_NUMBER:
        return None
    name = _NUMBER_WORDS.sub("", folded[: phone.start]) + _NUMBER_WORDS.sub("", folded[phone.end :])
    return labelled(name, turn.state.offers)


_WITH_A_NUMBER = 100  # characters of a choice and a telephone number
_NUMBER_WORDS = re.compile(r"[,，。、:： ]*(?:我的?|联系)?(?:电话|手机)?(?:号码?)?是?[,，。、:： ]*$|^[,，。、:： ]+")


async def off_the_list(run: Runner, turn: Turn) -> bool:
    """A number that stands for none of those that were offered: the list again."""
    state = turn.state
    if not state.offers or run.waiting(state) or number(turn.heard.folded) is None or turn.heard.first("age"):
        return False
    turn.say("off_the_list")
    _again(turn)
    return True


async def signs(run: Runner, turn: Turn) -> bool:
    """Signs alone: thumbs up after an answer is thanks; others leave what was asked and offered as it was."""
    kind = phrases.signs(turn.inbound.text)
    if kind is None:
        return False
    state = turn.state
    if kind == "thanks" and state.said and not run.waiting(state):
        await run.start(turn, "thanks", {})
    elif state.offers and fresh(state):
        _again(turn)
    else:
        turn.say("empty")
        turn.keeps = True
        run.remind(turn)
    return True


async def move(run: Runner, turn: Turn) -> bool:
    """A move in the talk: a person, again, slower, shorter, back, stop, wait, why."""
    said = moves(turn)
    for name, act in _MOVES.items():
        if name in said and await act(run, turn):
            return True
    return False


def moves(turn: Turn) -> frozenset[str]:
    """The moves that a message may be: by its words, or as the model reads it in a talk that goes on."""
    said = commands(turn.heard.folded)
    label, likely = turn.heard.move.label, turn.heard.move.probability
    best = turn.heard.best
    leaves = label in _LEAVING and likely >= _PERHAPS
    if leaves and best and best.intent == "human" and best.score >= turn.heard.lines.sure:
        return said | {"human"}  # 不弄了，找个人来
    if not label.startswith(_COMMAND) or said:
        return said
    asks = best is not None and best.score >= turn.heard.lines.sure and best.intent not in _NO_QUESTIONS
    name = label.removeprefix(_COMMAND)
    likely_ours = best is not None and best.score >= turn.heard.lines.likely
    if name in _AGREES and phrases.asks(turn.heard.folded):
        return said  # 是的吗, 对吗
    if name == "repeat" and phrases.follows(turn.heard.folded) and likely < _SURELY:
        return said  # 那要是再掉一回呢
    if name == "dont_know" and phrases.declines(turn.heard.folded):
        return said
    unknown = name == "dont_know" and _DO_NOT_KNOW.search(turn.heard.folded)  # 不晓得哪个街道
    if name not in _ASKS and likely_ours and phrases.asks(turn.heard.folded) and not unknown:
        return said  # 电话多少，我再问问
    if (turn.state.said or turn.state.paused) and likely >= (_SURELY if asks or name in _ENDS else _LIKELY):
        return said | {_NAMES.get(name, name)}
    return said


_DO_NOT_KNOW = re.compile("^(?:我|俺|咱)?(?:也|都|还|真)?不(?:知道|晓得|清楚|记得)")
_COMMAND = "cmd/"
_NAMES = {"none_of_these": "none"}
_ASKS = {"repeat", "why_data", "bot_check", "resume", "more", "next", "simpler"}  # these are questions
_PERHAPS = 0.3
_LIKELY, _SURELY = 0.45, 0.9  # where it is likely nothing else; where it would be a question of its own as well
_LEAVING = {"cmd/cancel", "cmd/change_mind"}  # what is left for something else
_AGREES = {"yes", "fine", "done"}
_ENDS = {"done", "thanks_but", "restart"}  # what was said with them is not looked at
_NO_QUESTIONS = {"acknowledge", "smalltalk", "goodbye", "thanks", "greeting", "human", "unrelated"}


def _again(turn: Turn) -> None:
    """What was said last, as it was."""
    turn.said += turn.state.said
    turn.keeps = True


async def _human(run: Runner, turn: Turn) -> bool:
    await run.start(turn, "human", {}, remind=False)
    return True


async def _restart(run: Runner, turn: Turn) -> bool:
    turn.state.forget()
    turn.say("restarted")
    return True


def _after(lead: str | None) -> "_Act":
    """What was said last once more, after a word about how."""

    async def act(run: Runner, turn: Turn) -> bool:
        if not turn.state.said:
            return False
        if lead:
            turn.say(lead)
        _again(turn)
        return True

    return act


async def _simpler(run: Runner, turn: Turn) -> bool:
    """What was said last, in its short form."""
    said = turn.state.said
    if not said:
        return False
    turn.said += [replace(reply, text=phrases.shorter(reply), spoken=None, cards=()) for reply in said]
    turn.keeps = True
    return True


async def _menu(run: Runner, turn: Turn) -> bool:
    await run.start(turn, "menu", {})
    return True


def _stepped(by: int, *, in_a_guide: bool = False, beside: bool = False) -> "_Act":
    # A guide goes on at 好的, a list by its own words alone, which answer nothing else that was asked.
    async def act(run: Runner, turn: Turn) -> bool:
        stepping = run.guiding(turn) if in_a_guide else run.stepping(turn, beside=beside)
        if stepping is not None:
            await run.step(turn, stepping, by)
        return stepping is not None

    return act


async def _cancel(run: Runner, turn: Turn) -> bool:
    """Ends what is open: a task, or a question whether something is meant."""
    state = turn.state
    if state.tasks:
        state.tasks.pop()
    elif run.aside_of(state):
        state.paused.pop()
    elif not fresh(state):
        turn.say("ticket_stays" if turn.ticket else "nothing_open", ref=turn.ticket)
        return True
    turn.say("cancelled")
    state.offers, state.wish = [], None
    run.remind(turn)
    return True


async def _not_now(run: Runner, turn: Turn) -> bool:
    """先不退了，我再想想: nothing is done, and nobody is hurried."""
    state = turn.state
    state.tasks, state.offers = [], []
    turn.say("not_now")
    return True


async def _back(run: Runner, turn: Turn) -> bool:
    """The step before, or the slot before the present one again."""
    if await _stepped(-1)(run, turn):
        return True
    if not turn.state.tasks:
        turn.say("nothing_open")
        return True
    task = turn.state.tasks[-1]
    order = [slot.name for slot in run.handlers[task.intent].slots if slot.name in task.slots]
    if order:
        del task.slots[order[-1]]
    task.tries = 0
    await run.run(turn, task)
    return True


async def _none(run: Runner, turn: Turn) -> bool:
    turn.say("nothing_open")
    return True


async def _resume(run: Runner, turn: Turn) -> bool:
    """Goes on with what is open, or with what was when the talk stopped, be it a day ago."""
    state = turn.state
    if state.paused and not state.tasks:
        state.tasks, state.paused = state.paused, []
    if task := run.waiting(state):
        if (label := f"label.{task.intent}") in turn.texts.languages["zh"]:
            turn.say("resumed", what=turn.line(label))
        await run.run(turn, task)
    elif (stepping := run.stepping(turn)) is not None:
        await run.step(turn, stepping, 0)
    elif state.said:
        _again(turn)
    else:
        turn.say("nothing_open")
    return True


async def _wait(run: Runner, turn: Turn) -> bool:
    turn.say("wait")
    turn.keeps = True
    return True


async def _here(run: Runner, turn: Turn) -> bool:
    """Are you there?"""
    turn.say("here")
    turn.keeps = True
    run.remind(turn)
    return True


async def _go_ahead(run: Runner, turn: Turn) -> bool:
    """Thanks, and another question that is still to come."""
    turn.say("go_ahead")
    turn.keeps = True
    return True


async def _unknown(run: Runner, turn: Turn) -> bool:
    """I do not know, or have it not with me: the other ways, and that nothing has to be known."""
    state = turn.state
    if task := run.waiting(state):
        await run.ask_again(turn, task)
        return True
    if not fresh(state):
        return False
    turn.say("any_will_do")
    _again(turn)
    return True


async def _not_helpful(run: Runner, turn: Turn) -> bool:
    """What was said did not help: what is missing, what else may have been meant, a person."""
    state = turn.state
    state.failures += 1
    turn.unanswered = True
    if state.failures > TRIES:
        await _human(run, turn)
        return True
    turn.say("not_helpful")
    turn.offered = list(state.near)
    turn.offer(turn.line("label.human"), "human")
    return True


async def why(run: Runner, turn: Turn) -> bool:
    """Why do you need that: what for, what is kept and for how long, how to go on without; then the question again."""
    task = run.waiting(turn.state)
    if task is None:
        return False
    slot = run.slot(task)
    key = f"why.{slot.prompt or slot.name}"
    turn.say(key if key in turn.texts.languages["zh"] else "why")
    turn.offer(turn.line("label.human"), "human")
    run.remind(turn)
    return True


async def _done(run: Runner, turn: Turn) -> bool:
    if run.waiting(turn.state):
        return False
    if not await _guided(run, turn):
        await run.start(turn, "goodbye", {})
    return True


_guided = _stepped(1, in_a_guide=True)
_Act = Callable[[Runner, Turn], Awaitable[bool]]
# In this order: some words are several moves, and what is open decides.
_MOVES: Mapping[str, _Act] = {
    "human": _human, "restart": _restart, "why_data": why, "repeat": _after(None), "slower": _after("slower"),
    "louder": _after("louder"), "simpler": _simpler, "menu": _menu, "next": _stepped(1), "more": _stepped(1, beside=True),
    "yes": _guided, "fine": _guided, "not_now": _not_now, "cancel": _cancel, "back": _back, "none": _none,
    "resume": _resume, "wait": _wait,
    "bot_check": _here, "thanks_but": _go_ahead, "dont_know": _unknown, "not_helpful": _not_helpful, "done": _done,
}  # fmt: skip
