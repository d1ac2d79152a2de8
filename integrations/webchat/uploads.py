"""Files that residents send from a page of ours: one a request, its content as the body and all else in headers, which no page
of another site can send."""

import asyncio
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, NoReturn
from urllib.parse import unquote

from msgspec.structs import replace
from starlette.types import Receive, Scope, Send

from accounts.limits import FILES, FILES_FROM, MEGABYTES, MEGABYTES_FROM, TooManyError, place
from bot.edge import BodyError, body_of, came_from, respond
from bot.files import FileRefusal, FileRefusedError, checked
from bot.keeping import NAME
from bot.messages import Arrived, Inbound
from integrations.webchat.frames import encode, error
from integrations.webchat.origins import Origins
from integrations.webchat.visitors import TOKEN, Visitors

AT_ONCE = 16  # whose content is in memory at the same time
FROM_ONE = 8  # of these from one network address: who is slow keeps nobody else out
WITHIN = 120  # seconds for a content to arrive
AGAIN = 3  # seconds until there may be room
LONGEST = 1_000  # characters of a header
_ID = re.compile(NAME)
_MEANT = (("image/", "[图片]", "image"), ("audio/", "[语音]", "voice"), ("", "[文件]", "file"))
_STATUS = {"bad_frame": 400, "foreign": 403, "too_large": 413, "kind": 415, "empty": 422, "busy": 503}


class _NotTakenError(Exception):
    """The message is the code to answer with."""


class _Head(NamedTuple):
    """What the headers say; `length` in bytes."""

    visitor: str
    id: str
    name: str
    lang: str
    length: int


def meant(said: Inbound, file: Arrived) -> Inbound:
    """A message that is a file and nothing else."""
    words, kind = next((words, kind) for begins, words, kind in _MEANT if file.type.startswith(begins))
    intent = "cannot_read" if kind == "voice" else "sent_file"
    return replace(said, text=words, intent=intent, slots={"kind": kind}, files=(file,))


class Uploads:
    """An ASGI application; `largest` is in bytes."""

    def __init__(self, visitors: Visitors, origins: Origins, largest: int) -> None:
        self._visitors = visitors
        self._origins = origins
        self._largest = largest
        self._under_way: Counter[str] = Counter()  # by network address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers when the message is committed with its file, or when nothing of it is kept. The same id again is the same
        message."""
        headers = [(b"content-type", b"application/json")]
        try:
            status, body = 200, await self._taken(scope, receive)
        except TooManyError as refused:
            status, body = 429, error("too_fast")
            headers.append((b"retry-after", b"%d" % math.ceil(refused.seconds)))
        except (_NotTakenError, FileRefusedError) as refusal:
            status, body = _STATUS[str(refusal)], error(str(refusal))
        if status == 503:
            headers.append((b"retry-after", b"%d" % AGAIN))
        await respond(send, status, body, headers)

    async def _taken(self, scope: Scope, receive: Receive) -> bytes:
        """What to answer. Raises `TooManyError`, `_NotTakenError`, `FileRefusedError`."""
        if self._origins.is_foreign(scope):
            raise _NotTakenError("foreign")
        head = _head(scope)
        if head.length == 0:
            raise FileRefusedError(FileRefusal.EMPTY)
        if head.length > self._largest:
            raise FileRefusedError(FileRefusal.TOO_LARGE)
        said = self._visitors.said(head.visitor, head.id, "", None, head.lang, came_from(scope))
        self._count(said, head.length)
        with self._room(place(said.origin)[0]):
            body = await _body(receive, head.length)
            name, kind = await asyncio.to_thread(checked, head.name, body)
            receipt = await self._visitors.accepted(meant(said, Arrived(name, kind, body)))
        if receipt is None:
            raise _NotTakenError("busy")
        return encode({"type": "ack", "id": head.id, "seq": receipt.seq})

    @contextmanager
    def _room(self, where: str) -> Iterator[None]:
        """Room in memory for one more. Raises `_NotTakenError`."""
        if self._under_way.total() >= AT_ONCE or self._under_way[where] >= FROM_ONE:
            raise _NotTakenError("busy")
        self._under_way[where] += 1
        try:
            yield
        finally:
            self._under_way[where] -= 1
            if not self._under_way[where]:
                del self._under_way[where]

    def _count(self, said: Inbound, length: int) -> None:
        """How many, and how much, before any of it is read. Raises `TooManyError`."""
        limits, who = self._visitors.core.limits, f"{said.channel} {said.address}"
        megabytes = limits.both(MEGABYTES, who, MEGABYTES_FROM, said.origin)
        files = limits.both(FILES, who, FILES_FROM, said.origin)
        limits.check(*files, *megabytes * math.ceil(length / 1_000_000))


async def _body(receive: Receive, length: int) -> bytes:
    """The whole content. Raises `_NotTakenError`."""
    try:
        async with asyncio.timeout(WITHIN):
            body = await body_of(receive, length)
    except (BodyError, TimeoutError) as broken:
        raise _NotTakenError("bad_frame") from broken
    return body if len(body) == length else _bad()


def _head(scope: Scope) -> _Head:
    """Raises `_NotTakenError`."""
    given = {name: value.decode("latin-1")[:LONGEST] for name, value in scope["headers"]}
    length, visitor, id = (given.get(name, "") for name in (b"content-length", b"x-visitor", b"x-id"))
    if not (length.isdecimal() and length.isascii() and TOKEN.fullmatch(visitor) and _ID.fullmatch(id)):
        _bad()
    lang = "en" if given.get(b"x-lang") == "en" else "zh"
    return _Head(visitor, id, unquote(given.get(b"x-name", "")), lang, int(length))


def _bad() -> NoReturn:
    raise _NotTakenError("bad_frame")
