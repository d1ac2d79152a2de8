"""What a text asks, how sure that is, whether it crosses a red line, whether it is a move in a talk.

Two experts read a text: one its words and characters (`NGrams`, linear support vectors), one its meaning (`Points`, a
softmax over what a sentence encoder makes of it). Each has a column for every label; what they say is blended with
weights that were learnt from texts neither had seen, and so is the probability that the best label is right. Reading
the meaning costs several times what everything else does: it is asked where the words alone are not sure.

Trained by `nlu.training`; serving needs numpy alone. What is asked at the same moment is classified together: most of
what one text alone costs is numpy being called.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from nlu.encoder import Encoder
from nlu.features import Reading
from nlu.questions import Question

Figures = NDArray[np.float32]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
TOGETHER = 64  # texts at a time: what fits into a processor's cache is added up several times as fast
TINY = np.float32(1e-6)
OUTSIDE = "oos"  # the label of examples that belong to no intent
NONE = "-"  # no red line, no move


@dataclass(frozen=True, slots=True)
class Scheme:
    """What the labels are. `topics`: the topic of each. `red` lines are asked about as labels and once more by
    themselves; `moves` and `alike` (what looks like a red line and is none) are no labels at all. `nothing` are labels
    that we have no answer to, `same` pairs of which either is right for the other."""

    topics: Mapping[str, str] = field(default_factory=dict)
    red: frozenset[str] = frozenset()
    moves: frozenset[str] = frozenset()
    alike: frozenset[str] = frozenset()
    nothing: frozenset[str] = frozenset({OUTSIDE})
    same: frozenset[tuple[str, str]] = frozenset()

    def asks(self, label: str) -> bool:
        return label not in self.moves and label not in self.alike


class Ranked(msgspec.Struct, frozen=True, gc=False):
    """`label` with the probability that it is the right one."""

    label: str
    probability: float


NO = Ranked(NONE, 0.0)
SAFE = 0.03  # the probability of a red line below which nobody has to look twice
EXACT = 0.99  # how right an example is: whoever wrote it may have erred


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """`ranked` best first. `confidence` is the probability that the best of them is right, `inside` that the text has
    any of them at all. `topic` is the likeliest topic over all its labels, with its probability; `red` and `move` are the likeliest red line and
    move in a talk, with the probability that there is any."""

    ranked: tuple[Ranked, ...]
    confidence: float
    inside: float
    topic: Ranked = NO
    red: Ranked = NO
    move: Ranked = NO


class Groups(msgspec.Struct, frozen=True):
    """The columns, in this order: what is asked; the topics; red lines and moves, `NONE` the last of each. `topic_of`
    is the topic of each label, `nothing` the labels that we have no answer to, `sizes` how many examples each has."""

    labels: list[str]
    topics: list[str] = []
    red: list[str] = []
    moves: list[str] = []
    topic_of: list[int] = []
    nothing: list[int] = []
    sizes: list[int] = []

    @property
    def parts(self) -> list[slice]:
        ends = np.cumsum([len(self.labels), len(self.topics), len(self.red), len(self.moves)]).tolist()
        return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


class Blend(msgspec.Struct, frozen=True):
    """How much of each expert goes into the odds of a group, of the topics into those of the labels, and of the
    logarithm of how many examples a label has (others ask other things more often than our examples do)."""

    words: float = 4.0
    meaning: float = 0.0
    topics: float = 0.0
    often: float = 0.0


class Logistic(msgspec.Struct, frozen=True):
    """Logistic regression over `signs`."""

    weights: list[float]
    bias: float

    def __call__(self, signs: NDArray[np.float64]) -> NDArray[np.float64]:
        z = signs @ np.array(self.weights) + self.bias
        found: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
        return found


class Tried(NamedTuple):
    """A text that the experts had not seen: the probability of the likeliest answer, whether that was right, and whether
    there was any."""

    probability: float
    right: bool
    inside: bool


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may go wrong, in shares: of what is said plainly, so much may be `wrong`; of what is said at all, plainly or
    under the name of its question, so much may be `wrong_by_name`; of what we have an answer to, so much may be
    `refused`."""

    wrong: Share = 0.08
    wrong_by_name: Share = 0.20
    refused: Share = 0.03


BUDGET = Budget()


class Lines(msgspec.Struct, frozen=True):
    """The probabilities from which an answer is said plainly, is said under the name of its question, is asked about."""

    sure: float
    likely: float
    ask: float


class Judgement(msgspec.Struct, frozen=True):
    """What was learnt from texts that the experts had not seen, for words alone or for both of them. `line` is the value
    of `inside` below which the engine rejects; of `topics`, `meaning` is the weight of what their labels say; `tried` is how it went with some of the texts."""

    labels: Blend
    topics: Blend
    red: Blend
    moves: Blend
    right: Logistic
    inside: Logistic
    line: float
    tried: list[Tried] = []

    def lines(self, budget: Budget) -> Lines:
        """The lines that keep within a budget."""
        tried = sorted(self.tried, reverse=True)
        wrong = np.cumsum([not each.right for each in tried]) / np.arange(1, len(tried) + 1)
        sure, likely = (_lowest(tried, wrong <= most) for most in (budget.wrong, budget.wrong_by_name))
        answered = [each.probability for each in tried if each.inside]
        return Lines(sure, min(sure, likely), min(sure, likely, float(np.quantile(answered or [1.0], budget.refused))))


def _lowest(tried: Sequence[Tried], within: NDArray[np.bool_]) -> float:
    """The lowest probability down to which all is within."""
    return tried[int(np.flatnonzero(within)[-1])].probability if within.any() else 1.0


class Model(msgspec.Struct, frozen=True):
    """What a classifier is made of, beside its arrays. `sure` is the confidence from which words alone decide. `exact` is
    the label of texts by their essence: an example is right whatever the experts think. `questions` are the standard
    ones among the labels, `probes` some of the examples, and `fingerprint` is of all that it was trained on."""

    groups: Groups
    terms: list[str]
    words: Judgement
    both: Judgement | None
    encoder: str
    sure: float
    exact: dict[str, int] = {}
    questions: list[Question] = []
    probes: list[str] = []
    fingerprint: str = ""


class Arrays(NamedTuple):
    """Terms by columns in eighths of a byte's range, the scale and bias of each column, the squared rarity of each term;
    the weights and bias of the points' columns, and the examples that they are compared with."""

    rows: NDArray[np.int8]
    scale: Figures
    bias: Figures
    rarity: Figures
    weights: Figures
    constants: Figures
    examples: Figures


class Classifier:
    """Serves a `Model`. Without an encoder, or with another one than the model knows, words alone decide."""

    def __init__(self, model: Model, arrays: Arrays, encoder: Encoder | None = None) -> None:
        self.model = model
        self.labels = model.groups.labels
        self.arrays = arrays
        self.encoder = encoder if encoder and model.both and encoder.name == model.encoder else None
        self._vocabulary = {term: number for number, term in enumerate(model.terms)}
        self._parts = model.groups.parts

    def lines(self, budget: Budget) -> Lines:
        """Where what is likely enough begins."""
        judgement = self.model.both if self.encoder and self.model.both else self.model.words
        return judgement.lines(budget)

    @property
    def line(self) -> float:
        """The value of `inside` below which the engine rejects."""
        return (self.model.both or self.model.words).line if self.encoder else self.model.words.line

    def classify(self, readings: Sequence[Reading], most: int = 5) -> list[Verdict]:
        """The likeliest labels of each text."""
        found = {n: each for n, reading in enumerate(readings) if (each := self._exactly(reading)) is not None}
        others = [reading for n, reading in enumerate(readings) if n not in found]
        verdicts = (
            verdict
            for first in range(0, len(others), TOGETHER)
            for verdict in self._classify(others[first : first + TOGETHER], most)
        )
        return [found[n] if n in found else next(verdicts) for n in range(len(readings))]

    def _exactly(self, reading: Reading) -> Verdict | None:
        """An example, to the word: nothing has to be weighed."""
        number = self.model.exact.get(reading.essence)
        if number is None:
            return None
        groups, label = self.model.groups, self.labels[number]
        topic = Ranked(groups.topics[groups.topic_of[number]], EXACT) if groups.topics else NO
        right = 0.0 if number in groups.nothing else EXACT
        return Verdict(
            (Ranked(label, EXACT),), right, right, topic, Ranked(label, EXACT) if label in groups.red else NO
        )

    def _classify(self, readings: Sequence[Reading], most: int) -> list[Verdict]:
        words, known = self.of_words(readings)
        sizes = np.array([len(reading.essence) for reading in readings], dtype=np.float32)
        opinion = Opinion(self.model.groups, self.model.words, words, known, sizes)
        verdicts = opinion.verdicts(most)
        if self.encoder is None or self.model.both is None:
            return verdicts
        unsure = [n for n, verdict in enumerate(verdicts) if not self._is_sure(verdict)]
        if unsure:
            points = self.encoder.encode([readings[n].text for n in unsure])
            meaning, nearest = self.of_points(points)
            both = Opinion(
                self.model.groups, self.model.both, words[unsure], known[unsure], sizes[unsure], meaning, nearest
            )
            for n, verdict in zip(unsure, both.verdicts(most), strict=True):
                verdicts[n] = verdict
        return verdicts

    def _is_sure(self, verdict: Verdict) -> bool:
        """Nothing that the meaning could say would change what is done."""
        return verdict.confidence >= self.model.sure and not SAFE < verdict.red.probability < 1 - SAFE

    def of_words(self, readings: Sequence[Reading]) -> tuple[Figures, Figures]:
        """The margin of every column, a row a text, and the share of the text that is known."""
        found_in, unknown = self._vocabulary.get, len(self._vocabulary)
        found = [{unknown, *map(found_in, reading.features, repeat(unknown))} for reading in readings]
        sizes = list(map(len, found))
        numbers = np.fromiter(chain.from_iterable(found), np.intp, sum(sizes))
        starts = np.cumsum([0, *sizes[:-1]])
        rarity = np.add.reduceat(self.arrays.rarity.take(numbers), starts)
        sums = np.add.reduceat(self.arrays.rows.take(numbers, axis=0), starts, axis=0, dtype=np.float32)
        margins: Figures = sums * self.arrays.scale
        margins /= np.sqrt(np.maximum(rarity, TINY))[:, None]
        margins += self.arrays.bias
        lengths = np.array([max(1, len(set(reading.features))) for reading in readings], dtype=np.float32)
        return margins, (np.array(sizes, dtype=np.float32) - 1) / lengths

    def of_points(self, points: Figures) -> tuple[Figures, Figures]:
        """The log-odds of every column but the topics', and the likeness of the nearest example."""
        odds: Figures = points @ self.arrays.weights + self.arrays.constants
        nearest: Figures = (points @ self.arrays.examples.T).max(axis=1)
        return odds, nearest

    def save(self, path: Path) -> None:
        """Writes the model to one file, at once or not at all."""
        unfinished = path.with_suffix(".part")
        head = np.frombuffer(msgspec.json.encode(self.model), dtype=np.uint8)
        with unfinished.open("wb") as file:
            np.savez_compressed(file, head=head, **self.arrays._asdict())
        unfinished.replace(path)

    @staticmethod
    def load(path: Path, encoder: Encoder | None = None) -> "Classifier":
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            model = msgspec.json.decode(stored["head"].tobytes(), type=Model)
            # Rows are read one by one: they have to lie side by side.
            arrays = Arrays(*(np.ascontiguousarray(stored[name]) for name in Arrays._fields))
            return Classifier(model, arrays, encoder)


class Opinion:
    """What the experts say of some texts, blended by a judgement. `meaning` and `nearest` are None where words alone
    were read."""

    def __init__(
        self, groups: Groups, judgement: Judgement, words: Figures, known: Figures, sizes: Figures,
        meaning: Figures | None = None, nearest: Figures | None = None,
    ) -> None:  # fmt: skip
        self._groups = groups
        self._judgement = judgement
        self._words = words
        self._meaning = meaning
        labels, topics, self._red, self._moves = groups.parts
        odds = judgement.labels.words * words[:, labels]
        if meaning is not None:
            odds += judgement.labels.meaning * meaning[:, labels]
        if groups.topics:
            odds += judgement.labels.topics * words[:, topics][:, groups.topic_of]
        odds += judgement.labels.often * np.log(np.array(groups.sizes, dtype=np.float32))
        self.shares = softmax(odds)
        self.signs = signs(groups, self.shares, words[:, labels], known, sizes, meaning, nearest)

    def probabilities(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of each label the probability that it is right. Where the best is an answer of ours, how far to trust it was
        learnt, and the others keep their distance to it."""
        best = self.shares.argmax(axis=1)
        answers = np.ones(self.shares.shape[1], dtype=bool)
        answers[self._groups.nothing] = False
        trust = np.where(answers[best], right / self.shares[np.arange(len(best)), best], 1.0)
        return np.where(answers, np.minimum(1.0, self.shares * trust[:, None]), self.shares)

    def group(self, part: slice, blend: Blend) -> Figures:
        """The probabilities of red lines or moves."""
        odds = blend.words * self._words[:, part]
        if self._meaning is not None:
            topics = len(self._groups.topics)
            odds += blend.meaning * self._meaning[:, part.start - topics : part.stop - topics]
        return softmax(odds)

    def verdicts(self, most: int) -> list[Verdict]:
        order = np.argsort(-self.shares, axis=1)[:, :most]
        right, inside = self._judgement.right(self.signs), self._judgement.inside(self.signs)
        shares = np.take_along_axis(self.probabilities(right), order, axis=1)
        topics = self._topics()
        red = self._likeliest(self._red, self._judgement.red, self._groups.red)
        moves = self._likeliest(self._moves, self._judgement.moves, self._groups.moves)
        labels = self._groups.labels
        return [
            Verdict(tuple(Ranked(labels[n], share) for n, share in zip(*row, strict=True)), *rest)
            for *row, rest in zip(
                order.tolist(),
                shares.tolist(),
                zip(right.tolist(), inside.tolist(), topics, red, moves, strict=True),
                strict=True,
            )
        ]

    def _topics(self) -> list[Ranked]:
        if not self._groups.topics:
            return [NO] * len(self.shares)
        blend = self._judgement.topics
        shares = softmax(blend.words * self._words[:, self._groups.parts[1]] + blend.meaning * self.topic_shares())
        best = shares.argmax(axis=1)
        likely = shares[np.arange(len(best)), best]
        return [Ranked(self._groups.topics[n], share) for n, share in zip(best.tolist(), likely.tolist(), strict=True)]

    def topic_shares(self) -> Figures:
        """The logarithm of what the labels of each topic have together."""
        of_label = np.eye(len(self._groups.topics), dtype=np.float32)[self._groups.topic_of]
        shares: Figures = np.log(self.shares @ of_label + np.float32(1e-4))
        return shares

    def _likeliest(self, part: slice, blend: Blend, names: Sequence[str]) -> list[Ranked]:
        """Of each text the red line or move that is likeliest, with the probability that there is any."""
        if not names:
            return [NO] * len(self._words)
        shares = self.group(part, blend)
        best = shares[:, :-1].argmax(axis=1)
        any_ = 1 - shares[:, -1]
        return [Ranked(names[n], share) for n, share in zip(best.tolist(), any_.tolist(), strict=True)]


def softmax(odds: Figures) -> Figures:
    odds = np.exp(odds - odds.max(axis=1, keepdims=True))
    shares: Figures = odds / odds.sum(axis=1, keepdims=True)
    return shares


def signs(
    groups: Groups, shares: Figures, words: Figures, known: Figures, sizes: Figures,
    meaning: Figures | None, nearest: Figures | None,
) -> NDArray[np.float64]:  # fmt: skip
    """What tells how far the best label can be trusted: its share, its lead, the share of what we have no answer to, the
    margin of the words, how much of them is known, the length; where the meaning was read, whether that agrees and how
    near the nearest example is."""
    rows = np.arange(len(shares))
    best = shares.argmax(axis=1)
    second = np.partition(shares, -2, axis=1)[:, -2] if shares.shape[1] > 1 else np.zeros(len(shares))
    top = shares[rows, best]
    outside = shares[:, groups.nothing].sum(axis=1)
    found = [
        np.log(top / (1 - top + 1e-4)), np.log((top + 1e-4) / (second + 1e-4)), np.log((outside + 1e-3) / (1 - outside + 1e-3)),
        words[rows, best], known, np.log1p(sizes),
    ]  # fmt: skip
    if meaning is not None and nearest is not None:
        odds = softmax(meaning[:, : len(groups.labels)])
        found += [np.log(odds[rows, best] + 1e-4), nearest]
    return np.column_stack(found).astype(np.float64)
