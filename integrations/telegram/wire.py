"""How python-telegram-bot's calls reach the platform: over aiohttp, because its own way costs five times the CPU. Nothing
that is raised here holds an address, for that holds the token.
"""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode

import aiohttp
import msgspec
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

WITHIN, CONNECTED_WITHIN = 10.0, 3.0  # seconds
FETCHED = 60.0  # seconds for a file
LARGEST = 8 << 20  # bytes of an answer: a hundred updates
AT_ONCE = 64  # connections
KEPT = 4.0  # seconds that an idle one is: servers close theirs after five or more, and what is written then is lost


class _Parameters(msgspec.Struct):
    retry_after: float = 0.0
    migrate_to_chat_id: int = 0


class _No(msgspec.Struct):
    description: str = ""
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


class _Yes(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")


class CallRefusedError(TelegramError):
    """What the platform says to a call that it does not do: an HTTP status, its words, in how many seconds it may be
    called again, what a group has become."""

    def __init__(self, status: int, no: _No) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.words = no.description
        self.retry_after = no.parameters.retry_after
        self.moved_to = no.parameters.migrate_to_chat_id


class Wire(BaseRequest):
    """How the client's calls reach the platform."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return WITHIN

    async def initialize(self) -> None:
        """Nothing is opened before the first call."""

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, object]:
        try:
            return msgspec.json.decode(payload, type=dict[str, object])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise TelegramError("not JSON") from None

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, read_timeout: ODVInput[float] = None,
        write_timeout: ODVInput[float] = None, connect_timeout: ODVInput[float] = None,
        pool_timeout: ODVInput[float] = None,
    ) -> tuple[int, bytes]:  # fmt: skip
        """Status and body of what was done. Raises `CallRefusedError` and `NetworkError`."""
        body, headers = _body(request_data or RequestData())
        seconds = read_timeout if isinstance(read_timeout, int | float) else WITHIN
        return HTTPStatus.OK, await self._done(url, body, headers, _within(seconds))

    async def do(self, url: str, values: Mapping[str, str], held: float = 0.0) -> bytes:
        """A call whose result (JSON) the client does not look at: of a message that was sent it would make some hundred
        attributes, and of updates it reads all or none. The platform may hold it for so many seconds. Raises as
        `do_request`."""
        answer = await self._done(url, urlencode(values).encode(), _FORM, _within(held + WITHIN) if held else _USUAL)
        try:
            done = msgspec.json.decode(answer, type=_Yes)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise NetworkError("not the Bot API") from None
        if not done.ok:
            raise NetworkError("not the Bot API")
        return bytes(done.result)

    async def fetch(self, url: str, most: int) -> bytes:
        """A file, cut off above `most` bytes. Raises as `do_request`."""
        body = bytearray()
        try:
            async with self._open().get(url, timeout=_within(FETCHED), allow_redirects=False) as response:
                if response.status != HTTPStatus.OK:
                    raise CallRefusedError(response.status, _No())
                async for part in response.content.iter_any():
                    body += part
                    if len(body) > most:
                        break
        except TimeoutError:
            raise TimedOut from None
        except aiohttp.ClientError as error:
            raise NetworkError(type(error).__name__) from None
        return bytes(body)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=KEPT),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def _done(
        self, url: str, body: bytes | aiohttp.FormData, headers: dict[str, str], within: aiohttp.ClientTimeout
    ) -> bytes:
        try:
            asked = self._open().post(url, data=body, headers=headers, timeout=within, allow_redirects=False)
            async with asked as response:
                status, answer = response.status, await _read(response)
        except TimeoutError:
            raise TimedOut from None
        except aiohttp.ClientError as error:
            raise NetworkError(type(error).__name__) from None
        if status == HTTPStatus.OK:
            return answer
        try:
            raise CallRefusedError(status, msgspec.json.decode(answer, type=_No))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise NetworkError(f"HTTP {status}") from None


def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds + CONNECTED_WITHIN, connect=CONNECTED_WITHIN)


_USUAL = _within(WITHIN)
_FORM = {"content-type": "application/x-www-form-urlencoded"}


def _body(data: RequestData) -> tuple[bytes | aiohttp.FormData, dict[str, str]]:
    """What is posted, and its headers."""
    if not data.contains_files:
        return data.url_encoded_parameters().encode(), _FORM
    form = aiohttp.FormData(data.json_parameters, quote_fields=False)  # names of files in UTF-8, as they are
    for name, (filename, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form, {}


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > LARGEST:
            raise NetworkError("too large")
    return bytes(body)
