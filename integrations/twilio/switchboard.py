"""What the caller's side and the seat's side of a call share: how the call stands, and how a plan becomes a document."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec
from msgspec import Struct

from bot.channel import Core
from integrations import voice
from integrations.speech import speech
from integrations.twilio.api import Twilio
from integrations.twilio.settings import TwilioSettings
from integrations.twilio.twiml import written
from integrations.voice import RecordMessage, Step, Wait
from store import calls, tickets
from store.calls import CallRow
from store.database import ConflictError
from store.ticket_events import TicketRaised
from store.ticket_rows import Priority
from store.transaction import Transaction

T = TypeVar("T")
PATH = "/channels/voice"
ATTEMPTS = 10
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


class Prompted(Struct, omit_defaults=True, frozen=True):
    """What a caller heard last, to be said again, and what may answer it."""

    said: list[str] = []
    asked: bool = False  # they want an answer
    keys: int = 1  # as many are listened to
    waits: str = ""  # the slot that the answer is for
    offered: str = ""  # keys that choose something
    menu: str | None = None  # where the caller is in the menu by keys


class CallState(Struct, omit_defaults=True):
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
    last: Prompted = Prompted()
    doubts: int = 0  # how often it was asked whether we have heard rightly
    token: str = ""  # of the last request in the queue, and what it was answered
    spoken: int = 0  # the last message of a seat's that the caller has heard
    place: int = -1
    waited: int = 0  # how often the caller was told something while nothing had changed
    rung: str = ""  # whom we have called for this caller
    met: list[str] = []  # legs of seats in the talk of three


read = msgspec.json.Decoder(CallState).decode
keep = msgspec.json.encode


class Switchboard:
    """What both sides of calls work with."""

    def __init__(self, core: Core, api: Twilio) -> None:
        self.settings = core.stanzas.of(TwilioSettings)
        self.api = api
        self.live = core.live
        self.database = core.database
        self.texts = core.texts
        self.base = core.public_url
        self.clock = core.clock

    def now(self) -> int:
        return int(self.clock() * 1000)

    def line(self, key: str, **values: object) -> str:
        """A line of ours, as it is spoken."""
        reply = self.texts.reply("zh", self.texts.on(voice.CHANNEL, key), **values)
        return speech(reply.spoken or reply.text)

    def written(self, *plan: Step) -> str:
        return written(plan, self.settings, self.base)

    def address(self, path: str) -> str:
        """Where the provider asks for a document."""
        return self.base + PATH + path

    def queue(self, ref: str) -> Wait:
        return Wait(ref, f"{PATH}/wait?ref={ref}", f"{PATH}/left?ref={ref}")

    def message(self, ref: str) -> RecordMessage:
        """What the caller says after the tone."""
        return RecordMessage(f"{PATH}/recorded?ref={ref}", f"{PATH}/recording?ref={ref}")

    def recording(self, ref: str, state: CallState) -> str | None:
        """Where a recording of the talk is told of; None where there is to be none."""
        return f"{PATH}/recording?ref={ref}&talk=1" if self.settings.record and not state.unrecorded else None

    async def of_ticket(self, ref: str) -> CallRow | None:
        return await self.database.read(lambda t: calls.of_ticket(t, ref))

    async def put(self, row: CallRow, state: CallState) -> bool:
        """Keeps a call with what it remembers; False where it was changed meanwhile."""
        new = replace(row, body=keep(state), updated_at=self.now())
        kept = await self.database.write(lambda t: calls.put(t, new), quick=True)
        self.live.ring()
        return kept

    async def change(self, sid: str, work: Callable[[CallRow, CallState], CallRow | None]) -> CallRow | None:
        """Changes a call as it is in this moment; None where there is none, or `work` finds nothing to change."""

        def run(transaction: Transaction) -> CallRow | None:
            row = calls.get(transaction, sid)
            if row is None or row.stage == "ended":
                return None
            state = read(row.body)
            new = work(row, state)
            if new is not None and not calls.put(transaction, replace(new, body=keep(state), updated_at=self.now())):
                raise ConflictError
            return new

        return await self.settled(run)

    async def settled(self, work: Callable[[Transaction], T]) -> T:
        """Writes, however often somebody else was faster; the desk is told."""
        result = await self.database.settle(work)
        self.live.ring()
        return result

    async def promise(self, row: CallRow) -> None:
        """The caller's place is kept, and we call; nobody can be called whose number is withheld."""
        if row.address == row.sid:
            return

        def work(transaction: Transaction) -> None:
            found = tickets.get(transaction, row.ticket or "")
            if found is not None and found.state != "closed":
                back = TicketRaised(Priority(found.priority), "callback", {"phone": row.address})
                tickets.record(transaction, found, back, "resident", self.now())

        await self.settled(work)

    async def move(self, sid: str, stage: str) -> None:
        await self.change(sid, lambda row, state: None if row.stage == stage else replace(row, stage=stage))


def waiting_again(row: CallRow, state: CallState, stage: str = "queue") -> CallRow:
    """The call as it waits anew, for whoever has its ticket."""
    state.rung, state.place, state.met = "", -1, []
    return replace(row, stage=stage)


def spoken(state: CallState, lines: Sequence[str]) -> tuple[voice.Say, ...]:
    """As slowly and as loudly as this caller wants it."""
    return tuple(voice.Say(line, state.slow, state.loud) for line in lines if line)
