"""A caller's talk: one step of a call, from what was said or keyed to what is heard next.

A number that calls proves nothing: what is personal needs the identity step, here as everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.identity import Identity, LockedError, is_card
from bot.commands import chosen, commands
from bot.comprehension import Understanding
from bot.conversation import Offer
from bot.inbox import Inbox, Receipt
from bot.messages import Inbound, Option, Priority, Reply
from bot.phrases import CERTAIN, asks
from bot.redlines import endangers
from bot.waiting import SeatAvailability
from integrations import keypad, voice
from integrations.elders import says_old
from integrations.twilio.switchboard import PATH, CallState, Prompted, Switchboard, read, spoken
from integrations.voice import CHANNEL, HangUp, Listen, Plan
from knowledge.catalogue import Catalogue
from knowledge.library import Library
from store import calls, tickets
from store.calls import CallRow

SURE = 0.45  # of the recogniser, below which we ask whether it heard rightly
TRIES = 3  # wrong cards or codes before a person is called
CONSENT = "1"  # version of the words that callers agree to by keying in their card
NUMBERS = {"phone": 11}  # slots that are keyed in, with their digits
ELDER, PERSON, REPEAT, REFUSE = "9", "0", "*", "7"
DOUBTS = 2  # times in a call that we ask whether we have heard rightly
# Moves in a talk that the call itself follows, with what they are called as words.
_MOVES = {
    "cmd/slower": "slower", "cmd/louder": "louder", "cmd/repeat": "repeat", "cmd/yes": "yes", "cmd/no": "no",
    "cmd/none_of_these": "none",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hotline:
    """What a talk works with."""

    board: Switchboard
    inbox: Inbox
    desk: SeatAvailability
    identity: Identity
    library: Library
    zone: ZoneInfo

    @property
    def today(self) -> datetime:
        return datetime.fromtimestamp(self.board.clock(), self.zone)


class CallTalk:
    """A step of a call: `row` and `state` are the call as it is then."""

    def __init__(self, hotline: Hotline, row: CallRow, state: CallState) -> None:
        self._hotline = hotline
        self._board = hotline.board
        self.row = row
        self.state = state

    async def step(self, form: Mapping[str, str]) -> Plan:
        """What is heard next, by what the provider says of the caller."""
        state = self.state
        if state.step == 0:
            return await self._greet()
        digits, speech = form.get("Digits", "")[:32], form.get("SpeechResult", "").strip()[:500]
        if state.entering and (digits or not speech):
            return await self._entered(digits)
        state.entering = ""
        if not digits and not speech:
            return await self._silent()
        state.silences = 0
        if digits:
            return await self._keyed(digits)
        return await self._heard_words(speech, form.get("Confidence", ""))

    async def _greet(self) -> Plan:
        before = await self._board.database.read(lambda t: calls.last_of(t, self.row.address))
        notice = [self._board.line("voice.recorded")] if self._board.settings.record else []
        if before is not None and before.sid != self.row.sid and read(before.body).elder:
            return await self._elder(notice)
        return self._listens(Prompted([*notice, self._board.line("voice.greeting")]), seconds=5)

    async def _elder(self, notice: Sequence[str] = (), said: str = "") -> Plan:
        """Slowly, without a menu, and a person first; who has `said` something to it is not asked once more."""
        self.state.elder = self.state.slow = True
        is_open = await self._is_open()
        if not is_open and not said:
            return self._listens(Prompted([*notice, self._board.line("voice.elder_closed")]))
        first = [*notice, self._board.line("voice.elder")] if is_open else notice
        return await self._person("elder", said=said, first=first)

    async def _is_open(self) -> bool:
        return (await self._hotline.desk.seats(self._hotline.today, Priority.ORDINARY)).open

    async def _person(self, why: str, *, said: str = "", first: Sequence[str] = ()) -> Plan:
        """To a person, who reads what was `said`, or else why it is."""
        about = self._board.texts.line("zh", f"voice.about.{why}")
        return await self._say(said or f"[{about}]", first=first, intent="human", slots={"detail": said or about})

    # -- keys

    async def _keyed(self, digits: str) -> Plan:
        state = self.state
        if state.unsure and digits in ("1", "2"):
            return await self._judged(digits == "1")
        if digits == REPEAT:
            return self._asks_whether() if state.unsure else self._again()
        state.unsure = ""
        if digits == PERSON:
            return await self._person("key")
        if digits == REFUSE and self._board.settings.record and not state.unrecorded:
            state.unrecorded = True
            return self._listens(Prompted([self._board.line("voice.unrecorded")]))
        if digits == keypad.TOP:
            return self._menu("")
        if len(digits) == 1 and state.last.menu is not None:
            return await self._menu_key(state.last.menu, digits)
        if digits in state.last.offered:
            return await self._say(digits, choice=digits)
        if digits == ELDER:
            return await self._elder()
        if state.last.waits:
            return await self._say(digits)
        return self._again() if state.last.offered else self._menu("")

    def _again(self, *first: str) -> Plan:
        """What was said last, to the letter."""
        return self._listens(self.state.last, *first)

    def _menu(self, path: str, *first: str) -> Plan:
        """The menu by keys, at a place in it."""
        lines = [voice.keys(self._entries(path))]
        if path:
            lines.append(self._board.line("voice.menu_top"))
        return self._listens(Prompted(lines, asked=True, menu=path), *first)

    def _entries(self, path: str) -> list[Option]:
        return [Option(key, self._board.texts.line("zh", each.label)) for key, each in self._offered(path).items()]

    def _offered(self, path: str) -> Mapping[str, keypad.KeypadItem]:
        """What may be keyed in there today."""
        return keypad.offered(path, self._hotline.library, self._hotline.today.date())

    async def _menu_key(self, path: str, key: str) -> Plan:
        if (chosen := self._offered(path).get(key)) is None:
            return await self._elder() if key == ELDER else self._menu(path)
        if chosen.below:
            return self._menu(path + key)
        label = self._board.texts.line("zh", chosen.label)
        return await self._say(f"[{label}]", intent=chosen.intent, slots=chosen.slots)

    # -- words

    async def _heard_words(self, speech: str, confidence: str) -> Plan:
        state = self.state
        heard = await self._hotline.inbox.understand(speech, self._board.now())
        said = _moves(heard)
        if endangers(heard):  # nobody who may be in danger is asked whether they have said so
            state.unsure = ""
            return await self._say(speech)
        if state.unsure and (judged := said & {"yes", "fine", "no", "none"}):
            return await self._judged(bool(judged & {"yes", "fine"}))
        state.unsure = ""
        if _is_low(confidence) and len(speech) > 1 and not said:
            return await self._doubted(speech)
        if said & {"slower", "louder"}:
            state.slow, state.loud = state.slow or "slower" in said, state.loud or "louder" in said
            return self._again()
        if "repeat" in said:
            return self._again()
        if not state.elder and says_old(heard, asked=bool(state.last.waits)):
            return await self._elder(said=speech)
        if (path := state.last.menu) is not None:
            offers = [Offer(each.key, each.label) for each in self._entries(path)]
            if (named := chosen(heard.folded, offers)) is not None:  # 二, said in the menu by keys
                return await self._menu_key(path, named.key)
        return await self._say(speech)

    async def _doubted(self, speech: str) -> Plan:
        """What was perhaps heard is asked about twice in a call; then there are keys, and then a person."""
        state = self.state
        state.doubts += 1
        if state.doubts <= DOUBTS:
            state.unsure = speech
            return self._asks_whether()
        if state.doubts == DOUBTS + 1 and state.last.menu is None:
            return self._menu("", self._board.line("voice.bad_line"))
        return await self._person("bad_line", said=speech)

    async def _judged(self, right: bool) -> Plan:
        """The caller has said whether we have heard rightly."""
        state = self.state
        text, state.unsure = state.unsure, ""
        if right:
            heard = await self._hotline.inbox.understand(text, self._board.now())
            if not state.elder and says_old(heard, asked=bool(state.last.waits)):
                return await self._elder(said=text)
            return await self._say(text)
        if state.doubts >= DOUBTS:
            return self._menu("", self._board.line("voice.bad_line"))
        return self._prompts(self._board.line("voice.again"), keys=state.last.keys)

    async def _silent(self) -> Plan:
        """Nothing was heard: keys for who has not spoken yet, the question again, or whether there is more; the second time a
        person, or a polite end."""
        state, last = self.state, self.state.last
        state.silences += 1
        nothing_yet = self.row.conversation == 0
        if state.silences == 1:
            line = self._board.line("voice.silence")
            if state.unsure:
                return self._asks_whether(line)
            if nothing_yet and last.menu is None:
                return self._menu("", self._board.line("voice.silence_keys"))
            if last.asked:
                return self._again(line)
            return self._prompts(self._board.line("voice.anything_else"))
        if await self._is_open() and (last.asked or state.unsure or nothing_yet):
            return await self._person("silence", first=[self._board.line("voice.silence_person")])
        return self._ends([self._board.line("voice.bye")])

    # -- who it is: by keys alone, for this call alone

    async def _entered(self, digits: str) -> Plan:
        """The card's number, then the code that went to the telephone on file. Neither is kept with what was said."""
        state, identity, now = self.state, self._hotline.identity, self._board.now()
        entering = state.entering
        if digits == PERSON or state.wrong >= TRIES:
            state.entering, state.wrong = "", 0
            return await self._person("identity")
        try:
            if entering == "card" and is_card(digits):
                await identity.request_code(CHANNEL, self.row.sid, digits, now)
                state.entering = "code"
                return self._enters(self._board.line("voice.code"))
            if entering == "code" and len(digits) == 6:
                consent = (CONSENT, self._board.line("ask.card"))
                if await identity.confirm(CHANNEL, self.row.sid, digits, now, consent):
                    state.entering, state.wrong = "", 0
                    return await self._say("[已核验身份]", intent=state.task)
        except LockedError:
            state.entering = ""
            return self._prompts(self._board.line("identity.locked"))
        state.wrong += 1
        return self._enters(self._board.line(f"voice.{entering}_wrong"))

    def _enters(self, line: str) -> Plan:
        return (Listen(spoken(self.state, [line]), self._then, 0, speech=False, seconds=15),)

    # -- what is said to the core, and to the caller

    async def _say(
        self, text: str, *, first: Sequence[str] = (), intent: str | None = None,
        slots: Mapping[str, str] | None = None, choice: str | None = None,
    ) -> Plan:  # fmt: skip
        """What the core answers to it, and what follows from that."""
        state = self.state
        said = Inbound(
            channel=CHANNEL, address=self.row.address, id=f"{self.row.sid}:{state.step}", text=text, at=self._board.now(),
            intent=intent, slots=dict(slots or {}), choice=choice, session=self.row.sid, inline=True,
        )  # fmt: skip
        receipt = await self._hotline.inbox.receive(said, waits=True)
        self._board.live.delivered(receipt.conversation, receipt.last_seq)
        replies = [each.message.reply for each in receipt.answers]
        lines = [*first, *voice.render(replies)]
        self.row = replace(self.row, conversation=receipt.conversation)
        if receipt.ticket is not None and (reason := _goes_to_a_person(receipt)):
            return await self._handed_over(receipt.ticket, lines, reason)
        waits = _awaits(receipt) or ""
        if waits == "card":
            state.entering, state.task, state.wrong = "card", receipt.state.tasks[-1].intent, 0
            return self._enters("".join(lines))
        offered = _offered(replies)
        return self._listens(Prompted(lines, bool(waits or offered), NUMBERS.get(waits, 1), waits, offered))

    async def _handed_over(self, ref: str, lines: list[str], reason: str) -> Plan:
        """Into the queue; a message after hours; and whoever is to be called back may hang up."""
        self.row = replace(self.row, ticket=ref)
        if reason in ("callback", "message_left"):
            return self._ends([*lines, self._board.line("voice.bye")])
        found = await self._board.database.read(lambda t: tickets.get(t, ref))
        assert found is not None
        seats = await self._hotline.desk.seats(self._hotline.today, Priority(found.priority))
        if seats.open or found.owner:
            self.row = replace(self.row, stage="queue")
            return (*spoken(self.state, lines), self._board.queue(ref))
        self.row = replace(self.row, stage="voicemail")
        says = spoken(self.state, [*lines, self._board.line("voice.leave_message")])
        return (*says, self._board.message(ref), HangUp())

    def _listens(self, heard: Prompted, *first: str, seconds: int = 6) -> Plan:
        """Says `first` and what is to be heard, which is what is said once more to who asks for it; and listens."""
        self.state.last = heard
        return self._prompts(*first, *heard.said, keys=heard.keys, seconds=seconds)

    def _prompts(self, *lines: str, keys: int = 1, seconds: int = 6) -> Plan:
        """Says something in between, and listens: what was said and asked before stays as it is."""
        says = spoken(self.state, lines)
        if keys > 1:
            return (Listen(says, self._then, keys, seconds=seconds + 4),)
        hints = tuple(_hints(self._hotline.library.catalogue))
        return (Listen(says, self._then, 1, seconds=seconds + (3 if self.state.slow else 0), hints=hints),)

    def _asks_whether(self, *first: str) -> Plan:
        """Whether we have heard rightly."""
        return self._prompts(*first, self._board.line("voice.unsure", text=self.state.unsure))

    def _ends(self, lines: Sequence[str]) -> Plan:
        return (*spoken(self.state, lines), HangUp())

    @property
    def _then(self) -> str:
        """Where the next step is asked for."""
        return f"{PATH}/heard?n={self.state.step + 1}"


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
    move = _MOVES.get(heard.move.label)
    if move and heard.move.probability >= CERTAIN and not (move == "yes" and asks(heard.folded)):
        said |= {move}
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
