"""Asking Telegram for updates, where nobody reaches us from outside. Asking for what comes next says that all before it is
done with, so that is asked only when all of it is committed."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence

from telegram import Update

from bot.channel import Core
from integrations.telegram import updates
from integrations.telegram.api import HELD, BotApi, BotApiError
from integrations.telegram.channel import TelegramChannel
from integrations.telegram.updates import UnusableUpdateError
from store import deliveries
from store.transaction import Transaction

log = logging.getLogger(__name__)
LEASE = (HELD + 20) * 1_000  # ms for which one process asks, and no other: the platform refuses a second one
NAME = "telegram:polling"
REST, AGAIN = 5.0, 1.0  # seconds after a refusal, and before what was not done is asked for again


class Polling:
    """The one who asks."""

    def __init__(self, core: Core, api: BotApi, channel: TelegramChannel) -> None:
        self._core = core
        self._api = api
        self._channel = channel
        self._offset: int | None = None
        self._held = 0  # until when we are the ones who ask (ms)
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
        now = self._core.now()
        row = deliveries.get_shared(transaction, NAME)
        if row is not None and row.lease > now and row.lease != self._held:
            return False
        until = now + LEASE
        if not deliveries.lease_shared(transaction, NAME, row, until):
            return False
        self._held = until
        return True

    async def _take(self, found: Sequence[bytes]) -> None:
        """Each chat's in their order, chats beside each other; goes on from the first that is not done."""
        numbered: dict[int, bytes] = {}
        for body in found:
            if (id := updates.number(body)) is not None:
                numbered[id] = body
            else:
                await self._channel.drop(UnusableUpdateError("form"), body)
        chats: defaultdict[int, list[tuple[Update, bytes]]] = defaultdict(list)
        for body in numbered.values():
            try:
                update = updates.parse(body)
            except UnusableUpdateError as error:
                await self._channel.drop(error, body)
            else:
                chats[update.effective_chat.id if update.effective_chat else 0].append((update, body))
        left = [each for each in await asyncio.gather(*map(self._in_order, chats.values())) if each is not None]
        if numbered:
            self._offset = min(left, default=max(numbered) + 1)
        if found and (left or not numbered):
            await asyncio.sleep(AGAIN)  # it would come at once

    async def _in_order(self, some: Sequence[tuple[Update, bytes]]) -> int | None:
        """The first that is to be asked for again; None where all are done."""
        for update, body in sorted(some, key=lambda each: each[0].update_id):
            if not await self._channel.see_through(update, body):
                return update.update_id
        return None
