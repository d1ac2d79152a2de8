"""The decision: what a message is, who answers it, and whether we are sure enough to.

`LADDER` is the whole of it: its rules are tried in this order, and the first that answers ends the turn. Everything here
works on the `Turn` and writes nothing.
"""

import re

from msgspec.structs import replace

from bot import about, about_us, described, language, phrases, redlines, unheld
from bot.alarming import LIFE, is_over, is_well
from bot.comprehension import Comprehension
from bot.conversation import KEPT, REMEMBERED, Conversation, Task
from bot.handler import Handlers
from bot.leanings_to_learning import OF_LEARNING, of_fitness
from bot.messages import CONTINUE
from bot.rules import (
    Rule,
    another,
    answers,
    beyond,
    compare,
    elsewhere,
    first,
    follow,
    helping,
    items,
    joining,
    moves,
    named,
    paying,
    questions,
    records,
    seats,
    sessions,
    tasks,
    who,
    wishes,
)
from bot.running import Runner
from bot.turn import Turn
from nlu import proofs
from nlu.proofs import Kind
from nlu.questions import ADVICE

LEFT = 48 * 3_600_000  # ms after which nothing is taken up again
STALE = 30 * 60_000  # ms after which an unfinished talk goes on only if the resident says so

# Read from above: each line says what it is in the docstring of its rule.
LADDER: tuple[Rule, ...] = (
    # Who has the talk, and what comes before everything else
    first.seat, first.continued, first.masked, first.secret, first.red_line, first.given_away, first.known,
    first.still_in_danger, seats.how_answered, first.maybe_danger, first.outlived,
    seats.rated, first.about_a_seat, tasks.taken_up, seats.when_answered, seats.not_rung, seats.rings_back, first.what_we_are, beyond.kept_nowhere,
    # Moves in the talk
    helping.scolded, helping.still_not, moves.language, moves.choice, moves.off_the_list, joining.thinks_it_over, moves.move, moves.signs, tasks.put_aside,
    # What is no question
    questions.too_long, questions.stray_number,
    # What goes on with the talk
    tasks.tells_of_own, joining.before_coming, paying.of_money,
    tasks.misspoke, sessions.held_on, another.taught_beside, wishes.ours, another.refused, named.untaught, wishes.wanted,
    answers.of_the_matter, answers.of_whom, who.suits,
    helping.found_wrong, tasks.told, tasks.dropped, questions.gist, beyond.unknown_place, beyond.another_year,
    helping.of_somebody_else, helping.too_slow, helping.declines, another.asked_elsewhere,
    tasks.goes_on, tasks.open_task, elsewhere.asked_there, joining.enrols, compare.compared, answers.of_an_answer,
    named.unknown_name, follow.follow_up, follow.described,
    tasks.refined, another.another, items.cheapest, items.another_item, items.enough, tasks.taken_back,
    answers.named_in_it, answers.in_an_answer, answers.said_in_it, questions.neighbour,
    # Questions
    beyond.not_held, questions.two, questions.part, questions.clear, first.said_already, questions.for_the_ticket, named.name_alone,
    helping.unable, wishes.taught, records.not_on_record, questions.likely, named.named_at_least, questions.not_sure,
)  # fmt: skip


_CHRONIC = re.compile(
    "[,， ]?(?:就是|还|也)?(?:有|得了?)(?:点|些|多年)?(?:高血压|高血脂|高血糖|血压高|糖尿病|三高|关节炎|老寒腿|腰椎间盘突出|颈椎病|白内障|慢性[^,，。]{1,3})"
    "(?:的?老?毛病)?"
)  # nothing that has just come


class Dialogue:
    """Answers turns with the handlers of one table."""

    def __init__(self, handlers: Handlers, comprehension: Comprehension) -> None:
        self._run = Runner(handlers, comprehension)

    def asks_for(self, state: Conversation) -> Kind | None:
        """What is asked for that must be kept nowhere."""
        task = self._run.waiting(state)
        return self._run.slot(task).proves if task else None

    def secret(self, said: str, state: Conversation, *, lately: bool) -> str | None:
        """The digits that answer that, or the same question put aside; `lately` says that a code may be on its way."""
        if asked := self.asks_for(state):
            return proofs.answer(said, asked)
        task = self._run.aside_of(state)
        aside = self._run.slot(task).proves if task else None
        return proofs.later_answer(said, aside, lately=lately) if aside else None

    def awaits_number(self, said: str, state: Conversation) -> bool:
        """Whether digits are an answer to what was asked or offered, and that is no proof."""
        task = self._run.waiting(state)
        return (task is not None and self._run.slot(task).is_number) or any(offer.key == said for offer in state.offers)

    async def respond(self, turn: Turn) -> None:
        """Decides and answers; everything it did is on the turn and its state."""
        _pass_time(turn)
        _sense(turn)
        if turn.seat is None and turn.inbound.intent != CONTINUE:
            turn.listen()
        for rule in LADDER:
            heard, said = turn.heard, len(turn.said)
            answered = await rule(self._run, turn)
            if answered or len(turn.said) != said or (turn.heard is not heard and turn.heard != heard):
                turn.rules.append(rule.__name__)
            if answered:
                break
        described.tell(turn)
        await first.keep_complaint(turn)
        if turn.inbound.files and not turn.inbound.intent and turn.said and not (turn.ticket or turn.handover):
            turn.say("file.also")  # it came with words, and those alone were answered
        if not turn.silent:
            self._run.ask_how(turn)
            self._remember(turn)

    def _remember(self, turn: Turn) -> None:
        """What the next turn may go on with."""
        state = turn.state
        course = turn.heard.first("course")
        if course and state.focus.get("course") != course:
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
            state.offers, state.focus_age = turn.offered, 0
        state.confirming = turn.confirming
        if replies:
            state.told = turn.told_of
            alone = len({*turn.heard.values("course")}) == 1
            if (
                course and turn.told_of and alone and not turn.shows
            ):  # 我没本地户口，能学电工不: what is asked next is asked of that
                turn.show("course", course)
        state.near = self._run.readings.runners_up(turn)


def _sense(turn: Turn) -> None:
    """What may be a red line of the message, and what else it may mean."""
    danger = turn.state.danger
    if danger and danger.ticket not in {turn.ticket, turn.state.just_closed(turn.inbound.at)}:
        turn.state.danger = danger = None
    # What is chosen, and what refuses texts, is no sentence of theirs.
    talking = bool(turn.state.said)
    said = turn.inbound.choice is None and turn.inbound.intent not in first.OURS
    alarm = redlines.detect(turn.heard, talking=talking) if said else None
    if danger and alarm and (is_over(turn.heard.folded) or is_well(turn.heard.folded)):
        alarm = None
    if alarm and not (alarm.sure and alarm.kind in LIFE) and (moves.takes_up(turn) or _tells_only(turn)):
        alarm = None
    if alarm and _names_what_was_asked(turn):
        alarm = None
    if alarm and not alarm.sure and another.refuses_a_place(turn):
        alarm = None
    if alarm and alarm.kind == "scam" and about_us.suspects_us(turn.heard.folded):
        alarm = None
    of_a_class = turn.ticket is None and of_fitness(turn.heard, turn.state)
    earns = alarm is not None and not alarm.sure and beyond.is_on_earnings(turn.heard.folded)
    of_ours = of_a_class or earns or (alarm and records.asks_of_the_record(turn, sure=alarm.sure))
    if alarm and alarm.kind == ADVICE and of_ours:
        alarm = None
        turn.heard = replace(
            turn.heard, candidates=tuple(each for each in turn.heard.candidates if each.intent != ADVICE)
        )
    if alarm and alarm.kind == "third_party" and unheld.of_a_teacher(turn.heard.folded):
        alarm = None
    if alarm and alarm.kind == "third_party" and not alarm.sure and phrases.declines(turn.heard.folded):
        alarm = None
    if alarm and alarm.kind == "third_party" and not alarm.sure and records.is_of_what_was_told(turn):
        alarm = None
    turn.alarm = alarm
    if turn.red_line is None:
        turn.heard = redlines.without(turn.heard)


def _tells_only(turn: Turn) -> bool:
    """我都七十出头了, 她七十八了 有高血压: who somebody is and what they have long had, and no word that anything is wrong."""
    plain = _CHRONIC.sub("", phrases.without_courtesy(turn.heard.folded))
    return about.tells_only(plain, turn.heard.entities)


def _names_what_was_asked(turn: Turn) -> bool:
    """急救, where it was asked which course, or its classes were told: nobody is in danger by its name."""
    tasks, course = turn.state.tasks, turn.heard.first("course")
    told = turn.state.just_told and turn.state.focus.get("course") == course
    asked = course is not None and (told or (bool(tasks) and tasks[-1].asked == "course"))
    return asked and not phrases.without_courtesy(turn.heard.without("course")).strip(" 的班课吧,，。")


def _bare(task: Task) -> Task:
    """A task to be taken up again, without who it is for and whom to ring."""
    kept = {name: value for name, value in task.slots.items() if name not in {"phone", "mail", "learner"}}
    return Task(task.intent, kept, task.asked, 0, {})


def _pass_time(turn: Turn) -> None:
    """Lets what is old be forgotten; what was open then can be taken up again."""
    state, now = turn.state, turn.inbound.at
    if state.at and now - state.at > STALE:
        turn.outlived = bool(state.offers or state.tasks)
        paused = state.tasks or state.paused
        left = now - state.at > LEFT
        state.forget()
        state.paused = [] if left else [_bare(task) for task in paused]
    language.follow(state, turn.inbound, turn.heard)
    state.at = now
    state.focus_age += 1
    state.wish_age = 0 if state.topic in OF_LEARNING | {"activity"} else state.wish_age + 1
    if state.wish_age > KEPT:
        state.wish = None
    if state.focus_age > REMEMBERED:
        state.focus, state.last, state.wish, state.offers = {}, None, None, []
        state.shown, state.before, state.told = [], [], []
