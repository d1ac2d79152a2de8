"""What callers leave after the tone, and talks that were recorded: kept with the ticket."""

import secrets
from collections.abc import Mapping

from integrations.twilio.switchboard import Switchboard
from integrations.voice import HangUp, Say
from store import attachments, tickets
from store.attachments import AttachmentRow
from store.ticket_events import TicketNoted, TicketRaised
from store.ticket_rows import Priority
from store.transaction import Transaction

RECORDING = "留言.mp3"


class Recordings:
    """The webhooks of recordings."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    async def recorded(self, form: Mapping[str, str], query: Mapping[str, str]) -> str:
        """The caller has spoken after the tone."""
        await self._board.move(form["CallSid"], "ended")
        return self._board.written(Say(self._board.line("voice.message_taken")), HangUp())

    async def recording(self, form: Mapping[str, str], query: Mapping[str, str]) -> str:
        """It is there: kept with the ticket once, with its words where there are any."""
        board, ref, url = self._board, query.get("ref", ""), form.get("RecordingUrl", "")
        found = await board.database.read(lambda t: tickets.get(t, ref))
        if found is None:
            return board.written()
        talk = bool(query.get("talk"))
        if form.get("RecordingStatus", "completed") != "completed" or not url:
            called = await board.of_ticket(ref)
            if called is not None and not talk and found.call_since is None:
                await board.promise(called)  # the tone was heard, and nothing said
            return board.written()
        mark = f"recording:{form.get('RecordingSid', '')[:64]}"
        events = await board.database.read(lambda t: tickets.events(t, ref))
        if not any(mark in str(event.data.get("text", "")) for event in events):
            where = await self._kept(found.conversation, url)
            words = form.get("TranscriptionText", "").strip()[:1000] or "—"
            kind = "talk" if talk else "recording"
            await self._note(
                ref, board.texts.line("zh", f"voice.{kind}_note", where=where, words=words, mark=mark), talk
            )
        return board.written()

    async def _kept(self, conversation: int, url: str) -> str:
        """Where the sound is to be found. Fetched from the provider alone."""
        audio = await self._board.api.recording(url)
        if not audio:
            return "（录音没有取到）"
        id = secrets.token_urlsafe(24)
        kept = AttachmentRow(id, conversation, RECORDING, "audio/mpeg", audio, "resident", self._board.now())
        await self._board.database.write(lambda t: attachments.add(t, kept))
        return f"/files/{id}"

    async def _note(self, ref: str, text: str, talk: bool) -> None:
        """What was left after the tone asks for a call, too, where the number is known."""
        now = self._board.now()
        called = await self._board.of_ticket(ref)

        def work(transaction: Transaction) -> None:
            current = tickets.get(transaction, ref)
            if current is None:
                return
            current = tickets.record(transaction, current, TicketNoted(text), "system", now)
            if not talk and called is not None and called.address != called.sid:
                left = TicketRaised(Priority(current.priority), "voicemail", {"phone": called.address})
                tickets.record(transaction, current, left, "resident", now)

        await self._board.settled(work)
