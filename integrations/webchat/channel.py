"""The web chat: a WebSocket, and the same over plain HTTP for networks that let no socket through."""

import math
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from prometheus_client import Gauge
from starlette.responses import Response
from starlette.routing import Mount, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

import web
from accounts.identity import Proof
from accounts.limits import REQUESTS_FROM, SOCKETS_FROM, TooManyError
from bot.admission import OverloadError
from bot.channel import Channel, ChannelHealth, ChannelSettings, Core, OpenChannel, Stanza
from bot.edge import BodyError, body_of, came_from, respond
from bot.inbox import Receipt
from bot.offering import offers, starters
from bot.queue import Done, Outcome
from integrations.webchat.frames import decode_post, encode, error, frame_of, render
from integrations.webchat.origins import Origins
from integrations.webchat.reminding import Reminding
from integrations.webchat.socket import HELLO_WITHIN, Socket
from integrations.webchat.uploads import Uploads
from integrations.webchat.visitors import CHANNEL, LARGEST, Visitors, token_of
from store.outbox import DueRow

PATH = f"/channels/{CHANNEL}"
SOCKETS = Gauge("daoxue_webchat_sockets", "Open pages")


class WebchatSettings(ChannelSettings, frozen=True, forbid_unknown_fields=True):
    """Whether the page and its socket are served."""

    enabled: bool = True


class Webchat:
    """The channel's routes; also its outlet, which has nothing to do: pages ask for what they lack.

    `observe` is called with delivering before an answer is written to a connection, and delivered after.
    """

    pulls = True

    def __init__(self, core: Core) -> None:
        self.visitors = Visitors(core)
        self.sockets: set[Socket] = set()
        self.origins = Origins(urlsplit(core.public_url).netloc)
        core.live.on_typing(self._seat_types)

    async def send(self, row: DueRow, now: int) -> Outcome:
        return Done()

    async def health(self, now: int) -> ChannelHealth:
        """How many pages are open."""
        return ChannelHealth(sockets=len(self.sockets))

    def _seat_types(self, conversation: int, author: str) -> None:
        if author == "seat":
            for socket in self.sockets:
                socket.show_typing(conversation)

    async def socket(self, websocket: WebSocket) -> None:
        if self.origins.is_foreign(websocket.scope):
            return await websocket.send_denial_response(Response(error("foreign"), 403, _KIND))
        with self.visitors.core.limits.held(SOCKETS_FROM, came_from(websocket.scope)) as room:
            if room:
                await self._serve(websocket)
            else:
                headers = {**_KIND, "retry-after": str(HELLO_WITHIN)}
                await websocket.send_denial_response(Response(error("too_fast"), 429, headers))

    async def _serve(self, websocket: WebSocket) -> None:
        await websocket.accept()
        socket = Socket(self.visitors, websocket)
        self.sockets.add(socket)
        SOCKETS.inc()
        try:
            await socket.talk()
        except* (WebSocketDisconnect, TimeoutError, RuntimeError):
            pass  # gone, or stalled: what it lacks it asks for when it comes back
        finally:
            self.sockets.discard(socket)
            SOCKETS.dec()
            socket.leave()

    async def post(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One message, answered in the response; a plain ASGI application, for it is the hot path."""
        headers, receipt = [*_HEADERS], None
        try:
            status, body, receipt = await self._answer(scope, receive)
        except TooManyError as refused:
            status, body = 429, error("busy" if isinstance(refused, OverloadError) else "too_fast")
            headers.append((b"retry-after", b"%d" % math.ceil(refused.seconds)))
        self.visitors.core.observe("delivering")
        await respond(send, status, body, headers)
        self.visitors.core.observe("delivered")
        if receipt is not None and receipt.answers and not receipt.again:
            self.visitors.core.outbox.taken(receipt.conversation, receipt.last_seq)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, Receipt | None]:
        origin = came_from(scope)
        if self.origins.is_foreign(scope):
            return 403, error("foreign"), None
        self.visitors.core.limits.check(*self.visitors.core.limits.from_(REQUESTS_FROM, origin))
        try:
            post = decode_post(await body_of(receive, LARGEST))
        except BodyError:
            return 413, error("too_long"), None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return 400, error("bad_frame"), None
        visitor = token_of(post.visitor)
        said = self.visitors.said(visitor, post.id, post.text, post.choice, post.lang, origin)
        receipt = await self.visitors.accepted(said)
        if receipt is None:
            return 503, error("busy"), None
        messages = b",".join(frame_of(each) for each in receipt.answers)
        head = encode(
            {"visitor": visitor, "ack": {"type": "ack", "id": post.id, "seq": receipt.seq}, "speaker": receipt.speaker}
        )
        return 200, head[:-1] + b',"messages":[' + messages + b"]}", receipt


_KIND = {"content-type": "application/json"}
_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


def _open(core: Core) -> OpenChannel:
    webchat = Webchat(core)
    # The page that opens the socket is at the root, so it comes after all else.
    routes = [WebSocketRoute(PATH, webchat.socket), Mount("/", web.pages(lambda: _sign(core)))]
    uploads = Uploads(webchat.visitors, webchat.origins, core.file_bytes)
    reminding = Reminding(core, webchat.origins, webchat.visitors.known)
    posts: dict[str, ASGIApp] = {PATH: webchat.post, f"{PATH}/push": reminding.post, f"{PATH}/files": uploads}
    return OpenChannel(outlet=webchat, posts=posts, routes=routes, health=webchat.health)


def _sign(core: Core) -> web.Sign:
    texts, megabytes = core.texts, core.file_bytes // 1_000_000
    centre = texts.centre
    bots = (centre.values("zh")["bot"], centre.values("en")["bot"])
    hello = texts.on(CHANNEL, "greeting")
    today = datetime.fromtimestamp(core.clock(), core.zone).date()
    hellos = [texts.line(each, hello, offers=offers(texts, core.library, each, today)) for each in ("zh", "en")]
    starting = ["\n".join(starters(texts, core.library, each, today)) for each in ("zh", "en")]
    return web.Sign(
        centre.name,
        bots,
        (hellos[0], hellos[1]),
        (starting[0], starting[1]),
        texts.kept,
        centre.hotline,
        (centre.colour, centre.colour_in_the_dark, centre.head_colour),
        centre.logo,
        core.push_key,
        megabytes,
    )


WEBCHAT = Channel(
    name=CHANNEL,
    zh="网页",
    en="Web",
    colour="#0b6e5f",
    stanzas=(Stanza("webchat", WebchatSettings),),
    open=_open,
    render=render,
    proof=Proof(typed=True, passing=True),
    looked_at=True,
)
