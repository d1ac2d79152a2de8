"""What a text asks, how sure that is, whether it crosses a red line, whether it is a move in a talk.

Two experts read a text: one its words and characters (linear support vectors), one its meaning (a softmax over what a
sentence encoder makes of it). Each has a column for every label; what they say is blended with
weights that were learnt from texts neither had seen, and so is the probability that the best label is right. Reading
the meaning costs several times what everything else does: it is asked where the words alone are not sure.

Trained by `nlu.training`; serving needs numpy alone. What is asked at the same moment is classified together: most of
what one text alone costs is numpy being called.
"""

from collections.abc import Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from nlu.encoder import Encoder
from nlu.features import Reading
from nlu.judgement import NO, Budget, Evidence, Figures, Groups, Judgement, Lines, Opinion, Ranked, Verdict
from nlu.questions import Question

TOGETHER = 64  # texts at a time: what fits into a processor's cache is added up several times as fast
TINY = np.float32(1e-6)
SAFE = 0.03  # the probability of a red line below which nobody has to look twice
EXACT = 0.99  # how right an example is: whoever wrote it may have erred


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
    """Terms by columns, in parts of the `scale` of each column, with its bias, and the squared rarity of each term; the
    weights and constants of the meaning's columns, and points of examples that others are compared with."""

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
        opinion = Opinion(self.model.groups, self.model.words, Evidence(words, known, sizes))
        verdicts = opinion.verdicts(most)
        if self.encoder is None or self.model.both is None:
            return verdicts
        unsure = [n for n, verdict in enumerate(verdicts) if not self._is_sure(verdict)]
        if unsure:
            points = self.encoder.encode([readings[n].text for n in unsure])
            meaning, nearest = self.of_points(points)
            evidence = Evidence(words[unsure], known[unsure], sizes[unsure], meaning, nearest)
            both = Opinion(self.model.groups, self.model.both, evidence)
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
