"""Files that residents have sent, as seats see and fetch them."""

from typing import Annotated, NamedTuple
from urllib.parse import quote

from fastapi import Depends, Response
from msgspec import Struct

from desk.api.answers import Answering, files
from desk.api.given import Now, TheDatabase, TheResidents
from desk.api.guard import may
from desk.api.shown import TheViews
from desk.errors import TicketError
from desk.masking import mask
from desk.opening import found
from desk.people import Seat
from store import attachments, conversations, tickets
from store.database import Database
from store.ticket_rows import TicketRow

router = Answering(tags=["工单 tickets"])
Reader = Annotated[Seat, Depends(may("ticket.read"))]
# A browser keeps it as a file: it opens nothing of it in our name, and guesses at nothing.
_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox", "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}  # fmt: skip
_ANY, _JPEG = "application/octet-stream", "image/jpeg"


class ResidentFile(Struct, frozen=True):
    """A file that the resident of a ticket has sent. `state`: coming (it is being fetched or looked through), kept, refused,
    and `why`. `is_pictured`: there is a small picture of it."""

    id: str
    name: str
    type: str
    state: str
    why: str
    is_pictured: bool


class ResidentFiles(Struct, frozen=True):
    files: list[ResidentFile]


async def _seen(
    ref: str, seat: Reader, database: TheDatabase, residents: TheResidents, now: Now
) -> tuple[TicketRow, set[int]]:
    """The ticket, and the talks of its resident that this seat may see."""
    row = await database.read(lambda t: found(t, ref))
    return row, await residents.talks_seen(row, seat.name, now)


Seen = Annotated[tuple[TicketRow, set[int]], Depends(_seen)]


@router.get("/tickets/{ref}/files")
async def files_of(
    seen: Seen, seat: Reader, views: TheViews, residents: TheResidents, database: TheDatabase
) -> ResidentFiles:
    """What the resident of a ticket has sent, on whatever channel, and what has become of it. A look at a ticket that a
    colleague has, or at what was sent elsewhere, is audited."""
    row, talks = seen
    sent = await database.read(lambda t: {talk: attachments.of_talk(t, talk) for talk in talks})
    await views.looked_at(row, seat)
    await residents.looked_into(row, [talk for talk, found in sent.items() if found], seat.name, views.now)
    return ResidentFiles([_shown(each) for found in sent.values() for each in found])


def _shown(row: attachments.ResidentFileRow) -> ResidentFile:
    return ResidentFile(row.id, mask(row.name, theirs=True), row.type, row.state, row.why, row.is_pictured)


@router.get("/tickets/{ref}/files/{id}", responses=files(_ANY))
async def fetch(seen: Seen, id: str, seat: Reader, database: TheDatabase, now: Now) -> Response:
    """The file as it was sent, to be kept: never shown by the browser itself. Who has the ticket needs no other reason; a
    colleague's look is audited."""
    row, talks = seen
    kept = await database.read(lambda t: attachments.kept(t, id))
    if kept is None or kept[0] not in talks:
        raise TicketError("not_found", "没有这个文件，或者还没检查完")
    talk, name, kind, body = kept
    await _looked_into(database, row, seat, _Look(id, talk, now))
    disposition = {"content-disposition": f"attachment; filename*=UTF-8''{quote(mask(name, theirs=True))}"}
    return Response(body, media_type=kind, headers=_HEADERS | disposition)


@router.get("/tickets/{ref}/files/{id}/preview", responses=files(_JPEG))
async def preview(seen: Seen, id: str, seat: Reader, database: TheDatabase, now: Now) -> Response:
    """A small picture of a picture, drawn anew: nothing of what was hidden in the file is in it. Audited as above."""
    row, talks = seen
    drawn = await database.read(lambda t: attachments.preview(t, id))
    if drawn is None or drawn[0] not in talks or drawn[1] is None:
        raise TicketError("not_found", "没有这张图片，或者还没检查完")
    await _looked_into(database, row, seat, _Look(id, drawn[0], now))
    return Response(drawn[1], media_type=_JPEG, headers=_HEADERS)


class _Look(NamedTuple):
    """At a file that was sent in this talk, at this moment (ms)."""

    id: str
    talk: int
    at: int


async def _looked_into(database: Database, row: TicketRow, seat: Seat, look: _Look) -> None:
    """Writes down a look at a file, where it was not sent in a talk of the seat's own ticket."""
    if row.owner == seat.name and look.talk in await database.read(lambda t: tickets.talks(t, row)):
        return
    await database.write(lambda t: conversations.audited(t, seat.name, "file.read", row.ref, look.id, look.at))
