"""How well residents are understood: the centre's test questions, and answers drawn by lot for somebody to look at."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import Depends, Query, UploadFile
from msgspec import Struct

from desk import children
from desk import understood as figures
from desk.api.answers import NOTHING, Answering, NothingToTell
from desk.api.given import Now, TheComprehension, TheDatabase, TheInbox, TheLibrary, Today
from desk.api.guard import LARGEST_FILE, may
from desk.api.session import Strict
from desk.errors import TicketError
from desk.people import Seat
from desk.understood import Judged, Proportion, Sampled
from knowledge.tested import TestSheet
from store.units import DAY

router = Answering(tags=["知识 knowledge"])
Drafter = Annotated[Seat, Depends(may("knowledge.draft"))]
Editor = Annotated[Seat, Depends(may("knowledge.review"))]
DAYS = 30
SHOWN = 200  # test questions that were not answered rightly
SUFFIXES = {".csv", ".xlsx"}


class SheetJudged(Struct, frozen=True):
    """`shares` says how often each ending came; `failed` are the questions that were not answered rightly at once."""

    count: int
    shares: dict[str, Proportion]
    failed: list[Judged]


class Draw(Struct, frozen=True):
    """`marked`: of the answers of 30 days that were looked at, those that were right."""

    drawn: list[Sampled]
    marked: Proportion


class Mark(Strict):
    right: bool


@router.get("/knowledge/understood")
async def judged(seat: Drafter, inbox: TheInbox, library: TheLibrary, database: TheDatabase, now: Now) -> SheetJudged:
    """The centre's test questions, asked now."""
    sheet = await figures.kept_sheet(database)
    found = await figures.judge(inbox, library, sheet, now)
    failed = [each for each in found if each.ended != "right"]
    return SheetJudged(len(found), figures.counted(found), failed[:SHOWN])


@router.post("/knowledge/understood", max_body_size=LARGEST_FILE)
async def keep(
    file: UploadFile,
    seat: Editor,
    library: TheLibrary,
    comprehension: TheComprehension,
    database: TheDatabase,
    now: Now,
) -> NothingToTell:
    """A CSV or XLSX file of two columns, 问题 and 应答, in place of the test questions that there were."""
    suffix = Path(file.filename or "").suffix.lower()
    if suffix not in SUFFIXES:
        raise TicketError("invalid", "请上传 .csv 或 .xlsx 文件", "A .csv or .xlsx file is wanted")
    sheet = await _read(await file.read(), suffix)
    if sheet.problem is not None:
        raise TicketError.of(sheet.problem)
    if wrong := figures.unknown(library, comprehension.intents, sheet.rows):
        rows = "、".join(map(str, wrong[:10]))
        raise TicketError(
            "invalid",
            f"第 {rows} 行的“应答”不是知识编号、标准问题或意图",
            f"Rows {rows}: the answer names nothing known",
        )
    await figures.keep_sheet(database, sheet.rows, seat.name, now)
    return NOTHING


async def _read(content: bytes, suffix: str) -> TestSheet:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(content)
        try:
            out = await children.run("knowledge.testing", str(path), suffix)
        except children.ChildError as error:
            raise TicketError("invalid", "读不了这个文件：太大，或者格式不对", "The file cannot be read") from error
    return msgspec.json.decode(out, type=TestSheet)


@router.get("/knowledge/sampled")
async def sampled(
    seat: Editor, database: TheDatabase, today: Today, now: Now, count: Annotated[int, Query(ge=0, le=50)] = 20
) -> Draw:
    """Messages of 30 days with what answered them, drawn by lot; numbers masked, and the look is written down."""
    drawn = []
    if count:
        drawn = await figures.sample(database, now - DAYS * DAY, count, seat.name, now)
    return Draw(drawn, await figures.marked(database, str(today - timedelta(days=DAYS))))


@router.post("/knowledge/sampled")
async def mark(body: Mark, seat: Editor, database: TheDatabase, today: Today) -> NothingToTell:
    """An answer that was drawn was right, or was not."""
    await figures.mark(database, str(today), right=body.right)
    return NOTHING
