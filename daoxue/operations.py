"""What whoever runs the service asks of it. The world is told that it lives and can answer; the rest is told inside alone."""

import asyncio
import math
import secrets
import time
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from accounts.limits import is_among, networks
from bot.edge import safely
from daoxue import gauges
from daoxue.app import App
from daoxue.config import public_url
from daoxue.proxies import address_of, is_forwarded
from store.outages import Outage, OutageError

FRESH = 1.0  # seconds that it was found to be ready
PRIVATE = (".localhost", ".internal")  # nobody has a name that ends so in the world
OUTSIDE = "只给内部地址（server.inside）或带令牌的看 · from inside addresses or with the token only\n"


class Operations:
    """Health and figures. `token` lets in from anywhere; empty: nobody has one."""

    def __init__(self, app: App, token: str) -> None:
        self._app = app
        self._token = token
        self._inside = networks(app.config.server.inside)
        self._hosts = {app.config.server.host.lower(), urlsplit(public_url(app.config)).hostname}
        self._looking = asyncio.Lock()
        self._looked, self._fresh = -math.inf, False
        self._outage: Outage | None = None

    @property
    def routes(self) -> list[BaseRoute]:
        return [Route("/healthz", self.healthz), Route("/readyz", self.readyz), Route("/metrics", self.metrics)]

    def inside(self, behind: ASGIApp, path: str) -> ASGIApp:
        """An application whose one path is shown inside alone."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            shown = scope["type"] != "http" or scope["path"] != path or self.is_inside(HTTPConnection(scope))
            await (behind if shown else PlainTextResponse(OUTSIDE, 403))(scope, receive, send)

        return serve

    def is_inside(self, asks: HTTPConnection) -> bool:
        """Whether it comes from an inside address by itself (what a proxy passes on that nobody trusts may be from
        anywhere) and asks for us by a name of ours, or brings the token."""
        kind, _, token = asks.headers.get("authorization", "").partition(" ")
        if self._token and kind.lower() == "bearer" and secrets.compare_digest(token.encode(), self._token.encode()):
            return True
        if asks.client is None or is_forwarded(asks.scope) or not is_among(asks.client.host, self._inside):
            return False
        return self._is_ours(asks.headers.get("host", "").lower())

    def _is_ours(self, host: str) -> bool:
        """Whether no stranger can have given us this name: an address is none, and what ends nowhere in the world is ours. A
        browser inside asks by whatever name a page of the world has been given, also one that points to us."""
        name = host.partition(":")[0].removesuffix(".")
        return bool(address_of(host)) or name in self._hosts or "." not in name or name.endswith(PRIVATE)

    async def healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        # A worker in trouble is named, and we are ready all the same: residents are answered, and to take the process
        # from the balancer would mend nothing.
        fresh, outage = await self._is_fresh(), self._outage
        lines = ["ready" if fresh else "not ready"]
        if self.is_inside(request):
            lines += [str(OutageError(outage))] if outage else []
            lines += [each.words for each in self._app.watch.troubles()]
        return PlainTextResponse("".join(f"{line}\n" for line in lines), 200 if fresh else 503)

    async def _is_fresh(self) -> bool:
        """Whether the database could be used a moment ago: however often that is asked, it is looked at once a second."""
        async with self._looking:
            if time.monotonic() - self._looked > FRESH:
                fresh = await safely("not ready", self._refreshed(), False, OutageError)
                self._outage = await self._app.database.outage()
                self._fresh = fresh and self._outage is None
                self._looked = time.monotonic()
            return self._fresh

    async def _refreshed(self) -> bool:
        await self._app.library.refresh()
        return True

    async def metrics(self, request: Request) -> Response:
        if not self.is_inside(request):
            return PlainTextResponse(OUTSIDE, 403)
        await gauges.read(self._app, int(self._app.desk.clock() * 1000))
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
