"""What an operation is given of the desk: it names the parts that it uses, and has no others."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from bot.channel import Calling, Channel, Inviting, OpenChannel
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
from desk.oidc import Oidc
from desk.parts import Desk, Health
from desk.people import People
from desk.replies import Replies
from desk.residents import Residents
from desk.search import ConversationSearch
from desk.signing import SignIn
from desk.standing import LiveSettings
from desk.tickets import Tickets
from knowledge.library import Library
from store.database import Database


def desk_of(connection: HTTPConnection) -> Desk:
    """All of them: for who lets in, and for what stands here."""
    desk: Desk = connection.app.state.desk
    return desk


class _Part:
    """A dependency that is the part of this name."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, connection: HTTPConnection) -> object:
        return getattr(desk_of(connection), self.name)


TheDatabase = Annotated[Database, Depends(_Part("database"))]
TheLive = Annotated[Live, Depends(_Part("live"))]
TheLibrary = Annotated[Library, Depends(_Part("library"))]
TheComprehension = Annotated[Comprehension, Depends(_Part("comprehension"))]
TheHours = Annotated[Hours, Depends(_Part("hours"))]
TheTickets = Annotated[Tickets, Depends(_Part("tickets"))]
TheReplies = Annotated[Replies, Depends(_Part("replies"))]
ThePeople = Annotated[People, Depends(_Part("people"))]
TheSignIn = Annotated[SignIn, Depends(_Part("signing"))]
TheAttempts = Annotated[Attempts, Depends(_Part("attempts"))]
TheOidc = Annotated[Oidc, Depends(_Part("oidc"))]
ThePublicUrl = Annotated[str, Depends(_Part("public_url"))]
TheDispatch = Annotated[Dispatch, Depends(_Part("dispatch"))]
TheFeed = Annotated[Feed, Depends(_Part("feed"))]
TheSearch = Annotated[ConversationSearch, Depends(_Part("search"))]
TheEditing = Annotated[Editing, Depends(_Part("editing"))]
TheDrafting = Annotated[Drafting, Depends(_Part("drafting"))]
TheCataloguing = Annotated[Cataloguing, Depends(_Part("cataloguing"))]
TheStanding = Annotated[LiveSettings, Depends(_Part("standing"))]
TheHooks = Annotated[Hooks, Depends(_Part("hooks"))]
TheResidents = Annotated[Residents, Depends(_Part("residents"))]
TheLearners = Annotated[Learners, Depends(_Part("learners"))]
TheBroadcasts = Annotated[Broadcasts, Depends(_Part("broadcasts"))]
TheInbox = Annotated[Inbox, Depends(_Part("inbox"))]
TheChannels = Annotated[Mapping[str, Channel], Depends(_Part("channels"))]
TheOpened = Annotated[Mapping[str, OpenChannel], Depends(_Part("opened"))]
TheHealth = Annotated[Callable[[], Awaitable[Health]], Depends(_Part("health"))]
TheInviting = Annotated[Inviting | None, Depends(_Part("inviting"))]
TheCalling = Annotated[Calling | None, Depends(_Part("calling"))]


async def now_of(connection: HTTPConnection) -> int:
    """The moment, by the clock that the desk was given: milliseconds since 1970 UTC."""
    return int(desk_of(connection).clock() * 1000)


Now = Annotated[int, Depends(now_of)]  # the same for all that one request does


async def _moment(now: Now, hours: TheHours) -> datetime:
    return datetime.fromtimestamp(now / 1000, hours.zone)


Moment = Annotated[datetime, Depends(_moment)]  # the same, by the clocks and the calendar of the centre


async def _today(moment: Moment) -> date:
    return moment.date()


Today = Annotated[date, Depends(_today)]
