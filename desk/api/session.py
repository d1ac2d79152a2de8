"""Signing in and out, and what one may change about oneself."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from bot.channel import Channel, OpenChannel
from desk.api.guard import COOKIE, TheDesk, may, now, token_of
from desk.errors import TicketError
from desk.oidc import Asked, OidcError
from desk.people import PERMISSIONS, Seat, SignInError
from store import people as rows

BACK, REFUSED, ASKED = "/api/login/oidc/back", "/desk/?refused=1", "daoxue_asked"
router = APIRouter(tags=["登录 session"])
Me = Annotated[Seat, Depends(may("self"))]


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


class Ready(Strict):
    ready: bool


@router.post("/login")
async def login(body: Login, desk: TheDesk, response: Response) -> dict[str, object]:
    """Signs in: a cookie for pages, the same token for programs."""
    token = await desk.people.sign_in(body.name, body.password, body.code, now())
    set_cookie(response, token, secure=desk.secure)
    return {"token": token}


def set_cookie(response: Response, token: str, *, secure: bool) -> None:
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")


@router.get("/login/ways")
async def ways(desk: TheDesk) -> dict[str, object]:
    """How one can sign in besides a password: the name of the identity provider, empty where there is none."""
    return {"oidc": desk.oidc.settings.name if desk.oidc.is_on else ""}


@router.get("/login/oidc")
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


@router.get("/login/oidc/back")
async def back_from_provider(request: Request, desk: TheDesk, state: str = "", code: str = "") -> Response:
    """From the identity provider: a session, if it vouches for somebody who has an account."""
    asked = Asked.of(request.cookies.get(ASKED, ""))
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
async def logout(request: Request, seat: Me, desk: TheDesk, response: Response) -> dict[str, object]:
    """Signs out; what one has open goes back to the queue at once."""
    if token := token_of(request):
        await desk.people.sign_out(token, now())
    await desk.dispatch.leave(seat.name, now())
    response.delete_cookie(COOKIE, path="/")
    return {}


def _channel(channel: Channel, opened: OpenChannel | None) -> dict[str, object]:
    """What pages show of a channel, whether files can be sent, and whether there it is counted what may be sent, and one may be on the telephone."""
    return {
        "id": channel.name, "zh": channel.zh, "en": channel.en, "colour": channel.colour,
        "files": channel.files, "counts": opened is not None and opened.quota is not None, "calls": opened is not None and opened.calling is not None,
    }  # fmt: skip


@router.get("/me")
async def me(seat: Me, desk: TheDesk) -> dict[str, object]:
    """Who one is, and what one may."""
    there = [page for page in await desk.database.read(lambda t: rows.present(t, now())) if page.seat == seat.name]
    return {
        "name": seat.name, "shown": seat.shown, "role": seat.role, "skills": seat.skills, "langs": seat.langs,
        "capacity": seat.capacity, "place": seat.place, "must_change": seat.one_time, "totp": seat.totp,
        "ready": all(page.ready for page in there) if there else seat.role == "seat",
        "may": sorted(name for name, roles in PERMISSIONS.items() if seat.role in roles),
        "phone": desk.calling is not None and seat.phone is not None,
        "counter": desk.inviting is not None and seat.may("resident.bind"),
        "topics": [
            {"id": each.id, "zh": each.zh, "en": each.en, "colour": each.colour} for each in desk.library.catalogue.topics.values()
        ],
        "channels": [_channel(each, desk.opened.get(each.name)) for each in desk.channels.values()],
    }  # fmt: skip


@router.post("/me/password")
async def password(body: Password, seat: Me, desk: TheDesk, response: Response) -> dict[str, object]:
    """A new password; all sessions end, and this one goes on."""
    await desk.people.set_password(seat.name, body.old, body.new, now())
    return {}


@router.post("/me/totp")
async def new_totp(seat: Me, desk: TheDesk) -> dict[str, object]:
    """A secret for an authenticator; nothing changes until its first code is given."""
    secret, address = desk.people.new_secret(seat.name)
    return {"secret": secret, "address": address}


@router.put("/me/totp")
async def set_totp(body: Totp, seat: Me, desk: TheDesk) -> dict[str, object]:
    """Switches the second factor on (with the secret) or off (without)."""
    await desk.people.set_totp(seat.name, body.secret, body.code, now())
    return {}


@router.post("/me/ready")
async def ready(body: Ready, seat: Me, desk: TheDesk) -> dict[str, object]:
    """Whether one takes offers; what one has stays."""
    await desk.database.write(lambda t: rows.set_ready(t, seat.name, body.ready))
    return {}
