"""An event loop without a clock: where nobody has anything to do, it is later."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any


class StuckError(Exception):
    """Everybody waits for somebody else, and no time is set for anything."""


class _NoWaiting(selectors.SelectSelector):
    """Hears nobody from outside; `loop` is told how long it would have waited."""

    loop: "SimulatedLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError
        self.loop.now += max(0.0, timeout)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """`now` is in seconds from its beginning. What others do in threads is done at once."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _NoWaiting()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
            future.set_exception(error)
        return future

    def _write_to_self(self) -> None:
        """Nobody else is there to wake it."""
