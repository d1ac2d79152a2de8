"""Limits that several processes share, as far as it goes without waiting: each decides by what it knows, tells what it has
let through a moment later, and learns what all together have. Where nobody can be told, each goes on by itself."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from accounts.limits import Asked, Limits

TOGETHER = 500  # keys told at a time


class CountingError(Exception):
    """What was let through could not be told. The message is the kind of error that said so."""


class Tally(Protocol):
    """Counts for all processes at once."""

    async def add(self, taken: Sequence[tuple[str, int]]) -> Sequence[int]:
        """Counts so many ms more for each key; ms until all that was taken of it is there again. What is below 0 forgets
        the key. Raises `CountingError`."""
        ...

    async def close(self) -> None: ...


class Sharing:
    """`work` is a worker's round, to be done when `news` is set. `digest` makes of a key, which may be an address or a
    number, what may be told."""

    def __init__(self, limits: Limits, tally: Tally, digest: Callable[[str], str]) -> None:
        self._limits = limits
        self._tally = tally
        self._digest = digest

    @property
    def news(self) -> asyncio.Event:
        return self._limits.news

    async def work(self) -> None:
        while taken := self._limits.untold(TOGETHER):
            left = await self._tally.add([(self._key(asked), ms) for asked, ms in taken])
            for (asked, _), ms in zip(taken, left, strict=True):
                self._limits.learn(asked, ms / 1000)

    def _key(self, asked: Asked) -> str:
        limit, key = asked
        return self._digest(f"{limit.name}\n{key}")

    async def close(self) -> None:
        await self._tally.close()
