"""What is old is taken out by itself: residents' words after their time, the audit after its own; each time with a line
in the audit that says how much went."""

import asyncio
import logging
import time

from accounts.identity import PASSING
from desk.residents import forget
from desk.standing import Standing
from store import conversations, erasing, identity, notices, queue, remote
from store.database import Database, Transaction

log = logging.getLogger(__name__)
EVERY = 3600  # seconds
TOGETHER = 50  # conversations in one commit
DAY = 86_400_000
NOTICES = 365  # days that is kept what residents were told by themselves
DONE = 30  # days that is kept what was delivered elsewhere
CODES = 600_000  # ms that a one-time code is kept; that it was asked for, a day, for the limits


class Retaining:
    """`run` until cancelled."""

    def __init__(self, database: Database, standing: Standing) -> None:
        self._database = database
        self._standing = standing

    async def run(self) -> None:
        while True:
            try:
                await self.sweep(int(time.time() * 1000))
            except Exception as error:
                log.error("retention", exc_info=error)
            await asyncio.sleep(EVERY)

    async def sweep(self, now: int) -> int:
        """Takes out what is older than it may be; the number of conversations."""
        keep = await self._standing.retention()
        before, gone = now - keep.messages * DAY, 0
        while True:
            old = await self._database.read(lambda t: erasing.old_conversations(t, before, TOGETHER))
            if not old:
                break
            await self._database.write(lambda t, old=old: [forget(t, id) for id in old])  # type: ignore[misc]
            gone += len(old)

        def work(transaction: Transaction) -> None:
            identity.forget_codes(transaction, now - CODES, now - DAY)
            for channel in PASSING:
                identity.forget_sessions(transaction, channel, now - DAY)
            remote.forget(transaction, now - DAY)
            queue.forget(transaction, now - DONE * DAY)
            notices.forget(transaction, now - NOTICES * DAY)
            lines = erasing.forget_audit(transaction, now - keep.audit * DAY)
            if gone or lines:
                detail = f"{gone} conversations, {lines} audit lines"
                conversations.audited(transaction, "system", "retention", "", detail, now)

        await self._database.write(work)
        return gone
