"""Twilio, played: its requests to an account's webhooks, the documents that come back carried out as they are documented,
and the API that an account calls; with residents' and seats' telephones.

Whatever is not allowed raises: a verb in the wrong place, an attribute that is none, an address that is not whole. Requests
are signed as the provider signs them; they can be made to come twice, and statuses out of order.
"""

import asyncio
import itertools
import random
import secrets
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from players.twiml import TwimlError, read

LONGEST = 1_600  # characters of a text
LOOPS = 40  # documents that a call may ask for without anybody doing anything
WITHIN = 15.0  # seconds for a document
_numbers = itertools.count(1)


def sid(kind: str) -> str:
    return kind + secrets.token_hex(16)


@dataclass
class Text:
    """A text on its way to a telephone, or on its screen."""

    sid: str
    to: str
    body: str
    callback: str = ""


class Carrier:
    """The provider, with one account on it. `url` is where the account's webhooks are."""

    def __init__(self, url: str = "", *, repeat: bool = False) -> None:
        self.url = url
        self.account = sid("AC")
        self.token = secrets.token_hex(16)
        self.number = "+15005550006"
        self.repeat = repeat  # every request comes twice, and must be answered the same
        self.texts: list[Text] = []
        self.ringing: list[Call] = []
        self.queues: dict[str, list[Call]] = {}
        self.rooms: dict[str, list[Call]] = {}
        self.requests: Counter[str] = Counter()
        self.faults: list[tuple[int, int]] = []  # status and code of the API's next answers
        self.recordings: dict[str, bytes] = {}
        self.status, self.balance = "active", "48.92"
        self.api = ""
        self.calls: dict[str, Call] = {}
        self.moves: list[asyncio.Future[None]] = []
        self._validator = RequestValidator(self.token)

    # -- towards the webhooks

    async def post(self, url: str, form: dict[str, str], *, waiting: bool = False) -> ElementTree.Element:
        """Asks for a document. Raises `TwimlError`."""
        form = {"AccountSid": self.account, "ApiVersion": "2010-04-01", **form, "SomethingNew": ""}
        token = secrets.token_hex(8)
        text = await self._once(url, form, token)
        if self.repeat and await self._once(url, form, token) != text:
            raise TwimlError("the provider's retry was answered otherwise")
        return read(text, waiting=waiting)

    async def _once(self, url: str, form: dict[str, str], token: str) -> str:
        self.requests[urlsplit(url).path] += 1
        signature = self._validator.compute_signature(url, form)
        headers = {
            "x-twilio-signature": str(signature), "content-type": "application/x-www-form-urlencoded",
            "i-twilio-idempotency-token": token,
        }  # fmt: skip
        async with httpx.AsyncClient(timeout=WITHIN, trust_env=False) as client:
            answer = await client.post(url, content=urlencode(form), headers=headers)
        if answer.status_code != 200:
            raise TwimlError(f"11200: HTTP {answer.status_code}")
        if not answer.headers["content-type"].startswith("text/xml"):
            raise TwimlError("12300: content type")
        return answer.text

    # -- texts

    async def text(self, of: str, body: str, *, id: str = "", media: int = 0) -> list[str]:
        """A resident sends a text; what comes back on their screen because of it."""
        id = id or sid("SM")
        form = {
            "MessageSid": id, "SmsSid": id, "SmsMessageSid": id, "From": of, "To": self.number, "Body": body,
            "NumMedia": str(media), "NumSegments": "1",
        }  # fmt: skip
        root = await self.post(f"{self.url}/channels/sms", form)
        came = []
        for message in root.findall("Message"):
            words = message.text or message.findtext("Body") or ""
            if not 0 < len(words) <= LONGEST:
                raise TwimlError("14103: a text without words, or too long")
            self.texts.append(Text(sid("SM"), of, words, message.get("action", "")))
            came.append(words)
        return came

    async def fare(self, text: Text, *statuses: str, chance: random.Random | None = None) -> None:
        """Tells how a text fared; with `chance` in any order, and some of it twice."""
        told = list(statuses)
        if chance is not None:
            told += chance.sample(told, 1)
            chance.shuffle(told)
        for status in told:
            form = {
                "MessageSid": text.sid,
                "SmsSid": text.sid,
                "MessageStatus": status,
                "From": self.number,
                "To": text.to,
            }
            if status in ("undelivered", "failed"):
                form["ErrorCode"] = "30003"
            await self.post(text.callback, form)

    # -- calls

    def call(self, of: str) -> "Call":
        """A resident picks up the telephone and dials us."""
        return Call(
            self,
            sid("CA"),
            of,
            self.number,
            "inbound",
            f"{self.url}/channels/voice",
            f"{self.url}/channels/voice/status",
        )

    # -- the API

    def app(self) -> Starlette:
        base = f"/2010-04-01/Accounts/{self.account}"
        return Starlette(
            routes=[
                Route(f"{base}.json", self._account),
                Route(f"{base}/Balance.json", self._balance),
                Route(f"{base}/Messages.json", self._send, methods=["POST"]),
                Route(f"{base}/Calls.json", self._ring, methods=["POST"]),
                Route(f"{base}/Calls/{{id}}.json", self._update, methods=["POST"]),
                Route(f"{base}/Recordings/{{id}}", self._recording),
            ]
        )

    def _refused(self, request: Request) -> Response | None:
        expected = httpx.BasicAuth(self.account, self.token)._auth_header
        if request.headers.get("authorization") != expected:
            return JSONResponse({"code": 20003, "message": "Authenticate", "status": 401}, 401)
        if self.faults:
            status, code = self.faults.pop(0)
            if code == 0:
                return Response("<html>bad gateway</html>", status)
            return JSONResponse({"code": code, "message": "as asked", "status": status}, status)
        return None

    async def _account(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse({"sid": self.account, "status": self.status, "type": "Full"})

    async def _balance(self, request: Request) -> Response:
        told = {"account_sid": self.account, "balance": self.balance, "currency": "USD"}
        return self._refused(request) or JSONResponse(told)

    async def _send(self, request: Request) -> Response:
        self.requests["Messages"] += 1
        if (refused := self._refused(request)) is not None:
            return refused
        async with request.form() as form:
            to, body, of = str(form.get("To", "")), str(form.get("Body", "")), str(form.get("From", ""))
            if of != self.number:
                return JSONResponse({"code": 21606, "message": "From is not yours", "status": 400}, 400)
            if not to.startswith("+"):
                return JSONResponse({"code": 21211, "message": "To is no number", "status": 400}, 400)
            if not 0 < len(body) <= LONGEST:
                return JSONResponse({"code": 21617, "message": "Body", "status": 400}, 400)
            text = Text(sid("SM"), to, body, str(form.get("StatusCallback", "")))
        self.texts.append(text)
        return JSONResponse({"sid": text.sid, "status": "queued", "num_segments": "1"}, 201)

    async def _ring(self, request: Request) -> Response:
        self.requests["Calls"] += 1
        if (refused := self._refused(request)) is not None:
            return refused
        async with request.form() as form:
            call = Call(
                self, sid("CA"), str(form.get("From", "")), str(form.get("To", "")), "outbound-api", str(form.get("Url", "")),
                str(form.get("StatusCallback", "")),
            )  # fmt: skip
        self.ringing.append(call)
        return JSONResponse({"sid": call.sid, "status": "queued"}, 201)

    async def _update(self, request: Request) -> Response:
        """Has a call in progress go on elsewhere: whoever it was put together with is left."""
        if (refused := self._refused(request)) is not None:
            return refused
        call = self.calls.get(request.path_params["id"])
        if call is None or call.state == "ended":
            return JSONResponse({"code": 21220, "message": "not in progress", "status": 400}, 400)
        async with request.form() as form:
            url = str(form.get("Url", ""))
        asyncio.get_running_loop().call_soon(lambda: self.moves.append(asyncio.ensure_future(call.move(url))))
        return JSONResponse({"sid": call.sid, "status": "in-progress"})

    async def settle(self) -> None:
        """Until every call that was sent elsewhere has got there."""
        await asyncio.sleep(0.02)
        while self.moves:
            await self.moves.pop()

    async def _recording(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        found = self.recordings.get(request.path_params["id"].removesuffix(".mp3"))
        return Response(found, media_type="audio/mpeg") if found else Response("", 404)


@dataclass
class Call:
    """One leg. It runs by itself until it waits for its owner to say, key or do something."""

    carrier: Carrier
    sid: str
    of: str
    to: str
    direction: str
    url: str
    status_url: str
    heard: list[str] = field(default_factory=list)
    slow: bool = False
    state: str = "ringing"  # talking, listening, recording, waiting, calling, bridged, conference, ended
    queue: str | None = None
    other: "Call | None" = None
    gather: ElementTree.Element | None = None
    record: ElementTree.Element | None = None
    rest: list[ElementTree.Element] = field(default_factory=list)
    enqueued: ElementTree.Element | None = None
    before: list[ElementTree.Element] = field(default_factory=list)
    documents: int = 0
    then: str | None = None  # where a Dial that is over goes on
    room: str | None = None
    ends: bool = False

    async def answer(self) -> list[str]:
        """Begins; what is heard until something is wanted."""
        self.carrier.calls[self.sid] = self
        self.state = "talking"
        return await self._ask(self.url, {})

    async def press(self, digits: str) -> list[str]:
        """Keys, as many as are listened to."""
        gather = self._listening("dtmf")
        most = gather.get("numDigits")
        finish = gather.get("finishOnKey", "#")
        taken = digits.split(finish)[0] if finish and finish in digits else digits
        return await self._heard(gather, {"Digits": taken[: int(most)] if most else taken})

    async def speak(self, words: str, confidence: float | None = 0.9) -> list[str]:
        """Says something; the recogniser does not always tell how sure it is."""
        gather = self._listening("speech")
        sure = {} if confidence is None else {"Confidence": str(confidence)}
        return await self._heard(gather, {"SpeechResult": words, **sure})

    async def silence(self) -> list[str]:
        """Says and keys nothing until the time is over."""
        if self.state == "waiting" and self.gather is None:
            return await self._wait_on()
        gather, self.gather = self.gather, None
        assert gather is not None, f"nobody listens: {self.state}"
        if gather.get("actionOnEmptyResult") == "true":
            return await self._ask(gather.get("action", ""), {})
        return await self._go_on()

    async def leave_message(self, audio: bytes = b"mp3", words: str = "") -> list[str]:
        """Speaks after the tone."""
        record, self.record = self.record, None
        assert record is not None, f"nothing is recorded: {self.state}"
        id = sid("RE")
        self.carrier.recordings[id] = audio
        url = f"{self.carrier.api}/2010-04-01/Accounts/{self.carrier.account}/Recordings/{id}"
        form = {"RecordingSid": id, "RecordingUrl": url, "RecordingDuration": "5", "RecordingStatus": "completed"}
        if words:
            form["TranscriptionText"] = words
        heard = await self._ask(record.get("action", ""), form)
        await self.carrier.post(record.get("recordingStatusCallback", ""), {**self._form(), **form})
        return heard

    async def move(self, url: str) -> None:
        """Is taken out of what it does, and goes on at another address."""
        if self.enqueued is not None:
            await self._post(
                self.enqueued.get("action", ""),
                {"QueueResult": "redirected-from-bridged" if self.other else "redirected"},
            )
        if self.queue is not None and self in self.carrier.queues.get(self.queue, []):
            self.carrier.queues[self.queue].remove(self)
        other, self.other, self.enqueued, self.queue, self.gather = self.other, None, None, None, None
        self.state = "talking"
        if other is not None:
            other.other = None
            await other._apart("completed")
        await self._ask(url, {})

    async def pick_up(self) -> None:
        """Who was dialled from another call answers it."""
        assert self.other is not None
        self.carrier.calls[self.sid] = self
        self.state = self.other.state = "bridged"

    async def refuse(self, result: str) -> None:
        """Who was dialled does not answer: busy, no-answer, failed."""
        assert self.other is not None
        other, self.other, self.state = self.other, None, "ended"
        other.other = None
        await other._apart(result)

    async def _apart(self, result: str) -> None:
        """Whom this leg had dialled is gone: it goes on as its document says."""
        then, self.then, self.room, self.state = self.then, None, None, "talking"
        if then:
            await self._ask(then, {"DialCallStatus": result, "DialCallSid": sid("CA"), "DialCallDuration": "20"})
        else:
            await self._go_on()

    async def _leave_room(self) -> None:
        room, self.room = self.carrier.rooms.get(self.room or "", []), None
        if self in room:
            room.remove(self)
        if self.ends:
            rest, room[:] = list(room), []
            for each in rest:
                await each._apart("completed")

    async def hang_up(self) -> None:
        """Puts the receiver down."""
        if self.state == "ended":
            return
        was, self.state = self.state, "ended"
        if self.room is not None:
            await self._leave_room()
        if self.queue is not None and self in self.carrier.queues.get(self.queue, []):
            self.carrier.queues[self.queue].remove(self)
        if was in ("waiting", "bridged") and self.enqueued is not None:
            await self._post(
                self.enqueued.get("action", ""), {"QueueResult": "bridged" if was == "bridged" else "hangup"}
            )
        if was == "bridged" and self.other is not None:
            other, self.other = self.other, None
            other.other = None
            await (other._apart("completed") if other.then else other.hang_up())
        if self.status_url:
            await self._post(self.status_url, {"CallStatus": "completed", "CallDuration": "30"})

    # -- carrying out

    def _listening(self, kind: str) -> ElementTree.Element:
        gather, self.gather = self.gather, None
        assert gather is not None, f"nobody listens: {self.state}"
        assert kind in gather.get("input", "dtmf").split(), f"not to {kind}"
        return gather

    async def _heard(self, gather: ElementTree.Element, what: dict[str, str]) -> list[str]:
        action = gather.get("action")
        assert action, "a gather without an action asks for itself again and again"
        return await self._ask(action, what)

    def _form(self) -> dict[str, str]:
        return {
            "CallSid": self.sid, "From": self.of, "To": self.to, "Caller": self.of, "Called": self.to, "Direction": self.direction,
            "CallStatus": "in-progress", "FromCity": "", "FromZip": "", "StirVerstat": "",
        }  # fmt: skip

    async def _post(self, url: str, form: dict[str, str], *, waiting: bool = False) -> ElementTree.Element:
        self.documents += 1
        assert self.documents < LOOPS * 10, "the documents go in a circle"
        return await self.carrier.post(url, {**self._form(), **form}, waiting=waiting)

    async def _ask(self, url: str, form: dict[str, str]) -> list[str]:
        """Asks for the next document and carries it out."""
        waiting = self.state == "waiting"
        root = await self._post(url, form, waiting=waiting)
        self.rest = list(root)
        return await self._go_on()

    async def _go_on(self) -> list[str]:
        """Carries out what is left, until something is wanted."""
        begun = len(self.heard)
        for _ in range(LOOPS):
            while self.rest:
                if await self._do(self.rest.pop(0)):
                    return self.heard[begun:]
            if self.state != "waiting":
                await self.hang_up()
                return self.heard[begun:]
            await self._fetch_waiting()
        raise TwimlError("the documents go in a circle")

    async def _wait_on(self) -> list[str]:
        await self._fetch_waiting()
        return await self._go_on()

    async def _fetch_waiting(self) -> None:
        assert self.enqueued is not None
        assert self.queue is not None
        place = self.carrier.queues[self.queue].index(self) + 1
        form = {
            "QueuePosition": str(place),
            "QueueSid": sid("QU"),
            "QueueTime": "10",
            "AvgQueueTime": "10",
            "CurrentQueueSize": "1",
        }
        self.rest = list(await self._post(self.enqueued.get("waitUrl", ""), form, waiting=True))

    async def _do(self, verb: ElementTree.Element) -> bool:
        """Carries out a verb; whether the call now waits for somebody."""
        work: dict[str, Callable[[ElementTree.Element], object]] = {
            "Say": self._say, "Gather": self._gather, "Record": self._record, "Enqueue": self._enqueue, "Dial": self._dial,
            "Leave": self._leave, "Hangup": self._hangup, "Redirect": self._redirect, "Pause": lambda _: False, "Play": lambda _: False,
        }  # fmt: skip
        done = work[verb.tag](verb)
        return bool(await done if asyncio.iscoroutine(done) else done)

    def _say(self, verb: ElementTree.Element) -> bool:
        self.slow = verb.find("prosody") is not None
        self.heard.append("".join(verb.itertext()))
        return False

    def _gather(self, verb: ElementTree.Element) -> bool:
        for child in verb:
            if child.tag == "Say":
                self._say(child)
        self.gather = verb
        if self.state != "waiting":
            self.state = "listening"
        return True

    def _record(self, verb: ElementTree.Element) -> bool:
        self.record, self.state = verb, "recording"
        return True

    async def _enqueue(self, verb: ElementTree.Element) -> bool:
        self.queue, self.enqueued, self.state, self.rest = verb.text or "", verb, "waiting", []
        self.carrier.queues.setdefault(self.queue, []).append(self)
        await self._fetch_waiting()
        return False

    async def _leave(self, _: ElementTree.Element) -> bool:
        assert self.state == "waiting", "Leave outside a queue"
        assert self.queue is not None
        assert self.enqueued is not None
        self.carrier.queues[self.queue].remove(self)
        self.state, self.queue = "talking", None
        self.rest = list(await self._post(self.enqueued.get("action", ""), {"QueueResult": "leave", "QueueTime": "30"}))
        self.enqueued = None
        return False

    async def _hangup(self, _: ElementTree.Element) -> bool:
        await self.hang_up()
        return True

    async def _redirect(self, verb: ElementTree.Element) -> bool:
        self.rest = list(await self._post(verb.text or "", {}, waiting=self.state == "waiting"))
        return False

    async def _dial(self, verb: ElementTree.Element) -> bool:
        queue, room = verb.find("Queue"), verb.find("Conference")
        self.then = verb.get("action")
        if room is not None:
            self.room, self.ends, self.state = room.text or "", room.get("endConferenceOnExit") == "true", "conference"
            self.carrier.rooms.setdefault(self.room, []).append(self)
            return True
        if queue is None:
            number = (verb.text or verb.findtext("Number") or "").strip()
            other = Call(self.carrier, sid("CA"), verb.get("callerId", self.of), number, "outbound-dial", "", "")
            other.other, self.other, self.state = self, other, "calling"
            self.carrier.ringing.append(other)
            return True
        waiting = self.carrier.queues.get(queue.text or "", [])
        if not waiting:
            return False
        caller = waiting.pop(0)
        if url := queue.get("url"):
            root = await caller._post(url, {"QueueSid": sid("QU"), "QueueTime": "20", "DequeingCallSid": self.sid})
            caller.heard += ["".join(each.itertext()) for each in root if each.tag == "Say"]
        caller.state = self.state = "bridged"
        caller.gather = None
        caller.other, self.other = self, caller
        return True
