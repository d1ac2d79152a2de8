"""The seat's side of calls: seats with a telephone are rung, told who waits, and put through; they hold, pass on, confer
and call back.

A seat's leg is only ever told what the ticket is about; who takes it presses 1. What happens to the caller meanwhile is
how the call's row stands, so that a crash between two requests leaves nobody in nowhere: they wait in the ticket's queue.
"""

import logging
import re
from dataclasses import replace

import msgspec

from bot.messages import Handover
from integrations.texting import TextError
from integrations.twilio.switchboard import ENDED, PATH, CallState, Switchboard, read, waiting_again
from integrations.voice import Connect, Dial, HangUp, Listen, Meet, Say
from store import calls, tickets
from store.calls import CallRow
from store.ticket_events import TicketCalled
from store.transaction import Transaction

log = logging.getLogger(__name__)
_DOMESTIC = re.compile(r"0?([1-9][0-9]{9,11})(?:-[0-9]+)?")  # as residents of the mainland write theirs
Form = dict[str, str]


class SeatSide:
    """What the desk can do with calls, and the webhooks of the seats' legs."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    # -- the seats are rung

    async def connect(self) -> int:
        """Calls each seat that has taken a waiting caller's ticket and has a telephone; how many."""
        await self._pass_on()
        begun = 0
        for each in await self._board.database.read(calls.taken):
            if each.phone is None:
                continue

            def ring(row: CallRow, state: CallState, owner: str = each.owner) -> CallRow | None:
                if row.stage != "queue" or state.rung == owner:
                    return None
                state.rung = owner
                return replace(row, stage="ringing")

            if await self._board.change(each.sid, ring) is not None:
                begun += await self._ring_for(each.phone, each.ticket, each.sid)
        return begun

    async def _pass_on(self) -> None:
        """A caller whose ticket went to another seat in the middle of the talk waits for that one."""
        for each in await self._board.database.read(calls.bridged):

            def wait(row: CallRow, state: CallState, owner: str = each.owner) -> CallRow | None:
                return None if state.rung in ("", owner) else waiting_again(row, state)

            if await self._board.change(each.sid, wait) is not None:
                await self._redirect(each.sid, f"/again?ref={each.ticket}")

    async def _ring_for(self, phone: str, ref: str, sid: str) -> bool:
        try:
            await self._ring(phone, ref, f"/seat?ref={ref}")
        except TextError as error:
            log.error("a seat could not be called", extra={"error": str(error)})
            await self._board.move(sid, "queue")
            return False
        return True

    async def _ring(self, phone: str, ref: str, path: str) -> None:
        board = self._board
        await board.api.ring(
            phone, board.settings.voice_from, board.address(path), board.address(f"/seat-status?ref={ref}")
        )

    async def _redirect(self, sid: str, path: str) -> None:
        try:
            await self._board.api.redirect(sid, self._board.address(path))
        except TextError as error:
            log.error("a caller could not be passed on", extra={"error": str(error)})

    # -- what the desk asks for

    async def stage(self, ref: str) -> str | None:
        """Where the caller of a ticket is; None where nobody called."""
        row = await self._board.of_ticket(ref)
        return row.stage if row is not None else None

    async def hold(self, ref: str, on: bool) -> bool:
        """Lets the caller wait, and calls the seat again when it goes on; False where nobody is there."""
        row = await self._board.of_ticket(ref)
        if row is None:
            return False
        was, becomes = ("bridged", "held") if on else ("held", "queue")

        def work(row: CallRow, state: CallState) -> CallRow | None:
            return waiting_again(row, state, becomes) if row.stage == was else None

        if await self._board.change(row.sid, work) is None:
            return False
        if on:
            await self._redirect(row.sid, f"/again?ref={ref}")
        return True

    async def confer(self, ref: str, phone: str) -> bool:
        """A talk of three: a colleague is rung and comes in; False where nobody talks. Raises `ConnectionError`."""
        row = await self._board.of_ticket(ref)
        if row is None or row.stage not in ("bridged", "conference"):
            return False

        def work(row: CallRow, state: CallState) -> CallRow | None:
            return replace(row, stage="conference") if row.stage == "bridged" else None

        if await self._board.change(row.sid, work) is not None:
            await self._redirect(row.sid, f"/meet?ref={ref}")
        try:
            await self._ring(phone, ref, f"/seat?ref={ref}&join=1")
        except TextError as error:
            raise ConnectionError(str(error)) from error
        return True

    async def call_back(self, ref: str, phone: str) -> bool:
        """Calls the seat, and when that one is there the resident of the ticket; False where there is no number. Raises
        `ConnectionError`."""
        if await self._number(ref) is None:
            return False
        try:
            await self._ring(phone, ref, f"/seat?ref={ref}&back=1")
        except TextError as error:
            raise ConnectionError(str(error)) from error
        return True

    async def _number(self, ref: str) -> str | None:
        """Where the resident of a ticket is called: the number they left, else the one they called from."""

        def look(transaction: Transaction) -> str | None:
            found = tickets.get(transaction, ref)
            if found is None:
                return None
            noted = msgspec.json.decode(found.body, type=Handover).slots
            left = tickets.with_added(noted, tickets.events(transaction, ref)).get("phone")
            called = calls.of_ticket(transaction, ref)
            number = left or (called.address if called is not None and called.address != called.sid else None)
            domestic = _DOMESTIC.fullmatch(number) if number else None
            return f"+86{domestic[1]}" if domestic else number

        return await self._board.database.read(look)

    # -- the seat's leg

    async def whisper(self, form: Form, query: Form) -> str:
        """What the seat hears first: who it is and why, and how to take the call."""
        board, ref = self._board, query.get("ref", "")
        found = await board.database.read(lambda t: tickets.get(t, ref))
        if found is None:
            return board.written(HangUp())
        about = msgspec.json.decode(found.body, type=Handover)
        text = board.line("voice.whisper", ref=ref, summary=about.summary[:60])
        how = next((f"&{each}=1" for each in ("back", "join") if query.get(each)), "")
        listen = Listen((Say(text), Say(text)), f"{PATH}/accept?ref={ref}{how}", 1, speech=False)
        return board.written(listen, HangUp())

    async def accept(self, form: Form, query: Form) -> str:
        """The seat has pressed a key."""
        board, ref = self._board, query.get("ref", "")
        if form.get("Digits") != "1":
            return board.written(HangUp())
        if query.get("back"):
            number = await self._number(ref)
            if number is None:
                return board.written(HangUp())
            return board.written(Dial(number, board.settings.voice_from, f"{PATH}/called?ref={ref}"))
        found = await board.of_ticket(ref)
        if found is not None and query.get("join"):
            return await self._come_in(found, ref, form["CallSid"])
        if found is None or found.stage not in ("ringing", "queue", "bridged"):
            return board.written(Say(board.line("voice.gone")), HangUp())
        await board.move(found.sid, "bridged")
        recorded = board.recording(ref, read(found.body))
        return board.written(Connect(ref, f"{PATH}/before?ref={ref}", f"{PATH}/after?ref={ref}", recorded))

    async def before(self, form: Form, query: Form) -> str:
        """On the caller's side, just before the two are put together."""
        return self._board.written(Say(self._board.line("voice.here_is")))

    async def after(self, form: Form, query: Form) -> str:
        """The seat and the caller are apart: the seat's leg goes on in a talk of three, or ends."""
        ref = query.get("ref", "")
        found = await self._board.of_ticket(ref)
        if found is not None and found.stage == "conference":
            return await self._come_in(found, ref, form["CallSid"])
        return self._board.written(HangUp())

    async def _come_in(self, found: CallRow, ref: str, leg: str) -> str:
        def work(row: CallRow, state: CallState) -> CallRow | None:
            state.met = [*(each for each in state.met if each != leg), leg]
            return row if row.stage == "conference" else None

        if await self._board.change(found.sid, work) is None:
            return self._board.written(Say(self._board.line("voice.gone")), HangUp())
        return self._board.written(Meet(ref, f"{PATH}/out?ref={ref}"))

    async def meet(self, form: Form, query: Form) -> str:
        """The caller's side of a talk of three; it ends when the caller goes."""
        ref = query.get("ref", "")
        found = await self._board.of_ticket(ref)
        state = read(found.body) if found is not None else CallState()
        return self._board.written(
            Say(self._board.line("voice.one_moment")), Meet(ref, None, ends=True, recorded=self._board.recording(ref, state))
        )  # fmt: skip

    async def out(self, form: Form, query: Form) -> str:
        """A seat is out of a talk of three, which goes on without it."""
        await self._gone(query.get("ref", ""), form["CallSid"])
        return self._board.written(HangUp())

    async def _gone(self, ref: str, leg: str) -> None:
        """A caller whom the last seat leaves alone waits for the ticket's owner."""
        found = await self._board.of_ticket(ref)

        def work(row: CallRow, state: CallState) -> CallRow | None:
            if row.stage != "conference" or leg not in state.met:
                return None
            state.met.remove(leg)
            return row if state.met else waiting_again(row, state)

        if found is not None:
            changed = await self._board.change(found.sid, work)
            if changed is not None and changed.stage == "queue":
                await self._redirect(found.sid, f"/again?ref={ref}")

    async def again(self, form: Form, query: Form) -> str:
        """The caller is back in the queue, from the middle of a talk."""
        return self._board.written(Say(self._board.line("voice.one_moment")), self._board.queue(query.get("ref", "")))

    async def status(self, form: Form, query: Form) -> str:
        """A seat's leg has ended. If it was not answered, the caller goes on waiting."""
        if form.get("CallStatus") in ENDED:
            ref = query.get("ref", "")
            found = await self._board.of_ticket(ref)
            if found is not None and found.stage == "ringing":
                await self._board.move(found.sid, "queue")
            await self._gone(ref, form["CallSid"])
        return self._board.written()

    async def called(self, form: Form, query: Form) -> str:
        """How calling the resident ended: each attempt is an event of the ticket, told once."""
        board, ref, sid = self._board, query.get("ref", ""), form["CallSid"]
        result = form.get("DialCallStatus", "")
        if result not in ENDED:
            return board.written(HangUp())

        def work(transaction: Transaction) -> None:
            found = tickets.get(transaction, ref)
            happened = (event.happened for event in tickets.events(transaction, ref))
            told = {each.call for each in happened if isinstance(each, TicketCalled)}
            if found is not None and sid not in told:
                tickets.record(transaction, found, TicketCalled(result, sid), found.owner or "system", board.now())

        await board.settled(work)
        if result == "completed":
            return board.written(HangUp())
        return board.written(Say(board.line("voice.not_reached")), HangUp())
