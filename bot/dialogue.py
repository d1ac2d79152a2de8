"""The decision: what a message is, who answers it, and whether we are sure enough to.

The order: red lines, a seat, choices among what was offered, commands, an open task, a new one. Everything here works on the
`Turn` and writes nothing.
"""

import logging
import re
import unicodedata
from collections.abc import Sequence

from msgspec.structs import replace

from bot import language, phrases, redlines
from bot.alarming import LIFE, is_over
from bot.commands import CORRECTION, bare, chosen, commands, labelled
from bot.comprehension import Candidate, Comprehension
from bot.conversation import REMEMBERED, Conversation, Offer, Task
from bot.messages import CONTINUE, LONGEST, Reply
from bot.readings import Readings, of_ours, plainly, spell, standard
from bot.turn import CHOICES, Handlers, NeedsAnswer, Slot, Turn
from bot.usage import CONTENT
from nlu.questions import ADVICE, NO_ANSWER, RED_LINES

SHORT = 134  # characters of two segments of an SMS
STALE = 30 * 60_000  # ms after which an unfinished talk is not resumed
OPEN = 3  # tasks that are open at a time; the oldest is let go
TRIES = 2  # re-prompts for one slot, and messages not understood, before a person is called

BOUND = "bound"  # what came of scanning an invitation: nobody but us can say it, whoever has the talk
_SUBJECTS = {"course", "theme"}  # naming one of them takes the place of the other
_SILENT_TOPICS = {"chitchat"}
_NODS = {"acknowledge", "smalltalk"}  # said to a question, these are no other question
_REFUSED = {"third_party", "bulk_data", ADVICE}  # saying so costs nobody anything
_CAUTIONED = {"scam", "minor"}  # these have a sentence that is true for everybody
# In danger: asking for help once more; being thankful for it.
_ABOUT_HELP = {"human", "callback", "site_phone", "complaint", "cancelled", "leave_message"}


log = logging.getLogger(__name__)


def _under(reply: Reply, name: str) -> Reply:
    """The reply with the name of its question before it."""
    short = name + (reply.short or reply.text)
    return replace(
        reply, text=name + reply.text, spoken=name + reply.spoken if reply.spoken else None,
        short=short if len(short) <= SHORT else reply.short,
    )  # fmt: skip


class Dialogue:
    """Answers turns with the handlers of one table."""

    def __init__(self, handlers: Handlers, comprehension: Comprehension) -> None:
        self._handlers = handlers
        self._readings = Readings(handlers)
        self._comprehension = comprehension

    def secret(self, state: Conversation, text: str) -> str | None:
        """The digits that answer a question for something that must be kept nowhere; None where it is no answer to one."""
        asked = self._slot(state.tasks[-1]) if state.tasks and state.tasks[-1].asked else None
        if asked is None or not asked.secret:
            return None
        digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
        return digits if digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 20 else None

    async def respond(self, turn: Turn) -> None:
        """Decides and answers; everything it did is on the turn and its state."""
        outlived = self._pass_time(turn)
        # What is chosen was said by us.
        alarm = redlines.detect(turn.heard) if turn.inbound.choice is None else None
        if turn.state.danger and turn.state.danger.ticket != turn.ticket:
            turn.state.danger = None
        if turn.state.danger and alarm and not alarm.sure and is_over(turn.heard.folded):
            alarm = None
        red_line = alarm.kind if alarm and alarm.sure else None
        if turn.seat and turn.inbound.intent != BOUND:
            if red_line in redlines.URGENT:
                turn.task = Task(red_line)
                await turn.hand_over(red_line, priority=redlines.URGENT[red_line], quiet=True)
            return
        if turn.inbound.intent == CONTINUE:
            return
        if "[证件号]" in turn.heard.text:
            turn.say("masked")
            turn.state.offers = []
        if turn.secret is not None and turn.state.tasks:
            await self._run(turn, turn.state.tasks[-1])
        elif red_line:
            await self._start(turn, red_line, {}, remind=False)
        elif turn.inbound.intent:
            await self._meant(turn, turn.inbound.intent)
        else:
            turn.heard = redlines.without(turn.heard)
            if not (await self._still_in_danger(turn, alarm) or (alarm and await self._beware(turn, alarm))):
                await self._answer(turn, outlived)
        self._remember(turn)

    async def _answer(self, turn: Turn, outlived: bool) -> None:
        """A message that touches no red line."""
        if outlived and (phrases.is_number(turn.heard.folded) or commands(turn.heard.folded) & {"yes", "fine"}):
            turn.say("stale")
        elif turn.inbound.choice is None and language.wanted(turn.heard.folded):
            await self._in_other_words(turn)
        elif not (await self._choose(turn) or await self._command(turn)):
            await self._understand(turn)

    async def _in_other_words(self, turn: Turn) -> None:
        """Where the talk stands, once more in the language that was just asked for; nothing is done a second time."""
        last = turn.state.last
        turn.say("language.now")
        if turn.state.tasks:
            self._remind(turn)
        elif last and not (self._handlers[last.intent].personal or self._handlers[last.intent].careful):
            await self._run(turn, Task(last.intent, dict(last.slots), memo=dict(last.memo)))

    async def _meant(self, turn: Turn, intent: str) -> None:
        """What the channel knows to be meant; a task of it that is open goes on."""
        task = next((each for each in turn.state.tasks if each.intent == intent), None)
        if task is None:
            await self._start(turn, intent, dict(turn.inbound.slots))
        else:
            task.slots.update(turn.inbound.slots)
            await self._run(turn, task)

    # -- what may be a red line

    async def _still_in_danger(self, turn: Turn, alarm: redlines.Alarm | None) -> bool:
        """While the ticket of a danger is open: help again, or a calm word; other questions are answered as ever."""
        danger = turn.state.danger
        if danger is None:
            return False
        kind = "despair" if danger.kind == "despair" else "emergency"
        if alarm and alarm.kind in LIFE and alarm.kind != kind:
            return False
        best = plainly(turn.heard)
        intent = best.intent if best else None
        calls = commands(turn.heard.folded)
        over = is_over(turn.heard.folded)
        if best and intent not in _ABOUT_HELP | CONTENT and not over and not (alarm and alarm.kind in LIFE):
            return False
        if ((turn.state.offers or turn.state.tasks) and calls - {"human", "fine"}) or turn.inbound.choice is not None:
            return False
        calm = over or intent in CONTENT or "fine" in calls
        await self._start(turn, kind, {"stage": "calm" if calm else "again"}, remind=False)
        return True

    async def _beware(self, turn: Turn, alarm: redlines.Alarm) -> bool:
        """Between the two lines: whether that was all there is to say, or what was asked is to be answered as well."""
        kind, asks = alarm.kind, plainly(turn.heard) is not None
        life = kind in LIFE
        waits = bool(turn.state.tasks and turn.state.tasks[-1].asked)
        if not life and (waits or commands(turn.heard.folded)):
            return False
        if life:
            said = await self._aside(turn, Task(kind, {"stage": "perhaps" if asks else "ask"}))
            return not (said and asks)
        if kind in _CAUTIONED:
            turn.say(f"perhaps.{kind}")
        if asks:
            return False
        if kind in _REFUSED:
            await self._start(turn, kind, {})
        elif kind != "minor":
            turn.say(f"ask_about.{kind}")
            turn.confirming = True
            turn.offer(turn.line(f"label.{kind}"), kind, detail=turn.heard.text)
        return True

    # -- time and memory

    def _pass_time(self, turn: Turn) -> bool:
        """Lets what is old be forgotten; whether something was open that is not any more."""
        state, now = turn.state, turn.inbound.at
        outlived = False
        if state.at and now - state.at > STALE:
            outlived = bool(state.offers or state.tasks)
            state.forget()
        language.follow(state, turn.inbound, turn.heard)
        state.at = now
        state.focus_age += 1
        if state.focus_age > REMEMBERED:
            state.focus, state.last, state.offers = {}, None, []
        return outlived

    def _remember(self, turn: Turn) -> None:
        focus = turn.state.focus
        if (course := turn.heard.first("course")) and focus.get("course") != course:
            focus.pop("class", None)
            turn.focus("course", course)
        if org := turn.heard.first("org"):
            turn.focus("org", org)
        turn.warn_of_chinese()
        replies = turn.finished_replies()
        if replies:
            turn.state.said = list(replies)
        if turn.offered:
            turn.state.offers = turn.offered
        turn.state.confirming = turn.confirming

    # -- choices and commands

    async def _choose(self, turn: Turn) -> bool:
        state = turn.state
        if not state.offers:
            return False
        if turn.inbound.choice is not None:
            offer = next((each for each in state.offers if each.key == turn.inbound.choice), None)
        else:
            best = turn.heard.best
            said = commands(turn.heard.folded)
            if (named := labelled(turn.heard.folded, state.offers)) is not None:
                offer = named
            elif said & {"none"} or (said & {"no"} and not state.tasks):
                state.offers = []
                turn.say("none_of_these")
                turn.offer(turn.line("label.human"), "human")
                return True
            elif said & {"yes", "fine"} and state.confirming:
                offer = state.offers[0]
            elif said & {"yes"} and not state.tasks and not self._stepping(state):
                turn.say("which_offer")
                turn.offered = list(state.offers)
                return True
            elif turn.heard.first("phone") and phrases.named_share(turn.heard) >= 0.6:
                offer = next((each for each in self._fresh(state) if self._wants(each, "phone")), None)
            elif best and best.score >= turn.heard.lines.sure and not phrases.is_number(turn.heard.folded):
                return False
            else:
                offer = chosen(turn.heard.folded, state.offers)
        if offer is None:
            return False
        await self._take(turn, offer)
        return True

    def _fresh(self, state: Conversation) -> list[Offer]:
        """What was offered by the very last answer."""
        return state.offers if state.said and state.said[-1].options else []

    def _wants(self, offer: Offer, slot: str) -> bool:
        """Whether what is offered would ask for this."""
        return offer.intent is not None and any(each.name == slot for each in self._handlers[offer.intent].slots)

    async def _take(self, turn: Turn, offer: Offer) -> None:
        state = turn.state
        state.failures = 0
        if offer.intent:
            phone = turn.heard.first("phone") if self._wants(offer, "phone") else None
            await self._start(turn, offer.intent, {**offer.slots, **({"phone": phone} if phone else {})})
        elif state.tasks:
            task = state.tasks[-1]
            task.slots.update(offer.slots)
            await self._run(turn, task)

    async def _command(self, turn: Turn) -> bool:
        said = commands(turn.heard.folded)
        if not said:
            return False
        state = turn.state
        stepping = self._stepping(state)
        if "human" in said:
            await self._start(turn, "human", {}, remind=False)
        elif "restart" in said:
            state.forget()
            turn.say("restarted")
        elif "repeat" in said and state.said:
            turn.said += state.said
        elif said & {"slower", "louder"} and state.said:
            turn.say("slower" if "slower" in said else "louder")
            turn.said += state.said
        elif "menu" in said:
            await self._start(turn, "menu", {})
        elif stepping and said & {"next", "more", "back", "yes", "fine"}:
            await self._step(turn, stepping, -1 if "back" in said else 1)
        elif "cancel" in said and state.tasks:
            state.tasks.pop()
            state.offers = []
            turn.say("cancelled")
            self._remind(turn)
        elif "back" in said and state.tasks:
            await self._back(turn)
        elif said & {"cancel", "back", "none"}:
            turn.say("nothing_open")
        else:
            return False
        return True

    def _stepping(self, state: Conversation) -> Task | None:
        """The guide or list that 下一步 goes on with."""
        last = state.last
        if last and not state.tasks and last.intent in self._handlers and self._handlers[last.intent].steps:
            return last
        return None

    async def _step(self, turn: Turn, task: Task, by: int) -> None:
        at = max(0, int(task.memo.get("step", "0")) + by)
        task.memo["step"] = str(at)
        await self._run(turn, task)

    async def _back(self, turn: Turn) -> None:
        """Asks the slot before the present one again."""
        task = turn.state.tasks[-1]
        order = [slot.name for slot in self._handlers[task.intent].slots if slot.name in task.slots]
        if order:
            del task.slots[order[-1]]
        task.tries = 0
        await self._run(turn, task)

    # -- understanding

    async def _understand(self, turn: Turn) -> None:
        state = turn.state
        if not bare(turn.heard.folded):
            turn.say("empty")
            self._remind(turn)
            return
        if len(turn.heard.text) > LONGEST:
            turn.say("too_long")
            turn.offer(turn.line("label.human"), "human")
            return
        if phrases.is_number(turn.heard.folded) and not state.tasks and not state.offers:
            turn.say("nothing_offered")
            return
        turn.heard = of_ours(turn.heard)
        follows = phrases.follows(turn.heard.folded)
        if follows and await self._refine(turn):
            return
        if state.tasks and state.tasks[-1].asked and await self._continue(turn, state.tasks[-1]):
            return
        if await self._refine(turn) or (follows and await self._ask_further(turn)) or await self._split(turn):
            return
        best = plainly(turn.heard)
        tells = turn.ticket and not phrases.asks(turn.heard.folded) and not phrases.rest(turn.heard)
        if best and best.score >= turn.heard.lines.sure and not tells:  # 是太极班的 is for the ticket
            await self._start_candidate(turn, best)
        elif turn.said:  # what was sent should not have been, and that was said
            return
        elif turn.ticket and not phrases.asks(turn.heard.folded):
            turn.say("noted", ref=turn.ticket)
        elif best and not self._readings.costs(turn, best):
            await self._answer_by_name(turn, best)
        elif not await self._about(turn):
            await self._not_sure(turn)

    async def _answer_by_name(self, turn: Turn, best: Candidate) -> None:
        """What is likely is said under the name of its question, with the runner-up one key away."""
        label, before = self._readings.label(turn, best), len(turn.said)
        await self._start_candidate(turn, best)
        if not label or turn.state.tasks or turn.handover or len(turn.said) == before:
            return
        if best.intent not in NO_ANSWER:
            turn.said[before] = _under(turn.said[before], turn.line("about", question=label))
        for each in turn.heard.candidates[1:]:
            other = self._readings.label(turn, each)
            if each.score >= turn.heard.lines.ask and other and other != label and each.intent not in RED_LINES:
                intent, slots = self._readings.answer(turn, each)
                turn.offer(other, intent, **slots)
                return

    async def _continue(self, turn: Turn, task: Task) -> bool:
        """The message in an open task: the answer, a correction, or else False for a digression."""
        handler = self._handlers[task.intent]
        slot = self._slot(task)
        values = self._readings.values(handler, turn)
        corrected = CORRECTION.match(turn.heard.folded) is not None
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
            await self._run(turn, task)
            return True
        certain = best is not None and best.score >= turn.heard.lines.sure
        if another and (not slot.free or asks or certain):
            return False
        if slot.free and not certain:  # 我想当志愿者, said once more, is no answer to what service
            task.slots[slot.name] = turn.heard.text
            task.tries = 0
            await self._run(turn, task)
            return True
        await self._ask_again(turn, task, slot)
        return True

    async def _ask_again(self, turn: Turn, task: Task, slot: Slot) -> None:
        task.tries += 1
        if task.tries > TRIES:
            turn.state.tasks.remove(task)
            turn.task = task
            turn.say("give_up")
            await turn.hand_over("not_understood", topic=self._handlers[task.intent].topic)
        else:
            turn.say(f"help.{slot.name}")
            if task.tries == TRIES:
                turn.offer(turn.line("label.human"), "human")
                turn.offer(turn.line("label.cancel"), "cancelled")

    async def _refine(self, turn: Turn) -> bool:
        """晚上的呢, 那青禾街道的, 不对是下周三: the last question again, with what is named now."""
        last, heard = turn.state.last, turn.heard
        if last is None or last.intent not in self._handlers:
            return False
        values = self._readings.values(self._handlers[last.intent], turn)
        corrected = CORRECTION.match(heard.folded) is not None
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
        await self._start(turn, last.intent, {**kept, **values})
        return True

    async def _ask_further(self, turn: Turn) -> bool:
        """那网上学呢, after an answer from an entry: asks which of its neighbours is meant."""
        last = turn.state.last
        entry = turn.library.entries.get(last.slots.get("entry", "")) if last and last.intent == "entry" else None
        question = turn.library.asks(entry) if entry else None
        if question is None or len(turn.heard.folded) > phrases.FRAGMENT:
            return False
        heard = self._comprehension.understand(phrases.without_following(turn.heard.folded), turn.today)
        likely = {each.question: each.score for each in heard.candidates}
        near = sorted(
            (each for each in question.near if each in turn.library.questions), key=lambda id: -likely.get(id, 0)
        )
        self._ask_which(turn, [standard(turn, id) for id in near[:CHOICES]])
        self._remind(turn)
        return True

    async def _split(self, turn: Turn) -> bool:
        """Two questions in one message, when each half stands by itself; what needs identity comes second."""
        parts = [self._comprehension.understand(half, turn.today) for half in turn.heard.halves()]
        heard = [redlines.without(each) for each in parts]
        lines, whole = turn.heard.lines, turn.heard.best
        enough = lines.sure if whole and whole.score >= lines.sure else lines.likely
        clear = [
            (each, candidate)
            for each in heard
            if phrases.rest(each) and (candidate := plainly(each)) and candidate.topic not in _SILENT_TOPICS
            and candidate.score >= (lines.sure if self._readings.costs(turn, candidate) else enough)
        ]  # fmt: skip
        if len(clear) < 2 or len({(each.intent, each.question, each.entry) for _, each in clear}) < 2:
            return False
        clear.sort(key=lambda pair: bool(pair[1].intent and self._handlers[pair[1].intent].personal))
        said = turn.heard
        for each, candidate in clear[:2]:
            turn.heard = each
            choices = len(turn.offered)
            await self._start_candidate(turn, candidate)
            if choices:  # two lists of choices at once are none
                del turn.offered[choices:]
        turn.heard = said
        return True

    async def _about(self, turn: Turn) -> bool:
        """A name alone (书法, 青禾街道) asks what about it."""
        if phrases.named_share(turn.heard) < 0.6:
            return False
        if turn.heard.first("org") and turn.heard.first("when"):  # a place on a day: whether it is open
            await self._start(turn, "site_hours", self._readings.values(self._handlers["site_hours"], turn))
            return True
        for kind, intent in (("course", "about_course"), ("org", "about_org"), ("theme", "find_course"), ("item", "redemption_items"),
                             ("matter", "other_office"), ("when", "find_class")):  # fmt: skip
            if turn.heard.first(kind):
                await self._start(turn, intent, self._readings.values(self._handlers[intent], turn))
                return True
        return False

    async def _not_sure(self, turn: Turn) -> None:
        state = turn.state
        near = [each for each in turn.heard.candidates if each.score >= turn.heard.lines.ask]
        state.failures += 1
        turn.unanswered = True
        if closed := state.just_closed(turn.inbound.at):
            turn.task = Task("human", {"detail": turn.heard.text})
            await turn.hand_over("not_done_yet", topic=state.topic, quiet=True)
            turn.say("reopened", ref=closed)
            state.failures = 0
            return
        if state.failures > TRIES:
            turn.task = Task("human", {"detail": turn.heard.text})
            turn.say("give_up")
            await turn.hand_over("not_understood", topic="human_agent")
            state.failures = 0
        elif self._ask_which(turn, near):
            state.topic = near[0].topic
        elif state.failures == 1:
            turn.say("not_understood")
            turn.offer(turn.line("label.human"), "human")
            state.topic = turn.heard.topic
        else:
            turn.say("not_understood_again")
            for intent in ("find_class", "site_hours", "human"):
                turn.offer(turn.line(f"label.{intent}"), intent)
            state.topic = turn.heard.topic
        self._remind(turn)

    def _ask_which(self, turn: Turn, near: Sequence[Candidate]) -> bool:
        """Offers what may be meant; whether there is anything to offer."""
        labelled: dict[str, Candidate] = {}
        for candidate in near:
            if label := self._readings.label(turn, candidate):
                labelled.setdefault(label, candidate)
        chosen = list(labelled.items())[:CHOICES]
        if len(chosen) == 1:
            turn.say("did_you_mean_this", label=chosen[0][0])
            turn.confirming = True
        elif chosen:
            turn.say("did_you_mean")
        for label, candidate in chosen:
            intent, slots = self._readings.answer(turn, candidate)
            turn.offer(label, intent, **slots)
        return bool(chosen)

    # -- running handlers

    async def _start_candidate(self, turn: Turn, candidate: Candidate) -> None:
        turn.state.failures = 0
        intent, slots = self._readings.answer(turn, candidate)
        offered = [each for each in self._fresh(turn.state) if each.intent == intent]
        if not slots and len(offered) == 1 and len(turn.heard.folded) <= phrases.FRAGMENT:
            slots = dict(offered[0].slots)  # 近期的班, where 近期的八段锦班 was offered
        await self._start(turn, intent, slots)

    async def _start(self, turn: Turn, intent: str, slots: dict[str, str], *, remind: bool = True) -> None:
        await self._run(turn, Task(intent, slots), remind=remind)

    async def _aside(self, turn: Turn, task: Task) -> bool:
        """Runs a handler for what is said beside the resident's own matter, which stays the turn's; whether it did."""
        own, turn.task = turn.task, task
        done = await self._ended(turn)
        if done:
            turn.task = own
        return done

    async def _run(self, turn: Turn, task: Task, *, remind: bool = True) -> None:
        handler, state = self._handlers[task.intent], turn.state
        turn.task = task
        state.topic = handler.topic
        if not await self._ended(turn):
            return
        task.asked = None
        if task in state.tasks:
            state.tasks.remove(task)
        if handler.topic not in _SILENT_TOPICS:
            # What went to a person is done: asking on must never do it a second time.
            state.last = None if turn.handover else task
            state.focus_age = 0
        if remind and not turn.confirming:  # a question is open already
            self._remind(turn)

    async def _ended(self, turn: Turn) -> bool:
        """Runs the handler of the turn's task; False where it waits for an answer, or has failed, and that was said."""
        task, state = turn.task, turn.state
        handler = self._handlers[task.intent]
        try:
            await handler.run(turn)
        except NeedsAnswer as need:
            task.asked = need.slot.name
            if task not in state.tasks:
                state.tasks = [*state.tasks[1 - OPEN :], task]
            if not need.quiet:
                turn.say(need.slot.question)
            return False
        except Exception as error:  # one of the three named edges: nobody is left without an answer
            log.error("handler failed", exc_info=error)
            state.tasks = [each for each in state.tasks if each is not task]
            turn.said.clear()
            turn.offered.clear()
            turn.say("failed")
            await turn.hand_over("handler_failed", topic=handler.topic)
            return False
        return True

    def _remind(self, turn: Turn) -> None:
        """Back to the task that a digression interrupted, in one short sentence."""
        state = turn.state
        if state.tasks and state.tasks[-1].asked and turn.handover is None:
            slot = self._slot(state.tasks[-1])
            question = f"help.{slot.name}" if slot.secret else slot.question
            turn.say("resume", question=turn.line(question))

    def _slot(self, task: Task) -> Slot:
        """The slot that an open task waits for."""
        return next(each for each in self._handlers[task.intent].slots if each.name == task.asked)
