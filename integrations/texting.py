"""Texts, whoever carries them: who may get one, what is answered, what leaves by itself, and how it fared."""

import logging
from collections.abc import Collection, Sequence
from enum import Enum
from typing import Protocol

import msgspec
from prometheus_client import Counter

from accounts.limits import TEXTS, TEXTS_READ
from bot import conversation
from bot.channel import ChannelHealth, Core
from bot.inbox import Receipt, numbered
from bot.messages import Inbound, Reply
from bot.queue import Done, Failed, Later, Lost, Outcome
from bot.redlines import endangers
from integrations import refusals, sms
from integrations.refusals import INTENTS, RefusalKind
from integrations.sms import CHANNEL
from store import calls, conversations, deliveries, outbox, summons
from store.outbox import DueRow
from store.queue import QueueRow
from store.transaction import Transaction
from store.units import DAY

log = logging.getLogger(__name__)
REMEMBERED = 10_000  # texts, should they come again
SENT = Counter("daoxue_sms_segments", "Segments sent, as they are billed")
MACHINES = Counter("daoxue_sms_machines", "Texts that no person has written, by what told", ["why"])


class Pace(Enum):
    """What becomes of a text, by how many came before it."""

    ANSWERED = "answered"
    READ = "read, and answered where a life is in danger"
    FLOOD = "not read"


PACES = ((Pace.ANSWERED, TEXTS), (Pace.READ, TEXTS_READ))


class TextRefusal(Enum):
    """What a provider's refusal is to us."""

    TOO_OFTEN = "over the account's rate"
    STOPPED = "the resident does not want texts"
    GONE = "nobody is reached there"
    ACCOUNT = "the account or its secret is wrong, or lacks the right"
    WRONG = "a mistake of ours"
    UNREACHABLE = "no answer, or none that can be read"


class TextError(Exception):
    """A text that was refused, or of which nobody knows. Its words never hold a secret or a number."""

    def __init__(self, meaning: TextRefusal, code: str, call: str) -> None:
        super().__init__(f"{call}: {code}: {meaning.value}")
        self.meaning = meaning
        self.code = code


class Provider(Protocol):
    """Who carries texts. `text` gives the provider's id of it, and raises `TextError`; `id` is the same for the same text,
    for providers that know what they have sent. `can_say` is whether it says these very words; where it `names_seats`,
    what a seat says has to begin with who says it."""

    names_seats: bool

    @property
    def alarm(self) -> str | None: ...
    def can_say(self, body: str) -> bool: ...
    async def text(self, to: str, body: str, id: str) -> str: ...
    async def close(self) -> None: ...


class Texting:
    """The outlet, and what all providers' webhooks have in common. `own` are numbers of ours."""

    pulls = False

    def __init__(self, core: Core, provider: Provider, own: Collection[str] = ()) -> None:
        self._core = core
        self.provider = provider
        self._own = frozenset(own)
        self._paces: dict[tuple[str, str], Pace] = {}  # of the last texts, by number and id

    # -- coming in

    async def receive(
        self, number: str, id: str, text: str, *, media: bool = False, inline: bool, told: RefusalKind | None = None
    ) -> str:
        """What is answered to a text, in the response where it is `inline`; empty where nothing is. The same id again gets
        the same answer. `told` is what the carrier has taken it for, and has answered itself.

        Machines get no answer, and who has refused texts gets none either until they want them again; what they write is
        kept and thought about all the same, and where a life is in danger it is answered.
        """
        number = refusals.international(number)
        if number in self._own or refusals.is_machine(number):
            MACHINES.labels("number").inc()
            return ""
        refused = await self._core.database.read(lambda t: deliveries.is_refused(t, CHANNEL, number))
        kind = told or await self._kind(text, refused)
        pace = self._pace(number, id)
        if kind is RefusalKind.WORDS and pace is Pace.FLOOD:
            MACHINES.labels("flood").inc()
            return ""
        said = self._inbound(
            number, id, text, kind, media=media, told=told is not None or (refused and kind is RefusalKind.REFUSAL)
        )
        if kind is RefusalKind.WORDS and pace is Pace.ANSWERED:
            return await self._answered(said, inline=inline and not refused)
        receipt = await self._core.inbox.receive(msgspec.structs.replace(said, inline=True), waits=True)
        await self._settle(kind, number)
        if kind is RefusalKind.MACHINE or (kind is RefusalKind.WORDS and receipt.state.danger is None):
            MACHINES.labels("words" if kind is RefusalKind.MACHINE else "many").inc()
            return ""
        return await self._by_itself(receipt, said, kind, inline=inline)

    async def _kind(self, text: str, refused: bool) -> RefusalKind:
        """A life in danger comes before what else a text may be."""
        kind = refusals.kind(text, refused=refused)
        if kind is RefusalKind.WORDS or not endangers(await self._core.inbox.understand(text, self._core.now())):
            return kind
        return RefusalKind.WORDS

    def _inbound(self, number: str, id: str, text: str, kind: RefusalKind, *, media: bool, told: bool) -> Inbound:
        intent, slots = INTENTS.get(kind), {"told": "yes"} if told else {}
        if media and not text:
            text, intent, slots = "[图片]", "cannot_read", {"kind": "image"}
        return Inbound(
            channel=CHANNEL, address=number, id=f"sms:{id}", text=text, at=self._core.now(), intent=intent, slots=slots
        )

    async def _answered(self, said: Inbound, *, inline: bool) -> str:
        """Answers in the response, else by the outbox: which sends nothing to who wants nothing, for the desk to see."""
        await self._found_again(said.address)
        # Carriers do not ask again: it is kept, and answered by a text of its own.
        later = msgspec.structs.replace(said, outbox=True)
        if await self._core.inbox.must_wait(said) and await self._core.inbox.put_off(later, self._core.now()):
            return ""
        receipt = await self._core.inbox.receive(
            msgspec.structs.replace(said, inline=inline, outbox=not inline), waits=True
        )
        if not inline:
            return ""
        self._core.live.delivered(receipt.conversation, receipt.last_seq)
        return written([each.message.reply for each in receipt.answers])

    async def _found_again(self, number: str) -> None:
        """Who writes is there, whatever the carrier has said of the number."""

        def find(transaction: Transaction) -> None:
            if not deliveries.is_refused(transaction, CHANNEL, number):
                deliveries.find_again(transaction, CHANNEL, number)

        if await self._core.database.read(lambda t: deliveries.is_lost(t, CHANNEL, number)):
            await self._core.database.write(find)

    async def _settle(self, kind: RefusalKind, number: str) -> None:
        """Whoever does not want texts gets none but the one that says so; asking again changes nothing."""
        now = self._core.now()
        if kind is RefusalKind.REFUSAL:
            await self._core.database.write(lambda t: deliveries.refuse(t, CHANNEL, number, now))
        elif kind is RefusalKind.RESUMPTION:
            await self._core.database.write(lambda t: deliveries.allow(t, CHANNEL, number))

    async def _by_itself(self, receipt: Receipt, said: Inbound, kind: RefusalKind, *, inline: bool) -> str:
        """What is answered though texts are refused, or too many: in the response, or in a text of its own. A confirmation
        in other words than its own would be none."""
        text = written([each.message.reply for each in receipt.answers])
        self._core.live.delivered(receipt.conversation, receipt.last_seq)
        if inline or not text:
            return text
        if kind is not RefusalKind.WORDS and not self.provider.can_say(text):
            log.error("a text has no template", extra={"error": receipt.state.topic})
            return ""
        try:
            await self.provider.text(said.address, text, said.id)
        except TextError as error:
            log.error("a text did not leave", extra={"error": str(error)})
        return ""

    def _pace(self, number: str, id: str) -> Pace:
        """Of a text of a number; one that comes again has what it had."""
        if (known := self._paces.get((number, id))) is not None:
            return known
        pace = next((each for each, limit in PACES if self._core.limits.take((limit, number)) == 0), Pace.FLOOD)
        if len(self._paces) >= REMEMBERED:
            self._paces.clear()
        self._paces[number, id] = pace
        return pace

    async def fared(self, sid: str, status: str, error: str) -> None:
        """How a text fared: told late, twice and in any order."""
        lost = await self._core.database.write(lambda t: calls.fared(t, sid, status, error))
        if lost is not None:
            log.error("a text did not arrive", extra={"error": error})
            self._core.live.ring()

    async def health(self, now: int) -> ChannelHealth:
        """What the provider complains of, and what left in a day: texts, and segments as they are billed."""
        texts, segments = await self._core.database.read(lambda t: calls.cost(t, now - DAY))
        return ChannelHealth(self.provider.alarm, texts=texts, segments=segments)

    # -- one-time codes

    async def send_code(self, row: QueueRow) -> Outcome:
        """Sends the code that a row of the queue is for, as long as it is good."""
        found = await self._core.identity.code(int(row.key.rpartition(":")[2]))
        if found is None:
            return Done()
        code, until = found
        if self._core.now() >= until:
            return Lost("too late")
        body = self._core.texts.line("zh", "sms.code", code=code.code)
        try:
            await self.provider.text(
                _dialled(code.phone), body, f"code:{self._core.identity.person('code', code.phone + code.code)}"
            )
        except TextError as error:
            log.error("a code did not leave", extra={"error": str(error)})
            return _leads_to(error, self._core.now())
        return Done()

    async def summon(self, row: QueueRow) -> Outcome:
        """Calls a supervisor to a ticket that nobody takes."""
        called = await self._core.database.read(lambda t: summons.opened(t, row))
        body = self._core.texts.line("zh", "desk.summons", ref=called.ref)
        if not self.provider.can_say(body):
            return Lost("no approved template")
        try:
            await self.provider.text(_dialled(called.phone), body, row.key)
        except TextError as error:
            log.error("a supervisor was not called", extra={"error": str(error)})
            return _leads_to(error, self._core.now())
        return Done()

    # -- leaving by itself

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Sends what the row holds as one text."""
        if (kept := await self._core.database.read(lambda t: _kept_from(t, row.address))) is not None:
            return Lost(kept.value)
        rows = await self._core.database.read(
            lambda t: conversations.messages(t, row.conversation, row.first_seq, row.last_seq)
        )
        text = self._text(rows)
        self._core.observe("sending")
        try:
            sid = await self.provider.text(row.address, text, f"{row.conversation}:{row.first_seq}")
        except TextError as error:
            return await self._refused(error, row, now)

        def settle(transaction: Transaction) -> None:
            calls.sent(transaction, sid, row.conversation, row.last_seq, sms.segments(text), now)
            outbox.left(transaction, row)

        await self._core.database.insist(settle, quick=True)
        self._core.live.delivered(row.conversation, row.last_seq)
        return Done()

    def _text(self, rows: Sequence[conversations.MessageRow]) -> str:
        said = [each for each in rows if each.author != "resident"]
        replies = [numbered(each).message.reply for each in said]
        if not all(each.author == "seat" for each in said):
            return written(replies)
        words = sms.personal(replies)
        text = self._core.texts.line("zh", "sms.seat", words=words) if self.provider.names_seats else words
        SENT.inc(sms.segments(text))
        return text

    async def _refused(self, error: TextError, row: DueRow, now: int) -> Outcome:
        if error.meaning is TextRefusal.STOPPED:
            await self._core.database.write(lambda t: deliveries.refuse(t, CHANNEL, row.address, now))
        elif error.meaning is TextRefusal.GONE:
            await self._core.database.write(lambda t: deliveries.lose(t, CHANNEL, row.address, now))
        return _leads_to(error, now)


def _leads_to(error: TextError, now: int) -> Outcome:
    match error.meaning:
        case TextRefusal.TOO_OFTEN:
            return Later(now + 1_000)
        case TextRefusal.STOPPED | TextRefusal.GONE:
            return Lost(error.meaning.value)
        case _:
            return Failed(error.meaning.value)


def _kept_from(transaction: Transaction, number: str) -> TextRefusal | None:
    """Why no text may leave for a number: its resident wants none, or nobody is there. None where their life is in danger."""
    if not deliveries.is_lost(transaction, CHANNEL, number):
        return None
    found = conversations.find(transaction, CHANNEL, number)
    if found is not None and conversation.load(found.state).danger is not None:
        return None
    return TextRefusal.STOPPED if deliveries.is_refused(transaction, CHANNEL, number) else TextRefusal.GONE


def written(replies: Sequence[Reply]) -> str:
    """The one text for all that was said; counted as it is billed."""
    text = "".join(sms.render(replies))
    if text:
        SENT.inc(sms.segments(text))
    return text


def _dialled(phone: str) -> str:
    """A number as providers want it: one without its country is of this one."""
    return f"+86{phone}" if phone.startswith("1") else phone
