"""What administrators and auditors do: people, tokens, webhooks, the audit, residents' rights, how things are."""

import json
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from desk.api.guard import TheDesk, may, now
from desk.api.session import Strict
from desk.errors import TicketError
from desk.people import PERMISSIONS, ROLES, Seat
from desk.printing import copy_page
from desk.standing import Retention
from store import desk as rows

router = APIRouter(tags=["管理 admin"])
Keeper = Annotated[Seat, Depends(may("people.write"))]
Tokens = Annotated[Seat, Depends(may("token.write"))]
Hooking = Annotated[Seat, Depends(may("webhook.write"))]
Auditor = Annotated[Seat, Depends(may("audit.read"))]
Eraser = Annotated[Seat, Depends(may("resident.erase"))]
System = Annotated[Seat, Depends(may("system.read"))]
Role = Literal["seat", "supervisor", "editor", "administrator", "auditor"]
Words = Annotated[str, Field(min_length=1, max_length=32)]


class Person(Strict):
    shown: str = Field("", max_length=64)
    role: Role = "seat"
    skills: list[Words] = Field(default_factory=list, max_length=30)
    langs: list[Words] = Field(default_factory=lambda: ["zh"], min_length=1, max_length=10)
    capacity: int = Field(4, ge=1, le=100)
    place: str | None = Field(None, max_length=64)
    phone: str | None = Field(None, pattern=r"^\+?[0-9]{3,16}$")  # where calls are put through


class NewPerson(Person):
    name: str = Field(pattern=r"^\w[\w.@-]{0,63}$")


class ChangedPerson(Person):
    active: bool = True


class NewToken(Strict):
    seat: str = Field(min_length=1, max_length=64)
    label: str = Field(min_length=1, max_length=64)


class NewHook(Strict):
    url: str = Field(min_length=8, max_length=500)
    kinds: list[Words] = Field(default_factory=list, max_length=30)


class Erase(Strict):
    why: str = Field(min_length=2, max_length=200)


@router.get("/people")
async def people(seat: Keeper, desk: TheDesk) -> dict[str, object]:
    """All accounts, and what each role may."""
    places = [
        {"id": each.id, "name": each.name, "level": each.level, "parent": each.parent}
        for each in desk.library.catalogue.organisations.values()
    ]
    shown = [
        {
            "name": each.name, "shown": each.shown, "role": each.role, "skills": each.skills, "langs": each.langs,
            "capacity": each.capacity, "place": each.place, "phone": each.phone, "active": each.active, "totp": each.totp, "one_time": each.one_time,
        }
        for each in await desk.people.all()
    ]  # fmt: skip
    may = {role: sorted(name for name, roles in PERMISSIONS.items() if role in roles) for role in ROLES}
    return {"people": shown, "roles": may, "places": places}


@router.post("/people")
async def add_person(body: NewPerson, seat: Keeper, desk: TheDesk) -> dict[str, object]:
    """A new account; its one-time password is shown this once."""
    _check_place(desk.library.catalogue.organisations.keys(), body.place)
    password = await desk.people.add(
        body.name, body.role, now(), seat.name, shown=body.shown, skills=body.skills, langs=body.langs,
        capacity=body.capacity, place=body.place, phone=body.phone,
    )  # fmt: skip
    return {"name": body.name, "password": password}


@router.put("/people/{name}")
async def change_person(name: str, body: ChangedPerson, seat: Keeper, desk: TheDesk) -> dict[str, object]:
    """Changes an account. Nobody takes his own administration away."""
    _check_place(desk.library.catalogue.organisations.keys(), body.place)
    if name == seat.name and (not body.active or body.role != seat.role):
        raise TicketError("invalid", "不能停用自己或改自己的角色，请另一位管理员来改")
    await desk.people.change(
        name, seat.name, now(), shown=body.shown or name, role=body.role, skills=body.skills, langs=body.langs,
        capacity=body.capacity, place=body.place, phone=body.phone, active=int(body.active),
    )  # fmt: skip
    if not body.active:
        await desk.dispatch.leave(name, now())
    return {}


@router.post("/people/{name}/reset")
async def reset_password(name: str, seat: Keeper, desk: TheDesk) -> dict[str, object]:
    """A new one-time password; also unlocks, and takes the second factor away."""
    return {"name": name, "password": await desk.people.reset_password(name, seat.name, now())}


def _check_place(known: object, place: str | None) -> None:
    if place is not None and place not in known:  # type: ignore[operator]
        raise TicketError("invalid", f"没有机构 {place}")


@router.get("/tokens")
async def tokens(seat: Tokens, desk: TheDesk) -> dict[str, object]:
    """Tokens of other systems; the tokens themselves are not kept."""
    return {
        "tokens": [
            {"id": each.digest, "seat": each.seat, "label": each.label, "created_at": each.created_at, "used_at": each.used_at, "expires_at": each.expires_at}
            for each in await desk.people.tokens()
        ]
    }  # fmt: skip


@router.post("/tokens")
async def add_token(body: NewToken, seat: Tokens, desk: TheDesk) -> dict[str, object]:
    """A token that acts as an account for a year, shown this once."""
    return {"token": await desk.people.add_token(body.seat, body.label, seat.name, now())}


@router.delete("/tokens/{id}")
async def drop_token(id: str, seat: Tokens, desk: TheDesk) -> dict[str, object]:
    await desk.people.drop_token(id, seat.name, now())
    return {}


@router.get("/webhooks")
async def webhooks(seat: Hooking, desk: TheDesk) -> dict[str, object]:
    """Who is told what; without the secrets."""
    found = await desk.hooks.all()
    return {"webhooks": [{"id": each.id, "url": each.url, "kinds": json.loads(each.kinds), "seen": each.seen} for each in found]}  # fmt: skip


@router.post("/webhooks")
async def add_webhook(body: NewHook, seat: Hooking, desk: TheDesk) -> dict[str, object]:
    """Tells an address of tickets' events, signed with the secret that is shown this once."""
    return {"secret": await desk.hooks.add(body.url, body.kinds)}


@router.delete("/webhooks/{id}")
async def drop_webhook(id: int, seat: Hooking, desk: TheDesk) -> dict[str, object]:
    await desk.hooks.drop(id)
    return {}


@router.get("/webhooks/{id}/deliveries")
async def deliveries(id: int, seat: Hooking, desk: TheDesk) -> dict[str, object]:
    """What was delivered, what is tried again, what was given up."""
    found = await desk.hooks.log(id)
    return {
        "deliveries": [
            {"event": int(each.key.rpartition(":")[2]), "state": each.state, "attempts": each.attempts, "outcome": each.outcome, "due_at": each.due_at}
            for each in found
        ]
    }  # fmt: skip


@router.get("/audit")
async def audit(seat: Auditor, desk: TheDesk, before: Annotated[int, Query(ge=0)] = 1 << 60) -> dict[str, object]:
    """What must not be lost sight of, the newest first."""
    found = await desk.database.read(lambda t: rows.audited(t, before, 200))
    return {
        "lines": [
            {"id": each.id, "at": each.at, "actor": each.actor, "action": each.action, "subject": each.subject, "detail": each.detail}
            for each in found
        ]
    }  # fmt: skip


@router.get("/system")
async def system(seat: System, desk: TheDesk) -> Response:
    """How the channels and what lies behind them are."""
    return Response(msgspec.json.encode(await desk.health()), media_type="application/json")


@router.get("/retention")
async def retention(seat: Eraser, desk: TheDesk) -> Response:
    return Response(msgspec.json.encode(await desk.standing.retention()), media_type="application/json")


@router.put("/retention")
async def set_retention(request: Request, seat: Eraser, desk: TheDesk) -> dict[str, object]:
    """After how many days things are taken out."""
    try:
        keep = msgspec.json.decode(await request.body(), type=Retention)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TicketError("invalid", f"格式不对：{error}") from error
    await desk.standing.put("retention", keep, seat.name, now())
    return {}


@router.post("/residents/{ref}/export")
async def export(ref: str, seat: Eraser, desk: TheDesk) -> Response:
    """Everything that we hold of the resident of this ticket."""
    copy = await desk.residents.copy(ref, seat.name, now())
    return Response(msgspec.json.encode(copy), media_type="application/json")


@router.post("/residents/{ref}/printable")
async def printable(ref: str, seat: Eraser, desk: TheDesk) -> Response:
    """The same as a page to be printed for the resident."""
    copy = await desk.residents.copy(ref, seat.name, now())
    return Response(copy_page(ref, copy, desk.zone), media_type="text/html; charset=utf-8")


@router.post("/residents/{ref}/erase")
async def erase(ref: str, body: Erase, seat: Eraser, desk: TheDesk) -> Response:
    """Takes it out, and proves it."""
    proof = await desk.residents.erase(ref, seat.name, body.why, now())
    return Response(msgspec.json.encode(proof), media_type="application/json")
