"""The parts of the desk, put together once by the composition; who needs one takes that one (`desk/api/given.py`)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from bot.channel import Calling, Channel, ChannelHealth, Inviting, OpenChannel, Wanting
from bot.comprehension import Comprehension
from bot.inbox import Inbox
from bot.live import Live
from desk.attempts import Attempts
from desk.broadcasts import Broadcasts
from desk.cataloguing import Cataloguing
from desk.dispatch import Dispatch
from desk.drafting import Drafting
from desk.editing import Editing
from desk.feed import Feed
from desk.hooks import Hooks
from desk.hours import Hours
from desk.learners import Learners
from desk.looks import Glances
from desk.oidc import Oidc
from desk.people import People
from desk.replies import Replies
from desk.residents import Residents
from desk.search import ConversationSearch
from desk.signing import SignIn
from desk.standing import LiveSettings
from desk.tickets import Tickets
from knowledge.library import Library
from store.database import Database


class WorkerInTrouble(Struct, frozen=True):
    """Work in the background that fails or hangs; `words` say it."""

    name: str
    words: str


class Health(Struct, frozen=True):
    """How the channels at work and what else is connected are, by name, and what lies behind them; what the others lack to
    be opened. None is what could not be counted."""

    channels: dict[str, ChannelHealth]
    closed: dict[str, list[Wanting]]
    undelivered: int | None
    given_up: int | None
    database: str
    outage: str  # what keeps us from the database, in words; empty where nothing does
    workers: list[WorkerInTrouble]


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of the desk. `channels` are all that there are, `opened` those at work; `clock` says the time (seconds)."""

    database: Database
    live: Live
    library: Library
    comprehension: Comprehension
    hours: Hours
    tickets: Tickets
    replies: Replies
    people: People
    signing: SignIn
    attempts: Attempts
    oidc: Oidc
    public_url: str
    dispatch: Dispatch
    feed: Feed
    search: ConversationSearch
    editing: Editing
    drafting: Drafting
    cataloguing: Cataloguing
    standing: LiveSettings
    hooks: Hooks
    residents: Residents
    learners: Learners
    broadcasts: Broadcasts
    inbox: Inbox
    channels: Mapping[str, Channel]
    opened: Mapping[str, OpenChannel]
    clock: Callable[[], float]
    health: Callable[[], Awaitable[Health]]
    glances: Glances = field(default_factory=Glances)

    @property
    def inviting(self) -> Inviting | None:
        """What makes codes to scan at the counter, where a channel can."""
        return next((each.inviting for each in self.opened.values() if each.inviting), None)

    @property
    def calling(self) -> Calling | None:
        """What calls, where a channel can."""
        return next((each.calling for each in self.opened.values() if each.calling), None)
