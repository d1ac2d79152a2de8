"""Asking Telegram for updates, where nobody reaches us from outside. Asking for what comes next says that all before it is
done with, so that is asked only when all of it is committed."""

import asyncio
import logging
from collections import defaultdict

from telegram import Update

from bot.channel import Core
from bot.edge import safely
from bot.inbox import BusyError
from integrations.telegram.api import HELD, BotApi, BotApiError
from integrations.telegram.channel import TelegramChannel
from integrations.telegram.updates import UnusableUpdateError
from store import deliveries
from store.transaction import Transaction

log = logging.getLogger(__name__)
LEASE = (HELD + 20) * 1_000  # ms for which one process asks, and no other: the platform refuses a second one
NAME = "telegram:polling"
TRIES = 3  # that an update has before it is put aside, so that it keeps nobody waiting for ever
REST = 5.0  # seconds after a refusal


class Polling:
    """The one who asks."""

    def __init__(self, core: Core, api: BotApi, channel: TelegramChannel) -> None:
        self._core = core
        self._api = api
        self._channel = channel
        self._offset: int | None = None
        self._held = 0  # until when we are the ones who ask (ms)
        self._failed: dict[int, int] = {}  # updates, how often
        self._work: asyncio.Task[None] | None = None

    async def ask(self) -> None:
        """One round: asks, and sees everything through that came."""
        if not await self._core.database.write(self._lease):
            return await asyncio.sleep(REST)
        try:
            found = await self._api.updates(self._offset)
        except BotApiError as error:
            return await asyncio.sleep(max(REST, error.retry))
        # Stopping in the middle of a turn would be no harm, but what is half done is done again.
        self._work = asyncio.create_task(self._take(found))
        await asyncio.shield(self._work)

    async def close(self) -> None:
        """Ends what was begun; whoever comes next may ask at once."""
        if self._work is not None:
            await self._work
        await self._core.database.write(self._release)

    def _release(self, transaction: Transaction) -> None:
        row = deliveries.get_shared(transaction, NAME)
        if row is not None and row.lease == self._held:
            deliveries.put_shared(transaction, NAME, b"", 0, 0)

    def _lease(self, transaction: Transaction) -> bool:
        now = int(self._core.clock() * 1000)
        row = deliveries.get_shared(transaction, NAME)
        if row is not None and row.lease > now and row.lease != self._held:
            return False
        until = now + LEASE
        if not deliveries.lease_shared(transaction, NAME, row, until):
            return False
        self._held = until
        return True

    async def _take(self, found: tuple[Update, ...]) -> None:
        """Each chat's in their order, chats beside each other; goes on from the first that is not done."""
        chats: defaultdict[int, list[Update]] = defaultdict(list)
        for update in found:
            chats[update.effective_chat.id if update.effective_chat else 0].append(update)
        left = [each for each in await asyncio.gather(*map(self._in_order, chats.values())) if each is not None]
        if found:
            self._offset = min(left, default=max(each.update_id for each in found) + 1)
        self._failed = {id: times for id, times in self._failed.items() if self._offset is None or id >= self._offset}

    async def _in_order(self, some: list[Update]) -> int | None:
        """The first that is to be asked for again; None where all are done."""
        for update in sorted(some, key=lambda each: each.update_id):
            if not await safely("update not taken", self._one(update), False, quietly=BusyError):
                times = self._failed[update.update_id] = self._failed.get(update.update_id, 0) + 1
                if times < TRIES:
                    return update.update_id
                await self._channel.drop(UnusableUpdateError("failed"), update.to_json().encode())
        return None

    async def _one(self, update: Update) -> bool:
        try:
            await self._channel.take(update)
        except UnusableUpdateError as error:
            await self._channel.drop(error, update.to_json().encode())
        return True
