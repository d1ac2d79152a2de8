"""The web chat: a WebSocket, and the same over plain HTTP for networks that let no socket through.

The page keeps a visitor's token and numbers nothing itself: it sends a message until it is acknowledged, and asks for
what it lacks by the last number it has seen. So a page may lose its connection at any moment, and misses and doubles
nothing. A token is good before anything is kept under it (decision 28): a first message that is cut comes again in the
same conversation.
"""

import asyncio
import contextlib
import math
import re
import secrets
import time
from collections.abc import Sequence
from typing import NoReturn
from urllib.parse import urlsplit

import msgspec
from prometheus_client import Gauge
from starlette.responses import Response
from starlette.routing import Mount, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

import web
from accounts.identity import Proof
from accounts.limits import CATCHING_UP, FRAMES, REQUESTS_FROM, SOCKETS_FROM, TooManyError
from bot.admission import BusyError, OverloadError
from bot.channel import Channel, ChannelHealth, ChannelSettings, Core, OpenChannel, Stanza
from bot.edge import BodyError, body_of, came_from, safely
from bot.inbox import Receipt, numbered
from bot.messages import Inbound
from bot.queue import Done, Outcome
from integrations.frames import (
    Chosen,
    Frame,
    Hello,
    PageMessage,
    PagePing,
    PageTyping,
    Pong,
    address_of,
    decode_frame,
    decode_post,
    encode,
    error,
    frame_of,
    render,
)
from integrations.origins import Origins
from integrations.reminding import Reminding
from integrations.uploads import Uploads
from store import conversations
from store.conversations import ConversationRow, MessageRow
from store.outages import OutageError
from store.outbox import DueRow

CHANNEL = "webchat"
PATH = f"/channels/{CHANNEL}"
LARGEST = 16_384  # bytes of a frame
HISTORY = 300  # messages sent to a page that has none
HELLO_WITHIN = 15  # seconds
SEND_WITHIN = 20  # seconds that a page may take to read a frame
PORTION = 50  # messages that are read at once for a page that lacks some
PATIENCE = 20  # refused frames before the socket is closed
BEHIND = 4.0  # seconds in which a page sends again what was refused; what comes behind it waits for it
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")  # 24 random bytes, the page's or ours
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
        self.inbox = core.inbox
        self.observe = core.observe
        self.outbox = core.outbox
        self.live = core.live
        self.database = core.database
        self.limits = core.limits
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
        with self.limits.held(SOCKETS_FROM, came_from(websocket.scope)) as room:
            if room:
                await self._serve(websocket)
            else:
                headers = {**_KIND, "retry-after": str(HELLO_WITHIN)}
                await websocket.send_denial_response(Response(error("too_fast"), 429, headers))

    async def _serve(self, websocket: WebSocket) -> None:
        await websocket.accept()
        socket = Socket(self, websocket)
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

    async def known(self, visitor: str) -> ConversationRow | None:
        """What has been said under this token; None where nothing has."""
        return await self.database.read(lambda t: conversations.find(t, CHANNEL, address_of(visitor)))

    async def accepted(self, said: Inbound) -> Receipt | None:
        """None where it was not: the page is told, and sends it again. Raises `TooManyError`."""
        receipt = await safely("message not accepted", self._received(said), None, (BusyError, OutageError))
        if isinstance(receipt, TooManyError):
            raise receipt
        return receipt

    async def _received(self, said: Inbound) -> Receipt | TooManyError:
        try:
            return await self.inbox.receive(said)
        except TooManyError as refused:  # for who sent it, and no failure of ours
            return refused

    async def post(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One message, answered in the response; a plain ASGI application, for it is the hot path."""
        headers, receipt = [*_HEADERS], None
        try:
            status, body, receipt = await self._answer(scope, receive)
        except TooManyError as refused:
            status, body = 429, error("busy" if isinstance(refused, OverloadError) else "too_fast")
            headers.append((b"retry-after", b"%d" % math.ceil(refused.seconds)))
        self.observe("delivering")
        await send({"type": "http.response.start", "status": status, "headers": [*headers, _length(body)]})
        await send({"type": "http.response.body", "body": body})
        self.observe("delivered")
        if receipt is not None and receipt.answers and not receipt.again:
            self.outbox.taken(receipt.conversation, receipt.last_seq)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, Receipt | None]:
        origin = came_from(scope)
        if self.origins.is_foreign(scope):
            return 403, error("foreign"), None
        self.limits.check(*self.limits.from_(REQUESTS_FROM, origin))
        try:
            post = decode_post(await body_of(receive, LARGEST))
        except BodyError:
            return 413, error("too_long"), None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return 400, error("bad_frame"), None
        visitor = _token_of(post.visitor)
        receipt = await self.accepted(inbound(visitor, post.id, post.text, post.choice, post.lang, origin))
        if receipt is None:
            return 503, error("busy"), None
        messages = b",".join(frame_of(each) for each in receipt.answers)
        head = encode(
            {"visitor": visitor, "ack": {"type": "ack", "id": post.id, "seq": receipt.seq}, "speaker": receipt.speaker}
        )
        return 200, head[:-1] + b',"messages":[' + messages + b"]}", receipt


def _token_of(asked: str | None) -> str:
    """The token that a page names, where it has the form of one; else a new one."""
    return asked if asked is not None and _TOKEN.fullmatch(asked) else secrets.token_urlsafe(24)


def inbound(visitor: str, id: str, text: str, choice: str | None, lang: str, origin: str = "") -> Inbound:
    return Inbound(
        channel=CHANNEL, address=address_of(visitor), id=id, text=text, choice=choice, lang=lang,
        at=int(time.time() * 1000), origin=origin,
    )  # fmt: skip


def _wordless(visitor: str, id: str, lang: str, origin: str) -> Inbound:
    return inbound(visitor, id, "", None, lang, origin)


_KIND = {"content-type": "application/json"}
_HEADERS = [(b"content-type", b"application/json")]


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(body)


class Socket:
    """One page's connection. A task of its own writes, so that a slow page delays nobody."""

    def __init__(self, webchat: Webchat, websocket: WebSocket) -> None:
        self._webchat = webchat
        self._websocket = websocket
        self._allowance = (FRAMES, f"{id(self)}")
        self._bad = 0
        self._refused = ("", 0.0)  # a message that was not accepted, and until when others wait for it
        self._visitor = ""
        self._origin = came_from(websocket.scope)
        self._lang: str = "zh"
        self._conversation: int | None = None
        self._seen = 0  # number of the last message that the page has
        self._news: asyncio.Event | None = None
        self._sending = asyncio.Lock()
        self._hint: asyncio.Task[None] | None = None

    async def talk(self) -> None:
        """Until the page goes, or writing to it fails: the connection ends then, and the page makes another one."""
        async with asyncio.TaskGroup() as self._tasks:
            await self._listen()

    async def _listen(self) -> None:
        hello = await asyncio.wait_for(self._read(), HELLO_WITHIN)
        while not isinstance(hello, Hello):
            await self._refuse("bad_frame")
            hello = await asyncio.wait_for(self._read(), HELLO_WITHIN)
        await self._greet(hello)
        while True:
            frame = await self._read()
            match frame:
                case PageMessage() | Chosen():
                    await self._receive(frame)
                case PagePing():
                    await self._send(b'{"type":"pong"}')
                case Hello():
                    await self._refuse("bad_frame")
                case PageTyping():
                    if self._conversation is not None:
                        self._webchat.live.typing(self._conversation, "resident")
                case Pong() | None:
                    pass

    def show_typing(self, conversation: int) -> None:
        """A seat is writing to this page's resident."""
        if conversation == self._conversation and (self._hint is None or self._hint.done()):
            self._hint = asyncio.create_task(self._type())

    async def _type(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
            await self._send(b'{"type":"typing"}')

    def leave(self) -> None:
        self._webchat.limits.forgive(self._allowance)
        if self._conversation is not None and self._news is not None:
            self._webchat.live.forget(self._conversation, self._news)

    async def _read(self) -> Frame | None:
        """The next frame; None for one that was refused."""
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        text: str | None = event.get("text")
        is_too_many = self._webchat.limits.take(self._allowance) > 0
        if text is None:
            await self._refuse("bad_frame")
            return None
        if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
            await self._refuse("too_long")
            return None
        try:
            frame: Frame = decode_frame(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            await self._refuse("bad_frame")
            return None
        if is_too_many:
            await (self._send_again(frame.id) if isinstance(frame, PageMessage | Chosen) else self._refuse("too_fast"))
            return None
        return frame

    async def _greet(self, hello: Hello) -> None:
        self._lang = hello.lang
        self._visitor, seq, speaker = _token_of(hello.visitor), 0, "bot"
        if (row := await self._webchat.known(self._visitor)) is not None:
            if self._webchat.limits.take((CATCHING_UP, row.address)) > 0:
                await self._end("too_fast", 1013)
            seq, speaker = row.seq, row.speaker
            first = hello.since if hello.since is not None and hello.since <= seq else 0
            if first:  # whoever wrote that to it may have died before that was noted
                self._webchat.outbox.taken(row.id, first)
            self._watch(row.id, max(first, seq - HISTORY if hello.since is None else first))
        elif hello.since:
            await self._refuse("gone")
        await self._send(encode({"type": "welcome", "visitor": self._visitor, "seq": seq, "speaker": speaker}))
        if self._news is not None:
            self._news.set()

    def _watch(self, conversation: int, seen: int) -> None:
        self._conversation = conversation
        self._seen = seen
        self._news = self._webchat.live.watch(conversation)
        self._tasks.create_task(self._write(conversation, self._news))

    async def _receive(self, frame: PageMessage | Chosen) -> None:
        if self._is_behind(frame.id):
            return await self._send_again(frame.id)
        text, choice = (frame.text, None) if isinstance(frame, PageMessage) else ("", frame.key)
        self._lang = frame.lang or self._lang
        said = inbound(self._visitor, frame.id, text, choice, self._lang, self._origin)
        try:
            receipt = await self._webchat.accepted(said)
        except TooManyError:
            receipt = None
        if receipt is None:
            return await self._send_again(frame.id)
        self._refused = ("", 0.0)
        await self._send(encode({"type": "ack", "id": frame.id, "seq": receipt.seq, "speaker": receipt.speaker}))
        if self._news is None:
            self._watch(receipt.conversation, 0)
        if self._news is not None:
            self._news.set()

    async def _write(self, conversation: int, news: asyncio.Event) -> None:
        """Sends whatever the page has not got, in order, whenever there is something."""
        database = self._webchat.database
        while True:
            await news.wait()
            news.clear()
            # By portions: what a page lacks may be all of a long talk, and is sent no faster than it is read.
            while rows := await database.read(
                lambda t: conversations.messages(t, conversation, self._seen + 1, self._seen + PORTION)
            ):
                await self._deliver(conversation, rows)

    async def _deliver(self, conversation: int, rows: Sequence[MessageRow]) -> None:
        self._webchat.observe("delivering")
        for row in rows:
            await self._send(frame_of(numbered(row)))
            self._seen = row.seq
        self._webchat.observe("delivered")
        if any(row.author != "resident" for row in rows):
            self._webchat.outbox.taken(conversation, self._seen)

    async def _send_again(self, id: str) -> None:
        """Asks for a message again; whatever was sent behind it comes again after it."""
        if not self._is_behind(id):
            self._refused = (id, time.monotonic() + BEHIND)
        await self._refuse("too_fast")

    def _is_behind(self, id: str) -> bool:
        """Whether it was said after a message that has not been accepted."""
        first, until = self._refused
        return id != first and time.monotonic() < until

    async def _refuse(self, code: str) -> None:
        self._bad += 1
        if self._bad > PATIENCE:
            await self._end(code, 1008)
        await self._send(error(code))

    async def _end(self, code: str, status: int) -> NoReturn:
        """Says why, and closes."""
        await self._send(error(code))
        await self._websocket.close(status)
        raise WebSocketDisconnect(status)

    async def _send(self, frame: bytes) -> None:
        async with self._sending:
            await asyncio.wait_for(self._websocket.send_text(frame.decode()), SEND_WITHIN)


def _open(core: Core) -> OpenChannel:
    webchat = Webchat(core)
    # The page that opens the socket is at the root, so it comes after all else.
    routes = [WebSocketRoute(PATH, webchat.socket), Mount("/", web.pages(lambda: _sign(core)))]
    uploads = Uploads(_wordless, webchat.accepted, webchat.origins.is_foreign, core.limits, core.file_bytes)
    reminding = Reminding(core, webchat.origins, webchat.known)
    posts: dict[str, ASGIApp] = {PATH: webchat.post, f"{PATH}/push": reminding.post, f"{PATH}/files": uploads}
    return OpenChannel(outlet=webchat, posts=posts, routes=routes, health=webchat.health)


def _sign(core: Core) -> web.Sign:
    texts, megabytes = core.texts, core.file_bytes // 1_000_000
    centre = texts.centre
    bots = (centre.values("zh")["bot"], centre.values("en")["bot"])
    hellos = (texts.line("zh", "greeting"), texts.line("en", "greeting"))
    return web.Sign(centre.name, bots, hellos, texts.kept, centre.hotline, centre.colour, core.push_key, megabytes)


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
