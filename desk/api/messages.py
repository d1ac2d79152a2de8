"""What was said before that with which a ticket opens."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from bot.messages import Numbered
from desk.api.guard import TheDesk, may, now
from desk.feed import shown
from desk.lists import MOST
from desk.opening import ALL, SHOWN, before, found
from desk.people import Seat
from store import conversations
from store.database import Transaction
from store.ticket_events import TicketRow

router = APIRouter(tags=["工单 tickets"])


@router.get("/tickets/{ref}/messages")
async def earlier(
    ref: str,
    seat: Annotated[Seat, Depends(may("ticket.read"))],
    desk: TheDesk,
    seq: Annotated[int, Query(alias="before", ge=1, le=ALL)] = ALL,
    most: Annotated[int, Query(ge=1, le=MOST)] = SHOWN,
) -> Response:
    """The messages just before number `before`, in their order; there are older ones still while the first is not number
    1. A look at a ticket that a colleague has is audited."""

    def look(transaction: Transaction) -> tuple[TicketRow, list[Numbered]]:
        row = found(transaction, ref)
        return row, before(transaction, row, seq, most)

    row, said = await desk.database.read(look)
    if row.owner != seat.name:
        await desk.database.write(lambda t: conversations.audited(t, seat.name, "ticket.read", ref, "", now()))
    return Response(msgspec.json.encode({"messages": [shown(each) for each in said]}), media_type="application/json")
