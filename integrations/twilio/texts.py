"""Texts over Twilio: answered in the response, and sent over the API what comes by itself.

A message that comes again (the provider's retry) gets the very same answer. Source:
twilio.com/docs/messaging/guides/webhook-request and /docs/messaging/twiml.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from urllib.parse import quote

from prometheus_client import Counter
from starlette.types import Receive, Scope, Send
from twilio.twiml.messaging_response import MessagingResponse

from accounts.identity import Identity
from bot.inbox import BusyError, Inbox, nothing_observed, numbered
from bot.live import Live
from bot.messages import Inbound
from bot.outbox import Done, Failed, Later, Lost, Outcome
from bot.texts import Texts
from integrations import sms
from integrations.twilio.api import Meaning, Twilio, TwilioError
from integrations.twilio.signing import REFUSED, RefusedError, Verifier
from store import calls, conversations, deliveries
from store.conversations import DueRow
from store.database import Database, Transaction

log = logging.getLogger(__name__)
CHANNEL = "sms"
PATH = "/channels/sms"
LONGEST = 1_600  # characters: the provider's own limit of a message
BURST, PER_SECOND = 20, 0.5  # messages of one number at once, and on average
SENT = Counter("daoxue_sms_segments", "Segments sent, as they are billed")


class TextChannel:
    """The webhooks (an ASGI application each) and the outlet. `clock` is in seconds."""

    pulls = False

    def __init__(
        self, verifier: Verifier, api: Twilio, inbox: Inbox, live: Live, database: Database, texts: Texts, identity: Identity, public_url: str,
        sender: str,
        observe: Callable[[str], None] = nothing_observed, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.api = api
        self._verifier = verifier
        self._inbox = inbox
        self._live = live
        self._database = database
        self._texts = texts
        self._identity = identity
        self._status_url = public_url.rstrip("/") + PATH + "/status"
        self._sender = sender
        self._observe = observe
        self._clock = clock
        self._allowed: dict[str, tuple[float, float]] = {}

    def _now(self) -> int:
        return int(self._clock() * 1000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send, self._verifier, self._message, self._observe)

    async def status(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send, self._verifier, self._fared, self._observe)

    # -- coming in

    async def _message(self, form: dict[str, str], scope: Scope) -> str:
        number, sid = form.get("From", ""), form.get("MessageSid") or form.get("SmsSid", "")
        if not number or not sid or len(sid) > 64 or len(number) > 64:
            raise RefusedError("form")
        text = form.get("Body", "").strip()
        if (word := text.lower()) in sms.STOP or word in sms.START:
            return await self._stop_or_start(number, word in sms.STOP)
        if not self._has_room(number):
            return _nothing()
        media = int(form["NumMedia"]) if form.get("NumMedia", "").isdigit() else 0
        intent = "cannot_read" if media and not text else None
        said = Inbound(
            channel=CHANNEL, address=number, id=f"sms:{sid}", text=text or ("[图片]" if media else ""), at=self._now(),
            intent=intent, slots={"kind": "image"} if intent else {}, inline=True,
        )  # fmt: skip
        receipt = await self._inbox.receive(said)
        replies = [each.message.reply for each in receipt.answers]
        self._live.delivered(receipt.conversation, receipt.last_seq)
        return self._written("".join(sms.render(replies)))

    async def _stop_or_start(self, number: str, stops: bool) -> str:
        """Whoever does not want texts gets none but this one; asking again changes nothing."""
        now = self._now()
        if stops:
            await self._database.write(lambda t: deliveries.lose(t, CHANNEL, number, now))
        else:
            await self._database.write(lambda t: deliveries.find_again(t, CHANNEL, number))
        return self._written(self._texts.line("zh", "sms.stopped" if stops else "sms.started"))

    def _written(self, text: str) -> str:
        if not text:
            return _nothing()
        SENT.inc(sms.segments(text))
        response = MessagingResponse()
        response.message(text, action=self._status_url, method="POST")
        return str(response)

    def _has_room(self, number: str) -> bool:
        now = time.monotonic()
        if len(self._allowed) > 10_000:
            self._allowed.clear()
        left, at = self._allowed.get(number, (float(BURST), now))
        left = min(BURST, left + (now - at) * PER_SECOND)
        self._allowed[number] = (left - 1, now) if left >= 1 else (left, now)
        return left >= 1

    async def _fared(self, form: dict[str, str], scope: Scope) -> str:
        """How a text fared: late, twice and in any order."""
        sid, status = form.get("MessageSid", ""), form.get("MessageStatus", "")
        lost = await self._database.write(lambda t: calls.fared(t, sid, status, form.get("ErrorCode", "")[:16]))
        if lost is not None:
            log.error("a text did not arrive", extra={"error": form.get("ErrorCode", "")[:16]})
            self._live.ring()
        return _nothing()

    # -- one-time codes

    async def run(self) -> None:
        """Until cancelled: sends the codes that residents have asked for."""
        while True:
            await asyncio.sleep(1)
            try:
                await self.send_codes()
            except Exception as error:  # the same edge as the outbox's: the loop must go on
                log.error("codes", exc_info=error)

    async def send_codes(self) -> int:
        """How many left. A code that could not be sent is asked for anew."""
        codes = await self._identity.to_send(self._now())
        for each in codes:
            number = f"+86{each.phone}" if each.phone.startswith("1") else each.phone
            try:
                await self.api.text(
                    number, self._sender, self._texts.line("zh", "sms.code", code=each.code), self._status_url
                )
            except TwilioError as error:
                log.error("a code did not leave", extra={"error": str(error)})
        return len(codes)

    # -- leaving by itself

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Sends what the row holds as one text."""
        if await self._database.read(lambda t: deliveries.is_lost(t, CHANNEL, row.address)):
            return Lost()
        rows = await self._database.read(
            lambda t: conversations.messages(t, row.conversation, row.first_seq, row.last_seq)
        )
        replies = [numbered(each).message.reply for each in rows if each.author != "resident"]
        text = "".join(sms.render(replies))
        self._observe("sending")
        try:
            sid = await self.api.text(row.address, self._sender, text, self._status_url)
        except TwilioError as error:
            return await self._refused(error, row, now)
        SENT.inc(sms.segments(text))

        def settle(transaction: Transaction) -> None:
            calls.sent(transaction, sid, row.conversation, row.last_seq, sms.segments(text), now)
            conversations.settle(transaction, row.conversation, row.last_seq)

        await self._database.write(settle)
        self._live.delivered(row.conversation, row.last_seq)
        return Done()

    async def _refused(self, error: TwilioError, row: DueRow, now: int) -> Outcome:
        match error.meaning:
            case Meaning.TOO_OFTEN:
                return Later(now + 1_000)
            case Meaning.STOPPED | Meaning.GONE:
                await self._database.write(lambda t: deliveries.lose(t, CHANNEL, row.address, now))
                return Lost()
            case _:
                return Failed()


def _nothing() -> str:
    return str(MessagingResponse())


async def answer(
    scope: Scope, receive: Receive, send: Send, verifier: Verifier, work: Callable[..., object], observe: Callable[[str], None]
) -> None:  # fmt: skip
    """Runs `work(form, scope)` on a request that Twilio signed, and answers with the TwiML that it makes; 403 otherwise."""
    try:
        form = await verifier.form(scope, receive)
        made = work(form, scope)
        status, body = 200, str(await made).encode()  # type: ignore[misc]
    except RefusedError as error:
        REFUSED.labels(str(error)).inc()
        status, body = 403, b""
    except BusyError:
        status, body = 503, b""
    except Exception as error:  # one of the named edges: nothing was accepted, and the provider asks again
        log.error("request not accepted", exc_info=error)
        status, body = 503, b""
    observe("delivering")
    kind = b"text/xml; charset=utf-8" if status == 200 else b"text/plain"
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    observe("delivered")


def address_of(public_url: str, path: str, **query: object) -> str:
    """An address of ours, for the provider to call."""
    asked = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
    return f"{public_url}{path}{'?' + asked if asked else ''}"
