"""Wakes those who wait for something new. A hint only: what is new, they read from the store."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable


class Live:
    """Waiters of this process, by conversation."""

    def __init__(self) -> None:
        self._waiting: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self.changed: dict[int, float] = {}  # conversations with something that cannot be searched yet, and since when
        self._tickets: list[asyncio.Event] = []
        self._typing: list[Callable[[int, str], None]] = []
        self._delivered: list[Callable[[int, int], None]] = []

    def watch_tickets(self) -> asyncio.Event:
        """An event that is set whenever something happened to a ticket; whoever waits for it clears it."""
        event = asyncio.Event()
        self._tickets.append(event)
        return event

    def ring(self) -> None:
        """Something happened to a ticket."""
        for event in self._tickets:
            event.set()

    def on_typing(self, told: Callable[[int, str], None]) -> None:
        """`told(conversation, author)` whenever somebody types; not stored, and nobody relies on it."""
        self._typing.append(told)

    def typing(self, conversation: int, author: str) -> None:
        for told in self._typing:
            told(conversation, author)

    def on_delivered(self, told: Callable[[int, int], None]) -> None:
        """`told(conversation, seq)` when a channel has taken everything up to this message."""
        self._delivered.append(told)

    def delivered(self, conversation: int, seq: int) -> None:
        for told in self._delivered:
            told(conversation, seq)

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
        self.changed[conversation] = time.monotonic()
        for event in self._waiting.get(conversation, ()):
            event.set()
