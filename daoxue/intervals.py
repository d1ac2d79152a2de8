"""Between what a figure may lie that was counted on so many texts and no more: 95 of 100 such intervals hold the truth."""

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Z = 1.959964  # of 95 %
RESAMPLES = 1000
Interval = tuple[float, float]


def wilson(count: int, of: int) -> Interval:
    """Of a share; from 0 to 1 where there is nothing to count."""
    if not of:
        return 0.0, 1.0
    share, spread = count / of, Z * Z / of
    middle, half = share + spread / 2, Z * sqrt((share * (1 - share) + spread / 4) / of)
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def bootstrap(figure: Callable[[NDArray[np.intp]], float | None], of: int) -> Interval | None:
    """Of a figure of the rows with these numbers, by drawing as many again and again; the same rows, the same interval.
    None where it is no figure of any draw."""
    random = np.random.default_rng(0)
    drawn = (figure(random.integers(0, of, of)) for _ in range(RESAMPLES))
    found = [each for each in drawn if each is not None]
    if not found:
        return None
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)
