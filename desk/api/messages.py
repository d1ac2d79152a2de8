"""What a seat says to a resident, and what was said before that with which a ticket opens."""

from typing import Annotated

from fastapi import Depends, Form, Query, UploadFile
from msgspec import Struct
from pydantic import Field

from desk import files
from desk.api.answers import Answering
from desk.api.guard import LARGEST_FILE, Number, TheDesk, may, now
from desk.api.session import Strict
from desk.api.shown import looked_at, recall_time
from desk.errors import TicketError
from desk.feed import MessageShown, shown
from desk.lists import MOST
from desk.opening import ALL, SHOWN, before, found
from desk.people import Seat
from desk.replies import LONGEST, Answer

router = Answering(tags=["工单 tickets"])
Worker = Annotated[Seat, Depends(may("ticket.work"))]


class SeatMessage(Strict):
    """`seen` is the number of the last message read, in the conversation `talk`: an answer to something older than the resident's last word is
    refused as outdated. `recallable`: it leaves some seconds later, and can be called back until then."""

    id: str = Field(min_length=1, max_length=64)
    text: str = Field(max_length=LONGEST)
    seen: Number | None = None
    talk: Number | None = None
    source: str | None = Field(None, max_length=200)
    recallable: bool = False


class Sent(Struct, frozen=True):
    """The number that the message has in the conversation; or null, and until when it can be called back (ms)."""

    id: str
    seq: int | None
    due_at: int | None


class CalledBack(Struct, frozen=True):
    """What was called back, as it was written; `files` are the names of those that were to go with it."""

    text: str
    source: str | None
    files: list[str]


class EarlierMessages(Struct, frozen=True):
    messages: list[MessageShown]


@router.get("/tickets/{ref}/messages")
async def earlier(
    ref: str,
    seat: Annotated[Seat, Depends(may("ticket.read"))],
    desk: TheDesk,
    talk: Annotated[int | None, Query(ge=1, le=ALL)] = None,
    seq: Annotated[int, Query(alias="before", ge=1, le=ALL)] = ALL,
    most: Annotated[int, Query(ge=1, le=MOST)] = SHOWN,
) -> EarlierMessages:
    """The messages just before number `before`, in their order; there are older ones still while the first is not number
    1. `talk` is another conversation of the same person. A look at a ticket that a colleague has is audited."""
    row = await desk.database.read(lambda t: found(t, ref))
    if talk in (None, row.conversation):
        said = await desk.database.read(lambda t: before(t, row.conversation, seq, most))
    else:
        said = await desk.residents.said_in(row, talk, seat.name, (seq, most), now())
    await looked_at(desk, row, seat)
    return EarlierMessages([shown(each, talk or row.conversation) for each in said])


@router.post("/tickets/{ref}/messages")
async def reply(ref: str, body: SeatMessage, seat: Worker, desk: TheDesk) -> Sent:
    """Answers the resident. The same id again changes nothing."""
    wait = await recall_time(desk, ref) if body.recallable else 0
    answer = Answer(body.text, body.id, body.seen, body.source, wait=wait, talk=body.talk)
    return Sent(body.id, *await desk.tickets.reply(ref, seat.name, answer, now()))


@router.post("/tickets/{ref}/messages/{id}/call-back")
async def call_back(ref: str, id: str, seat: Worker, desk: TheDesk) -> CalledBack:
    """Takes back what one has just written; 409 when it has left."""
    reply = await desk.replies.call_back(ref, id, seat.name)
    return CalledBack(reply.text, reply.source, [each.name for each in reply.files])


@router.post("/tickets/{ref}/files", max_body_size=LARGEST_FILE)
async def send_file(
    ref: str, file: UploadFile, id: Annotated[str, Form(min_length=1, max_length=64)], seat: Worker, desk: TheDesk,
    recallable: Annotated[bool, Form()] = False,
) -> Sent:  # fmt: skip
    """Sends a file to the resident. The same id again changes nothing."""
    row = await desk.database.read(lambda t: found(t, ref))
    if row.channel in desk.channels and not desk.channels[row.channel].files:
        raise TicketError("invalid", "这个渠道发不了文件，请把要紧的写出来")
    body = await file.read(files.LARGEST + 1)
    wait = await recall_time(desk, ref) if recallable else 0
    answer = Answer("", id, file=(file.filename or "", body), wait=wait)
    return Sent(id, *await desk.tickets.reply(ref, seat.name, answer, now()))
