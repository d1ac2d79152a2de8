"""What courses teach, to find those that are described and not named: 捏泥巴烧碗的那个班 is what 陶艺 teaches."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from knowledge.catalogue import Course
from knowledge.meaning import MeaningIndex, Rows
from nlu.encoder import Encoder

Floats = NDArray[np.float64]
# How much counts that a name is near in meaning, that what is taught is, the pairs of characters that are shared, and the
# characters. Learnt from descriptions of the sample's courses, and tried on those of another centre's by another author
# (tests/described/; a test learns them again).
WEIGHTS = (6.28, 9.12, 1.56, 10.95)
_MOST = 3.0  # pairs of its own, from which on more of them say no more
_FEW, _MANY = 4, 16  # characters of a text, of which those that are shared are a part


class Taught:
    """Some courses. Their texts are read little by little, as `meaning` says."""

    def __init__(self, courses: Iterable[Course], encoder: Encoder, before: "Taught | None" = None) -> None:
        self._encoder = encoder
        names = {each.id: [each.name, *each.aliases] for each in courses}
        told = {each.id: _told(each) for each in courses}
        # The texts of a course stand side by side: all names first, then all that is taught.
        texts = [*names.values(), *told.values()]
        self.ids = list(names)
        known = before.meaning if before else None
        self.meaning: MeaningIndex = MeaningIndex([each for group in texts for each in group], encoder, known)
        self._begins = np.cumsum([0, *map(len, texts)])[:-1]
        whole = ["，".join((*names[id], *told[id])) for id in self.ids]
        self._pairs, self._characters = postings(map(pairs_of, whole)), postings(map(characters_of, whole))

    def strengths(self, folded: str, parts: Sequence[str]) -> Floats:
        """How much speaks for each course that a text, or one of its parts, describes it: a weighted sum of `WEIGHTS`."""
        if not self.ids:
            return np.zeros(0)
        near = self.meaning.near(self._encoder.encode([folded, *parts])).max(axis=0)
        names, told = np.maximum.reduceat(near, self._begins).reshape(2, -1)
        pairs = np.zeros(len(self.ids))
        for rows in found(pairs_of(folded), self._pairs):
            pairs[rows] += 1 / len(rows)
        characters, most = np.zeros(len(self.ids)), math.log(max(2, len(self.ids)))
        for rows in found(characters_of(folded), self._characters):
            characters[rows] += math.log(len(self.ids) / len(rows)) / most
        share = characters / measure(folded)
        signs = (names, told, np.minimum(pairs, _MOST), share)
        return np.asarray(sum(weight * sign for weight, sign in zip(WEIGHTS, signs, strict=True)), dtype=np.float64)


def _told(course: Course) -> list[str]:
    return [course.summary, f"{course.name}：{course.summary}", *(each.title for each in course.lessons)]


def measure(text: str) -> int:
    """How many characters of a text those that are shared are a part of."""
    return min(max(len(text), _FEW), _MANY)


def pairs_of(text: str) -> set[str]:
    return {left + right for left, right in pairwise(text) if _is_word(left) and _is_word(right)}


def characters_of(text: str) -> set[str]:
    return {each for each in text if _is_word(each)}


def _is_word(character: str) -> bool:
    return "一" <= character <= "鿿"


def postings(pieces: Iterable[set[str]]) -> dict[str, Rows]:
    """The rows that have each piece."""
    rows: dict[str, list[int]] = {}
    for row, found in enumerate(pieces):
        for piece in found:
            rows.setdefault(piece, []).append(row)
    return {piece: np.array(found, dtype=np.intp) for piece, found in rows.items()}


def found(pieces: set[str], postings: dict[str, Rows]) -> list[Rows]:
    return [rows for piece in pieces if (rows := postings.get(piece)) is not None]
