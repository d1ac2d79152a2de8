"""The official account's webhook.

A message is answered in the response when the answer is there in time. WeChat asks again until it has a response, so
nothing else has to see to such an answer: whoever asks again gets the very same. What takes longer is first kept, then
acknowledged, and leaves as a customer-service message, of which there are few: they are merged, and what does not fit
waits until the resident writes.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from bot.channel import Core
from bot.edge import BodyError, body_of, respond, safely
from bot.inbox import Receipt
from bot.messages import Inbound
from integrations.tencent.envelope import DroppedError, GateRefusedError
from integrations.tencent.owed import opened
from integrations.tencent.packing import Outgoing, Place, pack
from integrations.wechat import messages, rendering
from integrations.wechat.gate import LARGEST, Gate, Received
from integrations.wechat.leaving import WechatOutlet
from integrations.wechat.owing import let_go, written
from integrations.wechat.settings import CHANNEL, WechatSettings
from store import conversations, deliveries, outbox
from store.queue import HELD
from store.transaction import Transaction

log = logging.getLogger(__name__)
BUDGET = 3.5  # seconds after which a message is acknowledged without its answer; WeChat cuts the connection after five
LATEST = 4.5  # seconds after which nothing is acknowledged any more: WeChat delivers it again
CUT = 6.0  # seconds after which nobody listens
LEASE = 60_000  # ms that the process which put an answer off has for it

RECEIVED = Counter("daoxue_wechat_received", "Messages and events, by type", ["type"])
REFUSED = Counter("daoxue_wechat_refused", "Requests not proven to come from WeChat, by reason", ["why"])
DROPPED = Counter("daoxue_wechat_dropped", "Messages of WeChat's that could not be used, by reason", ["why"])
_KNOWN = frozenset(
    {"text", "voice", "image", "video", "shortvideo", "link", "location", "file", "subscribe", "unsubscribe", "scan", "click",
     "view", "event_location", "templatesendjobfinish", "masssendjobfinish", "publishjobfinish", "kf_create_session",
     "kf_close_session", "kf_switch_session", "subscribe_msg_popup_event", "subscribe_msg_change_event",
     "subscribe_msg_sent_event", "user_info_modified", "user_authorization_revoke"}
)  # fmt: skip

_decode_outgoing = msgspec.json.Decoder(Outgoing).decode
Happened = Callable[[str, messages.Event, int], Awaitable[dict[str, str]]]
_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]


@dataclass(slots=True)
class Asked:
    """A request of WeChat's: when it came (`time.monotonic`), and what of a conversation's its response has on trial: the
    conversation, and the message that it answers."""

    begun: float
    on_trial: tuple[int, str] | None = None


class WechatChannel:
    """An ASGI application. `happened` is told of every event before it is answered."""

    def __init__(self, core: Core, gate: Gate, outlet: WechatOutlet, happened: Happened) -> None:
        self._core = core
        self._outlet = outlet
        self._account = core.stanzas.of(WechatSettings).account
        self._gate = gate
        self._happened = happened
        self._late: set[asyncio.Task[Receipt]] = set()  # turns that were acknowledged before they ended

    # -- coming in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Asked(time.monotonic())
        failed = (503, b"text/plain", b"")  # nothing was accepted, and WeChat delivers it again
        status, kind, body = await safely("message not accepted", self._proven(scope, receive, asked), failed)
        self._core.observe("delivering")
        await respond(send, status, body, [*_HEADERS, (b"content-type", kind)])
        if (on_trial := asked.on_trial) is not None:
            await self._core.database.write(lambda t: written(t, *on_trial), quick=True)
        self._core.observe("delivered")

    async def _proven(self, scope: Scope, receive: Receive, asked: Asked) -> tuple[int, bytes, bytes]:
        try:
            return await self._respond(scope, receive, asked)
        except (GateRefusedError, BodyError) as error:
            REFUSED.labels(str(error)).inc()
            return 403, b"text/plain", b""

    async def _respond(self, scope: Scope, receive: Receive, asked: Asked) -> tuple[int, bytes, bytes]:
        """Status, type and body of the response. Raises `GateRefusedError` and `BodyError`."""
        if scope["method"] not in ("GET", "POST"):
            raise GateRefusedError("method")
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not length.isdigit() or int(length) > LARGEST:
            raise GateRefusedError("size")
        parameters = self._gate.parameters(scope["query_string"])
        keys = self._gate.check(parameters, self._core.clock())
        if scope["method"] == "GET":
            if "echostr" not in parameters:
                raise GateRefusedError("query")
            return 200, b"text/plain; charset=utf-8", parameters["echostr"].encode()
        body = await body_of(receive, LARGEST)
        try:
            received = self._gate.open(parameters, keys, body)
            answer = await self._answered(received, asked)
        except DroppedError as error:
            await self._drop(str(error), body, parameters.get("encrypt_type") == "aes")
            return 200, b"text/plain", b"success"
        if answer is None:
            return 200, b"text/plain", b"success"
        if received.encrypted:
            answer = self._gate.sealed(received.keys, answer, int(self._core.clock()), parameters["nonce"])
        return 200, b"application/xml; charset=utf-8", answer.encode()

    async def _drop(self, why: str, body: bytes, encrypted: bool) -> None:
        """Counted, told, and kept for a week where nobody can read it without our key."""
        DROPPED.labels(why).inc()
        log.error("dropped a message of WeChat's", extra={"error": why})
        if encrypted:
            now = self._core.now()
            await self._core.database.write(lambda t: deliveries.keep_dropped(t, CHANNEL, why, body, now))

    async def _answered(self, received: Received, asked: Asked) -> str | None:
        """The XML to answer with; None where there is nothing to say. Raises `DroppedError`."""
        if self._account and received.text("ToUserName") != self._account:
            raise DroppedError("ToUserName")
        said = messages.inbound(received, self._core.now())
        happened = messages.event(received)
        kind = happened.kind if happened else received.text("MsgType").strip().lower()
        kind = "event_location" if happened and kind == "location" else kind
        RECEIVED.labels(kind if kind in _KNOWN else "unknown").inc()
        if happened is not None:
            slots = await self._happened(received.text("FromUserName"), happened, self._core.now())
            if said is not None and slots:
                said = replace(said, intent="bound", slots=slots)
        if said is None:
            return None
        go_on = messages.GO_ON if self._outlet.may_push else messages.GO_ON | messages.GO_ON_AFTER_A_WAIT
        if said.text in go_on and await self._is_waiting(said):
            said = messages.going_on(said)
        outgoing = await self._in_time(said, asked)
        if outgoing is None:
            return None
        at = received.number("CreateTime") or 0
        return rendering.passive(outgoing, to=said.address, account=received.text("ToUserName"), at=at)

    async def _is_waiting(self, said: Inbound) -> bool:
        """Whether there is something to go on with."""

        def look(transaction: Transaction) -> bool:
            if deliveries.is_deferred(transaction, CHANNEL, said.address, said.at + LEASE):
                return True
            read = conversations.find(transaction, CHANNEL, said.address)
            if read is None:
                return False
            if deliveries.answer(transaction, read.id, said.id) is not None:
                return True  # this was what it was taken for before
            owed = [row for row in outbox.owed(transaction, read.id) if not row.is_given_up]
            return any(row.due_at == HELD for row in owed) if self._outlet.may_push else bool(owed)

        waiting = await self._core.database.read(look)
        return waiting or any(task.get_name() == said.address for task in self._late)

    async def _in_time(self, said: Inbound, asked: Asked) -> Outgoing | None:
        """The answer, or what is said instead of it when it takes too long, or would for all who are before it."""
        if await self._core.inbox.must_wait(said) and await self._put_off(said, asked.begun, self._core.now()):
            return self._instead()
        turn = asyncio.create_task(self._core.inbox.receive(said, waits=True), name=said.address)
        await asyncio.wait({turn}, timeout=BUDGET - (time.monotonic() - asked.begun))
        if not turn.done() and await self._put_off(said, asked.begun, self._core.now() + LEASE):
            self._late.add(turn)
            turn.add_done_callback(self._is_late_no_more)
            return self._instead()
        done, _ = await asyncio.wait({turn}, timeout=max(0.0, CUT - (time.monotonic() - asked.begun)))
        if not done:
            turn.cancel()
            raise TimeoutError
        return await self._outgoing(said, turn.result(), asked)

    def _instead(self) -> Outgoing | None:
        """What is said instead of an answer that leaves by itself."""
        return None if self._outlet.may_push else Outgoing(text=self._core.texts.line("zh", "wechat.wait"))

    async def _put_off(self, said: Inbound, begun: float, until: int) -> bool:
        """Keeps the message before it is acknowledged, for this process until then (ms); False where it was answered at this
        very moment, or where nothing can be kept: then it must not be acknowledged."""
        try:
            async with asyncio.timeout(max(0.01, LATEST - (time.monotonic() - begun))):
                kept = await self._core.inbox.put_off(said, until)
        except TimeoutError:
            return False
        if kept:
            now = self._core.now()
            await self._core.database.write(lambda t: let_go(t, CHANNEL, said.address, now), quick=True)
        return kept

    def _is_late_no_more(self, turn: "asyncio.Task[Receipt]") -> None:
        self._late.discard(turn)
        if not turn.cancelled() and (error := turn.exception()) is not None:
            log.error("a message that was acknowledged is taken up again", exc_info=error)

    # -- the answer in the response

    async def _outgoing(self, said: Inbound, receipt: Receipt, asked: Asked) -> Outgoing | None:
        owed, lost = await self._core.database.read(
            lambda t: (outbox.owed(t, receipt.conversation), deliveries.is_lost(t, CHANNEL, said.address))
        )
        if lost:
            await self._core.database.write(lambda t: deliveries.find_again(t, CHANNEL, said.address))
        if not receipt.again and not owed:
            if not receipt.answers:
                return None
            outgoing, after = pack(opened(receipt.answers, self._core.public_url), Place(receipt.seq + 1, 0))
            if after is None:
                self._core.live.delivered(receipt.conversation, receipt.last_seq)
                return outgoing
        now = self._core.now()
        stored, on_trial = await self._core.database.write(
            lambda t: self._outlet.owing.claim(t, said, receipt, now, may_push=self._outlet.may_push), quick=True
        )
        if on_trial:
            asked.on_trial = receipt.conversation, said.id
        else:
            self._core.live.delivered(receipt.conversation, receipt.last_seq)
        if on_trial and not stored:
            return self._instead()
        return _decode_outgoing(stored) if stored else None
