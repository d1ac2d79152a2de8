"""Discourse, played: topics and posts, webhooks signed and tried again as the forum does, and the API as an account of it calls
it, with the forum's keys, limits and errors; and residents who write, change and delete.

Built from Discourse's controllers and serializers, not from our adapter. Whatever can go wrong out there can be asked for:
floods, posts that are too similar, a key that was taken back, pages in HTML, answers that are lost.
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

Json = dict[str, Any]  # whatever JSON holds
KEY = "0f" * 32
SECRET = "played-secret-0123456789"  # noqa: S105 - of nobody's
CREATED_WITHIN = 5.0  # seconds between two posts of one account that is no staff
UNIQUE_WITHIN = 300.0  # seconds in which an account may not say the same twice
CALLS_A_MINUTE = 60  # of one key
DELIVERIES = 5  # of an event that is not taken; the forum waits for minutes in between
SHORTEST, LONGEST = 5, 32_000  # characters of a post; the shortest are set by the forum


@dataclass
class Member:
    """An account of the forum."""

    id: int
    username: str
    staff: bool = False


@dataclass
class Written:
    """A post."""

    id: int
    topic: "Discussion"
    number: int
    by: Member
    raw: str
    to: int | None = None
    version: int = 1
    type: int = 1
    hidden: bool = False
    deleted: bool = False


@dataclass
class Discussion:
    """A topic."""

    id: int
    title: str
    category: int
    archetype: str = "regular"
    closed: bool = False
    archived: bool = False
    visible: bool = True
    deleted: bool = False
    began: float = field(default_factory=time.time)
    secured: bool = False  # moved to where our account may not read
    posts: list[Written] = field(default_factory=list)

    def by(self, member: Member) -> list[Written]:
        return [each for each in self.posts if each.by is member and not each.deleted]


class ForumRefusedError(Exception):
    """The API says no."""

    def __init__(self, status: int, words: str, kind: str = "", **extras: object) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.kind = kind
        self.extras = extras


class Forum:
    """The forum with an account for the assistant. `clock` in seconds. `faults` are what the next calls of a kind (`topic`,
    `posts`, `reply`) meet: html, maintenance (HTML with 200), hang, lost (done, and the answer lost), silent (done, and never
    answered), a number (HTTP), or a `ForumRefusedError`. `remembers`: the same call within two minutes gets the same answer, as the API has it."""

    def __init__(self, *, clock: Callable[[], float] = time.time, username: str = "daoxue") -> None:
        self.clock = clock
        self.key = KEY
        self.secret = SECRET
        self.assistant = Member(100, username)
        self.members = {username: self.assistant}
        self.categories = {5, 7, 9}
        self.hook = ""
        self.approves = False
        self.remembers = True
        self.limits = True
        self.topics: dict[int, Discussion] = {}
        self.calls: Counter[str] = Counter()
        self.faults: defaultdict[str, list[object]] = defaultdict(list)
        self.lost: list[Written] = []  # what was done, and never answered
        self.waiting: list[str] = []  # for a moderator
        self.statuses: list[int] = []  # that the webhook answered with
        self.events: list[tuple[dict[str, str], bytes]] = []
        self.listeners: list[Callable[[Written], None]] = []  # each hears of every post of the API's
        self.back_off = 0.05  # seconds, for the forum's minutes
        self._ids, self._events = itertools.count(1001), itertools.count(501)
        self._called: list[float] = []
        self._created: dict[int, float] = {}
        self._said: dict[tuple[int, str], float] = {}
        self._made: dict[str, tuple[float, Json]] = {}

    # -- people

    def member(self, username: str = "", *, staff: bool = False) -> Member:
        id = next(self._ids)
        who = Member(id, username or f"resident{id}", staff)
        return self.members.setdefault(who.username, who)

    async def open(self, who: Member, title: str, raw: str, category: int = 5, **more: Any) -> Written:
        """Begins a topic; its first post."""
        topic = Discussion(next(self._ids), title, category, **more)
        self.topics[topic.id] = topic
        return await self.write(who, topic, raw)

    async def write(self, who: Member, topic: Discussion, raw: str, to: Written | None = None, **more: Any) -> Written:
        post = Written(next(self._ids), topic, len(topic.posts) + 1, who, raw, to.number if to else None, **more)
        topic.posts.append(post)
        await self.happens("post_created", post)
        return post

    async def edit(self, post: Written, raw: str, *, told: bool = True) -> None:
        post.raw, post.version = raw, post.version + 1
        if told:
            await self.happens("post_edited", post)

    async def delete(self, post: Written, *, told: bool = True) -> None:
        post.deleted = True
        post.topic.deleted |= post.number == 1
        if told:
            await self.happens("post_destroyed", post)

    async def rename(self, topic: Discussion, title: str = "", category: int = 0) -> None:
        """Another title, another category: told as an event of the topic, and of no post."""
        topic.title, topic.category = title or topic.title, category or topic.category
        await self.happens_to("topic_edited", topic)

    # -- webhooks

    async def happens(self, event: str, post: Written) -> None:
        """An event of a post, brought to the webhook."""
        await self.deliver(event, encoded("post", self.hooked(post)))

    async def happens_to(self, event: str, topic: Discussion) -> None:
        """An event of a topic."""
        await self.deliver(event, encoded("topic", self.hooked_topic(topic)), kind="topic")

    async def deliver(
        self, event: str, body: bytes, id: str = "", signature: str | None = None, kind: str = "post"
    ) -> int:
        """Brings an event, again where it is not taken; the last status."""
        signed = "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json", "user-agent": "Discourse/3.5.0", "x-discourse-instance": "http://forum.test",
            "x-discourse-event-id": id or str(next(self._events)), "x-discourse-event-type": kind,
            "x-discourse-event": event, "x-discourse-event-signature": signed if signature is None else signature,
        }  # fmt: skip
        self.events.append((headers, body))
        return await self.bring(headers, body)

    async def bring(self, headers: dict[str, str], body: bytes) -> int:
        status = 0
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            for number in range(DELIVERIES if self.hook else 0):
                try:
                    status = (await client.post(self.hook, content=body, headers=headers)).status_code
                except httpx.HTTPError:
                    status = 0
                self.statuses.append(status)
                if 200 <= status < 300:
                    break
                await asyncio.sleep(self.back_off * 5**number)
        return status

    def hooked(self, post: Written) -> Json:
        """A post as a webhook has it."""
        topic = post.topic
        return {
            **self.shown(post), "topic_slug": "topic", "topic_title": topic.title, "category_id": None if topic.deleted else topic.category,
            "category_slug": "ask", "topic_archetype": topic.archetype, "topic_posts_count": len(topic.posts),
        }  # fmt: skip

    def hooked_topic(self, topic: Discussion) -> Json:
        """A topic as a webhook has it: none of its posts."""
        by = topic.posts[0].by
        at = datetime.fromtimestamp(topic.began, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        about = {"id": by.id, "username": by.username, "name": None, "avatar_template": "/letter_avatar/{size}.png"}
        return {
            "id": topic.id, "title": topic.title, "fancy_title": topic.title, "posts_count": len(topic.posts), "created_at": at, "views": 3,
            "reply_count": 0, "last_posted_at": at, "visible": topic.visible, "closed": topic.closed,
            "archived": topic.archived,
            "archetype": topic.archetype, "slug": "topic", "category_id": topic.category, "word_count": 9,
            "deleted_at": "2026-11-27T09:00:00.000Z" if topic.deleted else None,
            "user_id": by.id, "featured_link": None, "pinned": False, "bookmarked": False, "created_by": about, "last_poster": about,
        }  # fmt: skip

    def shown(self, post: Written) -> Json:
        """A post as topics have it, with what its author wrote."""
        return {
            "id": post.id, "name": None, "username": post.by.username, "avatar_template": "/letter_avatar/{size}.png",
            "created_at": "2026-11-27T08:00:00.000Z", "updated_at": "2026-11-27T08:00:00.000Z", "cooked": f"<p>{post.raw}</p>",
            "raw": post.raw, "post_number": post.number, "post_type": post.type, "reply_to_post_number": post.to, "reply_count": 0,
            "topic_id": post.topic.id, "version": post.version, "user_id": post.by.id, "staff": post.by.staff, "admin": False,
            "moderator": post.by.staff, "trust_level": 1, "hidden": post.hidden, "user_deleted": False, "wiki": False,
            "deleted_at": "2026-11-27T09:00:00.000Z" if post.deleted else None,
        }  # fmt: skip

    # -- what an account may

    def count_call(self, limit: int = CALLS_A_MINUTE) -> None:
        """Raises `ForumRefusedError` where a key is used too often."""
        now = time.monotonic()
        self._called = [at for at in self._called if at > now - 60]
        if self.limits and len(self._called) >= limit:
            raise flood(int(60 - now + self._called[0]) + 1)
        self._called.append(now)

    def readable(self, id: int) -> Discussion:
        """Raises `ForumRefusedError` where our account may not read it."""
        topic = self.topics.get(id)
        if topic is None or topic.deleted:
            raise ForumRefusedError(404, "The requested URL or resource could not be found.", "not_found")
        if topic.secured:
            raise ForumRefusedError(403, "You are not permitted to view the requested resource.", "invalid_access")
        return topic

    def create(self, who: Member, given: Json) -> Json:
        """A reply, as the API makes it. Raises `ForumRefusedError`."""
        now, call = self.clock(), json.dumps(given, sort_keys=True)
        made = self._made.get(call)
        if self.remembers and made is not None and made[0] > now - 120:
            return made[1]
        topic = self.readable(int(given["topic_id"]))
        raw = str(given.get("raw", "")).strip()
        self._check(who, topic, raw, now)
        if self.approves:
            self.waiting.append(raw)
            return {"action": "enqueued", "success": True, "pending_count": len(self.waiting)}
        post = Written(next(self._ids), topic, len(topic.posts) + 1, who, raw, given.get("reply_to_post_number"))
        topic.posts.append(post)
        self._created[who.id], self._said[who.id, raw] = now, now
        self._made[call] = now, self.shown(post)
        for hears in self.listeners:
            hears(post)
        return self.shown(post)

    def _check(self, who: Member, topic: Discussion, raw: str, now: float) -> None:
        if topic.closed or topic.archived:
            raise ForumRefusedError(422, "The topic has been closed.")
        if not SHORTEST <= len(raw) <= LONGEST:
            raise ForumRefusedError(422, f"Body is too short (minimum is {SHORTEST} characters)")
        if self._said.get((who.id, raw), 0) > now - UNIQUE_WITHIN:
            raise ForumRefusedError(422, "Body is too similar to what you recently posted")
        if self.limits and (wait := self._created.get(who.id, 0) + CREATED_WITHIN - now) > 0:
            raise flood(int(wait) + 1)


def encoded(kind: str, what: Json) -> bytes:
    return json.dumps({kind: what}, ensure_ascii=False).encode()


def flood(seconds: int) -> ForumRefusedError:
    words = f"You’ve performed this action too many times. Please wait {seconds} seconds before trying again."
    return ForumRefusedError(429, words, "rate_limit", wait_seconds=seconds, time_left=f"{seconds} seconds")
