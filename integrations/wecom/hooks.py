"""The callback: that there is something to fetch is committed before it is acknowledged, and fetched by the queue."""

from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from bot.channel import Core
from bot.edge import BodyError, body_of, respond, safely
from integrations.tencent.envelope import DroppedError, GateRefusedError
from integrations.wecom.gate import LARGEST, WecomGate
from integrations.wecom.settings import CHANNEL, WecomSettings
from store import queue
from store.queue import NewRow

LANE = f"{CHANNEL}-messages"
KIND = "wecom_fetch"
REFUSED = Counter("daoxue_wecom_refused", "Requests not proven to come from WeCom, by reason", ["why"])
_HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]


def new_row(token: str, id: str, now: int) -> NewRow:
    """One look at what has come; looks come one after the other. `number` tells since when there is something."""
    return NewRow(KIND, f"{KIND}:{id}", LANE, token.encode(), now, KIND, now)


class WecomHook:
    """An ASGI application."""

    def __init__(self, core: Core, settings: WecomSettings, gate: WecomGate) -> None:
        self._core = core
        self._account = settings.account
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Where it fails, nothing was accepted, and the platform calls again.
        status, body = await safely("notice not accepted", self._proven(scope, receive), (503, b""))
        await respond(send, status, body, _HEADERS)

    async def _proven(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        try:
            return await self._answered(scope, receive)
        except (GateRefusedError, BodyError) as error:
            REFUSED.labels(str(error)).inc()
            return 403, b""

    async def _answered(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        """Status and body. Raises `GateRefusedError` and `BodyError`."""
        given = self._gate.parameters(scope["query_string"], self._core.clock())
        if scope["method"] == "GET":
            return 200, self._gate.opened(given, given.get("echostr")).encode()
        if scope["method"] != "POST":
            raise GateRefusedError("method")
        body = await body_of(receive, LARGEST)
        now = self._core.now()
        try:
            notice = self._gate.notice(given, body)
        except DroppedError:
            notice = None  # proven, and of no use however often it comes
        if notice is not None and notice.account == self._account:
            row = new_row(notice.token, given["msg_signature"], now)
            await self._core.database.write(lambda t: queue.put(t, row), quick=True)
            self._core.observe("kept")
        return 200, b"success"
