"""The decision: what a message is, who answers it, and whether we are sure enough to.

`LADDER` is the whole of it: its rules are tried in this order, and the first that answers ends the turn. Everything here
works on the `Turn` and writes nothing.
"""

import re
import unicodedata

from bot import language, redlines
from bot.alarming import is_over
from bot.comprehension import Comprehension
from bot.conversation import REMEMBERED, Conversation
from bot.rules import Rule, first, follow, moves, questions, tasks
from bot.running import Runner
from bot.turn import Handlers, Turn

STALE = 30 * 60_000  # ms after which an unfinished talk goes on only if the resident says so

# Read from above: each line says what it is in the docstring of its rule.
LADDER: tuple[Rule, ...] = (
    # Who has the talk, and what comes before everything else
    first.seat, first.continued, first.masked, first.secret, first.red_line, first.known,
    first.still_in_danger, first.maybe_danger, first.outlived,
    # Moves in the talk
    moves.language, moves.choice, moves.move, moves.off_the_list, moves.signs,
    # What is no question
    questions.empty, questions.too_long, questions.stray_number,
    # What goes on with the talk
    questions.ours, tasks.dropped, questions.gist, tasks.goes_on, tasks.open_task, follow.enrols, follow.compared, follow.follow_up, follow.described,
    tasks.refined, follow.another, follow.unknown_name, follow.of_an_answer, questions.neighbour,
    # Questions
    questions.two, questions.clear, questions.said_already, questions.for_the_ticket, questions.likely,
    questions.name_alone, questions.not_sure,
)  # fmt: skip


class Dialogue:
    """Answers turns with the handlers of one table."""

    def __init__(self, handlers: Handlers, comprehension: Comprehension) -> None:
        self._run = Runner(handlers, comprehension)

    def secret(self, state: Conversation, text: str) -> str | None:
        """The digits that answer a question for something that must be kept nowhere; None where it is no answer to one."""
        task = self._run.waiting(state)
        if task is None or not self._run.slot(task).secret:
            return None
        digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
        return digits if digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 20 else None

    async def respond(self, turn: Turn) -> None:
        """Decides and answers; everything it did is on the turn and its state."""
        _pass_time(turn)
        _sense(turn)
        for rule in LADDER:
            if await rule(self._run, turn):
                turn.rule = rule.__name__
                break
        if turn.rule not in {first.seat.__name__, first.continued.__name__}:
            self._remember(turn)

    def _remember(self, turn: Turn) -> None:
        state = turn.state
        if (course := turn.heard.first("course")) and state.focus.get("course") != course:
            state.focus.pop("class", None)
            turn.focus("course", course)
        if org := turn.heard.first("org"):
            turn.focus("org", org)
        turn.warn_of_chinese()
        replies = turn.finished_replies()
        if turn.keeps:
            return
        if replies:
            state.said = list(replies)
        if turn.offered:
            state.offers = turn.offered
        state.confirming = turn.confirming
        state.near = self._run.readings.runners_up(turn)


def _sense(turn: Turn) -> None:
    """What may be a red line of the message, and what else it may mean."""
    if turn.state.danger and turn.state.danger.ticket != turn.ticket:
        turn.state.danger = None
    # What is chosen was said by us.
    alarm = redlines.detect(turn.heard) if turn.inbound.choice is None else None
    if turn.state.danger and alarm and not alarm.sure and is_over(turn.heard.folded):
        alarm = None
    turn.alarm = alarm
    if turn.red_line is None:
        turn.heard = redlines.without(turn.heard)


def _pass_time(turn: Turn) -> None:
    """Lets what is old be forgotten; what was open then can be taken up again."""
    state, now = turn.state, turn.inbound.at
    if state.at and now - state.at > STALE:
        turn.outlived = bool(state.offers or state.tasks)
        paused = state.tasks or state.paused
        state.forget()
        state.paused = paused
    language.follow(state, turn.inbound, turn.heard)
    state.at = now
    state.focus_age += 1
    if state.focus_age > REMEMBERED:
        state.focus, state.last, state.offers, state.shown = {}, None, [], []
