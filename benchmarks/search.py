"""`python -m benchmarks.search`: learns how sure a search may be, prints the weights of `knowledge.sureness` and what they
do. `python -m benchmarks.search speed`: what a question costs among 100 000 entries.

Standard questions stand for a centre's own: a few labels become entries with one to three of their sentences, others of
their sentences are asked, and as many of labels that are no entries. Half of the labels are learnt from; of the other
half, sentences by authors who had seen none of these are measured.
"""

import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from knowledge.search import KnowledgeIndex, by_variants
from knowledge.sureness import MEANING, SIGNS, WORDS, Floats, Weights, log_odds, probabilities, summary
from nlu.encoder import Encoder, Remembering, Use
from nlu.features import read
from nlu.questions import FAQ, MOVES, NO_ANSWER, OTHER, Data
from nlu.questions import read as read_data
from nlu.text import syllables

SIZES = {5: 12, 15: 6, 40: 3, 80: 3, 130: 2}  # entries of a centre: how many such centres
VARIANTS = (1, 2, 3)
WRITTEN = 30  # characters that an editor writes at most
STRANGE = "-"  # the label of what no entry answers
SLIPS = 0.2  # of the questions, one character is another of the same sound
NEIGHBOURS = 0.6  # of what no entry answers, is of labels that could be entries
ENTRIES, ASKED = 100_000, 300

Sentences = Mapping[str, Sequence[str]]


class Case(NamedTuple):
    """A question: of each text near it whose it is and its signs, of the question the label and the share known."""

    label: str
    owners: list[str]
    signs: Floats
    known: float


class Centres:
    """Makes up centres of `pool`; `asked` are other sentences of its labels and of `strange` ones."""

    def __init__(
        self, data: Data, pool: Sequence[str], strange: Sequence[str], asked: Sentences, seed: int,
        sizes: Mapping[int, int] = SIZES,
    ) -> None:  # fmt: skip
        self._sizes = sizes
        self._data = data
        self._pool = pool
        self._strange = strange
        self._asked = asked
        self._written = by_label(data.examples)
        self._dice = random.Random(seed)
        self._alike: dict[str, list[str]] = defaultdict(list)
        for char in sorted(set("".join(text for _, text in data.examples))):
            if "一" <= char <= "鿿":
                self._alike[syllables(char)[0]].append(char)

    def cases(self, encoder: Encoder | None) -> list[Case]:
        found: list[Case] = []
        for size, times in self._sizes.items():
            for _ in range(times):
                entries = self._entries(size)
                found += measured(entries, self._questions(entries, 3 if size < 80 else 2), encoder)
        return found

    def _entries(self, size: int) -> dict[str, list[str]]:
        labels = self._dice.sample(self._pool, min(size, len(self._pool)))
        return {label: self._variants(label) for label in labels}

    def _variants(self, label: str) -> list[str]:
        short = [text for text in self._written[label] if len(text) <= WRITTEN]
        chosen = self._dice.sample(short, self._dice.choice(VARIANTS))
        if (question := self._data.questions.get(label.removeprefix(FAQ))) and self._dice.random() < 0.6:
            chosen[0] = question.zh
        return list(dict.fromkeys(chosen))

    def _questions(self, entries: Sentences, each: int) -> list[tuple[str, str]]:
        found = []
        for label, variants in entries.items():
            others = [text for text in self._asked[label] if text not in variants]
            found += [(label, text) for text in self._dice.sample(others, min(each, len(others)))]
        free = [label for label in self._pool if label not in entries]
        for _ in range(len(found)):
            labels = free if free and self._dice.random() < NEIGHBOURS else self._strange
            found.append((STRANGE, self._dice.choice(self._asked[self._dice.choice(labels)])))
        return [(label, self._slip(text) if self._dice.random() < SLIPS else text) for label, text in found]

    def _slip(self, text: str) -> str:
        places = [place for place, char in enumerate(text) if len(self._alike[syllables(char)[0]]) > 1]
        if len(places) < 4:
            return text
        place = self._dice.choice(places)
        return text[:place] + self._dice.choice(self._alike[syllables(text[place])[0]]) + text[place + 1 :]


def by_label(rows: Sequence[tuple[str, str]]) -> Sentences:
    found: dict[str, list[str]] = defaultdict(list)
    for label, text in rows:
        found[label].append(text)
    return found


def strangers_of(data: Data) -> list[tuple[str, str]]:
    return data.strangers


def built(entries: Sentences, encoder: Encoder | None) -> KnowledgeIndex:
    search = KnowledgeIndex(by_variants(entries.items()), encoder)
    while search.meaning is not None and not search.meaning.complete:
        search.meaning.read()
    return search


def measured(entries: Sentences, questions: Sequence[tuple[str, str]], encoder: Encoder | None) -> Iterator[Case]:
    search = built(entries, encoder)
    readings = [read(text) for _, text in questions]
    points = encoder.encode([reading.text for reading in readings]) if encoder else None
    found = search.measure(readings, points)
    for (label, _), texts, shared, signs, known in zip(
        questions, found.texts, found.shared, found.signs, found.known.tolist(), strict=True
    ):
        yield Case(label, [search.ids[text] for text in texts[shared]], signs[shared], known)


def learn(cases: Sequence[Case]) -> Weights:
    """The weights that make the right entries likeliest, among their neighbours and none at all; then those that say how
    often the best is right."""
    pair = _learn_pair(cases)
    found = [each for case in cases if (each := _outcome(case, pair)) is not None]
    signs = np.array([summary(odds, known) for odds, known, _ in found])
    right = np.array([right for *_, right in found])
    learnt = LogisticRegression(C=10.0).fit(signs, right)
    return Weights(_rounded(pair), _rounded([*learnt.coef_[0], learnt.intercept_[0]]))


def _learn_pair(cases: Sequence[Case]) -> Floats:
    cases = [case for case in cases if case.owners]
    size = max(len(case.owners) for case in cases)
    signs = np.zeros((len(cases), size, len(SIGNS) + 1))
    there = np.zeros((len(cases), size), dtype=bool)
    right = there.copy()
    for n, case in enumerate(cases):
        signs[n, : len(case.owners), :-1] = case.signs
        signs[n, : len(case.owners), -1] = 1
        there[n, : len(case.owners)] = True
        right[n, : len(case.owners)] = [owner == case.label for owner in case.owners]
    any_ = np.asarray(right.any(axis=1))

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = np.exp(np.clip(np.where(there, signs @ weights, -50), -50, 40))
        whole = 1 + odds.sum(axis=1)  # the 1 is for none of them
        good = np.where(any_, (odds * right).sum(axis=1), 1)
        slope = odds / whole[:, None] - np.where(any_[:, None], odds * right / good[:, None], 0)
        return (
            float(-np.log(good / whole).mean() + 1e-5 * (weights**2).sum()),
            np.einsum("nk,nkd->d", slope, signs) / len(cases) + 2e-5 * weights,
        )

    found: Floats = minimize(loss, np.zeros(len(SIGNS) + 1), jac=True, method="L-BFGS-B").x
    return found


def _rounded(weights: Sequence[float] | Floats) -> tuple[float, ...]:
    return tuple(round(float(each), 2) for each in weights)


def _outcome(case: Case, pair: Sequence[float] | Floats) -> tuple[list[float], float, bool] | None:
    """The entries' log-odds, best first, the share known, and whether the best is right; None where nothing is near."""
    best: dict[str, float] = {}
    for owner, odds in zip(case.owners, log_odds(case.signs, pair).tolist(), strict=True):
        best[owner] = max(odds, best.get(owner, odds))
    if not best:
        return None
    ranked = sorted(best, key=best.__getitem__, reverse=True)
    return [best[owner] for owner in ranked], case.known, ranked[0] == case.label


def outcomes(cases: Sequence[Case], weights: Weights) -> tuple[Floats, NDArray[np.bool_]]:
    """Of each question how sure the best entry is, and whether it is right."""
    found = [_outcome(case, weights.pair) for case in cases]
    sure = np.array([probabilities(each[0], each[1], weights)[0] if each else 0.0 for each in found])
    return sure, np.array([bool(each and each[2]) for each in found])


def report(name: str, cases: Sequence[Case], weights: Weights) -> None:
    """Prints how good and how honest the probabilities are."""
    sure, right = outcomes(cases, weights)
    answerable = np.array([case.label != STRANGE for case in cases])
    line = np.quantile(sure[~answerable], 0.9)
    print(f"{name:>8}  {len(cases)} questions, first {right[answerable].mean():.3f}, "
          f"AUROC of right {roc_auc_score(right, sure):.3f}, "
          f"right at 90 % refused {(right & (sure > line))[answerable].mean():.3f}, calibration error {error(sure, right):.3f}")  # fmt: skip
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        within = (sure >= low) & (sure <= high)
        print(f"          said {low:.1f} to {high:.1f}: {within.sum()}, right {right[within].mean():.2f}")


def error(sure: Floats, right: NDArray[np.bool_]) -> float:
    """How far, on average, sureness is from how often it is right."""
    bins = np.minimum((sure * 10).astype(int), 9)
    return sum(float(abs(sure[bins == n].mean() - right[bins == n].mean()) * (bins == n).mean()) for n in set(bins))


def pools(data: Data) -> tuple[list[str], list[str], list[str]]:
    """Labels to learn from, labels to measure on, labels that are never an entry."""
    examples, strangers = by_label(data.examples), by_label(strangers_of(data))
    asked = sorted(label for label in examples if not label.startswith(MOVES) and label in strangers)
    strange = [label for label in asked if label in NO_ANSWER or label.startswith(OTHER)]
    pool = [label for label in asked if label not in strange]
    random.Random(3).shuffle(pool)
    return pool[::2], pool[1::2], strange


def learn_all() -> None:
    data = read_data()
    first, second, strange = pools(data)
    for name, encoder, present in (("WORDS", None, WORDS), ("MEANING", Remembering(Use()), MEANING)):
        weights = learn(Centres(data, first, strange, by_label(data.examples), 1).cases(encoder))
        print(f"{name} = {weights}")
        held = Centres(data, second, strange, by_label(strangers_of(data)), 2).cases(encoder)
        report("learnt", held, weights)
        report("in code", held, present)


class _Anywhere:
    """Points without meaning, for what does not depend on it."""

    name, size = "anywhere", Use.size
    source: tuple[str, ...] = ("anywhere",)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        points = np.random.default_rng(len(texts)).normal(size=(len(texts), self.size))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        return points.astype(np.float32)


def resident_megabytes() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _altered(text: str, dice: random.Random) -> str:
    place = dice.randrange(len(text))
    return text[:place] + chr(0x4E00 + dice.randrange(3000)) + text[place + 1 :]


def speed() -> None:
    """Of one question after the other, one thread."""
    data, dice = read_data(), random.Random(1)
    texts = [text for _, text in data.all]
    texts += [_altered(dice.choice(texts), dice) for _ in range(ENTRIES - len(texts))]
    questions = [_altered(text, dice) for text in dice.sample([text for text in texts if len(text) < 40], ASKED)]
    pairs = [(f"e{n}", text) for n, text in enumerate(texts[:ENTRIES])]
    before, began = resident_megabytes(), time.perf_counter()
    search = KnowledgeIndex(pairs, _Anywhere())
    print(f"{len(search)} texts read in {time.perf_counter() - began:.1f} s, {resident_megabytes() - before:.0f} MB")
    while search.meaning is not None and not search.meaning.complete:
        search.meaning.read()
    print(f"with their points {resident_megabytes() - before:.0f} MB")
    began = time.perf_counter()
    search = KnowledgeIndex([*pairs[1:], ("new", "新开的陶艺馆在哪里")], _Anywhere(), search)
    print(f"an edit {time.perf_counter() - began:.1f} s")
    for encoder in (None, Use()):
        took = []
        for question in [*questions[:20], *questions]:
            began = time.thread_time()
            reading = read(question)
            search.search([reading], 8, encoder.encode([reading.text]) if encoder else None)
            took.append((time.thread_time() - began) * 1e3)
        took = sorted(took[20:])
        print(f"encoder {encoder.name if encoder else 'none'}: {statistics.median(took):.2f} ms of CPU a question, "
              f"95th percentile {took[int(len(took) * 0.95)]:.2f}")  # fmt: skip


if __name__ == "__main__":
    speed() if sys.argv[1:] == ["speed"] else learn_all()
