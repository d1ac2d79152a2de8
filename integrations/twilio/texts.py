"""Texts over Twilio: answered in the response, and sent over the API what comes by itself.

A message that comes again (the provider's retry) gets the very same answer. Source:
twilio.com/docs/messaging/guides/webhook-request and /docs/messaging/twiml.
"""

import re
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send
from twilio.twiml.messaging_response import MessagingResponse

from bot.admission import BusyError
from bot.edge import respond, safely
from bot.inbox import nothing_observed
from bot.keeping import NAME
from integrations.refusals import RefusalKind
from integrations.texting import Texting
from integrations.twilio.api import Twilio
from integrations.twilio.signing import REFUSED, SignatureError, Verifier

PATH = "/channels/sms"
_SID = re.compile(NAME)
# Advanced Opt-Out: what the provider has answered before it tells us of it.
TOLD = {"STOP": RefusalKind.REFUSAL, "START": RefusalKind.RESUMPTION, "HELP": RefusalKind.MACHINE}
Work = Callable[[dict[str, str], Scope], Awaitable[str]]


class Sender:
    """`integrations.texting.Provider` over this account."""

    names_seats = False

    def __init__(self, api: Twilio, number: str, public_url: str) -> None:
        self._api = api
        self._number = number
        self._status_url = public_url + PATH + "/status"

    @property
    def alarm(self) -> str | None:
        return self._api.alarm

    def can_say(self, body: str) -> bool:
        return True

    async def text(self, to: str, body: str, id: str) -> str:
        return await self._api.text(to, self._number, body, self._status_url)

    async def close(self) -> None:
        await self._api.close()


class TextHooks:
    """The webhooks, an ASGI application each, by path."""

    def __init__(
        self, verifier: Verifier, texting: Texting, public_url: str, observe: Callable[[str], None] = nothing_observed
    ) -> None:
        self._verifier = verifier
        self._texting = texting
        self._status_url = public_url + PATH + "/status"
        self._observe = observe

    @property
    def hooks(self) -> dict[str, ASGIApp]:
        return {PATH: self._hear, f"{PATH}/status": self._be_told}

    async def _hear(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send, self._verifier, self._message, self._observe)

    async def _be_told(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send, self._verifier, self._fared, self._observe)

    async def _message(self, form: dict[str, str], scope: Scope) -> str:
        number, sid = form.get("From", ""), form.get("MessageSid") or form.get("SmsSid", "")
        if not number or len(number) > 64 or not _SID.fullmatch(sid):
            raise SignatureError("form")
        media = form.get("NumMedia", "0") not in ("", "0")
        told = TOLD.get(form.get("OptOutType", ""))
        text = await self._texting.receive(
            number, sid, form.get("Body", "").strip(), media=media, inline=True, told=told
        )
        response = MessagingResponse()
        if text:
            response.message(text, action=self._status_url, method="POST")
        return str(response)

    async def _fared(self, form: dict[str, str], scope: Scope) -> str:
        await self._texting.fared(
            form.get("MessageSid", ""), form.get("MessageStatus", ""), form.get("ErrorCode", "")[:16]
        )
        return str(MessagingResponse())


async def answer(
    scope: Scope, receive: Receive, send: Send, verifier: Verifier, work: Work, observe: Callable[[str], None]
) -> None:  # fmt: skip
    """Runs `work(form, scope)` on a request that Twilio signed, and answers with the TwiML that it makes; 403 otherwise."""

    async def made() -> tuple[int, bytes]:
        try:
            form = await verifier.form(scope, receive)
            return 200, (await work(form, scope)).encode()
        except SignatureError as error:
            REFUSED.labels(str(error)).inc()
            return 403, b""

    # Where it fails, nothing was accepted, and the provider asks again.
    status, body = await safely("request not accepted", made(), (503, b""), quietly=BusyError)
    observe("delivering")
    kind = b"text/xml; charset=utf-8" if status == 200 else b"text/plain"
    await respond(send, status, body, [(b"content-type", kind), (b"cache-control", b"no-store")])
    observe("delivered")
