"""Calls and texts over a telephone network: how they stand, and how they fared."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, func, select, update

from store import tickets
from store.engine import Row
from store.schema import call, seat, sent_text, ticket
from store.transaction import Statement, Transaction, adding


@dataclass(frozen=True, slots=True)
class CallRow:
    """`stage`: talk, queue, ringing, bridged, held, callback, voicemail, ended. `body` is only the channel's to read."""

    sid: str
    address: str
    conversation: int
    version: int
    stage: str
    ticket: str | None
    body: bytes
    started_at: int
    updated_at: int

    @staticmethod
    def of(row: Row) -> "CallRow":
        return CallRow(*cast(tuple[str, str, int, int, str, str | None, bytes, int, int], row))


@dataclass(frozen=True, slots=True)
class TakenCall:
    """A caller who waits for a seat that has taken the ticket: by whom, and where that one is called."""

    sid: str
    ticket: str
    owner: str
    phone: str | None


_CALL = (call.c.sid, call.c.address, call.c.conversation, call.c.version, call.c.stage, call.c.ticket, call.c.body,
         call.c.started_at, call.c.updated_at)  # fmt: skip
_GET = Statement(select(*_CALL).where(call.c.sid == bindparam("sid")))
_OF_TICKET = Statement(
    select(*_CALL).where(call.c.ticket == bindparam("ticket")).order_by(call.c.started_at.desc()).limit(1)
)
_LIVE = Statement(
    select(*_CALL)
    .where(call.c.conversation == bindparam("conversation"), call.c.stage != "ended")
    .order_by(call.c.started_at.desc())
    .limit(1)
)
_LAST_OF = Statement(
    select(*_CALL).where(call.c.address == bindparam("address")).order_by(call.c.started_at.desc()).limit(1)
)
_ADD = Statement(adding(call))
_CHANGE = Statement(
    update(call)
    .where(call.c.sid == bindparam("which"), call.c.version == bindparam("read_version"))
    .values(
        conversation=bindparam("new_conversation"), version=bindparam("new_version"), stage=bindparam("new_stage"),
        ticket=bindparam("new_ticket"), body=bindparam("new_body"), updated_at=bindparam("now"),
    )
)  # fmt: skip
_TAKEN = Statement(
    select(call.c.sid, ticket.c.ref, ticket.c.owner, seat.c.phone)
    .join(ticket, ticket.c.ref == call.c.ticket)
    .join(seat, seat.c.name == ticket.c.owner)
    .where(call.c.stage == "queue", ticket.c.state == "open")
)
_BRIDGED = Statement(
    select(call.c.sid, ticket.c.ref, ticket.c.owner, seat.c.phone)
    .join(ticket, ticket.c.ref == call.c.ticket)
    .join(seat, seat.c.name == ticket.c.owner)
    .where(call.c.stage == "bridged", ticket.c.state == "open")
)
_SENT = Statement(adding(sent_text))
_STATUS = Statement(
    select(sent_text.c.status, sent_text.c.conversation, sent_text.c.seq).where(sent_text.c.sid == bindparam("sid"))
)
_FARED = Statement(
    update(sent_text)
    .where(sent_text.c.sid == bindparam("which"))
    .values(status=bindparam("new_status"), error=bindparam("why"))
)
_COST = Statement(
    select(func.count(), func.coalesce(func.sum(sent_text.c.segments), 0)).where(sent_text.c.at > bindparam("since"))
)
# A status may come late or twice; it only ever moves on.
RANKS = {
    "accepted": 0, "scheduled": 0, "queued": 1, "sending": 2, "sent": 3, "delivered": 4, "read": 5, "undelivered": 4,
    "failed": 4, "canceled": 4,
}  # fmt: skip


def get(transaction: Transaction, sid: str) -> CallRow | None:
    row = transaction.one(_GET, sid=sid)
    return CallRow.of(row) if row else None


def of_ticket(transaction: Transaction, ref: str) -> CallRow | None:
    """The last call that the ticket is about."""
    row = transaction.one(_OF_TICKET, ticket=ref)
    return CallRow.of(row) if row else None


def live(transaction: Transaction, conversation: int) -> CallRow | None:
    """The call in which the conversation goes on, if the caller is still there."""
    row = transaction.one(_LIVE, conversation=conversation)
    return CallRow.of(row) if row else None


def last_of(transaction: Transaction, address: str) -> CallRow | None:
    row = transaction.one(_LAST_OF, address=address)
    return CallRow.of(row) if row else None


def put(transaction: Transaction, row: CallRow) -> bool:
    """Keeps a call as it is now: `version` is the one that was read, 0 for a new one. False when it is not as it was
    read. Where the caller is now is told to whoever has the ticket."""
    before = get(transaction, row.sid)
    if not (_change(transaction, row) if row.version else before is None and _add(transaction, row)):
        return False
    was = (before.stage, before.ticket) if before is not None else None
    if row.ticket is not None and was != (row.stage, row.ticket):
        tickets.call_moved(transaction, row.ticket, row.stage, row.updated_at)
    return True


def _add(transaction: Transaction, row: CallRow) -> bool:
    transaction.run(
        _ADD, sid=row.sid, address=row.address, conversation=row.conversation, version=1, stage=row.stage,
        ticket=row.ticket, body=row.body, started_at=row.started_at, updated_at=row.updated_at,
    )  # fmt: skip
    return True


def _change(transaction: Transaction, row: CallRow) -> bool:
    changed = transaction.run(
        _CHANGE, which=row.sid, read_version=row.version, new_conversation=row.conversation, new_version=row.version + 1,
        new_stage=row.stage, new_ticket=row.ticket, new_body=row.body, now=row.updated_at,
    )  # fmt: skip
    return changed == 1


def taken(transaction: Transaction) -> list[TakenCall]:
    """Callers whose ticket a seat has taken, and who are not yet put through."""
    return [TakenCall(*cast(tuple[str, str, str, str | None], row)) for row in transaction.all(_TAKEN)]


def bridged(transaction: Transaction) -> list[TakenCall]:
    """Callers who talk, each with the seat that has the ticket now."""
    return [TakenCall(*cast(tuple[str, str, str, str | None], row)) for row in transaction.all(_BRIDGED)]


def sent(transaction: Transaction, sid: str, conversation: int, seq: int, segments: int, at: int) -> None:
    """Writes down that a text left."""
    if transaction.one(_STATUS, sid=sid) is None:
        transaction.run(
            _SENT, sid=sid, conversation=conversation, seq=seq, status="queued", segments=segments, error="", at=at
        )


def fared(transaction: Transaction, sid: str, status: str, error: str) -> tuple[int, int] | None:
    """Moves a text's status on; the conversation and message of one that is now known not to have arrived."""
    row = transaction.one(_STATUS, sid=sid)
    if row is None or RANKS.get(status, -1) <= RANKS.get(cast(str, row[0]), 0):
        return None
    transaction.run(_FARED, which=sid, new_status=status, why=error)
    return (cast(int, row[1]), cast(int, row[2])) if status in ("undelivered", "failed") else None


def cost(transaction: Transaction, since: int) -> tuple[int, int]:
    """How many texts left, and how many segments they are billed as."""
    row = transaction.one(_COST, since=since)
    assert row is not None
    return cast(int, row[0]), cast(int, row[1])
