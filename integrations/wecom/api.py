"""WeCom's API: the calls that we make, each answered or refused in time.

The access token is shared by all processes through the database. The platform gives the same one to whoever asks while it is
good, so two that ask at once do no harm. The secret and the token are in no exception and no log line.

Calls: developer.work.weixin.qq.com/document/path/94670, 94677, 94669, 95122.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlencode

import aiohttp
import msgspec
from msgspec import Struct

from integrations.wecom.faults import MEANINGS, WecomError, WecomFault
from store import deliveries
from store.database import Database
from store.deliveries import SharedRow

log = logging.getLogger(__name__)
WITHIN = aiohttp.ClientTimeout(total=10, connect=3)
KEPT = 4.0  # seconds that an idle connection is
LARGEST = 8 << 20  # bytes of an answer
EARLY = 300_000  # ms before its end in which a token is renewed
PAGE = 100  # messages that are fetched at once


_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
# No code for it is published, but that the id must be new is.
_TWICE = re.compile(
    r"msgid.{0,40}(?:exist|duplicat|repeat|重复)|(?:exist|duplicat|repeat|重复).{0,40}msgid", re.IGNORECASE
)


class _WecomAnswer(Struct):
    errcode: int = 0
    errmsg: str = ""
    access_token: str = ""
    expires_in: int = 0
    next_cursor: str = ""
    has_more: int = 0
    msg_list: tuple[msgspec.Raw, ...] = ()
    service_state: int = 0
    media_id: str = ""


class KfPage(Struct, frozen=True):
    """Messages, each by itself (JSON); `cursor` is where the next ones begin."""

    messages: tuple[bytes, ...]
    cursor: str
    has_more: bool


class Wecom:
    """One account. All calls raise `WecomError`. `clock` is in seconds; `alarm` is what a person has to see to, until
    something is answered."""

    def __init__(
        self, corp: str, secret: str, base: str, account: str, database: Database, clock: Callable[[], float]
    ) -> None:
        self.alarm: str | None = None
        self._corp = corp
        self._secret = secret
        self._base = base
        self._account = account
        self._database = database
        self._clock = clock
        self._name = f"wecom:{corp}"
        self._fetching = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    # -- calls

    async def fetch(self, cursor: str, token: str) -> KfPage:
        """What has come since; from the last three days where there is no cursor."""
        asked = {"open_kfid": self._account, "limit": PAGE, "voice_format": 0}
        asked |= {name: value for name, value in (("cursor", cursor), ("token", token)) if value}
        found = await self._call("kf/sync_msg", asked)
        return KfPage(tuple(map(bytes, found.msg_list)), found.next_cursor or cursor, found.has_more == 1)

    async def send(self, user: str, id: str, message: Mapping[str, object]) -> None:
        """A message (`rendering.message`). The same `id` is sent once."""
        try:
            await self._call("kf/send_msg", {"touser": user, "open_kfid": self._account, "msgid": id, **message})
        except WecomError as error:
            if error.meaning is not WecomFault.AGAIN:
                raise

    async def greet(self, code: str, message: Mapping[str, object]) -> None:
        """What is said to somebody who has just opened the talk: once, within twenty seconds."""
        await self._call("kf/send_msg_on_event", {"code": code, **message})

    async def state(self, user: str) -> int:
        """Who has the talk: 0 nobody yet, 1 we, 2 it waits for a colleague in WeCom, 3 one has it, 4 it has ended."""
        asked = {"open_kfid": self._account, "external_userid": user}
        return (await self._call("kf/service_state/get", asked)).service_state

    async def hand_over(self, user: str, state: int, seat: str = "") -> None:
        asked: dict[str, object] = {"open_kfid": self._account, "external_userid": user, "service_state": state}
        await self._call("kf/service_state/trans", asked | ({"servicer_userid": seat} if seat else {}))

    async def upload_image(self, name: str, kind: str, body: bytes) -> str:
        """The platform's id of an image, good for three days."""
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("media", body, filename=name, content_type=kind)
        return (await self._call("media/upload", form, type="image")).media_id

    async def media(self, id: str, most: int) -> bytes:
        """What a resident has sent; the platform has it for three days. Cut off above `most` bytes."""
        content = b""
        for token in (await self._token(), ""):
            token = token or await self._token(refused=True)
            content = await self._asked("media/get", None, most, access_token=token, media_id=id)
            if content[:1] not in b"{<" or not content:
                return content
            found = _read(content, "media/get")
            if MEANINGS.get(found.errcode) is not WecomFault.TOKEN:
                break
        raise self._refused(found, "media/get")

    async def known(self) -> None:
        """Asks whether we are let in, and changes nothing."""
        await self._call("kf/account/list", {"offset": 0, "limit": 1})

    # -- one call

    async def _call(self, name: str, body: Mapping[str, object] | aiohttp.FormData, **query: str) -> _WecomAnswer:
        found = await self._done(name, body, access_token=await self._token(), **query)
        if MEANINGS.get(found.errcode) is WecomFault.TOKEN:
            found = await self._done(name, body, access_token=await self._token(refused=True), **query)
        if found.errcode:
            raise self._refused(found, name)
        self.alarm = None
        return found

    async def _done(self, name: str, body: Mapping[str, object] | aiohttp.FormData, **query: str) -> _WecomAnswer:
        content = body if isinstance(body, aiohttp.FormData) else msgspec.json.encode(body)
        try:
            return _read(await self._asked(name, content, 0, **query), name)
        except WecomError as error:
            raise self._told(error) from None

    async def _asked(self, name: str, content: bytes | aiohttp.FormData | None, most: int, **query: str) -> bytes:
        """`most` is how much of a file is read."""
        url = f"{self._base}/cgi-bin/{name}?{urlencode(query)}"
        method, answer = "GET" if content is None else "POST", bytearray()
        try:
            async with self._open().request(method, url, data=content, allow_redirects=False) as response:
                async for part in response.content.iter_any():
                    answer += part
                    if len(answer) > (most or LARGEST):
                        break
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            # The library's own words hold the URL, and that holds the token: they go no further.
            hint = f" ({type(error).__name__})"
            raise self._told(WecomError(WecomFault.UNREACHABLE, None, name, hint)) from None
        if status != HTTPStatus.OK:
            raise self._told(WecomError(WecomFault.UNREACHABLE, None, name, f" (HTTP {status})"))
        return bytes(answer)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(keepalive_timeout=KEPT)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=WITHIN
            )
        return self._session

    def _refused(self, found: _WecomAnswer, name: str) -> WecomError:
        meaning = MEANINGS.get(found.errcode, WecomFault.WRONG)
        if meaning is WecomFault.WRONG and _TWICE.search(found.errmsg[:400]):
            meaning = WecomFault.AGAIN
        hint = f" ({ip[0]})" if meaning is WecomFault.ADDRESS and (ip := _IP.search(found.errmsg[:400])) else ""
        return self._told(WecomError(meaning, found.errcode, name, hint))

    def _told(self, error: WecomError) -> WecomError:
        """Told once, until something is answered."""
        if error.of_account or error.meaning is WecomFault.WRONG:
            if self.alarm != str(error):
                log.error("wecom", extra={"error": str(error)})
            self.alarm = str(error)
        return error

    # -- the token

    async def _token(self, *, refused: bool = False) -> str:
        """One that is good; another one where the last was `refused`."""
        read = await self._shared()
        if read is not None and not refused and read.until - EARLY > self._now():
            return read.value.decode()
        async with self._fetching:
            row = await self._shared()
            if row is not None and row != read and row.until - EARLY > self._now():
                return row.value.decode()  # somebody has fetched it meanwhile
            return await self._renewed(row)

    async def _renewed(self, row: SharedRow | None) -> str:
        url = {"corpid": self._corp, "corpsecret": self._secret}
        found = _read(await self._asked("gettoken", None, 0, **url), "gettoken")
        if found.errcode or not found.access_token:
            raise self._refused(found, "gettoken")
        now = self._now()
        # A life shorter than what is renewed early would be none.
        until = now + max(found.expires_in * 1000, EARLY + 1_000)
        value = found.access_token.encode()
        await self._database.write(lambda t: deliveries.share(t, self._name, value, until, now))
        return found.access_token

    async def _shared(self) -> SharedRow | None:
        return await self._database.read(lambda t: deliveries.get_shared(t, self._name))

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _read(raw: bytes, name: str) -> _WecomAnswer:
    """Raises `WecomError`."""
    try:
        return msgspec.json.decode(raw, type=_WecomAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise WecomError(WecomFault.UNREACHABLE, None, name, " (not WeCom)") from None
