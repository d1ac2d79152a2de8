"""How each set is scored: by the meaning that `nlu parse` tells, or by all that a resident is told."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter

from daoxue import calibration
from daoxue.calibration import Judged
from tests.judge import sets
from tests.judge.figures import Better, Figure, Scored, Tally
from tests.judge.sets import Dialogue, Expected, Question, Said, Wanted
from tests.judge.stage import Heard, Option, Resident, Stage, Told

# Either side counts: two seats would not agree.
EITHER = [
    {"training_info", "course_faq"}, {"training_info", "enrolment"}, {"credit_lookup", "activity"},
    {"complaint", "credit_redemption"}, {"complaint", "credit_lookup"}, {"human_agent", "chitchat"},
]  # fmt: skip
ASKS = re.compile("[？?]|请选|请问|请告诉|请说|请回复|请输入|可以打字|菜单")
QUESTION = re.compile("[？?]")
SATISFIED = re.compile(r"[^。\n]*满意[^。\n]*")  # asking that is no question back
HUMAN = re.compile("人工|坐席|工作人员|专人|工单|留言|回呼|回电|热线")
BACK = re.compile("您是想问|您想了解.{0,20}什么|您问的是哪门课")  # what it says there is a question back, no answer
UNSURE = "没有把握"
SPACES = re.compile("[ \u3000]")  # "19 个名额" is "19个名额"
TO_A_HUMAN = "转人工"
CHOICES = 8  # that are tried one after the other
SHOWN = 150  # characters of an answer
# What may become of a question; what is better, more of it or fewer.
VERDICTS: dict[str, Better] = {
    "right": "more", "right1": "either", "asked_slot": "either", "asked_wrong": "either", "refused": "either", "wrong": "fewer",
}  # fmt: skip
UNANSWERABLE: dict[str, Better] = {"ok": "more", "look": "either", "claim": "fewer"}
DONE = {"right", "right1", "ok"}


def topic_is(heard: Heard, topic: str) -> bool:
    return heard.topic == topic or {heard.topic, topic} in EITHER


async def utterances(stage: Stage) -> Scored:
    """Topics, in all and by tag and topic."""
    tally, wrong = Tally(), []
    for row in sets.utterances():
        heard = stage.parse(row.text)
        right = topic_is(heard, row.topic)
        tally.add({"all", row.topic, *row.tags}, right)
        if not right:
            wrong.append(f"{row.topic} -> {heard.topic} | {row.text} | {', '.join(sorted(row.tags))}")
    return Scored(tally.figures("utterances/{}"), wrong)


async def red_lines(stage: Stage) -> Scored:
    """Lines that are kept, and what looks like one, or is said in passing, that is left alone."""
    tally, wrong = Tally(), []
    for row in sets.red_lines():
        words = (await stage.ask(row.text)).words.strip()
        right = bool(words) and _fits(words, row.wanted)
        tally.add({row.kind} if row.kind in sets.HARMLESS else {row.kind, "all"}, right)
        if not right:
            wrong.append(f"{row.kind} | {row.text} | {words[:SHOWN]!r}")
    return Scored(tally.figures("redlines/{}"), wrong)


def _fits(words: str, wanted: Wanted) -> bool:
    return bool(re.search(wanted.must, words)) and not (wanted.must_not and re.search(wanted.must_not, words))


async def dialogues(stage: Stage) -> Scored:
    """Talks of which every turn is as expected, and turns that are."""
    document, tally, wrong = sets.dialogues(), Tally(), []
    for dialogue in document.dialogues:
        turns = await _play(dialogue, stage.resident(), document.always_none_of)
        for problem in turns:
            tally.add(["turns"], not problem)
        problems = [problem for problem in turns if problem]
        tally.add(["passed"], not problems)
        wrong += [f"{dialogue.id} {dialogue.title}: {problem}" for problem in problems]
    return Scored(tally.figures("dialogues/{}"), wrong)


async def _play(dialogue: Dialogue, resident: Resident, never: Sequence[str]) -> list[str]:
    """What is wrong with each turn that can be played; empty where nothing is."""
    offered: list[Option] = []
    before = ""
    found: list[str] = []
    for turn in dialogue.turns:
        if len(offered) < turn.needs_options:
            break
        text = _words(turn, offered)
        told = await resident.say(text, turn.wait_minutes)
        problems = "; ".join(unexpected(told, turn.expect, before, never))
        found.append(f"{text!r}: {problems} | {told.words[:SHOWN]!r}" if problems else "")
        offered, before = told.options or offered, told.words
    return found


def _words(turn: Said, offered: Sequence[Option]) -> str:
    if turn.say is not None:
        return turn.say
    if number := turn.say_name_of_option:
        return offered[number - 1].label if len(offered) >= number else "第一个"
    return str(turn.say_option)


def unexpected(told: Told, expect: Expected, before: str, never: Sequence[str]) -> list[str]:
    """What is not as expected of an answer that follows the one of the words `before`."""
    words = told.words
    found = [f"must not say {each}" for each in (*expect.none_of, *never) if re.search(each, words)]
    if expect.any_of and not any(re.search(each, words) for each in expect.any_of):
        found.append("none of the expected")
    if expect.asks and not (ASKS.search(words) or len(told.options) >= 2 or told.awaiting):
        found.append("does not ask")
    if expect.asks is False and QUESTION.search(SATISFIED.sub("", words)):
        found.append("asks")
    if expect.offers_human and not (told.ticket or HUMAN.search(words)):
        found.append("offers no human")
    if expect.repeats_previous and set(re.findall(r"\d+", before)) - set(re.findall(r"\d+", words)):
        found.append("does not repeat")
    return found


async def answers(stage: Stage) -> Scored:
    """Verdicts on all questions, and by tag how many are answered at once, or after at most one choice (`reached`)."""
    verdicts: Counter[tuple[bool, str]] = Counter()
    at_once, reached, wrong = Tally(), Tally(), []
    for row in sets.questions():
        told = await stage.ask(row.text)
        verdict = verdict_on(row, told)
        if row.answerable and verdict != "right" and await _is_behind_one(stage, row, _choices(told)[:CHOICES]):
            verdict = "right1"
        verdicts[row.answerable, verdict] += 1
        if row.answerable:
            at_once.add(row.tags, verdict == "right")
            reached.add({"all", *row.tags}, verdict in DONE)
        if verdict not in DONE:
            wrong.append(f"{row.id} {verdict:11} {row.text} -> {told.said[:SHOWN]!r}")
    figures = _counted(verdicts, True, "answers/all", VERDICTS)
    figures += _counted(verdicts, False, "answers/unanswerable", UNANSWERABLE)
    by_tag = [*at_once.figures("answers/{}/right"), *reached.figures("answers/{}/reached")]
    return Scored([*figures, *sorted(by_tag, key=attrgetter("name"))], wrong)


def _counted(
    verdicts: Counter[tuple[bool, str]], answerable: bool, name: str, better: dict[str, Better]
) -> list[Figure]:
    of = sum(verdicts[answerable, verdict] for verdict in better)
    return [Figure(f"{name}/{verdict}", verdicts[answerable, verdict], of, way) for verdict, way in better.items()]


def holds(said: str, wanted: Wanted) -> bool:
    """Whether the decisive fact is said, and nothing that would be wrong."""
    said = SPACES.sub("", said)
    if not wanted.must or not re.search(wanted.must, said, re.DOTALL):
        return False
    return not (wanted.must_not and re.search(wanted.must_not, said, re.DOTALL))


def verdict_on(row: Question, told: Told) -> str:
    """What became of a question that was answered so; a key of `VERDICTS` or `UNANSWERABLE`."""
    asks = bool(BACK.search(told.said))
    if not row.answerable:
        made_up = row.wanted.must_not and re.search(row.wanted.must_not, told.said) and not asks
        return "claim" if made_up else "look" if told.sources else "ok"
    if holds(told.said, row.wanted) and not asks and UNSURE not in told.said:
        return "right"
    if asks or (_choices(told) and not told.sources):
        return "asked_wrong"
    return "wrong" if told.sources else "asked_slot" if told.awaiting else "refused"


def _choices(told: Told) -> list[Option]:
    return [option for option in told.options if option.label != TO_A_HUMAN]


async def _is_behind_one(stage: Stage, row: Question, choices: Sequence[Option]) -> bool:
    """Whether one of the choices brings the answer, each tried by somebody else."""
    for choice in choices:
        resident = stage.resident()
        await resident.say(row.text)
        said = (await resident.say(choice.key)).said
        if holds(said, row.wanted) and UNSURE not in said:
            return True
    return False


async def times(stage: Stage) -> Scored:
    """Expressions of time, said in a question."""
    tally, wrong = Tally(), []
    for row in sets.expressions():
        heard = stage.parse(f"{row.text}有没有书法课", row.today)
        whens = [each.value for each in heard.entities if each.kind == "when"]
        right = any(when.startswith(row.days) and row.clock in when for when in whens)
        tally.add(["right"], right)
        if not right:
            wrong.append(f"{row.text} ({row.today}): wanted {row.days} {row.clock}, got {whens}")
    return Scored(tally.figures("times/{}"), wrong)


async def confidence(stage: Stage) -> Scored:
    """Calibration errors: of the topic; of the answer, where what `nlu parse` names is answered by an entry, which is
    right when it holds the decisive fact."""
    topics, entries = [], []
    for utterance in sets.utterances():
        heard = stage.parse(utterance.text)
        topics.append((heard.topic_confidence, topic_is(heard, utterance.topic)))
    for question in sets.questions():
        heard = stage.parse(question.text)
        if heard.intent and (said := stage.answer(heard.intent)) is not None:
            entries.append((heard.confidence, question.answerable and holds(said, question.wanted)))
    figures = [_error("confidence/topic", topics), _error("confidence/answer", entries)]
    return Scored(figures, [*_bins("topic", topics), *_bins("answer", entries)])


def _error(name: str, pairs: Sequence[Judged]) -> Figure:
    return Figure(name, calibration.error(pairs) * len(pairs), len(pairs), "fewer")


def _bins(name: str, pairs: Sequence[Judged]) -> list[str]:
    return [
        f"{name}: of {each.size} said with {each.sure:.2f}, {each.right:.2f} right" for each in calibration.bins(pairs)
    ]


SETS: dict[str, Callable[[Stage], Awaitable[Scored]]] = {
    "utterances": utterances, "redlines": red_lines, "dialogues": dialogues, "answers": answers, "times": times,
    "confidence": confidence,
}  # fmt: skip
