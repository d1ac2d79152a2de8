"""The forum's events, as far as they concern us: which post, topic, account or category each is about. Nothing else of them is
believed."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from integrations.forum.settings import ForumSettings

RECENT = 3 * 86_400  # seconds after which a topic that is another now is not read for the first time
_OF_POSTS = {"post_created", "post_edited", "post_recovered", "post_destroyed"}
# A title or a category that is changed, and what is closed, put away or taken from view, is told so and in no other way.
_OF_TOPICS = re.compile(
    r"topic_(edited|destroyed|recovered|(auto)?closed_status_updated|(archived|visible)_status_updated)"
)
_OF_ACCOUNTS = {"user_destroyed", "user_suspended", "user_unsuspended"}
_OF_CATEGORIES = {"category_destroyed"}
Number = Annotated[int, Meta(ge=1, le=1 << 53)]
Account = Annotated[int, Meta(ge=-(1 << 53), le=1 << 53)]  # the forum's own are below 1


class PostToRead(Struct, frozen=True, array_like=True):
    """Which post is to be looked at: by its topic, its number in there, and its own (0: nobody has said); and who wrote it.
    `anew` says that it was read before, and what answered it will not leave; `back` that it was deleted, and is there again;
    `elsewhere` that it may have been read in another topic."""

    topic: Number
    number: Number
    post: Annotated[int, Meta(ge=0, le=1 << 53)]
    user: Number
    anew: bool = False
    back: bool = False
    elsewhere: bool = False


class TopicChanged(NamedTuple):
    """A topic is another now; its `first` post is to be read where it may be answered now."""

    topic: int
    first: PostToRead | None


class AccountChanged(NamedTuple):
    """`state` is the event's name."""

    user: int
    state: str


class CategoryGone(NamedTuple):
    """One in which we answer was deleted."""

    category: int


ForumEvent = PostToRead | TopicChanged | AccountChanged | CategoryGone


class _Post(Struct, frozen=True):
    id: Number
    topic_id: Number
    post_number: Number
    user_id: Account | None = None
    username: str = ""
    category_id: int | None = None
    topic_archetype: str = "regular"
    post_type: int = 1
    staff: bool = False


class _Topic(Struct, frozen=True):
    id: Number
    created_at: datetime
    user_id: Account | None = None
    category_id: int | None = None
    archetype: str = "regular"
    closed: bool = False
    archived: bool = False
    visible: bool = True

    @property
    def takes_answers(self) -> bool:
        return self.archetype == "regular" and self.visible and not (self.closed or self.archived)


class _Named(Struct, frozen=True):
    id: Account


class _Body(Struct, frozen=True):
    post: _Post | None = None
    topic: _Topic | None = None
    user: _Named | None = None
    category: _Named | None = None


_read = msgspec.json.Decoder(_Body).decode


class ForumEvents:
    """`clock` is in seconds."""

    def __init__(self, settings: ForumSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock

    def concerns(self, name: str) -> bool:
        """Whether events of this name may mean something here."""
        return name in _OF_POSTS | _OF_ACCOUNTS | _OF_CATEGORIES or _OF_TOPICS.fullmatch(name) is not None

    def read(self, name: str, body: bytes) -> ForumEvent | None:
        """What an event is about; None where that is nothing of ours. Raises `msgspec.DecodeError` and `UnicodeDecodeError`."""
        found = _read(body)
        if name in _OF_POSTS and found.post is not None:
            return self._post(name, found.post)
        if name in _OF_ACCOUNTS and found.user is not None:
            return AccountChanged(found.user.id, name) if found.user.id > 0 else None
        if name in _OF_CATEGORIES and found.category is not None:
            return CategoryGone(found.category.id) if found.category.id in self._settings.categories else None
        if found.topic is None:
            raise msgspec.ValidationError(name)
        return self._topic(name, found.topic)

    def _post(self, name: str, post: _Post) -> PostToRead | None:
        """Of a topic that was deleted, nobody says in which category it was."""
        if post.user_id is None or post.user_id < 1 or post.staff or post.post_type != 1:
            return None
        if post.username.lower() == self._settings.username.lower() or post.topic_archetype != "regular":
            return None
        if name != "post_destroyed" and post.category_id not in self._settings.categories:
            return None
        return PostToRead(
            post.topic_id, post.post_number, post.id, post.user_id,
            back=name == "post_recovered", elsewhere=name != "post_created",
        )  # fmt: skip

    def _topic(self, name: str, topic: _Topic) -> TopicChanged | None:
        if topic.archetype != "regular":
            return None
        is_recent = self._clock() - topic.created_at.timestamp() < RECENT
        is_ours = topic.category_id in self._settings.categories and topic.takes_answers and name != "topic_destroyed"
        is_read = is_ours and is_recent and topic.user_id is not None and topic.user_id > 0
        return TopicChanged(topic.id, PostToRead(topic.id, 1, 0, topic.user_id) if is_read and topic.user_id else None)
