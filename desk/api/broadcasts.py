"""Announcements: drafted, approved by a second person, sent, paused, counted."""

from typing import Annotated

from fastapi import Depends
from msgspec import Struct
from pydantic import Field

from bot.messages import Reply
from desk.api.answers import NOTHING, Answering, NothingToTell
from desk.api.given import Now, TheBroadcasts, TheChannels, TheLibrary
from desk.api.guard import Number, may
from desk.api.session import Key, Strict, Written
from desk.broadcasts import LONGEST, UNSUBSCRIBE, Audience, Progress
from desk.people import Seat
from store.broadcasts import BroadcastRow

router = Answering(prefix="/broadcasts", tags=["群发 broadcasts"])
Writer = Annotated[Seat, Depends(may("broadcast.write"))]
Approver = Annotated[Seat, Depends(may("broadcast.approve"))]


class Draft(Strict):
    """To learners of these schools who want announcements; none is all."""

    title: Annotated[str, Written] = Field(min_length=1, max_length=60)
    text: Annotated[str, Written] = Field(min_length=1, max_length=LONGEST)
    schools: list[Key] = Field(default_factory=list, max_length=50)


class School(Struct, frozen=True):
    id: str
    name: str


class Announcements(Struct, frozen=True):
    broadcasts: list[BroadcastRow]
    schools: list[School]


class AwaitingApproval(Struct, frozen=True):
    broadcasts: list[BroadcastRow]


class Drafted(Struct, frozen=True):
    id: int


class Previewed(Struct, frozen=True):
    """How it looks on each channel, and how many it would go to."""

    channels: dict[str, list[str]]
    wanted: int


@router.get("")
async def all_(seat: Writer, broadcasts: TheBroadcasts, library: TheLibrary) -> Announcements:
    """The newest first; and the schools whose learners they can be for."""
    schools = [
        School(each.id, each.name) for each in library.catalogue.organisations.values() if each.level == "school"
    ]
    return Announcements(await broadcasts.list(), schools)


@router.get("/waiting")
async def waiting(seat: Approver, broadcasts: TheBroadcasts) -> AwaitingApproval:
    """Those that wait for a yes."""
    return AwaitingApproval([each for each in await broadcasts.list() if each.state == "review"])


@router.post("")
async def draft(body: Draft, seat: Writer, broadcasts: TheBroadcasts, now: Now) -> Drafted:
    id = await broadcasts.draft(body.title, body.text, Audience(tuple(body.schools)), seat.name, now)
    return Drafted(id)


@router.post("/preview")
async def preview(body: Draft, seat: Writer, broadcasts: TheBroadcasts, channels: TheChannels) -> Previewed:
    """How it looks on each channel, and how many it would go to."""
    shown = {name: each.render([Reply(text=body.text + UNSUBSCRIBE)]) for name, each in channels.items()}
    wanted = await broadcasts.wanted(Audience(tuple(body.schools)))
    return Previewed(shown, wanted)


@router.get("/{id}/report")
async def report(id: Number, seat: Writer, broadcasts: TheBroadcasts) -> Progress:
    """How far it is."""
    return await broadcasts.report(id)


@router.post("/{id}/submit")
async def submit(id: Number, seat: Writer, broadcasts: TheBroadcasts, now: Now) -> NothingToTell:
    await broadcasts.submit(id, seat.name, now)
    return NOTHING


@router.post("/{id}/approve")
async def approve(id: Number, seat: Approver, broadcasts: TheBroadcasts, now: Now) -> NothingToTell:
    """Begins to send what somebody else wrote."""
    await broadcasts.approve(id, seat.name, now)
    return NOTHING


@router.post("/{id}/refuse")
async def refuse(id: Number, seat: Approver, broadcasts: TheBroadcasts, now: Now) -> NothingToTell:
    await broadcasts.refuse(id, seat.name, now)
    return NOTHING


@router.post("/{id}/pause")
async def pause(id: Number, seat: Writer, broadcasts: TheBroadcasts, now: Now) -> NothingToTell:
    await broadcasts.pause(id, seat.name, now)
    return NOTHING


@router.post("/{id}/resume")
async def resume(id: Number, seat: Writer, broadcasts: TheBroadcasts, now: Now) -> NothingToTell:
    await broadcasts.resume(id, seat.name, now)
    return NOTHING
