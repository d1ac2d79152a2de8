"""Announcements to everybody who wants them: drafted by one, approved by another, sent in the order of learners, paused
at any moment, and counted.

Nobody gets one who has not asked for announcements, and nobody at night (`bot.notices`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import msgspec
from msgspec import Struct

from accounts.identity import Identity
from bot.hints import DeskHint
from bot.live import Live
from bot.messages import Reply
from bot.notices import Notices
from desk.errors import TicketError
from store import broadcasts, conversations, identity, notices
from store.broadcasts import BroadcastRow
from store.database import Database
from store.notices import NewNotice
from store.transaction import Transaction
from store.units import DAY

TOGETHER = 200  # learners in one commit
LASTS = 5 * DAY  # ms after which an announcement is worth nothing
UNSUBSCRIBE = "（不想收通知，回复“退订通知”）"
LONGEST = 500  # characters
BROADCASTS = DeskHint("broadcasts")


class Audience(Struct, frozen=True, forbid_unknown_fields=True):
    """Learners of these schools; empty is all."""

    schools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: `wanted` may be told at all; the rest counts notices by what became of them."""

    wanted: int
    due: int
    sent: dict[str, int]
    dropped: dict[str, int]


class Broadcasts:
    """All methods raise `TicketError` where it may not be, and change nothing then. `clock` is in seconds."""

    def __init__(
        self,
        database: Database,
        live: Live,
        told: Notices,
        identities: Identity,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._live = live
        self._notices = told
        self._identity = identities
        self._clock = clock
        # How far those on their way were, as pages last heard.
        self._told: Mapping[int, Mapping[tuple[str, str], int]] = {}

    async def list(self) -> list[BroadcastRow]:
        """The newest first."""
        return await self._database.read(lambda t: broadcasts.newest(t, 100))

    async def draft(self, title: str, text: str, audience: Audience, by: str, now: int) -> int:
        _check(title, text)
        kept = msgspec.json.encode(audience).decode()
        return await self._database.write(lambda t: broadcasts.add(t, title.strip(), text.strip(), kept, by, now))

    async def submit(self, id: int, by: str, now: int) -> None:
        """Asks for a second person's yes."""
        await self._move(id, ("draft", "refused"), "review", by, now)

    async def approve(self, id: int, by: str, now: int) -> None:
        """Begins to send; whoever wrote it cannot."""
        await self._move(id, ("review",), "running", by, now, second=True)

    async def refuse(self, id: int, by: str, now: int) -> None:
        await self._move(id, ("review",), "refused", by, now, second=True)

    async def pause(self, id: int, by: str, now: int) -> None:
        """Nobody is told any more until it goes on."""
        await self._move(id, ("running",), "paused", by, now)

    async def resume(self, id: int, by: str, now: int) -> None:
        await self._move(id, ("paused",), "running", by, now)

    async def _move(self, id: int, froms: tuple[str, ...], to: str, by: str, now: int, *, second: bool = False) -> None:
        def work(transaction: Transaction) -> None:
            row = broadcasts.get(transaction, id)
            if row is None:
                raise TicketError("not_found", "没有这条通知")
            if row.state not in froms:
                raise TicketError("invalid", "这条通知现在不能这样做，请刷新看看")
            if second and row.by == by:
                raise TicketError("not_yours", "自己写的通知要由另一位同事审批")
            approved = by if second and to == "running" else row.approved_by
            broadcasts.put(transaction, replace(row, state=to, approved_by=approved, changed_at=now))
            if to in ("paused", "running"):
                broadcasts.hold(transaction, id, to == "paused", now)
            conversations.audited(transaction, by, f"broadcast.{to}", f"broadcast {id}", "", now)

        await self._database.write(work)
        self._live.desk(BROADCASTS)

    async def wanted(self, audience: Audience) -> int:
        """How many learners it would go to."""

        def look(transaction: Transaction) -> int:
            count, after = 0, 0
            while rows := notices.learners(transaction, after, 1000):
                count += sum(self._wants(transaction, *row, audience) for row in rows)
                after = rows[-1][0]
            return count

        return await self._database.aside(look)

    async def report(self, id: int) -> Progress:
        row = await self._database.read(lambda t: broadcasts.get(t, id))
        if row is None:
            raise TicketError("not_found", "没有这条通知")
        counts = await self._database.read(lambda t: notices.counts(t, id))
        sent = {why: count for (state, why), count in counts.items() if state == "sent"}
        dropped = {why: count for (state, why), count in counts.items() if state == "dropped"}
        due = sum(count for (state, _), count in counts.items() if state in ("due", "held"))
        wanted = await self.wanted(msgspec.json.decode(row.audience, type=Audience))
        return Progress(wanted, due, sent, dropped)

    # -- on its way

    async def work(self) -> int:
        """Owes the next learners their notices; how many."""
        now = int(self._clock() * 1000)
        owed = 0
        running = await self._database.read(broadcasts.running)
        for row in running:
            owed += await self._database.write(lambda t, id=row.id: self._further(t, id, now))  # type: ignore[misc]
        far = await self._database.read(lambda t: {each.id: notices.counts(t, each.id) for each in running})
        if far != self._told:
            self._told = far
            self._live.desk(BROADCASTS)
        return owed

    def _further(self, transaction: Transaction, id: int, now: int) -> int:
        row = broadcasts.get(transaction, id)
        if row is None or row.state != "running":
            return 0
        audience = msgspec.json.decode(row.audience, type=Audience)
        found = notices.learners(transaction, row.reached, TOGETHER)
        owed = 0
        for learner, body, minor in found:
            if self._wants(transaction, learner, body, minor, audience):
                new = NewNotice(learner, "news", f"broadcast:{id}:{learner}", now + LASTS, id)
                owed += self._notices.owe(transaction, new, Reply(text=row.text + UNSUBSCRIBE), now)
        if found:
            broadcasts.put(transaction, replace(row, reached=found[-1][0], changed_at=now))
        elif not any(state == "due" for state, _ in notices.counts(transaction, id)):
            broadcasts.put(transaction, replace(row, state="done", changed_at=now))
        return owed

    def _wants(self, transaction: Transaction, learner: int, body: bytes, minor: int, audience: Audience) -> bool:
        if minor or not identity.last_word(transaction, "learner", str(learner), "news"):
            return False
        return not audience.schools or self._identity.school(body) in audience.schools


def _check(title: str, text: str) -> None:
    if not title.strip() or not text.strip():
        raise TicketError("invalid", "标题和内容都要写")
    if len(text) > LONGEST:
        raise TicketError("invalid", f"内容最多 {LONGEST} 个字")
