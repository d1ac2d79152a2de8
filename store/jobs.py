"""Writes that wait for their commit, each with the event loop of who waits for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from store.transaction import Transaction

T = TypeVar("T")
Work = Callable[[Transaction], T]


@dataclass(slots=True)
class Job(Generic[T]):
    """`changes` is the conversation that it changes, or 0."""

    work: Work[T]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[T]
    changes: int
    result: T | None = None
    error: Exception | None = None

    def settle(self) -> None:
        """Tells who waits what became of it, on their loop."""
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(cast(T, self.result))


Jobs = list[Job[object]]


def settle(jobs: Jobs) -> None:
    for job in jobs:
        job.settle()
