"""The edge of the process: somebody outside has to hear something whatever fails inside, and is listened to for so long."""

import logging
from collections.abc import Awaitable, Hashable, Sequence
from typing import TypeVar

from starlette.types import Receive, Scope, Send

T = TypeVar("T")
log = logging.getLogger(__name__)
TRIES, REMEMBERED = 3, 1_000  # that something has before it is put aside, and of how many that is known


async def safely(
    what: str, work: Awaitable[T], otherwise: T, quietly: type[Exception] | tuple[type[Exception], ...] = ()
) -> T:
    """What `work` gives, or `otherwise` where it fails in any way; logged as `what`, unless it is `quietly`."""
    try:
        return await work
    except Exception as error:  # what it may be is not known here: this is the edge
        if not isinstance(error, quietly):
            log.error(what, exc_info=error)
        return otherwise


class Failures:
    """How often what comes again until it is taken has failed, as far as this process knows."""

    def __init__(self) -> None:
        self._failed: dict[Hashable, int] = {}  # the last

    def enough(self, id: Hashable) -> bool:
        """It has failed; whether it has so often that it would only keep others waiting, and is to be put aside."""
        times = self._failed[id] = self._failed.pop(id, 0) + 1
        if len(self._failed) > REMEMBERED:
            self._failed.pop(next(iter(self._failed)))
        return times >= TRIES


def came_from(scope: Scope) -> str:
    """The network address that a request is from, which is an `Inbound.origin` where a resident sends it; empty where it is not known."""
    client = scope.get("client")
    return str(client[0]) if client else ""


class BodyError(Exception):
    """A body that is not read to its end. The message is a word for a counter."""


async def body_of(receive: Receive, most: int) -> bytes:
    """What a request holds. Raises `BodyError` for more than `most` bytes, and where it is broken off."""
    parts, size, more = [], 0, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise BodyError("disconnect")
        part = event.get("body", b"")
        size += len(part)
        if size > most:
            raise BodyError("size")
        parts.append(part)
        more = event.get("more_body", False)
    return b"".join(parts)


async def respond(send: Send, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Answers a request; how long the body is goes with it."""
    length = b"content-length", b"%d" % len(body)
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
