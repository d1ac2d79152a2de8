"""What the queue is to do with posts and topics."""

import msgspec

from integrations.forum.events import PostToRead
from integrations.forum.settings import CHANNEL
from store.queue import NewRow

LANE = f"{CHANNEL}-posts"
KIND, TOPIC_KIND = "forum_post", "forum_topic"
_encode = msgspec.json.Encoder().encode
to_read = msgspec.json.Decoder(PostToRead).decode
topic_of = msgspec.json.Decoder(int).decode


def new_row(what: PostToRead, event: str, now: int, due_at: int) -> NewRow:
    """One look at a post, for one event; the looks at it come one after the other."""
    name = f"{KIND}:{what.post or f'first of {what.topic}'}"
    return NewRow(KIND, f"{name}:{event}", LANE, _encode(what), due_at, name, now)


def topic_row(topic: int, event: str, now: int) -> NewRow:
    """One look at how a topic is, for those who have tickets of it."""
    name = f"{TOPIC_KIND}:{topic}"
    return NewRow(TOPIC_KIND, f"{name}:{event}", LANE, _encode(topic), now, name, now)
