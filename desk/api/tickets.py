"""What seats do with tickets."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Form, HTTPException, Query, Response, UploadFile
from pydantic import Field

from desk import files
from desk.api.guard import TheDesk, may, now
from desk.api.session import Strict
from desk.errors import TicketError
from desk.feed import shown
from desk.lists import MOST, CursorError, listed
from desk.masking import mask, mask_all
from desk.parts import Desk
from desk.people import Seat
from desk.summary import Summary, summarise
from desk.tickets import LONGEST, Opened, refuse
from store import conversations, people, tickets
from store.database import Transaction
from store.tickets import EventRow, TicketRow

router = APIRouter(tags=["工单 tickets"])
Reader = Annotated[Seat, Depends(may("ticket.read"))]
Worker = Annotated[Seat, Depends(may("ticket.work"))]
Director = Annotated[Seat, Depends(may("ticket.direct"))]
Revealer = Annotated[Seat, Depends(may("resident.reveal"))]
DIRECT = 120_000  # ms that a colleague has to take what was transferred to him


class Said(Strict):
    """`seen` is the number of the last message read: an answer to something older than the resident's last word is
    refused as outdated."""

    id: str = Field(min_length=1, max_length=64)
    text: str = Field(max_length=LONGEST)
    seen: int | None = Field(None, ge=0)
    source: str | None = Field(None, max_length=200)


class Note(Strict):
    text: str = Field(max_length=LONGEST)
    mentions: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=20)


class Transfer(Strict):
    """To a colleague, or to whoever has the skill."""

    to: str | None = Field(None, max_length=64)
    skill: str | None = Field(None, max_length=32)
    word: str = Field("", max_length=500)


class Snooze(Strict):
    """For so many minutes, or until a moment (ms since 1970 UTC)."""

    minutes: int | None = Field(None, ge=1, le=30 * 24 * 60)
    until: int | None = Field(None, ge=0, le=1 << 50)


class Close(Strict):
    result: str = Field(max_length=32)
    note: str = Field("", max_length=LONGEST)
    topic: str | None = Field(None, max_length=32)


class Tags(Strict):
    tags: list[Annotated[str, Field(max_length=40)]] = Field(max_length=20)


class Merge(Strict):
    into: str = Field(max_length=32)


class Reveal(Strict):
    reason: str = Field(min_length=2, max_length=200)


class Confer(Strict):
    colleague: str = Field(min_length=1, max_length=64)


class Hold(Strict):
    on: bool


class Assign(Strict):
    to: str = Field(min_length=1, max_length=64)
    word: str = Field("", max_length=500)


@router.get("/tickets")
async def list_tickets(
    seat: Reader,
    desk: TheDesk,
    state: Literal["waiting", "mine", "open", "snoozed", "callback", "closed"] = "waiting",
    after: Annotated[str | None, Query(max_length=64)] = None,
    most: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> Response:
    """A page of tickets, in the order of the queue; closed ones the newest first. `callback` are those who are to be rung
    up."""
    try:
        found = await desk.database.read(lambda t: listed(t, state, seat.name, after, most, desk.hours, desk.settings))
    except CursorError as error:
        raise HTTPException(422, {"code": "invalid", "text": "after 不对"}) from error
    return _json({"tickets": found.tickets, "next": found.next, "seq": found.seq})


@router.get("/tickets/{ref}")
async def show(ref: str, seat: Reader, desk: TheDesk) -> Response:
    """A ticket with its messages and events. A look at one that a colleague has is audited."""
    opened = await desk.tickets.show(ref)
    if opened.ticket.owner != seat.name:
        await desk.database.write(lambda t: conversations.audited(t, seat.name, "ticket.read", ref, "", now()))
    return _json(await _whole(desk, opened))


@router.get("/tickets/{ref}/reach")
async def reach(ref: str, seat: Reader, desk: TheDesk) -> dict[str, object]:
    """How the resident is reached now: how many more messages the channel takes, and until when (ms), null where it does
    not count; and where the caller is, null where nobody called."""
    row = await desk.database.read(lambda t: tickets.get(t, ref))
    if row is None:
        raise TicketError("not_found", f"没有工单 {ref}")
    return {"quota": await _quota(desk, row), "call": await _call(desk, row)}


@router.get("/tickets/{ref}/learner")
async def learner(ref: str, seat: Reader, desk: TheDesk) -> Response:
    """Whom the resident has proven to be, with their account, and the ledger as it was when it was disputed."""
    minors = seat.role == "supervisor"
    records = await desk.learners.of_ticket(ref, seat.name, now(), minors=minors)
    disputes = await desk.learners.disputes(ref, seat.name, now())
    return _json({"learners": records, "disputes": [{"extract": extract, "at": at} for extract, at in disputes]})


@router.get("/search")
async def search(q: Annotated[str, Query(min_length=1, max_length=100)], seat: Reader, desk: TheDesk) -> Response:
    """Tickets in whose conversations all of it was said, the newest first; also by reference or phone number."""
    found = await desk.search.find(q)
    rows = await desk.database.read(lambda t: [summarise(t, each.ticket, desk.hours, desk.settings) for each in found])
    hits = [{"ticket": row, "seq": each.seq, "snippet": each.snippet} for row, each in zip(rows, found, strict=True)]
    return _json({"found": hits})


@router.post("/tickets/{ref}/take")
async def take(ref: str, seat: Worker, desk: TheDesk) -> Response:
    """Takes it, with all else that this resident has waiting; 409 when somebody else has it."""
    await desk.tickets.take(ref, seat.name, now(), seat.shown)
    return await after(desk, ref)


@router.post("/tickets/{ref}/pass")
async def pass_on(ref: str, seat: Worker, desk: TheDesk) -> Response:
    """Lets an offer go by."""
    await desk.tickets.pass_on(ref, seat.name, now())
    return await after(desk, ref)


@router.post("/tickets/{ref}/messages")
async def reply(ref: str, body: Said, seat: Worker, desk: TheDesk) -> dict[str, object]:
    """Answers the resident. The same id again changes nothing."""
    seq = await desk.tickets.reply(ref, seat.name, body.text, now(), id=body.id, seen=body.seen, source=body.source)
    return {"id": body.id, "seq": seq}


@router.post("/tickets/{ref}/files")
async def send_file(
    ref: str, file: UploadFile, id: Annotated[str, Form(min_length=1, max_length=64)], seat: Worker, desk: TheDesk
) -> dict[str, object]:
    """Sends a file to the resident. The same id again changes nothing."""
    row = await desk.database.read(lambda t: tickets.get(t, ref))
    if row is not None and row.channel in desk.channels and not desk.channels[row.channel].files:
        raise TicketError("invalid", "这个渠道发不了文件，请把要紧的写出来")
    body = await file.read(files.LARGEST + 1)
    seq = await desk.tickets.reply(ref, seat.name, "", now(), id=id, file=(file.filename or "", body))
    return {"id": id, "seq": seq}


@router.post("/tickets/{ref}/note")
async def note(ref: str, body: Note, seat: Worker, desk: TheDesk) -> Response:
    """A word for colleagues, with the names of those whom it is for."""
    await desk.tickets.note(ref, seat.name, body.text, now(), body.mentions)
    return await after(desk, ref)


@router.post("/tickets/{ref}/transfer")
async def transfer(ref: str, body: Transfer, seat: Worker, desk: TheDesk) -> Response:
    """To a colleague or a skill, with a word."""
    await _check_colleague(desk, body.to)
    if (body.to is None) == (body.skill is None):
        raise TicketError("invalid", "转给一位同事，或者一种技能")
    at = now()
    await desk.tickets.transfer(ref, seat.name, at, to=body.to, skill=body.skill, word=body.word, until=at + DIRECT)
    return await after(desk, ref)


@router.post("/tickets/{ref}/snooze")
async def snooze(ref: str, body: Snooze, seat: Worker, desk: TheDesk) -> Response:
    """Aside for so many minutes, or until the resident writes."""
    at = now()
    if (body.minutes is None) == (body.until is None):
        raise TicketError("invalid", "写明多少分钟，或者到什么时候")
    until = at + body.minutes * 60_000 if body.minutes is not None else body.until or 0
    await desk.tickets.snooze(ref, seat.name, until, at)
    return await after(desk, ref)


@router.post("/tickets/{ref}/wake")
async def wake(ref: str, seat: Worker, desk: TheDesk) -> Response:
    """Back from being put aside."""
    await desk.tickets.wake(ref, seat.name, now())
    return await after(desk, ref)


@router.post("/tickets/{ref}/hand-back")
async def hand_back(ref: str, seat: Worker, desk: TheDesk) -> Response:
    """The bot goes on."""
    await desk.tickets.hand_back(ref, seat.name, now())
    return await after(desk, ref)


@router.post("/tickets/{ref}/close")
async def close(ref: str, body: Close, seat: Worker, desk: TheDesk) -> Response:
    """Ends it, with a topic and a result."""
    await desk.tickets.close(ref, seat.name, body.result, now(), note=body.note, topic=body.topic)
    return await after(desk, ref)


@router.post("/tickets/{ref}/call")
async def call(ref: str, seat: Worker, desk: TheDesk) -> dict[str, object]:
    """Calls the seat's telephone, and when the seat is there the resident. How it ended is written down."""
    if desk.calling is None:
        raise TicketError("invalid", "没有接入电话，不能拨打")
    if seat.phone is None:
        raise TicketError("invalid", "您的账号没有登记电话，请管理员在“人员”里填上")
    opened = await desk.tickets.show(ref)
    if opened.ticket.owner != seat.name:
        raise TicketError("not_yours", f"工单 {ref} 不在您手上，请先接单")
    try:
        found = await desk.calling.call_back(ref, seat.phone)
    except ConnectionError as error:
        raise TicketError("unreachable", f"电话没有打出去，请稍后再试（{error}）") from error
    if not found:
        raise TicketError("invalid", "这位居民没有留下电话")
    return {}


@router.post("/tickets/{ref}/hold")
async def hold(ref: str, body: Hold, seat: Worker, desk: TheDesk) -> dict[str, object]:
    """Lets the caller wait; going on calls the seat's telephone again."""
    opened = await desk.tickets.show(ref)
    if opened.ticket.owner != seat.name:
        raise TicketError("not_yours", f"工单 {ref} 不在您手上，请先接单")
    if desk.calling is None or not await desk.calling.hold(ref, body.on):
        raise TicketError("invalid", "现在没有可以保持或恢复的通话")
    return {}


@router.post("/tickets/{ref}/confer")
async def confer(ref: str, body: Confer, seat: Worker, desk: TheDesk) -> dict[str, object]:
    """Calls a colleague's telephone to join the talk with the resident."""
    opened = await desk.tickets.show(ref)
    if opened.ticket.owner != seat.name:
        raise TicketError("not_yours", f"工单 {ref} 不在您手上，请先接单")
    await _check_colleague(desk, body.colleague)
    refuse(opened.ticket, body.colleague)
    colleague = await desk.people.get(body.colleague)
    if colleague is None or colleague.phone is None:
        raise TicketError("invalid", "这位同事没有登记电话")
    try:
        joined = desk.calling is not None and await desk.calling.confer(ref, colleague.phone)
    except ConnectionError as error:
        raise TicketError("unreachable", f"电话没有打出去，请稍后再试（{error}）") from error
    if not joined:
        raise TicketError("invalid", "现在没有通话，不能请同事加入")
    await desk.tickets.note(ref, seat.name, f"请 {colleague.shown} 加入通话", now())
    return {}


@router.put("/tickets/{ref}/tags")
async def tag(ref: str, body: Tags, seat: Worker, desk: TheDesk) -> Response:
    await desk.tickets.tag(ref, seat.name, body.tags, now())
    return await after(desk, ref)


@router.post("/tickets/{ref}/merge")
async def merge(ref: str, body: Merge, seat: Worker, desk: TheDesk) -> Response:
    """Ends this one; another of the same resident goes on."""
    await desk.tickets.merge(ref, body.into, seat.name, now())
    return await after(desk, ref)


@router.post("/tickets/{ref}/reveal")
async def reveal(ref: str, body: Reveal, seat: Revealer, desk: TheDesk) -> Response:
    """The resident's numbers and words unmasked, once and for a reason, which is written down."""
    opened = await desk.tickets.show(ref)

    def work(transaction: Transaction) -> str:
        conversations.audited(transaction, seat.name, "resident.reveal", ref, body.reason, now())
        row = conversations.get(transaction, opened.ticket.conversation)
        assert row is not None
        return row.address if row.channel in desk.channels and desk.channels[row.channel].by_phone else ""

    address = await desk.database.write(work)
    messages = {
        each.seq: each.message.reply.text
        for each in opened.messages
        if mask(each.message.reply.text) != each.message.reply.text
    }
    return _json({"address": address, "slots": opened.handover.slots, "messages": messages})


@router.post("/tickets/{ref}/assign")
async def assign(ref: str, body: Assign, seat: Director, desk: TheDesk) -> Response:
    """Gives it to somebody, whoever has it."""
    await _check_colleague(desk, body.to)
    at = now()
    await desk.tickets.transfer(
        ref, seat.name, at, to=body.to, skill=None, word=body.word, until=at + DIRECT, direct=True
    )
    return await after(desk, ref)


@router.post("/tickets/{ref}/take-over")
async def take_over(ref: str, seat: Director, desk: TheDesk) -> Response:
    """Takes it from whoever has it."""
    await desk.tickets.take(ref, seat.name, now(), seat.shown, over=True)
    return await after(desk, ref)


@router.post("/tickets/{ref}/whisper")
async def whisper(ref: str, body: Note, seat: Director, desk: TheDesk) -> Response:
    """A word to the seat that has it, which the resident never sees."""
    opened = await desk.tickets.show(ref)
    owner = opened.ticket.owner
    if owner is None:
        raise TicketError("not_yours", "还没有坐席接这张工单")
    await desk.tickets.note(ref, seat.name, body.text, now(), [owner])
    return await after(desk, ref)


@router.get("/colleagues")
async def colleagues(seat: Reader, desk: TheDesk) -> dict[str, object]:
    """Whom one can transfer to, and who is there."""
    at = now()
    there = {page.seat: bool(page.ready) for page in await desk.database.read(lambda t: people.present(t, at))}
    load = await desk.dispatch.loads()
    return {
        "colleagues": [
            {
                "name": each.name, "shown": each.shown, "role": each.role, "skills": each.skills, "place": each.place,
                "phone": each.phone is not None, "here": each.name in there, "ready": there.get(each.name, False), "capacity": each.capacity,
                "load": load[each.name].weight if each.name in load else 0,
            }
            for each in await desk.people.all()
            if each.may("ticket.work")
        ]
    }  # fmt: skip


async def _check_colleague(desk: Desk, name: str | None) -> None:
    if name is None:
        return
    found = await desk.people.get(name)
    if found is None or not found.may("ticket.work"):
        raise TicketError("not_found", f"没有坐席 {name}")


async def after(desk: Desk, ref: str) -> Response:
    """The ticket as it is now."""

    def look(transaction: Transaction) -> Summary:
        row = tickets.get(transaction, ref)
        assert row is not None
        return summarise(transaction, row, desk.hours, desk.settings)

    return _json({"ticket": await desk.database.read(look)})


async def _whole(desk: Desk, opened: Opened) -> dict[str, object]:
    def look(transaction: Transaction) -> tuple[Summary, list[Summary]]:
        def summary(row: TicketRow) -> Summary:
            return summarise(transaction, row, desk.hours, desk.settings)

        return summary(opened.ticket), [summary(row) for row in opened.others]

    ticket, others = await desk.database.read(look)
    about = opened.handover
    place = desk.library.catalogue.organisations.get(opened.ticket.place or "")
    return {
        "ticket": ticket, "messages": [shown(each) for each in opened.messages],
        "events": [_event(event) for event in opened.events], "others": others,
        "waiting_from": opened.waiting_from, "dead": opened.dead,
        "quota": await _quota(desk, opened.ticket),
        "call": await _call(desk, opened.ticket),
        "resident": {
            "slots": {name: mask(value) for name, value in about.slots.items()}, "summary": mask(about.summary),
            "tried": list(about.tried), "place": place.name if place else None, "person": opened.ticket.person,
        },
    }  # fmt: skip


async def _call(desk: Desk, row: TicketRow) -> str | None:
    opened = desk.opened.get(row.channel)
    return await opened.calling.stage(row.ref) if opened and opened.calling else None


async def _quota(desk: Desk, row: TicketRow) -> dict[str, int] | None:
    """How many messages the channel still takes, and until when; None where it does not count."""
    opened = desk.opened.get(row.channel)
    if opened is None or opened.quota is None or row.state == "closed":
        return None
    allowed = await opened.quota(row.conversation)
    return {"left": allowed.left, "until": allowed.until}


def _event(event: EventRow) -> dict[str, object]:
    return {"seq": event.id, "kind": event.kind, "actor": event.actor, "at": event.at, "data": mask_all(event.data)}


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
