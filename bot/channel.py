"""What a channel declares of itself, and what it is once it is open. Whoever needs to know something of channels asks
this: nobody else lists them.

A channel is one file (or folder) of `integrations/` that makes a `Channel`, and one row in `integrations/channels.py`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from accounts.identity import Identity, Proof
from accounts.limits import Limits
from accounts.vault import Vault
from bot.examining import Finding
from bot.files import FileRefusal
from bot.inbox import Inbox, Receipt
from bot.live import Live
from bot.messages import Inbound, Reply
from bot.outbox import Outbox, Outlet
from bot.queue import Kind
from bot.texts import Texts
from bot.waiting import SeatAvailability
from bot.worker import Worker
from knowledge.library import Library
from store.database import Database
from store.identity import Grant


class FetchError(Exception):
    """A platform did not give a resident's file. `why` says that it never will; None where it may be asked again."""

    def __init__(self, why: FileRefusal | None = None) -> None:
        super().__init__(why.value if why else "unreachable")
        self.why = why


Fetch = Callable[[str, int], Awaitable[bytes]]  # by its `ref`, at most so many bytes. Raises `FetchError`
Render = Callable[[Sequence[Reply]], list[str]]
Told = Callable[[Inbound], Awaitable[Receipt]]


class SettingsError(ValueError):
    """A channel cannot be opened with these settings or secrets; the message names them by their path."""


class ChannelSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A stanza of `channels:` in `config.yml`; every field has a default. `secrets` are the variables of the environment
    that it needs where it is enabled, set like this; `unset` the settings that are empty and then may not be; `is_called` says
    that a platform or a browser of its residents calls us by `server.public_url`, so that it does not work without."""

    enabled: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        return ()

    @property
    def unset(self) -> tuple[str, ...]:
        return ()

    @property
    def is_called(self) -> bool:
        return False

    def lacking(self, environment: Mapping[str, str]) -> list[str]:
        """Those of its secrets that the environment does not hold."""
        return [name for name in self.secrets if not environment.get(name)]

    def check(self, stanza: str, environment: Mapping[str, str]) -> None:
        """Raises `SettingsError` where it, or the environment, lacks what the stanza of this name needs where it is enabled."""
        if self.unset:
            raise SettingsError(f"channels.{stanza}: {', '.join(self.unset)} must be set")
        if lacking := self.lacking(environment):
            raise SettingsError(f"channels.{stanza}: {', '.join(lacking)} must be set in the environment")


S = TypeVar("S", bound=ChannelSettings)


class Wanting(Struct, frozen=True):
    """A stanza that is not enabled: which of its settings are empty and then may not be, which secrets the environment lacks."""

    stanza: str
    settings: list[str]
    secrets: list[str]


@dataclass(frozen=True, slots=True)
class Stanza:
    """`channels.<name>` in `config.yml`."""

    name: str
    settings: type[ChannelSettings]


class Stanzas:
    """The settings of all channels. A stanza that is not given has its defaults."""

    def __init__(self, *given: ChannelSettings) -> None:
        self._given = {type(each): each for each in given}

    def __repr__(self) -> str:
        return f"Stanzas{tuple(self._given.values())}"

    def of(self, settings: type[S]) -> S:
        found = self._given.get(settings)
        return found if isinstance(found, settings) else settings()

    def having(self, *other: ChannelSettings) -> "Stanzas":
        """These, with others in place of their kind."""
        return Stanzas(*{**self._given, **{type(each): each for each in other}}.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Stanzas):
            return NotImplemented
        return all(self.of(kind) == other.of(kind) for kind in {*self._given, *other._given})

    def __hash__(self) -> int:
        return hash(frozenset(each for each in self._given.values() if each != type(each)()))


class Quota(Protocol):
    """How many messages may still be sent to a conversation, and until when (ms)."""

    @property
    def left(self) -> int: ...
    @property
    def until(self) -> int: ...


class Invitation(Protocol):
    """A code to scan, as a picture; `id` tells later whether it was."""

    @property
    def id(self) -> str: ...
    @property
    def svg(self) -> str: ...
    @property
    def until(self) -> int: ...


class Inviting(Protocol):
    """Binding at the counter. `invite` raises `ConnectionError`."""

    async def invite(self, card: str, by: str, now: int, grant: Grant) -> Invitation | None: ...
    async def is_taken(self, id: str) -> bool: ...


class Calling(Protocol):
    """What a seat does with the call of a ticket. `call_back` and `confer` raise `ConnectionError`."""

    async def call_back(self, ref: str, phone: str) -> bool: ...
    async def hold(self, ref: str, on: bool) -> bool: ...
    async def confer(self, ref: str, phone: str) -> bool: ...
    async def stage(self, ref: str) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What a channel may use of the process that opens it. `public_url` is how residents and platforms reach us, without
    a slash at its end; `file_bytes` is how large a resident's file may be; `observe` is told of the steps of a delivery;
    `clock` is in seconds; `secrets` is the environment; `push_key` is what browsers subscribe to web push with, empty where
    there is none."""

    stanzas: Stanzas
    secrets: Mapping[str, str]
    inbox: Inbox
    outbox: Outbox
    live: Live
    database: Database
    texts: Texts
    identity: Identity
    vault: Vault
    desk: SeatAvailability
    library: Library
    limits: Limits
    zone: ZoneInfo
    file_bytes: int
    public_url: str
    observe: Callable[[str], None]
    clock: Callable[[], float]
    push_key: str = ""

    def now(self) -> int:
        """In ms."""
        return int(self.clock() * 1000)


class ChannelHealth(Struct, frozen=True):
    """How a channel, or something else that is connected, is: `alarm` is what fails, null where nothing does. The rest is
    null where there is no such thing: pages that are open, whether it may send by itself, texts that left in a day and
    segments as they are billed, the version and the model of a server."""

    alarm: str | None = None
    sockets: int | None = None
    may_push: bool | None = None
    texts: int | None = None
    segments: int | None = None
    version: str | None = None
    model: str | None = None


async def nothing_to_tell(now: int) -> ChannelHealth:
    """The health of what is always well."""
    return ChannelHealth()


async def nothing_to_close() -> None:
    """For channels that hold no connection open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChannel:
    """A channel at work in this process.

    `posts` are webhooks by path, answered ahead of the web framework; `routes` all else that is served. `kinds`
    are what it does for the queue, `work` what goes on in the background. `health` tells at a time (ms) what the desk
    shows of it.
    `fetch` gets a file of a resident's that the platform keeps.
    `quota` is of a conversation, where the platform counts; `inviting` and `calling` where it can do that.
    """

    outlet: Outlet
    posts: Mapping[str, ASGIApp] = field(default_factory=dict)
    routes: Sequence[BaseRoute] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    work: Sequence[Worker] = ()
    health: Callable[[int], Awaitable[ChannelHealth]] = nothing_to_tell
    close: Callable[[], Awaitable[None]] = nothing_to_close
    fetch: Fetch | None = None
    quota: Callable[[int], Awaitable[Quota]] | None = None
    inviting: Inviting | None = None
    calling: Calling | None = None


@dataclass(frozen=True, slots=True)
class Opens:
    """How a channel is opened by `open_channel(core)` of a module that is imported then and not before: what nobody has
    switched on costs no start and no memory."""

    module: str

    def __call__(self, core: Core) -> OpenChannel:
        """Raises `SettingsError`."""
        opened: object = import_module(self.module).open_channel(core)
        if not isinstance(opened, OpenChannel):
            raise TypeError(f"{self.module}: open_channel gives no OpenChannel")
        return opened


@dataclass(frozen=True, slots=True)
class Means:
    """What a channel may use when it is examined. `database` is None where it cannot be used; `public_url` and `clock` are as
    in `Core`."""

    stanzas: Stanzas
    secrets: Mapping[str, str]
    database: Database | None
    public_url: str
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Examines:
    """How a channel is examined by `examine(means)` of a module that is imported then and not before. It asks its platform
    only what changes nothing there."""

    module: str

    async def __call__(self, means: Means) -> list[Finding]:
        """Raises `SettingsError`."""
        examine: Callable[[Means], Awaitable[list[Finding]]] = import_module(self.module).examine
        return await examine(means)


def nothing_wrong(replies: Sequence[Reply]) -> list[str]:
    """For channels without limits."""
    return []


def handed_in(inbox: Inbox) -> Told:
    """As it was said."""
    return inbox.receive


NO_PROOF = Proof()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way for residents to reach us.

    `name` is what conversations keep; `zh`, `en` and `colour` (CSS) are how the desk shows it. It is served where one of
    its `stanzas` is enabled; then it is opened by `open`, which gives the `Opens` of a module where the channel is more than
    the file of its declaration. `render` is what residents get of replies, `problems` what of them does not fit. `proof` is
    how a resident proves there who they are. `load` is how much of a seat's capacity a conversation takes; `files`
    whether a seat may send some, and `longest` how many characters (UTF-16 units) it may write in one go (0: as many as
    anywhere). `drafts`: all can read what is said there, so what a seat has answered becomes a draft for editors when its
    ticket is closed. `greets` is the text it greets with, which a centre may have in other words on each channel.

    `by_phone`: addresses are telephone numbers. `notices`: one may be told something there without having asked. `texts`:
    it writes to any telephone, so one-time codes go by it, and notices to who is reached nowhere else. `mails`: it writes to
    any address of mail. `looked_at`: what is said there is only seen by who comes and looks.
    `examine` asks its platform whether we are let in, and what is left of a quota, for `daoxue doctor`.
    `played` is how a talk in the terminal hands in what is said, where that is more than receiving it.
    """

    name: str
    zh: str
    en: str
    colour: str
    stanzas: tuple[Stanza, ...]
    open: Callable[[Core], OpenChannel]
    render: Render
    problems: Render = nothing_wrong
    proof: Proof = NO_PROOF
    load: int = 1
    files: bool = True
    longest: int = 0
    drafts: bool = False
    greets: str = "greeting"
    by_phone: bool = False
    notices: bool = False
    texts: bool = False
    mails: bool = False
    looked_at: bool = False
    examine: Examines | None = None
    played: Callable[[Inbox], Told] = handed_in

    def is_on(self, stanzas: Stanzas) -> bool:
        return any(stanzas.of(each.settings).enabled for each in self.stanzas)

    def wants(self, stanzas: Stanzas, environment: Mapping[str, str]) -> list[Wanting]:
        """What each of its stanzas lacks to be opened."""
        found = ((each.name, stanzas.of(each.settings)) for each in self.stanzas)
        return [Wanting(name, list(own.unset), own.lacking(environment)) for name, own in found]

    def unset(self, stanzas: Stanzas) -> list[str]:
        """What is empty and may not be of what is enabled, as `channels.<stanza>.<setting>`."""
        enabled = [each for each in self.stanzas if stanzas.of(each.settings).enabled]
        return [f"channels.{each.name}.{name}" for each in enabled for name in stanzas.of(each.settings).unset]

    def lacking(self, stanzas: Stanzas, environment: Mapping[str, str]) -> list[str]:
        """The secrets of what is enabled that the environment does not hold, as `channels.<stanza>: NAME`."""
        return [
            f"channels.{each.name}: {name}"
            for each in self.stanzas
            if (settings := stanzas.of(each.settings)).enabled
            for name in settings.lacking(environment)
        ]
