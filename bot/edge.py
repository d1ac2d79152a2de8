"""The edge of the process, where somebody outside has to hear something whatever fails inside."""

import logging
from collections.abc import Awaitable
from typing import TypeVar

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
