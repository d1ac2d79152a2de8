"""What did not leave: shown, and tried again."""

from typing import Annotated

from fastapi import Depends
from msgspec import Struct

from desk.api.answers import NOTHING, Answering, NothingToTell
from desk.api.given import Now, TheDatabase
from desk.api.guard import Number, may
from desk.errors import TicketError
from desk.people import Seat
from store import conversations, outbox, queue, webhooks
from store.queue import QueueRow
from store.transaction import Transaction

router = Answering(tags=["管理 admin"])
System = Annotated[Seat, Depends(may("system.read"))]
Retrying = Annotated[Seat, Depends(may("queue.retry"))]
MOST = 200


class GivenUp(Struct, frozen=True):
    """What was tried often enough, or cannot arrive. `at` is when it was given up (ms), `ticket` the one that is open with
    the resident whom it was for."""

    id: int
    kind: str
    lane: str
    attempts: int
    outcome: str
    at: int
    ticket: str | None


class AllGivenUp(Struct, frozen=True):
    rows: list[GivenUp]


@router.get("/queue/given-up")
async def given_up(seat: System, database: TheDatabase) -> AllGivenUp:
    """Whatever was given up, the latest first."""

    def read(transaction: Transaction) -> list[GivenUp]:
        return [_shown(transaction, row) for row in queue.given_up(transaction, MOST)]

    return AllGivenUp(rows=await database.read(read))


def _shown(transaction: Transaction, row: QueueRow) -> GivenUp:
    talk = conversations.get(transaction, outbox.conversation_of(row)) if row.kind == outbox.KIND else None
    return GivenUp(
        id=row.id, kind=row.kind, lane=row.lane, attempts=row.attempts, outcome=row.outcome, at=row.due_at,
        ticket=talk.ticket if talk else None,
    )  # fmt: skip


@router.post("/queue/{id}/retry")
async def retry(id: Number, seat: Retrying, database: TheDatabase, now: Now) -> NothingToTell:
    """Tries it again, as often as something new."""

    def work(transaction: Transaction) -> None:
        if not queue.retry(transaction, id, now, any_order=webhooks.KIND):
            raise TicketError("not_found", "没有这一条，已经在重发，或者它后面的已经办过")
        conversations.audited(transaction, seat.name, "queue.retry", str(id), "", now)

    await database.write(work)
    return NOTHING
