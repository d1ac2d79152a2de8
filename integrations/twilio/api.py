"""Twilio's API: the few calls that we make, and what a refusal means.

Source: twilio.com/docs/messaging/api/message-resource, /docs/voice/api/call-resource, /docs/api/errors.
"""

import logging
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from bot.calling import HttpClient
from integrations.texting import TextError, TextRefusal

T = TypeVar("T")
log = logging.getLogger(__name__)
WITHIN = httpx.Timeout(10, connect=3)  # seconds
LARGEST = 1 << 20  # bytes of an answer
LARGEST_RECORDING = 20 << 20


_CODES: Mapping[TextRefusal, tuple[int, ...]] = {
    TextRefusal.TOO_OFTEN: (20429, 14107, 30001),
    TextRefusal.STOPPED: (21610,),
    TextRefusal.GONE: (21211, 21214, 21217, 21408, 21612, 21614, 13223, 13224, 13225, 21215),
    TextRefusal.ACCOUNT: (20003, 20005, 20006, 10001, 21606, 21210, 21212),
}
MEANINGS = {code: meaning for meaning, codes in _CODES.items() for code in codes}


class _TwilioAnswer(msgspec.Struct):
    sid: str = ""
    code: int | None = None


class TwilioAccount(msgspec.Struct, frozen=True):
    """`status`: active, suspended, closed."""

    status: str = ""


class TwilioBalance(msgspec.Struct, frozen=True):
    balance: str = ""
    currency: str = ""


class Twilio:
    """One account. All calls raise `TextError`."""

    def __init__(self, account: str, token: str, base: str) -> None:
        self.account = account
        self.alarm: str | None = None
        self._base = base
        self._client = HttpClient(base_url=base, timeout=WITHIN, auth=(account, token), follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def text(self, to: str, of: str, body: str, status: str) -> str:
        """Sends a text; the provider's id of it."""
        return await self._post("Messages", {"To": to, "From": of, "Body": body, "StatusCallback": status})

    async def ring(self, to: str, of: str, url: str, status: str) -> str:
        """Calls somebody; what they hear is asked for at `url`."""
        events = ["initiated", "ringing", "answered", "completed"]
        return await self._post(
            "Calls",
            {
                "To": to,
                "From": of,
                "Url": url,
                "StatusCallback": status,
                "StatusCallbackEvent": events,
                "Timeout": "25",
            },
        )

    async def redirect(self, call: str, url: str) -> None:
        """Has a call in progress go on at `url`."""
        await self._post(f"Calls/{call}", {"Url": url, "Method": "POST"})

    async def standing(self) -> TwilioAccount:
        return await self._get(".json", TwilioAccount)

    async def balance(self) -> TwilioBalance:
        """What is left to be spent; nothing is said of an account that belongs to another."""
        return await self._get("/Balance.json", TwilioBalance)

    async def recording(self, url: str) -> bytes | None:
        """What was recorded, as MP3; None for an address that is not the provider's, which is never asked."""
        ours, theirs = urlsplit(self._base), urlsplit(url)
        if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            return None
        try:
            async with self._client.stream("GET", f"{theirs.path}.mp3") as response:
                body = b""
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > LARGEST_RECORDING:
                        return None
                return body if response.status_code == 200 else None
        except httpx.HTTPError:
            return None

    async def _post(self, path: str, values: Mapping[str, str | list[str]]) -> str:
        name = path.partition("/")[0]
        try:
            answer = await self._client.post(f"/2010-04-01/Accounts/{self.account}/{path}.json", data=dict(values))
        except httpx.HTTPError:
            raise self._unreachable(name) from None
        found = self._read(answer, name, _TwilioAnswer)
        if answer.status_code < 300 and found.sid:
            self.alarm = None
            return found.sid
        raise self._refused(answer, name, found)

    async def _get(self, path: str, kind: type[T]) -> T:
        try:
            answer = await self._client.get(f"/2010-04-01/Accounts/{self.account}{path}")
        except httpx.HTTPError:
            raise self._unreachable("Accounts") from None
        if answer.status_code != 200:
            raise self._refused(answer, "Accounts", self._read(answer, "Accounts", _TwilioAnswer))
        return self._read(answer, "Accounts", kind)

    def _read(self, answer: httpx.Response, name: str, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.content[:LARGEST], type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._unreachable(name) from None

    def _refused(self, answer: httpx.Response, name: str, found: _TwilioAnswer) -> TextError:
        code = found.code or answer.status_code
        meaning = MEANINGS.get(
            code,
            TextRefusal.TOO_OFTEN
            if answer.status_code == 429
            else TextRefusal.UNREACHABLE
            if answer.status_code >= 500
            else TextRefusal.WRONG,
        )
        error = TextError(meaning, str(code), f"Twilio {name}")
        if meaning in (TextRefusal.ACCOUNT, TextRefusal.WRONG, TextRefusal.UNREACHABLE):
            self.alarm = str(error)
            log.error("twilio", extra={"error": str(error)})
        return error

    def _unreachable(self, name: str) -> TextError:
        error = TextError(TextRefusal.UNREACHABLE, "no answer", f"Twilio {name}")
        self.alarm = str(error)
        return error
