"""What the queue is to do with posts, topics, accounts and categories."""

import msgspec

from integrations.forum.events import AccountChanged, PostToRead
from integrations.forum.settings import CHANNEL
from store.queue import NewRow

LANE = f"{CHANNEL}-posts"
KIND, TOPIC_KIND = "forum_post", "forum_topic"
ACCOUNT_KIND, CATEGORY_KIND = "forum_account", "forum_category"
_encode = msgspec.json.Encoder().encode
to_read = msgspec.json.Decoder(PostToRead).decode
topic_of = category_of = msgspec.json.Decoder(int).decode
account_of = msgspec.json.Decoder(AccountChanged).decode


def new_row(what: PostToRead, event: str, now: int, due_at: int) -> NewRow:
    """One look at a post, for one event; the looks at it come one after the other."""
    name = f"{KIND}:{what.post or f'first of {what.topic}'}"
    return NewRow(KIND, f"{name}:{event}", LANE, _encode(what), due_at, name, now)


def topic_row(topic: int, event: str, now: int) -> NewRow:
    """One look at how a topic is, for those who have tickets of it."""
    name = f"{TOPIC_KIND}:{topic}"
    return NewRow(TOPIC_KIND, f"{name}:{event}", LANE, _encode(topic), now, name, now)


def account_row(what: AccountChanged, event: str, now: int) -> NewRow:
    """What has happened to an account, for those who have tickets of its author; in the order in which it did."""
    name = f"{ACCOUNT_KIND}:{what.user}"
    return NewRow(ACCOUNT_KIND, f"{name}:{event}", LANE, _encode(what), now, name, now)


def category_row(category: int, event: str, now: int) -> NewRow:
    """A category of ours that is gone."""
    return NewRow(CATEGORY_KIND, f"{CATEGORY_KIND}:{category}:{event}", LANE, _encode(category), now)


def label(row: NewRow) -> str:
    """What it is about, in a word."""
    return row.kind.removeprefix("forum_")
