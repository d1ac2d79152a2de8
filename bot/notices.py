"""What residents are told without having asked: how an enrolment went, a place that came free, tomorrow's lesson, points
about to lapse, approved announcements.

A notice is owed in the transaction that is its reason, with a row of the queue. It is sent once: in one transaction it is
said in a conversation of the learner's and settled, and from there the queue carries it like any message. Not without consent, not at night, not
too many; what comes too late to be of use is dropped, and why is kept.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from accounts.identity import Identity
from accounts.vault import Vault
from bot.live import Live
from bot.messages import Message, Reply
from bot.queue import Done, Later, Outcome
from store import conversations, deliveries, identity, notices
from store.database import ConflictError, Database
from store.notices import NewNotice, NoticeRow, Reached
from store.queue import QueueRow
from store.transaction import Transaction
from store.units import DAY, HOUR

SOON, PAUSED = 1_000, 60_000  # ms until what met somebody else's doing is tried again
WAKES, SLEEPS = 8, 21  # hours of the day between which one may be told something
# Purposes that somebody has to have asked for; of the others one is told because one enrolled, until one says no.
OPT_IN = frozenset({"points", "news"})
# So many within so many ms, for one learner.
LIMITS: Mapping[str, tuple[int, int]] = {"class": (3, DAY), "points": (1, 7 * DAY), "news": (1, 3 * DAY)}
Allowed = Callable[[int], Awaitable[int]]  # how many messages a conversation still takes


@dataclass(frozen=True, slots=True)
class Way:
    """A channel on which somebody may be told something. `allowed` is None where it does not count; one that `texts`
    reaches any telephone."""

    channel: str
    allowed: Allowed | None = None
    texts: bool = False


class Notices:
    """Owes notices."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def owe(self, transaction: Transaction, new: NewNotice, reply: Reply, now: int) -> bool:
        """Owes a notice as part of a larger commit; False where it was owed before."""
        return notices.add(transaction, new, self._vault.close(msgspec.json.encode(reply)), now)

    def reply(self, row: NoticeRow) -> Reply:
        """What is to be said."""
        return msgspec.json.decode(self._vault.open(row.body), type=Reply)


class NoticeSender:
    """Says what is owed. `ways` are the channels in the order in which they are tried; `clock` gives the centre's time."""

    def __init__(
        self, database: Database, notices: Notices, identities: Identity, live: Live, ways: Mapping[str, Way],
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._database = database
        self._notices = notices
        self._identity = identities
        self._live = live
        self._ways = ways
        self._clock = clock

    async def send(self, row: QueueRow) -> Outcome:
        """Says it, puts it off, or drops it."""
        at, id = self._clock(), row.number
        now = int(at.timestamp() * 1000)
        new = await self._database.read(lambda t: notices.due(t, id))
        if new is None:
            return Done()
        if new.state == "held":
            return Later(now + PAUSED)  # while this was under way
        if now >= new.until:
            return await self._end(new, "too_late", now)
        if (morning := _morning(at)) is not None:
            return Later(morning)
        way = await self._way(new, now)
        if way is None:
            return await self._end(new, "no_way", now)
        try:
            said = await self._database.write(lambda t: self._send(t, new, way, now))
        except ConflictError:
            return Later(now + SOON)  # somebody spoke in it at this moment
        if isinstance(said, int):
            self._live.wake(said)
            return Done()
        return said

    def _wanted(self, transaction: Transaction, row: NoticeRow) -> bool:
        said = identity.last_word(transaction, "learner", str(row.learner), row.purpose)
        return bool(said) if row.purpose in OPT_IN else said is not False

    async def _end(self, row: NoticeRow, why: str, now: int) -> Outcome:
        def work(transaction: Transaction) -> None:
            if notices.due(transaction, row.id) is not None:
                notices.end(transaction, row.id, "dropped", why, now)

        await self._database.write(work)
        return Done()

    async def _way(self, row: NoticeRow, now: int) -> Reached | None:
        """Where the learner is told: a channel that takes it now, a text to the telephone on file, else a channel that
        keeps it until they write."""
        bound = await self._database.read(lambda t: notices.reached(t, row.learner, now))
        usable = [each for each in bound if each.channel in self._ways]
        for each in usable:
            if await self._takes(each):
                return each
        texts = next((each.channel for each in self._ways.values() if each.texts), None)
        if texts and (phone := await self._identity.phone(row.learner)):
            number = f"+86{phone}"
            if not await self._database.read(lambda t: deliveries.is_lost(t, texts, number)):
                return Reached(texts, number, "self")
        return usable[0] if usable else None

    async def _takes(self, each: Reached) -> bool:
        allowed = self._ways[each.channel].allowed
        if await self._database.read(lambda t: deliveries.is_lost(t, each.channel, each.address)):
            return False
        if allowed is None:
            return True
        found = await self._database.read(lambda t: conversations.find(t, each.channel, each.address))
        return found is not None and await allowed(found.id) > 0

    def _send(self, transaction: Transaction, row: NoticeRow, way: Reached, now: int) -> int | Outcome:
        """Says it and settles it; the conversation where it was said. Otherwise what becomes of it."""
        if notices.due(transaction, row.id) is None:
            return Done()
        transaction.alone(f"notices of {row.learner}")  # they are counted
        if not self._wanted(transaction, row):
            notices.end(transaction, row.id, "dropped", "not_wanted", now)
            return Done()
        if (limit := LIMITS.get(row.purpose)) and notices.sent(transaction, row.learner, row.purpose, now - limit[1]) >= limit[0]:  # fmt: skip
            return Later(now + HOUR)
        reply = self._notices.reply(row)
        talk = conversations.find(transaction, way.channel, way.address)
        if talk is None:
            talk = conversations.begin(transaction, way.channel, way.address, now)
        body = msgspec.json.encode(Message(reply=reply))
        conversations.say(transaction, talk, [("system", body)], now)
        notices.end(transaction, row.id, "sent", way.channel, now)
        conversations.audited(
            transaction, "system", f"notice.{row.purpose}", f"learner {row.learner}", way.channel, now
        )
        return talk.id


def _morning(at: datetime) -> int | None:
    """When one may be told something again (ms), at night; None by day."""
    if WAKES <= at.hour < SLEEPS:
        return None
    day = at if at.hour < WAKES else at + timedelta(days=1)
    return int(day.replace(hour=WAKES, minute=0, second=0, microsecond=0).timestamp() * 1000)
