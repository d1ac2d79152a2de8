"""What leads from a message that came in to what leaves because of it. Nobody follows it unless somebody sets out to
(`daoxue/traces.py`), and then it is known by numbers alone: a conversation's and its messages'."""

from contextvars import ContextVar
from typing import Protocol


class Journey(Protocol):
    """As far as the task at hand has come."""

    def answered(self, channel: str, conversation: int, first: int, *, again: bool) -> None:
        """A message was accepted, and what answers it begins with message `first`; `again` says that it was answered before."""
        ...


FOLLOWED: ContextVar[Journey | None] = ContextVar("followed", default=None)
