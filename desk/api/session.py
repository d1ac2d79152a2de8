"""Signing in and out, and what one may change about oneself."""

import re
from typing import Annotated

import segno
from fastapi import Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from msgspec import Struct
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.channel import Channel, OpenChannel
from bot.keeping import covered, is_number
from desk.api.answers import NOTHING, Answering, NothingToTell, as_json
from desk.api.given import (
    Now,
    TheAttempts,
    TheChannels,
    TheDatabase,
    TheDispatch,
    TheFeed,
    TheHours,
    TheLibrary,
    TheLive,
    TheOidc,
    TheOpened,
    ThePublicUrl,
    TheSignIn,
)
from desk.api.guard import (
    COOKIE,
    DEVICES,
    LARGEST_OF_STRANGERS,
    caller_of,
    is_over_https,
    may,
    token_of,
)
from desk.attempts import DEVICE_DAYS
from desk.dispatch import SEATS
from desk.errors import SignInError, TicketError
from desk.masking import mask
from desk.oidc import OidcError, PendingSignIn
from desk.people import PERMISSIONS, Ended, Seat, digest
from desk.signing import Factor, new_secret
from store import people as rows
from store.people import PresenceRow
from store.units import DAY

BACK, REFUSED, ASKED = "/api/login/oidc/back", "/desk/?refused=", "daoxue_asked"
_PRINTABLE = r"^[\x20-\x7e]{0,2000}$"
_SEEN = re.compile(r"\w")
# Marks of direction, and what has no width; but for the one that joins two pictures to one.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
router = Answering(tags=["登录 session"])
Me = Annotated[Seat, Depends(may("self"))]
Newcomer = Annotated[Seat, Depends(may("self", one_time=True))]
Person = Annotated[Seat, Depends(may("credentials.own", one_time=True))]
Owner = Annotated[Seat, Depends(may("credentials.own"))]


class Strict(BaseModel):
    """A body that refuses what it does not know, and takes nothing for something else: true is no number, nor is "5"."""

    model_config = ConfigDict(extra="forbid", strict=True)


def is_said(reason: str) -> bool:
    """Whether it says anything to whoever reads it later: blanks do not, nor what cannot be seen."""
    return len(_SEEN.findall(reason)) > 1


def _said(reason: str) -> str:
    """Raises `ValueError`."""
    if not is_said(reason):
        raise ValueError("a reason is words")
    return reason


def _seen(text: str) -> str:
    """As it is seen: without the characters that turn others around or are nothing at all, and with no number that nobody keeps.
    Raises `ValueError` where nothing is left."""
    written = _UNSEEN.sub("", text)
    if text and not written:
        raise ValueError("这里没有看得见的字 nothing in it can be seen")
    return covered(written)


def _unreachable(text: str) -> str:
    return mask(_seen(text), theirs=True)


def _no_number(name: str) -> str:
    if is_number(name):
        raise ValueError("这里不能是卡号、证件号 a number of a card or a paper is no name")
    return name


# What a client calls what it sends: it is kept.
Unnumbered = AfterValidator(_no_number)
# The id of something that there is, a topic or a class: nobody writes words there, as they would outlast an erasure.
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$"), Unnumbered]
# What staff write by hand: without the numbers that nobody should keep, as residents' words. Every text of a body that is no
# name of something is one (`tests/test_written.py`).
Written = AfterValidator(_seen)
# The same where the audit or a tag keeps it: with no number whole that reaches somebody, for it is shown to whoever reads it.
Handwritten = AfterValidator(_unreachable)
# Kept in the audit, for whoever asks later why something was done.
Reason = Annotated[str, Field(min_length=2, max_length=200), AfterValidator(_said), Handwritten]


class Login(Strict):
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=200)
    code: str = Field("", max_length=10)


class Password(Strict):
    old: str = Field(min_length=1, max_length=200)
    new: str = Field(min_length=1, max_length=200)


class Totp(Strict):
    """The `secret` that is to be, none for no second factor, with a `code` of it; the password; and where there is a second
    factor already, a code of that one (`old_code`)."""

    secret: str | None = Field(None, pattern=r"^([A-Z2-7]{8}){4,8}$")
    code: str = Field("", max_length=10)
    password: str = Field(min_length=1, max_length=200)
    old_code: str = Field("", max_length=10)


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
    """Who one is, and what one `may`. `phone`: calls can be put through; `counter`: there is binding at the counter;
    `zone`: where the centre's days begin (`Asia/Shanghai`); `linked`: whom an administrator has linked comes in as oneself by
    the identity provider."""

    name: str
    shown: str
    role: str
    skills: list[str]
    langs: list[str]
    capacity: int
    place: str | None
    must_change: bool
    totp: bool
    linked: bool
    ready: bool
    may: list[str]
    phone: bool
    counter: bool
    zone: str
    topics: list[TopicShown]
    channels: list[ChannelShown]


class Secret(Struct, frozen=True):
    """For an authenticator; `address` is the same as a link, and `svg` as a picture to be scanned."""

    secret: str
    address: str
    svg: str


@router.post("/login", max_body_size=LARGEST_OF_STRANGERS)
async def login(
    request: Request, body: Login, signing: TheSignIn, attempts: TheAttempts, now: Now
) -> Annotated[Response, SignedIn]:
    """Signs in: a cookie for pages, the same token for programs. The browser is remembered as one of the account's."""
    caller = caller_of(request)
    token = await signing.sign_in(body.name, body.password, body.code, now, caller)
    response = as_json(SignedIn(token))
    secure = is_over_https(request)
    set_cookie(response, token, secure=secure)
    response.set_cookie(
        DEVICES, attempts.remembered(body.name, caller.devices, now), max_age=DEVICE_DAYS * DAY // 1000,
        httponly=True, samesite="strict", secure=secure, path="/api",
    )  # fmt: skip
    return response


def set_cookie(response: Response, token: str, *, secure: bool) -> None:
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")


@router.get("/login/ways")
async def ways(oidc: TheOidc) -> Ways:
    """How one can sign in besides a password: the name of the identity provider, empty where there is none."""
    return Ways(oidc.settings.name if oidc.is_on else "")


@router.get("/login/oidc", status_code=303)
async def leave_for_provider(request: Request, oidc: TheOidc, public_url: ThePublicUrl) -> Response:
    """To the identity provider; what has to be remembered goes into a cookie of ten minutes."""
    if not oidc.is_on:
        raise TicketError("not_found", "没有配置统一身份认证")
    try:
        address, asked = await oidc.leave(f"{public_url}{BACK}", caller_of(request).address)
    except OidcError:
        return RedirectResponse(f"{REFUSED}unreachable", 303)
    response = RedirectResponse(address, 303)
    # Lax, for the provider's page sends the browser back here.
    secure = is_over_https(request)
    response.set_cookie(ASKED, asked.cookie, max_age=600, httponly=True, samesite="lax", secure=secure, path=BACK)
    return response


class FromProvider(BaseModel):
    state: str = Field("", pattern=_PRINTABLE)
    code: str = Field("", pattern=_PRINTABLE)


@router.get("/login/oidc/back", status_code=303)
async def back_from_provider(
    request: Request,
    oidc: TheOidc,
    signing: TheSignIn,
    public_url: ThePublicUrl,
    said: Annotated[FromProvider, Query()],
    now: Now,
) -> Response:
    """From the identity provider: a session, if it vouches for somebody whom an administrator linked to an account."""
    asked = PendingSignIn.of(request.cookies.get(ASKED, ""))
    try:
        origin = caller_of(request).address
        vouched = await oidc.come_back(asked, said.state, said.code, f"{public_url}{BACK}", origin)
        token = await signing.sign_in_as(vouched, now)
    except (OidcError, SignInError) as error:
        refused = RedirectResponse(f"{REFUSED}{'unlinked' if isinstance(error, SignInError) else 'provider'}", 303)
        refused.delete_cookie(ASKED, path=BACK)
        return refused
    response = RedirectResponse("/desk/", 303)
    set_cookie(response, token, secure=is_over_https(request))
    response.delete_cookie(ASKED, path=BACK)
    return response


@router.post("/logout")
async def logout(
    request: Request, seat: Newcomer, signing: TheSignIn, dispatch: TheDispatch, feed: TheFeed, now: Now
) -> Annotated[Response, NothingToTell]:
    """Signs out; what one has open goes back to the queue at once."""
    if token := token_of(request):
        await signing.sign_out(token, now)
        feed.end_session(digest(token))
    await dispatch.leave(seat.name, now)
    response = as_json(NOTHING)
    response.delete_cookie(COOKIE, path="/")
    return response


def _channel(channel: Channel, opened: OpenChannel | None) -> ChannelShown:
    counts, calls = (opened.quota is not None, opened.calling is not None) if opened else (False, False)
    return ChannelShown(channel.name, channel.zh, channel.en, channel.colour, channel.files, counts, calls)


async def _own_pages(seat: Newcomer, database: TheDatabase, now: Now) -> list[PresenceRow]:
    """Those that the seat has open."""
    return [page for page in await database.read(lambda t: rows.present(t, now)) if page.seat == seat.name]


@router.get("/me")
async def me(
    seat: Newcomer,
    there: Annotated[list[PresenceRow], Depends(_own_pages)],
    library: TheLibrary,
    hours: TheHours,
    channels: TheChannels,
    opened: TheOpened,
) -> Myself:
    """Who one is, and what one may."""
    return Myself(
        name=seat.name, shown=seat.shown, role=seat.role, skills=list(seat.skills), langs=list(seat.langs),
        capacity=seat.capacity, place=seat.place, must_change=seat.one_time, totp=seat.totp, linked=seat.subject is not None,
        ready=all(page.ready for page in there) if there else seat.role == "seat",
        may=sorted(filter(seat.may, PERMISSIONS)),
        phone=seat.phone is not None and any(each.calling for each in opened.values()),
        counter=seat.may("resident.bind") and any(each.inviting for each in opened.values()), zone=hours.zone.key,
        topics=[TopicShown(each.id, each.zh, each.en, each.colour) for each in library.catalogue.topics.values()],
        channels=[_channel(each, opened.get(each.name)) for each in channels.values()],
    )  # fmt: skip


@router.post("/me/password")
async def password(
    request: Request, body: Password, seat: Person, signing: TheSignIn, feed: TheFeed, now: Now
) -> Ended:
    """A new password; this session goes on, all others and the account's tokens end, and how many is told."""
    token = token_of(request) or ""
    ended = await signing.set_password(seat.name, body.old, body.new, now, token, caller_of(request))
    feed.end(seat.name, but=digest(token))
    return ended


@router.post("/me/totp")
async def new_totp(seat: Owner) -> Secret:
    """A secret for an authenticator; nothing changes until its first code is given."""
    secret, address = new_secret(seat.name)
    return Secret(secret, address, segno.make(address, error="m").svg_inline(scale=4, border=4))


@router.put("/me/totp")
async def set_totp(request: Request, body: Totp, seat: Owner, signing: TheSignIn, now: Now) -> NothingToTell:
    """Switches the second factor on or over (with a secret) or off (without)."""
    factor = Factor(body.secret, body.code, body.old_code)
    await signing.set_factor(seat.name, factor, body.password, now, caller_of(request))
    return NOTHING


@router.post("/me/ready")
async def ready(body: ReadyChange, seat: Me, database: TheDatabase, live: TheLive) -> NothingToTell:
    """Whether one takes offers; what one has stays."""
    await database.write(lambda t: rows.set_ready(t, seat.name, body.ready))
    live.desk(SEATS)
    return NOTHING
