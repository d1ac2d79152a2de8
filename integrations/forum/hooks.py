"""The forum's webhook: what has happened to a post is committed before it is acknowledged, and looked at later.

A row in the queue says which post; what stands in it is read from the forum when its time has come. So webhooks may come
twice and in any order: what is answered is the post as it is then, and one that is gone is not.
"""

import hashlib
import hmac
import re
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from bot.channel import Core
from bot.edge import BodyError, body_of, respond, safely
from integrations.forum.settings import CHANNEL, ForumSettings
from store import queue
from store.queue import NewRow

LANE = f"{CHANNEL}-posts"
KIND = "forum_post"
LARGEST = 1 << 20  # bytes: a post of 32 000 characters comes three times in an event
RECEIVED = Counter("daoxue_forum_received", "Events of the forum, by what came of them", ["what"])
REFUSED = Counter("daoxue_forum_refused", "Requests not proven to come from the forum, by reason", ["why"])
_SIGNATURE, _NAME, _ID = b"x-discourse-event-signature", b"x-discourse-event", b"x-discourse-event-id"
_EVENT = re.compile(r"[\w-]{1,64}", re.ASCII)
RECENT = 3 * 86_400  # seconds after which a topic that gets another title or category is not read for the first time
_LOOKED_AT = {"post_created", "post_edited", "post_recovered", "post_destroyed"}
_OF_TOPICS = {"topic_edited"}  # a title or a category that is changed is told so, and in no other way
Number = Annotated[int, Meta(ge=1, le=1 << 53)]


class PostToRead(Struct, frozen=True, array_like=True):
    """Which post is to be looked at: by its topic, its number in there, and its own (0: nobody has said); and who wrote it.
    `anew` says that it was read before, and what answered it will not leave."""

    topic: Number
    number: Number
    post: Annotated[int, Meta(ge=0, le=1 << 53)]
    user: Number
    anew: bool = False


class _Post(Struct, frozen=True):
    id: Number
    topic_id: Number
    post_number: Number
    user_id: Annotated[int, Meta(ge=-(1 << 53), le=1 << 53)] | None = None  # the forum's own accounts are below 1
    username: str = ""
    category_id: int | None = None
    topic_archetype: str = "regular"
    post_type: int = 1
    staff: bool = False


class _Event(Struct, frozen=True):
    post: _Post


class _Topic(Struct, frozen=True):
    id: Number
    created_at: datetime
    user_id: Annotated[int, Meta(ge=-(1 << 53), le=1 << 53)] | None = None
    category_id: int | None = None
    archetype: str = "regular"


class _TopicEvent(Struct, frozen=True):
    topic: _Topic


_read = msgspec.json.Decoder(_Event).decode
_read_topic = msgspec.json.Decoder(_TopicEvent).decode
_encode = msgspec.json.Encoder().encode


def new_row(what: PostToRead, event: str, now: int, due_at: int) -> NewRow:
    """One look at a post, for one event; the looks at it come one after the other."""
    name = f"{KIND}:{what.post or f'first of {what.topic}'}"
    return NewRow(KIND, f"{name}:{event}", LANE, _encode(what), due_at, name, now)


class ForumHook:
    """The webhook."""

    def __init__(self, core: Core, settings: ForumSettings, secret: bytes) -> None:
        self._core = core
        self._settings = settings
        self._secret = secret

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
        if name not in _LOOKED_AT | _OF_TOPICS:
            RECEIVED.labels("ignored").inc()
            return 200
        return await self._taken(name, event, body)

    async def _taken(self, name: str, event: str, body: bytes) -> int:
        try:
            what = self._topic(body) if name in _OF_TOPICS else self._post(body, gone=name == "post_destroyed")
        except (msgspec.DecodeError, UnicodeDecodeError):
            event = ""
        if not _EVENT.fullmatch(event):
            # Proven to be the forum's, and of no use however often it comes.
            RECEIVED.labels("unusable").inc()
            return 200
        if what is None:
            RECEIVED.labels("ignored").inc()
            return 200
        now = self._core.now()
        row = new_row(what, event, now, now + self._settings.wait * 1000)
        new = await self._core.database.write(lambda t: queue.put(t, row), quick=True)
        RECEIVED.labels("post" if new else "again").inc()
        self._core.observe("kept")
        return 200

    def _post(self, body: bytes, *, gone: bool) -> PostToRead | None:
        """The post of an event; None where it is none of ours. Of a topic that was deleted, nobody says in which category it
        was."""
        post = _read(body).post
        if post.user_id is None or post.user_id < 1 or post.staff or post.post_type != 1:
            return None
        if post.username.lower() == self._settings.username.lower() or post.topic_archetype != "regular":
            return None
        if not gone and post.category_id not in self._settings.categories:
            return None
        return PostToRead(post.topic_id, post.post_number, post.id, post.user_id)

    def _topic(self, body: bytes) -> PostToRead | None:
        """The first post of a topic that is called otherwise now, or stands where we answer."""
        topic = _read_topic(body).topic
        is_recent = self._core.clock() - topic.created_at.timestamp() < RECENT
        is_ours = topic.category_id in self._settings.categories and topic.archetype == "regular"
        if not is_ours or not is_recent or topic.user_id is None or topic.user_id < 1:
            return None
        return PostToRead(topic.id, 1, 0, topic.user_id)
