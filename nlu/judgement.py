"""What experts say of a text, weighed: the probability of each label, of a red line, of a move in a talk; and how far
the best can be trusted.

What is weighed, and how, was learnt from texts that the experts had not seen (`nlu.training`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Figures = NDArray[np.float32]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
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


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """`ranked` best first. `confidence` is the probability that the best of them is right, `inside` that the text has
    any of them at all. `topic` is the likeliest topic over all its labels, with its probability; `red` and `move` are the
    likeliest red line and move in a talk, with the probability that there is any."""

    ranked: tuple[Ranked, ...]
    confidence: float
    inside: float
    topic: Ranked = NO
    red: Ranked = NO
    move: Ranked = NO


class Groups(msgspec.Struct, frozen=True, dict=True):
    """The columns, in this order: what is asked; the topics; red lines and moves, `NONE` the last of each. `topic_of`
    is the topic of each label, `nothing` the labels that we have no answer to, `sizes` how many examples each has."""

    labels: list[str]
    topics: list[str] = []
    red: list[str] = []
    moves: list[str] = []
    topic_of: list[int] = []
    nothing: list[int] = []
    sizes: list[int] = []

    @cached_property
    def parts(self) -> list[slice]:
        ends = np.cumsum([len(self.labels), len(self.topics), len(self.red), len(self.moves)]).tolist()
        return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]

    @cached_property
    def of_topics(self) -> NDArray[np.intp]:
        return np.array(self.topic_of, dtype=np.intp)

    @cached_property
    def in_topics(self) -> Figures:
        """A row a label, a column a topic: 1 where it is of that."""
        return np.eye(len(self.topics), dtype=np.float32)[self.of_topics]

    @cached_property
    def unanswered(self) -> NDArray[np.intp]:
        return np.array(self.nothing, dtype=np.intp)

    @cached_property
    def answered(self) -> NDArray[np.bool_]:
        """Of each label whether it is none of those."""
        return ~np.isin(np.arange(len(self.labels)), self.unanswered)

    @cached_property
    def often(self) -> Figures:
        """The logarithm of each label's examples."""
        return np.log(np.array(self.sizes, dtype=np.float32))


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
    of `inside` below which the engine rejects; of `topics`, `meaning` is the weight of what their labels say, and
    `topic_right` tells from the log-odds of the likeliest how often it is; `tried` is how it went with some of the texts."""

    labels: Blend
    topics: Blend
    red: Blend
    moves: Blend
    right: Logistic
    inside: Logistic
    line: float
    tried: list[Tried] = []
    topic_right: Logistic = Logistic([1.0], 0.0)

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


class Evidence(NamedTuple):
    """What the experts say of some texts, how much of their words is known, and how long they are; what their meaning says
    and how near the nearest example is, None where words alone were read."""

    words: Figures
    known: Figures
    sizes: Figures
    meaning: Figures | None = None
    nearest: Figures | None = None


class Opinion:
    """What is to be thought of some texts: the evidence, blended by a judgement."""

    def __init__(self, groups: Groups, judgement: Judgement, evidence: Evidence) -> None:
        words, meaning = evidence.words, evidence.meaning
        self._groups = groups
        self._judgement = judgement
        self._words = words
        self._meaning = meaning
        labels, topics, self._red, self._moves = groups.parts
        odds = judgement.labels.words * words[:, labels]
        if meaning is not None:
            odds += judgement.labels.meaning * meaning[:, labels]
        if groups.topics:
            odds += judgement.labels.topics * words[:, topics][:, groups.of_topics]
        odds += judgement.labels.often * groups.often
        self.shares = softmax(odds)
        self.signs = signs(groups, self.shares, evidence._replace(words=words[:, labels]))

    def probabilities(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of each label the probability that it is right. Where the best is an answer of ours, how far to trust it was
        learnt, and the others have no more than that leaves."""
        rows, best = np.arange(len(self.shares)), self.shares.argmax(axis=1)
        top = self.shares[rows, best].astype(np.float64)
        ours = self._groups.answered[best]
        found = self.shares * np.where(ours, np.minimum(1, (1 - right) / (1 - top + 1e-6)), 1.0)[:, None]
        found[rows, best] = np.where(ours, right, top)
        return np.minimum(1.0, found)

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
        best, signs = self.likeliest_topics()
        likely = self._judgement.topic_right(signs)
        return [Ranked(self._groups.topics[n], share) for n, share in zip(best.tolist(), likely.tolist(), strict=True)]

    def likeliest_topics(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Of each text the likeliest topic, and the log-odds of it as a column of signs."""
        blend = self._judgement.topics
        shares = softmax(blend.words * self._words[:, self._groups.parts[1]] + blend.meaning * self.topic_shares())
        best = shares.argmax(axis=1)
        top = shares[np.arange(len(best)), best].astype(np.float64)
        return best, np.log((top + 1e-4) / (1 - top + 1e-4))[:, None]

    def topic_shares(self) -> Figures:
        """The logarithm of what the labels of each topic have together."""
        shares: Figures = np.log(self.shares @ self._groups.in_topics + np.float32(1e-4))
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


def signs(groups: Groups, shares: Figures, evidence: Evidence) -> NDArray[np.float64]:
    """What tells how far the best label can be trusted: its share, its lead, the share of what we have no answer to, the
    margin of the words, how much of them is known, the length; where the meaning was read, whether that agrees and how
    near the nearest example is."""
    words, known, sizes, meaning, nearest = evidence
    rows = np.arange(len(shares))
    best = shares.argmax(axis=1)
    second = np.partition(shares, -2, axis=1)[:, -2] if shares.shape[1] > 1 else np.zeros(len(shares))
    top = shares[rows, best]
    outside = shares[:, groups.unanswered].sum(axis=1)
    found = [
        np.log(top / (1 - top + 1e-4)), np.log((top + 1e-4) / (second + 1e-4)), np.log((outside + 1e-3) / (1 - outside + 1e-3)),
        words[rows, best], known, np.log1p(sizes),
    ]  # fmt: skip
    if meaning is not None and nearest is not None:
        odds = softmax(meaning[:, : len(groups.labels)])
        found += [np.log(odds[rows, best] + 1e-4), nearest]
    return np.column_stack(found).astype(np.float64)
