"""One after the other of those who share a name, side by side with all others."""

import asyncio
from collections.abc import Hashable
from weakref import WeakValueDictionary


class Locks:
    """A lock a name, which is there as long as somebody has it or waits for it."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: Hashable) -> asyncio.Lock:
        return self._known.setdefault(name, asyncio.Lock())
