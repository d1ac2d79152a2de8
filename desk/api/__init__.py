"""The desk's API: everything the pages do, in OpenAPI, for other systems too."""

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from desk.api import (
    admin,
    assist,
    audit,
    broadcasts,
    calls,
    catalogue,
    counter,
    files,
    knowledge,
    messages,
    once_gone,
    owed,
    rights,
    session,
    standard,
    supervise,
    tickets,
    tokens,
    unanswered,
    understood,
)
from desk.api.answers import Described
from desk.api.guard import language_of, refuse_strangers
from desk.api.live import live
from desk.errors import STATUS, SignInError, TicketError, told_to_wait
from desk.parts import Desk
from store.outages import OutageError


def build(desk: Desk) -> Described:
    """The application below `/api`."""
    api = described()
    api.state.desk = desk
    return api


def described() -> Described:
    """The same with no desk behind it: what it says of itself is all there."""
    api = Described(
        title="导学 Daoxue", version="1", docs_url=None, redoc_url=None, openapi_url="/openapi.json",
        description="坐席台的接口。先 POST /login 取得 token，之后每次请求带 `Authorization: Bearer …`。",
    )  # fmt: skip
    api.middleware("http")(refuse_strangers)
    rooms = (
        session, tokens, tickets, messages, files, calls, assist, supervise, counter, broadcasts, knowledge, once_gone, unanswered, standard, catalogue,
        admin, audit, rights, owed,
        understood,
    )  # fmt: skip
    api.routers = [each.router for each in rooms]
    for each in api.routers:
        api.include_router(each)
    api.add_api_websocket_route("/live", live)

    @api.exception_handler(TicketError)
    async def refused(request: Request, error: TicketError) -> JSONResponse:
        text = error.english if language_of(request) == "en" else str(error)
        return JSONResponse(
            {"code": error.code, "text": text}, STATUS[error.code], told_to_wait(error.code, error.seconds)
        )

    @api.exception_handler(SignInError)
    async def not_let_in(_: Request, error: SignInError) -> JSONResponse:
        later = told_to_wait(error.code, error.seconds)
        return JSONResponse({"code": error.code, "text": str(error)}, STATUS[error.code], later)

    @api.exception_handler(OutageError)
    async def unusable(request: Request, error: OutageError) -> JSONResponse:
        text = error.outage.en if language_of(request) == "en" else error.outage.zh
        return JSONResponse({"code": "unusable", "text": text}, 503)

    @api.exception_handler(HTTPException)
    async def kept_out(_: Request, error: HTTPException) -> JSONResponse:
        detail = (
            error.detail if isinstance(error.detail, dict) else {"code": str(error.status_code), "text": error.detail}
        )
        return JSONResponse(detail, error.status_code)

    @api.exception_handler(RequestValidationError)
    async def not_understood(request: Request, error: RequestValidationError) -> JSONResponse:
        # Where and what, never the value: it may be somebody's words.
        found = [{"where": ".".join(map(str, each["loc"])), "what": each["msg"]} for each in error.errors()]
        text = "The request has the wrong form" if language_of(request) == "en" else "请求的格式不对"
        return JSONResponse({"code": "invalid", "text": text, "errors": found}, 422)

    return api
