"""Which aspect of what was told a message asks for: what it costs, where it is, for whom."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from operator import attrgetter

from bot import halves, phrases, unheld
from bot.aspects import ASPECTS, HAS, Aspect, spoken, spoken_of
from bot.comprehension import Candidate
from bot.leanings import OF_CLASSES, hires
from bot.readings import plainly
from bot.turn import Turn
from nlu.questions import NO_ANSWER

# Of a class that is named, these are told whole by the answer to the question itself.
_TOLD_WHOLE = {"price", "place", "time", "places", "way", "phone", "eligible", "online", "exam", "until"}

_OF_A_PLACE = {"site_address", "site_phone"}
_STANDS = {
    "callback", "human", "find_class", "find_course", "enrol", "site_hours", "nearest_site", "other_office", "thanks", "goodbye",
}  # fmt: skip

# What the model takes for the question where a class is named beside it.
_GENERAL = {
    "course-parents-recommend",
    "farmer-training-what",
    "course-kids",
    "what-can-do",
    "other_office",
    "unrelated",
    "find_course",
    "village_training",
    "minor",
}

_ENOUGH = 0.6  # of what speaks for an aspect
_BY_WORDS = {"class_schedule", "class_fee", "class_places"}  # which other words contradict: 我是外地的，收不收
_WORDS = 0.4  # what its words do
MOVE = 0.35  # the probability from which a move is one
_LIKELIER, _HALF = 6.0, 12  # times, characters: a half sentence, right after something was told
_BRIEF = 8  # characters of which one word is enough
CERTAIN = 0.97  # of a question, that stands by itself however short it is
_FEW = 4  # characters that hardly ask a question of their own: 在哪搞
LONG = 18  # characters of what stands well by itself
_ALSO = re.compile("也(?:是|在|要|有|收|免|一样)[^,，。]{0,6}[吗么不没嘛]$|一样[吗么不嘛]$")
_DOORS = re.compile("门|开放|营业|上班|下班|有人|open|close")


def _by(kinds: Callable[[Aspect], Iterable[str]]) -> Mapping[str | None, list[str]]:
    """The aspects by what they have of some kinds."""
    found: defaultdict[str | None, list[str]] = defaultdict(list)
    for name, aspect in ASPECTS.items():
        for each in kinds(aspect):
            found[each].append(name)
    return dict(found)


READ_FROM = _by(lambda aspect: {*aspect.standards, *aspect.intents})
MOVED_TO = _by(attrgetter("moves"))


def asked(turn: Turn) -> str | None:
    """The aspect that a message asks for, where it asks for one."""
    heard, folded = turn.heard, turn.heard.folded
    named = spoken(phrases.without_names(turn.heard))
    scores = dict.fromkeys(ASPECTS, 0.0)
    for each in heard.candidates:
        schedule = each.intent == "class_schedule"  # when and where: its words say which
        for name in READ_FROM.get(each.question or each.intent, ()):
            if each.intent in _BY_WORDS and named and name not in named:
                continue
            scores[name] += each.score / (2 if schedule else 1)
    sure = heard.best is not None and heard.best.score >= heard.lines.sure
    read = READ_FROM.get(heard.best.question or heard.best.intent, ()) if heard.best and sure else ()
    # Of an item nobody asks whether it is online, however the model reads 现在换得到吗.
    had = set[str]().union(*(HAS[each.partition(":")[0]] for each in turn.state.shown))
    inside = _is_of_the_house(turn)
    for name in MOVED_TO.get(heard.move.label.removeprefix("follow/"), ()):
        if (not had or name in had) and not (
            inside and name not in named
        ):  # its words say more than the model reads: 几点上到几点
            other = (named and name not in named) or (read and name not in read)
            scores[name] += (1 if other else 2) * _in_talk(turn)
    for name in named:
        scores[name] += _WORDS
    if alone := half_sentence(turn):
        agreed = [
            each
            for each in read
            if each in had and each not in alone and _moves_to(turn, ASPECTS[each], heard.move.probability)
        ]
        return max(agreed or alone, key=lambda name: scores[name])  # 教的人是哪一个
    best = max(scores, key=lambda name: scores[name])
    if scores[best] < (_WORDS if len(folded) <= _BRIEF else _ENOUGH):
        return None
    top, aspect = heard.best, ASPECTS[best]
    if top is None or top.question in aspect.standards or top.intent in aspect.intents:
        return best
    moves = _moves_to(turn, aspect, _in_talk(turn) if top.score < heard.lines.sure else heard.move.probability)
    likely = top.score >= heard.lines.likely and not (moves and _in_talk(turn) >= _ENOUGH)
    if top.question and len(folded) > _FEW and (top.score >= CERTAIN or likely):
        return None  # 结果在哪看 asks a question of its own
    if top.score < heard.lines.sure:
        return best
    # 啥子老师来讲嘛 does not stand by itself; 学院几点开门 does.
    stands = top.intent in _STANDS and not (top.intent == "site_hours" and not _DOORS.search(folded))  # 下午几点散
    half = best in named and len(folded) <= _BRIEF and top.question is None and not stands
    moves = moves and not (top.intent == "find_class" and top.score >= CERTAIN)  # 那有啥我能上的乐器
    return best if (moves and len(folded) <= phrases.FRAGMENT) or half else None


def half_sentence(turn: Turn) -> list[str]:
    """一共几节, 还能报几个人, right after something was told: the aspects of it one of which is asked for, where nothing else
    is said; none, where it may stand by itself."""
    folded, kinds = turn.heard.folded, {each.partition(":")[0] for each in turn.state.shown}
    if not turn.state.just_told or len(kinds) != 1 or len(folded) > _HALF or turn.ticket or phrases.means_us(folded):
        return []
    if halves.how_long_a_part(folded):
        return ["duration"]
    if halves.beyond(folded) or halves.of_another(folded) or halves.of_ones_own(folded):
        return []
    had = set[str]().union(*(HAS[each] for each in kinds))
    named = [each for each in spoken(folded) if each in had]
    if {"teacher", "phone"} <= {*named}:
        return []  # nobody's number is given away
    strong = [each for each in named if each not in halves.WEAK]
    return strong or [each for each in named if each != "eligible" or halves.surely_who(folded)]


def asks_more(turn: Turn, aspect: str) -> bool:
    """老师多大年纪, 做坏了赔不赔钱: whether more is asked than what stands on record as an aspect, for all we can see."""
    if aspect == "places" and (halves.of_people(turn.heard.folded) or unheld.asks_for(turn.heard.folded)):
        return True
    if aspect == "teacher":
        return halves.beyond_who(turn.heard.without())
    more, best = halves.beyond(turn.heard.without()), turn.heard.best
    unclear = best is None or best.score < turn.heard.lines.likely or best.intent in NO_ANSWER
    return unclear and len(more) > 1 and not _moves_to(turn, ASPECTS[aspect], turn.heard.move.probability)


def _is_of_the_house(turn: Turn) -> bool:
    """有电梯没: what it is like there, and not how to get there, which the model takes for one move."""
    best = turn.heard.best
    if best is None or best.score < turn.heard.lines.likely or turn.heard.move.label != "follow/parking_access":
        return False
    return best.intent in {"site_access", "site_facilities"} or best.question == "parking"


def beside(turn: Turn, aspect: str) -> list[str]:
    """谁教，一共上几次: the other aspects that the parts of a message ask for."""
    parts = phrases.clauses(turn.heard.folded)
    if len(parts) < 2:
        return []
    said = [spoken_of(part) or aspect for part in parts]
    return [each for each in dict.fromkeys(said) if each != aspect]


def asked_of_a_name(turn: Turn) -> str | None:
    """The aspect of a class that is named, where the question itself has no answer that says it."""
    best = plainly(turn.heard)
    told = best is not None and best.intent in OF_CLASSES | {"class_fee", "site_phone", "site_address", "course_level"}
    several = len({*turn.heard.values("course")}) > 1
    if hires(turn.heard):
        return None
    if best and best.question == "room-rent" and best.score >= turn.heard.lines.likely:
        return None  # 想跳舞，有地方借吗
    if told and best and best.score >= turn.heard.lines.likely and best.intent != "find_course" and not several:
        aspect = asked(turn) or spoken_of(phrases.without_names(turn.heard))
        return None if aspect in _told_whole(turn, best) else aspect
    if best and best.question in ASPECTS["exam"].standards and not several and "证" not in turn.heard.folded:
        return "exam"  # 养老护理员要考试吗: which what is so of all courses does not say
    also = _ALSO.search(turn.heard.folded) and not spoken(phrases.without_names(turn.heard)) and turn.state.just_told
    stands = best is not None and best.question is not None and best.score >= turn.heard.lines.sure
    if (phrases.follows(turn.heard.folded) or also) and turn.state.asked and not stands:
        return turn.state.asked  # 养鱼呢, 果树的也是他吗, after where another was
    if several:
        return spoken_of(phrases.without_names(turn.heard))
    if best and best.score >= turn.heard.lines.sure and best.question not in _GENERAL and best.intent not in _GENERAL:
        return None
    said = phrases.without_names(turn.heard)
    return spoken_of(said) if len(said) <= LONG else None


def _told_whole(turn: Turn, best: Candidate) -> Collection[str]:
    """What the answer to a question about a named class says of it: of 电工在哪个街道, read as asking for the address of a place,
    nothing; of 收不收我这样的, read as asking for the price, not for whom it is."""
    if best.intent in _OF_A_PLACE and not turn.heard.first("org"):
        return ()
    if best.intent == "class_schedule":  # 最晚几号前报, read as asking when it is
        return _TOLD_WHOLE - {"until", "exam", "online"}
    return ("price",) if best.intent == "class_fee" else _TOLD_WHOLE


def _in_talk(turn: Turn) -> float:
    """The probability of the move, where a few words follow on what was just told: the model learnt it of sentences of which
    most stand by themselves."""
    move = turn.heard.move.probability
    folded = turn.heard.folded
    another = phrases.follows(folded) and not spoken(folded)  # 油画呢
    if not turn.state.just_told or len(folded) > _HALF or another:
        return move
    odds = _LIKELIER * move / max(1 - move, 0.01)
    return odds / (1 + odds)


def _moves_to(turn: Turn, aspect: Aspect, probability: float) -> bool:
    """Whether the model reads the message as going on with what was told, to that aspect."""
    return probability >= MOVE and turn.heard.move.label.removeprefix("follow/") in aspect.moves


def is_general(turn: Turn, aspect: str) -> bool:
    """Whether it is asked of the centre, or of everything, rather than of what was told."""
    folded = turn.heard.folded
    if _moves_to(turn, ASPECTS[aspect], _in_talk(turn)) or half_sentence(turn):
        return False
    return phrases.means_us(folded) or phrases.of_all(folded) or len(folded) > LONG
