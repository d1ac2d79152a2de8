"""How long turns take, by channel, for the metrics. The library's own histogram would cost ten times as much, for a lock that
nobody needs on one event loop."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import REGISTRY
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds


class TurnTimes(Collector):
    """Counts each where it belongs."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def observe(self, channel: str, seconds: float) -> None:
        counts = self._counts.get(channel)
        if counts is None:
            counts = self._counts[channel] = [0] * (len(BOUNDS) + 1)
            self._sums[channel] = 0.0
        counts[bisect_left(BOUNDS, seconds)] += 1
        self._sums[channel] += seconds

    def collect(self) -> Iterator[Metric]:
        """For Prometheus."""
        told = HistogramMetricFamily(
            "daoxue_turn_seconds", "From a message that came in to its committed answer, by channel", labels=["channel"]
        )
        bounds = (*map(str, BOUNDS), "+Inf")
        for channel, counts in self._counts.items():
            told.add_metric([channel], list(zip(bounds, accumulate(counts), strict=True)), self._sums[channel])
        yield told


TOOK = TurnTimes()
REGISTRY.register(TOOK)
