"""Wakes those who wait for something new in a conversation. A hint only: what is new, they read from the store."""

import asyncio
from collections import defaultdict


class Live:
    """Waiters of this process, by conversation."""

    def __init__(self) -> None:
        self._waiting: defaultdict[int, set[asyncio.Event]] = defaultdict(set)

    def watch(self, conversation: int) -> asyncio.Event:
        """An event that is set whenever the conversation has something new."""
        event = asyncio.Event()
        self._waiting[conversation].add(event)
        return event

    def forget(self, conversation: int, event: asyncio.Event) -> None:
        self._waiting[conversation].discard(event)
        if not self._waiting[conversation]:
            del self._waiting[conversation]

    def is_watched(self, conversation: int) -> bool:
        return conversation in self._waiting

    def wake(self, conversation: int) -> None:
        for event in self._waiting.get(conversation, ()):
            event.set()
