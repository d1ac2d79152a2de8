"""Webhooks: what happens to tickets, told to other systems. Signed, retried, with a log; never twice by our doing.

Each webhook remembers the last event that it has deliveries for, so that a process that dies between the two loses
nothing; the receiver recognises an event that comes twice by its number (`x-daoxue-event`). The signature is
HMAC-SHA256 over the time and the body, as `x-daoxue-signature: t=…,v1=…`.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import json
import secrets
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from urllib.parse import urlsplit

import httpx
from sqlalchemy import bindparam, delete, select, update

from desk.errors import TicketError
from store import tickets
from store.database import ConflictError, Database, Row, Statement, Transaction, adding
from store.schema import delivery, webhook
from store.tickets import EventRow

TOGETHER = 100
PATIENCE = 8  # attempts; the last comes some four hours after the first
LEASE = 30_000  # ms that one process has to deliver before another may
WITHIN = 8.0  # seconds for the receiver to answer
KEPT = 200  # deliveries in the log


@dataclass(frozen=True, slots=True)
class WebhookRow:
    id: int
    url: str
    secret: str
    kinds: str
    seen: int
    active: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    id: int
    webhook: int
    event: int
    state: str
    due_at: int
    attempts: int
    outcome: str


_WEBHOOK = [webhook.c[each.name] for each in fields(WebhookRow)]
_DELIVERY = [delivery.c[each.name] for each in fields(DeliveryRow)]
_ALL = Statement(select(*_WEBHOOK).order_by(webhook.c.id))
_ADD = Statement(adding(webhook))
_DROP = Statement(delete(webhook).where(webhook.c.id == bindparam("id")))
_DROP_DELIVERIES = Statement(delete(delivery).where(delivery.c.webhook == bindparam("id")))
_SEEN = Statement(
    update(webhook)
    .where(webhook.c.id == bindparam("which"), webhook.c.seen == bindparam("read_seen"))
    .values(seen=bindparam("to"))
)
_OWE = Statement(adding(delivery))
_DUE = Statement(
    select(*_DELIVERY)
    .where(delivery.c.state == "due", delivery.c.due_at <= bindparam("now"))
    .order_by(delivery.c.id)
    .limit(bindparam("most"))
)
_MOVE = Statement(
    update(delivery)
    .where(delivery.c.id == bindparam("which"), delivery.c.due_at == bindparam("read_due_at"))
    .values(
        state=bindparam("new_state"), due_at=bindparam("until"), attempts=bindparam("count"), outcome=bindparam("what")
    )
)
_LOG = Statement(
    select(*_DELIVERY)
    .where(delivery.c.webhook == bindparam("id"))
    .order_by(delivery.c.id.desc())
    .limit(bindparam("most"))
)
_EVENT = Statement(select(*tickets.event_columns).where(tickets.event_columns[0] == bindparam("id")))


def signature(secret: str, at: int, body: bytes) -> str:
    """What proves to the receiver that it is us."""
    seal = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={seal}"


def _webhook(row: Row) -> WebhookRow:
    return WebhookRow(*row)  # type: ignore[arg-type] # the columns are selected in this order


class Hooks:
    """`work` is the worker's round. `inside` lets addresses of this machine and its network be called: for trying out."""

    def __init__(self, database: Database, *, inside: bool = False) -> None:
        self._database = database
        self._inside = inside

    async def all(self) -> list[WebhookRow]:
        return [_webhook(row) for row in await self._database.read(lambda t: t.all(_ALL))]

    async def add(self, url: str, kinds: Sequence[str]) -> str:
        """A new webhook, from the next event on; its secret. Raises `TicketError` for an address that is none."""
        await self.check(url)
        secret = secrets.token_urlsafe(24)

        def work(transaction: Transaction) -> None:
            seen = tickets.last_event(transaction)
            transaction.run(_ADD, url=url, secret=secret, kinds=json.dumps(list(kinds)), seen=seen, active=1)

        await self._database.write(work)
        return secret

    async def drop(self, id: int) -> None:
        def work(transaction: Transaction) -> None:
            transaction.run(_DROP_DELIVERIES, id=id)
            if transaction.run(_DROP, id=id) == 0:
                raise TicketError("not_found", "没有这个回调")

        await self._database.write(work)

    async def log(self, id: int) -> list[DeliveryRow]:
        rows = await self._database.read(lambda t: t.all(_LOG, id=id, most=KEPT))
        return [DeliveryRow(*row) for row in rows]  # type: ignore[arg-type]

    async def check(self, url: str) -> None:
        """Refuses what is no http address, and what would make us call into our own network."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or len(url) > 500:
            raise TicketError("invalid", "回调地址要以 https:// 开头")
        if self._inside:
            return
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                parts.hostname, parts.port or 443, type=socket.SOCK_STREAM
            )
        except OSError as error:
            raise TicketError("invalid", f"找不到主机 {parts.hostname}") from error
        if any(not ipaddress.ip_address(each[4][0]).is_global for each in found):
            raise TicketError("invalid", "回调地址不能指向内网")

    async def work(self) -> None:
        await self.owe()
        await self.deliver(int(time.time() * 1000))

    async def owe(self) -> None:
        """A delivery for every event that a webhook has none for."""
        for hook in await self.all():
            if hook.active:
                try:
                    await self._database.write(lambda t, hook=hook: _owe(t, hook))  # type: ignore[misc]
                except ConflictError:
                    continue  # another process did

    async def deliver(self, now: int) -> int:
        """Sends what is due; how much that was."""
        due = [DeliveryRow(*row) for row in await self._database.read(lambda t: t.all(_DUE, now=now, most=TOGETHER))]  # type: ignore[arg-type]
        if not due:
            return 0
        hooks = {each.id: each for each in await self.all()}
        async with httpx.AsyncClient(timeout=WITHIN, follow_redirects=False) as client:
            for row in due:
                leased = await self._move(row, "due", now + LEASE, row.attempts + 1, row.outcome)
                if leased is not None and row.webhook in hooks:
                    await self._send(client, hooks[row.webhook], leased, now)
        return len(due)

    async def _send(self, client: httpx.AsyncClient, hook: WebhookRow, row: DeliveryRow, now: int) -> None:
        found = await self._database.read(lambda t: t.one(_EVENT, id=row.event))
        assert found is not None
        event = EventRow(*found)  # type: ignore[arg-type]
        body = json.dumps(
            {"event": event.id, "kind": event.kind, "ticket": event.ticket, "actor": event.actor, "at": event.at}
        ).encode()
        headers = {
            "content-type": "application/json", "x-daoxue-event": str(event.id), "x-daoxue-signature": signature(hook.secret, now, body),
        }  # fmt: skip
        try:
            await self.check(hook.url)
            answer = await client.post(hook.url, content=body, headers=headers)
            outcome, taken = f"HTTP {answer.status_code}", answer.is_success
        except (httpx.HTTPError, TicketError) as error:
            outcome, taken = type(error).__name__, False
        if taken:
            await self._move(row, "done", now, row.attempts, outcome)
        elif row.attempts >= PATIENCE:
            await self._move(row, "dead", now, row.attempts, outcome)
        else:
            await self._move(row, "due", now + 2_000 * 4**row.attempts // 2, row.attempts, outcome)

    async def _move(self, row: DeliveryRow, state: str, until: int, attempts: int, outcome: str) -> DeliveryRow | None:
        """The row as it is then; None when another process was quicker."""
        moved = await self._database.write(
            lambda t: t.run(
                _MOVE, which=row.id, read_due_at=row.due_at, new_state=state, until=until, count=attempts, what=outcome
            )
        )
        return DeliveryRow(**{**asdict(row), "state": state, "due_at": until, "attempts": attempts}) if moved else None


def _owe(transaction: Transaction, hook: WebhookRow) -> None:
    events = tickets.events_since(transaction, hook.seen, 500)
    if not events:
        return
    kinds = set(json.loads(hook.kinds))
    if transaction.run(_SEEN, which=hook.id, read_seen=hook.seen, to=events[-1].id) == 0:
        raise ConflictError
    for event in events:
        if not kinds or event.kind in kinds:
            transaction.run(_OWE, webhook=hook.id, event=event.id, state="due", due_at=event.at, attempts=0, outcome="")
