"""What the processes of one centre tell each other: that there is something new, and nothing of what it is.

A hint holds numbers of the database, never a word, a name or an address. Whoever hears one reads the database; whoever
misses one finds out by looking, a second later. So what carries them may lose, repeat and delay them, or be gone.
"""

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Literal, Protocol

import msgspec
from msgspec import Struct
from prometheus_client import Counter, Gauge

WITHIN = 0.5  # seconds that sending may take
OPENS_WITHIN = 5.0  # seconds that it may take where nothing has come through yet: a connection is opened
HEARD = 1.0  # seconds of one round of listening
LATE = 1.0  # seconds after which a hint is no better than looking
SILENT = 3.0  # seconds without a sign of our own life, after which the connection is made anew
TOGETHER = 120  # hints sent at a time: PostgreSQL takes 8 000 bytes
MOST = 10_000  # that wait to be sent
COUNTED = Counter(
    "daoxue_hints", "Hints between processes, by what carried them and what became of them", ["by", "ended"]
)
WELL = Gauge("daoxue_hints_well", "Whether hints come through, and in time", ["by"])


class TalkHint(Struct, frozen=True, array_like=True, tag="talk"):
    """A conversation has something new."""

    conversation: int


class TicketsHint(Struct, frozen=True, array_like=True, tag="tickets"):
    """Something happened to a ticket."""


class TypingHint(Struct, frozen=True, array_like=True, tag="typing"):
    """Somebody types in a conversation: `author` is resident or seat."""

    conversation: int
    author: str


class DeliveredHint(Struct, frozen=True, array_like=True, tag="delivered"):
    """A channel has taken everything up to a message of a conversation."""

    conversation: int
    seq: int


DeskPart = Literal["seats", "broadcasts", "invitations"]


class DeskHint(Struct, frozen=True, array_like=True, tag="desk"):
    """Something changed at the desk that is no ticket: `what` is seats (who is there), broadcasts, or invitations (one was
    scanned)."""

    what: DeskPart


Hint = TalkHint | TicketsHint | TypingHint | DeliveredHint | DeskHint


class Batch(Struct, frozen=True, array_like=True):
    """Hints as they are sent; none is a sign of life. `at` is the sender's own clock, in seconds."""

    sender: str
    at: float
    hints: Sequence[Hint]


_decode = msgspec.json.Decoder(Batch).decode


class HintsError(Exception):
    """Hints do not come through. The message is the kind of error that said so."""


class PubSub(Protocol):
    """Carries texts between processes: what is sent is heard by all, by who sent it too. Connects by itself, and anew after
    whatever has failed with one of `errors`; `name` is that of metrics, `shown` for people."""

    name: str
    shown: str
    errors: tuple[type[Exception], ...]

    async def send(self, text: str) -> None: ...

    async def hear(self, seconds: float) -> Sequence[str]:
        """What comes first, or nothing within that time."""
        ...

    async def hang_up(self) -> None:
        """Ends its connections; the next word opens others."""
        ...


class Hints:
    """Those that one pub/sub carries. `put` never waits; `speak` and `listen` are workers' rounds, which raise
    `HintsError`. While it is not well, or fails, hints go to the `standby`."""

    def __init__(
        self, pubsub: PubSub, standby: "Hints | None" = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pubsub = pubsub
        self._failures: tuple[type[Exception], ...] = (*pubsub.errors, TimeoutError)
        self._standby = standby
        self._clock = clock
        self._me = secrets.token_hex(6)
        self._waiting: dict[Hint, None] = {}  # each once, in order
        self._came = -math.inf  # when a sign of our own life came back
        self._since = math.inf  # when the connection that we listen on was begun
        self.news = asyncio.Event()

    @property
    def name(self) -> str:
        return self._pubsub.name

    @property
    def shown(self) -> str:
        return self._pubsub.shown

    @property
    def is_well(self) -> bool:
        """Whether what we say ourselves has come back in time, a moment ago."""
        return self._clock() - self._came < SILENT

    def put(self, hint: Hint) -> None:
        """To be sent; forgotten where too many wait."""
        if self._standby is not None and not self.is_well:
            self._standby.put(hint)
        elif len(self._waiting) < MOST:
            self._waiting[hint] = None
            self.news.set()
        else:
            self._count("dropped")

    async def speak(self) -> None:
        """Sends what waits; a sign of life where nothing does."""
        while True:
            hints = tuple(islice(self._waiting, TOGETHER))
            for each in hints:
                del self._waiting[each]
            await self._send(hints)
            if not self._waiting:
                return

    async def _send(self, hints: Sequence[Hint]) -> None:
        text = msgspec.json.encode(Batch(self._me, self._clock(), hints)).decode()
        try:
            async with asyncio.timeout(WITHIN if self.is_well else OPENS_WITHIN):
                await self._pubsub.send(text)
        except self._failures as error:
            self._fail()
            for each in (*hints, *self._waiting):
                self._hand_on(each)
            self._waiting.clear()
            raise HintsError(type(error).__name__) from error
        self._count("sent", len(hints))

    def _hand_on(self, hint: Hint) -> None:
        """What was perhaps not heard is said again elsewhere; where there is nowhere, the others find it by looking."""
        if self._standby is not None:
            self._standby.put(hint)
        else:
            self._count("dropped")

    async def listen(self) -> Sequence[Hint]:
        """What others say, as soon as they do; nothing after a second."""
        self._since = min(self._since, self._clock())
        try:
            async with asyncio.timeout(HEARD + LATE):
                texts = await self._pubsub.hear(HEARD)
        except self._failures as error:
            self._fail()
            raise HintsError(type(error).__name__) from error
        hints = [hint for text in texts for hint in self._taken(text)]
        if not self.is_well and self._clock() - self._since > SILENT:  # open, and carries nothing
            self._fail()
            await self._pubsub.hang_up()
            raise HintsError("silent")
        WELL.labels(self.name).set(self.is_well)
        return hints

    def _taken(self, text: str) -> Sequence[Hint]:
        try:
            batch = _decode(text)
        except msgspec.DecodeError:  # another version's
            self._count("not understood")
            return ()
        if batch.sender != self._me:
            self._count("heard", len(batch.hints))
            return batch.hints
        if self._clock() - batch.at < LATE:
            self._came = self._clock()
        return ()

    def _fail(self) -> None:
        self._came, self._since = -math.inf, math.inf
        WELL.labels(self.name).set(False)

    def _count(self, ended: str, number: int = 1) -> None:
        COUNTED.labels(self.name, ended).inc(number)

    async def close(self) -> None:
        await self._pubsub.hang_up()
