"""What editors do: entries and their versions, review, imports, the test box, what nobody could answer."""

import tempfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response, UploadFile
from pydantic import Field
from rapidfuzz import fuzz

from bot.messages import Inbound, Reply
from desk import children
from desk.api.guard import TheDesk, may, now
from desk.api.session import Strict
from desk.editing import Kept, as_json, checked
from desk.errors import TicketError
from desk.parts import Desk
from desk.people import Seat
from desk.standards import asked_in_vain
from knowledge.conversion import Report
from knowledge.entries import Entry
from store import desk as rows
from store.desk import UnansweredRow

router = APIRouter(tags=["知识 knowledge"])
Reader = Annotated[Seat, Depends(may("knowledge.read"))]
Drafter = Annotated[Seat, Depends(may("knowledge.draft"))]
Reviewer = Annotated[Seat, Depends(may("knowledge.review"))]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
ALIKE = 70  # of 100, by which two unanswered questions are one
DAY = 86_400_000
MOST = 3000
HEADS, SHOWN = 300, 100  # groups whose first words are understood, and that are shown
USED_DAYS = 30


class Why(Strict):
    why: str = Field("", max_length=500)


class Ids(Strict):
    ids: list[int] = Field(max_length=500)


class Asked(Strict):
    text: str = Field(min_length=1, max_length=2000)
    channel: str = Field("webchat", max_length=64)
    lang: Literal["zh", "en"] = "zh"


def _line(desk: Desk, each: Kept, today: date) -> dict[str, object]:
    entry, library = each.entry, desk.library
    question = library.asks(entry)
    return {
        "id": entry.id, "title": library.title(entry), "standard": question.id if question else None, "topic": entry.topic,
        "kind": entry.kind, "status": each.status, "revision": each.revision, "by": each.by, "at": each.at, "valid_until": str(entry.valid_until), "live": each.live,
        "valid": entry.is_valid(today), "owner": entry.owner, "source": entry.source,
    }  # fmt: skip


def _today(desk: Desk) -> date:
    return datetime.now(desk.zone).date()


@router.get("/knowledge/entries")
async def entries(seat: Reader, desk: TheDesk) -> dict[str, object]:
    """Every entry, what waits for somebody first; with how often it answered in thirty days, and how that was taken."""
    today = _today(desk)
    since = str(today - timedelta(days=USED_DAYS))
    used = await desk.database.read(lambda t: rows.usage_since(t, since))
    found = []
    for each in await desk.editing.all():
        said, helped, failed = used.get(each.entry.id, (0, 0, 0))
        found.append({**_line(desk, each, today), "said": said, "helped": helped, "failed": failed})
    return {"entries": found}


@router.get("/knowledge/entries/{id}")
async def entry(id: str, seat: Reader, desk: TheDesk) -> dict[str, object]:
    """The newest version in full, with how each channel would say it, and all versions before."""
    kept, versions = await desk.editing.get(id)
    return {
        **_line(desk, kept, _today(desk)), "entry": as_json(kept.entry), "preview": preview(desk, kept.entry),
        "versions": [
            {"revision": each.revision, "status": each.status, "by": each.by, "at": each.at, "entry": as_json(msgspec.json.decode(each.body, type=Entry))}
            for each in versions
        ],
    }  # fmt: skip


def preview(desk: Desk, entry: Entry) -> dict[str, list[str]]:
    """What leaves on each channel."""
    replies = [Reply(text=entry.answer, spoken=entry.spoken, short=entry.sms, source=entry.source)]
    replies += [Reply(text=step) for step in entry.steps[:1]]
    return {name: each.render(replies) for name, each in desk.channels.items()}


@router.post("/knowledge/preview")
async def try_preview(request: Request, seat: Drafter, desk: TheDesk) -> dict[str, object]:
    """The same of what is not saved yet; also says what is wrong with it."""
    return {"preview": preview(desk, checked(await request.body()))}


@router.put("/knowledge/entries/{id}")
async def save(
    id: str, request: Request, seat: Drafter, desk: TheDesk, read: Annotated[int | None, Query(ge=0)] = None
) -> dict[str, object]:
    """A new draft. `read` is the revision that was edited; without it a new entry."""
    raw = await request.body()
    if checked(raw).id != id:
        raise TicketError("invalid", "编号和地址不一致")
    return {"revision": await desk.editing.save(raw, seat.name, now(), read)}


@router.post("/knowledge/entries/{id}/submit")
async def submit(id: str, seat: Drafter, desk: TheDesk) -> dict[str, object]:
    """Asks for review."""
    return {"revision": await desk.editing.submit(id, seat.name, now())}


@router.post("/knowledge/entries/{id}/publish")
async def publish(id: str, seat: Reviewer, desk: TheDesk) -> dict[str, object]:
    """By a second person; said from the next question on."""
    return {"revision": await desk.editing.publish(id, seat.name, now(), _today(desk))}


@router.post("/knowledge/entries/{id}/send-back")
async def send_back(id: str, body: Why, seat: Reviewer, desk: TheDesk) -> dict[str, object]:
    return {"revision": await desk.editing.send_back(id, seat.name, now(), body.why)}


@router.post("/knowledge/entries/{id}/expire")
async def expire(id: str, seat: Reviewer, desk: TheDesk) -> dict[str, object]:
    """Not said any more."""
    return {"revision": await desk.editing.expire(id, seat.name, now())}


@router.post("/knowledge/entries/{id}/restore/{revision}")
async def restore(id: str, revision: int, seat: Drafter, desk: TheDesk) -> dict[str, object]:
    """An older version as the new draft."""
    return {"revision": await desk.editing.restore(id, revision, seat.name, now())}


@router.post("/knowledge/topics")
async def add_topic(request: Request, seat: Reviewer, desk: TheDesk) -> dict[str, object]:
    """A topic of the centre's own, for entries of its own: `id`, `zh`, `en`, and `skill` and `colour` where it has some."""
    return {"revision": await desk.editing.add_topic(await request.body(), seat.name, now())}


@router.post("/knowledge/import")
async def take_in(
    file: UploadFile, seat: Reviewer, desk: TheDesk, commit: bool = False, partial: bool = False
) -> Response:
    """A CSV, XLSX, Markdown or DOCX file, also the answered table of standard questions: first only a report by row; with
    `commit` its entries come in for review, all or nothing unless `partial`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(await file.read())
        name = Path(file.filename or "").name[-100:]
        try:
            topics = msgspec.json.encode(desk.library.catalogue.topics).decode()
            out = await children.run("knowledge.importing", str(path), name, seat.name, str(_today(desk)), topics)
        except children.ChildError as error:
            raise TicketError("invalid", "读不了这个文件，请检查格式") from error
    found = msgspec.json.decode(out, type=Report)
    if found.problem:
        raise TicketError("invalid", found.problem)
    good = [(row.entry, row.keeps) for row in found.rows if row.entry is not None]
    taken = commit and good and (partial or not found.bad)
    if taken:
        await desk.editing.take_in(good, seat.name, now(), _today(desk))
    told = sorted(found.rows, key=lambda row: (not row.problems, not row.notes))
    telling = sum(bool(row.problems or row.notes) for row in told)
    content = {
        "good": len(good), "bad": found.bad, "taken": len(good) if taken else 0, "unanswered": found.unanswered,
        "rows": [
            {"number": row.number, "id": row.id, "problems": row.problems, "notes": row.notes}
            for row in told[: min(telling, 500) or 50]
        ],
    }  # fmt: skip
    return Response(msgspec.json.encode(content), media_type="application/json")


@router.post("/knowledge/ask")
async def ask(body: Asked, seat: Reader, desk: TheDesk) -> dict[str, object]:
    """The test box: what would be answered, and why. Nothing is kept."""
    channel = desk.channels.get(body.channel)
    if channel is None:
        raise TicketError("invalid", f"没有这个渠道；可以是 {'、'.join(desk.channels)}")
    inbound = Inbound(channel=channel.name, address="try", id="try", text=body.text, at=now(), lang=body.lang)
    turn = await desk.inbox.try_out(inbound)
    heard, entries = turn.heard, desk.library.entries
    return {
        "topic": turn.state.topic, "inside": round(heard.inside, 3), "handover": turn.handover.reason if turn.handover else None,
        "replies": [{"text": each.text, "source": each.source, "options": [option.label for option in each.options]} for each in turn.said],
        "rendered": channel.render(turn.said),
        "candidates": [
            {"score": round(each.score, 3), "topic": each.topic, "intent": each.intent, "entry": each.entry,
             "title": desk.library.title(entries[each.entry]) if each.entry in entries else None}
            for each in heard.candidates[:6]
        ],
        "entities": [{"kind": each.kind, "value": each.value, "text": heard.text[each.start : each.end]} for each in heard.entities],
    }  # fmt: skip


@router.get("/knowledge/unanswered")
async def unanswered(seat: Drafter, desk: TheDesk, days: Annotated[int, Query(ge=1, le=365)] = 30) -> dict[str, object]:
    """What nothing answered, alike ones together, the most frequent first."""
    found = await desk.database.read(lambda t: rows.questions(t, now() - days * DAY, MOST))
    groups = grouped(found)[:HEADS]
    asked = await asked_in_vain(desk.comprehension, [group[0].text for group in groups], _today(desk))
    return {"groups": [_group(desk, standard, group) for standard, group in together(groups, asked)[:SHOWN]]}


def _group(desk: Desk, standard: str | None, group: list[UnansweredRow]) -> dict[str, object]:
    """Under the wording of the standard question that it asks, else in the words of the last who asked."""
    texts = list(dict.fromkeys(each.text for each in group))
    question = desk.library.questions[standard] if standard else None
    return {
        "text": question.zh if question else texts[0], "others": texts[:5] if question else texts[1:6], "standard": standard,
        "topic": question.topic if question else group[0].topic, "count": len(group), "last": max(each.at for each in group),
        "ids": [each.id for each in group],
    }  # fmt: skip


@router.post("/knowledge/unanswered/done")
async def settle(body: Ids, seat: Drafter, desk: TheDesk) -> dict[str, object]:
    """They have been looked at."""
    await desk.database.write(lambda t: rows.settle_questions(t, body.ids))
    return {}


def together(
    groups: Sequence[list[UnansweredRow]], asked: Sequence[str | None]
) -> list[tuple[str | None, list[UnansweredRow]]]:
    """Groups that ask the same standard question as one, the largest first."""
    found: list[tuple[str | None, list[UnansweredRow]]] = []
    at: dict[str, int] = {}
    for group, standard in zip(groups, asked, strict=True):
        if standard is not None and standard in at:
            found[at[standard]][1].extend(group)
            continue
        if standard is not None:
            at[standard] = len(found)
        found.append((standard, list(group)))
    return sorted(found, key=lambda pair: -len(pair[1]))


def grouped(found: Sequence[UnansweredRow]) -> list[list[UnansweredRow]]:
    """Questions that are nearly the same together; each is compared with the first of each group."""
    groups: list[list[UnansweredRow]] = []
    for each in found:
        near = next((group for group in groups if fuzz.ratio(each.text, group[0].text) >= ALIKE), None)
        if near is not None:
            near.append(each)
        else:
            groups.append([each])
    return sorted(groups, key=lambda group: -len(group))
