"""Calls over Twilio: what the caller says or keys goes to the dialogue core, what it answers becomes a voice plan.

Every request names its step of the call. A step is taken once: asked for again (the provider's retry, a duplicate, one that
comes late) it gives the document that was made for it. A number that calls proves nothing: what is personal needs the
identity step, here as everywhere.

Who asks for a person waits in a queue of their own ticket. A seat with a telephone is called and told who it is; one
without writes, and what it writes is spoken to the caller, whose words it reads.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from starlette.types import ASGIApp, Receive, Scope, Send

from accounts.identity import Identity, LockedError, is_card
from bot.commands import commands
from bot.inbox import Inbox, Receipt, nothing_observed, numbered
from bot.live import Live
from bot.messages import Handover, Inbound, Reply
from bot.outbox import Later, Lost, Outcome
from bot.texts import Texts
from bot.turn import Desk
from integrations import voice
from integrations.texting import TextError
from integrations.twilio.api import Twilio
from integrations.twilio.settings import TwilioSettings
from integrations.twilio.signing import RefusedError, Verifier
from integrations.twilio.texts import answer
from integrations.twilio.twiml import written
from integrations.voice import Connect, Dial, HangUp, Leave, Listen, Pause, Plan, Record, Say, Step, Wait
from store import calls, conversations, tickets
from store.calls import CallRow
from store.conversations import DueRow
from store.database import Database, Transaction

log = logging.getLogger(__name__)
CHANNEL = "voice"
PATH = "/channels/voice"
SURE = 0.45  # of the recogniser, below which we ask whether it heard rightly
ATTEMPTS = 10
TRIES = 3  # wrong cards or codes before a person is called
CONSENT = "1"  # version of the words that callers agree to by keying in their card
RETRIED = 3_000  # ms
GONE = 15 * 60_000  # ms without a word from the provider, after which nobody is there
WITHHELD = frozenset({"", "anonymous", "unavailable", "restricted", "+266696687", "+86282452253", "+7378742833"})
NUMBERS = {"phone": 11}  # slots that are keyed in, with their digits
_OLD = re.compile(r"我.{0,3}(六|七|八|九|6|7|8|9)(十|\d).{0,3}(岁|了)|老人家|年纪大了?|岁数大")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")  # as residents of the mainland write theirs
_SID = re.compile(r"CA[0-9a-zA-Z]{8,64}")
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
ELDER, PERSON, REPEAT, CALL_BACK, REFUSE = "9", "0", "*", "9", "7"
HOLD = 12  # seconds of listening in the queue before it is said again where one stands

_encode = msgspec.json.encode


class State(Struct, omit_defaults=True):
    """What a call remembers. `made` is the document of the step before `step`; `unsure` what was perhaps heard."""

    step: int = 0
    made: str = ""
    silences: int = 0
    slow: bool = False
    loud: bool = False
    elder: bool = False
    unrecorded: bool = False  # the caller does not want it
    unsure: str = ""
    entering: str = ""  # card or code: keyed in, and never shown to the dialogue core
    task: str = ""  # what it is entered for
    wrong: int = 0
    asked: bool = False  # the last thing said wants an answer
    token: str = ""  # of the last request in the queue, and what it was answered
    spoken: int = 0  # the last message of a seat's that the caller has heard
    place: int = -1
    known: str = ""  # a ticket of the resident's that was there before the last step
    rung: str = ""  # whom we have called for this caller


_decode_state = msgspec.json.Decoder(State).decode


class CallChannel:
    """The webhooks and the outlet. `clock` is in seconds."""

    pulls = False

    def __init__(
        self, settings: TwilioSettings, verifier: Verifier, api: Twilio, inbox: Inbox, live: Live, database: Database, texts: Texts,
        desk: Desk, public_url: str, zone: ZoneInfo, hints: Callable[[], Sequence[str]], identity: Identity,
        keep: Callable[[int, bytes, int], Awaitable[str]],
        observe: Callable[[str], None] = nothing_observed, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.api = api
        self._settings = settings
        self._verifier = verifier
        self._inbox = inbox
        self._live = live
        self._database = database
        self._texts = texts
        self._desk = desk
        self._public_url = public_url.rstrip("/")
        self._zone = zone
        self._hints = hints
        self._identity = identity
        self._keep = keep
        self._observe = observe
        self._clock = clock

    @property
    def hooks(self) -> dict[str, ASGIApp]:
        """What is served, by path."""
        work = {
            "": self._begin, "/heard": self._heard, "/wait": self._waits, "/waiting": self._in_queue, "/left": self._left,
            "/seat": self._seat, "/accept": self._accepts, "/before": self._before, "/seat-status": self._seat_status,
            "/again": self._again, "/recorded": self._recorded, "/recording": self._recording, "/status": self._status,
        }  # fmt: skip
        return {PATH + name: self._hook(each) for name, each in work.items()}

    def _hook(self, work: Callable[[dict[str, str], dict[str, str]], Awaitable[str]]) -> ASGIApp:
        async def run(form: dict[str, str], scope: Scope) -> str:
            query = dict(parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=8))
            if not _SID.fullmatch(form.get("CallSid", "")):
                raise RefusedError("form")
            token = next((value for name, value in scope["headers"] if name == b"i-twilio-idempotency-token"), b"")
            return await work(form, {**query, "token": token.decode("latin-1")[:64]})

        async def hook(scope: Scope, receive: Receive, send: Send) -> None:
            await answer(scope, receive, send, self._verifier, run, self._observe)

        return hook

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _line(self, key: str, **values: object) -> str:
        reply = self._texts.reply("zh", key, **values)
        return voice.speech(reply.spoken or reply.text)

    def _written(self, plan: Sequence[Step]) -> str:
        return written(tuple(plan), self._settings, self._public_url)

    # -- talking

    async def _begin(self, form: dict[str, str], query: dict[str, str]) -> str:
        return await self._step(form, 0)

    async def _heard(self, form: dict[str, str], query: dict[str, str]) -> str:
        number = query.get("n", "")
        if not number.isdigit() or len(number) > 6:
            raise RefusedError("form")
        return await self._step(form, int(number))

    async def _step(self, form: dict[str, str], number: int) -> str:
        """Takes a step of a call once; asked for again, gives what was made for it."""
        for _ in range(ATTEMPTS):
            row = await self._row(form)
            state = _decode_state(row.body)
            if number < state.step and state.made:
                return state.made
            if row.stage == "ended":
                return self._written([HangUp()])
            state.step = number
            new, plan = await self._plan(row, state, number, form)
            now_state = _decode_state(new.body)
            now_state.step, now_state.made = number + 1, self._written(plan)
            if await self._put(replace(new, body=_encode(now_state), updated_at=self._now())):
                return now_state.made
        raise TimeoutError

    async def _row(self, form: dict[str, str]) -> CallRow:
        sid = form["CallSid"]
        row = await self._database.read(lambda t: calls.get(t, sid))
        if row is not None:
            return row
        number = form.get("From", "")
        address = sid if number in WITHHELD or len(number) > 32 else number
        now = self._now()
        return CallRow(sid, address, 0, 0, "talk", None, _encode(State()), now, now)

    async def _put(self, row: CallRow) -> bool:
        return await self._database.write(lambda t: calls.put(t, row))

    async def _plan(self, row: CallRow, state: State, number: int, form: dict[str, str]) -> tuple[CallRow, Plan]:
        """What comes next, and the call as it is then."""
        if number == 0:
            return await self._greet(row, state)
        digits, speech = form.get("Digits", "")[:32], form.get("SpeechResult", "").strip()[:500]
        if state.entering and (digits or not speech):
            return await self._entered(row, state, number, digits)
        state.entering = ""
        if state.unsure and (digits == "1" or (speech and commands(speech) & {"yes", "fine"})):
            text, state.unsure = state.unsure, ""
            return await self._say(row, state, number, text)
        if state.unsure and (digits == "2" or (speech and commands(speech) & {"no", "none"})):
            state.unsure = ""
            return self._listens(row, state, [self._line("voice.again")], asked=True)
        state.unsure = ""
        if digits:
            return await self._keyed(row, state, number, digits)
        if not speech:
            return await self._silent(row, state, number)
        confidence = form.get("Confidence", "")
        if _is_low(confidence) and len(speech) > 1 and not commands(speech):
            state.unsure = speech
            return self._listens(row, state, [self._line("voice.unsure", text=speech)], asked=True)
        return await self._spoken(row, state, number, speech)

    async def _greet(self, row: CallRow, state: State) -> tuple[CallRow, Plan]:
        before, talk = await self._database.read(
            lambda t: (calls.last_of(t, row.address), conversations.find(t, CHANNEL, row.address))
        )
        state.known = (talk.ticket if talk is not None else None) or ""
        notice = [self._line("voice.recorded")] if self._settings.record else []
        if before is not None and before.sid != row.sid and _decode_state(before.body).elder:
            return await self._elder(row, state, 0, notice)
        return self._listens(row, state, [*notice, self._line("voice.greeting")], seconds=5)

    async def _elder(self, row: CallRow, state: State, number: int, notice: Sequence[str] = ()) -> tuple[CallRow, Plan]:
        """Slowly, without a menu, and a person first."""
        state.elder = state.slow = True
        seats = await self._desk.seats(datetime.fromtimestamp(self._clock(), self._zone), 3)
        if not seats.open:
            return self._listens(row, state, [*notice, self._line("voice.elder_closed")])
        return await self._say(row, state, number, "转人工", first=[*notice, self._line("voice.elder")])

    # -- who it is: by keys alone, for this call alone

    async def _entered(self, row: CallRow, state: State, number: int, digits: str) -> tuple[CallRow, Plan]:
        """The card's number, then the code that went to the telephone on file. Neither is kept with what was said."""
        entering, now = state.entering, self._now()
        if digits == PERSON or state.wrong >= TRIES:
            state.entering, state.wrong = "", 0
            return await self._say(row, state, number, "转人工")
        try:
            if entering == "card" and is_card(digits):
                await self._identity.request_code(CHANNEL, row.sid, digits, now)
                state.entering = "code"
                return self._enters(row, state, self._line("voice.code"))
            if entering == "code" and len(digits) == 6:
                consent = (CONSENT, self._line("ask.card"))
                if await self._identity.confirm(CHANNEL, row.sid, digits, now, consent):
                    state.entering, state.wrong = "", 0
                    return await self._say(row, state, number, "[已核验身份]", intent=state.task)
        except LockedError:
            state.entering = ""
            return await self._say(row, state, number, "转人工")
        state.wrong += 1
        return self._enters(row, state, self._line(f"voice.{entering}_wrong"))

    def _enters(self, row: CallRow, state: State, line: str) -> tuple[CallRow, Plan]:
        listen = Listen(self._saying(state, [line]), f"{PATH}/heard?n={_next(row, state)}", 0, speech=False, seconds=15)
        return replace(row, body=_encode(state)), (listen,)

    async def _keyed(self, row: CallRow, state: State, number: int, digits: str) -> tuple[CallRow, Plan]:
        if digits == PERSON:
            return await self._say(row, state, number, "转人工")
        if digits == REPEAT:
            return await self._say(row, state, number, "再说一遍")
        if digits == REFUSE and self._settings.record and not state.unrecorded:
            state.unrecorded = True
            return self._listens(row, state, [self._line("voice.unrecorded")])
        if digits == ELDER and number == 1:
            return await self._elder(row, state, number)
        return await self._say(row, state, number, digits)

    async def _spoken(self, row: CallRow, state: State, number: int, speech: str) -> tuple[CallRow, Plan]:
        said = commands(speech)
        if "slower" in said or "louder" in said:
            state.slow, state.loud = state.slow or "slower" in said, state.loud or "louder" in said
            return await self._say(row, state, number, "再说一遍")
        if _OLD.search(speech) and not state.elder:
            state.elder = state.slow = True
        return await self._say(row, state, number, speech)

    async def _silent(self, row: CallRow, state: State, number: int) -> tuple[CallRow, Plan]:
        """Nothing was heard: once it is asked again, then there is a person, or a polite end."""
        state.silences += 1
        if state.silences == 1:
            return self._listens(
                row,
                state,
                [self._line("voice.silence" if state.asked or number == 1 else "voice.anything_else")],
                asked=state.asked,
            )
        seats = await self._desk.seats(datetime.fromtimestamp(self._clock(), self._zone), 3)
        if seats.open and (state.asked or number <= 2):
            return await self._say(row, state, number, "转人工", first=[self._line("voice.silence_person")])
        return self._ends(row, state, [self._line("voice.bye")])

    async def _say(
        self, row: CallRow, state: State, number: int, text: str, first: Sequence[str] = (), intent: str | None = None
    ) -> tuple[CallRow, Plan]:
        """What the core answers to it, and what follows from that."""
        said = Inbound(
            channel=CHANNEL, address=row.address, id=f"{row.sid}:{number}", text=text, at=self._now(), intent=intent,
            session=row.sid, inline=True,
        )  # fmt: skip
        receipt = await self._inbox.receive(said)
        self._live.delivered(receipt.conversation, receipt.last_seq)
        state.silences = 0
        replies = [each.message.reply for each in receipt.answers]
        lines = [*first, *voice.render(replies)]
        row = replace(row, conversation=receipt.conversation)
        known, state.known = state.known, receipt.ticket or ""
        if receipt.ticket is None or (receipt.ticket == known and "human" not in commands(text)):
            waits = _awaits(receipt)
            if waits == "card":
                state.entering, state.task, state.wrong = "card", receipt.state.tasks[-1].intent, 0
                return self._enters(row, state, "".join(lines))
            return self._listens(
                row, state, lines, asked=bool(waits) or _offers(replies), keys=NUMBERS.get(waits or "", 1)
            )
        return await self._handed_over(replace(row, ticket=receipt.ticket), state, lines)

    async def _handed_over(self, row: CallRow, state: State, lines: list[str]) -> tuple[CallRow, Plan]:
        """Into the queue; a message after hours; and whoever is to be called back may hang up."""
        assert row.ticket is not None
        ref = row.ticket
        found = await self._database.read(lambda t: tickets.get(t, ref))
        assert found is not None
        about = msgspec.json.decode(found.body, type=Handover)
        if about.reason in ("callback", "message_left"):
            return self._ends(row, state, [*lines, self._line("voice.bye")])
        seats = await self._desk.seats(datetime.fromtimestamp(self._clock(), self._zone), found.priority)
        if seats.open or found.owner:
            plan: Plan = (*self._saying(state, lines), self._queue(ref))
            return replace(row, stage="queue", body=_encode(state)), plan
        plan = (*self._saying(state, [*lines, self._line("voice.leave_message")]), self._record(ref), HangUp())
        return replace(row, stage="voicemail", body=_encode(state)), plan

    def _queue(self, ref: str) -> Wait:
        return Wait(ref, f"{PATH}/wait?ref={ref}", f"{PATH}/left?ref={ref}")

    def _record(self, ref: str) -> Record:
        return Record(f"{PATH}/recorded?ref={ref}", f"{PATH}/recording?ref={ref}")

    def _saying(self, state: State, lines: Sequence[str]) -> tuple[Say, ...]:
        return tuple(Say(line, state.slow, state.loud) for line in lines if line)

    def _listens(
        self, row: CallRow, state: State, lines: Sequence[str], *, asked: bool = False, keys: int = 1, seconds: int = 6
    ) -> tuple[CallRow, Plan]:
        state.asked = asked
        then = f"{PATH}/heard?n={_next(row, state)}"
        if keys > 1:
            return replace(row, body=_encode(state)), (
                Listen(self._saying(state, lines), then, keys, seconds=seconds + 4),
            )
        listen = Listen(
            self._saying(state, lines), then, 1, seconds=seconds + (3 if state.slow else 0), hints=tuple(self._hints())
        )
        return replace(row, body=_encode(state)), (listen,)

    def _ends(self, row: CallRow, state: State, lines: Sequence[str]) -> tuple[CallRow, Plan]:
        return replace(row, body=_encode(state)), (*self._saying(state, lines), HangUp())

    # -- in the queue

    async def _waits(self, form: dict[str, str], query: dict[str, str]) -> str:
        """What is heard while waiting: what a seat has written, else where one stands when that has changed."""
        return await self._changed(form, query, self._wait_plan)

    async def _wait_plan(self, row: CallRow, state: State, form: dict[str, str]) -> tuple[CallRow, Plan]:
        rows = await self._database.read(
            lambda t: conversations.messages(t, row.conversation, state.spoken + 1, 1 << 30)
        )
        fresh = [numbered(each) for each in rows if each.author in ("seat", "system")]
        owed = await self._database.read(lambda t: conversations.undelivered(t, row.conversation))
        heard = [each for each in fresh if owed is not None and each.seq >= owed[0]]
        lines = [voice.speech(each.message.reply.spoken or each.message.reply.text) for each in heard]
        if heard:
            state.spoken = heard[-1].seq
        else:
            lines = await self._standing(row, state)
        say = self._saying(state, lines)
        then = f"{PATH}/waiting?ref={row.ticket or ''}"
        return replace(row, body=_encode(state)), (Listen(say, then, 1, seconds=HOLD if not heard else 6), Pause(1))

    async def _standing(self, row: CallRow, state: State) -> list[str]:
        """Said when it changes, and a word now and then so that nobody thinks the line is dead."""
        ref = row.ticket
        found = await self._database.read(lambda t: tickets.get(t, ref)) if ref else None
        if found is None or found.state != "waiting":
            return [self._line("voice.connecting")] if found is not None and found.state == "open" else []
        seats = await self._desk.place(datetime.fromtimestamp(self._clock(), self._zone), found.ref)
        if seats.waiting == state.place:
            return [self._line("voice.still_waiting")]
        state.place = seats.waiting
        if seats.minutes is None:
            return [self._line("voice.position", waiting=seats.waiting, next=seats.waiting + 1)]
        return [
            self._line("voice.position_minutes", next=seats.waiting + 1, low=seats.minutes[0], high=seats.minutes[1])
        ]

    async def _in_queue(self, form: dict[str, str], query: dict[str, str]) -> str:
        """What a waiting caller keys or says."""
        return await self._changed(form, query, self._queue_plan)

    async def _queue_plan(self, row: CallRow, state: State, form: dict[str, str]) -> tuple[CallRow, Plan]:
        digits, speech = form.get("Digits", ""), form.get("SpeechResult", "").strip()[:500]
        if digits == CALL_BACK and row.address != row.sid:
            await self._promise(row)
            return replace(row, stage="callback", body=_encode(state)), (Leave(),)
        if speech:
            token = form.get("token") or f"{state.step}:{len(state.made)}"
            said = Inbound(
                channel=CHANNEL,
                address=row.address,
                id=f"{row.sid}:q:{state.step}:{token}",
                text=speech,
                at=self._now(),
                inline=True,
            )
            receipt = await self._inbox.receive(said)
            state.step += 1
            lines = voice.render([each.message.reply for each in receipt.answers])
            if lines:
                return replace(row, body=_encode(state)), (*self._saying(state, lines), Pause(1))
        state.place = -1 if digits == REPEAT else state.place
        return await self._wait_plan(row, state, form)

    async def _promise(self, row: CallRow) -> None:
        """The place is kept, and we call; nobody can be called whose number is withheld."""
        ref, now = row.ticket, self._now()
        if row.address == row.sid:
            return

        def work(transaction: Transaction) -> None:
            found = tickets.get(transaction, ref or "")
            if found is not None and found.state != "closed":
                slots = {"phone": row.address}
                tickets.record(
                    transaction,
                    found,
                    "raised",
                    "resident",
                    {"priority": found.priority, "reason": "callback", "slots": slots},
                    now,
                )

        await self._database.write(work)
        self._live.ring()

    async def _left(self, form: dict[str, str], query: dict[str, str]) -> str:
        """How waiting ended."""
        result = form.get("QueueResult", "")
        row = await self._row(form)
        state = _decode_state(row.body)
        if result in ("bridged", "hangup"):
            if row.stage in ("queue", "ringing"):
                await self._promise(row)
            await self._end(row)
            return self._written([HangUp()])
        if result == "leave":
            await self._end(row)
            return self._written([*self._saying(state, [self._line("voice.will_call")]), HangUp()])
        if result in ("redirected", "redirected-from-bridged", "bridging-in-process"):
            return self._written([])
        lines = self._saying(state, [self._line("voice.queue_failed"), self._line("voice.leave_message")])
        return self._written([*lines, self._record(row.ticket or ""), HangUp()])

    async def _changed(
        self,
        form: dict[str, str],
        query: dict[str, str],
        work: Callable[[CallRow, State, dict[str, str]], Awaitable[tuple[CallRow, Plan]]],
    ) -> str:
        """Runs a step in the queue; the provider's retry of the same request gets what was made for it."""
        token = query["token"]
        for _ in range(ATTEMPTS):
            row = await self._row(form)
            state = _decode_state(row.body)
            if token and token == state.token:
                return state.made
            if row.stage == "ended":
                return self._written([HangUp()])
            new, plan = await work(row, state, form)
            now_state = _decode_state(new.body)
            now_state.made, now_state.token = self._written(plan), token
            if await self._put(replace(new, body=_encode(now_state), updated_at=self._now())):
                await self._settle(new, now_state)
                return now_state.made
        raise TimeoutError

    async def _settle(self, row: CallRow, state: State) -> None:
        """What was spoken is owed no more."""
        if state.spoken:
            await self._database.write(lambda t: conversations.settle(t, row.conversation, state.spoken))
            self._live.delivered(row.conversation, state.spoken)

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Spoken at the next word in the queue while the caller is there; otherwise somebody has to call."""
        found = await self._database.read(lambda t: calls.live(t, row.conversation))
        if found is None or now - found.updated_at > GONE:
            return Lost()
        return Later(now + RETRIED)

    # -- the seat's telephone

    async def run(self) -> None:
        """Until cancelled: calls the seats whose callers wait."""
        rung = self._live.watch_tickets()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), 1.0)
            rung.clear()
            try:
                await self.connect()
            except Exception as error:  # the same edge as the outbox's: the loop must go on
                log.error("calls", exc_info=error)

    async def connect(self) -> int:
        """Calls each seat that has taken a waiting caller's ticket and has a telephone; how many."""
        await self._pass_on()
        waiting = await self._database.read(calls.taken)
        begun = 0
        for each in waiting:
            if each.phone is None:
                continue
            row = await self._database.read(lambda t, sid=each.sid: calls.get(t, sid))  # type: ignore[misc]
            if row is None or row.stage != "queue" or _decode_state(row.body).rung == each.owner:
                continue
            state = _decode_state(row.body)
            state.rung = each.owner
            if await self._put(replace(row, stage="ringing", body=_encode(state), updated_at=self._now())):
                begun += await self._ring(each.phone, each.ticket, row.sid)
        return begun

    async def _pass_on(self) -> None:
        """A caller whose ticket went to another seat in the middle of the talk waits for that one."""
        for each in await self._database.read(calls.bridged):
            row = await self._database.read(lambda t, sid=each.sid: calls.get(t, sid))  # type: ignore[misc]
            if row is None or _decode_state(row.body).rung in ("", each.owner):
                continue
            if await self._put(_back(row, "queue", self._now())):
                await self._redirect(row, each.ticket)

    async def hold(self, ref: str, on: bool) -> bool:
        """Lets the caller wait with music of words, and calls the seat again when it goes on; False where nobody is there.
        Raises `ConnectionError`."""
        row = await self._database.read(lambda t: calls.of_ticket(t, ref))
        if row is None or row.stage != ("bridged" if on else "held"):
            return False
        if not await self._put(_back(row, "held" if on else "queue", self._now())):
            return False
        if on:
            await self._redirect(row, ref)
        self._live.ring()
        return True

    async def stage(self, ref: str) -> str | None:
        """Where the caller of a ticket is; None where nobody called."""
        row = await self._database.read(lambda t: calls.of_ticket(t, ref))
        return row.stage if row is not None else None

    async def _redirect(self, row: CallRow, ref: str) -> None:
        try:
            await self.api.redirect(row.sid, f"{self._public_url}{PATH}/again?ref={ref}")
        except TextError as error:
            log.error("a caller could not be passed on", extra={"error": str(error)})

    async def _again(self, form: dict[str, str], query: dict[str, str]) -> str:
        """Back in the queue, from the middle of a talk."""
        ref = query.get("ref", "")
        return self._written([Say(self._line("voice.one_moment")), self._queue(ref)])

    async def _ring(self, phone: str, ref: str, sid: str) -> bool:
        base = self._public_url + PATH
        try:
            await self.api.ring(
                phone, self._settings.voice_from, f"{base}/seat?ref={ref}", f"{base}/seat-status?ref={ref}"
            )
        except TextError as error:
            log.error("a seat could not be called", extra={"error": str(error)})
            await self._back_to_queue(sid)
            return False
        return True

    async def call_back(self, ref: str, phone: str) -> bool:
        """Calls the seat, and when that one is there the resident of the ticket; False where there is no number. Raises
        `ConnectionError`."""
        if await self._number(ref) is None:
            return False
        base = self._public_url + PATH
        try:
            await self.api.ring(
                phone, self._settings.voice_from, f"{base}/seat?ref={ref}&back=1", f"{base}/seat-status?ref={ref}"
            )
        except TextError as error:
            raise ConnectionError(str(error)) from error
        return True

    async def _number(self, ref: str) -> str | None:
        """Where the resident of a ticket is called: the number they left, else the one they called from."""

        def look(transaction: Transaction) -> str | None:
            found = tickets.get(transaction, ref)
            if found is None:
                return None
            left = msgspec.json.decode(found.body, type=Handover).slots.get("phone")
            for event in tickets.events(transaction, ref):
                slots = event.data.get("slots")
                left = str(slots["phone"]) if isinstance(slots, dict) and "phone" in slots else left
            called = calls.of_ticket(transaction, ref)
            number = left or (called.address if called is not None and called.address != called.sid else None)
            return f"+86{number}" if number and _MOBILE.fullmatch(number) else number

        return await self._database.read(look)

    async def _seat(self, form: dict[str, str], query: dict[str, str]) -> str:
        """What the seat hears first: who it is and why, and how to take the call."""
        ref = query.get("ref", "")
        found = await self._database.read(lambda t: tickets.get(t, ref))
        if found is None:
            return self._written([HangUp()])
        about = msgspec.json.decode(found.body, type=Handover)
        text = self._line("voice.whisper", ref=ref, summary=about.summary[:60])
        back = "&back=1" if query.get("back") else ""
        return self._written(
            [Listen((Say(text), Say(text)), f"{PATH}/accept?ref={ref}{back}", 1, speech=False), HangUp()]
        )

    async def _accepts(self, form: dict[str, str], query: dict[str, str]) -> str:
        ref = query.get("ref", "")
        if form.get("Digits") != "1":
            return self._written([HangUp()])
        if query.get("back"):
            number = await self._number(ref)
            return self._written([Dial(number, self._settings.voice_from) if number else HangUp()])
        found = await self._database.read(lambda t: calls.of_ticket(t, ref))
        if found is None or found.stage not in ("ringing", "queue", "bridged"):
            return self._written([Say(self._line("voice.gone")), HangUp()])
        await self._move(found.sid, "bridged")
        kept = self._settings.record and not _decode_state(found.body).unrecorded
        return self._written(
            [Connect(ref, f"{PATH}/before?ref={ref}", f"{PATH}/recording?ref={ref}" if kept else None)]
        )

    async def _before(self, form: dict[str, str], query: dict[str, str]) -> str:
        """On the caller's side, just before the two are put together."""
        return self._written([Say(self._line("voice.here_is"))])

    async def _seat_status(self, form: dict[str, str], query: dict[str, str]) -> str:
        """The seat did not answer: the caller goes on waiting."""
        if form.get("CallStatus") in ENDED:
            ref = query.get("ref", "")
            found = await self._database.read(lambda t: calls.of_ticket(t, ref))
            if found is not None and found.stage == "ringing":
                await self._back_to_queue(found.sid)
        return self._written([])

    async def _back_to_queue(self, sid: str) -> None:
        await self._move(sid, "queue")

    async def _move(self, sid: str, stage: str) -> None:
        for _ in range(ATTEMPTS):
            row = await self._database.read(lambda t: calls.get(t, sid))
            if row is None or row.stage in (stage, "ended"):
                return
            if await self._put(replace(row, stage=stage, updated_at=self._now())):
                self._live.ring()
                return

    async def _end(self, row: CallRow) -> None:
        await self._move(row.sid, "ended")

    # -- after hours, and the end

    async def _recorded(self, form: dict[str, str], query: dict[str, str]) -> str:
        return self._written([Say(self._line("voice.message_taken")), HangUp()])

    async def _recording(self, form: dict[str, str], query: dict[str, str]) -> str:
        """The message is there: kept with the ticket, with its words where there are any. Fetched from the provider alone."""
        ref, url = query.get("ref", ""), form.get("RecordingUrl", "")
        found = await self._database.read(lambda t: tickets.get(t, ref))
        if found is None or form.get("RecordingStatus", "completed") != "completed" or not url:
            return self._written([])
        mark = f"recording:{form.get('RecordingSid', '')[:64]}"
        events = await self._database.read(lambda t: tickets.events(t, ref))
        if any(mark in str(event.data.get("text", "")) for event in events):
            return self._written([])
        audio = await self.api.recording(url)
        where = await self._keep(found.conversation, audio, self._now()) if audio else "（录音没有取到）"
        words = form.get("TranscriptionText", "").strip()[:1000]
        text = self._texts.line("zh", "voice.recording_note", where=where, words=words or "—", mark=mark)
        now = self._now()

        def work(transaction: Transaction) -> None:
            current = tickets.get(transaction, ref)
            if current is not None:
                tickets.record(transaction, current, "noted", "system", {"text": text, "mentions": []}, now)

        await self._database.write(work)
        self._live.ring()
        return self._written([])

    async def _status(self, form: dict[str, str], query: dict[str, str]) -> str:
        """The call has ended: whoever was still waiting is called back, if the number is known."""
        if form.get("CallStatus") not in ENDED:
            return self._written([])
        sid = form["CallSid"]
        row = await self._database.read(lambda t: calls.get(t, sid))
        if row is None or row.stage == "ended":
            return self._written([])
        if row.stage in ("queue", "ringing"):
            await self._promise(row)
        await self._end(row)
        return self._written([])


def _back(row: CallRow, stage: str, now: int) -> CallRow:
    """The call as it waits again."""
    state = _decode_state(row.body)
    state.rung, state.place = "", -1
    return replace(row, stage=stage, body=_encode(state), updated_at=now)


def _is_low(confidence: str) -> bool:
    """Whether the recogniser is not sure; it does not always say."""
    try:
        return 0 <= float(confidence) < SURE
    except ValueError:
        return False


def _awaits(receipt: Receipt) -> str | None:
    return receipt.state.tasks[-1].asked if receipt.state.tasks else None


def _offers(replies: Sequence[Reply]) -> bool:
    return bool(replies and replies[-1].options)


def _next(row: CallRow, state: State) -> int:
    """The number of the step that follows the one being taken."""
    return state.step + 1
