"""Trains the classifier: linear support vectors over TF-IDF, with what it takes to know how sure they are.

scikit-learn (100 MB, 0.8 s to import) is needed here alone, and runs in a process of its own: the server never
imports this module.

Sureness is learnt from texts the model has not seen. Cross-validation gives the sharpness of the probabilities.
Rejection is learnt by leaving whole intents out: their texts are, to a model that never met them, what a resident's
stray question is.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from nlu.classifier import OUTSIDE, Classifier, Rejection
from nlu.features import features

FOLDS = 3
REGULARISATIONS = (0.1, 0.3, 1.0)  # the smaller, the less a wrongly labelled example matters
RARE = 2  # texts that a feature must occur in: what occurs once is mostly noise, and half of the memory
SEARCHED = 3000  # rows that the choice among these is made on
KEPT = 0.85  # share of in-scope texts that the line lets through at least
TOLD = 50  # examples labelled `OUTSIDE` from which on they alone teach the rejection

Margins = NDArray[np.float64]
Labels = NDArray[np.str_]


class TrainingError(Exception):
    """The examples cannot be learnt from."""


@dataclass(frozen=True, slots=True)
class _Model:
    labels: list[str]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def margins(self, texts: csr_matrix) -> Margins:
        found: Margins = texts @ self.weights.T + self.bias
        return found


def train(examples: Sequence[tuple[str, str]]) -> Classifier:
    """Learns from `(label, text)`; rows labelled `OUTSIDE` teach what to reject. Same rows, same model."""
    labels = np.array([label for label, _ in examples])
    if len(set(labels) - {OUTSIDE}) < 2:
        raise TrainingError("at least two intents with examples are needed")
    vectorizer = TfidfVectorizer(analyzer=features, binary=True, min_df=RARE, dtype=np.float32)
    texts = vectorizer.fit_transform([text for _, text in examples])
    regularisation = _regularisation(texts, labels)
    model = _fit(texts, labels, regularisation)
    unseen = _unseen(texts, labels, regularisation)
    return Classifier(
        model.labels,
        {term: int(number) for term, number in vectorizer.vocabulary_.items()},
        _rows(model.weights, vectorizer.idf_),
        model.bias.astype(np.float32),
        _sharpness(model.labels, unseen, labels),
        _rejection(texts, labels, model.labels, unseen, regularisation),
    )


def _rows(weights: NDArray[np.float64], rarity: NDArray[np.float64]) -> NDArray[np.float32]:
    """One a term, as `Classifier` wants them."""
    known = np.column_stack([weights.T * rarity[:, None], rarity**2])
    return np.vstack([known, np.zeros(known.shape[1])]).astype(np.float32)


def _fit(texts: csr_matrix, labels: Labels, regularisation: float) -> _Model:
    machine = LinearSVC(C=regularisation, random_state=0).fit(texts, labels)
    weights, bias = machine.coef_, machine.intercept_
    if len(machine.classes_) == 2:  # one column stands for both
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    return _Model([str(label) for label in machine.classes_], weights, bias)


def _folds(labels: Labels, count: int) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """(train, test) masks; each label is spread over the folds, and a label with one row is always trained on."""
    seen: Counter[str] = Counter()
    order = np.random.RandomState(0).permutation(len(labels))
    fold = np.zeros(len(labels), dtype=int)
    for row in order:
        fold[row] = seen[labels[row]] % count
        seen[labels[row]] += 1
    single = np.array([seen[label] == 1 for label in labels])
    for number in range(count):
        test = (fold == number) & ~single
        if test.any() and len(set(labels[~test])) > 1:
            yield ~test, test


def _regularisation(texts: csr_matrix, labels: Labels) -> float:
    rows = np.random.RandomState(0).permutation(len(labels))[:SEARCHED]
    if len(set(labels[rows])) < 2:
        return REGULARISATIONS[-1]
    right = dict.fromkeys(REGULARISATIONS, 0)
    for trained, tested in _folds(labels[rows], FOLDS):
        for value in REGULARISATIONS:
            model = _fit(texts[rows[trained]], labels[rows[trained]], value)
            best = np.array(model.labels)[model.margins(texts[rows[tested]]).argmax(axis=1)]
            right[value] += int((best == labels[rows[tested]]).sum())
    return max(REGULARISATIONS, key=lambda value: (right[value], value))


def _unseen(texts: csr_matrix, labels: Labels, regularisation: float) -> Margins:
    """The margins of each row by a model that was not trained on it; NaN where there is none."""
    all_labels = sorted(set(labels))
    column = {label: number for number, label in enumerate(all_labels)}
    found = np.full((len(labels), len(all_labels)), np.nan)
    for trained, tested in _folds(labels, FOLDS):
        model = _fit(texts[trained], labels[trained], regularisation)
        margins = np.full((int(tested.sum()), len(all_labels)), -1.0)
        margins[:, [column[label] for label in model.labels]] = model.margins(texts[tested])
        found[tested] = margins
    return found


def _sharpness(all_labels: list[str], unseen: Margins, labels: Labels) -> float:
    """The factor before the softmax that makes the unseen rows likeliest."""
    rows = ~np.isnan(unseen[:, 0]) & (labels != OUTSIDE)
    if not rows.any():
        return 4.0
    kept = [number for number, label in enumerate(all_labels) if label != OUTSIDE]
    margins = unseen[rows][:, kept]
    column = {all_labels[number]: position for position, number in enumerate(kept)}
    right = np.array([column[label] for label in labels[rows]])

    def loss(factor: float) -> float:
        scaled = factor * (margins - margins.max(axis=1, keepdims=True))
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(right)), right]).mean())

    return min((float(factor) for factor in np.geomspace(0.5, 30, 40)), key=loss)


def _signs(margins: Margins, labels: list[str]) -> Margins:
    """What the rejection looks at: the best margin, its lead, the margin of `OUTSIDE`."""
    outside = np.full(len(margins), -1.0)
    if OUTSIDE in labels:
        column = labels.index(OUTSIDE)
        outside = margins[:, column]
        margins = np.delete(margins, column, axis=1)
    ordered = np.sort(margins, axis=1)
    lead = ordered[:, -1] - ordered[:, -2] if ordered.shape[1] > 1 else np.ones(len(ordered))
    return np.column_stack([ordered[:, -1], lead, outside])


def _rejection(
    texts: csr_matrix, labels: Labels, all_labels: list[str], unseen: Margins, regularisation: float
) -> Rejection:
    known = ~np.isnan(unseen[:, 0])
    signs = [_signs(unseen[known], all_labels)]
    inside = [labels[known] != OUTSIDE]
    if int((~inside[0]).sum()) < TOLD:
        for left_out, model in _without_some(texts, labels, regularisation):
            signs.append(_signs(model.margins(texts[left_out]), model.labels))
            inside.append(np.zeros(int(left_out.sum()), dtype=bool))
    table, truth = np.vstack(signs), np.concatenate(inside)
    if truth.all() or not truth.any():
        return Rejection((1.0, 0.0, 0.0), 1.0, 0.0)
    spread = table.std(axis=0)
    spread[spread < 1e-6] = 1.0
    learnt = LogisticRegression(class_weight="balanced").fit(table / spread, truth)
    weights = learnt.coef_[0] / spread
    rejection = Rejection((float(weights[0]), float(weights[1]), float(weights[2])), float(learnt.intercept_[0]), 0.0)
    values = rejection.inside(*table.T)
    return Rejection(rejection.weights, rejection.bias, _line(values[truth], values[~truth]))


def _without_some(
    texts: csr_matrix, labels: Labels, regularisation: float
) -> Iterator[tuple[NDArray[np.bool_], _Model]]:
    """Models that never met some of the intents, with the rows of those."""
    groups = np.random.RandomState(0).permutation(sorted(set(labels) - {OUTSIDE}))
    for number in range(FOLDS):
        left_out = np.isin(labels, groups[number::FOLDS])
        if left_out.any() and len(set(labels[~left_out]) - {OUTSIDE}) > 1:
            yield left_out, _fit(texts[~left_out], labels[~left_out], regularisation)


def _line(inside: Margins, outside: Margins) -> float:
    """Where the shares of rightly kept and of rightly rejected texts add up to most, keeping at least `KEPT`."""
    candidates = np.quantile(inside, np.linspace(0.01, 1 - KEPT, 15))
    gains = [float((inside >= line).mean() + (outside < line).mean()) for line in candidates]
    return float(candidates[int(np.argmax(gains))])
