"""How much is let in: of one person, from one place, and of all together at one moment."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

from accounts.limits import ALARMS_FROM, MESSAGES, MESSAGES_FROM, REFUSED, VISITORS_FROM, Limits, TooManyError
from bot import alarming
from bot.messages import LONGEST, Inbound
from nlu.text import clean, fold

FULL = 400  # turns at the same time: on the slowest machine that we know, two seconds' work
AGAIN = (1.0, 5.0)  # seconds until who was refused for that comes again: spread, for they are many
ALARM = 1_000  # characters in which words of a danger are looked for where too many come


class BusyError(Exception):
    """The conversation changed faster than it could be answered. Nothing was accepted: deliver again."""


class OverloadError(TooManyError, BusyError):
    """As many are being answered as can be in time; nothing was accepted."""

    def __init__(self) -> None:
        super().__init__(random.uniform(*AGAIN))  # noqa: S311 - to spread them


def is_alarm(said: Inbound) -> bool:
    """Whether there are words of a danger in it."""
    return alarming.is_alarm(fold(clean(said.text[:ALARM])))


class Admission:
    """Whoever is in danger does not wait for others: for that there is as much room again."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._under_way = 0

    def has_room_for(self, said: Inbound) -> bool:
        """Whether it would be answered in time beside those that are being answered."""
        return self._under_way < FULL or (self._under_way < 2 * FULL and is_alarm(said))

    @contextmanager
    def one(self, said: Inbound, *, waits: bool) -> Iterator[None]:
        """A turn, while it lasts. Raises `OverloadError` where there is no room, unless it `waits`."""
        if not waits and not self.has_room_for(said):
            REFUSED.labels("full").inc()
            raise OverloadError
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def check(self, said: Inbound, *, is_new: bool) -> None:
        """Only where a network address is known can one come as somebody new whenever one likes, and as fast: platforms
        number what they hand on, and what was refused would be lost there. Raises `TooManyError`."""
        if not said.origin:
            return
        parts = 1 + len(said.text) // LONGEST  # what is long takes as long to look through as so many
        wait = self._limits.take(
            *self._limits.both(MESSAGES, f"{said.channel} {said.address}", MESSAGES_FROM, said.origin) * parts,
            *(self._limits.from_(VISITORS_FROM, said.origin) if is_new else ()),
        )
        if wait > 0 and is_alarm(said):
            wait = self._limits.take(*self._limits.from_(ALARMS_FROM, said.origin))
        if wait > 0:
            raise TooManyError(wait)
