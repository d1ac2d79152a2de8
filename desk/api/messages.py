"""What was said before that with which a ticket opens."""

from typing import Annotated

from fastapi import Depends, Query
from msgspec import Struct

from bot.messages import Numbered
from desk.api.answers import Answering
from desk.api.guard import TheDesk, may
from desk.api.shown import looked_at
from desk.feed import MessageShown, shown
from desk.lists import MOST
from desk.opening import ALL, SHOWN, before, found
from desk.people import Seat
from store.database import Transaction
from store.ticket_events import TicketRow

router = Answering(tags=["工单 tickets"])


class EarlierMessages(Struct, frozen=True):
    messages: list[MessageShown]


@router.get("/tickets/{ref}/messages")
async def earlier(
    ref: str,
    seat: Annotated[Seat, Depends(may("ticket.read"))],
    desk: TheDesk,
    seq: Annotated[int, Query(alias="before", ge=1, le=ALL)] = ALL,
    most: Annotated[int, Query(ge=1, le=MOST)] = SHOWN,
) -> EarlierMessages:
    """The messages just before number `before`, in their order; there are older ones still while the first is not number
    1. A look at a ticket that a colleague has is audited."""

    def look(transaction: Transaction) -> tuple[TicketRow, list[Numbered]]:
        row = found(transaction, ref)
        return row, before(transaction, row, seq, most)

    row, said = await desk.database.read(look)
    await looked_at(desk, row, seat)
    return EarlierMessages([shown(each) for each in said])
