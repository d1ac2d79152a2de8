"""The standard questions: how this centre stands to each, and the table in which they are answered."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import Depends, Response

from desk import children
from desk.api.answers import OUTSIDE, Answering, files
from desk.api.given import TheDatabase, TheEditing, TheLibrary, Today
from desk.api.guard import may
from desk.errors import TicketError
from desk.people import Seat
from desk.standards import StandardListed, listed
from knowledge.standard import standard
from store import usage

router = Answering(tags=["知识 knowledge"])
Reader = Annotated[Seat, Depends(may("knowledge.read"))]
USED_DAYS = 30
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Questions:
    """`answered` of them have an answer today."""

    questions: list[StandardListed]
    answered: int


@dataclass(frozen=True, slots=True)
class Near:
    id: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class About:
    """What helps to answer one: how residents put it, and the questions that it is most easily taken for."""

    id: str
    examples: list[str]
    near: list[Near]


@router.get("/knowledge/standard")
async def questions(
    seat: Reader, editing: TheEditing, library: TheLibrary, database: TheDatabase, today: Today
) -> Questions:
    """All standard questions, the unanswered that are asked most first; how often each was asked in thirty days."""
    since = str(today - timedelta(days=USED_DAYS))
    used = await database.read(lambda t: usage.since(t, since))
    found = listed(library, await editing.all(), used, today)
    return Questions(found, sum(each.state in ("answered", "expiring") for each in found))


@router.get("/knowledge/standard/{id}")
async def about(id: str, seat: Reader, library: TheLibrary) -> About:
    """What helps to answer it."""
    known = library.questions
    if id not in known:
        raise TicketError("not_found", f"没有标准问题 {id[:64]}")
    examples = (await asyncio.to_thread(standard)).examples.get(id, ())
    near = [Near(each, known[each].zh, known[each].en) for each in known[id].near if each in known]
    return About(id, list(examples), near)


@router.get("/knowledge/template", responses=files(XLSX) | OUTSIDE)
async def template(seat: Reader, library: TheLibrary, today: Today, filled: bool = False) -> Response:
    """The table (XLSX) that the import takes back; `filled` with the answers on record."""
    answers = library.on_record(today) if filled else {}
    try:
        content = await children.run("knowledge.template", given=msgspec.json.encode(answers))
    except children.ChildError as error:
        raise TicketError("unreachable", "没有做成，请再试一次") from error
    headers = {"content-disposition": 'attachment; filename="standard-questions.xlsx"'}
    return Response(content, media_type=XLSX, headers=headers)
