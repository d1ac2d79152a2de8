"""What a page sends, read; what is wrong with it is told in words for people, by field."""

from typing import TypeVar

import msgspec

from desk.errors import TicketError
from knowledge.words import said

T = TypeVar("T")


def read(raw: bytes, kind: type[T]) -> T:
    """A form from JSON. Raises `TicketError`."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TicketError.of(said(error)) from error
