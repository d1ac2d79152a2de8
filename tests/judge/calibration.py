"""Whether a sureness means what it says: of what is said with 0.8, four in five should be right."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

BINS = 10
Judged = tuple[float, bool]  # how sure, 0 to 1, and whether it was right


class Bin(NamedTuple):
    """What is said about equally surely: how many, their mean sureness, and the share that was right."""

    size: int
    sure: float
    right: float

    @property
    def gap(self) -> float:
        return abs(self.sure - self.right)


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
    found = bins(judged, count)
    return sum(each.size * each.gap for each in found) / max(1, sum(each.size for each in found))
