"""What moderators and administrators of the forum do, and what it tells of that: as Discourse does it, which is not always what
one would think. Posts that are moved are told by nothing but a note in their old topic; a first post that is moved stays, and a
copy of it is posted in the new one."""

import itertools
from collections.abc import Sequence

from players.forum import Discussion, Forum, Member, Written, encoded

_numbers = itertools.count(900_001)


class ForumStaff:
    """Who looks after a forum."""

    def __init__(self, forum: Forum) -> None:
        self._forum = forum
        self._me = forum.member(f"moderator{next(_numbers)}", staff=True)

    async def close(self, topic: Discussion, *, closed: bool = True) -> None:
        topic.closed = closed
        await self._forum.happens_to("topic_closed_status_updated", topic)

    async def archive(self, topic: Discussion, *, archived: bool = True) -> None:
        topic.archived = archived
        await self._forum.happens_to("topic_archived_status_updated", topic)

    async def list(self, topic: Discussion, *, visible: bool = True) -> None:
        """Lists it, or takes it from the lists."""
        topic.visible = visible
        await self._forum.happens_to("topic_visible_status_updated", topic)

    async def delete(self, topic: Discussion) -> None:
        """A topic goes with its first post; of the others nothing is said."""
        topic.deleted = topic.posts[0].deleted = True
        await self._forum.happens("post_destroyed", topic.posts[0])
        await self._forum.happens_to("topic_destroyed", topic)

    async def recover(self, post: Written) -> None:
        post.deleted = False
        if post.number == 1:
            post.topic.deleted = False
        await self._forum.happens("post_recovered", post)
        if post.number == 1:
            await self._forum.happens_to("topic_recovered", post.topic)

    async def move(self, posts: Sequence[Written], title: str, category: int) -> Discussion:
        """Posts of a topic go into a new one."""
        old, new = posts[0].topic, Discussion(next(_numbers), title, category)
        self._forum.topics[new.id] = new
        numbers = {post.number: place for place, post in enumerate(posts, 1)}
        copies = []
        for post in posts:
            if post.number == 1:
                copy = Written(next(_numbers), new, 1, post.by, post.raw)
                new.posts.append(copy)
                copies.append(copy)
                continue
            old.posts.remove(post)
            post.topic, post.number, post.to = new, numbers[post.number], numbers.get(post.to or 0)
            new.posts.append(post)
        await self._forum.write(self._me, old, "移到了新话题", type=3)
        for copy in copies:
            await self._forum.happens("post_created", copy)
        return new

    async def suspend(self, who: Member, *, suspended: bool = True) -> None:
        await self._of_account("user_suspended" if suspended else "user_unsuspended", who)

    async def destroy(self, who: Member) -> None:
        """An account goes with all its posts."""
        for post in [post for topic in self._forum.topics.values() for post in topic.by(who)]:
            await self._forum.delete(post)
        await self._of_account("user_destroyed", who)

    async def _of_account(self, event: str, who: Member) -> None:
        about = {
            "id": who.id, "username": who.username, "name": None, "avatar_template": "/letter_avatar/{size}.png", "email": "x@home.test",
            "active": True, "admin": False, "moderator": who.staff, "trust_level": 1, "can_be_deleted": True, "groups": [],
        }  # fmt: skip
        await self._forum.deliver(event, encoded("user", about), kind="user")

    async def delete_category(self, category: int) -> None:
        """The forum deletes only those without topics."""
        self._forum.categories.discard(category)
        about = {
            "id": category,
            "name": "提问",
            "slug": "ask",
            "color": "4d5b1f",
            "topic_count": 0,
            "parent_category_id": None,
        }
        await self._forum.deliver("category_destroyed", encoded("category", about), kind="category")
