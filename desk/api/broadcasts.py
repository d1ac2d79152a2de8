"""Announcements: drafted, approved by a second person, sent, paused, counted."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import Field

from bot.messages import Reply
from desk.api.guard import TheDesk, may, now
from desk.api.session import Strict
from desk.broadcasts import LONGEST, UNSUBSCRIBE, Audience
from desk.people import Seat

router = APIRouter(prefix="/broadcasts", tags=["群发 broadcasts"])
Writer = Annotated[Seat, Depends(may("broadcast.write"))]
Approver = Annotated[Seat, Depends(may("broadcast.approve"))]


class Draft(Strict):
    """To learners of these schools who want announcements; none is all."""

    title: str = Field(min_length=1, max_length=60)
    text: str = Field(min_length=1, max_length=LONGEST)
    schools: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=50)


@router.get("")
async def all_(seat: Writer, desk: TheDesk) -> Response:
    """The newest first; and the schools whose learners they can be for."""
    schools = [
        {"id": each.id, "name": each.name}
        for each in desk.library.catalogue.organisations.values()
        if each.level == "school"
    ]
    return _json({"broadcasts": await desk.broadcasts.list(), "schools": schools})


@router.get("/waiting")
async def waiting(seat: Approver, desk: TheDesk) -> Response:
    """Those that wait for a yes."""
    return _json({"broadcasts": [each for each in await desk.broadcasts.list() if each.state == "review"]})


@router.post("")
async def draft(body: Draft, seat: Writer, desk: TheDesk) -> dict[str, object]:
    id = await desk.broadcasts.draft(body.title, body.text, Audience(tuple(body.schools)), seat.name, now())
    return {"id": id}


@router.post("/preview")
async def preview(body: Draft, seat: Writer, desk: TheDesk) -> Response:
    """How it looks on each channel, and how many it would go to."""
    shown = {name: each.render([Reply(text=body.text + UNSUBSCRIBE)]) for name, each in desk.channels.items()}
    wanted = await desk.broadcasts.wanted(Audience(tuple(body.schools)))
    return _json({"channels": shown, "wanted": wanted})


@router.get("/{id}/report")
async def report(id: int, seat: Writer, desk: TheDesk) -> Response:
    """How far it is."""
    return _json(await desk.broadcasts.report(id))


@router.post("/{id}/submit")
async def submit(id: int, seat: Writer, desk: TheDesk) -> dict[str, object]:
    await desk.broadcasts.submit(id, seat.name, now())
    return {}


@router.post("/{id}/approve")
async def approve(id: int, seat: Approver, desk: TheDesk) -> dict[str, object]:
    """Begins to send what somebody else wrote."""
    await desk.broadcasts.approve(id, seat.name, now())
    return {}


@router.post("/{id}/refuse")
async def refuse(id: int, seat: Approver, desk: TheDesk) -> dict[str, object]:
    await desk.broadcasts.refuse(id, seat.name, now())
    return {}


@router.post("/{id}/pause")
async def pause(id: int, seat: Writer, desk: TheDesk) -> dict[str, object]:
    await desk.broadcasts.pause(id, seat.name, now())
    return {}


@router.post("/{id}/resume")
async def resume(id: int, seat: Writer, desk: TheDesk) -> dict[str, object]:
    await desk.broadcasts.resume(id, seat.name, now())
    return {}


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
