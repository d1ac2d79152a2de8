"""A mainland text gateway, played by its contract (docs/sms-gateway.md): approved signatures and templates, no free text,
ids that are sent once, statuses and residents' texts that are told under a signature."""

import hashlib
import hmac
import json
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

LONGEST = 60  # characters of a variable
SIGN = "示范社区学院"


@dataclass
class TextReceived:
    """A text on a telephone. `id` is the account's, `message` the gateway's."""

    id: str
    message: str
    phone: str
    text: str


@dataclass
class TextGateway:
    """One account. `templates` are approved words by id, with `{name}` for a variable."""

    templates: Mapping[str, str]
    sign: str = SIGN
    url: str = ""
    key: str = field(default_factory=lambda: secrets.token_hex(8))
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    clock: Callable[[], float] = time.time
    arrived: list[TextReceived] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # codes of the next answers; html for something else
    calls: Counter[str] = field(default_factory=Counter)
    _known: dict[str, str] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/messages", self._send, methods=["POST"])])

    def _signature(self, stamp: str, body: bytes) -> str:
        return hmac.new(self.secret.encode(), f"{stamp}\n".encode() + body, hashlib.sha256).hexdigest()

    async def _send(self, request: Request) -> Response:
        self.calls["send"] += 1
        body = await request.body()
        stamp = request.headers.get("x-gateway-timestamp", "")
        if request.headers.get("x-gateway-key") != self.key:
            return _code("KEY", 401)
        if (
            self._signature(stamp, body) != request.headers.get("x-gateway-signature")
            or abs(self.clock() - int(stamp)) > 300
        ):
            return _code("SIGNATURE", 401)
        if self.faults:
            fault = self.faults.pop(0)
            return HTMLResponse("<html>busy</html>") if fault == "html" else _code(fault)
        asked = json.loads(body)
        if set(asked) != {"id", "phone", "sign", "template", "variables"}:
            return _code("FREE_TEXT", 400)
        if asked["sign"] != self.sign:
            return _code("SIGN_UNKNOWN")
        words = self.templates.get(asked["template"])
        if words is None:
            return _code("TEMPLATE_UNKNOWN")
        names = set(re.findall(r"\{(\w+)\}", words))
        variables = asked["variables"]
        if set(variables) != names or any(not 0 < len(value) <= LONGEST for value in variables.values()):
            return _code("VARIABLE_WRONG")
        if not re.fullmatch(r"\+?[0-9]{5,16}", asked["phone"]):
            return _code("PHONE")
        if asked["id"] not in self._known:
            self._known[asked["id"]] = secrets.token_hex(12)
            text = f"【{self.sign}】{words.format(**variables)}"
            self.arrived.append(TextReceived(asked["id"], self._known[asked["id"]], asked["phone"], text))
        return JSONResponse({"code": "OK", "message_id": self._known[asked["id"]]})

    async def tell(
        self, told: Mapping[str, object], *, stamp: int | None = None, forged: bool = False
    ) -> httpx.Response:
        """What the gateway tells the account."""
        body = json.dumps(told, ensure_ascii=False).encode()
        at = str(int(self.clock()) if stamp is None else stamp)
        signature = "0" * 64 if forged else self._signature(at, body)
        headers = {"x-gateway-timestamp": at, "x-gateway-signature": signature, "content-type": "application/json"}
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            return await client.post(self.url, content=body, headers=headers)

    async def offer(self, told: Mapping[str, object]) -> int:
        """The same once: the status of what the account answered, 0 where it did not."""
        try:
            return (await self.tell(told)).status_code
        except httpx.HTTPError:
            return 0


def _code(code: str, status: int = 200) -> JSONResponse:
    return JSONResponse({"code": code, "message": code}, status)
