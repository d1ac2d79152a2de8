"""Texts over a mainland gateway: only approved words leave it, as the id of a template with its variables, under an approved
signature; free text is refused. The contract is docs/sms-gateway.md.

What we want to say is matched against the approved templates. What fits none of them is not sent: the resident gets the
template that points to where the answer stands.
"""

import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import httpx
import msgspec
from msgspec import Meta, Struct
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.calling import HttpClient
from bot.channel import SettingsError
from bot.edge import BodyError, body_of, respond, safely
from bot.keeping import NAME
from integrations.gateway_settings import GatewaySettings, TemplateSettings
from integrations.texting import TextError, Texting, TextRefusal

log = logging.getLogger(__name__)
PATH = "/channels/gateway"
FRESH = 300  # seconds
LARGEST = 16_384  # bytes
VARIABLE = 60  # characters of one variable, unless a template says less
WITHIN = httpx.Timeout(10, connect=3)
_MEANINGS: Mapping[str, TextRefusal] = {
    "RATE": TextRefusal.TOO_OFTEN, "BLACKLIST": TextRefusal.STOPPED, "PHONE": TextRefusal.GONE, "KEY": TextRefusal.ACCOUNT,
    "SIGNATURE": TextRefusal.ACCOUNT, "BALANCE": TextRefusal.ACCOUNT, "SIGN_UNKNOWN": TextRefusal.ACCOUNT,
}  # fmt: skip
_STATUSES = {"SENT": "sent", "DELIVERED": "delivered", "FAILED": "failed"}
_PLACE = re.compile(r"\\{(\w+)\\}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its variables."""

    template: str
    variables: Mapping[str, str]


class Templates:
    """What may be said. Raises `SettingsError` where there is nothing for what fits none."""

    def __init__(self, settings: Sequence[TemplateSettings]) -> None:
        if not settings or _PLACE.search(re.escape(settings[-1].text)):
            raise SettingsError(
                "channels.gateway.templates: the last one must have no variables: it is sent where none fits"
            )
        self._shapes = [(each.id, _shape(each.text)) for each in settings]
        self._otherwise = Filled(settings[-1].id, {})

    def fit(self, text: str) -> Filled:
        for id, shape in self._shapes:
            if match := shape.fullmatch(text):
                return Filled(id, match.groupdict())
        return self._otherwise

    def has(self, text: str) -> bool:
        """Whether one of them says this."""
        return any(shape.fullmatch(text) for _, shape in self._shapes)


def _shape(text: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(rf"(?P<\1>.{{1,{VARIABLE}}})", re.escape(text)), re.DOTALL)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the time and the body, in hexadecimal digits."""
    return hmac.new(secret.encode(), stamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()


class _GatewayAnswer(Struct):
    code: str = ""
    message_id: str = ""


class Gateway:
    """`integrations.texting.Provider`: sending the same id again sends nothing again."""

    def __init__(self, settings: GatewaySettings, key: str, secret: str, clock: Callable[[], float]) -> None:
        self.alarm: str | None = None
        self._sign = settings.sign
        self._templates = Templates(settings.templates)
        self._key = key
        self._secret = secret
        self._clock = clock
        self._client = HttpClient(base_url=settings.api_base, timeout=WITHIN, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    names_seats = True  # words of seats are approved as such

    def can_say(self, body: str) -> bool:
        return self._templates.has(body)

    async def text(self, to: str, body: str, id: str) -> str:
        filled = self._templates.fit(body)
        content = msgspec.json.encode(
            {"id": id, "phone": to, "sign": self._sign, "template": filled.template, "variables": filled.variables}
        )
        stamp = str(int(self._clock()))
        headers = {
            "x-gateway-key": self._key, "x-gateway-timestamp": stamp, "content-type": "application/json",
            "x-gateway-signature": signature(self._secret, stamp, content),
        }  # fmt: skip
        try:
            answer = await self._client.post("/v1/messages", content=content, headers=headers)
            found = msgspec.json.decode(answer.content, type=_GatewayAnswer)
        except (httpx.HTTPError, msgspec.DecodeError, UnicodeDecodeError):
            self.alarm = "gateway: no answer"
            raise TextError(TextRefusal.UNREACHABLE, "no answer", "gateway") from None
        if answer.status_code == 200 and found.code == "OK" and found.message_id:
            self.alarm = None
            return found.message_id
        error = TextError(
            _MEANINGS.get(found.code, TextRefusal.WRONG), found.code[:32] or str(answer.status_code), "gateway"
        )
        if error.meaning in (TextRefusal.ACCOUNT, TextRefusal.WRONG):
            self.alarm = str(error)
            log.error("gateway", extra={"error": str(error)})
        raise error


class GatewayText(Struct, tag="inbound", tag_field="type"):
    """A resident's text (上行)."""

    id: Annotated[str, Meta(pattern=rf"^{NAME}\Z")]
    phone: Annotated[str, Meta(pattern=r"^\+?[0-9]{3,21}$")]
    text: Annotated[str, Meta(max_length=2_000)]


class Status(Struct, tag="status", tag_field="type"):
    """How a text fared."""

    message_id: Annotated[str, Meta(pattern=rf"^{NAME}\Z")]
    status: str
    error: str = ""


_decode = msgspec.json.Decoder(GatewayText | Status).decode


class GatewayHooks:
    """The webhook, by path. `clock` is in seconds."""

    def __init__(self, texting: Texting, secret: str, clock: Callable[[], float]) -> None:
        self._texting = texting
        self._secret = secret
        self._clock = clock

    @property
    def hooks(self) -> dict[str, ASGIApp]:
        return {PATH: self._hear}

    async def _hear(self, scope: Scope, receive: Receive, send: Send) -> None:
        busy = (503, b'{"code":"BUSY"}')  # nothing was accepted, and the gateway asks again
        status, body = await safely("request not accepted", self._told(scope, receive), busy)
        await respond(send, status, body, [(b"content-type", b"application/json")])

    async def _told(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        headers = dict(scope["headers"])
        try:
            body = await body_of(receive, LARGEST)
        except BodyError:
            return 403, b""
        stamp = headers.get(b"x-gateway-timestamp", b"").decode("latin-1")
        given = headers.get(b"x-gateway-signature", b"")
        if not re.fullmatch(r"[0-9]{10}", stamp) or abs(self._clock() - int(stamp)) > FRESH:
            return 403, b""
        if not hmac.compare_digest(signature(self._secret, stamp, body).encode(), given):
            return 403, b""
        try:
            told = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return 422, b'{"code":"FORM"}'
        if isinstance(told, Status):
            await self._texting.fared(told.message_id, _STATUSES.get(told.status, ""), told.error[:16])
        else:
            await self._texting.receive(told.phone, told.id, told.text.strip(), inline=False)
        return 200, b'{"code":"OK"}'
