"""At a service desk: binding somebody whom staff have checked in person, their account, and what points get."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Path
from msgspec import Struct
from pydantic import BeforeValidator, Field

from accounts.bank import Learnt
from accounts.enrolment import EnrolmentStatus
from accounts.ledger import Order
from desk.api.answers import NOTHING, OUTSIDE, Answering, NothingToTell
from desk.api.given import Now, TheInviting, TheLearners, TheLibrary, Today
from desk.api.guard import Number, may
from desk.api.session import Handwritten, Key, Reason, Strict, Unnumbered, Written, is_said
from desk.errors import TicketError
from desk.learners import Acting, ByCard, ByTicket, LearnerRecord, Learners
from desk.people import Seat
from knowledge.catalogue import RedemptionItem
from store.identity import Grant
from store.reversals import ReversalRow

router = Answering(prefix="/counter", tags=["服务台 counter"])
Reader = Annotated[Seat, Depends(may("bank.read"))]
Orderer = Annotated[Seat, Depends(may("bank.order"))]
Disputer = Annotated[Seat, Depends(may("bank.dispute"))]
Approver = Annotated[Seat, Depends(may("bank.approve"))]
Earner = Annotated[Seat, Depends(may("bank.earn"))]
Clerk = Annotated[Seat, Depends(may("resident.bind"))]
InvitationId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


class Checked(Strict):
    """The card of somebody who stands here; `checked` says that their identity was looked at: of a proxy (代办人) the power
    of attorney, too, of a guardian the household book. A proxy's binding ends after so many `days`."""

    card: str = Field(pattern=r"^[0-9]{12}$")
    checked: bool
    role: Literal["self", "proxy", "guardian"] = "self"
    scope: Literal["all", "read"] = "all"
    days: int = Field(365, ge=1, le=730)


class CardAsked(Strict):
    """A card, and why its account is looked at: kept in the audit."""

    card: str = Field(pattern=r"^[0-9]{12}$")
    reason: Reason


class ForWhom(Strict):
    """Whose affair it is, and how the seat knows: by the `card` of who stands here, with the `reason`; or by a `ticket` that
    the seat has and in whose talk it was proven (of several it names the `learner`). Kept in the audit."""

    card: str | None = Field(None, pattern=r"^[0-9]{12}$")
    reason: Annotated[str, Handwritten] = Field("", max_length=200)
    ticket: str | None = Field(None, max_length=32)
    learner: Number | None = None

    @property
    def whom(self) -> ByCard | ByTicket:
        """Raises `TicketError` where it is neither, or both."""
        if self.card is not None and self.ticket is None and is_said(self.reason):
            return ByCard(self.card, self.reason)
        if self.ticket is not None and self.card is None:
            return ByTicket(self.ticket, self.learner)
        raise TicketError("invalid", "写明学习卡号和原因，或者您手上的工单")


class Redeem(ForWhom):
    """Points of a learner against an item; the same `id` again is the same order."""

    id: Annotated[str, Unnumbered] = Field(min_length=1, max_length=64)
    item: Key
    site: Key | None = None


class Enrolment(ForWhom):
    """A learner and a class; the same `id` again is the same request."""

    id: Annotated[str, Unnumbered] = Field(min_length=1, max_length=64)
    group: Key


class Reversal(ForWhom):
    """A line of the learner's ledger that is to be taken back, and why."""

    entry: Number
    note: Reason


def _day(said: object) -> object:
    """Raises `ValueError`."""
    return date.fromisoformat(said) if isinstance(said, str) else said


class Earned(Strict):
    """What somebody did, by the rule that it counts by; `source` names it for good."""

    card: str = Field(pattern=r"^[0-9]{12}$")
    rule: str = Field(min_length=1, max_length=64)
    source: str = Field(min_length=1, max_length=64)
    day: Annotated[date, BeforeValidator(_day)]
    note: Annotated[str, Written] = Field("", max_length=200)
    times: int = Field(1, ge=1, le=1000)


class Items(Struct, frozen=True):
    items: list[RedemptionItem]


class ClassNamed(Struct, frozen=True):
    id: str
    name: str


class ClassList(Struct, frozen=True):
    classes: list[ClassNamed]


class Reversals(Struct, frozen=True):
    reversals: list[ReversalRow]


class ReversalAsked(Struct, frozen=True):
    id: int


class Credited(Struct, frozen=True):
    credits: float


class InvitationShown(Struct, frozen=True):
    """A picture to be scanned, good until then (ms)."""

    id: str
    svg: str
    until: int


class InvitationTaken(Struct, frozen=True):
    taken: bool


async def _acting(body: ForWhom, seat: Seat, learners: Learners, now: int) -> Acting:
    return await learners.acting(body.whom, seat.name, now, minors=seat.role == "supervisor")


@router.post("/learner")
async def learner(body: CardAsked, seat: Reader, learners: TheLearners, now: Now) -> LearnerRecord:
    """The account of somebody who stands here; a child's only for supervisors. Every look is audited."""
    minors = seat.role == "supervisor"
    return await learners.of_card(body.card, body.reason, seat.name, now, minors=minors)


@router.get("/items")
async def items(seat: Reader, library: TheLibrary) -> Items:
    """What points get."""
    return Items(list(library.catalogue.items.values()))


@router.post("/orders")
async def redeem(body: Redeem, seat: Orderer, learners: TheLearners, now: Now) -> Order:
    """Sets points aside."""
    acts = await _acting(body, seat, learners, now)
    return await learners.redeem(acts, body.item, body.site or "", body.id)


@router.post("/orders/{order}/collect")
async def collect(order: str, body: ForWhom, seat: Orderer, learners: TheLearners, now: Now) -> NothingToTell:
    """It was handed out: the points are spent."""
    await learners.settle(await _acting(body, seat, learners, now), order, collected=True)
    return NOTHING


@router.post("/orders/{order}/cancel")
async def cancel(order: str, body: ForWhom, seat: Orderer, learners: TheLearners, now: Now) -> NothingToTell:
    """It was not: the points are there again."""
    await learners.settle(await _acting(body, seat, learners, now), order, collected=False)
    return NOTHING


@router.get("/classes")
async def classes(seat: Reader, library: TheLibrary, today: Today) -> ClassList:
    """Which can be enrolled in."""
    found = [each for each in library.catalogue.classes.values() if each.enrols(today)]
    return ClassList([ClassNamed(each.id, each.name) for each in found])


@router.post("/enrolments")
async def enrol(body: Enrolment, seat: Orderer, learners: TheLearners, now: Now) -> EnrolmentStatus:
    """A place, a number on the waiting list, or a lot."""
    return await learners.enrol(await _acting(body, seat, learners, now), body.group, body.id)


@router.post("/enrolments/withdraw")
async def withdraw(body: Enrolment, seat: Orderer, learners: TheLearners, now: Now) -> EnrolmentStatus:
    """Gives it back; whoever waits moves up."""
    return await learners.withdraw(await _acting(body, seat, learners, now), body.group, body.id)


@router.get("/reversals")
async def reversals(seat: Disputer, learners: TheLearners) -> Reversals:
    """What waits for a second person."""
    return Reversals(await learners.reversals())


@router.post("/reversals")
async def ask_reversal(body: Reversal, seat: Disputer, learners: TheLearners, now: Now) -> ReversalAsked:
    """Asks for a line to be taken back."""
    return ReversalAsked(await learners.ask_reversal(await _acting(body, seat, learners, now), body.entry, body.note))


@router.post("/reversals/{id}/approve")
async def approve(id: Number, seat: Approver, learners: TheLearners, now: Now) -> NothingToTell:
    """A supervisor's yes, to what another has asked for: the line is taken back by another."""
    await learners.decide(id, yes=True, by=seat.name, now=now)
    return NOTHING


@router.post("/reversals/{id}/refuse")
async def refuse(id: Number, seat: Approver, learners: TheLearners, now: Now) -> NothingToTell:
    await learners.decide(id, yes=False, by=seat.name, now=now)
    return NOTHING


@router.post("/earned")
async def earned(body: Earned, seat: Earner, learners: TheLearners, now: Now) -> Credited:
    """For other systems: enters what was learnt, as far as the rule's cap goes. The same source again changes nothing."""
    learnt = Learnt(body.rule, body.source, body.day, body.note, body.times, seat.name, now)
    return Credited(await learners.earn(body.card, learnt))


@router.post("/invitations", responses=OUTSIDE)
async def invite(body: Checked, seat: Clerk, inviting: TheInviting, learners: TheLearners, now: Now) -> InvitationShown:
    """A code that whoever scans it within five minutes is bound by."""
    if not body.checked:
        raise TicketError("invalid", "请先当面核对身份")
    if inviting is None:
        raise TicketError("invalid", "没有接入微信公众号，不能扫码绑定")
    await learners.cards.shown(body.card, body.role, seat.name, now)
    try:
        ends = now + body.days * 86_400_000 if body.role == "proxy" else None
        found = await inviting.invite(body.card, seat.name, now, Grant(body.role, body.scope, ends))
    except ConnectionError as error:
        raise TicketError("unreachable", f"微信没有给出二维码，请稍后再试（{error}）") from error
    if found is None:
        raise TicketError("not_found", "没有这张学习卡，或者已经注销；未满14周岁的只能由监护人绑定")
    return InvitationShown(found.id, found.svg, found.until)


@router.get("/invitations/{id}")
async def look(id: InvitationId, seat: Clerk, inviting: TheInviting) -> InvitationTaken:
    """Whether it has been scanned."""
    return InvitationTaken(inviting is not None and await inviting.is_taken(id))
