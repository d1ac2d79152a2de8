"""Who is told of tickets' events elsewhere; each delivery is a row of the queue."""

import json
from dataclasses import dataclass, fields
from typing import cast

from sqlalchemy import bindparam, delete, select, update

from store import queue, tickets
from store.database import ConflictError
from store.engine import Row
from store.queue import NewRow
from store.schema import webhook
from store.transaction import Statement, Transaction, adding

KIND = "webhook"
TOGETHER = 500  # events in one commit


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """`kinds` is JSON of the events wanted, empty for all; those up to `seen` have their deliveries."""

    id: int
    url: str
    secret: str
    kinds: str
    seen: int

    @staticmethod
    def of(row: Row) -> "WebhookRow":
        return WebhookRow(*row)  # type: ignore[arg-type] # the columns are selected in this order

    @property
    def lane(self) -> str:
        return f"{KIND}:{self.id}"


_COLUMNS = [webhook.c[each.name] for each in fields(WebhookRow)]
_ALL = Statement(select(*_COLUMNS).order_by(webhook.c.id))
_GET = Statement(select(*_COLUMNS).where(webhook.c.id == bindparam("id")))
_ADD = Statement(adding(webhook))
_DROP = Statement(delete(webhook).where(webhook.c.id == bindparam("id")).returning(webhook.c.url))
_SEEN = Statement(
    update(webhook)
    .where(webhook.c.id == bindparam("which"), webhook.c.seen == bindparam("read_seen"))
    .values(seen=bindparam("to"))
)


def all_(transaction: Transaction) -> list[WebhookRow]:
    return [WebhookRow.of(row) for row in transaction.all(_ALL)]


def of_lane(transaction: Transaction, lane: str) -> WebhookRow | None:
    """Whom the deliveries of a lane are for; None where nobody wants them any more."""
    row = transaction.one(_GET, id=int(lane.partition(":")[2]))
    return WebhookRow.of(row) if row else None


def add(transaction: Transaction, url: str, secret: str, kinds: str) -> None:
    """A webhook, from the next event on."""
    transaction.run(_ADD, url=url, secret=secret, kinds=kinds, seen=tickets.last_event(transaction))


def drop(transaction: Transaction, id: int) -> str | None:
    """Takes it out with what it is owed; its address, None where there is no such webhook."""
    queue.drop_lane(transaction, f"{KIND}:{id}")
    row = transaction.one(_DROP, id=id)
    return cast(str, row[0]) if row else None


def owe(transaction: Transaction, hook: WebhookRow) -> None:
    """A delivery for each event that it has none for. Raises `ConflictError` where another process did it."""
    events = tickets.events_since(transaction, hook.seen, TOGETHER)
    if not events:
        return
    if transaction.run(_SEEN, which=hook.id, read_seen=hook.seen, to=events[-1].id) == 0:
        raise ConflictError
    kinds = set(json.loads(hook.kinds))
    for each in events:
        if not kinds or each.kind in kinds:
            told = {"event": each.id, "kind": each.kind, "ticket": each.ticket, "actor": each.actor, "at": each.at}
            queue.add(
                transaction,
                NewRow(
                    KIND, f"{hook.lane}:{each.id}", hook.lane, json.dumps(told).encode(), each.at,
                    f"{hook.lane}:{each.ticket}", each.id,
                ),
            )  # fmt: skip
