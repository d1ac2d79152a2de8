"""What is asked about an answer that an entry just gave: its neighbour that says it, or the sentence of its own that does."""

import math
import re
from collections.abc import Iterator

from msgspec.structs import replace

from bot import about, halves, phrases
from bot.aspects import ASPECTS, by_itself, clauses, sentence_on, sentences, spoken, spoken_of
from bot.comprehension import Candidate, Understanding
from bot.messages import Reply
from bot.readings import plainly
from bot.rules.asking import CERTAIN, LONG
from bot.rules.told import OBTAINED, classes_of, elsewhere
from bot.running import PEOPLE, SILENT_TOPICS, Runner
from bot.turn import Turn
from knowledge.entries import Entry
from nlu.questions import NO_ANSWER, RED_LINES, Question

_OF_ONE = {"class_schedule", "class_fee", "class_places", "course_level"}  # what is asked of a class
_BRIEF = 8  # characters of what asks about one word of an answer
_RESERVED = "预约"
_WHAT_IS = re.compile("(?:什么|啥|哪样)(?:叫做?|是)")  # 什么是社区教育: no part of what was said tells that
_PARTS = re.compile("[，。；、（）\n]+")
_FEW = 5  # characters of which every word counts
_BARE = 6  # characters of what is asked by its aspect alone: 要掏钱不, 得等多久
_WORD, _LENGTH = 3, 16  # characters of what is more than a word, and from which on more of them say no more
# Learnt from sentences that go on with an answer and others that do not (tests/goes_on.tsv; a test learns them again).
# The lines are logarithms of odds: the more, the better a message stands by itself.
WEIGHTS = (-1.65, -0.55, 11.57, -0.18, 2.69, 4.33, 3.96)
UNCLEAR, LIKELY, SURELY = 0.2, 0.8, 2.5
_LEAST = 0.02  # of a probability
_NAMES = {"course", "org", "item", "activity", "theme", "teacher"}
# Where what is asked of a matter begins: 学习卡丢了 of 学习卡丢了怎么补办.
_ASKING = re.compile("[，？]|怎么|如何|什么|哪|多少|多久|几|可以|能|需要|要|会|是|有")
_WHOLE = 0.2  # likeness below which no sentence of an answer is told without the others
_HOURS = re.compile(r"工作日|周[一二三四五六日末]|\d{1,2}[:：]\d\d|weekday|[ap]\.?m\b")
Passage = tuple[Entry, str, str]  # a sentence of it, and a clause of that


async def of_the_matter(run: Runner, turn: Turn) -> bool:
    """干多久能算一分, while a volunteer is put on record; 里头攒的分没丢吧, after how a lost card is replaced: few words are read
    behind what the talk is about, where they are a clearer question so."""
    heard, best = turn.heard, turn.heard.best
    alone = 0.0 if best is None else heard.lines.likely if best.intent in NO_ANSWER else best.score
    asks = phrases.asks(heard.folded) or heard.folded.endswith("吧")
    names = any(each.kind in _NAMES for each in heard.entities) or phrases.names_matter(heard.folded)
    other = PEOPLE | (_OF_ONE if classes_of(turn) else set())
    if (
        not asks
        or len(heard.folded) > LONG
        or names
        or alone >= CERTAIN
        or turn.ticket
        or (best is not None and best.intent in other)
    ):
        return False
    for matter, near in _matters(run, turn):
        read = run.comprehension.understand(f"{matter}，{heard.folded}", turn.today).candidates
        meant = read[0] if read else None
        if meant and meant.question and meant.score > alone and (near is None or meant.question in near):
            alone, turn.heard = meant.score, replace(heard, candidates=read)
    return False


def _matters(run: Runner, turn: Turn) -> Iterator[tuple[str, set[str] | None]]:
    """What the talk is about, in a few words of Chinese: the answers that were told, each with the questions that go on with it,
    and the form that is open. Of the told question itself is only what is not clear alone."""
    unclear = turn.heard.best is None or turn.heard.best.score < turn.heard.lines.likely
    for question in filter(None, map(turn.library.asks, _told(turn))):
        if (matter := _ASKING.split(question.zh)[0]) and len(matter) > 1:
            yield matter, {*question.near, *([question.id] if unclear else ())}
    task = run.waiting(turn.state)
    slot, label = (run.slot(task), f"label.{task.intent}") if task else (None, "")
    if slot and not slot.proves and slot.name != "detail" and label in turn.texts.languages["zh"]:
        yield turn.texts.line("zh", label), None


async def of_an_answer(run: Runner, turn: Turn) -> bool:
    """要钱不, right after an answer from an entry: its neighbour that says it, or the sentence of its own that does."""
    entries = _told(turn)
    folded, best = turn.heard.folded, plainly(turn.heard)
    if not entries or _names_one(turn) or len(folded) > LONG:
        return False
    if best and best.intent == "find_activity" and (turn.heard.hinted or turn.heard.first("activity")):
        return False  # 开幕那天在哪, after what the week is
    sure = best is not None and best.score >= turn.heard.lines.sure
    if classes_of(turn) and not elsewhere(turn) and best and best.intent in _OF_ONE:
        return False
    if best and best.intent == "site_hours" and turn.heard.first("when") and not phrases.names_matter(folded):
        told = [(each, each.said(turn.state.lang).answer) for each in entries]
        hours = [(entry, answer) for entry, answer in told if _HOURS.search(answer)]
        if hours:  # 星期六有人吗, after when seats are there: theirs, and not the house's
            turn.recall(*hours[0])
            run.remind(turn)
            return True
    obtains = OBTAINED.search(folded) is not None  # 啥时候能拿到
    of_them = obtains or any(_speaks_of(each, folded) for each in entries)
    names = phrases.names_matter(folded) or (len(halves.beyond(folded)) > 1 and not of_them)  # 几点开门, 停车要钱吗
    stands = sure and (len(folded) > phrases.FRAGMENT or names)
    if stands:
        return False
    for question in filter(None, map(turn.library.asks, entries)):
        if best and best.question in question.near and sure:
            return False
        beside = next((each for each in _behind(run, turn, question) if each.question in question.near), None)
        if beside and beside.score >= turn.heard.lines.likely:
            await run.answer(turn, beside)
            return True
    other = best is not None and best.question is not None and all(best.entry != each.id for each in entries)
    other = other and len(folded) > _BARE and not of_them
    aspect = spoken_of(folded) or ("duration" if "几天" in folded else None)
    aspect = "duration" if aspect == "time" and obtains else aspect
    if other or aspect is None:  # 她没带身份证咋整 is a question of its own
        return False
    for entry in entries:
        words = entry.said(turn.state.lang)
        if said := sentence_on(aspect, words.answer, *words.steps):
            turn.recall(entry, said)
            run.remind(turn)
            return True
    return False


async def in_an_answer(run: Runner, turn: Turn) -> bool:
    """昨晚没赶上, after how to watch what is sent live: the sentence of that answer which says it, under its name."""
    heard, entries = turn.heard, _told(turn)
    best = heard.best
    if not entries or run.waiting(turn.state) or _names_one(turn) or len(heard.folded) < _WORD:
        return False
    likely = best is not None and best.score >= heard.lines.likely
    if best and likely and (best.intent in {*RED_LINES, *PEOPLE} or best.topic in SILENT_TOPICS):
        return False
    # Asked again in other words it is answered again; 解除绑定, after how that is done, is to be done.
    again = likely and best is not None and best.entry in {each.id for each in entries}
    if best and again and (best.score >= heard.lines.sure or not phrases.asks(heard.folded)):
        return False
    questions = {each.id: each for each in map(turn.library.asks, entries) if each}
    near = {other for each in questions.values() for other in each.near}
    if best and best.question in near and best.entry and best.score >= heard.lines.sure:
        return False  # 那补课不, after what comes of being absent: answered by itself
    same, line = best is not None and best.question in questions, _line(heard)
    if _odds(signs(heard, run.comprehension.nearest, same)) < line:
        return False  # however near a sentence is: nothing has to be read behind the question
    beside = [near for each in questions.values() for near in _neighbours(run, turn, each)]
    passages = [
        (entry, sentence, clause)
        for entry in dict.fromkeys([*entries, *beside])
        for sentence in _sentences(turn, entry)
        for clause in clauses(sentence)
    ]
    if not passages:
        return False
    passages = _on_what_is_asked(heard.folded, passages)
    likeness = run.comprehension.likeness(heard.folded, [clause for _, _, clause in passages])
    at = max(range(len(passages)), key=likeness.__getitem__)
    entry, said, _ = passages[at]
    if _odds(signs(heard, likeness[at], same)) < line:
        return False
    whole = likeness[at] < _WHOLE
    if whole and phrases.follows(heard.folded):
        return False  # 那外公呢: which of its neighbours is meant is asked
    if whole or entry not in entries:
        turn.answer(entry)
    else:
        turn.recall(entry, turn.line("about", question=turn.title(entry)) + by_itself(said))
    if best and likely and (label := run.readings.label(turn, best)):
        intent, slots = run.readings.answer(turn, best)
        turn.offer(label, intent, **slots)
    run.remind(turn)
    return True


async def named_in_it(run: Runner, turn: Turn) -> bool:
    """学分呢, after an answer on points that says a word of those too: the sentence with it."""
    folded = turn.heard.folded
    name = phrases.without_following(folded).removesuffix("的")
    if not phrases.follows(folded) or len(name) < 2 or run.waiting(turn.state) or _names_one(turn):
        return False
    said = [(entry, each) for entry in _told(turn) for each in _sentences(turn, entry) if name in each]
    if len(said) != 1:
        return False
    turn.recall(*said[0])
    return True


async def of_whom(run: Runner, turn: Turn) -> bool:
    """我女儿才十岁, after who may do something for whom: what the answer says of such as them."""
    return about.tells_only(turn.heard.folded, turn.heard.entities) and await in_an_answer(run, turn)


async def said_in_it(run: Runner, turn: Turn) -> bool:
    """要预约吗, after what a place has: the part of what was said that has the word."""
    folded, best = turn.heard.folded, plainly(turn.heard)
    if (
        turn.state.told
        or run.waiting(turn.state)
        or _names_one(turn)
        or len(folded) > _BRIEF
        or not phrases.asks(folded)
        or _WHAT_IS.match(folded)
    ):
        return False
    lines = turn.heard.lines
    if best and best.score >= (lines.sure if spoken_of(folded) == "entry" else lines.likely):
        return False
    words = [each for each in phrases.PAIRS.findall(folded) if not spoken(each) or spoken(each) == ("entry",)]
    words += [_RESERVED] if spoken_of(folded) == "entry" else []  # 要先打招呼不
    parts = [
        (reply, each)
        for reply in turn.state.said
        for each in _PARTS.split(reply.text)
        if any(w in each for w in words) and not each.rstrip().endswith(("：", ":"))
    ]
    if len(parts) != 1:
        return False
    reply, part = parts[0]
    turn.tell(Reply(text=f"{part.strip()}。", source=reply.source))
    return True


def _on_what_is_asked(folded: str, passages: list[Passage]) -> list[Passage]:
    """补一张要钱么: of the sentences those that say what it costs, where any does."""
    aspect = spoken_of(folded)
    words = ASPECTS[aspect].said if aspect else None
    return [each for each in passages if words and words.search(each[1])] or passages


def _line(heard: Understanding) -> float:
    """What the odds must reach: most, where it is sure what is asked; what is surely to be done is done."""
    best = heard.best
    if best is None or best.score < heard.lines.likely:
        return UNCLEAR
    if best.score < heard.lines.sure:
        return LIKELY
    return math.inf if best.intent or best.score >= CERTAIN else SURELY


def _odds(found: tuple[float, ...]) -> float:
    return sum(weight * sign for weight, sign in zip(WEIGHTS, found, strict=True))


def signs(heard: Understanding, likeness: float, same: bool) -> tuple[float, ...]:
    """What tells whether a message goes on with an answer: one for the bias, how well it stands by itself (log odds), how
    near a clause of the answer is, how long it is, whether it says or the model reads that it goes on, whether it is the
    question itself."""
    alone = min(max(heard.best.score if heard.best else 0.0, _LEAST), 1 - _LEAST)
    move = heard.move.probability if heard.move.label.startswith("follow/") else 0.0
    length, follows = min(len(heard.folded), _LENGTH), phrases.follows(heard.folded)
    return (1.0, math.log(alone / (1 - alone)), likeness, float(length), float(follows), move, float(same))


def _told(turn: Turn) -> list[Entry]:
    return [found for each in turn.state.told if (found := turn.library.entries.get(each))]


def _names_one(turn: Turn) -> bool:
    """学院几点开门 asks about that."""
    return bool(turn.heard.first("course") or turn.heard.first("org"))


def _behind(run: Runner, turn: Turn, question: Question) -> tuple[Candidate, ...]:
    """What a message means right behind a question."""
    whole = question.zh.rstrip("？?") + "，" + turn.heard.folded
    return run.comprehension.understand(whole, turn.today).candidates


def _neighbours(run: Runner, turn: Turn, question: Question) -> Iterator[Entry]:
    """Those of a question's neighbours that the message may mean, alone or behind the question."""
    for each in dict.fromkeys([*turn.heard.candidates, *_behind(run, turn, question)]):
        entry = turn.library.entries.get(each.entry or "")
        if entry and each.question in question.near and each.score >= turn.heard.lines.ask / 2:
            yield entry


def _sentences(turn: Turn, entry: Entry) -> list[str]:
    words = entry.said(turn.state.lang)
    return sentences(*(words.steps or (words.answer,)))


def _speaks_of(entry: Entry, folded: str) -> bool:
    """几天到账, after what is paid back within some days: few words, and some of them the answer's own."""
    own = [each for each in phrases.PAIRS.findall(folded) if not spoken(each)]
    return len(folded) <= _FEW and any(each in entry.answer for each in own)
