"""What the desk's API works with, put together once by the composition."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.comprehension import Comprehension
from bot.inbox import Inbox
from bot.live import Live
from bot.messages import Reply
from desk.broadcasts import Broadcasts
from desk.dispatch import Dispatch
from desk.editing import Editing
from desk.feed import Feed
from desk.hooks import Hooks
from desk.hours import DeskSettings, Hours
from desk.learners import Learners
from desk.oidc import Oidc
from desk.people import People
from desk.residents import Residents
from desk.search import Search
from desk.standing import Standing
from desk.tickets import Tickets
from knowledge.library import Library
from store.database import Database
from store.identity import Grant


class Invitation(Protocol):
    """A code to scan, as a picture; `id` tells later whether it was."""

    @property
    def id(self) -> str: ...
    @property
    def svg(self) -> str: ...
    @property
    def until(self) -> int: ...


class Inviting(Protocol):
    """Binding at the counter, where a channel can."""

    async def invite(self, card: str, by: str, now: int, grant: Grant) -> Invitation | None: ...
    async def is_taken(self, id: str) -> bool: ...


class Calling(Protocol):
    """What a seat does with the call of a ticket. `call_back` and `confer` raise `ConnectionError`."""

    async def call_back(self, ref: str, phone: str) -> bool: ...
    async def hold(self, ref: str, on: bool) -> bool: ...
    async def confer(self, ref: str, phone: str) -> bool: ...
    async def stage(self, ref: str) -> str | None: ...


class Quota(Protocol):
    """How many messages may still be sent on a channel, and until when (ms)."""

    @property
    def left(self) -> int: ...
    @property
    def until(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of the desk. `secure` says that pages reach us over https."""

    database: Database
    live: Live
    library: Library
    comprehension: Comprehension
    settings: DeskSettings
    hours: Hours
    zone: ZoneInfo
    tickets: Tickets
    people: People
    oidc: Oidc
    public_url: str
    dispatch: Dispatch
    feed: Feed
    search: Search
    editing: Editing
    standing: Standing
    hooks: Hooks
    residents: Residents
    learners: Learners
    broadcasts: Broadcasts
    inbox: Inbox
    renderers: Mapping[str, Callable[[Sequence[Reply]], list[str]]]
    health: Callable[[], Awaitable[Mapping[str, object]]]
    secure: bool = False
    inviting: Inviting | None = None
    calling: Calling | None = None
    quotas: Mapping[str, Callable[[int], Awaitable[Quota]]] = field(
        default_factory=dict
    )  # by channel, of a conversation
