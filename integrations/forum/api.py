"""The forum's API: the calls that we make, each answered or refused in time, and what each refusal means (docs.discourse.org).

The key is in no exception and no log line, and nothing that a resident wrote is.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from http import HTTPStatus
from typing import TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from bot.queue import Failed, Later, Lost, Outcome
from integrations.forum.settings import ForumSettings

T = TypeVar("T")
log = logging.getLogger(__name__)
WITHIN = aiohttp.ClientTimeout(total=15, connect=3)
KEPT = 4.0  # seconds that an idle connection is: servers close theirs after five or more
LARGEST = 8 << 20  # bytes of an answer: twenty posts with what is shown of them
AT_ONCE = 50  # posts that are asked for by their numbers
REST = 30_000  # ms until a forum that is not reached, or does not know our key, is asked again
FLOODED = 10.0  # seconds to wait where it does not say how many


class ForumFault(Enum):
    """What an error is to us."""

    FLOOD = "too many calls"
    KEY = "the key or the account is no good"
    GONE = "there is no such topic, or not for us"
    REFUSED = "it takes no such post"
    UNREACHABLE = "no answer, or none that can be read"


class ForumError(Exception):
    """A call that was refused, or got no answer. `retry` is in how many seconds it may be made again."""

    def __init__(self, meaning: ForumFault, hint: str = "", retry: float = 0.0) -> None:
        super().__init__(f"Discourse: {meaning.value}{hint}")
        self.meaning = meaning
        self.retry = retry

    def leads_to(self, now: int) -> Outcome:
        """What becomes of what was to be done; `now` is in ms."""
        match self.meaning:
            case ForumFault.FLOOD:
                return Later(now + int(self.retry * 1000))
            case ForumFault.KEY | ForumFault.UNREACHABLE:
                return Later(now + REST)  # no attempt at this post: it waits until the forum is there again
            case ForumFault.REFUSED:
                return Failed(self.meaning.value)
            case _:
                return Lost(self.meaning.value)


class ForumPost(Struct, frozen=True):
    """A post as the forum shows it to our account."""

    id: int
    post_number: int
    username: str = ""
    user_id: int | None = None
    raw: str = ""
    post_type: int = 1
    hidden: bool = False
    user_deleted: bool = False
    deleted_at: str | None = None
    staff: bool = False
    admin: bool = False
    moderator: bool = False
    reply_to_post_number: int | None = None
    topic_id: int = 0

    @property
    def is_there(self) -> bool:
        return not (self.hidden or self.user_deleted or self.deleted_at)

    @property
    def is_of_staff(self) -> bool:
        return self.staff or self.admin or self.moderator


class _Stream(Struct, frozen=True):
    posts: tuple[ForumPost, ...] = ()
    stream: tuple[int, ...] = ()


class ForumTopic(Struct, frozen=True):
    """A topic with the posts around one of it; `stream` of `post_stream` are the numbers of all."""

    id: int
    title: str
    post_stream: _Stream
    category_id: int | None = None
    archetype: str = "regular"
    closed: bool = False
    archived: bool = False
    visible: bool = True
    deleted_at: str | None = None

    def is_answered_in(self, categories: Collection[int]) -> bool:
        """Whether it stands, for all to see, where we answer."""
        return self.category_id in categories and self.archetype == "regular" and self.visible

    @property
    def first(self) -> int:
        """The id of its first post; 0 where it is not here."""
        return next((each.id for each in self.post_stream.posts if each.post_number == 1), 0)

    def find(self, id: int) -> ForumPost | None:
        """A post, where everybody can read it."""
        found = next((each for each in self.post_stream.posts if each.id == id), None)
        return found if found is not None and found.is_there and not self.deleted_at else None

    def unseen(self, after: int) -> list[int]:
        """The posts behind one that are not here."""
        here, stream = {each.id for each in self.post_stream.posts}, self.post_stream.stream
        behind = stream[stream.index(after) + 1 :] if after in stream else stream
        return [id for id in behind if id not in here]


class _Posts(Struct, frozen=True):
    post_stream: _Stream


class _Shown(Struct, frozen=True):
    """Whatever is shown; it is there."""


class _Made(Struct, frozen=True):
    action: str = "create_post"
    id: int = 0


class _Extras(Struct, frozen=True):
    wait_seconds: float = 0.0


class _Refusal(Struct, frozen=True):
    errors: tuple[str, ...]
    extras: _Extras = _Extras()


class ForumApi:
    """One account. All calls raise `ForumError`. `held` says that the last post waits for somebody of the
    forum's to let it through."""

    def __init__(self, settings: ForumSettings, key: str) -> None:
        self.held = False
        self._failing: dict[str, str] = {}  # by method: one may be in order while the other is not
        self._base = settings.base
        # Names of accounts may be in any script; the library writes what is not ASCII as UTF-8.
        self._headers = {"Api-Key": key, "Api-Username": settings.username}
        self._session: aiohttp.ClientSession | None = None

    @property
    def alarm(self) -> str | None:
        """What a person has to see to, until it goes again."""
        return next(iter(self._failing.values()), None)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def topic(self, topic: int, number: int) -> ForumTopic:
        """A topic with the posts around its post of this number."""
        return await self._call("GET", f"/t/{topic}/{number}.json?include_raw=true", ForumTopic)

    async def posts(self, topic: int, ids: Sequence[int]) -> tuple[ForumPost, ...]:
        """Posts of a topic, as many as there are."""
        found: list[ForumPost] = []
        for at in range(0, len(ids), AT_ONCE):
            asked = "&".join(f"post_ids[]={id}" for id in ids[at : at + AT_ONCE])
            some = await self._call("GET", f"/t/{topic}/posts.json?include_raw=true&{asked}", _Posts)
            found += some.post_stream.posts
        return tuple(found)

    async def whereabouts(self, post: int) -> ForumPost | None:
        """A post by its id, in whatever topic it stands now; None where it is gone, or not for us."""
        try:
            found = await self._call("GET", f"/posts/{post}.json", ForumPost)
        except ForumError as error:
            if error.meaning is not ForumFault.GONE:
                raise
            return None
        return found if found.is_there and found.topic_id else None

    async def has_category(self, category: int) -> bool:
        """Whether there is such a category, for us to see."""
        try:
            await self._call("GET", f"/c/{category}/show.json", _Shown)
        except ForumError as error:
            if error.meaning is not ForumFault.GONE:
                raise
            return False
        return True

    async def reply(self, topic: int, number: int, raw: str) -> None:
        """Posts an answer to the post of this number."""
        body: dict[str, object] = {"topic_id": topic, "raw": raw}
        if number > 1:
            body["reply_to_post_number"] = number
        made = await self._call("POST", "/posts.json", _Made, body)
        self.held = made.action == "enqueued"

    async def _call(self, method: str, path: str, kind: type[T], body: dict[str, object] | None = None) -> T:
        status, headers, answer = await self._asked(method, path, body)
        if status == HTTPStatus.OK:
            try:
                found = msgspec.json.decode(answer, type=kind)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise self._told(method, ForumError(ForumFault.UNREACHABLE, " (not Discourse)")) from None
            self._failing.pop(method, None)
            return found
        refused = _refused(status, headers, answer)
        if refused.meaning is ForumFault.KEY and await self.is_known():
            refused = ForumError(ForumFault.GONE)
        raise self._told(method, refused)

    async def _asked(
        self, method: str, path: str, body: dict[str, object] | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        answer, content = bytearray(), msgspec.json.encode(body) if body is not None else None
        kind = {"Content-Type": "application/json"} if body is not None else {}
        asked = self._open().request(method, f"{self._base}{path}", data=content, headers=kind, allow_redirects=False)
        try:
            async with asked as response:
                async for part in response.content.iter_any():
                    answer += part
                    if len(answer) > LARGEST:
                        raise self._told(method, ForumError(ForumFault.UNREACHABLE, " (too large)"))
                return response.status, response.headers, bytes(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._told(method, ForumError(ForumFault.UNREACHABLE, f" ({type(error).__name__})")) from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(keepalive_timeout=KEPT)
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=jar, timeout=WITHIN, headers=self._headers
            )
        return self._session

    async def is_known(self) -> bool:
        """Whether the forum knows our key: it says the same to whoever it does not know and to who may not see a topic."""
        status, _, _ = await self._asked("GET", "/session/current.json", None)
        return status == HTTPStatus.OK

    def _told(self, method: str, error: ForumError) -> ForumError:
        """Told once, until something is answered."""
        if error.meaning in (ForumFault.KEY, ForumFault.UNREACHABLE):
            if self._failing.get(method) != str(error):
                log.error("forum", extra={"error": str(error)})
            self._failing[method] = str(error)
        return error


def _refused(status: int, headers: Mapping[str, str], answer: bytes) -> ForumError:
    """What a status means; what is no word of Discourse's own (a proxy's page) says nothing of a topic."""
    try:
        no = msgspec.json.decode(answer, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        no = None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        given = headers.get("retry-after", "")
        said = no.extras.wait_seconds if no else 0.0
        return ForumError(ForumFault.FLOOD, retry=max(1.0, said or (float(given) if given.isdecimal() else FLOODED)))
    meanings = {403: ForumFault.KEY, 404: ForumFault.GONE, 410: ForumFault.GONE, 422: ForumFault.REFUSED}
    if no is None or status not in meanings:
        return ForumError(ForumFault.UNREACHABLE, f" (HTTP {status})")
    return ForumError(meanings[status])
