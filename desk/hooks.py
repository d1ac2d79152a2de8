"""Webhooks: what happens to tickets, told to other systems. Signed, retried, with a log.

Each webhook remembers the last event that it has deliveries for, so that a process that dies between the two loses
nothing; the receiver recognises an event that comes twice by its number (`x-daoxue-event`). The signature is
HMAC-SHA256 over the time and the body, as `x-daoxue-signature: t=…,v1=…`.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence

import httpx

from bot.queue import Done, Failed, Kind, Outcome
from desk.errors import TicketError
from desk.receivers import Outside, read
from store import conversations, queue, ticket_events, webhooks
from store.database import ConflictError, Database
from store.queue import QueueRow
from store.transaction import Transaction
from store.webhooks import WebhookRow

PATIENCE = 15  # attempts; the last comes some three hours after the first
AT_ONCE = 4  # to one receiver
KEPT = 200  # deliveries in the log


def signature(secret: str, at: int, body: bytes) -> str:
    """What proves to the receiver that it is us."""
    seal = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={seal}"


class Hooks:
    """`owe` is the worker's round, `kind` what the queue does with a delivery.

    `clock` is in seconds."""

    def __init__(self, database: Database, outside: Outside, clock: Callable[[], float]) -> None:
        self._database = database
        self._outside = outside
        self._clock = clock
        self.kind = Kind(self._deliver, AT_ONCE, PATIENCE, keeps=True)

    async def all(self) -> list[WebhookRow]:
        return await self._database.read(webhooks.all_)

    async def add(self, url: str, kinds: Sequence[str], by: str, now: int) -> str:
        """A new webhook, told of these kinds of events (all, where none is named) from the next one on; its secret.
        Raises `TicketError` for an address that cannot be called, and for a kind that there is not."""
        if unknown := set(kinds) - ticket_events.KINDS.keys():
            raise TicketError("invalid", f"没有这种事件：{'、'.join(sorted(unknown))}")
        await self._outside.find(read(url))
        secret = secrets.token_urlsafe(24)

        def work(transaction: Transaction) -> None:
            webhooks.add(transaction, url, secret, json.dumps(list(kinds)))
            conversations.audited(transaction, by, "webhook.add", url, ",".join(kinds), now)

        await self._database.write(work)
        return secret

    async def drop(self, id: int, by: str, now: int) -> None:
        def work(transaction: Transaction) -> None:
            url = webhooks.drop(transaction, id)
            if url is None:
                raise TicketError("not_found", "没有这个回调")
            conversations.audited(transaction, by, "webhook.drop", url, "", now)

        await self._database.write(work)

    async def log(self, id: int) -> list[QueueRow]:
        """What was delivered, or is still to be, the newest first; the number of the event ends the key. Raises
        `TicketError` where there is no such webhook."""
        lane = f"{webhooks.KIND}:{id}"

        def look(transaction: Transaction) -> list[QueueRow]:
            if webhooks.of_lane(transaction, lane) is None:
                raise TicketError("not_found", "没有这个回调")
            return queue.of_lane(transaction, lane, KEPT)

        return await self._database.read(look)

    async def owe(self) -> None:
        """A delivery for every event that a webhook has none for."""
        for hook in await self.all():
            try:
                await self._database.write(lambda t, hook=hook: webhooks.owe(t, hook))  # type: ignore[misc]
            except ConflictError:
                continue  # another process did

    async def _deliver(self, row: QueueRow) -> Outcome:
        hook = await self._database.read(lambda t: webhooks.of_lane(t, row.lane))
        if hook is None:
            return Done()
        number = row.key.rpartition(":")[2]
        headers = {
            "content-type": "application/json", "x-daoxue-event": number,
            "x-daoxue-signature": signature(hook.secret, int(self._clock() * 1000), row.body),
        }  # fmt: skip
        try:
            status = (await self._outside.post(hook.url, row.body, headers)).status
        except (httpx.HTTPError, TicketError) as error:
            return Failed(type(error).__name__)
        return Done(f"HTTP {status}") if 200 <= status < 300 else Failed(f"HTTP {status}")
