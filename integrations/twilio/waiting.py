"""A caller in the queue of their ticket: what is heard meanwhile, and what a waiting caller keys or says."""

from collections.abc import Mapping
from dataclasses import replace

from bot.inbox import numbered
from bot.messages import Inbound, Priority
from integrations import voice
from integrations.twilio.switchboard import PATH, CallState, spoken
from integrations.twilio.talking import REPEAT, Hotline
from integrations.voice import CHANNEL, Leave, Listen, Pause, Plan, Play
from store import conversations, outbox, tickets
from store.calls import CallRow

CALL_BACK = "9"
HOLD = 12  # seconds of listening in the queue before it is said again where one stands
WAITING = 3  # things that are told in turn while nothing changes (voice.waiting_1 and so on)


class CallWait:
    """A step of a caller who waits: `row` and `state` are the call as it is then."""

    def __init__(self, hotline: Hotline, row: CallRow, state: CallState) -> None:
        self._hotline = hotline
        self._board = hotline.board
        self.row = row
        self.state = state

    async def hears(self, form: Mapping[str, str]) -> Plan:
        """What a seat has written, else where one stands when that has changed."""
        row, state, database = self.row, self.state, self._board.database
        rows = await database.read(lambda t: conversations.messages(t, row.conversation, state.spoken + 1, 1 << 30))
        fresh = [numbered(each) for each in rows if each.author in ("seat", "system")]
        owed = await database.read(lambda t: outbox.undelivered(t, row.conversation))
        heard = [each for each in fresh if owed is not None and each.seq >= owed[0]]
        if heard:
            state.spoken = heard[-1].seq
        lines = [voice.spoken(each.message.reply) for each in heard] or await self._standing()
        listen = Listen(spoken(state, lines), f"{PATH}/waiting?ref={row.ticket or ''}", 1, seconds=6 if heard else HOLD)
        music = self._board.settings.music
        return listen, Play(music) if music and not heard else Pause(1)

    async def _standing(self) -> list[str]:
        """Said when it changes, and a word now and then so that nobody thinks the line is dead."""
        ref, state, line = self.row.ticket, self.state, self._board.line
        found = await self._board.database.read(lambda t: tickets.get(t, ref)) if ref else None
        if found is None or found.state != "waiting":
            return [line("voice.connecting")] if found is not None and found.state == "open" else []
        if found.priority == Priority.DANGER:  # whose life is in danger shall not wait for us
            return [line("voice.urgent")]
        seats = await self._hotline.desk.place(self._hotline.today, found.ref)
        if seats.waiting == state.place:
            state.waited += 1
            return [line(f"voice.waiting_{state.waited % WAITING + 1}")]
        state.place = seats.waiting
        if seats.minutes is not None:
            low, high = seats.minutes
            return [line("voice.position_minutes", next=seats.waiting + 1, low=low, high=high)]
        if not seats.waiting:
            return [line("voice.first")]
        return [line("voice.position", waiting=seats.waiting, next=seats.waiting + 1)]

    async def answers(self, form: Mapping[str, str]) -> Plan:
        """What follows from what a waiting caller keys or says."""
        row, state = self.row, self.state
        digits, speech = form.get("Digits", ""), form.get("SpeechResult", "").strip()[:500]
        if digits == CALL_BACK and row.address != row.sid:
            await self._board.promise(row)
            self.row = replace(row, stage="callback")
            return (Leave(),)
        if speech:
            said = Inbound(
                channel=CHANNEL, address=row.address, id=f"{row.sid}:q:{state.token or state.step}", text=speech,
                at=self._board.now(), inline=True,
            )  # fmt: skip
            receipt = await self._hotline.inbox.receive(said, waits=True)
            state.step += 1
            if lines := voice.render([each.message.reply for each in receipt.answers]):
                return (*spoken(state, lines), Pause(1))
        state.place = -1 if digits == REPEAT else state.place
        return await self.hears(form)
