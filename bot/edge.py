"""The edge of the process: somebody outside has to hear something whatever fails inside, and is listened to for so long."""

import logging
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Receive, Scope

T = TypeVar("T")
log = logging.getLogger(__name__)


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


def came_from(scope: Scope) -> str:
    """The network address that a request is from, as `Inbound.origin` has it; empty where it is not known."""
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
