"""Who may come in: every endpoint declares the permission that it takes, and nothing is served without one."""

import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from fastapi import Depends, HTTPException, Request, Response
from fastapi.params import Form
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.requests import HTTPConnection
from starlette.types import Scope

from desk import children
from desk.api.given import desk_of, now_of
from desk.attempts import Caller
from desk.opening import is_kept_away, no_ticket
from desk.people import PERMISSIONS, Seat
from store import conversations, tickets
from store.transaction import Transaction

COOKIE, DEVICES = "daoxue_seat", "daoxue_devices"
_SAFE = {"GET", "HEAD", "OPTIONS"}
Number = Annotated[int, Field(ge=0, le=1 << 60)]  # of a row, or of what is counted: both databases can hold it
# Bytes of a request's body: what is typed; what is sent before anybody is known; a file of 8 MB and what surrounds it.
LARGEST, LARGEST_OF_STRANGERS, LARGEST_FILE = 256_000, 4_096, children.LARGEST
# A character that PostgreSQL keeps in no text, and nobody types: in JSON.
_ZERO = re.compile(rb"\0|(?<!\\)(?:\\\\)*\\u0000")
_WITH_ZERO = {"code": "invalid", "text": "请求里有不能用的字符（U+0000，或不是 UTF-8）"}
HEADERS = {
    "cache-control": "no-store", "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}  # fmt: skip


def language_of(connection: HTTPConnection) -> str:
    """The reader's language, as the page or program says it: Chinese where it says nothing."""
    return "en" if connection.headers.get("accept-language", "").lower().startswith("en") else "zh"


Language = Annotated[str, Depends(language_of)]


def token_of(connection: HTTPConnection) -> str | None:
    """The session's token, from the header of a program or the cookie of a page."""
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    return connection.cookies.get(COOKIE)


def is_over_https(request: Request) -> bool:
    """Whether pages reach us over https: then no cookie of ours may travel without. A proxy that is trusted says it, or
    `server.public_url`."""
    return "https" in (request.url.scheme, urlsplit(desk_of(request).public_url).scheme)


def caller_of(request: Request) -> Caller:
    """Where a password or code is tried from."""
    return Caller(request.client.host if request.client else "", request.cookies.get(DEVICES, "")[:1000])


def is_from_elsewhere(connection: HTTPConnection) -> bool:
    """Whether a browser sent this for a page that is not ours: then its cookie means nothing. Ours are known by the host
    that is asked, and by `server.public_url`, for a proxy may ask us by a name of its own."""
    origin = connection.headers.get("origin")
    if origin is not None:
        own = urlsplit(desk_of(connection).public_url).netloc
        try:
            asked = urlsplit(origin).netloc
        except ValueError:  # http://[bad
            return True
        return asked not in (connection.headers.get("host"), own)
    return connection.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


async def refuse_strangers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """No writing for pages of other sites, no bodies of unknown length; every answer with the headers that protect."""
    if request.method not in _SAFE and is_from_elsewhere(request):
        response: Response = JSONResponse({"code": "foreign", "text": "请求来自别的网站，没有执行"}, 403)
    elif "transfer-encoding" in request.headers:
        response = JSONResponse({"code": "length_required", "text": "请求要写明长度"}, 411)
    elif not _is_text(request.scope):
        response = JSONResponse(_WITH_ZERO, 422)
    else:
        response = await call_next(request)
        if response.status_code == 413:  # as the framework says it
            response = JSONResponse({"code": "too_large", "text": "内容太大"}, 413)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _is_text(scope: Scope) -> bool:
    """Whether path and query are UTF-8, without the character that no text is kept with."""
    try:
        query = unquote_to_bytes(scope["query_string"]).decode()
    except UnicodeDecodeError:
        return False
    return "\0" not in query and not {"\0", "\ufffd"} & set(scope["path"])  # where the server could not read it


class Guard(Protocol):
    """A dependency that lets in whoever has the permission."""

    permission: str

    async def __call__(self, request: Request) -> Seat: ...


class _Guard:
    def __init__(self, permission: str, *, one_time: bool) -> None:
        assert permission in PERMISSIONS, permission
        self.permission = permission
        self._one_time = one_time

    async def __call__(self, request: Request) -> Seat:
        known: Seat | None = getattr(request.state, "seat", None)  # from before the body was read
        if known is not None:
            return known
        seat = await seat_of(request)
        if seat is None:
            raise HTTPException(401, {"code": "signed_out", "text": "请先登录"})
        if seat.one_time and not self._one_time:
            raise HTTPException(403, {"code": "must_change", "text": "请先修改一次性密码"})
        if not seat.may(self.permission):
            await _write_down(request, seat, _path_of(request), self.permission)
            raise HTTPException(403, {"code": "forbidden", "text": "您的角色不能做这件事"})
        request.state.seat = seat
        return seat


class GuardedRoute(APIRoute):
    """Asks its guard before anything of the body is read: the framework alone would read it first. Whom a ticket complains
    of has nothing to do with it, whatever the operation: `{ref}` in a path is a ticket's. Then it looks whether what is
    written there can be kept."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[None, None, Response]]:
        handle = super().get_route_handler()
        guards = [each.call for each in self.dependant.dependencies if isinstance(each.call, _Guard)]

        # A form with a file is read piece by piece, and by nobody but the framework.
        is_form = self.body_field is not None and isinstance(self.body_field.field_info, Form)

        async def guarded(request: Request) -> Response:
            for guard in guards:
                await guard(request)
            if "ref" in request.path_params:
                await _refuse_complained_of(request)
            if request.method not in _SAFE and not is_form and _ZERO.search(await request.body()):
                raise HTTPException(422, _WITH_ZERO)
            return await handle(request)

        return guarded


async def seat_of(connection: HTTPConnection) -> Seat | None:
    """Whoever is signed in."""
    token = token_of(connection)
    return await desk_of(connection).signing.who(token, await now_of(connection)) if token else None


async def _refuse_complained_of(request: Request) -> None:
    """Raises `TicketError` where the ticket of the path is none of the business of who asks, which is written down: as if there
    were none."""
    ref, seat = request.path_params["ref"], request.state.seat

    def look(transaction: Transaction) -> bool:
        row = tickets.get(transaction, ref)
        return row is not None and is_kept_away(transaction, row, seat.name)

    if await desk_of(request).database.read(look):
        await _write_down(request, seat, ref, _path_of(request))
        raise no_ticket(ref)


def _path_of(request: Request) -> str:
    return f"{request.method} {request.scope['route'].path}"


async def _write_down(request: Request, seat: Seat, what: str, why: str) -> None:
    """An attempt to do what one may not."""
    now = await now_of(request)
    await desk_of(request).database.write(lambda t: conversations.audited(t, seat.name, "refused", what, why, now))


def may(permission: str, *, one_time: bool = False) -> Guard:
    """For `Depends`. `one_time` lets in whoever still has to change a one-time password."""
    return _Guard(permission, one_time=one_time)
