"""How often something may be done, by whom and from where: the one place for every channel, the desk and what is proven.

A limit is kept in the memory of the process that was asked, which decides at once by what it knows; what others have let
through it learns where there is somewhere to tell (`accounts/sharing.py`). Network addresses stand here for as long as a
limit remembers them, and are written down nowhere.
"""

import asyncio
import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from prometheus_client import Counter as Figure

REFUSED = Figure("daoxue_limited", "What was refused because it was more than may be, by the limit", ["limit"])
MOST = 100_000  # keys that are remembered
FORGIVEN = -1
NETWORK = 8  # times what one address may, its whole network may
HOUR_IN_SECONDS = 3600.0
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` at once, and from then on as many again in `seconds`, evenly. `alone`: its keys say nothing to another process."""

    name: str
    most: int
    seconds: float
    alone: bool = False

    @property
    def one(self) -> float:
        """Seconds until one more is there."""
        return self.seconds / self.most


Asked = tuple[Limit, str]  # of whom, or from where

# What one visitor, number or account may, on whatever channel.
MESSAGES = Limit("messages", 20, 10)  # that are thought about
TICKETS = Limit("tickets", 6, HOUR_IN_SECONDS)  # opened, but where a life is in danger: that one is never refused
MAILS = Limit("mails", 10, HOUR_IN_SECONDS)  # of one sender that are answered
MAILS_OVER = Limit("mails over", 1, HOUR_IN_SECONDS)  # of those over that, that a person is called to
POSTS = Limit("posts", 10, HOUR_IN_SECONDS)  # of one author in a forum that are answered
POSTS_OVER = Limit("posts over", 1, HOUR_IN_SECONDS)  # of those over that, that a person is called to
TEXTS = Limit("texts", 8, 60)  # of one number that are answered
TEXTS_READ = Limit("texts read", 22, 60)  # and beyond those, that are read all the same
FILES = Limit("files", 20, HOUR_IN_SECONDS / 4)  # messages with files
MEGABYTES = Limit("megabytes", 60, HOUR_IN_SECONDS)  # of files
CATCHING_UP = Limit("catching up", 30, 60)  # times that pages come back and ask for what they lack
FRAMES = Limit("frames", 60, 15, alone=True)  # of a socket, whatever they are: signs of life and of typing too

# Wrong passwords and codes of one account at the desk: from one address or known device; from wherever, which a known
# device is not held to; of these the codes that came with the right password: whoever has that and guesses on is no owner.
GUESSES = Limit("guesses", 5, HOUR_IN_SECONDS / 4)
GUESSES_ANYWHERE = Limit("guesses anywhere", 30, HOUR_IN_SECONDS)
CODES_ANYWHERE = Limit("codes anywhere", 30, HOUR_IN_SECONDS)

RETURNS = Limit("returns", 1, HOUR_IN_SECONDS / 6)  # from the identity provider, of one leaving for it

# What may come from one network address; `NETWORK` times as much from the network that it is in.
REQUESTS_FROM = Limit("requests from", 600, 10)  # to a channel, whatever is in them
MESSAGES_FROM = Limit("messages from", 300, 10)  # that are thought about
VISITORS_FROM = Limit("visitors from", 60, 60)  # that say their first word
TICKETS_FROM = Limit("tickets from", 30, HOUR_IN_SECONDS)
ALARMS_FROM = Limit("alarms from", 60, 60)  # with words of a danger to life, where the limits above refuse them
FILES_FROM = Limit("files from", 100, HOUR_IN_SECONDS / 4)
MEGABYTES_FROM = Limit("megabytes from", 400, HOUR_IN_SECONDS)
CARDS_FROM = Limit("cards from", 30, HOUR_IN_SECONDS)  # asked about, to prove who one is
GUESSES_FROM = Limit("guesses from", 30, HOUR_IN_SECONDS / 4)  # of whatever account
PROVIDER_FROM = Limit("provider from", 300, HOUR_IN_SECONDS / 4)  # times that the identity provider is asked
SOCKETS_FROM = 200  # open at the same time
_HELD = Limit("held", 1, 1)  # for the keys alone


class TooManyError(Exception):
    """More than may be. Nothing was accepted; `seconds` later it would be."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


@lru_cache(maxsize=8192)
def place(address: str) -> tuple[str, str]:
    """The keys of a network address and of its network: of IPv6 a household's 64 bits and a site's 48, of IPv4 the address
    and its 24 bits. What is no address is its own network."""
    found = _read(address)
    if found is None:
        return address, address
    narrow, wide = (32, 24) if found.version == 4 else (64, 48)
    return tuple(str(ipaddress.ip_network((found, bits), strict=False)) for bits in (narrow, wide))  # type: ignore[return-value]


def networks(given: Collection[str]) -> tuple[Network, ...]:
    """Addresses and networks as settings name them (192.0.2.1, 10.0.0.0/8). Raises `ValueError`."""
    return tuple(ipaddress.ip_network(each) for each in given)


def is_among(address: str, known: Collection[Network]) -> bool:
    """Whether an address is in one of the networks."""
    found = _read(address)
    return found is not None and any(found in each for each in known)


@lru_cache(maxsize=8192)
def _read(address: str) -> Address | None:
    """None for what is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


class Limits:
    """Who may do how much. `unlimited` are networks from where everything may be done as often as one likes; `clock` is in
    seconds and only ever goes on. Where it is `shared`, what was taken is kept until it was told, and `news` set."""

    def __init__(
        self, unlimited: Collection[Network] = (), clock: Callable[[], float] = time.monotonic, *, shared: bool = False
    ) -> None:
        self._unlimited = tuple(unlimited)
        self._clock = clock
        self._until: dict[tuple[str, str], float] = {}  # when all that was taken is there again
        self._held: Counter[str] = Counter()  # what is open, by where from
        self._shared = shared
        self._untold: dict[Asked, int] = {}  # how often each was taken; FORGIVEN where that is to be forgotten
        self.news = asyncio.Event()

    def from_(self, limit: Limit, address: str) -> tuple[Asked, ...]:
        """A limit by where something comes from; nothing to ask where that is not known, or unlimited."""
        if not address or (self._unlimited and is_among(address, self._unlimited)):
            return ()
        narrow, wide = place(address)
        return (limit, narrow), (_of_network(limit), wide)

    def both(self, limit: Limit, who: str, placed: Limit, address: str) -> tuple[Asked, ...]:
        """A limit of somebody, and one by where they are; nothing to ask where that is unlimited."""
        if not address:
            return ((limit, who),)
        found = self.from_(placed, address)
        return ((limit, who), *found) if found else ()

    @contextmanager
    def held(self, most: int, address: str) -> Iterator[bool]:
        """Whether one more may be open from there, and counts it while it is."""
        keys = [key for _, key in self.from_(_HELD, address)]
        if any(self._held[key] >= most * times for key, times in zip(keys, (1, NETWORK), strict=False)):
            REFUSED.labels("sockets").inc()
            yield False
            return
        self._held.update(keys)
        try:
            yield True
        finally:
            self._held.subtract(keys)
            for key in keys:
                if not self._held[key]:
                    del self._held[key]

    def wait(self, *asked: Asked) -> float:
        """Seconds until all of them would let it through; 0 now."""
        now, longest = self._clock(), 0.0
        for limit, key in asked:
            until = self._until.get((limit.name, key))
            if until is not None:
                longest = max(longest, until - now - limit.seconds + limit.one)
        return longest if longest > 1e-6 else 0.0

    def take(self, *asked: Asked) -> float:
        """The same, and where it is 0 it counts for all of them; else for none."""
        if (wait := self.wait(*asked)) > 0:
            REFUSED.labels(max(asked, key=self.wait)[0].name).inc()
            return wait
        now = self._clock()
        for limit, key in asked:
            until = self._until.get((limit.name, key), now)
            self._until[limit.name, key] = max(until, now) + limit.one
            if self._shared:
                self._to_tell(limit, key, 1)
        if len(self._until) > MOST:
            self._forget(now)
        return 0.0

    def check(self, *asked: Asked) -> None:
        """`take` for who goes no further. Raises `TooManyError`."""
        if (wait := self.take(*asked)) > 0:
            raise TooManyError(wait)

    def forgive(self, *asked: Asked) -> None:
        """As if nothing had been taken from these."""
        for limit, key in asked:
            if self._until.pop((limit.name, key), None) is not None and self._shared:
                self._to_tell(limit, key, FORGIVEN)

    def _to_tell(self, limit: Limit, key: str, times: int) -> None:
        if limit.alone or len(self._untold) >= MOST:
            return
        known = self._untold.get((limit, key), 0)
        self._untold[limit, key] = times if times == FORGIVEN else max(known, 0) + times
        self.news.set()

    def untold(self, most: int) -> list[tuple[Asked, int]]:
        """What was taken and is to be told, in ms of each limit's time; below 0 what is to be forgotten. It is handed out
        once."""
        found = list(islice(self._untold.items(), most))
        for asked, _ in found:
            del self._untold[asked]
        return [
            (asked, FORGIVEN if times == FORGIVEN else round(asked[0].one * times * 1000)) for asked, times in found
        ]

    def learn(self, asked: Asked, seconds: float) -> None:
        """All processes together have taken what is there again after so long, beside what was not told yet."""
        limit, key = asked
        mine = max(self._untold.get(asked, 0), 0) * limit.one
        self._until[limit.name, key] = self._clock() + seconds + mine

    def _forget(self, now: float) -> None:
        """What is there again anyway; of the others the half that would be first."""
        left = sorted((until, key) for key, until in self._until.items() if until > now)
        self._until = {key: until for until, key in (left[len(left) // 2 :] if len(left) > MOST // 2 else left)}


class Once:
    """The limits, for somebody who may have to begin anew: what is asked again has the answer that it had."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waits: dict[tuple[Asked, ...], float] = {}

    def both(self, limit: Limit, who: str, placed: Limit, address: str) -> tuple[Asked, ...]:
        return self._limits.both(limit, who, placed, address)

    def take(self, *asked: Asked) -> float:
        if asked not in self._waits:
            self._waits[asked] = self._limits.take(*asked)
        return self._waits[asked]


@lru_cache
def _of_network(limit: Limit) -> Limit:
    return Limit(f"{limit.name} network", limit.most * NETWORK, limit.seconds, limit.alone)
