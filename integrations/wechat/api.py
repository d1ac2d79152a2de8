"""WeChat's API: the dozen calls that we make, each answered or refused in time.

The access token is shared by all processes through the database: one of them fetches it, before it ends. A call that is
told that its token is no good tries with another one, and if that is none either, with one that is fetched anew; after that
the platform is left alone for a while, by everybody. The secret and the token are in no exception and no log line.

Source of calls and codes: developers.weixin.qq.com/doc/service/api.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import httpx
import msgspec

from bot.calling import HttpClient
from integrations.wechat.faults import DAY_LIMIT, MEANINGS, WechatError, WechatFault
from store import deliveries
from store.database import Database
from store.deliveries import SharedRow
from store.units import MINUTE

log = logging.getLogger(__name__)
WITHIN = httpx.Timeout(5, connect=3)  # seconds
LARGEST = 1 << 20  # bytes of an answer
EARLY = (
    300_000  # ms before its end in which a token is renewed: old and new are both good then; of a short life a quarter
)
FETCHING = 10_000  # ms that a process may take over it
REST, LONGEST_REST = 5_000, 300_000  # ms in which nothing is asked of a platform that gives us no good token, doubled
FORCED = 3_600_000  # ms between two tokens that make the platform forget all others: it allows twenty a day
BUSY = (0.2, 0.8)  # seconds before what may be repeated is tried again
MEDIA = "media/get"
_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")  # our own, as the platform sees it


class CallQuota(msgspec.Struct, frozen=True):
    """Of a call, in the platform's day."""

    daily_limit: int = 0
    remain: int = 0


class _WechatAnswer(msgspec.Struct):
    """What any answer may hold."""

    errcode: int = 0
    errmsg: str = ""
    access_token: str = ""
    expires_in: int = 0
    openid: str = ""
    is_snapshotuser: int = 0
    ticket: str = ""
    url: str = ""
    media_id: str = ""
    ip_list: list[str] = []
    quota: CallQuota = CallQuota()
    media: bytes = b""  # where it is no JSON


class Session(msgspec.Struct, frozen=True):
    """Who came through the platform's sign-in. `virtual` ones are made up by it and are nobody."""

    openid: str
    virtual: bool


class QrTicket(msgspec.Struct, frozen=True):
    """A code to scan: `url` is what it holds."""

    ticket: str
    url: str


class Wechat:
    """One official account. All calls raise `WechatError`. `clock` is in seconds.

    `calls` counts what was asked of the platform, by call; `alarm` holds the last error that a person has to see to.
    """

    def __init__(self, app_id: str, secret: str, base: str, database: Database, clock: Callable[[], float]) -> None:
        self.app_id = app_id
        self.calls: Counter[str] = Counter()
        self._wrong: str | None = None  # until a token is had
        self._silent: str | None = None  # until anything is answered
        self._secret = secret
        self._base = base
        self._database = database
        self._seconds = clock
        self._client = HttpClient(base_url=base, timeout=WITHIN, follow_redirects=False)
        self._name = f"wechat:{app_id}"
        self._fetching = asyncio.Lock()
        self._closed: dict[str, int] = {}  # calls that are over their limit, until when
        self._rests_until = 0  # before which nothing is asked, for there is no good token
        self._rests = 0  # in a row
        self._forced = 0  # when a token was last fetched that makes the platform forget all others

    def _clock(self) -> int:
        return int(self._seconds() * 1000)

    async def close(self) -> None:
        await self._client.aclose()

    # -- calls

    async def send(self, message: Mapping[str, object]) -> None:
        """A customer-service message, as `rendering.custom` makes it."""
        await self._call("/cgi-bin/message/custom/send", message)

    async def typing(self, openid: str, on: bool = True) -> None:
        """Shows for 15 seconds that somebody types."""
        command = "Typing" if on else "CancelTyping"
        await self._call("/cgi-bin/message/custom/typing", {"touser": openid, "command": command})

    async def create_menu(self, menu: Mapping[str, object]) -> None:
        await self._call("/cgi-bin/menu/create", menu, again=True)

    async def invite(self, scene: str, seconds: int) -> QrTicket:
        """A QR code; whoever scans it brings the scene (1 to 64 characters) with them."""
        asked = {
            "expire_seconds": seconds,
            "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        found = await self._call("/cgi-bin/qrcode/create", asked, again=True)
        return QrTicket(found.ticket, found.url)

    async def callback_addresses(self) -> list[str]:
        """Where the platform calls us from."""
        return (await self._call("/cgi-bin/getcallbackip", None, again=True)).ip_list

    async def quota(self, path: str) -> CallQuota:
        """How often a call, by its path from the root, may still be made today."""
        return (await self._call("/cgi-bin/openapi/quota/get", {"cgi_path": path}, again=True)).quota

    async def upload_image(self, name: str, kind: str, body: bytes) -> str:
        """The platform's id of an image, good for three days."""
        return (await self._call("/cgi-bin/media/upload", None, file=(name, kind, body))).media_id

    async def media(self, id: str, most: int) -> bytes:
        """What a resident has sent: the platform has it for three days. Cut off above `most` bytes."""
        token = await self._token()
        found = await self._media(token, id, most)
        for force in (False, True):
            if MEANINGS.get(found.errcode) is WechatFault.TOKEN:
                token = await self._another(token, force)
                found = await self._media(token, id, most)
        if found.errcode:
            raise self._refused(found, MEDIA)
        return found.media

    async def _media(self, token: str, id: str, most: int) -> _WechatAnswer:
        return await self._ask(
            "GET", f"/cgi-bin/{MEDIA}?{urlencode({'access_token': token, 'media_id': id})}", MEDIA, most=most
        )

    async def session(self, code: str) -> Session:
        """Who a sign-in's code stands for; a code is good once."""
        asked = {"appid": self.app_id, "secret": self._secret, "code": code, "grant_type": "authorization_code"}
        found = await self._ask("GET", f"/sns/oauth2/access_token?{urlencode(asked)}", "sns/oauth2")
        if found.errcode or not found.openid:
            raise self._refused(found, "sns/oauth2")
        return Session(found.openid, found.is_snapshotuser == 1)

    def opens(self, call: str) -> int:
        """When a call over its limit, or without a token, may be made again (ms)."""
        return max(self._closed.get(call, 0), self._rests_until, self._clock() + 1_000)

    @property
    def alarm(self) -> str | None:
        """What a person has to see to."""
        return self._wrong or self._silent

    # -- one call

    async def _call(
        self, path: str, body: Mapping[str, object] | None, *, again: bool = False, file: tuple[str, str, bytes] | None = None
    ) -> _WechatAnswer:  # fmt: skip
        """`again` says that repeating it does no harm."""
        name = path.removeprefix("/cgi-bin/")
        if self._closed.get(name, 0) > self._clock():
            raise WechatError(WechatFault.TOO_OFTEN, None, name)
        token = await self._token()
        found = await self._with_busy(path, token, body, again, file)
        for force in (False, True):
            if MEANINGS.get(found.errcode) is WechatFault.TOKEN:
                token = await self._another(token, force)
                found = await self._with_busy(path, token, body, again, file)
        if found.errcode:
            raise self._refused(found, name)
        self._rests = 0
        return found

    async def _with_busy(
        self, path: str, token: str, body: Mapping[str, object] | None, again: bool, file: tuple[str, str, bytes] | None
    ) -> _WechatAnswer:  # fmt: skip
        name = path.removeprefix("/cgi-bin/")
        url = f"{path}?{urlencode({'access_token': token, **({'type': 'image'} if file else {})})}"
        for wait in (*BUSY, None) if again else (None,):
            found = await self._ask("GET" if body is None and file is None else "POST", url, name, body, file)
            if MEANINGS.get(found.errcode) is not WechatFault.BUSY or wait is None:
                break
            await asyncio.sleep(wait)
        return found

    async def _ask(
        self, method: str, url: str, name: str, body: Mapping[str, object] | None = None,
        file: tuple[str, str, bytes] | None = None, most: int = 0,
    ) -> _WechatAnswer:  # fmt: skip
        """`most` is how much of a content that is no JSON is read."""
        try:
            found = _read(await self._answer(method, url, name, body, file, most), name, is_media=most > 0)
        except WechatError as error:
            self._silent = str(error)
            raise
        self._silent = None
        return found

    async def _answer(
        self, method: str, url: str, name: str, body: Mapping[str, object] | None,
        file: tuple[str, str, bytes] | None, most: int,
    ) -> bytes:  # fmt: skip
        self.calls[name] += 1
        content = msgspec.json.encode(body) if body is not None else None
        files = {"media": (file[0], file[2], file[1])} if file else None
        try:
            async with self._client.stream(method, url, content=content, files=files) as response:
                raw = b""
                async for part in response.aiter_bytes():
                    raw += part
                    if most and len(raw) > most:
                        break
                    if len(raw) > LARGEST and not most:
                        raise WechatError(WechatFault.UNREACHABLE, None, name, " (too large)")
                if response.status_code != 200:
                    raise WechatError(WechatFault.UNREACHABLE, None, name, f" (HTTP {response.status_code})")
        except httpx.HTTPError as error:
            # The library's own words hold the URL, and that holds the token: they go no further.
            raise WechatError(WechatFault.UNREACHABLE, None, name, f" ({type(error).__name__})") from None
        return raw

    def _refused(self, found: _WechatAnswer, name: str) -> WechatError:
        meaning = MEANINGS.get(found.errcode, WechatFault.WRONG)
        now = self._clock()
        if meaning is WechatFault.TOO_OFTEN:
            self._closed[name] = _midnight(now) if found.errcode == DAY_LIMIT else now + MINUTE
        hint = f" ({address[0]})" if meaning is WechatFault.ADDRESS and (address := _IP.search(found.errmsg)) else ""
        error = WechatError(meaning, found.errcode, name, hint)
        if error.of_account:
            self._rest()
        if meaning in (WechatFault.TOKEN, WechatFault.ADDRESS, WechatFault.FORBIDDEN, WechatFault.WRONG):
            self._wrong = str(error)
            log.error("wechat", extra={"error": str(error)})
        return error

    # -- the token

    async def _token(self) -> str:
        if self._rests_until > self._clock():
            raise WechatError(WechatFault.TOKEN, None, "token", " (none is asked for at this moment)")
        row = await self._shared()
        if row is not None and row.until - min(EARLY, (row.until - row.fetched_at) // 4) > self._clock():
            return row.value.decode()
        return await self._renew(row)

    async def _another(self, used: str, force: bool) -> str:
        """A token other than the one that was just refused; with `force` one for which the platform forgets the others,
        where it has not done so lately."""
        row = await self._shared()
        if row is not None and row.value.decode() != used and row.until > self._clock():
            return row.value.decode()
        if force := force and self._clock() - self._forced > FORCED:
            self._forced = self._clock()
        return await self._renew(row, used, force=force)

    def _rest(self) -> None:
        """Leaves the platform alone for a while, the longer the more often in a row."""
        self._rests_until = self._clock() + min(LONGEST_REST, REST << min(self._rests, 10))
        self._rests += 1

    async def _shared(self) -> SharedRow | None:
        return await self._database.read(lambda t: deliveries.get_shared(t, self._name))

    async def _renew(self, read: SharedRow | None, refused: str | None = None, *, force: bool = False) -> str:
        """Fetches a new token, or waits for whoever does; never the one that was refused, as long as there is hope."""
        async with self._fetching:
            for _ in range(100):
                row = await self._shared()
                if row is not None and row.fetched_at != (read.fetched_at if read else 0):
                    return row.value.decode()
                if row is None or row.lease <= self._clock():
                    if await self._lease(row):
                        return await self._fetch(force=force)
                elif row.until > self._clock() and row.value.decode() != refused:
                    return row.value.decode()  # somebody else fetches the next one, and this one is still good
                await asyncio.sleep(0.1)
        raise WechatError(WechatFault.UNREACHABLE, None, "stable_token")

    async def _lease(self, read: SharedRow | None) -> bool:
        until = self._clock() + FETCHING
        return await self._database.write(lambda t: deliveries.lease_shared(t, self._name, read, until))

    async def _fetch(self, *, force: bool) -> str:
        asked: dict[str, object] = {"grant_type": "client_credential", "appid": self.app_id, "secret": self._secret}
        if force:
            asked["force_refresh"] = True
        try:
            found = await self._ask("POST", "/cgi-bin/stable_token", "stable_token", asked)
            if found.errcode or not found.access_token:
                raise self._refused(found, "stable_token")
        except WechatError as error:
            if not error.of_account:
                error.of_account = True
                self._rest()
            row = await self._shared()
            # Free again at once: nobody waits for somebody who has failed.
            until, value = (row.until, row.value) if row else (0, b"")
            fetched = row.fetched_at if row else 0
            await self._database.write(lambda t: deliveries.put_shared(t, self._name, value, until, fetched))
            raise
        now = self._clock()
        until = now + found.expires_in * 1000
        await self._database.write(
            lambda t: deliveries.put_shared(t, self._name, found.access_token.encode(), until, now)
        )
        self._wrong = None
        return found.access_token


def _read(raw: bytes, name: str, *, is_media: bool) -> _WechatAnswer:
    """Raises `WechatError`."""
    if (
        is_media and raw and not raw.lstrip().startswith((b"{", b"<"))
    ):  # what is no such thing is JSON, or a proxy's page
        return _WechatAnswer(media=raw)
    try:
        return msgspec.json.decode(raw, type=_WechatAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise WechatError(WechatFault.UNREACHABLE, None, name, " (not JSON)") from None


def _midnight(now: int) -> int:
    """The end of the platform's day, in ms."""
    day = 86_400_000
    ahead = 8 * 3_600_000
    return (now + ahead) // day * day + day - ahead
