"""The forum's webhook: what has happened to a post, a topic, an account or a category is committed before it is acknowledged,
and looked at later.

A row in the queue says which post or topic; what stands in it is read from the forum when its time has come. So webhooks may
come twice and in any order: what is answered is the post as it is then, and one that is gone is not.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence

import msgspec
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from bot.channel import Core
from bot.edge import BodyError, body_of, respond, safely
from integrations.forum.events import AccountChanged, CategoryGone, ForumEvent, ForumEvents, PostToRead, TopicChanged
from integrations.forum.following import ForumFollower
from integrations.forum.rows import account_row, category_row, label, new_row, topic_row
from integrations.forum.settings import ForumSettings
from store import queue
from store.queue import NewRow

LARGEST = 1 << 20  # bytes: a post of 32 000 characters comes three times in an event
RECEIVED = Counter("daoxue_forum_received", "Events of the forum, by what came of them", ["what"])
REFUSED = Counter("daoxue_forum_refused", "Requests not proven to come from the forum, by reason", ["why"])
_SIGNATURE, _NAME, _ID = b"x-discourse-event-signature", b"x-discourse-event", b"x-discourse-event-id"
_EVENT = re.compile(r"[\w-]{1,64}", re.ASCII)


class ForumHook:
    """The webhook."""

    def __init__(self, core: Core, settings: ForumSettings, secret: bytes, follower: ForumFollower) -> None:
        self._core = core
        self._wait = settings.wait * 1000
        self._secret = secret
        self._follower = follower
        self._events = ForumEvents(settings, core.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Where it fails, nothing was accepted, and the forum delivers it again.
        await respond(send, await safely("event not accepted", self._accepted(scope, receive), 503), b"")

    async def _accepted(self, scope: Scope, receive: Receive) -> int:
        """The status to answer with."""
        try:
            body = await body_of(receive, LARGEST)
        except BodyError as error:
            REFUSED.labels(str(error)).inc()
            return 413
        signed = "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        given = [value for name, value in scope["headers"] if name == _SIGNATURE]
        if len(given) != 1 or not hmac.compare_digest(given[0], signed.encode()):
            REFUSED.labels("signature").inc()
            return 403
        headers = dict(scope["headers"])
        name, event = (headers.get(each, b"").decode("latin-1") for each in (_NAME, _ID))
        RECEIVED.labels(await self._taken(name, event, body)).inc()
        return 200

    async def _taken(self, name: str, event: str, body: bytes) -> str:
        """What came of an event, in a word."""
        if not self._events.concerns(name):
            return "ignored"
        try:
            what = self._events.read(name, body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            event, what = "", None
        if not _EVENT.fullmatch(event):
            return "unusable"  # proven to be the forum's, and of no use however often it comes
        rows = await self._rows(what, event)
        if not rows:
            return "ignored"
        new = await self._core.database.write(lambda t: [queue.put(t, row) for row in rows], quick=True)
        self._core.observe("kept")
        return label(rows[-1]) if any(new) else "again"

    async def _rows(self, what: ForumEvent | None, event: str) -> Sequence[NewRow]:
        """What is to be done later because of it."""
        now = self._core.now()
        match what:
            case PostToRead():
                return [new_row(what, event, now, now + self._wait)]
            case TopicChanged(topic, first):
                rows = [new_row(first, event, now, now + self._wait)] if first is not None else []
                return [*rows, topic_row(topic, event, now)] if await self._follower.has_tickets_in(topic) else rows
            case AccountChanged(user):
                return [account_row(what, event, now)] if await self._follower.has_tickets_of(user) else []
            case CategoryGone(category):
                return [category_row(category, event, now)]
        return []
