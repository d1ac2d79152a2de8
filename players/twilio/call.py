"""Calls: what is heard, keyed and said on a telephone, and who is put through to whom."""

import asyncio
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field

from players.twilio.account import CarrierAccount, sid
from players.twilio.twiml import TwimlError

LOOPS = 40  # documents that a call may ask for without anybody doing anything


class Exchange(CarrierAccount):
    """Who talks, rings and waits on an account's lines."""

    def __init__(self, url: str = "", *, repeat: bool = False) -> None:
        super().__init__(url, repeat=repeat)
        self.ringing: list[Call] = []
        self.queues: dict[str, list[Call]] = {}
        self.rooms: dict[str, list[Call]] = {}
        self.recordings: dict[str, bytes] = {}
        self.calls: dict[str, Call] = {}


@dataclass
class Call:
    """One leg. It runs by itself until it waits for its owner to say, key or do something."""

    carrier: Exchange
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
