"""What residents may ask of whoever holds their data, and after how many days it goes by itself."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import Field

from accounts.closing import ErasureReason
from desk import forms
from desk.api.answers import NOTHING, Answering, NothingToTell, files
from desk.api.given import Now, TheHours, TheResidents, TheStanding
from desk.api.guard import may
from desk.api.session import Strict
from desk.people import Seat
from desk.printing import copy_page
from desk.residents import ErasureProof
from desk.standing import Retention

router = Answering(tags=["管理 admin"])
Eraser = Annotated[Seat, Depends(may("resident.erase"))]


class Erase(Strict):
    why: Annotated[ErasureReason, Field(strict=False)]  # by its name


@router.get("/retention")
async def retention(seat: Eraser, standing: TheStanding) -> Retention:
    return await standing.retention()


@router.put("/retention")
async def set_retention(
    request: Annotated[Request, Retention], seat: Eraser, standing: TheStanding, now: Now
) -> NothingToTell:
    """After how many days things are taken out."""
    keep = forms.read(await request.body(), Retention)
    await standing.put("retention", keep, seat.name, now)
    return NOTHING


@router.post("/residents/{ref}/export")
async def export(ref: str, seat: Eraser, residents: TheResidents, now: Now) -> dict[str, object]:
    """Everything that we hold of the resident of this ticket."""
    return await residents.copy(ref, seat.name, now)


@router.post("/residents/{ref}/printable", responses=files("text/html"))
async def printable(ref: str, seat: Eraser, residents: TheResidents, hours: TheHours, now: Now) -> Response:
    """The same as a page to be printed for the resident."""
    copy = await residents.copy(ref, seat.name, now)
    return Response(copy_page(ref, copy, hours.zone), media_type="text/html; charset=utf-8")


@router.post("/residents/{ref}/erase")
async def erase(ref: str, body: Erase, seat: Eraser, residents: TheResidents, now: Now) -> ErasureProof:
    """Takes it out, and proves it."""
    return await residents.erase(ref, seat.name, body.why, now)
