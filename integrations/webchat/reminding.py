"""A page of the web chat asks to be told when it is closed: where its browser takes web push, kept with the talk."""

import math
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from accounts.limits import REQUESTS_FROM
from bot.channel import Core
from bot.edge import BodyError, body_of, came_from, respond
from integrations.webchat.frames import Lang
from integrations.webchat.origins import Origins
from store import pushes
from store.conversations import ConversationRow
from store.pushes import PushKeys

LARGEST = 4_096  # bytes
_ENDPOINT = re.compile(r"https?://[!-~]{1,490}")  # whether it may be called is asked when it is
_POINT, _AUTH = re.compile(r"B[A-Za-z0-9_-]{86}=?"), re.compile(r"[A-Za-z0-9_-]{22}(?:==)?")


class Reminder(Struct, forbid_unknown_fields=True):
    """A subscription of the visitor's browser, as it describes it; without keys it ends."""

    visitor: str
    endpoint: str
    p256dh: str = ""
    auth: str = ""
    lang: Lang = "zh"

    @property
    def is_sound(self) -> bool:
        keyed = _POINT.fullmatch(self.p256dh) and _AUTH.fullmatch(self.auth)
        return _is_address(self.endpoint) and bool(keyed or not (self.p256dh or self.auth))


def _is_address(endpoint: str) -> bool:
    """Whether it can be taken apart, as is done in the commit of each reply."""
    try:
        return bool(_ENDPOINT.fullmatch(endpoint) and urlsplit(endpoint).hostname)
    except ValueError:
        return False


class Reminding:
    """`post` is an ASGI application; `known` finds the talk of a visitor's token."""

    def __init__(self, core: Core, origins: Origins, known: Callable[[str], Awaitable[ConversationRow | None]]) -> None:
        self._core = core
        self._origins = origins
        self._known = known

    async def post(self, scope: Scope, receive: Receive, send: Send) -> None:
        """204 where it was done, 404 where there is no such talk."""
        wait = self._core.limits.take(*self._core.limits.from_(REQUESTS_FROM, came_from(scope)))
        if wait > 0:
            return await respond(send, 429, b"", [(b"retry-after", b"%d" % math.ceil(wait))])
        await respond(send, 403 if self._origins.is_foreign(scope) else await self._done(receive), b"")

    async def _done(self, receive: Receive) -> int:
        try:
            asked = msgspec.json.decode(await body_of(receive, LARGEST), type=Reminder)
        except BodyError:
            return 413
        except (msgspec.DecodeError, UnicodeDecodeError):
            return 400
        if not asked.is_sound:
            return 400
        talk = await self._known(asked.visitor)
        if talk is None:
            return 404
        await self._keep(talk.id, asked)
        return 204

    async def _keep(self, conversation: int, asked: Reminder) -> None:
        keys, now = PushKeys(asked.p256dh, asked.auth, asked.lang), self._core.now()
        if asked.p256dh:
            await self._core.database.write(lambda t: pushes.keep(t, conversation, asked.endpoint, keys, now))
        else:
            await self._core.database.write(lambda t: pushes.drop_endpoint(t, asked.endpoint))
