"""Which subject a text describes that names none: 前头两根铁叉子的车 is 叉车. What centres teach is for `everyday` to say."""

import hashlib
import math
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from knowledge.everyday import FILE, subjects
from knowledge.meaning import Rows
from knowledge.taught import characters_of, found, measure, pairs_of, postings
from nlu.encoder import Encoder, Use

POINTS = FILE.with_suffix(".npz")  # in the midst of what is said of each subject, as the encoder reads it
# How much counts that it is near in meaning to what is said of a subject, and the pairs of characters and the characters that
# are shared, the rarer the more. Learnt from descriptions by another's hand (tests/described/subjects.tsv; a test learns them
# again).
WEIGHTS = (12.9, 0.19, 6.4)
_NEAR = 0.56  # of two subjects: 电工 beside 电动车维修, and not 急救
Floats = NDArray[np.float64]


class Alike:
    """All subjects; without an encoder, or with another than the points were made by, words alone tell."""

    def __init__(self, encoder: Encoder | None) -> None:
        self.names = [each.name for each in subjects()]
        self._pairs, self._characters = _having()
        self._encoder, self._points = encoder, _points(encoder)
        self._remembered = lru_cache(2048)(self._ranked)  # of what residents ask again and again

    def ranked(self, folded: str, parts: Sequence[str]) -> Sequence[tuple[str, float]]:
        """The subjects with the probability of each that it is described, if any is; the likeliest first."""
        return self._remembered(folded, tuple(parts))

    def _ranked(self, folded: str, parts: Sequence[str]) -> Sequence[tuple[str, float]]:
        scores = sum(weight * sign for weight, sign in zip(WEIGHTS, self.signs(folded, parts), strict=True))
        odds = np.exp(scores - np.max(scores))
        order = np.argsort(-odds)
        chances = (odds[order] / odds.sum()).tolist()
        return tuple((self.names[at], chance) for at, chance in zip(order, chances, strict=True))

    def beside(self, name: str) -> list[str]:
        """The other subjects near to one, the nearest first; none without points."""
        if self._points is None:
            return []
        near = self._points @ self._points[self.names.index(name)]
        order = (int(at) for at in np.argsort(-near) if near[at] >= _NEAR)
        return [self.names[at] for at in order if self.names[at] != name]

    def signs(self, folded: str, parts: Sequence[str]) -> tuple[Floats, Floats, Floats]:
        """What speaks for each subject, a column a weight."""
        near = np.zeros(len(self.names))
        if self._encoder is not None and self._points is not None:
            near = (self._encoder.encode([folded, *parts]) @ self._points.T).max(axis=0).astype(np.float64)
        share = self._shared(characters_of(folded), self._characters) / measure(folded)
        return near, self._shared(pairs_of(folded), self._pairs), share

    def _shared(self, pieces: set[str], having: dict[str, Rows]) -> Floats:
        scores = np.zeros(len(self.names))
        for rows in found(pieces, having):
            scores[rows] += math.log(len(self.names) / len(rows))
        return scores


@cache
def _having() -> tuple[dict[str, Rows], dict[str, Rows]]:
    """The rows of the subjects that have each pair of characters, and each character."""
    whole = ["，".join((*each.titles, *each.said)) for each in subjects()]
    return postings(map(pairs_of, whole)), postings(map(characters_of, whole))


def write(encoder: Encoder) -> None:
    """Reads all that is said of the subjects: seconds of an encoder's time, which nobody should wait for at a start."""
    points = np.stack([encoder.encode([*each.titles, *each.said]).sum(axis=0) for each in subjects()])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    np.savez_compressed(POINTS, points=points.astype(np.float16), of=_of(encoder))


def _points(encoder: Encoder | None) -> NDArray[np.float32] | None:
    if encoder is None or not POINTS.exists():
        return None
    with np.load(POINTS) as kept:
        return kept["points"].astype(np.float32) if str(kept["of"]) == _of(encoder) else None


def _of(encoder: Encoder) -> str:
    """What points were made of."""
    return f"{encoder.name} {hashlib.sha256(FILE.read_bytes()).hexdigest()}"


if __name__ == "__main__":  # after a change of the table
    write(Use())
