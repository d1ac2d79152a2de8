"""What comes before any question: who has the talk, what is secret, what is dangerous, what the channel knows."""

from bot import about, about_us, clauses, complaints, redlines
from bot.alarming import CALLED_FOR, LIFE, is_gone, is_over, is_well
from bot.commands import commands, number
from bot.conversation import Task
from bot.messages import CONTINUE, RESUMED, STOPPED, Priority
from bot.readings import plainly
from bot.running import Runner
from bot.turn import Turn
from bot.usage import CONTENT
from bot.waiting import COMPLAINT
from nlu import proofs
from nlu.masking import IDENTITY
from nlu.questions import ADVICE

# What came of scanning an invitation, and of refusing texts: nobody but us can say it, whoever has the talk.
OURS = frozenset({"bound", STOPPED, RESUMED})
# In danger: asking for help once more; being thankful for it.
_ABOUT_HELP = {"human", "callback", "site_phone", "complaint", "cancelled", "leave_message"}
_REFUSED = {"third_party", "bulk_data", ADVICE}  # saying so costs nobody anything
_CAUTIONED = {"scam", "minor"}  # these have a sentence that is true for everybody


async def seat(run: Runner, turn: Turn) -> bool:
    """A seat has the talk: we say nothing, and call for help if there is danger. A complaint of who has it is for another, but
    for a danger to life, which stays where it is."""
    if not turn.seat or turn.inbound.intent in OURS:
        return False
    kind = turn.red_line
    if kind in redlines.URGENT:
        turn.task = Task(kind)
        await turn.hand_over(kind, priority=redlines.URGENT[kind], quiet=True)
        if kind in LIFE:
            turn.in_danger(kind)
    if (await turn.blamed()).of_hearer and not of_a_life(turn):
        await run.start(turn, COMPLAINT, {"of": "seat"}, remind=False)
        return True
    turn.silent = True
    return True


async def keep_complaint(turn: Turn) -> None:
    """Of whom a message complains is kept from the ticket, whatever it was answered with; and so is who is named later."""
    read = turn.handover is not None and turn.handover.reason == COMPLAINT
    blamed = await turn.blamed(complains=read)
    if turn.handover is None and ((turn.ticket and blamed.anybody) or (blamed.complains and blamed.named)):
        quiet = turn.ticket is not None
        await turn.hand_over(COMPLAINT, priority=Priority.SOON, skill="complaint", topic="complaint", quiet=quiet)
    turn.unanswered = turn.unanswered and not blamed.anybody  # what accuses somebody is no question for editors
    if blamed.complains:
        turn.state.complaint = turn.ticket or turn.reference or turn.state.complaint


def of_a_life(turn: Turn) -> bool:
    """Whether the open ticket tells of a danger to life: then nobody is taken from it for what is said."""
    danger = turn.state.danger
    return danger is not None and danger.red_line in LIFE and danger.ticket == turn.ticket


async def continued(run: Runner, turn: Turn) -> bool:
    """The channel goes on with what did not fit: there is nothing to think about."""
    turn.silent = turn.inbound.intent == CONTINUE
    return turn.silent


async def masked(run: Runner, turn: Turn) -> bool:
    """A number was sent that we do not keep: that is said before what was asked."""
    text = turn.heard.text
    proves = turn.secret is None and any(label in text for label in proofs.LABELS.values())
    proof = turn.accounts.proof(turn.inbound.channel)
    way = "masked.proof" if proof.typed or proof.page or proof.keyed else "masked.unprovable"
    said = "masked" if IDENTITY in text else way if proves else None
    if said:
        turn.say(said)
        turn.cautioned = True
        turn.state.offers = []
    return False


async def secret(run: Runner, turn: Turn) -> bool:
    """The answer to a question for something secret: for the handler that asked alone."""
    if turn.secret is None or turn.red_line in LIFE or not (turn.state.tasks or run.take_up(turn.state)):
        return False
    await run.run(turn, turn.state.tasks[-1])
    return True


async def red_line(run: Runner, turn: Turn) -> bool:
    """A red line: acted on before everything else."""
    if turn.red_line is None or await complains_of_a_colleague(turn, turn.red_line):
        return False
    await run.start(turn, turn.red_line, {}, remind=False)
    return True


async def complains_of_a_colleague(turn: Turn, kind: str) -> bool:
    """帮我查学分，还有我要投诉…: what would be refused names a seat, and no learner."""
    return kind in _REFUSED and complaints.complains(turn.heard.folded) and bool((await turn.blamed()).named)


async def given_away(run: Runner, turn: Turn) -> bool:
    """已经打过去了, after a word on fraud: what is to be done at once, whatever else it sounds like."""
    danger, folded = turn.state.danger, turn.heard.folded
    if danger is None or (danger.kind, danger.ticket) != ("scam", turn.ticket):
        return False
    if not is_gone(folded) or CALLED_FOR.search(folded):
        return False
    await run.start(turn, "scam", {}, remind=False)
    return True


async def known(run: Runner, turn: Turn) -> bool:
    """The channel knows what is meant (a menu, a key, a scan); a task of it that is open goes on."""
    intent = turn.inbound.intent
    if not intent:
        return False
    task = next((each for each in turn.state.tasks if each.intent == intent), None)
    if task is None:
        await run.start(turn, intent, dict(turn.inbound.slots))
    else:
        task.slots.update(turn.inbound.slots)
        await run.run(turn, task)
    return True


async def still_in_danger(run: Runner, turn: Turn) -> bool:
    """While the ticket of a danger is open: help again, or a calm word, which is right after its end as well; other
    questions are answered as ever."""
    danger, alarm = turn.state.danger, turn.alarm
    if danger is None or (kind := danger.red_line) not in LIFE:
        return False
    if alarm and alarm.sure and alarm.kind in LIFE and alarm.kind != kind:
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
    if danger.ticket != turn.ticket and not over:
        return False
    stage = "well" if is_well(turn.heard.folded) else "calm" if calm else "again"
    await run.start(turn, kind, {"stage": stage}, remind=False)
    return True


async def maybe_danger(run: Runner, turn: Turn) -> bool:
    """What may be a red line: a careful word first, then what was asked; where nothing was, whether it is one."""
    alarm = turn.alarm
    if alarm is None:
        return False
    kind, asks = alarm.kind, plainly(turn.heard) is not None
    life = kind in LIFE
    if about.tells_only(turn.heard.folded, turn.heard.entities):  # 我四十, and nothing else
        return False
    if await complains_of_a_colleague(turn, kind):
        return False
    if not life and (run.waiting(turn.state) or commands(turn.heard.folded)):
        return False
    if life:
        said = turn.cautioned = await run.aside(turn, Task(kind, {"stage": "perhaps" if asks else "ask"}))
        return not (said and asks)
    if kind in _CAUTIONED:
        turn.say(f"perhaps.{kind}")
        turn.cautioned = True
    if asks:
        return False
    if kind in _REFUSED:
        await run.start(turn, kind, {})
    elif kind != "minor":
        turn.say(f"ask_about.{kind}")
        turn.confirming = True
        turn.offer(turn.line(f"label.{kind}"), kind, detail=turn.heard.text)
    return True


async def about_a_seat(run: Runner, turn: Turn) -> bool:
    """A complaint about a seat that has, or lately had, the resident's ticket, or is named; what answers a question is for who
    asked it."""
    closed = turn.state.just_closed(turn.inbound.at) is not None
    if turn.inbound.choice is not None or run.waiting(turn.state):
        return False
    if (closed or turn.ticket) and about_us.complains_of_a_seat(turn.heard.folded, closed=closed):
        await run.start(turn, COMPLAINT, {"of": "seat"}, remind=False)
        return True
    if not (complaints.complains_of_a_person(turn.heard.folded) or (await turn.blamed()).named):
        return False
    if not complaints.complains(turn.heard.folded) and clauses.only_asks(turn.heard.folded):
        return False
    await run.start(turn, COMPLAINT, {}, remind=False)
    return True


async def what_we_are(run: Runner, turn: Turn) -> bool:
    """Whether a machine answers: that it does, and that a person can be had."""
    if turn.inbound.choice is not None or not about_us.asks_what_we_are(turn.heard.folded):
        return False
    await run.start(turn, "what_we_are", {})
    return True


async def outlived(run: Runner, turn: Turn) -> bool:
    """A bare number or yes to a talk that is long over."""
    if turn.outlived and (number(turn.heard.folded) is not None or commands(turn.heard.folded) & {"yes", "fine"}):
        turn.say("stale")
        return True
    return False


async def said_already(run: Runner, turn: Turn) -> bool:
    """What was sent should not have been, and that was said."""
    return turn.cautioned
