"""Which intent a text has, how sure that is, and whether it is any of them: a linear model served from arrays.

Trained by `nlu.training`; serving needs numpy alone and costs some 30 µs a text.
"""

import math
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from nlu.features import features

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

    def inside(self, best: float, lead: float, outside: float) -> float:
        z = self.weights[0] * best + self.weights[1] * lead + self.weights[2] * outside + self.bias
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


class _Stored(msgspec.Struct):
    labels: list[str]
    terms: list[str]
    sharpness: float
    rejection: Rejection


class Classifier:
    """`labels` without `OUTSIDE`, which is a column of the model where the training data has such rows."""

    def __init__(
        self,
        labels: list[str],
        vocabulary: dict[str, int],
        rarity: NDArray[np.float32],
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        sharpness: float,
        rejection: Rejection,
    ) -> None:
        self.labels = labels
        self.rejection = rejection
        self._vocabulary = vocabulary
        self._rarity = rarity
        self._weights = weights  # one row a term: a text's rows are gathered in one step
        self._bias = bias
        self._sharpness = sharpness
        self._outside = labels.index(OUTSIDE) if OUTSIDE in labels else None

    def margins(self, text: str) -> NDArray[np.float32]:
        """The decision value of each label, in the order of `labels`."""
        known = self._vocabulary
        found = {known[name] for name in features(text) if name in known}
        if not found:
            return self._bias
        rows = np.fromiter(found, dtype=np.int32, count=len(found))
        values = self._rarity[rows]
        values /= math.sqrt(float(values @ values))
        margins: NDArray[np.float32] = values @ self._weights[rows] + self._bias
        return margins

    def classify(self, text: str, most: int = 5) -> Verdict:
        """The likeliest labels of a text."""
        margins = self.margins(text)
        outside = -1.0
        if self._outside is not None:
            outside = float(margins[self._outside])
            margins = margins.copy()
            margins[self._outside] = -1e9
        order = np.argsort(-margins)[:most]
        best = float(margins[order[0]])
        lead = best - float(margins[order[1]]) if len(order) > 1 else 1.0
        odds = np.exp(self._sharpness * (margins - best))
        share = odds / odds.sum()
        ranked = tuple(Ranked(self.labels[i], float(share[i])) for i in order.tolist() if i != self._outside)
        return Verdict(ranked, self.rejection.inside(best, lead, outside))

    def save(self, path: Path) -> None:
        """Writes the model to one file, at once or not at all."""
        terms = sorted(self._vocabulary, key=self._vocabulary.__getitem__)
        head = msgspec.json.encode(_Stored(self.labels, terms, self._sharpness, self.rejection))
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.savez(
                file,
                head=np.frombuffer(head, dtype=np.uint8),
                rarity=self._rarity,
                weights=self._weights,
                bias=self._bias,
            )
        unfinished.replace(path)

    @staticmethod
    def load(path: Path) -> "Classifier":
        with np.load(path, allow_pickle=False) as stored:
            head = msgspec.json.decode(stored["head"].tobytes(), type=_Stored)
            vocabulary = {term: number for number, term in enumerate(head.terms)}
            return Classifier(
                head.labels,
                vocabulary,
                stored["rarity"],
                stored["weights"],
                stored["bias"],
                head.sharpness,
                head.rejection,
            )
