"""Which aspect of what was told just now a half sentence asks for, in whatever words, weighed against what it would mean by
itself. The weights are learnt from sentences (tests/asked_of_it.tsv; a test learns them again)."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot import phrases
from bot.aspects import HAS, clauses, spoken
from bot.leanings_to_learning import OF_LEARNING
from bot.readings import plainly
from bot.rules.asking import CERTAIN, LONG, MOVED_TO, READ_FROM
from bot.rules.records import records, said_alike
from bot.rules.told import shown
from bot.running import Runner
from bot.turn import Turn
from nlu.questions import NO_ANSWER

OF_ASPECT = (3.61, 2.84, 0.95, 0.95, 1.02, 1.02, 3.69, 0.03, 1.8)  # what the signs of an aspect weigh
OF_ITSELF = (-1.59, 0.41, -0.23, 3.53, -0.61, -0.67, -0.77, 0.47)  # and those of a message that stands by itself
LINE = 0.45  # the probability from which an aspect is what is asked
IN_WORDS = {"bring", "eligible", "level", "exam", "about", "entry"}  # of which a record has words of its own
_LEAST = 0.02  # of a probability
_KINDS = {"class", "course", "activity"}
_NAMES = {"course", "activity", "item", "org", "theme"}
# How each aspect is spoken of, where there is no record of it in words.
_MEANS = {
    "price": ("学费", "材料费", "免费，不收钱", "要交多少钱"), "time": ("星期几，几点到几点", "白天还是晚上", "哪天开课"),
    "place": ("在哪里上", "教室，地址"), "way": ("坐几路公交车，怎么去",), "phone": ("联系电话",), "teacher": ("老师是谁，教得怎么样",),
    "duration": ("一共几次课", "多长时间，什么时候结束"), "until": ("报名截止到哪天",), "places": ("还有几个名额", "报满了，候补"),
    "online": ("网上也能学", "要到现场，线下当面教"),
}  # fmt: skip


class Weighed(NamedTuple):
    """The aspects that a message may ask for, with the signs of each; the signs that it stands by itself."""

    aspects: list[str]
    signs: list[tuple[float, ...]]
    alone: tuple[float, ...]

    @property
    def odds(self) -> list[float]:
        return [_sum(OF_ASPECT, signs) for signs in self.signs]

    def share(self, number: int) -> float:
        """The probability that one of the aspects is asked for."""
        odds = [*map(math.exp, self.odds), math.exp(_sum(OF_ITSELF, self.alone))]
        return odds[number] / sum(odds)


def _sum(weights: Sequence[float], signs: Sequence[float]) -> float:
    return sum(weight * sign for weight, sign in zip(weights, signs, strict=True))


def aspect_of(run: Runner, turn: Turn) -> str | None:
    """要不要带照相机, after a class for which one brings a telephone that takes photos: the aspect that is likely to be asked
    for, where there is a record of it in words; of others their own words are enough."""
    found = weighed(run, turn)
    if found is None:
        return None
    best = max(range(len(found.aspects)), key=found.odds.__getitem__)
    aspect, *_, shared, in_words = found.aspects[best], *found.signs[best]
    if not in_words or found.share(best) < LINE or _reads_another(turn, aspect) or (aspect == "about" and not shared):
        return None
    if not shared and _is_of_nothing(turn):
        return None
    return aspect


def _is_of_nothing(turn: Turn) -> bool:
    """隔壁吵不吵: likely to be none of our matters."""
    best = turn.heard.best
    return best is not None and best.intent in NO_ANSWER and best.score >= turn.heard.lines.likely


def _reads_another(turn: Turn, aspect: str) -> bool:
    """Whether the question that it would be by itself is surely one on another aspect, or is one for certain."""
    best = turn.heard.best
    if best is None or best.score < turn.heard.lines.sure:
        return False
    read = READ_FROM.get(best.question or best.intent, [])
    certain = best.question is not None and best.score >= CERTAIN
    return aspect not in read and (bool(read) or certain)


def weighed(run: Runner, turn: Turn) -> Weighed | None:
    """None where nothing was told just now that a message may be about, or it names something else."""
    heard, told = turn.heard, shown(turn)
    kinds = {kind for kind, _ in told}
    if not turn.state.just_told or len(kinds) != 1 or not kinds <= _KINDS or len(heard.folded) > LONG:
        return None
    if turn.ticket or run.waiting(turn.state) or _names_another(turn) or turn.state.lang != "zh":
        return None  # learnt of Chinese sentences
    known = records(turn, told[0])
    said = [(aspect, each) for aspect, text in known for each in clauses(text) or [text] if each]
    kind = told[0][0]
    said += [(aspect, each) for aspect, texts in _MEANS.items() if aspect in HAS[kind] for each in texts]
    near = dict.fromkeys((aspect for aspect, _ in said), 0.0)
    for (aspect, _), likeness in zip(
        said, run.comprehension.likeness(heard.folded, [text for _, text in said]), strict=True
    ):
        near[aspect] = max(near[aspect], likeness)
    if not any(near.values()):
        return None  # nothing reads meaning: the words that are shared decide
    alike = {aspect: said_alike(heard.folded, text) for aspect, text in known}
    return _weighed(turn, near, alike)


def _weighed(turn: Turn, near: Mapping[str, float], alike: Mapping[str, int]) -> Weighed:
    """An aspect's signs: how near its record is in meaning, and how much less than the nearest; whether its words are said, and
    first; the probability of the move to it, and its logarithm; of the questions on it; how many words its record shares."""
    heard, named = turn.heard, spoken(turn.heard.folded)
    moved = MOVED_TO.get(heard.move.label.removeprefix("follow/"), [])
    read = dict.fromkeys(near, 0.0)
    for each in heard.candidates:
        for aspect in READ_FROM.get(each.question or each.intent, []):
            if aspect in read:
                read[aspect] += each.score
    nearest = max(near.values())
    found: list[tuple[float, ...]] = []
    for aspect, likeness in near.items():
        move = heard.move.probability if aspect in moved else 0.0
        found.append((
            likeness, likeness - nearest, float(aspect in named), float(named[:1] == (aspect,)), move, math.log(move + _LEAST),
            read[aspect], float(min(alike.get(aspect, 0), 2)), float(aspect in alike),
        ))  # fmt: skip
    best = plainly(heard)
    score = min(max(best.score if best else 0.0, _LEAST), 1 - _LEAST)
    moves = heard.move.probability if heard.move.label.startswith("follow/") else 0.0
    alone = (
        1.0, math.log(score / (1 - score)), score - max(read.values()), len(heard.folded) / 10,
        float(phrases.follows(heard.folded)), moves, nearest,
        float(best is not None and best.topic not in OF_LEARNING) * score,
    )  # fmt: skip
    return Weighed(list(near), found, alone)


def _names_another(turn: Turn) -> bool:
    return any(
        each.kind in _NAMES and f"{each.kind}:{each.value}" not in turn.state.shown for each in turn.heard.entities
    )
