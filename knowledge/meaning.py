"""What the texts of an index mean, as points; read little by little."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlu.encoder import Encoder

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]
DENSE = 20_000  # texts of which every point is compared with a question's; of more they are kept at half the size
PORTION = 32  # texts that are read at a time


class MeaningIndex:
    """The points of `texts`, a row each; those that `before` has are taken from it, the others wait to be read."""

    def __init__(self, texts: Sequence[str], encoder: Encoder, before: "MeaningIndex | None" = None) -> None:
        self._texts = texts
        self._encoder = encoder
        self.dense = len(texts) <= DENSE
        self._points = np.zeros((len(texts), encoder.size), dtype=np.float32 if self.dense else np.float16)
        self.known = np.zeros(len(texts), dtype=bool)
        if before is not None:
            at = {text: row for row, text in enumerate(before._texts) if before.known[row]}
            rows = np.array([at.get(text, -1) for text in texts], dtype=np.intp)
            self.known = rows >= 0
            self._points[self.known] = before._points[rows[self.known]]
        self._unread = np.flatnonzero(~self.known)[::-1].tolist()
        self.complete = not self._unread

    def read(self) -> None:
        """Reads the next texts that are not known. One thread at a time; others may look meanwhile."""
        rows = [self._unread.pop() for _ in range(min(PORTION, len(self._unread)))]
        self._points[rows] = self._encoder.encode([self._texts[row] for row in rows])
        self.known[rows] = True
        self.complete = not self._unread

    def near(self, questions: Floats) -> Floats:
        """The cosine of every text to each question; 0 where it is not known."""
        found: Floats = questions @ self._points.T
        return found

    def likeness(self, questions: Floats, rows: Rows) -> Floats:
        """The cosine of some texts, a row of `rows` for each question, to it."""
        found: Floats = np.einsum("qd,qkd->qk", questions, self._points[rows].astype(np.float32, copy=False))
        return found
