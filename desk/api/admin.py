"""What administrators and auditors do: people, webhooks, how things are."""

import json
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from fastapi import Depends
from msgspec import Struct
from pydantic import Field

from desk.api.answers import NOTHING, Answering, NothingToTell
from desk.api.given import (
    Now,
    TheDispatch,
    TheFeed,
    TheHealth,
    TheHooks,
    TheLibrary,
    ThePeople,
)
from desk.api.guard import Number, may
from desk.api.session import Strict
from desk.dispatch import Dispatch
from desk.errors import TicketError
from desk.feed import Feed
from desk.names import LOGIN
from desk.parts import Health
from desk.people import NOTHING_ENDED, ONE_TIME, PERMISSIONS, ROLES, Ended, Profile, Seat
from knowledge.library import Library
from store import ticket_events
from store.units import DAY

router = Answering(tags=["管理 admin"])
Keeper = Annotated[Seat, Depends(may("people.write"))]
Hooking = Annotated[Seat, Depends(may("webhook.write"))]
System = Annotated[Seat, Depends(may("system.read"))]
Role = Literal["seat", "supervisor", "editor", "administrator", "auditor"]
Words = Annotated[str, Field(min_length=1, max_length=32)]
ShownName = Annotated[str, Field(max_length=64)]
Skills = Annotated[list[Words], Field(max_length=30)]
Langs = Annotated[list[Words], Field(min_length=1, max_length=10)]
Capacity = Annotated[int, Field(ge=1, le=100)]
PlaceId = Annotated[str, Field(max_length=64)]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9]{3,16}$")]  # where calls are put through


class NewPerson(Strict):
    name: str = Field(pattern=LOGIN)
    shown: ShownName = ""
    role: Role = "seat"
    skills: Skills = Field(default_factory=list)
    langs: Langs = Field(default_factory=lambda: ["zh"])
    capacity: Capacity = 4
    place: PlaceId | None = None
    phone: Phone | None = None


class ChangedPerson(Strict):
    """The whole account as it is to be, and the `version` of it that was looked at."""

    shown: ShownName
    role: Role
    skills: Skills
    langs: Langs
    capacity: Capacity
    place: PlaceId | None
    phone: Phone | None
    active: bool
    version: str


class Linked(Strict):
    subject: str = Field(min_length=1, max_length=500)


class NewHook(Strict):
    url: str = Field(min_length=8, max_length=500)
    kinds: list[Words] = Field(default_factory=list, max_length=30)


class PlaceShown(Struct, frozen=True):
    id: str
    name: str
    level: str
    parent: str | None


class Account(Struct, frozen=True):
    """`subject` is who it is to the identity provider; `version` is another one, once somebody has changed it."""

    name: str
    shown: str
    role: Role
    skills: list[str]
    langs: list[str]
    capacity: int
    place: str | None
    phone: str | None
    active: bool
    totp: bool
    one_time: bool
    subject: str | None
    version: str


class AccountList(Struct, frozen=True):
    """`roles` says what each may."""

    people: list[Account]
    roles: dict[str, list[str]]
    places: list[PlaceShown]


class OneTime(Struct, frozen=True):
    """A password that has to be changed at once, within `days`; what it `ended` where it takes the place of another."""

    name: str
    password: str
    days: int
    ended: Ended


class Stranger(Struct, frozen=True):
    """Somebody whom the identity provider vouched for, and who is linked to no account; `name` is what they call
    themselves there, which proves nothing."""

    subject: str
    name: str
    at: int


class Strangers(Struct, frozen=True):
    strangers: list[Stranger]


class Hook(Struct, frozen=True):
    """`kinds` of events that it is told of; none is all."""

    id: int
    url: str
    kinds: list[str]
    seen: int


class HookList(Struct, frozen=True):
    """`kinds` are those of events that there are to choose from."""

    webhooks: list[Hook]
    kinds: list[str]


class SigningSecret(Struct, frozen=True):
    secret: str


class Delivery(Struct, frozen=True):
    event: int
    state: str
    attempts: int
    outcome: str
    due_at: int


class Deliveries(Struct, frozen=True):
    deliveries: list[Delivery]


@router.get("/people")
async def people(seat: Keeper, people: ThePeople, library: TheLibrary) -> AccountList:
    """All accounts, and what each role may."""
    places = [
        PlaceShown(each.id, each.name, each.level, each.parent) for each in library.catalogue.organisations.values()
    ]
    shown = [
        Account(
            each.name, each.shown, cast(Role, each.role), list(each.skills), list(each.langs), each.capacity, each.place, each.phone,
            each.active, each.totp, each.one_time, each.subject, each.version,
        )
        for each in await people.all()
    ]  # fmt: skip
    may: dict[str, list[str]] = {
        role: sorted(name for name, roles in PERMISSIONS.items() if role in roles) for role in ROLES
    }
    return AccountList(shown, may, places)


def _check_place(library: Library, place: str | None) -> None:
    if place is not None and place not in library.catalogue.organisations:
        raise TicketError("invalid", f"没有机构 {place}")


async def _changed(body: ChangedPerson, library: TheLibrary) -> ChangedPerson:
    _check_place(library, body.place)
    return body


@router.post("/people")
async def add_person(body: NewPerson, seat: Keeper, people: ThePeople, library: TheLibrary, now: Now) -> OneTime:
    """A new account; its one-time password is shown this once."""
    _check_place(library, body.place)
    profile = Profile(body.shown, body.skills, body.langs, body.capacity, body.place, body.phone)
    password = await people.add(body.name, body.role, now, seat.name, profile)
    return OneTime(body.name, password, ONE_TIME // DAY, NOTHING_ENDED)


@dataclass(frozen=True, slots=True)
class _Leaving:
    """What an account has open is ended, and what it can do no more goes back to the queue."""

    dispatch: Dispatch
    feed: Feed

    async def leave(self, name: str, now: int, *, works: bool) -> None:
        self.feed.end(name)
        if not works:
            await self.dispatch.leave(name, now)


async def _leaving(dispatch: TheDispatch, feed: TheFeed) -> _Leaving:
    return _Leaving(dispatch, feed)


@router.put("/people/{name}")
async def change_person(
    name: str, body: Annotated[ChangedPerson, Depends(_changed)], seat: Keeper, people: ThePeople,
    leaving: Annotated[_Leaving, Depends(_leaving)], now: Now,
) -> Ended:  # fmt: skip
    """Changes an account that nobody else has changed since it was looked at. Nobody takes his own administration away.
    Another role, or being switched off, ends what the account has open at once, and its tokens: what that was is told."""
    if name == seat.name and (not body.active or body.role != seat.role):
        raise TicketError("invalid", "不能停用自己或改自己的角色，请另一位管理员来改")
    ended = await people.change(
        name, seat.name, now, version=body.version, shown=body.shown or name, role=body.role, skills=body.skills,
        langs=body.langs, capacity=body.capacity, place=body.place, phone=body.phone, active=int(body.active),
    )  # fmt: skip
    if ended is not None:
        await leaving.leave(name, now, works=body.active and body.role in PERMISSIONS["ticket.work"])
    return ended or NOTHING_ENDED


@router.post("/people/{name}/reset")
async def reset_password(name: str, seat: Keeper, people: ThePeople, feed: TheFeed, now: Now) -> OneTime:
    """A new one-time password; also unlocks, takes the second factor away, and ends what the account has open."""
    password, ended = await people.reset_password(name, seat.name, now)
    feed.end(name)
    return OneTime(name, password, ONE_TIME // DAY, ended)


@router.get("/strangers")
async def strangers(seat: Keeper, people: ThePeople) -> Strangers:
    """Whom the identity provider vouched for, and whom nobody has linked to an account."""
    return Strangers([Stranger(each.subject, each.name, each.at) for each in await people.vouched()])


@router.put("/people/{name}/link")
async def link(name: str, body: Linked, seat: Keeper, people: ThePeople, now: Now) -> NothingToTell:
    """From here on one of the strangers signs in to this account."""
    await people.link(name, body.subject, seat.name, now)
    return NOTHING


@router.delete("/people/{name}/link")
async def unlink(name: str, seat: Keeper, people: ThePeople, feed: TheFeed, now: Now) -> Ended:
    """Nobody signs in to this account by the identity provider any more; what it has open ends."""
    ended = await people.unlink(name, seat.name, now)
    feed.end(name)
    return ended


@router.get("/webhooks")
async def webhooks(seat: Hooking, hooks: TheHooks) -> HookList:
    """Who is told what; without the secrets."""
    found = await hooks.all()
    shown = [Hook(each.id, each.url, json.loads(each.kinds), each.seen) for each in found]
    return HookList(shown, list(ticket_events.KINDS))


@router.post("/webhooks")
async def add_webhook(body: NewHook, seat: Hooking, hooks: TheHooks, now: Now) -> SigningSecret:
    """Tells an address of tickets' events, signed with the secret that is shown this once."""
    return SigningSecret(await hooks.add(body.url, body.kinds, seat.name, now))


@router.delete("/webhooks/{id}")
async def drop_webhook(id: Number, seat: Hooking, hooks: TheHooks, now: Now) -> NothingToTell:
    await hooks.drop(id, seat.name, now)
    return NOTHING


@router.get("/webhooks/{id}/deliveries")
async def deliveries(id: Number, seat: Hooking, hooks: TheHooks) -> Deliveries:
    """What was delivered, what is tried again, what was given up."""
    found = await hooks.log(id)
    return Deliveries(
        [
            Delivery(int(each.key.rpartition(":")[2]), each.state, each.attempts, each.outcome, each.due_at)
            for each in found
        ]
    )


@router.get("/system")
async def system(seat: System, health: TheHealth) -> Health:
    """How the channels and what lies behind them are."""
    return await health()
