"""Whether a sureness means what it says: of what is said with 0.8, four in five should be right."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 10
Judged = tuple[float, bool]  # how sure, 0 to 1, and whether it was right


class Bin(NamedTuple):
    """What is said about equally surely: how many, their mean sureness, and the share that was right."""

    size: int
    sure: float
    right: float


def bins(judged: Iterable[Judged], count: int = BINS) -> list[Bin]:
    """Of equal width, the least sure first, without the empty ones."""
    gathered: list[list[Judged]] = [[] for _ in range(count)]
    for sure, right in judged:
        gathered[min(int(sure * count), count - 1)].append((sure, right))
    return [_bin(each) for each in gathered if each]


def _bin(judged: Sequence[Judged]) -> Bin:
    size = len(judged)
    return Bin(size, sum(sure for sure, _ in judged) / size, sum(right for _, right in judged) / size)


def error(judged: Iterable[Judged], count: int = BINS) -> float:
    """The expected calibration error, 0 to 1: how far on average sureness is from how often it is right. 0 of none."""
    pairs = np.array([(sure, right) for sure, right in judged], dtype=np.float64).reshape(-1, 2)
    return error_of(pairs[:, 0], pairs[:, 1], count) if len(pairs) else 0.0


def error_of(sure: NDArray[np.float64], right: NDArray[np.float64], count: int = BINS) -> float:
    """The same of columns, of which there is a row at least."""
    places = np.minimum((sure * count).astype(np.intp), count - 1)
    return float(np.abs(np.bincount(places, weights=sure - right)).sum() / len(sure))
