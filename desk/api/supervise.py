"""What supervisors see and decide: the live board, quality, hours and shifts, reports."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Annotated, Literal, TypeVar

import msgspec
from fastapi import Depends, Request, Response
from msgspec import Struct
from pydantic import Field

from desk import children, forms
from desk.api.answers import NOTHING, Answering, NothingToTell, files
from desk.api.given import (
    Moment,
    Now,
    TheChannels,
    TheDatabase,
    TheDispatch,
    TheHours,
    TheLibrary,
    TheLive,
    ThePeople,
    TheStanding,
    Today,
)
from desk.api.guard import may
from desk.api.session import Strict, Written
from desk.api.shown import Changed, TheViews
from desk.board import Board, board
from desk.errors import TicketError
from desk.masking import mask
from desk.opening import to_write_on
from desk.people import Seat
from desk.reports import LONGEST, Reckoning, Report, named, report
from desk.standing import OpeningHours, Shift, Shifts
from store import reviews as rows
from store import tickets
from store.people import here
from store.ticket_events import TicketReviewed
from store.transaction import Transaction

T = TypeVar("T")
router = Answering(tags=["班长 supervise"])
Watcher = Annotated[Seat, Depends(may("board.read"))]
Judge = Annotated[Seat, Depends(may("quality.write"))]
Planner = Annotated[Seat, Depends(may("hours.write"))]
Counting = Annotated[Seat, Depends(may("report.read"))]
_MEDIA = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "application/pdf"}


class Review(Strict):
    """Points from 1 to 5 for how it was handled."""

    scores: dict[Literal["polite", "right", "complete", "prompt"], Annotated[int, Field(ge=1, le=5)]]
    note: Annotated[str, Written] = Field("", max_length=2000)


class OnBoard(Struct, frozen=True):
    """A seat: there or not, takes offers, has a shift now, and how much it has of what it can have."""

    name: str
    shown: str
    role: str
    here: bool
    ready: bool
    due: bool
    capacity: int
    skills: list[str]
    load: int


class BoardShown(Struct, frozen=True):
    figures: Board
    seats: list[OnBoard]
    open: bool


class ReviewShown(Struct, frozen=True):
    ticket: str
    seat: str
    by: str
    at: int
    scores: dict[str, int]
    note: str


class Mean(Struct, frozen=True):
    """Of the points that a seat was given, in so many reviews."""

    seat: str
    mean: float
    count: int


class Reviews(Struct, frozen=True):
    reviews: list[ReviewShown]
    seats: list[Mean]


class HoursShown(Struct, frozen=True):
    opening: OpeningHours
    shifts: tuple[Shift, ...]


class _Judged(Struct, frozen=True):
    """As it is kept."""

    scores: dict[str, int]
    note: str = ""


async def _seats(
    people: ThePeople, standing: TheStanding, dispatch: TheDispatch, database: TheDatabase, now: Now, moment: Moment
) -> list[OnBoard]:
    everybody = await people.all()
    there = await database.read(lambda t: here(t, now))
    load = await dispatch.loads()
    shifts = await standing.shifts()
    due = {
        each.seat
        for each in shifts.shifts
        if moment.isoweekday() in each.days and each.opens <= moment.strftime("%H:%M") < each.closes
    }
    return [
        OnBoard(
            each.name, each.shown, each.role, each.name in there, there.get(each.name, False), each.name in due,
            each.capacity, list(each.skills), load[each.name].weight if each.name in load else 0,
        )
        for each in everybody if each.may("ticket.work")
    ]  # fmt: skip


@router.get("/board")
async def show_board(
    seat: Watcher, seats: Annotated[list[OnBoard], Depends(_seats)], database: TheDatabase, hours: TheHours, now: Now,
    moment: Moment,
) -> BoardShown:  # fmt: skip
    """Who waits, how long, who is there, what is late."""
    figures = await database.page(lambda t: board(t, seat.name, now, hours))
    return BoardShown(figures, seats, hours.is_open(moment))


@router.post("/tickets/{ref}/review")
async def review(ref: str, body: Review, seat: Judge, live: TheLive, views: TheViews, database: TheDatabase) -> Changed:
    """How a closed ticket was handled; the seat sees it. Nobody reviews himself."""
    reviewed = TicketReviewed({str(name): score for name, score in body.scores.items()})
    content = msgspec.json.encode({"scores": body.scores, "note": body.note})

    def work(transaction: Transaction) -> None:
        row = to_write_on(transaction, ref)
        if row.state != "closed" or row.last_seat is None:
            raise TicketError("invalid", "办结后才能质检")
        if row.last_seat == seat.name:
            raise TicketError("invalid", "不能给自己评分")
        rows.add(transaction, rows.ReviewRow(ref, row.last_seat, seat.name, content, views.now))
        tickets.record(transaction, row, reviewed, seat.name, views.now)

    await database.write(work)
    live.ring()
    return await views.after(ref, seat)


@router.get("/reviews")
async def reviews(seat: Judge, database: TheDatabase) -> Reviews:
    """The last reviews, and each seat's mean."""
    found = await database.page(lambda t: rows.newest(t, 500))
    shown = [
        ReviewShown(each.ticket, each.seat, each.by, each.at, judged.scores, mask(judged.note, theirs=True))
        for each, judged in ((each, msgspec.json.decode(each.body, type=_Judged)) for each in found)
    ]
    points: defaultdict[str, float] = defaultdict(float)
    counted: Counter[str] = Counter()
    for each in shown:
        points[each.seat] += sum(each.scores.values()) / max(1, len(each.scores))
        counted[each.seat] += 1
    means = [Mean(name, round(points[name] / count, 2), count) for name, count in counted.most_common()]
    return Reviews(shown[:100], means)


@router.get("/hours")
async def hours(seat: Planner, standing: TheStanding) -> HoursShown:
    return HoursShown(await standing.opening(), (await standing.shifts()).shifts)


@router.put("/hours")
async def set_hours(
    request: Annotated[Request, OpeningHours], seat: Planner, standing: TheStanding, now: Now
) -> NothingToTell:
    """When seats answer; holidays, and days off that are worked."""
    opening = forms.read(await request.body(), OpeningHours)
    if any(each.closes <= each.opens for each in opening.hours):
        raise TicketError("invalid", "下班时间要晚于上班时间")
    await standing.put("opening", opening, seat.name, now)
    return NOTHING


@router.put("/shifts")
async def set_shifts(
    request: Annotated[Request, Shifts], seat: Planner, people: ThePeople, standing: TheStanding, now: Now
) -> NothingToTell:
    shifts = forms.read(await request.body(), Shifts)
    known = {each.name for each in await people.all()}
    for each in shifts.shifts:
        if each.seat not in known or each.closes <= each.opens:
            raise TicketError("invalid", f"班次不对：{each.seat} {each.opens}—{each.closes}")
    await standing.put("shifts", shifts, seat.name, now)
    return NOTHING


async def _days(today: Today, first: date | None = None, last: date | None = None) -> tuple[date, date]:
    last = last or today
    first = first or last - timedelta(days=29)
    if first > last or (last - first).days > LONGEST:
        raise TicketError("invalid", f"起止日期不对，一次最多 {LONGEST} 天")
    return first, last


async def _report(
    people: ThePeople, library: TheLibrary, database: TheDatabase, hours: TheHours, now: Now,
    days: Annotated[tuple[date, date], Depends(_days)],
) -> Report:  # fmt: skip
    names = {each.id: each.name for each in library.catalogue.organisations.values()}
    names |= {each.name: each.shown for each in await people.all()}
    by = Reckoning(hours, hours.zone, names, now)
    return await database.aside(lambda t: report(t, *days, by))


Reported = Annotated[Report, Depends(_report)]


@router.get("/reports")
async def reports(seat: Counting, found: Reported) -> Report:
    """Figures of the tickets opened from the first day to the last; the last thirty days if nothing is said."""
    return found


@router.get("/reports.{kind}", responses=files(*_MEDIA.values()))
async def paper(
    kind: Literal["xlsx", "pdf"], seat: Counting, found: Reported, library: TheLibrary, channels: TheChannels
) -> Response:
    """The same as a file."""
    names = {each.name: each.zh for each in channels.values()}
    names |= {each.id: each.zh for each in library.catalogue.topics.values()}
    try:
        made = await children.run("desk.papers", kind, given=msgspec.json.encode(named(found, names)))
    except children.ChildError as error:
        raise TicketError("invalid", "报告没有做出来，请稍后再试") from error
    name = f"daoxue-{found.first}-{found.last}.{kind}"
    return Response(made, media_type=_MEDIA[kind], headers={"content-disposition": f'attachment; filename="{name}"'})
