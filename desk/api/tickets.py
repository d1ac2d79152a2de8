"""What seats do with tickets."""

from typing import Annotated, Literal

from fastapi import Depends, HTTPException, Query
from msgspec import Struct
from pydantic import Field

from accounts.ledger import Extract
from desk.api.answers import Answering
from desk.api.given import (
    Now,
    TheDatabase,
    TheDispatch,
    TheDrafting,
    TheLearners,
    ThePeople,
    TheResidents,
    TheSearch,
    TheTickets,
)
from desk.api.guard import may
from desk.api.session import Handwritten, Key, Reason, Strict, Written
from desk.api.shown import (
    Changed,
    QuotaShown,
    Stage,
    TheViews,
    Whole,
    check_colleague,
)
from desk.drafting import ANSWERED
from desk.errors import TicketError
from desk.learners import LearnerRecord
from desk.lists import MOST, CursorError, TicketPage, listed
from desk.masking import mask_said
from desk.opening import ALL
from desk.opening import found as ticket_of
from desk.people import Seat
from desk.replies import LONGEST
from desk.summary import Summary, summarise, unaware
from desk.tickets import PassedOn
from store.people import here

router = Answering(tags=["工单 tickets"])
Reader = Annotated[Seat, Depends(may("ticket.read"))]
Worker = Annotated[Seat, Depends(may("ticket.work"))]
Director = Annotated[Seat, Depends(may("ticket.direct"))]
Revealer = Annotated[Seat, Depends(may("resident.reveal"))]
DIRECT = 120_000  # ms that a colleague has to take what was transferred to him


class Note(Strict):
    text: Annotated[str, Written] = Field(max_length=LONGEST)
    mentions: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=20)


class Transfer(Strict):
    """To a colleague, or to whoever has the skill."""

    to: str | None = Field(None, max_length=64)
    skill: Key | None = None
    word: Annotated[str, Written] = Field("", max_length=500)


class Snooze(Strict):
    """For so many minutes, or until a moment (ms since 1970 UTC)."""

    minutes: int | None = Field(None, ge=1, le=30 * 24 * 60)
    until: int | None = Field(None, ge=0, le=1 << 50)


class Close(Strict):
    result: Literal["answered", "registered", "other_office", "no_reply", "unsolved", "spam"]
    note: Annotated[str, Written] = Field("", max_length=LONGEST)
    topic: Key | None = None


class Tags(Strict):
    tags: list[Annotated[str, Field(max_length=40), Handwritten]] = Field(max_length=20)


class Merge(Strict):
    into: str = Field(max_length=32)


class Reveal(Strict):
    reason: Reason


class Assign(Strict):
    to: str = Field(min_length=1, max_length=64)
    word: Annotated[str, Written] = Field("", max_length=500)


class ReachShown(Struct, frozen=True):
    """How the resident is reached now: how much the channel takes, null where it does not count; and where the caller is,
    null where nobody called."""

    quota: QuotaShown | None
    call: Stage | None


class Dispute(Struct, frozen=True):
    """The ledger as it was when it was disputed, at this moment (ms)."""

    extract: Extract
    at: int


class Affairs(Struct, frozen=True):
    """Whom the resident has proven to be, and what was disputed."""

    learners: list[LearnerRecord]
    disputes: list[Dispute]


class SearchHit(Struct, frozen=True):
    """A ticket in whose conversation it was said, in this message."""

    ticket: Summary
    seq: int
    snippet: str


class SearchHits(Struct, frozen=True):
    found: list[SearchHit]


class Revealed(Struct, frozen=True):
    """The number, what was noted, and each message that is masked elsewhere, by its number."""

    address: str
    slots: dict[str, str]
    messages: dict[int, str]


class Colleague(Struct, frozen=True):
    """`load` counts against `capacity`; `phone` says whether calls can be put through."""

    name: str
    shown: str
    role: str
    skills: list[str]
    place: str | None
    phone: bool
    here: bool
    ready: bool
    capacity: int
    load: int


class Colleagues(Struct, frozen=True):
    colleagues: list[Colleague]


@router.get("/tickets")
async def list_tickets(
    seat: Reader,
    views: TheViews,
    database: TheDatabase,
    state: Literal["waiting", "mine", "open", "snoozed", "callback", "closed"] = "waiting",
    after: Annotated[str | None, Query(max_length=64)] = None,
    most: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> TicketPage:
    """A page of tickets, in the order of the queue; closed ones the newest first. `callback` are those who are to be rung
    up. That words of tickets are shown which are not one's own is audited."""
    try:
        page = await database.page(lambda t: listed(t, state, seat.name, after, most, views.hours))
    except CursorError as error:
        raise HTTPException(422, {"code": "invalid", "text": "after 不对"}) from error
    await views.looked_through(page.tickets, seat, state)
    return page


@router.get("/tickets/{ref}")
async def show(ref: str, seat: Reader, tickets: TheTickets, views: TheViews) -> Whole:
    """A ticket with its events and its newest messages; there are older ones where the first is not number 1. A look at one that a colleague has is audited."""
    opened = await tickets.show(ref)
    await views.looked_at(opened.ticket, seat)
    return await views.whole(opened, seat)


@router.get("/tickets/{ref}/reach")
async def reach(ref: str, seat: Reader, views: TheViews, database: TheDatabase) -> ReachShown:
    """How the resident is reached now: how many more messages the channel takes, and until when (ms), null where it does
    not count; and where the caller is, null where nobody called."""
    row = await database.read(lambda t: ticket_of(t, ref))
    return ReachShown(await views.quota(row), await views.stage(row))


@router.get("/tickets/{ref}/learner")
async def learner(ref: str, seat: Reader, learners: TheLearners, now: Now) -> Affairs:
    """Whom the resident has proven to be, with their account, and the ledger as it was when it was disputed."""
    minors = seat.role == "supervisor"
    records = await learners.of_ticket(ref, seat.name, now, minors=minors)
    disputes = await learners.disputes(ref, seat.name, now)
    return Affairs(records, [Dispute(extract, at) for extract, at in disputes])


@router.get("/search")
async def search(
    q: Annotated[str, Query(min_length=1, max_length=100)],
    seat: Reader,
    search: TheSearch,
    views: TheViews,
    database: TheDatabase,
) -> SearchHits:
    """Tickets in whose conversations all of it was said, the newest first; also by reference or phone number, so often in an
    hour. What was found is audited."""
    found = await search.find(q, seat.name)
    rows = await database.page(lambda t: [unaware(summarise(t, each.ticket, views.hours), seat.name) for each in found])
    await views.looked_through(rows, seat, "search", q)
    return SearchHits([SearchHit(row, each.seq, each.snippet) for row, each in zip(rows, found, strict=True)])


@router.post("/tickets/{ref}/take")
async def take(ref: str, seat: Worker, tickets: TheTickets, views: TheViews, now: Now) -> Changed:
    """Takes it, with all else that this resident has waiting; 409 when somebody else has it."""
    await tickets.take(ref, seat.name, now, seat.shown)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/pass")
async def pass_on(ref: str, seat: Worker, tickets: TheTickets, views: TheViews, now: Now) -> Changed:
    """Lets an offer go by."""
    await tickets.pass_on(ref, seat.name, now)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/note")
async def note(ref: str, body: Note, seat: Worker, tickets: TheTickets, people: ThePeople, views: TheViews) -> Changed:
    """A word for colleagues, with the names of those whom it is for."""
    for each in body.mentions:
        await check_colleague(people, each)
    await tickets.note(ref, seat.name, body.text, views.now, body.mentions)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/transfer")
async def transfer(
    ref: str, body: Transfer, seat: Worker, tickets: TheTickets, people: ThePeople, views: TheViews
) -> Changed:
    """To a colleague or a skill, with a word."""
    await check_colleague(people, body.to)
    if (body.to is None) == (body.skill is None):
        raise TicketError("invalid", "转给一位同事，或者一种技能")
    passed = PassedOn(body.to, body.skill, body.word, views.now + DIRECT)
    await tickets.transfer(ref, seat.name, views.now, passed)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/snooze")
async def snooze(ref: str, body: Snooze, seat: Worker, tickets: TheTickets, views: TheViews, now: Now) -> Changed:
    """Aside for so many minutes, or until the resident writes."""
    if (body.minutes is None) == (body.until is None):
        raise TicketError("invalid", "写明多少分钟，或者到什么时候")
    until = now + body.minutes * 60_000 if body.minutes is not None else body.until or 0
    await tickets.snooze(ref, seat.name, until, now)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/wake")
async def wake(ref: str, seat: Worker, tickets: TheTickets, views: TheViews, now: Now) -> Changed:
    """Back from being put aside."""
    await tickets.wake(ref, seat.name, now)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/hand-back")
async def hand_back(ref: str, seat: Worker, tickets: TheTickets, views: TheViews, now: Now) -> Changed:
    """The bot goes on."""
    await tickets.hand_back(ref, seat.name, now)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/close")
async def close(
    ref: str, body: Close, seat: Worker, tickets: TheTickets, drafting: TheDrafting, views: TheViews
) -> Changed:
    """Ends it, with a topic and a result. Where everybody could read the talk, its answer becomes a draft for editors."""
    if body.result == ANSWERED and (opened := await tickets.show(ref)).ticket.owner == seat.name:
        await drafting.draft_of_closed(opened, seat.name, views.now)
    await tickets.close(ref, seat.name, body.result, views.now, note=body.note, topic=body.topic)
    return await views.after(ref, seat)


@router.put("/tickets/{ref}/tags")
async def tag(ref: str, body: Tags, seat: Worker, tickets: TheTickets, views: TheViews, now: Now) -> Changed:
    await tickets.tag(ref, seat.name, body.tags, now)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/merge")
async def merge(ref: str, body: Merge, seat: Worker, tickets: TheTickets, views: TheViews, now: Now) -> Changed:
    """Ends this one; another of the same resident goes on."""
    await tickets.merge(ref, body.into, seat.name, now)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/reveal")
async def reveal(
    ref: str,
    body: Reveal,
    seat: Revealer,
    tickets: TheTickets,
    residents: TheResidents,
    now: Now,
) -> Revealed:
    """The resident's numbers and words unmasked, for who has the ticket and for supervisors; once and for a reason, which is
    written down, and so often in an hour."""
    opened = await tickets.show(ref, ALL)
    row = opened.ticket
    address = await residents.reveal(row, seat, body.reason, now)
    messages = {
        each.seq: each.message.reply.text for each in opened.messages if mask_said(each) != each.message.reply.text
    }
    return Revealed(address, opened.handover.slots, messages)


@router.post("/tickets/{ref}/assign")
async def assign(
    ref: str, body: Assign, seat: Director, tickets: TheTickets, people: ThePeople, views: TheViews
) -> Changed:
    """Gives it to somebody, whoever has it."""
    await check_colleague(people, body.to)
    passed = PassedOn(body.to, None, body.word, views.now + DIRECT)
    await tickets.transfer(ref, seat.name, views.now, passed, direct=True)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/take-over")
async def take_over(ref: str, seat: Director, tickets: TheTickets, views: TheViews, now: Now) -> Changed:
    """Takes it from whoever has it."""
    await tickets.take(ref, seat.name, now, seat.shown, over=True)
    return await views.after(ref, seat)


@router.post("/tickets/{ref}/whisper")
async def whisper(
    ref: str, body: Note, seat: Director, tickets: TheTickets, views: TheViews, database: TheDatabase
) -> Changed:
    """A word to the seat that has it, which the resident never sees."""
    owner = (await database.read(lambda t: ticket_of(t, ref))).owner
    if owner is None:
        raise TicketError("not_yours", "还没有坐席接这张工单")
    await tickets.note(ref, seat.name, body.text, views.now, [owner])
    return await views.after(ref, seat)


@router.get("/colleagues")
async def colleagues(
    seat: Reader, people: ThePeople, dispatch: TheDispatch, database: TheDatabase, now: Now
) -> Colleagues:
    """Whom one can transfer to, and who is there."""
    there = await database.read(lambda t: here(t, now))
    load = await dispatch.loads()
    return Colleagues(
        [
            Colleague(
                each.name, each.shown, each.role, list(each.skills), each.place, each.phone is not None, each.name in there,
                there.get(each.name, False), each.capacity, load[each.name].weight if each.name in load else 0,
            )
            for each in await people.all()
            if each.may("ticket.work")
        ]
    )  # fmt: skip
