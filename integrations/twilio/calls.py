"""Calls over Twilio: what the caller says or keys goes to the dialogue core, what it answers becomes a voice plan.

Every request names its step of the call. A step is taken once: asked for again (the provider's retry, a duplicate, one that
comes late) it gives the document that was made for it. A number that calls proves nothing: what is personal needs the
identity step, here as everywhere.

Who asks for a person waits in a queue of their own ticket. A seat with a telephone is called and told who it is; one
without writes, and what it writes is spoken to the caller, whose words it reads.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from accounts.identity import LockedError, is_card
from bot.channel import Core
from bot.commands import chosen, commands
from bot.comprehension import Understanding
from bot.conversation import Offer
from bot.inbox import Receipt, numbered
from bot.messages import Inbound, Option, Reply
from bot.phrases import CERTAIN
from bot.queue import Later, Lost, Outcome
from bot.redlines import endangers
from integrations import keypad, voice
from integrations.elders import says_old
from integrations.twilio.seats import SeatSide
from integrations.twilio.signing import SignatureError, Verifier
from integrations.twilio.switchboard import ATTEMPTS, ENDED, PATH, CallState, Switchboard, keep, read, spoken
from integrations.twilio.texts import answer
from integrations.voice import CHANNEL, HangUp, Leave, Listen, Pause, Plan, Play, RecordMessage
from knowledge.catalogue import Catalogue
from store import attachments, calls, conversations, outbox, tickets
from store.attachments import AttachmentRow
from store.calls import CallRow
from store.outbox import DueRow
from store.ticket_events import TicketNoted, TicketRaised
from store.transaction import Transaction

SURE = 0.45  # of the recogniser, below which we ask whether it heard rightly
RECORDING = "留言.mp3"
TRIES = 3  # wrong cards or codes before a person is called
CONSENT = "1"  # version of the words that callers agree to by keying in their card
RETRIED = 3_000  # ms
GONE = 15 * 60_000  # ms without a word from the provider, after which nobody is there
WITHHELD = frozenset({"", "anonymous", "unavailable", "restricted", "+266696687", "+86282452253", "+7378742833"})
NUMBERS = {"phone": 11}  # slots that are keyed in, with their digits
_SID = re.compile(r"CA[0-9a-zA-Z]{8,64}")
ELDER, PERSON, REPEAT, CALL_BACK, REFUSE = "9", "0", "*", "9", "7"
DOUBTS = 2  # times in a call that we ask whether we have heard rightly
# Moves in a talk that the call itself follows, with what they are called as words.
_MOVES = {
    "cmd/slower": "slower", "cmd/louder": "louder", "cmd/repeat": "repeat", "cmd/yes": "yes", "cmd/no": "no",
    "cmd/none_of_these": "none",
}  # fmt: skip
WAITS = frozenset({"queue", "ringing", "held", "voicemail"})  # stages whose callers are called back when they hang up
HOLD = 12  # seconds of listening in the queue before it is said again where one stands
WAITING = 3  # things that are told in turn while nothing changes (voice.waiting_1 and so on)


class CallChannel:
    """The caller's side: the webhooks and the outlet."""

    pulls = False

    def __init__(self, core: Core, board: Switchboard, seats: SeatSide, verifier: Verifier) -> None:
        self._board = board
        self._seats = seats
        self._verifier = verifier
        self._inbox = core.inbox
        self._desk = core.desk
        self._zone = core.zone
        self._library = core.library
        self._identity = core.identity
        self._observe = core.observe

    @property
    def hooks(self) -> dict[str, ASGIApp]:
        """What is served, by path."""
        seats = self._seats
        work = {
            "": self._begin, "/heard": self._heard, "/wait": self._waits, "/waiting": self._in_queue, "/left": self._left,
            "/recorded": self._recorded, "/recording": self._recording, "/status": self._status, "/seat": seats.whisper,
            "/accept": seats.accept, "/before": seats.before, "/after": seats.after, "/again": seats.again, "/meet": seats.meet,
            "/out": seats.out, "/called": seats.called, "/seat-status": seats.status,
        }  # fmt: skip
        return {PATH + name: self._hook(each) for name, each in work.items()}

    def _hook(self, work: Callable[[dict[str, str], dict[str, str]], Awaitable[str]]) -> ASGIApp:
        async def run(form: dict[str, str], scope: Scope) -> str:
            query = dict(parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=8))
            if not _SID.fullmatch(form.get("CallSid", "")):
                raise SignatureError("form")
            token = next((value for name, value in scope["headers"] if name == b"i-twilio-idempotency-token"), b"")
            return await work(form, {**query, "token": token.decode("latin-1")[:64]})

        async def hook(scope: Scope, receive: Receive, send: Send) -> None:
            await answer(scope, receive, send, self._verifier, run, self._observe)

        return hook

    # -- talking

    async def _begin(self, form: dict[str, str], query: dict[str, str]) -> str:
        return await self._step(form, 0)

    async def _heard(self, form: dict[str, str], query: dict[str, str]) -> str:
        number = query.get("n", "")
        if not number.isdigit() or len(number) > 6:
            raise SignatureError("form")
        return await self._step(form, int(number))

    async def _step(self, form: dict[str, str], number: int) -> str:
        """Takes a step of a call once; asked for again, gives what was made for it."""
        for _ in range(ATTEMPTS):
            row = await self._row(form)
            state = read(row.body)
            if number < state.step and state.made:
                return state.made
            if row.stage == "ended":
                return self._board.written(HangUp())
            state.step = number
            new, plan = await self._plan(row, state, number, form)
            now_state = read(new.body)
            now_state.step, now_state.made = number + 1, self._board.written(*plan)
            if await self._board.put(replace(new, body=keep(now_state), updated_at=self._board.now())):
                return now_state.made
        raise TimeoutError

    async def _row(self, form: dict[str, str]) -> CallRow:
        sid = form["CallSid"]
        row = await self._board.database.read(lambda t: calls.get(t, sid))
        if row is not None:
            return row
        number = form.get("From", "")
        address = sid if number in WITHHELD or len(number) > 32 else number
        now = self._board.now()
        return CallRow(sid, address, 0, 0, "talk", None, keep(CallState()), now, now)

    async def _plan(self, row: CallRow, state: CallState, number: int, form: dict[str, str]) -> tuple[CallRow, Plan]:
        """What comes next, and the call as it is then."""
        if number == 0:
            return await self._greet(row, state)
        digits, speech = form.get("Digits", "")[:32], form.get("SpeechResult", "").strip()[:500]
        if state.entering and (digits or not speech):
            return await self._entered(row, state, number, digits)
        state.entering = ""
        if not digits and not speech:
            return await self._silent(row, state, number)
        state.silences = 0
        if digits:
            return await self._keyed(row, state, number, digits)
        return await self._heard_words(row, state, number, speech, form.get("Confidence", ""))

    async def _greet(self, row: CallRow, state: CallState) -> tuple[CallRow, Plan]:
        before = await self._board.database.read(lambda t: calls.last_of(t, row.address))
        notice = [self._board.line("voice.recorded")] if self._board.settings.record else []
        if before is not None and before.sid != row.sid and read(before.body).elder:
            return await self._elder(row, state, 0, notice)
        return self._listens(row, state, [*notice, self._board.line("voice.greeting")], seconds=5)

    async def _elder(
        self, row: CallRow, state: CallState, number: int, notice: Sequence[str] = (), said: str = ""
    ) -> tuple[CallRow, Plan]:
        """Slowly, without a menu, and a person first; who has `said` something to it is not asked once more."""
        state.elder = state.slow = True
        is_open = await self._is_open()
        if not is_open and not said:
            return self._listens(row, state, [*notice, self._board.line("voice.elder_closed")])
        first = [*notice, self._board.line("voice.elder")] if is_open else notice
        return await self._person(row, state, number, "elder", said=said, first=first)

    async def _is_open(self) -> bool:
        seats = await self._desk.seats(datetime.fromtimestamp(self._board.clock(), self._zone), 3)
        return seats.open

    async def _person(
        self, row: CallRow, state: CallState, number: int, why: str, *, said: str = "", first: Sequence[str] = ()
    ) -> tuple[CallRow, Plan]:
        """To a person, who reads what was `said`, or else why it is."""
        about = self._board.texts.line("zh", f"voice.about.{why}")
        slots = {"detail": said or about}
        return await self._say(row, state, number, said or f"[{about}]", first=first, intent="human", slots=slots)

    # -- keys

    async def _keyed(self, row: CallRow, state: CallState, number: int, digits: str) -> tuple[CallRow, Plan]:
        if state.unsure and digits in ("1", "2"):
            return await self._judged(row, state, number, digits == "1")
        if digits == REPEAT:
            return self._asks_whether(row, state) if state.unsure else self._again(row, state)
        state.unsure = ""
        if digits == PERSON:
            return await self._person(row, state, number, "key")
        if digits == REFUSE and self._board.settings.record and not state.unrecorded:
            state.unrecorded = True
            return self._listens(row, state, [self._board.line("voice.unrecorded")])
        if digits == keypad.TOP:
            return self._menu(row, state, "")
        if len(digits) == 1 and state.menu is not None:
            return await self._menu_key(row, state, number, digits)
        if digits in state.offered:
            return await self._say(row, state, number, digits, choice=digits)
        if digits == ELDER:
            return await self._elder(row, state, number)
        if state.waits:
            return await self._say(row, state, number, digits)
        return self._again(row, state) if state.offered else self._menu(row, state, "")

    def _again(self, row: CallRow, state: CallState, *first: str) -> tuple[CallRow, Plan]:
        """What was said last, to the letter."""
        return self._listens(
            row, state, state.said, first=first, asked=state.asked, keys=state.keys, waits=state.waits,
            offered=state.offered, menu=state.menu,
        )  # fmt: skip

    def _menu(self, row: CallRow, state: CallState, path: str, *first: str) -> tuple[CallRow, Plan]:
        """The menu by keys, at a place in it."""
        lines = [voice.keys(self._entries(path))]
        if path:
            lines.append(self._board.line("voice.menu_top"))
        return self._listens(row, state, lines, first=first, asked=True, menu=path)

    def _entries(self, path: str) -> list[Option]:
        labels = (self._board.texts.line("zh", each.label) for each in keypad.entry(path).below)
        return [Option(str(key), label) for key, label in enumerate(labels, 1)]

    async def _menu_key(self, row: CallRow, state: CallState, number: int, key: str) -> tuple[CallRow, Plan]:
        path = state.menu or ""
        if not keypad.offers(path, key):
            return await self._elder(row, state, number) if key == ELDER else self._menu(row, state, path)
        chosen = keypad.entry(path + key)
        if chosen.below:
            return self._menu(row, state, path + key)
        label = self._board.texts.line("zh", chosen.label)
        return await self._say(row, state, number, f"[{label}]", intent=chosen.intent, slots=chosen.slots)

    # -- words

    async def _heard_words(
        self, row: CallRow, state: CallState, number: int, speech: str, confidence: str
    ) -> tuple[CallRow, Plan]:
        heard = await self._inbox.understand(speech, self._board.now())
        said = _moves(heard)
        if endangers(heard):  # nobody who may be in danger is asked whether they have said so
            state.unsure = ""
            return await self._say(row, state, number, speech)
        if state.unsure and (judged := said & {"yes", "fine", "no", "none"}):
            return await self._judged(row, state, number, bool(judged & {"yes", "fine"}))
        state.unsure = ""
        if _is_low(confidence) and len(speech) > 1 and not said:
            return await self._doubted(row, state, number, speech)
        if said & {"slower", "louder"}:
            state.slow, state.loud = state.slow or "slower" in said, state.loud or "louder" in said
            return self._again(row, state)
        if "repeat" in said:
            return self._again(row, state)
        if not state.elder and says_old(heard, asked=bool(state.waits)):
            return await self._elder(row, state, number, said=speech)
        if state.menu is not None:
            offers = [Offer(each.key, each.label) for each in self._entries(state.menu)]
            if (named := chosen(heard.folded, offers)) is not None:  # 二, said in the menu by keys
                return await self._menu_key(row, state, number, named.key)
        return await self._say(row, state, number, speech)

    async def _doubted(self, row: CallRow, state: CallState, number: int, speech: str) -> tuple[CallRow, Plan]:
        """What was perhaps heard is asked about twice in a call; then there are keys, and then a person."""
        state.doubts += 1
        if state.doubts <= DOUBTS:
            state.unsure = speech
            return self._asks_whether(row, state)
        if state.doubts == DOUBTS + 1 and state.menu is None:
            return self._menu(row, state, "", self._board.line("voice.bad_line"))
        return await self._person(row, state, number, "bad_line", said=speech)

    async def _judged(self, row: CallRow, state: CallState, number: int, right: bool) -> tuple[CallRow, Plan]:
        """The caller has said whether we have heard rightly."""
        text, state.unsure = state.unsure, ""
        if right:
            heard = await self._inbox.understand(text, self._board.now())
            if not state.elder and says_old(heard, asked=bool(state.waits)):
                return await self._elder(row, state, number, said=text)
            return await self._say(row, state, number, text)
        if state.doubts >= DOUBTS:
            return self._menu(row, state, "", self._board.line("voice.bad_line"))
        return self._prompts(row, state, self._board.line("voice.again"), keys=state.keys)

    async def _silent(self, row: CallRow, state: CallState, number: int) -> tuple[CallRow, Plan]:
        """Nothing was heard: keys for who has not spoken yet, the question again, or whether there is more; the second time a
        person, or a polite end."""
        state.silences += 1
        nothing_yet = row.conversation == 0
        if state.silences == 1:
            line = self._board.line("voice.silence")
            if state.unsure:
                return self._asks_whether(row, state, line)
            if nothing_yet and state.menu is None:
                return self._menu(row, state, "", self._board.line("voice.silence_keys"))
            if state.asked:
                return self._again(row, state, line)
            return self._prompts(row, state, self._board.line("voice.anything_else"))
        if await self._is_open() and (state.asked or state.unsure or nothing_yet):
            first = [self._board.line("voice.silence_person")]
            return await self._person(row, state, number, "silence", first=first)
        return self._ends(row, state, [self._board.line("voice.bye")])

    # -- who it is: by keys alone, for this call alone

    async def _entered(self, row: CallRow, state: CallState, number: int, digits: str) -> tuple[CallRow, Plan]:
        """The card's number, then the code that went to the telephone on file. Neither is kept with what was said."""
        entering, now = state.entering, self._board.now()
        if digits == PERSON or state.wrong >= TRIES:
            state.entering, state.wrong = "", 0
            return await self._person(row, state, number, "identity")
        try:
            if entering == "card" and is_card(digits):
                await self._identity.request_code(CHANNEL, row.sid, digits, now)
                state.entering = "code"
                return self._enters(row, state, self._board.line("voice.code"))
            if entering == "code" and len(digits) == 6:
                consent = (CONSENT, self._board.line("ask.card"))
                if await self._identity.confirm(CHANNEL, row.sid, digits, now, consent):
                    state.entering, state.wrong = "", 0
                    return await self._say(row, state, number, "[已核验身份]", intent=state.task)
        except LockedError:
            state.entering = ""
            return self._prompts(row, state, self._board.line("identity.locked"))
        state.wrong += 1
        return self._enters(row, state, self._board.line(f"voice.{entering}_wrong"))

    def _enters(self, row: CallRow, state: CallState, line: str) -> tuple[CallRow, Plan]:
        listen = Listen(spoken(state, [line]), f"{PATH}/heard?n={_next(row, state)}", 0, speech=False, seconds=15)
        return replace(row, body=keep(state)), (listen,)

    async def _say(
        self, row: CallRow, state: CallState, number: int, text: str, *, first: Sequence[str] = (), intent: str | None = None,
        slots: Mapping[str, str] | None = None, choice: str | None = None,
    ) -> tuple[CallRow, Plan]:  # fmt: skip
        """What the core answers to it, and what follows from that."""
        said = Inbound(
            channel=CHANNEL, address=row.address, id=f"{row.sid}:{number}", text=text, at=self._board.now(), intent=intent,
            slots=dict(slots or {}), choice=choice, session=row.sid, inline=True,
        )  # fmt: skip
        receipt = await self._inbox.receive(said, waits=True)
        self._board.live.delivered(receipt.conversation, receipt.last_seq)
        replies = [each.message.reply for each in receipt.answers]
        lines = [*first, *voice.render(replies)]
        row = replace(row, conversation=receipt.conversation)
        if receipt.ticket is not None and (reason := _goes_to_a_person(receipt)):
            return await self._handed_over(replace(row, ticket=receipt.ticket), state, lines, reason)
        waits = _awaits(receipt) or ""
        if waits == "card":
            state.entering, state.task, state.wrong = "card", receipt.state.tasks[-1].intent, 0
            return self._enters(row, state, "".join(lines))
        offered = _offered(replies)
        return self._listens(
            row, state, lines, asked=bool(waits or offered), keys=NUMBERS.get(waits, 1), waits=waits, offered=offered
        )

    async def _handed_over(self, row: CallRow, state: CallState, lines: list[str], reason: str) -> tuple[CallRow, Plan]:
        """Into the queue; a message after hours; and whoever is to be called back may hang up."""
        assert row.ticket is not None
        ref = row.ticket
        if reason in ("callback", "message_left"):
            return self._ends(row, state, [*lines, self._board.line("voice.bye")])
        found = await self._board.database.read(lambda t: tickets.get(t, ref))
        assert found is not None
        seats = await self._desk.seats(datetime.fromtimestamp(self._board.clock(), self._zone), found.priority)
        if seats.open or found.owner:
            plan: Plan = (*spoken(state, lines), self._board.queue(ref))
            return replace(row, stage="queue", body=keep(state)), plan
        plan = (*spoken(state, [*lines, self._board.line("voice.leave_message")]), self._record(ref), HangUp())
        return replace(row, stage="voicemail", body=keep(state)), plan

    def _record(self, ref: str) -> RecordMessage:
        return RecordMessage(f"{PATH}/recorded?ref={ref}", f"{PATH}/recording?ref={ref}")

    def _listens(
        self, row: CallRow, state: CallState, lines: Sequence[str], *, first: Sequence[str] = (), asked: bool = False,
        keys: int = 1, seconds: int = 6, waits: str = "", offered: str = "", menu: str | None = None,
    ) -> tuple[CallRow, Plan]:  # fmt: skip
        """Says `first` and the lines, and listens. The lines are what is said once more to who asks for it."""
        state.said, state.asked, state.keys = list(lines), asked, keys
        state.waits, state.offered, state.menu = waits, offered, menu
        return self._prompts(row, state, *first, *lines, keys=keys, seconds=seconds)

    def _prompts(
        self, row: CallRow, state: CallState, *lines: str, keys: int = 1, seconds: int = 6
    ) -> tuple[CallRow, Plan]:
        """Says something in between, and listens: what was said and asked before stays as it is."""
        then, says = f"{PATH}/heard?n={_next(row, state)}", spoken(state, lines)
        if keys > 1:
            return replace(row, body=keep(state)), (Listen(says, then, keys, seconds=seconds + 4),)
        listen = Listen(
            says, then, 1, seconds=seconds + (3 if state.slow else 0), hints=tuple(_hints(self._library.catalogue))
        )
        return replace(row, body=keep(state)), (listen,)

    def _asks_whether(self, row: CallRow, state: CallState, *first: str) -> tuple[CallRow, Plan]:
        """Whether we have heard rightly."""
        return self._prompts(row, state, *first, self._board.line("voice.unsure", text=state.unsure))

    def _ends(self, row: CallRow, state: CallState, lines: Sequence[str]) -> tuple[CallRow, Plan]:
        return replace(row, body=keep(state)), (*spoken(state, lines), HangUp())

    # -- in the queue

    async def _waits(self, form: dict[str, str], query: dict[str, str]) -> str:
        """What is heard while waiting: what a seat has written, else where one stands when that has changed."""
        return await self._changed(form, query, self._wait_plan)

    async def _wait_plan(self, row: CallRow, state: CallState, form: dict[str, str]) -> tuple[CallRow, Plan]:
        rows = await self._board.database.read(
            lambda t: conversations.messages(t, row.conversation, state.spoken + 1, 1 << 30)
        )
        fresh = [numbered(each) for each in rows if each.author in ("seat", "system")]
        owed = await self._board.database.read(lambda t: outbox.undelivered(t, row.conversation))
        heard = [each for each in fresh if owed is not None and each.seq >= owed[0]]
        lines = [voice.spoken(each.message.reply) for each in heard]
        if heard:
            state.spoken = heard[-1].seq
        else:
            lines = await self._standing(row, state)
        then = f"{PATH}/waiting?ref={row.ticket or ''}"
        listen = Listen(spoken(state, lines), then, 1, seconds=HOLD if not heard else 6)
        music = self._board.settings.music
        plan: Plan = (listen, Play(music) if music and not heard else Pause(1))
        return replace(row, body=keep(state)), plan

    async def _standing(self, row: CallRow, state: CallState) -> list[str]:
        """Said when it changes, and a word now and then so that nobody thinks the line is dead."""
        ref = row.ticket
        found = await self._board.database.read(lambda t: tickets.get(t, ref)) if ref else None
        if found is None or found.state != "waiting":
            return [self._board.line("voice.connecting")] if found is not None and found.state == "open" else []
        if found.priority == 0:  # whose life is in danger shall not wait for us
            return [self._board.line("voice.urgent")]
        seats = await self._desk.place(datetime.fromtimestamp(self._board.clock(), self._zone), found.ref)
        if seats.waiting == state.place:
            state.waited += 1
            return [self._board.line(f"voice.waiting_{state.waited % WAITING + 1}")]
        state.place = seats.waiting
        if seats.minutes is None and not seats.waiting:
            return [self._board.line("voice.first")]
        if seats.minutes is None:
            return [self._board.line("voice.position", waiting=seats.waiting, next=seats.waiting + 1)]
        return [
            self._board.line(
                "voice.position_minutes", next=seats.waiting + 1, low=seats.minutes[0], high=seats.minutes[1]
            )
        ]

    async def _in_queue(self, form: dict[str, str], query: dict[str, str]) -> str:
        """What a waiting caller keys or says."""
        return await self._changed(form, query, self._queue_plan)

    async def _queue_plan(self, row: CallRow, state: CallState, form: dict[str, str]) -> tuple[CallRow, Plan]:
        digits, speech = form.get("Digits", ""), form.get("SpeechResult", "").strip()[:500]
        if digits == CALL_BACK and row.address != row.sid:
            await self._promise(row)
            return replace(row, stage="callback", body=keep(state)), (Leave(),)
        if speech:
            token = form.get("token") or f"{state.step}:{len(state.made)}"
            said = Inbound(
                channel=CHANNEL, address=row.address, id=f"{row.sid}:q:{state.step}:{token}", text=speech,
                at=self._board.now(), inline=True,
            )  # fmt: skip
            receipt = await self._inbox.receive(said, waits=True)
            state.step += 1
            lines = voice.render([each.message.reply for each in receipt.answers])
            if lines:
                return replace(row, body=keep(state)), (*spoken(state, lines), Pause(1))
        state.place = -1 if digits == REPEAT else state.place
        return await self._wait_plan(row, state, form)

    async def _promise(self, row: CallRow) -> None:
        """The place is kept, and we call; nobody can be called whose number is withheld."""
        ref, now = row.ticket, self._board.now()
        if row.address == row.sid:
            return

        def work(transaction: Transaction) -> None:
            found = tickets.get(transaction, ref or "")
            if found is not None and found.state != "closed":
                back = TicketRaised(found.priority, "callback", {"phone": row.address})
                tickets.record(transaction, found, back, "resident", now)

        await self._board.settled(work)

    async def _left(self, form: dict[str, str], query: dict[str, str]) -> str:
        """How waiting ended."""
        result = form.get("QueueResult", "")
        row = await self._row(form)
        state = read(row.body)
        if result in ("bridged", "hangup"):
            if row.stage in WAITS:
                await self._promise(row)
            await self._board.move(row.sid, "ended")
            return self._board.written(HangUp())
        if result == "leave":
            await self._board.move(row.sid, "ended")
            return self._board.written(*spoken(state, [self._board.line("voice.will_call")]), HangUp())
        if result in ("redirected", "redirected-from-bridged", "bridging-in-process"):
            return self._board.written()
        await self._board.move(row.sid, "voicemail")
        lines = spoken(state, [self._board.line("voice.queue_failed"), self._board.line("voice.leave_message")])
        return self._board.written(*lines, self._record(row.ticket or ""), HangUp())

    async def _changed(
        self,
        form: dict[str, str],
        query: dict[str, str],
        work: Callable[[CallRow, CallState, dict[str, str]], Awaitable[tuple[CallRow, Plan]]],
    ) -> str:
        """Runs a step in the queue; the provider's retry of the same request gets what was made for it."""
        token = query["token"]
        for _ in range(ATTEMPTS):
            row = await self._row(form)
            state = read(row.body)
            if token and token == state.token:
                return state.made
            if row.stage == "ended":
                return self._board.written(HangUp())
            new, plan = await work(row, state, form)
            now_state = read(new.body)
            now_state.made, now_state.token = self._board.written(*plan), token
            if await self._board.put(replace(new, body=keep(now_state), updated_at=self._board.now())):
                await self._settle(new, now_state)
                return now_state.made
        raise TimeoutError

    async def _settle(self, row: CallRow, state: CallState) -> None:
        """What was spoken is owed no more."""
        if state.spoken:
            await self._board.database.write(lambda t: outbox.settle(t, row.conversation, state.spoken), quick=True)
            self._board.live.delivered(row.conversation, state.spoken)

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Spoken at the next word in the queue while the caller is there; otherwise somebody has to call."""
        found = await self._board.database.read(lambda t: calls.live(t, row.conversation))
        if found is None or now - found.updated_at > GONE:
            return Lost("the call has ended")
        return Later(now + RETRIED)

    # -- after hours, and the end

    async def _recorded(self, form: dict[str, str], query: dict[str, str]) -> str:
        await self._board.move(form["CallSid"], "ended")
        return self._board.written(voice.Say(self._board.line("voice.message_taken")), HangUp())

    async def _recording(self, form: dict[str, str], query: dict[str, str]) -> str:
        """The message is there: kept with the ticket, with its words where there are any. Fetched from the provider alone."""
        ref, url = query.get("ref", ""), form.get("RecordingUrl", "")
        found = await self._board.database.read(lambda t: tickets.get(t, ref))
        if found is None:
            return self._board.written()
        called = await self._board.of_ticket(ref)
        if form.get("RecordingStatus", "completed") != "completed" or not url:
            if called is not None and not query.get("talk") and found.call_since is None:
                await self._promise(called)  # the tone was heard, and nothing said
            return self._board.written()
        mark = f"recording:{form.get('RecordingSid', '')[:64]}"
        events = await self._board.database.read(lambda t: tickets.events(t, ref))
        if any(mark in str(event.data.get("text", "")) for event in events):
            return self._board.written()
        audio = await self._board.api.recording(url)
        where = "（录音没有取到）"
        if audio:
            id, now = secrets.token_urlsafe(24), self._board.now()
            kept = AttachmentRow(id, found.conversation, RECORDING, "audio/mpeg", audio, "resident", now)
            await self._board.database.write(lambda t: attachments.add(t, kept))
            where = f"/files/{id}"
        words = form.get("TranscriptionText", "").strip()[:1000]
        kind = "talk" if query.get("talk") else "recording"
        text = self._board.texts.line("zh", f"voice.{kind}_note", where=where, words=words or "—", mark=mark)
        now = self._board.now()

        def work(transaction: Transaction) -> None:
            current = tickets.get(transaction, ref)
            if current is None:
                return
            current = tickets.record(transaction, current, TicketNoted(text), "system", now)
            if kind == "recording" and called is not None and called.address != called.sid:
                left = TicketRaised(current.priority, "voicemail", {"phone": called.address})
                tickets.record(transaction, current, left, "resident", now)

        await self._board.settled(work)
        return self._board.written()

    async def _status(self, form: dict[str, str], query: dict[str, str]) -> str:
        """The call has ended: whoever was still waiting is called back, if the number is known."""
        if form.get("CallStatus") not in ENDED:
            return self._board.written()
        sid = form["CallSid"]
        row = await self._board.database.read(lambda t: calls.get(t, sid))
        if row is None or row.stage == "ended":
            return self._board.written()
        if row.stage in WAITS:
            await self._promise(row)
        await self._board.move(row.sid, "ended")
        return self._board.written()


def _hints(catalogue: Catalogue) -> list[str]:
    """What callers are likely to say, for the recogniser."""
    places = [each.name for each in catalogue.organisations.values() if each.level != "site"]
    return [*(each.name for each in catalogue.courses.values()), *places, "转人工", "学分", "积分", "报名"]


def _is_low(confidence: str) -> bool:
    """Whether the recogniser is not sure; it does not always say."""
    try:
        return 0 <= float(confidence) < SURE
    except ValueError:
        return False


def _moves(heard: Understanding) -> frozenset[str]:
    """The steering words that the whole of what was said is: to the letter, or as the model is certain of."""
    said = commands(heard.folded)
    if heard.move.label in _MOVES and heard.move.probability >= CERTAIN:
        said |= {_MOVES[heard.move.label]}
    return said


def _goes_to_a_person(receipt: Receipt) -> str | None:
    """Why the caller is put through: it was decided just now, or a seat has the talk and we say nothing."""
    if receipt.handed_over is None and (receipt.again or (receipt.seat and not receipt.answers)):
        return "ticket"
    return receipt.handed_over


def _awaits(receipt: Receipt) -> str | None:
    return receipt.state.tasks[-1].asked if receipt.state.tasks else None


def _offered(replies: Sequence[Reply]) -> str:
    """The keys that choose something."""
    return "".join(each.key for each in replies[-1].options[: voice.CHOICES]) if replies else ""


def _next(row: CallRow, state: CallState) -> int:
    """The number of the step that follows the one being taken."""
    return state.step + 1
