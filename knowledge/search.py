"""Search over short texts by their words, their sounds and their meaning: which entry answers a question, and how sure
that is.

What is measured of a text is added up with learnt weights; ranks are never fused, for a rank does not say how near a text
is.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from knowledge.index import Index, Pieces, Rows, Vocabulary
from knowledge.meaning import MeaningIndex
from knowledge.numbered import Mask, NumberIndex
from knowledge.sureness import MEANING, WORDS, Floats, log_odds, probabilities
from nlu.encoder import Encoder
from nlu.features import Reading, read, skeleton, sounds

Points = NDArray[np.float32]
CELLS = 1 << 18  # sums held at a time: what fits into a processor's cache is added up several times as fast
NEAR = 128  # texts of which everything is measured
FAR = 0.2  # share of the nearest text's rough nearness below which nothing is measured


class Hit(Struct, frozen=True, gc=False):
    """An entry that may answer. `score` is the probability that it does."""

    id: str
    score: float


class Measured(NamedTuple):
    """A row a question, a column a text that may be near: which it is, whether anything is shared with it, its signs, and
    whether its meaning is among them. `known` is the share of each question's pieces that any text has."""

    texts: Rows
    shared: Mask
    signs: Floats
    meant: Mask
    known: Floats


class IndexedText(Struct, frozen=True, gc=False):
    """What is compared of a text: its pieces as written and as they sound, `meaning` as an encoder reads it, its numbers,
    its other numerals and the rest of it, its length."""

    words: Pieces
    sounds: Pieces
    meaning: str
    numbers: dict[str, frozenset[str]]
    numerals: tuple[str, ...]
    rest: str
    length: int


class KnowledgeIndex:
    """An index over `(id, text)` pairs; an id may have many texts. With an encoder there is a `meaning`. What the one
    `before` had read is not read again."""

    def __init__(
        self, texts: Sequence[tuple[str, str]], encoder: Encoder | None = None, before: "KnowledgeIndex | None" = None
    ) -> None:
        self.ids = [id for id, _ in texts]
        self._vocabularies: tuple[Vocabulary, Vocabulary] = (
            before._vocabularies if before else (Vocabulary(), Vocabulary())
        )
        known: dict[str, IndexedText] = before._texts if before else {}
        self._texts: dict[str, IndexedText] = {text: known.get(text) or self._read(text) for _, text in texts}
        read = [self._texts[text] for _, text in texts]
        self._words = Index([text.words for text in read], self._vocabularies[0])
        self._sounds = Index([text.sounds for text in read], self._vocabularies[1])
        self._numbered = NumberIndex(read)
        self._lengths = np.array([text.length for text in read], dtype=np.float64)
        self.meaning: MeaningIndex | None = None
        if encoder is not None:
            self.meaning = MeaningIndex([text.meaning for text in read], encoder, before.meaning if before else None)

    def _read(self, written: str) -> IndexedText:
        reading, (words, heard) = read(written), self._vocabularies
        rest, numerals = skeleton(reading.text)
        return IndexedText(
            words.count(reading.grams), heard.count(sounds(reading.essence)), reading.text, reading.numbers, numerals, rest,
            len(reading.essence),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.ids)

    def search(
        self, readings: Sequence[Reading], most: int, points: Points | None = None, barred: Mask | None = None
    ) -> list[list[Hit]]:
        """The best entries for each question, best first; none where nothing is shared. `points` are what the questions
        mean, `barred` texts do not count. Together they cost a fraction of what they cost one by one."""
        if not self.ids:
            return [[] for _ in readings]
        step = max(1, CELLS // len(self))
        parts = [slice(first, first + step) for first in range(0, len(readings), step)]
        return [
            hits
            for part in parts
            for hits in self._search(readings[part], most, None if points is None else points[part], barred)
        ]

    def _search(
        self, readings: Sequence[Reading], most: int, points: Points | None, barred: Mask | None
    ) -> list[list[Hit]]:
        found = self.measure(readings, points, barred)
        odds = np.where(found.meant, log_odds(found.signs, MEANING.pair), log_odds(found.signs, WORDS.pair))
        return [
            self._hits(reading, texts[shared], values[shared], bool(meant[shared].all()), known, most)
            for reading, texts, shared, values, meant, known in zip(
                readings, found.texts, found.shared, odds, found.meant, found.known.tolist(), strict=True
            )
        ]

    def measure(self, readings: Sequence[Reading], points: Points | None, barred: Mask | None = None) -> Measured:
        """What there is to be known of the texts that may be near."""
        words = self._words.near([reading.grams for reading in readings])
        heard = self._sounds.near([sounds(reading.essence) for reading in readings])
        rough = words.sums + heard.sums
        meaning = self.meaning if points is not None else None
        if meaning is not None and points is not None and meaning.dense:
            rough /= np.maximum(1, rough.max(axis=1, keepdims=True))
            rough += meaning.near(points)
        self._bar(rough, readings, barred)
        texts, shared = _largest(rough, NEAR)
        lengths, others = np.array([[len(reading.essence)] for reading in readings]), self._lengths[texts]
        alike = np.minimum(1, 2 * np.minimum(lengths, others) / np.maximum(1, np.maximum(lengths, others)))
        numbers = np.array([self._numbered.agreement(*each) for each in zip(readings, texts, strict=True)])
        ranks, meant = words.ranks(texts), np.zeros(texts.shape, dtype=bool)
        last = ranks
        if meaning is not None and points is not None:
            meant = meaning.known[texts]
            last = np.where(meant, meaning.likeness(points, texts) * np.sqrt(alike), ranks)
        signs = np.dstack([words.cosines(texts) * last, ranks * (1 - alike), heard.cosines(texts), numbers, last])
        return Measured(texts, shared, signs, meant, words.known)

    def _bar(self, rough: Floats, readings: Sequence[Reading], barred: Mask | None) -> None:
        """Takes out what must not be found, however near it is."""
        if barred is not None:
            rough[:, barred] = -1
        for row, reading in zip(rough, readings, strict=True):
            if (others := self._numbered.barred(reading)) is not None:
                row[others] = -1

    def _hits(self, reading: Reading, texts: Rows, odds: Floats, meant: bool, known: float, most: int) -> list[Hit]:
        numbers = texts.tolist()
        for places in self._numbered.undecided(reading, texts).values():
            odds[places] = odds[places].max()
        best: dict[str, float] = {}
        for place in np.argsort(-odds, kind="stable").tolist():
            best.setdefault(self.ids[numbers[place]], float(odds[place]))
            if len(best) == most:
                break
        if not best:
            return []
        shares = probabilities(list(best.values()), known, MEANING if meant else WORDS)
        return [Hit(id, share) for id, share in zip(best, shares, strict=True)]


def by_variants(entries: Iterable[tuple[str, Sequence[str]]]) -> list[tuple[str, str]]:
    """`(id, texts)` as the pairs that a `Search` takes."""
    return [(id, text) for id, texts in entries for text in texts]


def _largest(rough: Floats, most: int) -> tuple[Rows, Mask]:
    """The columns of the largest values of each row, as far as they are near it at all; rows that have fewer are filled
    up with what does not count."""
    rows = [np.flatnonzero(row > max(0.0, FAR * float(row.max()))) for row in rough]
    for n, (row, found) in enumerate(zip(rough, rows, strict=True)):
        if len(found) > most:
            rows[n] = found[np.argpartition(-row[found], most - 1)[:most]]
    counts = np.array(list(map(len, rows)))
    there = np.arange(max(1, counts.max())) < counts[:, None]
    texts = np.zeros(there.shape, dtype=np.intp)
    texts[there] = np.concatenate(rows)
    return texts, there
