"""Running handlers on a turn: starting them, asking what they lack, going back to what was interrupted."""

import logging
from collections.abc import Sequence

from msgspec.structs import replace

from bot import described, redlines
from bot.comprehension import Candidate, Comprehension, Understanding
from bot.conversation import Conversation, Offer, Task
from bot.handler import Handler, Handlers
from bot.leanings import leaning
from bot.messages import Priority
from bot.phrases import FRAGMENT, asks_whether, commonly, is_story, rest
from bot.readings import Readings, of_ours
from bot.slots import NeedsAnswer, Slot
from bot.turn import CHOICES, Turn
from bot.waiting import ANSWER, STAYS
from bot.wish import SOUGHT
from nlu.questions import NO_ANSWER

OPEN = 3  # tasks that are open at a time; the oldest is let go
ASIDE = "aside"  # in the memo of a task that was put aside
_CALLED_SO = {"night-class-open", "elder-university"}  # what the name alone of a place may be taken for: 东门夜校
_OF_PRIVATE = 2  # times that somebody is reminded of what only they may ask
TRIES = 2  # re-prompts for one slot, and messages not understood, before a person is called
SILENT_TOPICS = {"chitchat"}
_ENDS = {"thanks", "goodbye"}  # what was looked for
PEOPLE = {"human", "callback"}  # intents of who wants to talk to somebody

log = logging.getLogger(__name__)


class Runner:
    """What the rules of a dialogue answer with."""

    def __init__(self, handlers: Handlers, comprehension: Comprehension) -> None:
        self.handlers = handlers
        self.readings = Readings(handlers)
        self.comprehension = comprehension
        self._slots: dict[tuple[str, str | None], Slot] = {
            (intent, slot.name): slot for intent, handler in handlers.items() for slot in handler.slots
        }

    # -- hearing

    def hear(self, turn: Turn, text: str) -> Understanding:
        """A part of a message as the whole of one would be heard."""
        heard = redlines.without(self.comprehension.understand(text, turn.today))
        return self.lean(turn, described.called(turn, heard, heard.entities))

    def lean(self, turn: Turn, heard: Understanding) -> Understanding:
        """What is heard, with what it names of ours ahead; what is named in a story may have nothing to do with it."""
        heard = self.readings.joined(of_ours(self._plainer(turn, heard)))
        return heard if is_story(heard.folded) else leaning(heard, turn.state)

    def _plainer(self, turn: Turn, heard: Understanding) -> Understanding:
        """养老护理员中级班怎么报名, 农机站电话: where a name of ours leaves unclear what is asked, or is taken for somebody else's,
        what the same words ask of a name that is common everywhere."""
        best, said = heard.best, commonly(heard)
        unclear = best is None or best.score < heard.lines.likely or best.intent in NO_ANSWER
        if best is not None and best.question in _CALLED_SO and heard.names("org"):  # 夜校有会计吗: likely at most
            unclear, best = True, replace(best, score=min(best.score, heard.lines.likely))
            heard = replace(heard, candidates=(best, *heard.candidates[1:]))
        if not unclear or said == heard.folded or is_story(said) or not rest(heard):
            return heard  # a name alone asks nothing
        read = self.readings.joined(replace(self.comprehension.understand(said, turn.today), entities=heard.entities))
        if read.best is None or read.best.score < heard.lines.sure or read.best.intent in NO_ANSWER:
            return heard
        return replace(heard, candidates=read.candidates, topic=read.topic, topic_probability=read.topic_probability)

    # -- starting

    async def start(self, turn: Turn, intent: str, slots: dict[str, str], *, remind: bool = True) -> None:
        turn.state.paused = [each for each in turn.state.paused if each.intent != intent]  # begun anew
        await self.run(turn, Task(intent, slots), remind=remind)

    async def answer(self, turn: Turn, candidate: Candidate) -> None:
        """Answers a reading of the message."""
        turn.state.failures = 0
        intent, slots = self.readings.answer(turn, candidate)
        offered = [each for each in fresh(turn.state) if each.intent == intent]
        if not slots and len(offered) == 1 and len(turn.heard.folded) <= FRAGMENT:
            slots = dict(offered[0].slots)  # 近期的班, where 近期的八段锦班 was offered
        label = self.readings.label(turn, candidate)
        if self.handlers[intent].acts and label and asks_whether(turn.heard.folded):  # 要不要先挂失
            self.ask_if(turn, [(label, intent, slots)])
            self.remind(turn)
            return
        await self.start(turn, intent, slots)

    async def take(self, turn: Turn, offer: Offer) -> None:
        """Does what was offered, or puts it into the open task."""
        state = turn.state
        state.failures = 0
        if offer.intent:
            phone = turn.heard.first("phone") if self.wants(offer, "phone") else None
            await self.start(turn, offer.intent, {**offer.slots, **({"phone": phone} if phone else {})})
        elif (task := self.waiting(state)) is not None:
            task.slots.update(offer.slots)
            await self.run(turn, task)

    def wants(self, offer: Offer, slot: str) -> bool:
        """Whether what is offered would ask for this."""
        return offer.intent is not None and any(each.name == slot for each in self.handlers[offer.intent].slots)

    # -- running

    async def run(self, turn: Turn, task: Task, *, remind: bool = True) -> None:
        handler, state = self.handlers[task.intent], turn.state
        turn.task = task
        state.topic = handler.topic
        if not await self._ended(turn):
            return
        task.asked = None
        if task in state.tasks:
            state.tasks.remove(task)
        if handler.topic not in SILENT_TOPICS:
            # What went to a person is done: asking on must never do it a second time.
            state.last = None if turn.handover else task
            state.focus_age = 0
        if task.intent in SOUGHT:
            state.wish, state.wish_age = Task(task.intent, dict(task.slots)), 0
        elif turn.handover or task.intent in _ENDS:
            state.wish = None
        if remind and not turn.confirming:  # a question is open already
            self.remind(turn)

    async def aside(self, turn: Turn, task: Task) -> bool:
        """Runs a handler for what is said beside the resident's own matter, which stays the turn's; whether it did."""
        own, turn.task = turn.task, task
        done = await self._ended(turn)
        if done:
            turn.task = own
        return done

    async def _ended(self, turn: Turn) -> bool:
        """Runs the handler of the turn's task; False where it waits for an answer, or has failed, and that was said."""
        task, state = turn.task, turn.state
        handler = self.handlers[task.intent]
        try:
            if turn.inbound.public and handler.is_private:
                turn.private = True
                turn.say("in_private")
            elif not turn.lacks(*handler.needs):
                await handler.run(turn)
        except NeedsAnswer as need:
            task.asked = need.slot.name
            if need.slot.proves:
                state.proves(turn.inbound.at)
            if task not in state.tasks:
                state.tasks = [*state.tasks[1 - OPEN :], task]
            if not need.quiet:
                turn.say(need.slot.question)
                if "course" in need.slot.kinds and not turn.heard.first("course"):
                    described.offer(turn)
            return False
        except Exception as error:  # whatever a handler did wrong: nobody is left without an answer
            log.error("handler failed", exc_info=error)
            state.tasks = [each for each in state.tasks if each is not task]
            turn.said.clear()
            turn.offered.clear()
            turn.say("failed")
            await turn.hand_over("handler_failed", topic=handler.topic)
            return False
        return True

    # -- after hours

    def ask_how(self, turn: Turn) -> None:
        """A ticket is opened that no seat sees before the next opening: once, how the answer is to come, where the resident
        would have to come back and look."""
        about, ways = turn.handover, turn.desk.ways(turn.inbound.channel)
        if about is None or turn.ticket or not turn.after_hours or not ways or turn.inbound.public:
            return
        if (
            about.priority == Priority.DANGER
            or about.to_call
            or turn.reference == turn.state.just_closed(turn.inbound.at)
        ):
            return
        if turn.confirming or self.waiting(turn.state):
            return  # something else is asked
        turn.offered.clear()  # what is asked last is what is answered
        turn.say("answer_by.ask")
        for way in (*ways, STAYS):
            turn.offer(turn.line(f"answer_by.by_{way}"), ANSWER, way=way)

    # -- what is open

    def slot(self, task: Task) -> Slot:
        """The slot that an open task waits for."""
        return self._slots[task.intent, task.asked]

    def waiting(self, state: Conversation) -> Task | None:
        """The open task that asked something; what a handler asks no more (it has changed since) is let go."""
        task = state.tasks[-1] if state.tasks and state.tasks[-1].asked else None
        if task is None:
            return None
        if (task.intent, task.asked) not in self._slots:
            state.tasks.remove(task)
            return None
        return task

    def remind(self, turn: Turn) -> None:
        """Back to the task that a digression interrupted, in one short sentence."""
        task = self.waiting(turn.state)
        handler = self.row(task)
        reminded = int(task.memo.get("reminded", "0")) if task else 0
        # Of what costs nothing to leave once is enough; a number that is asked for is not mistaken for another, and waits unsaid.
        if task and handler and turn.handover is None and reminded < (_OF_PRIVATE if handler.is_private else 1):
            task.memo["reminded"] = str(reminded + 1)
            slot = self.slot(task)
            question = f"help.{slot.name}" if slot.proves else slot.question
            turn.say("resume", question=turn.line(question))

    async def ask_again(self, turn: Turn, task: Task) -> None:
        """What was said answers nothing: the question in other words; the second time it is put aside, with a person one key
        away."""
        if self.is_tried(task):
            turn.say("aside.stuck")
            self.put_aside(turn, task)
            turn.suggest("human")
        else:
            turn.say(f"help.{self.slot(task).name}")

    def is_tried(self, task: Task) -> bool:
        """Whether what was said just now, and what was said before it, answered nothing."""
        task.tries += 1
        return task.tries >= TRIES

    def put_aside(self, turn: Turn, task: Task) -> None:
        """Asks no more; the answer takes it up again when it comes."""
        state, slot = turn.state, self.slot(task)
        state.tasks.remove(task)
        state.paused, state.tasks = [*state.tasks, task], []
        task.memo[ASIDE], task.tries = "yes", 0
        key = f"aside.{slot.name}"
        turn.say(key if turn.texts.has(key) else "aside")

    def aside_of(self, state: Conversation) -> Task | None:
        """What was put aside, where nothing else is open."""
        task = state.paused[-1] if state.paused and not state.tasks else None
        handler = self.row(task) if task and ASIDE in task.memo else None
        return task if handler and task and any(slot.name == task.asked for slot in handler.slots) else None

    def take_up(self, state: Conversation) -> Task | None:
        """What was put aside is open again."""
        if (task := self.aside_of(state)) is not None:
            del task.memo[ASIDE]
            state.tasks, state.paused = state.paused, []
        return task

    # -- guides and lists

    def stepping(self, turn: Turn, *, beside: bool = False) -> Task | None:
        """The guide or list that 下一步 goes on with, or 更多 `beside` what is open; an answer that is one piece is none."""
        last, free = turn.state.last, beside or not turn.state.tasks
        return last if last and self.row(last) and "step" in last.memo and free else None

    def guiding(self, turn: Turn) -> Task | None:
        """The guide that is under way: 好的 goes on with it, and is thanks after a list."""
        last = self.stepping(turn)
        return last if last is not None and "entry" in last.slots else None

    async def step(self, turn: Turn, task: Task, by: int) -> None:
        at = max(0, int(task.memo.get("step", "0")) + by)
        task.memo["step"] = str(at)
        await self.run(turn, task)

    def row(self, task: Task | None) -> Handler | None:
        """The handler of a task that is remembered; None where there is none any more."""
        return self.handlers.get(task.intent) if task else None

    # -- what may be meant

    def ask_which(self, turn: Turn, near: Sequence[Candidate]) -> bool:
        """Offers what may be meant, and of that what there is anything on; whether there is anything to offer."""
        labelled: dict[str, Candidate] = {}
        for candidate in near:
            if candidate.intent in NO_ANSWER:
                continue  # nothing to choose
            if label := self.readings.label(turn, candidate):
                labelled.setdefault(label, candidate)
        told = {label: each for label, each in labelled.items() if self.readings.leads(turn, each)}
        meant = [(label, *self.readings.answer(turn, each)) for label, each in (told or labelled).items()]
        return self.ask_if(turn, meant[:CHOICES])

    def ask_if(self, turn: Turn, meant: Sequence[tuple[str, str, dict[str, str]]]) -> bool:
        """Asks whether one thing is meant, or which of several, each a label, an intent and its slots; whether there is any."""
        turn.asked_back = bool(meant)
        if len(meant) == 1:
            turn.say("did_you_mean_this", label=meant[0][0])
            turn.confirming = True
            if entry := meant[0][2].get("entry"):
                turn.told_of.append(entry)  # who goes on as if it had been answered means it
        elif meant:
            turn.say("did_you_mean")
        for label, intent, slots in meant:
            turn.offer(label, intent, **slots)
        return bool(meant)


def fresh(state: Conversation) -> list[Offer]:
    """What was offered by the very last answer."""
    return state.offers if state.said and state.said[-1].options else []
