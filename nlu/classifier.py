"""Which intent a text has, how sure that is, and whether it is any of them: a linear model served from arrays.

Trained by `nlu.training`; serving needs numpy alone. What is asked at the same moment is classified together: most of
what one text alone costs is numpy being called.
"""

from collections.abc import Sequence
from itertools import chain, repeat
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from nlu.features import Reading

Figures = NDArray[np.floating]
TOGETHER = 64  # texts at a time: what fits into a processor's cache is added up several times as fast
TINY = np.float32(1e-6)
OUTSIDE = "oos"  # the label of examples that belong to no intent


class Ranked(msgspec.Struct, frozen=True, gc=False):
    """`label` with the probability that it is the right one among all labels."""

    label: str
    probability: float


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """`ranked` best first. `inside` is the probability that the text has any of the intents at all."""

    ranked: tuple[Ranked, ...]
    inside: float

    @property
    def confidence(self) -> float:
        """The probability that the best label is right."""
        return self.ranked[0].probability * self.inside


class Rejection(msgspec.Struct, frozen=True):
    """Logistic regression over the margin of the best label, its lead, and the margin of `OUTSIDE`.

    `line` is the value of `inside` below which the engine rejects.
    """

    weights: tuple[float, float, float]
    bias: float
    line: float

    def inside(self, best: Figures, lead: Figures, outside: Figures) -> Figures:
        z = self.weights[0] * best + self.weights[1] * lead + self.weights[2] * outside + self.bias
        found: Figures = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
        return found


class _Stored(msgspec.Struct):
    labels: list[str]
    terms: list[str]
    sharpness: float
    rejection: Rejection


class Classifier:
    """`labels` without `OUTSIDE`, which is a column of the model where the training data has such rows.

    `rows` has one a term: what it adds to each label's margin, and last, to the square of the text's length. Behind
    them is one of zeros, for all that is unknown.
    """

    def __init__(
        self,
        labels: list[str],
        vocabulary: dict[str, int],
        rows: NDArray[np.float32],
        bias: NDArray[np.float32],
        sharpness: float,
        rejection: Rejection,
    ) -> None:
        self.labels = labels
        self.rejection = rejection
        self._vocabulary = vocabulary
        self._rows = rows
        self._bias = bias
        self._sharpness = sharpness
        self._outside = labels.index(OUTSIDE) if OUTSIDE in labels else None

    def _margins(self, readings: Sequence[Reading]) -> NDArray[np.float32]:
        """The decision value of each label in the order of `labels`, a row a text."""
        known, unknown = self._vocabulary.get, len(self._vocabulary)
        found = [{unknown, *map(known, reading.features, repeat(unknown))} for reading in readings]
        sizes = list(map(len, found))
        rows = self._rows.take(np.fromiter(chain.from_iterable(found), np.intp, sum(sizes)), axis=0)
        sums = np.add.reduceat(rows, np.cumsum([0, *sizes[:-1]]), axis=0)
        margins: NDArray[np.float32] = sums[:, :-1]
        margins /= np.sqrt(np.maximum(sums[:, -1:], TINY))
        margins += self._bias
        return margins

    def classify(self, readings: Sequence[Reading], most: int = 5) -> list[Verdict]:
        """The likeliest labels of each text."""
        return [
            verdict
            for first in range(0, len(readings), TOGETHER)
            for verdict in self._classify(readings[first : first + TOGETHER], most)
        ]

    def _classify(self, readings: Sequence[Reading], most: int) -> list[Verdict]:
        margins = self._margins(readings)
        outside = np.full(len(readings), -1.0)
        if self._outside is not None:
            outside = margins[:, self._outside].astype(np.float64)
            margins[:, self._outside] = -1e9
        order = np.argsort(-margins, axis=1)[:, :most]
        row = np.arange(len(readings))[:, None]
        ordered = margins[row, order]
        best = ordered[:, 0]
        lead = best - ordered[:, 1] if ordered.shape[1] > 1 else np.ones_like(best)
        odds = np.exp(self._sharpness * (margins - best[:, None]))
        shares = odds[row, order] / odds.sum(axis=1, keepdims=True)
        inside = self.rejection.inside(best, lead, outside)
        return [
            Verdict(
                tuple(Ranked(self.labels[n], share) for n, share in zip(*row, strict=True) if n != self._outside), whole
            )
            for *row, whole in zip(order.tolist(), shares.tolist(), inside.tolist(), strict=True)
        ]

    def save(self, path: Path) -> None:
        """Writes the model to one file, at once or not at all."""
        terms = sorted(self._vocabulary, key=self._vocabulary.__getitem__)
        head = msgspec.json.encode(_Stored(self.labels, terms, self._sharpness, self.rejection))
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.savez(file, head=np.frombuffer(head, dtype=np.uint8), rows=self._rows, bias=self._bias)
        unfinished.replace(path)

    @staticmethod
    def load(path: Path) -> "Classifier":
        with np.load(path, allow_pickle=False) as stored:
            head = msgspec.json.decode(stored["head"].tobytes(), type=_Stored)
            vocabulary = {term: number for number, term in enumerate(head.terms)}
            return Classifier(head.labels, vocabulary, stored["rows"], stored["bias"], head.sharpness, head.rejection)
