"""Search over short texts: which of them asks what this question asks, and how sure that is.

One set of postings over characters, character pairs and words serves two scores. BM25 ranks; the cosine of TF-IDF
vectors says how sure, for it means the same for every query, which a rank or a fusion of ranks does not. Measured on
LCQMC as a knowledge base: Recall@1 97.2 %, AUROC of answerable against not 0.959 (BM25's own score: 0.939).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from nlu.features import Reading, read, sounds

K1, B = 1.2, 0.75  # BM25's usual ones
NEAR = 0.2  # share of the best rank below which nothing is a candidate
# One number carries both scores, and is summed and sorted once: its whole part is BM25 in these parts, its fraction the
# part of the cosine, of which no text of ours sums up to the whole.
PARTS, WHOLE = 64, 1024
CELLS = 1 << 18  # sums held at a time: what fits into a processor's cache is added up several times as fast


def by_writing(reading: Reading) -> list[str]:
    """Characters, pairs of them and words."""
    return reading.grams


def by_sound(reading: Reading) -> list[str]:
    """Pairs of syllables."""
    return sounds(reading.essence)


class Hit(Struct, frozen=True, gc=False):
    """An entry that may answer. `score` is the cosine, 0 to 1, of its nearest text."""

    id: str
    score: float


class Index:
    """An immutable index over `(id, text)` pairs; an id may have many texts. `cut` says what texts have in common."""

    def __init__(self, texts: Sequence[tuple[str, str]], cut: Callable[[Reading], list[str]] = by_writing) -> None:
        self._cut = cut
        by_id: dict[str, list[str]] = {}
        for id, text in texts:
            by_id.setdefault(id, []).append(text)
        self._ids = list(by_id)
        self._starts = np.cumsum([0, *map(len, by_id.values())])[:-1]  # the first text of each id
        self._size = len(texts)
        self._terms: dict[str, int] = {}
        self._build([Counter(cut(read(text))) for own in by_id.values() for text in own])

    def _build(self, counted: Sequence[Counter[str]]) -> None:
        terms = self._terms
        term = np.array([terms.setdefault(gram, len(terms)) for each in counted for gram in each], dtype=np.int64)
        count = np.array([times for each in counted for times in each.values()], dtype=np.float64)
        document = np.repeat(np.arange(len(counted)), [len(each) for each in counted])
        total = max(1, len(counted))
        frequency = np.bincount(term, minlength=len(terms))
        rarities = np.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
        # Behind the known terms stands the unknown one, which is rarer than all and occurs nowhere.
        self._rarity = np.append(rarities, math.log(1 + (total + 0.5) / 0.5))
        length = np.bincount(document, weights=count, minlength=total)
        mean = max(1.0, float(length.mean()))
        rarity = rarities[term]
        matching = rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length[document] / mean))
        weight = (1 + np.log(count)) * rarity
        norm = np.sqrt(np.bincount(document, weights=weight**2, minlength=total))
        likeness = weight / np.maximum(norm[document], 1e-9) * rarity
        # The documents of a term stand side by side: where they begin, how many they are, what it adds to each.
        order = np.argsort(term, kind="stable")
        self._count = np.append(frequency, 0)
        self._begin = np.cumsum(self._count) - self._count
        self._documents = document[order]
        self._weights = (np.rint(matching * PARTS) + likeness / WHOLE)[order]

    def search(self, readings: Sequence[Reading], most: int) -> list[list[Hit]]:
        """The best entries of each text, best first; none where nothing is shared. Together they cost a fraction of
        what they cost one by one."""
        step = max(1, CELLS // max(1, self._size))
        return [
            hits
            for first in range(0, len(readings), step)
            for hits in self._search(readings[first : first + step], most)
        ]

    def _search(self, readings: Sequence[Reading], most: int) -> list[list[Hit]]:
        counted = [Counter(self._cut(reading)) for reading in readings]
        sizes = list(map(len, counted))
        if not any(sizes) or not self._size:
            return [[] for _ in readings]
        known, unknown = self._terms.get, repeat(len(self._terms))
        term = np.fromiter(chain.from_iterable(map(known, each, unknown) for each in counted), np.intp, sum(sizes))
        times = np.fromiter(chain.from_iterable(each.values() for each in counted), np.float64, sum(sizes))
        text = np.repeat(np.arange(len(readings)), sizes)
        factor = 1 + np.log(times)
        norms = np.sqrt(np.bincount(text, (factor * self._rarity[term]) ** 2, len(readings)) + 1e-12)
        # Every posting of every term of every text, in one go; a place of its own for every pair of text and document.
        count = self._count[term]
        ends = np.cumsum(count)
        posting = np.arange(ends[-1]) + np.repeat(self._begin[term] - ends + count, count)
        weight = self._weights[posting]
        if factor.max() > 1:
            rank = np.floor(weight)
            weight = rank + (weight - rank) * np.repeat(factor, count)
        place = self._documents[posting] + np.repeat(text * self._size, count)
        sums = np.bincount(place, weight, len(readings) * self._size).reshape(len(readings), self._size)
        return self._best(np.maximum.reduceat(sums, self._starts, axis=1), norms, most)

    def _best(self, sums: NDArray[np.float64], norms: NDArray[np.float64], most: int) -> list[list[Hit]]:
        order = np.argsort(-sums, axis=1)[:, :most]
        nearest = sums[np.arange(len(sums))[:, None], order]
        ranks = np.floor(nearest)
        scores = np.minimum(1.0, (nearest - ranks) * WHOLE / norms[:, None])
        near = ((ranks > 0) & (ranks >= NEAR * ranks[:, :1])).sum(axis=1)
        return [
            [Hit(self._ids[owner], score) for owner, score in zip(owners[:count], found[:count], strict=True)]
            for owners, found, count in zip(order.tolist(), scores.tolist(), near.tolist(), strict=True)
        ]


def by_variants(entries: Iterable[tuple[str, Sequence[str]]]) -> list[tuple[str, str]]:
    """`(id, texts)` as the pairs that an `Index` takes."""
    return [(id, text) for id, texts in entries for text in texts]
