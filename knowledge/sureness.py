"""How sure it is that a text asks what a question asks, from what can be measured of the two.

The weights were learnt by `python -m benchmarks.search` from questions whose authors had not seen the texts.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# What each text is measured by: the cosine of the words, as far as the last sign agrees; the share of the best BM25 where
# one is more than twice as long as the other, for then neither cosine nor meaning says much; the cosine of the sounds;
# whether both name a number of a kind; whether only one of them does; and the cosine of what both mean, or the share of
# the best BM25 where that is not known.
SIGNS = ("words", "unlike", "sounds", "agrees", "apart", "meaning")
LEAD = 3.0  # the lead that counts at most
EQUAL = 1e-6  # the lead that is none


class Weights(NamedTuple):
    """`pair` are the log-odds that an entry answers against that none does, over `SIGNS`; `right` those that the best one
    does, over its log-odds, its lead over the second and the share of the question's pieces that any text has. The last
    weight of both is the constant."""

    pair: tuple[float, ...]
    right: tuple[float, ...]


WORDS = Weights((10.13, 0.92, 1.56, 1.77, -0.21, 2.16, -5.37), (0.67, 0.53, -0.76, -0.97))
MEANING = Weights((2.32, 7.09, 5.67, 1.98, 0.06, 13.06, -8.34), (0.42, 0.62, -1.3, -0.81))


def log_odds(signs: Floats, weights: Sequence[float] | Floats) -> Floats:
    found: Floats = signs @ np.array(weights[:-1]) + weights[-1]
    return found


def summary(odds: Sequence[float], known: float) -> tuple[float, float, float]:
    """What `right` is about; `odds` are the entries' log-odds, best first."""
    return odds[0], min(LEAD, odds[0] - odds[1]) if len(odds) > 1 else LEAD, known


def probabilities(odds: Sequence[float], known: float, weights: Weights) -> list[float]:
    """Of each entry, that it answers. The best ones that nothing tells apart share one; what comes behind them has at
    most what they leave."""
    behind = odds[0] - np.array(odds)
    tied = behind < EQUAL
    best = 1 / (1 + np.exp(-log_odds(np.array(summary(odds, known)), weights.right)))
    best = min(best, 1 / tied.sum())
    found: list[float] = np.where(tied, best, np.minimum(best * np.exp(-behind), 1 - best)).tolist()
    return found
