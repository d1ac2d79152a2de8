"""What helps a seat to answer: what we know, texts to use again, and a draft from what was answered."""

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Annotated

from fastapi import Depends, Query
from msgspec import Struct
from pydantic import Field

from desk.api.answers import NOTHING, Answering, NothingToTell
from desk.api.given import Now, TheComprehension, TheDatabase, TheDrafting, TheLibrary, TheTickets, Today
from desk.api.guard import Number, may
from desk.api.session import Strict, Written
from desk.api.shown import TheViews
from desk.errors import TicketError
from desk.people import Seat
from knowledge.library import Library
from store import canned as rows

router = Answering(tags=["助手 assist"])
Reader = Annotated[Seat, Depends(may("knowledge.read"))]
TicketReader = Annotated[Seat, Depends(may("ticket.read"))]
Drafter = Annotated[Seat, Depends(may("knowledge.draft"))]
Looked = Annotated[str, Query(max_length=200)]
Writer = Annotated[Seat, Depends(may("canned.write"))]
SUGGESTED, NEAR = 5, 0.03  # at most, and at least as likely
SMALL_TALK = "chitchat"  # what the bot says of itself: no words of a person
OF_NOTHING = {SMALL_TALK, "human_agent", "out_of_scope"}  # topics that say nothing of what a talk is about
LAST, BACK = 3, 10  # messages of the resident that say what is asked; that say what the talk is about
PLAIN = 0.5  # at least as likely, to say what it is about


class Canned(Strict):
    title: Annotated[str, Written] = Field(min_length=1, max_length=40)
    text: Annotated[str, Written] = Field(min_length=1, max_length=2000)


class Typed(Strict):
    text: Annotated[str, Written] = Field(max_length=2000)


class Covered(Struct, frozen=True):
    text: str


class Suggestion(Struct, frozen=True):
    """A reviewed answer, and how likely it is the right one."""

    id: str
    title: str
    answer: str
    source: str
    score: float


class Suggestions(Struct, frozen=True):
    """`topic` is what the talk was about last, where that is plain."""

    suggestions: list[Suggestion]
    topic: str | None


class CannedText(Struct, frozen=True):
    id: int
    title: str
    text: str
    by: str


class CannedTexts(Struct, frozen=True):
    canned: list[CannedText]


class DraftMade(Struct, frozen=True):
    id: str


async def _asked(ref: str, seat: TicketReader, tickets: TheTickets, views: TheViews, q: Looked = "") -> list[str]:
    """What is to be answered: what is looked for, else what the resident of the ticket said, the last first."""
    if q.strip():
        return [q]
    opened = await tickets.show(ref)
    await views.looked_at(opened.ticket, seat)
    said = [each.message.reply.text for each in opened.messages if each.author == "resident"]
    return [*reversed(said[-BACK:]), opened.handover.summary]


Asked = Annotated[list[str], Depends(_asked)]


@router.get("/tickets/{ref}/suggestions")
async def suggestions(
    seat: TicketReader, asked: Asked, library: TheLibrary, comprehension: TheComprehension, today: Today, q: Looked = ""
) -> Suggestions:
    """Reviewed answers that come near to what the resident said last, or to `q`; with their sources."""
    best: dict[str, float] = {}
    understood = [comprehension.understand(text, today).candidates for text in asked]
    for candidates in [*understood[:LAST], understood[-1]]:
        for each in candidates:
            if each.entry is not None and each.score >= NEAR and library.entries[each.entry].topic != SMALL_TALK:
                best[each.entry] = max(best.get(each.entry, 0.0), each.score)
    for id in _containing(library, q, today):
        best.setdefault(id, NEAR)
    ranked = sorted(best.items(), key=lambda pair: -pair[1])[:SUGGESTED]
    found = []
    for id, score in ranked:
        entry = library.entries[id]
        answer = "\n".join([entry.answer, *(f"{n}. {step}" for n, step in enumerate(entry.steps, 1))])
        found.append(Suggestion(id, library.title(entry), answer, entry.source, score))
    plain = (each for each in chain.from_iterable(understood) if each.score >= PLAIN)
    topics = (each.topic for each in plain if each.topic not in OF_NOTHING)
    return Suggestions(found, next(topics, None))


def _containing(library: Library, q: str, today: date) -> Iterator[str]:
    """The entries that hold today and contain each word of `q`, those first that have them in their titles."""
    words = str.casefold(q).split()
    entries = [each for each in library.entries.values() if words and each.topic != SMALL_TALK and each.is_valid(today)]
    titles = {each.id: str.casefold(library.title(each)) for each in entries}
    for each in sorted(entries, key=lambda each: words and words[0] not in titles[each.id]):
        text = titles[each.id] + str.casefold(each.answer)
        if all(word in text for word in words):
            yield each.id


@router.get("/canned")
async def all_canned(seat: Reader, database: TheDatabase) -> CannedTexts:
    """Texts to use again."""
    found = await database.read(rows.all_texts)
    return CannedTexts([CannedText(each.id, each.title, each.text, each.by) for each in found])


@router.post("/canned")
async def add_canned(body: Canned, seat: Writer, database: TheDatabase) -> NothingToTell:
    await database.write(lambda t: rows.add(t, body.title, body.text, seat.name))
    return NOTHING


@router.delete("/canned/{id}")
async def drop_canned(id: Number, seat: Writer, database: TheDatabase) -> NothingToTell:
    """One's own."""
    if not await database.write(lambda t: rows.drop(t, id, seat.name)):
        raise TicketError("not_found", "没有这条常用语，或者不是您建的")
    return NOTHING


@router.post("/covered")
async def covered(body: Typed, seat: Annotated[Seat, Depends(may("self"))]) -> Covered:
    """How it would be kept and sent: with the numbers covered that nobody keeps."""
    return Covered(body.text)


@router.post("/tickets/{ref}/draft")
async def draft(
    ref: str, seat: Drafter, tickets: TheTickets, drafting: TheDrafting, views: TheViews, now: Now
) -> DraftMade:
    """The seat's last answer becomes a draft for editors: to the standard question that the resident asked where it has no
    answer yet, else to the question in their words."""
    opened = await tickets.show(ref)
    await views.looked_at(opened.ticket, seat)
    return DraftMade(await drafting.draft(opened, seat.name, now))
