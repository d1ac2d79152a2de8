"""Calls over Twilio: what the caller says or keys goes to the dialogue core, what it answers becomes a voice plan.

Every request names its step of the call. A step is taken once: asked for again (the provider's retry, a duplicate, one that
comes late) it gives the document that was made for it.

Who asks for a person waits in a queue of their own ticket. A seat with a telephone is called and told who it is; one
without writes, and what it writes is spoken to the caller, whose words it reads.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from bot.queue import Later, Lost, Outcome
from integrations.twilio.recordings import Recordings
from integrations.twilio.seats import SeatSide
from integrations.twilio.signing import SignatureError, Verifier
from integrations.twilio.switchboard import ATTEMPTS, ENDED, PATH, CallState, keep, read, spoken
from integrations.twilio.talking import CallTalk, Hotline
from integrations.twilio.texts import answer
from integrations.twilio.waiting import CallWait
from integrations.voice import HangUp, Plan
from store import calls, outbox
from store.calls import CallRow
from store.outbox import DueRow

RETRIED = 3_000  # ms
GONE = 15 * 60_000  # ms without a word from the provider, after which nobody is there
WITHHELD = frozenset({"", "anonymous", "unavailable", "restricted", "+266696687", "+86282452253", "+7378742833"})
_SID = re.compile(r"CA[0-9a-zA-Z]{8,64}")
WAITS = frozenset({"queue", "ringing", "held", "voicemail"})  # stages whose callers are called back when they hang up
Form = dict[str, str]


class CallChannel:
    """The caller's side: the webhooks and the outlet."""

    pulls = False

    def __init__(self, hotline: Hotline, seats: SeatSide, verifier: Verifier, observe: Callable[[str], None]) -> None:
        self._hotline = hotline
        self._board = hotline.board
        self._seats = seats
        self._recordings = Recordings(hotline.board)
        self._verifier = verifier
        self._observe = observe

    @property
    def hooks(self) -> dict[str, ASGIApp]:
        """What is served, by path."""
        seats, recordings = self._seats, self._recordings
        work = {
            "": self._begin, "/heard": self._heard, "/wait": self._waits, "/waiting": self._in_queue, "/left": self._left,
            "/recorded": recordings.recorded, "/recording": recordings.recording, "/status": self._status,
            "/seat": seats.whisper, "/accept": seats.accept, "/before": seats.before, "/after": seats.after,
            "/again": seats.again, "/meet": seats.meet, "/out": seats.out, "/called": seats.called,
            "/seat-status": seats.status,
        }  # fmt: skip
        return {PATH + name: self._hook(each) for name, each in work.items()}

    def _hook(self, work: Callable[[Form, Form], Awaitable[str]]) -> ASGIApp:
        async def run(form: Form, scope: Scope) -> str:
            query = dict(parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=8))
            if not _SID.fullmatch(form.get("CallSid", "")):
                raise SignatureError("form")
            token = next((value for name, value in scope["headers"] if name == b"i-twilio-idempotency-token"), b"")
            return await work(form, {**query, "token": token.decode("latin-1")[:64]})

        async def hook(scope: Scope, receive: Receive, send: Send) -> None:
            await answer(scope, receive, send, self._verifier, run, self._observe)

        return hook

    async def _row(self, form: Form) -> CallRow:
        sid = form["CallSid"]
        row = await self._board.database.read(lambda t: calls.get(t, sid))
        if row is not None:
            return row
        number = form.get("From", "")
        address = sid if number in WITHHELD or len(number) > 32 else number
        now = self._board.now()
        return CallRow(sid, address, 0, 0, "talk", None, keep(CallState()), now, now)

    # -- talking

    async def _begin(self, form: Form, query: Form) -> str:
        return await self._step(form, 0)

    async def _heard(self, form: Form, query: Form) -> str:
        number = query.get("n", "")
        if not number.isdigit() or len(number) > 6:
            raise SignatureError("form")
        return await self._step(form, int(number))

    async def _step(self, form: Form, number: int) -> str:
        """Takes a step of a call once; asked for again, gives what was made for it."""
        for _ in range(ATTEMPTS):
            row = await self._row(form)
            state = read(row.body)
            if number < state.step and state.made:
                return state.made
            if row.stage == "ended":
                return self._board.written(HangUp())
            state.step = number
            talk = CallTalk(self._hotline, row, state)
            state.made = self._board.written(*await talk.step(form))
            state.step = number + 1
            if await self._board.put(talk.row, state):
                return state.made
        raise TimeoutError

    # -- in the queue

    async def _waits(self, form: Form, query: Form) -> str:
        return await self._waiting(form, query, CallWait.hears)

    async def _in_queue(self, form: Form, query: Form) -> str:
        return await self._waiting(form, query, CallWait.answers)

    async def _waiting(
        self, form: Form, query: Form, step: Callable[[CallWait, Mapping[str, str]], Awaitable[Plan]]
    ) -> str:
        """Takes a step in the queue; the provider's retry of the same request gets what was made for it."""
        token = query["token"]
        for _ in range(ATTEMPTS):
            row = await self._row(form)
            state = read(row.body)
            if token and token == state.token:
                return state.made
            if row.stage == "ended":
                return self._board.written(HangUp())
            state.token = token
            wait = CallWait(self._hotline, row, state)
            state.made = self._board.written(*await step(wait, form))
            if await self._board.put(wait.row, state):
                await self._settle(row.conversation, state.spoken)
                return state.made
        raise TimeoutError

    async def _settle(self, conversation: int, spoken: int) -> None:
        """What was spoken is owed no more."""
        if spoken:
            await self._board.database.write(lambda t: outbox.settle(t, conversation, spoken), quick=True)
            self._board.live.delivered(conversation, spoken)

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Spoken at the next word in the queue while the caller is there; otherwise somebody has to call."""
        found = await self._board.database.read(lambda t: calls.live(t, row.conversation))
        if found is None or now - found.updated_at > GONE:
            return Lost("the call has ended")
        return Later(now + RETRIED)

    # -- the end

    async def _left(self, form: Form, query: Form) -> str:
        """How waiting ended."""
        board, result = self._board, form.get("QueueResult", "")
        row = await self._row(form)
        state = read(row.body)
        if result in ("bridged", "hangup"):
            await self._ended(row)
            return board.written(HangUp())
        if result == "leave":
            await board.move(row.sid, "ended")
            return board.written(*spoken(state, [board.line("voice.will_call")]), HangUp())
        if result in ("redirected", "redirected-from-bridged", "bridging-in-process"):
            return board.written()
        await board.move(row.sid, "voicemail")
        lines = spoken(state, [board.line("voice.queue_failed"), board.line("voice.leave_message")])
        return board.written(*lines, board.message(row.ticket or ""), HangUp())

    async def _status(self, form: Form, query: Form) -> str:
        """The call has ended."""
        sid = form["CallSid"]
        row = await self._board.database.read(lambda t: calls.get(t, sid))
        if form.get("CallStatus") in ENDED and row is not None and row.stage != "ended":
            await self._ended(row)
        return self._board.written()

    async def _ended(self, row: CallRow) -> None:
        """Whoever was still waiting is called back, if the number is known."""
        if row.stage in WAITS:
            await self._board.promise(row)
        await self._board.move(row.sid, "ended")
