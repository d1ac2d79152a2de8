"""What a seat says to a resident, and what was said before that with which a ticket opens."""

from typing import Annotated

from fastapi import Depends, Form, Query, UploadFile
from msgspec import Struct
from pydantic import BaseModel, Field

from desk import files
from desk.api.answers import Answering
from desk.api.given import Now, TheChannels, TheDatabase, TheReplies, TheResidents, TheTickets
from desk.api.guard import LARGEST_FILE, Number, may
from desk.api.session import Strict, Unnumbered, Written
from desk.api.shown import TheViews
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

    id: Annotated[str, Unnumbered] = Field(min_length=1, max_length=64)
    text: Annotated[str, Written] = Field(max_length=LONGEST)
    seen: Number | None = None
    talk: Number | None = None
    source: Annotated[str, Written] | None = Field(None, max_length=200)
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


class Earlier(BaseModel):
    """Which messages: at most so many before this number, in the ticket's conversation or another of the same person."""

    talk: int | None = Field(None, ge=1, le=ALL)
    before: int = Field(ALL, ge=1, le=ALL)
    most: int = Field(SHOWN, ge=1, le=MOST)


@router.get("/tickets/{ref}/messages")
async def earlier(
    ref: str,
    seat: Annotated[Seat, Depends(may("ticket.read"))],
    residents: TheResidents,
    views: TheViews,
    database: TheDatabase,
    asked: Annotated[Earlier, Query()],
) -> EarlierMessages:
    """The messages just before number `before`, in their order; there are older ones still while the first is not number
    1. `talk` is another conversation of the same person. A look at a ticket that a colleague has is audited."""
    row = await database.read(lambda t: found(t, ref))
    talk = asked.talk or row.conversation
    if talk == row.conversation:
        said = await database.read(lambda t: before(t, talk, asked.before, asked.most))
    else:
        said = await residents.said_in(row, talk, seat.name, (asked.before, asked.most), views.now)
    await views.looked_at(row, seat)
    return EarlierMessages([shown(each, talk) for each in said])


async def _fitting(ref: str, body: SeatMessage, database: TheDatabase, channels: TheChannels) -> SeatMessage:
    """What the ticket's channel brings whole: what a seat says stands nowhere else. Raises `TicketError`."""
    row = await database.read(lambda t: found(t, ref))
    longest = channels[row.channel].longest if row.channel in channels else 0
    if longest and len(body.text.strip().encode("utf-16-le")) // 2 > longest:  # as telephones count: an emoji is two
        english = f"At most {longest} characters at a time go by this channel, an emoji counts for two"
        raise TicketError("invalid", f"这个渠道一次最多 {longest} 字（表情算两个），请分开发", english)
    return body


@router.post("/tickets/{ref}/messages")
async def reply(
    ref: str, seat: Worker, body: Annotated[SeatMessage, Depends(_fitting)], tickets: TheTickets, views: TheViews
) -> Sent:
    """Answers the resident. The same id again changes nothing."""
    wait = await views.recall_time(ref) if body.recallable else 0
    answer = Answer(body.text, body.id, body.seen, body.source, wait=wait, talk=body.talk)
    return Sent(body.id, *await tickets.reply(ref, seat.name, answer, views.now))


@router.post("/tickets/{ref}/messages/{id}/call-back")
async def call_back(ref: str, id: str, seat: Worker, replies: TheReplies) -> CalledBack:
    """Takes back what one has just written; 409 when it has left."""
    reply = await replies.call_back(ref, id, seat.name)
    return CalledBack(reply.text, reply.source, [each.name for each in reply.files])


async def _takes_files(ref: str, database: TheDatabase, channels: TheChannels) -> None:
    """Raises `TicketError` where the ticket's channel takes none."""
    row = await database.read(lambda t: found(t, ref))
    if row.channel in channels and not channels[row.channel].files:
        raise TicketError("invalid", "这个渠道发不了文件，请把要紧的写出来")


async def _recall(ref: str, views: TheViews, recallable: Annotated[bool, Form()] = False) -> int:
    """How long what is sent can be called back (ms)."""
    return await views.recall_time(ref) if recallable else 0


async def _with_file(
    file: UploadFile,
    id: Annotated[str, Form(min_length=1, max_length=64), Unnumbered],
    wait: Annotated[int, Depends(_recall)],
) -> Answer:
    if "\0" in id:
        raise TicketError("invalid", "编号里有不能用的字符（U+0000）")
    return Answer("", id, file=(file.filename or "", await file.read(files.LARGEST + 1)), wait=wait)


@router.post("/tickets/{ref}/files", dependencies=[Depends(_takes_files)], max_body_size=LARGEST_FILE)
async def send_file(
    ref: str, answer: Annotated[Answer, Depends(_with_file)], seat: Worker, tickets: TheTickets, now: Now
) -> Sent:
    """Sends a file to the resident. The same id again changes nothing."""
    return Sent(str(answer.id), *await tickets.reply(ref, seat.name, answer, now))
