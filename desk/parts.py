"""What the desk's API works with, put together once by the composition."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.comprehension import Comprehension
from bot.live import Live
from desk.dispatch import Dispatch
from desk.editing import Editing
from desk.feed import Feed
from desk.hours import DeskSettings, Hours
from desk.people import People
from desk.search import Search
from desk.tickets import Tickets
from knowledge.library import Library
from store.database import Database


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
    dispatch: Dispatch
    feed: Feed
    search: Search
    editing: Editing
    secure: bool = False
