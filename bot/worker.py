"""A row of what goes on in the background. `daoxue/watch.py` runs it and knows whether it is in trouble."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Worker:
    """`work` is one round, without a loop and a `try` of its own: what it raises is logged and counted there, and the
    round tried again. The next one begins `seconds` after it, sooner when `wake` is set, but after `rest` seconds at the
    earliest. A round that takes more than `within` seconds has stalled. `shown` is its name for people."""

    name: str
    shown: str
    seconds: float
    work: Callable[[], Awaitable[object]]
    wake: asyncio.Event | None = None
    rest: float = 0.0
    within: float = 60.0
