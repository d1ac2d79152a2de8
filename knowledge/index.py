"""Postings over short texts: how near each of them is to a question, by the pieces that both have.

One sum carries two scores. BM25 ranks; the cosine of TF-IDF vectors says how near, for it means the same for every
question, which a rank does not.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
K1, B = 1.2, 0.75  # BM25's usual ones
# One number carries both scores, and is summed once: its whole part is BM25 in these parts, its fraction the part of the
# cosine, of which no text of ours sums up to the whole.
PARTS, WHOLE = 64, 1024


class Pieces(NamedTuple):
    """The numbers of the pieces of a text (int32), and how often each is in it (uint8, at most 255)."""

    terms: bytes
    times: bytes


class Vocabulary(dict[str, int]):
    """The numbers of pieces. It only grows: an index that was made before some came knows nothing of them."""

    def count(self, pieces: Sequence[str]) -> Pieces:
        counted = Counter(pieces)
        terms = [self.setdefault(piece, len(self)) for piece in counted]
        return Pieces(np.array(terms, np.int32).tobytes(), bytes(min(times, 255) for times in counted.values()))


class Nearness(NamedTuple):
    """A row a question, a column a text; `sums` are larger where more is shared. `known` is the share of each question's
    pieces that any text has."""

    sums: Floats
    norms: Floats
    known: Floats

    def cosines(self, texts: Rows) -> Floats:
        """Of some texts to each question."""
        sums = np.take_along_axis(self.sums, texts, axis=1)
        found: Floats = np.minimum(1, (sums - np.floor(sums)) * (WHOLE / self.norms)[:, None])
        return found

    def ranks(self, texts: Rows) -> Floats:
        """BM25 of some texts, as a share of the best one's."""
        best = np.floor(self.sums.max(axis=1, keepdims=True))
        found: Floats = np.floor(np.take_along_axis(self.sums, texts, axis=1)) / np.maximum(1, best)
        return found


class Index:
    """An immutable index over texts."""

    def __init__(self, texts: Sequence[Pieces], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._size = len(texts)
        terms = self._unknown = len(vocabulary)
        term = np.frombuffer(b"".join(text.terms for text in texts), np.int32)
        count = np.frombuffer(b"".join(text.times for text in texts), np.uint8).astype(np.float32)
        document = np.repeat(np.arange(self._size, dtype=np.int32), [len(text.times) for text in texts])
        total = max(1, self._size)
        frequency = np.bincount(term, minlength=terms)
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

    def near(self, questions: Sequence[Sequence[str]]) -> Nearness:
        """How near every text is to each question, given as pieces."""
        counted = [Counter(question) for question in questions]
        sizes = np.array(list(map(len, counted)), dtype=np.intp)
        found = chain.from_iterable(map(self._vocabulary.get, each, repeat(self._unknown)) for each in counted)
        term = np.minimum(np.fromiter(found, np.intp, sizes.sum()), self._unknown)
        times = np.fromiter(chain.from_iterable(each.values() for each in counted), np.float64, sizes.sum())
        text = np.repeat(np.arange(len(questions)), sizes)
        factor = 1 + np.log(times)
        norms = np.sqrt(np.bincount(text, (factor * self._rarity[term]) ** 2, len(questions)) + 1e-12)
        known = np.bincount(text, term != self._unknown, len(questions)) / np.maximum(sizes, 1)
        return Nearness(self._sums(term, text, factor, len(questions)), norms, known)

    def _sums(self, term: Rows, text: Rows, factor: Floats, questions: int) -> Floats:
        """Every posting of every term of every question in one go; each pair of question and text has its own place."""
        count = self._count[term]
        if not count.any():
            return np.zeros((questions, self._size))
        ends = np.cumsum(count)
        posting = np.arange(ends[-1]) + np.repeat(self._begin[term] - ends + count, count)
        weight = self._weights[posting]
        if factor.max() > 1:
            rank = np.floor(weight)
            weight = rank + (weight - rank) * np.repeat(factor, count)
        place = self._documents[posting] + np.repeat(text * self._size, count)
        sums = np.asarray(np.bincount(place, weight, questions * self._size), dtype=np.float64)
        return sums.reshape(questions, self._size)
