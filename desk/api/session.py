"""Signing in and out, and what one may change about oneself."""

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from bot.channel import Channel, OpenChannel
from desk.api.answers import NOTHING, Answering, NothingToTell, as_json
from desk.api.guard import COOKIE, LARGEST_OF_STRANGERS, TheDesk, may, now, token_of
from desk.errors import TicketError
from desk.oidc import OidcError, PendingSignIn
from desk.people import PERMISSIONS, Seat, SignInError
from store import people as rows

BACK, REFUSED, ASKED = "/api/login/oidc/back", "/desk/?refused=1", "daoxue_asked"
router = Answering(tags=["登录 session"])
Me = Annotated[Seat, Depends(may("self"))]
Newcomer = Annotated[Seat, Depends(may("self", one_time=True))]


class Strict(BaseModel):
    """A body that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid")


class Login(Strict):
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=200)
    code: str = Field("", max_length=10)


class Password(Strict):
    old: str = Field(min_length=1, max_length=200)
    new: str = Field(min_length=1, max_length=200)


class Totp(Strict):
    secret: str | None = Field(None, max_length=64)
    code: str = Field(min_length=6, max_length=8)


class ReadyChange(Strict):
    ready: bool


class SignedIn(Struct, frozen=True):
    token: str


class Ways(Struct, frozen=True):
    oidc: str


class TopicShown(Struct, frozen=True):
    """A topic as pages show it; `colour` may be empty."""

    id: str
    zh: str
    en: str
    colour: str


class ChannelShown(Struct, frozen=True):
    """A channel as pages show it; whether seats may send `files` there, the platform `counts` what they send, and one may
    be on the telephone."""

    id: str
    zh: str
    en: str
    colour: str
    files: bool
    counts: bool
    calls: bool


class Myself(Struct, frozen=True):
    """Who one is, and what one `may`. `phone`: calls can be put through; `counter`: there is binding at the counter."""

    name: str
    shown: str
    role: str
    skills: list[str]
    langs: list[str]
    capacity: int
    place: str | None
    must_change: bool
    totp: bool
    ready: bool
    may: list[str]
    phone: bool
    counter: bool
    topics: list[TopicShown]
    channels: list[ChannelShown]


class Secret(Struct, frozen=True):
    """For an authenticator; `address` is the same as a link."""

    secret: str
    address: str


@router.post("/login", max_body_size=LARGEST_OF_STRANGERS)
async def login(body: Login, desk: TheDesk) -> Annotated[Response, SignedIn]:
    """Signs in: a cookie for pages, the same token for programs."""
    token = await desk.people.sign_in(body.name, body.password, body.code, now())
    response = as_json(SignedIn(token))
    set_cookie(response, token, secure=desk.secure)
    return response


def set_cookie(response: Response, token: str, *, secure: bool) -> None:
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")


@router.get("/login/ways")
async def ways(desk: TheDesk) -> Ways:
    """How one can sign in besides a password: the name of the identity provider, empty where there is none."""
    return Ways(desk.oidc.settings.name if desk.oidc.is_on else "")


@router.get("/login/oidc", status_code=303)
async def leave_for_provider(desk: TheDesk) -> Response:
    """To the identity provider; what has to be remembered goes into a cookie of ten minutes."""
    if not desk.oidc.is_on:
        raise TicketError("not_found", "没有配置统一身份认证")
    try:
        address, asked = await desk.oidc.leave(f"{desk.public_url}{BACK}")
    except OidcError:
        return RedirectResponse(REFUSED, 303)
    response = RedirectResponse(address, 303)
    # Lax, for the provider's page sends the browser back here.
    response.set_cookie(ASKED, asked.cookie, max_age=600, httponly=True, samesite="lax", secure=desk.secure, path=BACK)
    return response


@router.get("/login/oidc/back", status_code=303)
async def back_from_provider(request: Request, desk: TheDesk, state: str = "", code: str = "") -> Response:
    """From the identity provider: a session, if it vouches for somebody who has an account."""
    asked = PendingSignIn.of(request.cookies.get(ASKED, ""))
    try:
        vouched = await desk.oidc.come_back(asked, state[:200], code[:2000], f"{desk.public_url}{BACK}")
        token = await desk.people.sign_in_as(vouched.subject, vouched.name, now())
    except (OidcError, SignInError):
        return RedirectResponse(REFUSED, 303)
    response = RedirectResponse("/desk/", 303)
    set_cookie(response, token, secure=desk.secure)
    response.delete_cookie(ASKED, path=BACK)
    return response


@router.post("/logout")
async def logout(request: Request, seat: Newcomer, desk: TheDesk) -> Annotated[Response, NothingToTell]:
    """Signs out; what one has open goes back to the queue at once."""
    if token := token_of(request):
        await desk.people.sign_out(token, now())
    await desk.dispatch.leave(seat.name, now())
    response = as_json(NOTHING)
    response.delete_cookie(COOKIE, path="/")
    return response


def _channel(channel: Channel, opened: OpenChannel | None) -> ChannelShown:
    counts, calls = (opened.quota is not None, opened.calling is not None) if opened else (False, False)
    return ChannelShown(channel.name, channel.zh, channel.en, channel.colour, channel.files, counts, calls)


@router.get("/me")
async def me(seat: Newcomer, desk: TheDesk) -> Myself:
    """Who one is, and what one may."""
    there = [page for page in await desk.database.read(lambda t: rows.present(t, now())) if page.seat == seat.name]
    return Myself(
        name=seat.name, shown=seat.shown, role=seat.role, skills=list(seat.skills), langs=list(seat.langs),
        capacity=seat.capacity, place=seat.place, must_change=seat.one_time, totp=seat.totp,
        ready=all(page.ready for page in there) if there else seat.role == "seat",
        may=sorted(name for name, roles in PERMISSIONS.items() if seat.role in roles),
        phone=desk.calling is not None and seat.phone is not None,
        counter=desk.inviting is not None and seat.may("resident.bind"),
        topics=[TopicShown(each.id, each.zh, each.en, each.colour) for each in desk.library.catalogue.topics.values()],
        channels=[_channel(each, desk.opened.get(each.name)) for each in desk.channels.values()],
    )  # fmt: skip


@router.post("/me/password")
async def password(request: Request, body: Password, seat: Newcomer, desk: TheDesk) -> NothingToTell:
    """A new password; all other sessions end, and this one goes on."""
    await desk.people.set_password(seat.name, body.old, body.new, now(), token_of(request))
    return NOTHING


@router.post("/me/totp")
async def new_totp(seat: Me, desk: TheDesk) -> Secret:
    """A secret for an authenticator; nothing changes until its first code is given."""
    secret, address = desk.people.new_secret(seat.name)
    return Secret(secret, address)


@router.put("/me/totp")
async def set_totp(body: Totp, seat: Me, desk: TheDesk) -> NothingToTell:
    """Switches the second factor on (with the secret) or off (without)."""
    await desk.people.set_totp(seat.name, body.secret, body.code, now())
    return NOTHING


@router.post("/me/ready")
async def ready(body: ReadyChange, seat: Me, desk: TheDesk) -> NothingToTell:
    """Whether one takes offers; what one has stays."""
    await desk.database.write(lambda t: rows.set_ready(t, seat.name, body.ready))
    return NOTHING
