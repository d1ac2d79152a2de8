"""At a service desk: binding somebody whom staff have checked in person."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from desk.api.guard import TheDesk, may, now
from desk.api.session import Strict
from desk.errors import TicketError
from desk.people import Seat
from store.identity import Grant

router = APIRouter(prefix="/counter", tags=["服务台 counter"])
Clerk = Annotated[Seat, Depends(may("resident.bind"))]


class Checked(Strict):
    """The card of somebody who stands here; `checked` says that their identity was looked at: of a proxy (代办人) the power
    of attorney, too, of a guardian the household book. A proxy's binding ends after so many `days`."""

    card: str = Field(pattern=r"^[0-9]{12}$")
    checked: bool
    role: Literal["self", "proxy", "guardian"] = "self"
    scope: Literal["all", "read"] = "all"
    days: int = Field(365, ge=1, le=730)


@router.post("/invitations")
async def invite(body: Checked, seat: Clerk, desk: TheDesk) -> dict[str, object]:
    """A code that whoever scans it within five minutes is bound by."""
    if not body.checked:
        raise TicketError("invalid", "请先当面核对身份")
    if desk.inviting is None:
        raise TicketError("invalid", "没有接入微信公众号，不能扫码绑定")
    try:
        ends = now() + body.days * 86_400_000 if body.role == "proxy" else None
        found = await desk.inviting.invite(body.card, seat.name, now(), Grant(body.role, body.scope, ends))
    except ConnectionError as error:
        raise TicketError("unreachable", f"微信没有给出二维码，请稍后再试（{error}）") from error
    if found is None:
        raise TicketError("not_found", "没有这张学习卡，或者已经注销；未满14周岁的只能由监护人绑定")
    return {"id": found.id, "svg": found.svg, "until": found.until}


@router.get("/invitations/{id}")
async def look(id: str, seat: Clerk, desk: TheDesk) -> dict[str, object]:
    """Whether it has been scanned."""
    return {"taken": desk.inviting is not None and await desk.inviting.is_taken(id)}
