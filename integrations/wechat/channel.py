"""The official account: its webhook, and what it sends by itself.

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
from datetime import datetime

import msgspec
from msgspec.structs import replace
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from bot.channel import ChannelHealth, Core
from bot.edge import BodyError, body_of, safely
from bot.inbox import Receipt, new_ticket
from bot.messages import Handover, Inbound
from bot.queue import Done, Failed, Later, Lost, Outcome
from bot.waiting import reference
from integrations.wechat import messages, rendering
from integrations.wechat.api import Wechat
from integrations.wechat.faults import WechatError, WechatFault
from integrations.wechat.gate import LARGEST, DroppedError, Gate, GateRefusedError, Received
from integrations.wechat.owing import Owing, is_held, let_go, move, of_rows, without_rests, written
from integrations.wechat.quota import Allowance, Heard, allowance
from integrations.wechat.rendering import Outgoing, Place
from integrations.wechat.settings import CHANNEL, WechatSettings
from store import attachments, conversations, deliveries, outbox, tickets
from store.conversations import ConversationRow
from store.outbox import Carried, DueRow, OwedRow
from store.queue import HELD
from store.transaction import Transaction

log = logging.getLogger(__name__)
BUDGET = 3.5  # seconds after which a message is acknowledged without its answer; WeChat cuts the connection after five
LATEST = 4.5  # seconds after which nothing is acknowledged any more: WeChat delivers it again
CUT = 6.0  # seconds after which nobody listens
LEASE = 60_000  # ms that the process which put an answer off has for it
QUIET = 10_000  # ms that the last message allowed waits for others to go with it
TYPED = 10.0  # seconds that typing is shown without telling the platform again
DAY = 86_400_000  # ms
REMEMBERED = 3 * DAY  # how things left, for the quota

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
    """The webhook (an ASGI application) and the outlet. `happened` is told of every event before it is answered.

    `may_push` is whether the account has the right to send customer-service messages; the platform may say otherwise.
    """

    pulls = False

    def __init__(self, core: Core, gate: Gate, api: Wechat, happened: Happened) -> None:
        settings = core.stanzas.of(WechatSettings)
        self.may_push = settings.customer_service
        self.api = api
        self._clock = core.clock
        self._account = settings.account
        self._gate = gate
        self._happened = happened
        self._inbox = core.inbox
        self._identity = core.identity
        self._live = core.live
        self._database = core.database
        self._texts = core.texts
        self._owing = Owing(core.public_url, self._now())
        self._zone = core.zone
        self._observe = core.observe
        self._menus = True  # until the platform does not take them
        self._late: set[asyncio.Task[Receipt]] = set()  # turns that were acknowledged before they ended
        self._typed: dict[int, float] = {}
        self._hints: set[asyncio.Task[None]] = set()
        core.live.on_typing(self._seat_types)

    def _now(self) -> int:
        return int(self._clock() * 1000)

    # -- coming in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Asked(time.monotonic())
        failed = (503, b"text/plain", b"")  # nothing was accepted, and WeChat delivers it again
        status, kind, body = await safely("message not accepted", self._proven(scope, receive, asked), failed)
        headers = [*_HEADERS, (b"content-type", kind), (b"content-length", b"%d" % len(body))]
        self._observe("delivering")
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        if (on_trial := asked.on_trial) is not None:
            await self._database.write(lambda t: written(t, *on_trial), quick=True)
        self._observe("delivered")

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
        keys = self._gate.check(parameters, self._clock())
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
            answer = self._gate.sealed(received.keys, answer, int(self._clock()), parameters["nonce"])
        return 200, b"application/xml; charset=utf-8", answer.encode()

    async def _drop(self, why: str, body: bytes, encrypted: bool) -> None:
        """Counted, told, and kept for a week where nobody can read it without our key."""
        DROPPED.labels(why).inc()
        log.error("dropped a message of WeChat's", extra={"error": why})
        if encrypted:
            now = self._now()
            await self._database.write(lambda t: deliveries.keep_dropped(t, CHANNEL, why, body, now))

    async def _answered(self, received: Received, asked: Asked) -> str | None:
        """The XML to answer with; None where there is nothing to say. Raises `DroppedError`."""
        if self._account and received.text("ToUserName") != self._account:
            raise DroppedError("ToUserName")
        said = messages.inbound(received, self._now())
        happened = messages.event(received)
        kind = happened.kind if happened else received.text("MsgType").strip().lower()
        kind = "event_location" if happened and kind == "location" else kind
        RECEIVED.labels(kind if kind in _KNOWN else "unknown").inc()
        if happened is not None:
            slots = await self._happened(received.text("FromUserName"), happened, self._now())
            if said is not None and slots:
                said = replace(said, intent="bound", slots=slots)
        if said is None:
            return None
        go_on = messages.GO_ON if self.may_push else messages.GO_ON | messages.GO_ON_AFTER_A_WAIT
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
            return any(row.due_at == HELD for row in owed) if self.may_push else bool(owed)

        waiting = await self._database.read(look)
        return waiting or any(task.get_name() == said.address for task in self._late)

    async def _in_time(self, said: Inbound, asked: Asked) -> Outgoing | None:
        """The answer, or what is said instead of it when it takes too long, or would for all who are before it."""
        if await self._inbox.must_wait(said) and await self._put_off(said, asked.begun, self._now()):
            return self._instead()
        turn = asyncio.create_task(self._inbox.receive(said, waits=True), name=said.address)
        await asyncio.wait({turn}, timeout=BUDGET - (time.monotonic() - asked.begun))
        if not turn.done() and await self._put_off(said, asked.begun, self._now() + LEASE):
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
        return None if self.may_push else Outgoing(text=self._texts.line("zh", "wechat.wait"))

    async def _put_off(self, said: Inbound, begun: float, until: int) -> bool:
        """Keeps the message before it is acknowledged, for this process until then (ms); False where it was answered at this
        very moment, or where nothing can be kept: then it must not be acknowledged."""
        try:
            async with asyncio.timeout(max(0.01, LATEST - (time.monotonic() - begun))):
                kept = await self._inbox.put_off(said, until)
        except TimeoutError:
            return False
        if kept:
            now = self._now()
            await self._database.write(lambda t: let_go(t, CHANNEL, said.address, now), quick=True)
        return kept

    def _is_late_no_more(self, turn: "asyncio.Task[Receipt]") -> None:
        self._late.discard(turn)
        if not turn.cancelled() and (error := turn.exception()) is not None:
            log.error("a message that was acknowledged is taken up again", exc_info=error)

    # -- the answer in the response

    async def _outgoing(self, said: Inbound, receipt: Receipt, asked: Asked) -> Outgoing | None:
        owed, lost = await self._database.read(
            lambda t: (outbox.owed(t, receipt.conversation), deliveries.is_lost(t, CHANNEL, said.address))
        )
        if lost:
            await self._database.write(lambda t: deliveries.find_again(t, CHANNEL, said.address))
        if not receipt.again and not owed:
            if not receipt.answers:
                return None
            outgoing, after = rendering.pack(self._owing.opened(receipt.answers), Place(receipt.seq + 1, 0))
            if after is None:
                self._live.delivered(receipt.conversation, receipt.last_seq)
                return outgoing
        now = self._now()
        stored, on_trial = await self._database.write(
            lambda t: self._owing.claim(t, said, receipt, now, may_push=self.may_push), quick=True
        )
        if on_trial:
            asked.on_trial = receipt.conversation, said.id
        else:
            self._live.delivered(receipt.conversation, receipt.last_seq)
        return _decode_outgoing(stored) if stored else None

    # -- leaving by itself

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Sends the next message of what the conversation is owed, as much as one message takes."""
        read, rows, allowed, lost = await self._database.read(lambda t: self._state(t, row.conversation, now))
        trial = next((each.trial for each in rows if each.id == row.id), None)
        if trial is not None:
            return await self._tried(row.conversation, trial, now)
        if not self.may_push:
            return Later(HELD)
        if lost:
            return Lost(WechatFault.GONE.value)
        if any(each.id != row.id and each.is_leaving(now) for each in rows):
            return Later(now + 1_000)
        if allowed.left == 0:
            return Later(HELD)
        if len(rows) > 1:
            rows = await self._database.write(lambda t: without_rests(t, row.conversation, rows))
        if not any(each.id == row.id for each in rows):
            return Done()
        if rows[0].id != row.id:
            return Later(max(rows[0].due_at, now + 1_000))  # in order: with what comes before it, or after that
        saying = await self._database.read(lambda t: of_rows(t, row.conversation, rows))
        if allowed.left == 1 and now - saying[-1].at < QUIET:
            return Later(saying[-1].at + QUIET)
        place = Place(rows[0].first_seq, rows[0].part)
        outgoing, after = rendering.pack(self._owing.opened(saying), place, images=True)
        assert outgoing is not None
        if allowed.left == 1 and (read.ticket or after):
            outgoing = outgoing.ending("\n" + self._texts.line("zh", "wechat.last"))
        elif after is not None and await self._database.read(lambda t: is_held(t, row.conversation, after)):
            outgoing = outgoing.unfinished()
        self._observe("sending")
        try:
            await self._push(read.address, outgoing)
        except WechatError as error:
            return await self._refused(error, read, now)
        last = after.seq if after else saying[-1].seq

        def settle(transaction: Transaction) -> None:
            deliveries.left(transaction, row.conversation, place.seq, last, now)
            move(transaction, row.conversation, rows, after, now)

        await self._database.insist(settle, quick=True)
        self._live.delivered(row.conversation, last - 1 if after else last)
        return Done()

    async def _tried(self, conversation: int, trial: Carried, now: int) -> Outcome:
        """WeChat has had its time to ask again for a response: what was in it has arrived, or leaves now."""
        last = await self._database.write(lambda t: self._owing.decide(t, conversation, trial, now), quick=True)
        if last is not None:
            self._live.delivered(conversation, last)
        return Done()

    def _state(
        self, transaction: Transaction, conversation: int, now: int
    ) -> tuple[ConversationRow, list[OwedRow], Allowance, bool]:
        read = conversations.get(transaction, conversation)
        assert read is not None
        rows = [row for row in outbox.owed(transaction, conversation) if not row.is_given_up]
        return (
            read,
            rows,
            _allowance(transaction, conversation, now),
            deliveries.is_lost(transaction, CHANNEL, read.address),
        )

    async def _push(self, openid: str, outgoing: Outgoing) -> None:
        """Raises `WechatError`. What is too long, or has choices that are not taken, is sent once more, simpler."""
        media = ""
        if outgoing.image is not None:
            id = outgoing.image.path.rsplit("/", 1)[-1]
            found = await self._database.read(lambda t: attachments.get(t, id))
            if found is None:
                return  # deleted meanwhile: there is nothing to send
            media = await self.api.upload_image(*found)
        try:
            await self.api.send(rendering.custom(outgoing, openid, menus=self._menus, media=media))
        except WechatError as error:
            if error.meaning is WechatFault.MENU:
                self._menus = False
            elif error.meaning is WechatFault.TOO_LONG:
                head = rendering.cut(outgoing.lines, rendering.LARGEST // 3)[0]
                outgoing = Outgoing(text=head, lang=outgoing.lang).unfinished()
            else:
                raise
            await self.api.send(rendering.custom(outgoing, openid, menus=False))

    async def _refused(self, error: WechatError, read: ConversationRow, now: int) -> Outcome:
        """What an error of the platform's leads to."""
        match error.meaning:
            case WechatFault.USED_UP:
                self._live.ring()
                return Later(HELD)
            case WechatFault.FORBIDDEN:
                self.may_push = False
                return Later(HELD)
            case WechatFault.TOO_OFTEN | WechatFault.TOKEN | WechatFault.ADDRESS:
                return Later(self.api.opens("message/custom/send"))
            case WechatFault.GONE:
                await self._database.write(lambda t: deliveries.lose(t, CHANNEL, read.address, now))
                return Lost(error.meaning.value)
            case WechatFault.CLOSED:
                await self._call_instead(read, now)
                return Later(HELD)
            case _ if error.of_account:
                return Later(self.api.opens("message/custom/send"))
            case _:
                return Failed(error.meaning.value)

    async def _call_instead(self, read: ConversationRow, now: int) -> None:
        """What cannot be written any more is for somebody to say: a ticket, where there is none."""
        if read.ticket is not None:
            return
        summary = self._texts.line("zh", "wechat.undelivered")
        about = Handover(topic="human_agent", reason="undelivered", skill="general", priority=3, summary=summary)
        person = await self._identity.owner(CHANNEL, read.address, now)
        new = new_ticket(reference(datetime.fromtimestamp(now / 1000, self._zone)), about, person, "zh")

        def work(transaction: Transaction) -> None:
            tickets.open(transaction, read.id, CHANNEL, read.seq, new, now)
            tickets.hold(transaction, read.id, new.ref, None)

        await self._database.write(work)
        self._live.ring()

    async def allowance(self, conversation: int) -> Allowance:
        """How many messages a seat may still send, and until when."""
        now = self._now()
        return await self._database.read(lambda t: _allowance(t, conversation, now))

    async def health(self, now: int) -> ChannelHealth:
        """Whether it may send by itself, and what the platform complains of."""
        return ChannelHealth(self.api.alarm, may_push=self.may_push)

    # -- typing

    def _seat_types(self, conversation: int, author: str) -> None:
        if author == "seat" and time.monotonic() - self._typed.get(conversation, 0.0) > TYPED:
            if len(self._typed) > 1000:
                self._typed.clear()
            self._typed[conversation] = time.monotonic()
            hint = asyncio.create_task(self._type(conversation))
            self._hints.add(hint)
            hint.add_done_callback(self._hints.discard)

    async def _type(self, conversation: int) -> None:
        """Only within 30 seconds of the resident's last word does the platform take it."""
        now = self._now()
        read = await self._database.read(lambda t: conversations.get(t, conversation))
        if read is None or read.channel != CHANNEL or not self.may_push:
            return
        heard = await self._database.read(lambda t: deliveries.last_heard(t, conversation))
        if heard and now - heard[0][1] < 30_000:
            try:
                await self.api.typing(read.address)
            except WechatError as error:
                if error.meaning is WechatFault.FORBIDDEN:
                    self.may_push = False

    # -- what is old

    async def forget(self) -> None:
        """Takes out the records whose time is over; hourly is enough."""
        now = self._now()
        await self._database.write(lambda t: deliveries.forget(t, now - REMEMBERED))


def _allowance(transaction: Transaction, conversation: int, now: int) -> Allowance:
    heard = [Heard(at, id.startswith("mid:")) for id, at in deliveries.last_heard(transaction, conversation)]
    since = min((each.at for each in heard), default=now)
    return allowance(heard, deliveries.pushes(transaction, conversation, since - 1), now)
