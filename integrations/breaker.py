"""Leaves a service elsewhere alone that fails, so that nobody waits for what does not come."""

import time
from collections.abc import Callable

FAILURES, REST = 5, 30.0  # in a row, after which it is left alone for so many seconds


class Breaker:
    """Open after `FAILURES` in a row: nobody asks. After `REST` seconds one asks, and the others when that has succeeded.

    `clock` is in seconds and never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed = 0
        self._rests_until = 0.0

    def lets(self) -> bool:
        """Whether to ask now. Who is let through after a rest finds out for all: until then nobody else is, and should
        no word come from there, the next one after another rest."""
        if self._failed < FAILURES:
            return True
        now = self._clock()
        if now < self._rests_until:
            return False
        self._rests_until = now + REST
        return True

    @property
    def may_retry(self) -> bool:
        """Whether one more failure leaves it closed."""
        return self._failed + 1 < FAILURES

    def succeeded(self) -> None:
        self._failed = 0

    def failed(self) -> None:
        self._failed = min(self._failed + 1, FAILURES)
        if self._failed == FAILURES:
            self._rests_until = self._clock() + REST
