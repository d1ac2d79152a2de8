"""Any sentence encoder in ONNX, with its tokenizer, from a folder of the operator's.

What this imports is an optional part of the installation: `nlu.encoder.load` imports this module, and only where it is
asked for. One thread and no parallel tokenizing: what is encoded is short, and the other cores have work of their own.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from nlu.encoder import EncoderError

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
TOKENS = 128  # of a text that are read
TOGETHER = 64  # texts at a time
IDS, MASK, TYPES = "input_ids", "attention_mask", "token_type_ids"
POOLED = "sentence_embedding"  # what exporters call a sentence's point; else it is the model's first output
PADS = ("[PAD]", "<pad>")  # where the tokenizer does not say what it pads with
PROBES = ("学", "怎么报名参加社区学校的书法班，要带什么材料")  # of different lengths, tried before it is trusted
TINY = np.float32(1e-12)

FATAL = 4  # what the runtime writes to standard error by itself; what else goes wrong it raises
SHOWN = 200  # characters of an error that is not ours

Points = NDArray[np.float32]
Integers = NDArray[np.int64]
INTEGERS = {"tensor(int64)": "int64", "tensor(int32)": "int32"}


class Padding(NamedTuple):
    id: int
    type_id: int
    left: bool


class Onnx:
    """`model.onnx` gives a point a sentence (two dimensions), or one a token (three), of which the mean is taken. Raises
    `EncoderError`, naming the file and the reason."""

    def __init__(self, folder: Path) -> None:
        threadpool_limits(1, "blas")
        self._path = folder / MODEL
        self.name = f"onnx-{_digest(folder)}"
        self.source = ("onnx", str(folder))
        self._tokenizer, self._padding = _tokenizer(folder / TOKENIZER)
        self._session = _session(self._path)
        self._types = _inputs(self._session, self._path)
        outputs = [output.name for output in self._session.get_outputs()]
        self._output = POOLED if POOLED in outputs else outputs[0]
        self.size = self._try()

    def encode(self, texts: Sequence[str]) -> Points:
        parts = [self._encode(texts[first : first + TOGETHER]) for first in range(0, len(texts), TOGETHER)]
        return np.concatenate(parts) if parts else np.zeros((0, self.size), dtype=np.float32)

    def _try(self) -> int:
        """How many numbers a point has."""
        points = self._encode(PROBES)
        size: int = points.shape[1]
        if not size or any(self._encode([text]).shape[1] != size for text in PROBES):
            raise EncoderError(
                f"{self._path}: output {self._output}: the size of its points is 0, or another for another text"
            )
        if not np.isfinite(points).all():
            raise EncoderError(f"{self._path}: output {self._output}: not all of it are numbers")
        return size

    def _encode(self, texts: Sequence[str]) -> Points:
        given = self._tokenized(texts)
        wanted = {name: given[name].astype(kind, copy=False) for name, kind in self._types.items()}
        try:
            points: Points = np.asarray(self._session.run([self._output], wanted)[0], dtype=np.float32)
        except Exception as error:  # the runtime's errors have nothing narrower in common
            raise EncoderError(f"{self._path}: cannot be run: {_first_line(error)}") from error
        if points.ndim == 3 and points.shape[:2] == given[MASK].shape:
            mask = given[MASK].astype(np.float32)[:, :, None]
            points = (points * mask).sum(axis=1) / mask.sum(axis=1)
        if points.ndim != 2 or len(points) != len(texts):
            raise EncoderError(
                f"{self._path}: output {self._output}: shape {points.shape} is neither a point a sentence nor one a token"
            )
        lengths: Points = np.maximum(np.linalg.norm(points, axis=1, keepdims=True), TINY)
        return np.divide(points, lengths, dtype=np.float32)

    def _tokenized(self, texts: Sequence[str]) -> dict[str, Integers]:
        """What the model may want to be given, padded to the longest. A text without tokens is one of padding, so that
        nothing is the mean of nothing."""
        found = [self._tokenizer.encode(text) for text in texts]
        pad = self._padding
        return {
            IDS: self._padded([each.ids or [pad.id] for each in found], pad.id),
            MASK: self._padded([each.attention_mask or [1] for each in found], 0),
            TYPES: self._padded([each.type_ids or [pad.type_id] for each in found], pad.type_id),
        }

    def _padded(self, rows: Sequence[Sequence[int]], filler: int) -> Integers:
        width = max(map(len, rows))
        padded = np.full((len(rows), width), filler, dtype=np.int64)
        for to, numbers in zip(padded, rows, strict=True):
            to[width - len(numbers) if self._padding.left else 0 :][: len(numbers)] = numbers
        return padded


def _digest(folder: Path) -> str:
    """Of all that a point depends on: the model, its weights where they lie beside it, and the tokenizer."""
    for name in (MODEL, TOKENIZER):
        if not (folder / name).is_file():
            raise EncoderError(f"{folder / name}: there is no such file")
    digest = hashlib.sha256()
    try:
        for path in sorted({*folder.glob(f"{MODEL}*"), folder / TOKENIZER}):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    except OSError as error:
        raise EncoderError(f"{path}: cannot be read: {error.strerror}") from error
    return digest.hexdigest()[:12]


def _tokenizer(path: Path) -> tuple[Tokenizer, Padding]:
    """Reads at most `TOKENS` of a text; pads nothing itself."""
    try:
        found = Tokenizer.from_file(str(path))
        own = found.truncation or {"max_length": TOKENS}
        found.enable_truncation(min(TOKENS, own["max_length"]))
        padding = found.padding or {}
        found.no_padding()
        found.encode(PROBES[0])
    except Exception as error:  # the library raises nothing narrower
        raise EncoderError(f"{path}: not a tokenizer: {_first_line(error)}") from error
    known = (number for pad in PADS if (number := found.token_to_id(pad)) is not None)
    left = padding.get("direction") == "left"
    return found, Padding(padding.get("pad_id", next(known, 0)), padding.get("pad_type_id", 0), left)


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = FATAL
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors have nothing narrower in common
        raise EncoderError(f"{path}: not a model: {_first_line(error)}") from error


def _inputs(session: onnxruntime.InferenceSession, path: Path) -> dict[str, str]:
    """The inputs, each with the numbers it takes."""
    found = {each.name: each for each in session.get_inputs()}
    if IDS not in found or set(found) - {IDS, MASK, TYPES}:
        raise EncoderError(
            f"{path}: takes {', '.join(found) or 'nothing'}; {IDS}, and maybe {MASK} and {TYPES}, is meant"
        )
    for name, each in found.items():
        if each.type not in INTEGERS:
            raise EncoderError(f"{path}: input {name}: takes {each.type}; whole numbers are meant")
        if len(each.shape) != 2 or any(isinstance(size, int) for size in each.shape):
            raise EncoderError(f"{path}: input {name}: its shape {each.shape} is not a free number of texts by tokens")
    return {name: INTEGERS[each.type] for name, each in found.items()}


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:SHOWN]
