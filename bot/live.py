"""Wakes those who wait for something new. A hint only: what is new, they read from the store."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping

from bot.hints import DeliveredHint, DeskHint, Hint, TalkHint, TicketsHint, TypingHint
from store import conversations
from store.database import Database


def nobody_told(hint: Hint) -> None:
    """Of a process that is alone."""


class Live:
    """Waiters of this process, by conversation. What happens here is heard here, and told to the other processes by `tell`;
    what they tell comes to `hear`."""

    def __init__(self, tell: Callable[[Hint], None] = nobody_told) -> None:
        self._tell = tell
        self._waiting: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self.changed: dict[int, float] = {}  # conversations with something that cannot be searched yet, and since when
        self._tickets: list[asyncio.Event] = []
        self._typing: list[Callable[[int, str], None]] = []
        self._delivered: list[Callable[[int, int], None]] = []
        self._desk: list[Callable[[DeskHint], None]] = []

    def watch_tickets(self) -> asyncio.Event:
        """An event that is set whenever something happened to a ticket; whoever waits for it clears it."""
        event = asyncio.Event()
        self._tickets.append(event)
        return event

    def ring(self) -> None:
        """Something happened to a ticket."""
        self._say(TicketsHint())

    def on_typing(self, told: Callable[[int, str], None]) -> None:
        """`told(conversation, author)` whenever somebody types; not stored, and nobody relies on it."""
        self._typing.append(told)

    def typing(self, conversation: int, author: str) -> None:
        self._say(TypingHint(conversation, author))

    def on_delivered(self, told: Callable[[int, int], None]) -> None:
        """`told(conversation, seq)` when a channel has taken everything up to this message."""
        self._delivered.append(told)

    def delivered(self, conversation: int, seq: int) -> None:
        self._say(DeliveredHint(conversation, seq))

    def on_desk(self, told: Callable[[DeskHint], None]) -> None:
        """`told(hint)` when something changed at the desk that is no ticket; nobody relies on it."""
        self._desk.append(told)

    def desk(self, hint: DeskHint) -> None:
        self._say(hint)

    def watch(self, conversation: int) -> asyncio.Event:
        """An event that is set whenever the conversation has something new."""
        event = asyncio.Event()
        self._waiting[conversation].add(event)
        return event

    def forget(self, conversation: int, event: asyncio.Event) -> None:
        self._waiting[conversation].discard(event)
        if not self._waiting[conversation]:
            del self._waiting[conversation]

    @property
    def watched(self) -> list[int]:
        """The conversations that somebody here waits for."""
        return list(self._waiting)

    def wake(self, conversation: int) -> None:
        self.changed[conversation] = time.monotonic()
        self._say(TalkHint(conversation))

    def rouse(self, conversation: int) -> None:
        """`wake` for this process alone."""
        for event in self._waiting.get(conversation, ()):
            event.set()

    def _say(self, hint: Hint) -> None:
        self.hear(hint)
        self._tell(hint)

    def hear(self, hint: Hint) -> None:
        """What this process or another one tells."""
        match hint:
            case TalkHint(conversation):
                self.rouse(conversation)
            case TicketsHint():
                for event in self._tickets:
                    event.set()
            case TypingHint(conversation, author):
                for told in self._typing:
                    told(conversation, author)
            case DeliveredHint(conversation, seq):
                for taken in self._delivered:
                    taken(conversation, seq)
            case DeskHint():
                for changed in self._desk:
                    changed(hint)


class Looking:
    """Finds what another process has said in a conversation that is waited for here, where no hint told it: `work` is a
    worker's round."""

    def __init__(self, database: Database, live: Live) -> None:
        self._database = database
        self._live = live
        self._last: Mapping[int, int] = {}  # numbers of the last messages, by conversation

    async def work(self) -> None:
        watched = self._live.watched
        last = await self._database.read(lambda t: conversations.last(t, watched)) if watched else {}
        for conversation, seq in last.items():
            if self._last.get(conversation) != seq:
                self._live.rouse(conversation)
        self._last = last
