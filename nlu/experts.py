"""Two experts learn what texts ask: linear support vectors over their words, a softmax over their points. Each has a
column for every label, topic, red line and move in a talk.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from nlu.classifier import Arrays
from nlu.features import Reading
from nlu.judgement import NONE, Figures, Groups, Scheme

REGULARISATION = 1.0  # the smaller, the less a wrongly labelled example matters
EXAMPLES = 2048  # that a point is compared with
DROPPED, RATE, DECAY, PASSES, BATCH = 0.2, 2e-3, 1e-3, 8, 512  # of the softmax over points
SCALE = np.float32(22.6)  # makes the 512 numbers of a point of length one about one each

Texts = Sequence[Reading]
Rows = NDArray[np.bool_]
Labels = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Seen:
    """Examples as the experts read them; `points` has no columns where there is no encoder."""

    labels: Labels
    words: csr_matrix
    points: Figures
    readings: Texts
    weights: Figures

    def __getitem__(self, rows: Rows) -> "Seen":
        chosen = [reading for reading, taken in zip(self.readings, rows, strict=True) if taken]
        return Seen(self.labels[rows], self.words[rows], self.points[rows], chosen, self.weights[rows])


@dataclass(frozen=True, slots=True)
class Experts:
    """Fitted on some rows: a column for each of `groups`."""

    groups: Groups
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    meaning: Figures
    constants: Figures
    examples: Figures


def groups_of(labels: Labels, scheme: Scheme) -> Groups:
    """The columns for these labels."""
    asked = sorted({str(label) for label in labels if scheme.asks(str(label))})
    topics = sorted({scheme.topics[label] for label in asked}) if scheme.topics else []
    present = set(labels)
    red, moves = sorted(scheme.red & present), sorted(scheme.moves & present)
    return Groups(
        labels=asked,
        topics=topics,
        red=[*red, NONE] if red else [],
        moves=[*moves, NONE] if moves else [],
        topic_of=[topics.index(scheme.topics[label]) for label in asked] if topics else [],
        nothing=[number for number, label in enumerate(asked) if label in scheme.nothing],
        sizes=[int((labels == label).sum()) for label in asked],
    )


def targets(groups: Groups, labels: Labels, scheme: Scheme) -> list[tuple[list[str], NDArray[np.str_], Rows]]:
    """For each group of columns: their names, what each row is in it, and the rows that say anything about it."""
    asked = np.array([scheme.asks(str(label)) for label in labels])
    topics = np.array([scheme.topics.get(str(label), "") for label in labels])
    red = np.array([label if label in groups.red else NONE for label in labels])
    moves = np.array([label if label in groups.moves else NONE for label in labels])
    every = np.ones(len(labels), dtype=bool)
    return [
        (groups.labels, labels, asked), (groups.topics, topics, asked), (groups.red, red, every), (groups.moves, moves, every),
    ]  # fmt: skip


def fit(seen: Seen, scheme: Scheme, *, asked: bool = True) -> Experts:
    """`asked` is False where only red lines and moves are wanted: what is asked takes most of the time."""
    groups = groups_of(seen.labels, scheme)
    fitted = [
        (
            _support_vectors(seen.words[rows], truth[rows], names, seen.weights[rows]),
            _softmax(seen.points[rows], truth[rows], names, number == 1),
        )
        if asked or number > 1
        else _nothing(seen, names, number == 1)
        for number, (names, truth, rows) in enumerate(targets(groups, seen.labels, scheme))
        if names
    ]
    return Experts(
        groups,
        np.vstack([weights for (weights, _), _ in fitted]),
        np.concatenate([bias for (_, bias), _ in fitted]),
        np.hstack([weights for _, (weights, _) in fitted]),
        np.concatenate([bias for _, (_, bias) in fitted]),
        _some(seen, scheme),
    )


def _nothing(
    seen: Seen, names: Sequence[str], skip: bool
) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], tuple[Figures, Figures]]:
    """Columns that say nothing."""
    meant = 0 if skip else len(names)
    return (np.zeros((len(names), seen.words.shape[1])), np.zeros(len(names))), (
        np.zeros((seen.points.shape[1], meant), np.float32), np.zeros(meant, np.float32),
    )  # fmt: skip


def _support_vectors(
    texts: csr_matrix, labels: Labels, names: Sequence[str], weights: Figures
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One against the rest: a row a name."""
    machine = LinearSVC(C=REGULARISATION, random_state=0).fit(texts, labels, sample_weight=weights)
    columns, bias = machine.coef_, machine.intercept_
    if len(machine.classes_) == 2:  # one column stands for both
        columns, bias = np.vstack([-columns, columns]), np.concatenate([-bias, bias])
    order = [list(machine.classes_).index(name) for name in names]
    return columns[order], bias[order]


def _softmax(points: Figures, labels: Labels, names: Sequence[str], skip: bool) -> tuple[Figures, Figures]:
    """Multinomial logistic regression by Adam with dropout: as good as a solver's, in a tenth of its time."""
    size = points.shape[1]
    if skip or not size:
        return np.zeros((size, 0 if skip else len(names)), np.float32), np.zeros(0 if skip else len(names), np.float32)
    random = np.random.RandomState(0)
    column = {name: number for number, name in enumerate(names)}
    truth = np.array([column[label] for label in labels])
    given = [np.zeros((size, len(names)), np.float32), np.zeros(len(names), np.float32)]
    means, squares = [np.zeros_like(each) for each in given], [np.zeros_like(each) for each in given]
    steps = PASSES * -(-len(truth) // BATCH)
    passes = max(PASSES, 200 * PASSES // max(1, steps))  # few examples are gone through more often
    steps = passes * -(-len(truth) // BATCH)
    step = 0
    for _ in range(passes):
        order = random.permutation(len(truth))
        for first in range(0, len(order), BATCH):
            rows = order[first : first + BATCH]
            kept = random.random_sample((len(rows), size)) > DROPPED
            inputs = points[rows] * kept.astype(np.float32) * (SCALE / np.float32(1 - DROPPED))
            odds = inputs @ given[0] + given[1]
            odds = np.exp(odds - odds.max(axis=1, keepdims=True))
            shares = odds / odds.sum(axis=1, keepdims=True)
            shares[np.arange(len(rows)), truth[rows]] -= 1
            shares /= len(rows)
            step += 1
            rate = RATE * (1 - step / (steps + 1))
            for n, slope in enumerate((inputs.T @ shares, shares.sum(axis=0))):
                means[n] += 0.1 * (slope - means[n])
                squares[n] += 0.01 * (slope * slope - squares[n])
                ahead = means[n] / (1 - 0.9**step) / (np.sqrt(squares[n] / (1 - 0.99**step)) + 1e-8)
                given[n] -= rate * (ahead + DECAY * given[n])
    return given[0] * SCALE, given[1]


def _some(seen: Seen, scheme: Scheme) -> Figures:
    """Points of examples of what we answer, as many of each label."""
    answered = [n for n, label in enumerate(seen.labels) if scheme.asks(str(label)) and label not in scheme.nothing]
    random = np.random.RandomState(0)
    taken: Counter[str] = Counter()
    most = max(1, EXAMPLES // max(1, len({str(seen.labels[n]) for n in answered})))
    chosen = []
    for n in random.permutation(answered) if len(answered) > EXAMPLES else answered:
        label = str(seen.labels[n])
        taken[label] += 1
        if taken[label] <= most or len(answered) <= EXAMPLES:
            chosen.append(n)
    return seen.points[chosen]


def arrays(experts: Experts, rarity: NDArray[np.float64]) -> Arrays:
    """As `Classifier` wants them: behind the terms, zeros for all that is unknown."""
    weights = experts.weights.T * rarity[:, None]
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    rows = np.ascontiguousarray(np.vstack([np.rint(weights / scale), np.zeros((1, weights.shape[1]))]), dtype=np.int8)
    return Arrays(
        rows, scale.astype(np.float32), experts.bias.astype(np.float32), np.append(rarity**2, 0).astype(np.float32),
        experts.meaning, experts.constants, experts.examples,
    )  # fmt: skip
