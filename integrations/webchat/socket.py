"""One page's connection.

The page numbers nothing itself: it sends a message until it is acknowledged, and asks for what it lacks by the last number
it has seen. So it may lose its connection at any moment, and misses and doubles nothing.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import NoReturn

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from accounts.limits import CATCHING_UP, FRAMES, TooManyError
from bot.admission import OverloadError
from bot.edge import came_from
from bot.inbox import numbered
from integrations.webchat.frames import (
    Chosen,
    Frame,
    Hello,
    PageMessage,
    PagePing,
    PageTyping,
    Pong,
    decode_frame,
    encode,
    error,
    frame_of,
)
from integrations.webchat.visitors import LARGEST, Visitors, token_of
from store import conversations
from store.conversations import MessageRow

HISTORY = 300  # messages sent to a page that has none
HELLO_WITHIN = 15  # seconds
SEND_WITHIN = 20  # seconds that a page may take to read a frame
PORTION = 50  # messages that are read at once for a page that lacks some
PATIENCE = 20  # refused frames before the socket is closed
BEHIND = 4.0  # seconds in which a page sends again what was refused; what comes behind it waits for it


class Socket:
    """One page's connection. A task of its own writes, so that a slow page delays nobody."""

    def __init__(self, visitors: Visitors, websocket: WebSocket) -> None:
        self._visitors = visitors
        self._websocket = websocket
        self._allowance = (FRAMES, f"{id(self)}")
        self._bad = 0
        self._refused = ("", 0.0)  # a message that was not accepted, and until when others wait for it
        self._is_our_fault = False  # that it was not
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
                        self._visitors.core.live.typing(self._conversation, "resident")
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
        self._visitors.core.limits.forgive(self._allowance)
        if self._conversation is not None and self._news is not None:
            self._visitors.core.live.forget(self._conversation, self._news)

    async def _read(self) -> Frame | None:
        """The next frame; None for one that was refused."""
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        text: str | None = event.get("text")
        is_too_many = self._visitors.core.limits.take(self._allowance) > 0
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
        self._visitor, seq, speaker = token_of(hello.visitor), 0, "bot"
        if (row := await self._visitors.known(self._visitor)) is not None:
            if self._visitors.core.limits.take((CATCHING_UP, row.address)) > 0:
                await self._end("too_fast", 1013)
            seq, speaker = row.seq, row.speaker
            first = hello.since if hello.since is not None and hello.since <= seq else 0
            if first:  # whoever wrote that to it may have died before that was noted
                self._visitors.core.outbox.taken(row.id, first)
            self._watch(row.id, max(first, seq - HISTORY if hello.since is None else first))
        elif hello.since:
            await self._refuse("gone")
        await self._send(encode({"type": "welcome", "visitor": self._visitor, "seq": seq, "speaker": speaker}))
        if self._news is not None:
            self._news.set()

    def _watch(self, conversation: int, seen: int) -> None:
        self._conversation = conversation
        self._seen = seen
        self._news = self._visitors.core.live.watch(conversation)
        self._tasks.create_task(self._write(conversation, self._news))

    async def _receive(self, frame: PageMessage | Chosen) -> None:
        if self._is_behind(frame.id):
            return await self._send_again(frame.id, is_ours=self._is_our_fault)
        text, choice = (frame.text, None) if isinstance(frame, PageMessage) else ("", frame.key)
        self._lang = frame.lang or self._lang
        said = self._visitors.said(self._visitor, frame.id, text, choice, self._lang, self._origin)
        try:
            receipt = await self._visitors.accepted(said)
        except OverloadError:
            receipt = None
        except TooManyError:
            return await self._send_again(frame.id)
        if receipt is None:
            return await self._send_again(frame.id, is_ours=True)
        self._refused = ("", 0.0)
        await self._send(encode({"type": "ack", "id": frame.id, "seq": receipt.seq, "speaker": receipt.speaker}))
        if self._news is None:
            self._watch(receipt.conversation, 0)
        if self._news is not None:
            self._news.set()

    async def _write(self, conversation: int, news: asyncio.Event) -> None:
        """Sends whatever the page has not got, in order, whenever there is something."""
        database = self._visitors.core.database
        while True:
            await news.wait()
            news.clear()
            # By portions: what a page lacks may be all of a long talk, and is sent no faster than it is read.
            while rows := await database.read(
                lambda t: conversations.messages(t, conversation, self._seen + 1, self._seen + PORTION)
            ):
                await self._deliver(conversation, rows)

    async def _deliver(self, conversation: int, rows: Sequence[MessageRow]) -> None:
        self._visitors.core.observe("delivering")
        for row in rows:
            await self._send(frame_of(numbered(row)))
            self._seen = row.seq
        self._visitors.core.observe("delivered")
        if any(row.author != "resident" for row in rows):
            self._visitors.core.outbox.taken(conversation, self._seen)

    async def _send_again(self, id: str, *, is_ours: bool = False) -> None:
        """Asks for a message again; whatever was sent behind it comes again after it. Where it `is_ours` that it was not
        accepted, that is not held against the page, which would only connect again."""
        if not self._is_behind(id):
            self._refused, self._is_our_fault = (id, time.monotonic() + BEHIND), is_ours
        if is_ours:
            await self._send(error("too_fast"))
        else:
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
