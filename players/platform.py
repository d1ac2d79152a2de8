"""A learning platform to try the service against: the contract of docs/platform.openapi.yml, with accounts made up here.

It checks what it is asked as the contract says, takes each key once, and misbehaves on demand.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "platform-token"  # noqa: S105 - of this toy
STATES = frozenset({"pending", "admitted", "waiting", "offered", "unlucky", "withdrawn", "lapsed"})


@dataclass
class LearningPlatform:
    """`fault`: none, slow, down, html, huge, deep, wrong, refuse."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    fault: str = "none"
    asked: list[str] = field(default_factory=list)
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)  # by key

    def app(self) -> Starlette:
        reads = [
            Route(f"/v1/{what}", self._read, methods=["POST"], name=what)
            for what in ("balance", "entries", "orders", "attendance")
        ]
        reads.append(Route("/v1/card", self._read, methods=["POST"], name="card"))
        return Starlette(routes=[*reads, Route("/v1/enrolment", self._enrolment, methods=["POST"])])

    async def _misbehave(self) -> Response | None:
        match self.fault:
            case "slow":
                await asyncio.sleep(5)
            case "down":
                return Response("upstream is away", 503)
            case "html":
                return Response("<html>login</html>", 200, media_type="text/html")
            case "huge":
                return Response(b'{"credits": ' + b"1" * 5_000_000 + b"}", 200, media_type="application/json")
            case "deep":
                return Response(b"[" * 100_000, media_type="application/json")
            case "wrong":
                return JSONResponse({"credits": "many", "points": -5, "entries": [1], "orders": {}, "attendance": None})
            case "refuse":
                return JSONResponse({"error": "no"}, 422)
        return None

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": "unauthorised"}, 401)
        return None

    async def _read(self, request: Request) -> Response:
        what = request.url.path.rsplit("/", 1)[-1]
        self.asked.append(what)
        if (refused := self._refused(request) or await self._misbehave()) is not None:
            return refused
        body = await request.json()
        account = self.accounts.get(body.get("card", ""))
        if account is None or (what == "card" and what not in account):
            return JSONResponse({"error": "no such card"}, 404)
        if what in ("balance", "card"):
            return JSONResponse(account[what])
        rows = account.get(what, [])
        if "since" in body:
            rows = [row for row in rows if row["day"] >= body["since"]]
        return JSONResponse({what: rows[: body.get("most", 500)]})

    async def _enrolment(self, request: Request) -> Response:
        self.asked.append("enrolment")
        if (refused := self._refused(request) or await self._misbehave()) is not None:
            return refused
        key = request.headers.get("idempotency-key", "")
        body = await request.json()
        if not key or body.get("state") not in STATES or body.get("card") not in self.accounts:
            return JSONResponse({"error": "not as agreed"}, 422)
        self.taken.setdefault(key, body)
        return JSONResponse({"ok": True})
