"""Texts, whoever carries them: who may get one, what is answered, what leaves by itself, and how it fared."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from prometheus_client import Counter

from accounts.identity import Identity
from bot.inbox import Inbox, nothing_observed, numbered
from bot.live import Live
from bot.messages import Inbound, Reply
from bot.outbox import Done, Failed, Later, Lost, Outcome
from bot.texts import Texts
from integrations import sms
from store import calls, conversations, deliveries
from store.conversations import DueRow
from store.database import Database, Transaction

log = logging.getLogger(__name__)
CHANNEL = "sms"
BURST, PER_SECOND = 20, 0.5  # messages of one number at once, and on average
SENT = Counter("daoxue_sms_segments", "Segments sent, as they are billed")


class Meaning(Enum):
    """What a provider's refusal is to us."""

    TOO_OFTEN = "over the account's rate"
    STOPPED = "the resident does not want texts"
    GONE = "nobody is reached there"
    ACCOUNT = "the account or its secret is wrong, or lacks the right"
    WRONG = "a mistake of ours"
    UNREACHABLE = "no answer, or none that can be read"


class TextError(Exception):
    """A text that was refused, or of which nobody knows. Its words never hold a secret or a number."""

    def __init__(self, meaning: Meaning, code: str, call: str) -> None:
        super().__init__(f"{call}: {code}: {meaning.value}")
        self.meaning = meaning
        self.code = code


class Provider(Protocol):
    """Who carries texts. `text` gives the provider's id of it, and raises `TextError`; `id` is the same for the same text,
    for providers that know what they have sent."""

    @property
    def alarm(self) -> str | None: ...
    async def text(self, to: str, body: str, id: str) -> str: ...
    async def close(self) -> None: ...


class Texting:
    """The outlet, and what all providers' webhooks have in common. `clock` is in seconds."""

    pulls = False

    def __init__(
        self, provider: Provider, inbox: Inbox, live: Live, database: Database, texts: Texts, identity: Identity,
        observe: Callable[[str], None] = nothing_observed, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.provider = provider
        self._inbox = inbox
        self._live = live
        self._database = database
        self._texts = texts
        self._identity = identity
        self._observe = observe
        self._clock = clock
        self._allowed: dict[str, tuple[float, float]] = {}

    def _now(self) -> int:
        return int(self._clock() * 1000)

    # -- coming in

    async def receive(self, number: str, id: str, text: str, *, media: bool = False, inline: bool) -> str:
        """What is answered to a text, in the response where it is `inline`; empty where nothing is. The same id again gets
        the same answer."""
        if (word := text.lower()) in sms.STOP or word in sms.START:
            return await self._stop_or_start(number, word in sms.STOP)
        if not self._has_room(number):
            return ""
        intent = "cannot_read" if media and not text else None
        said = Inbound(
            channel=CHANNEL, address=number, id=f"sms:{id}", text=text or ("[图片]" if media else ""), at=self._now(),
            intent=intent, slots={"kind": "image"} if intent else {}, inline=inline, outbox=not inline,
        )  # fmt: skip
        receipt = await self._inbox.receive(said)
        if not inline:
            return ""
        self._live.delivered(receipt.conversation, receipt.last_seq)
        return written([each.message.reply for each in receipt.answers])

    async def _stop_or_start(self, number: str, stops: bool) -> str:
        """Whoever does not want texts gets none but this one; asking again changes nothing."""
        now = self._now()
        if stops:
            await self._database.write(lambda t: deliveries.lose(t, CHANNEL, number, now))
        else:
            await self._database.write(lambda t: deliveries.find_again(t, CHANNEL, number))
        return self._texts.line("zh", "sms.stopped" if stops else "sms.started")

    def _has_room(self, number: str) -> bool:
        now = time.monotonic()
        if len(self._allowed) > 10_000:
            self._allowed.clear()
        left, at = self._allowed.get(number, (float(BURST), now))
        left = min(BURST, left + (now - at) * PER_SECOND)
        self._allowed[number] = (left - 1, now) if left >= 1 else (left, now)
        return left >= 1

    async def fared(self, sid: str, status: str, error: str) -> None:
        """How a text fared: told late, twice and in any order."""
        lost = await self._database.write(lambda t: calls.fared(t, sid, status, error))
        if lost is not None:
            log.error("a text did not arrive", extra={"error": error})
            self._live.ring()

    # -- one-time codes

    async def run(self) -> None:
        """Until cancelled: sends the codes that residents have asked for."""
        while True:
            await asyncio.sleep(1)
            try:
                await self.send_codes()
            except Exception as error:  # the same edge as the outbox's: the loop must go on
                log.error("codes", exc_info=error)

    async def send_codes(self) -> int:
        """How many left. A code that could not be sent is asked for anew."""
        codes = await self._identity.to_send(self._now())
        for each in codes:
            number = f"+86{each.phone}" if each.phone.startswith("1") else each.phone
            body = self._texts.line("zh", "sms.code", code=each.code)
            try:
                await self.provider.text(number, body, f"code:{self._identity.person('code', each.phone + each.code)}")
            except TextError as error:
                log.error("a code did not leave", extra={"error": str(error)})
        return len(codes)

    # -- leaving by itself

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Sends what the row holds as one text."""
        if await self._database.read(lambda t: deliveries.is_lost(t, CHANNEL, row.address)):
            return Lost()
        rows = await self._database.read(
            lambda t: conversations.messages(t, row.conversation, row.first_seq, row.last_seq)
        )
        text = written([numbered(each).message.reply for each in rows if each.author != "resident"])
        self._observe("sending")
        try:
            sid = await self.provider.text(row.address, text, f"{row.conversation}:{row.first_seq}")
        except TextError as error:
            return await self._refused(error, row, now)

        def settle(transaction: Transaction) -> None:
            calls.sent(transaction, sid, row.conversation, row.last_seq, sms.segments(text), now)
            conversations.settle(transaction, row.conversation, row.last_seq)

        await self._database.write(settle, quick=True)
        self._live.delivered(row.conversation, row.last_seq)
        return Done()

    async def _refused(self, error: TextError, row: DueRow, now: int) -> Outcome:
        match error.meaning:
            case Meaning.TOO_OFTEN:
                return Later(now + 1_000)
            case Meaning.STOPPED | Meaning.GONE:
                await self._database.write(lambda t: deliveries.lose(t, CHANNEL, row.address, now))
                return Lost()
            case _:
                return Failed()


def written(replies: Sequence[Reply]) -> str:
    """The one text for all that was said; counted as it is billed."""
    text = "".join(sms.render(replies))
    if text:
        SENT.inc(sms.segments(text))
    return text
