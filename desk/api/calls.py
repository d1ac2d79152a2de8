"""What seats do with calls."""

from typing import Annotated

from fastapi import Depends
from pydantic import Field

from desk.api.answers import NOTHING, OUTSIDE, Answering, NothingToTell
from desk.api.guard import TheDesk, may, now
from desk.api.session import Strict
from desk.api.shown import check_colleague, held_by
from desk.errors import TicketError
from desk.people import Seat
from desk.tickets import refuse

router = Answering(tags=["电话 calls"])
Worker = Annotated[Seat, Depends(may("ticket.work"))]


class Confer(Strict):
    colleague: str = Field(min_length=1, max_length=64)


class Hold(Strict):
    on: bool


@router.post("/tickets/{ref}/call", responses=OUTSIDE)
async def call(ref: str, seat: Worker, desk: TheDesk) -> NothingToTell:
    """Calls the seat's telephone, and when the seat is there the resident. How it ended is written down."""
    if desk.calling is None:
        raise TicketError("invalid", "没有接入电话，不能拨打")
    if seat.phone is None:
        raise TicketError("invalid", "您的账号没有登记电话，请管理员在“人员”里填上")
    await held_by(desk, ref, seat)
    try:
        found = await desk.calling.call_back(ref, seat.phone)
    except ConnectionError as error:
        raise TicketError("unreachable", f"电话没有打出去，请稍后再试（{error}）") from error
    if not found:
        raise TicketError("invalid", "这位居民没有留下电话")
    return NOTHING


@router.post("/tickets/{ref}/hold")
async def hold(ref: str, body: Hold, seat: Worker, desk: TheDesk) -> NothingToTell:
    """Lets the caller wait; going on calls the seat's telephone again."""
    await held_by(desk, ref, seat)
    if desk.calling is None or not await desk.calling.hold(ref, body.on):
        raise TicketError("invalid", "现在没有可以保持或恢复的通话")
    return NOTHING


@router.post("/tickets/{ref}/confer", responses=OUTSIDE)
async def confer(ref: str, body: Confer, seat: Worker, desk: TheDesk) -> NothingToTell:
    """Calls a colleague's telephone to join the talk with the resident."""
    row = await held_by(desk, ref, seat)
    await check_colleague(desk, body.colleague)
    refuse(row, body.colleague)
    colleague = await desk.people.get(body.colleague)
    if colleague is None or colleague.phone is None:
        raise TicketError("invalid", "这位同事没有登记电话")
    try:
        joined = desk.calling is not None and await desk.calling.confer(ref, colleague.phone)
    except ConnectionError as error:
        raise TicketError("unreachable", f"电话没有打出去，请稍后再试（{error}）") from error
    if not joined:
        raise TicketError("invalid", "现在没有通话，不能请同事加入")
    await desk.tickets.note(ref, seat.name, f"请 {colleague.shown} 加入通话", now())
    return NOTHING
