"""What a process reads and works out once, however many centres live in it, one after the other: the model, what texts
mean, the texts themselves. Each of hundreds of tests has a centre of its own, and none of them changes these."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot import texts
from daoxue import model
from knowledge.centre import TextForms
from nlu import encoder as encoders
from nlu.classifier import Classifier
from nlu.encoder import Encoder, Use

MOST = 30_000  # texts whose meaning is remembered

_load, _read, _encode = Classifier.load, texts._read, Use.encode
_points: dict[str, NDArray[np.float32]] = {}


@cache
def _model(path: Path, written: int) -> Classifier:
    return _load(path)


def _loaded(path: Path, encoder: Encoder | None = None) -> Classifier:
    kept = _model(path, path.stat().st_mtime_ns)
    return Classifier(kept.model, kept.arrays, encoder)


@cache
def _texts(path: Path, written: int) -> dict[str, TextForms]:
    return _read(path)


def _encoded(self: Use, texts: Sequence[str]) -> NDArray[np.float32]:
    if len(_points) > MOST:
        _points.clear()
    found = {text: _points.get(text) for text in texts}
    if new := [text for text, point in found.items() if point is None]:
        found.update(zip(new, _encode(self, new), strict=True))
        _points.update((text, point) for text in new if (point := found[text]) is not None)
    return np.array([found[text] for text in texts], dtype=np.float32).reshape(len(texts), self.size)


def read_once() -> None:
    """From now on, in this process."""
    Classifier.load = staticmethod(_loaded)  # type: ignore[method-assign]
    Use.encode = _encoded  # type: ignore[method-assign]
    texts._read = lambda path: dict(_texts(path, path.stat().st_mtime_ns))


def read_all() -> None:
    """And all of it now, for what is forked from this process."""
    read_once()
    _loaded(model.SHIPPED)
    assert encoders._use()._model is not None
