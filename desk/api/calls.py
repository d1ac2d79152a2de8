"""What seats do with calls."""

from typing import Annotated

from fastapi import Depends
from pydantic import Field

from desk.api.answers import NOTHING, OUTSIDE, Answering, NothingToTell
from desk.api.given import Now, TheCalling, TheDatabase, ThePeople, TheTickets
from desk.api.guard import may
from desk.api.session import Strict
from desk.api.shown import check_colleague
from desk.errors import TicketError
from desk.opening import check_held, found, refuse
from desk.people import Seat
from store.ticket_rows import TicketRow

router = Answering(tags=["电话 calls"])
Worker = Annotated[Seat, Depends(may("ticket.work"))]


class Confer(Strict):
    colleague: str = Field(min_length=1, max_length=64)


class Hold(Strict):
    on: bool


async def _held(ref: str, seat: Worker, database: TheDatabase) -> TicketRow:
    """The ticket, where this seat has it. Raises `TicketError`."""
    row = await database.read(lambda t: found(t, ref))
    check_held(row, seat.name)
    return row


Held = Annotated[TicketRow, Depends(_held)]


@router.post("/tickets/{ref}/call", responses=OUTSIDE)
async def call(row: Held, seat: Worker, calling: TheCalling) -> NothingToTell:
    """Calls the seat's telephone, and when the seat is there the resident. How it ended is written down."""
    if calling is None:
        raise TicketError("invalid", "没有接入电话，不能拨打")
    if seat.phone is None:
        raise TicketError("invalid", "您的账号没有登记电话，请管理员在“人员”里填上")
    try:
        is_reached = await calling.call_back(row.ref, seat.phone)
    except ConnectionError as error:
        raise TicketError("unreachable", f"电话没有打出去，请稍后再试（{error}）") from error
    if not is_reached:
        raise TicketError("invalid", "这位居民没有留下电话")
    return NOTHING


@router.post("/tickets/{ref}/hold")
async def hold(row: Held, body: Hold, seat: Worker, calling: TheCalling) -> NothingToTell:
    """Lets the caller wait; going on calls the seat's telephone again."""
    if calling is None or not await calling.hold(row.ref, body.on):
        raise TicketError("invalid", "现在没有可以保持或恢复的通话")
    return NOTHING


async def _colleague(row: Held, body: Confer, people: ThePeople, database: TheDatabase) -> tuple[str, str]:
    """Who may join, and the telephone. Raises `TicketError`."""
    await check_colleague(people, body.colleague)
    await database.read(lambda t: refuse(t, row, body.colleague))
    colleague = await people.get(body.colleague)
    if colleague is None or colleague.phone is None:
        raise TicketError("invalid", "这位同事没有登记电话")
    return colleague.shown, colleague.phone


@router.post("/tickets/{ref}/confer", responses=OUTSIDE)
async def confer(
    row: Held, colleague: Annotated[tuple[str, str], Depends(_colleague)], seat: Worker, tickets: TheTickets,
    calling: TheCalling, now: Now,
) -> NothingToTell:  # fmt: skip
    """Calls a colleague's telephone to join the talk with the resident."""
    name, phone = colleague
    try:
        joined = calling is not None and await calling.confer(row.ref, phone)
    except ConnectionError as error:
        raise TicketError("unreachable", f"电话没有打出去，请稍后再试（{error}）") from error
    if not joined:
        raise TicketError("invalid", "现在没有通话，不能请同事加入")
    await tickets.note(row.ref, seat.name, f"请 {name} 加入通话", now)
    return NOTHING
