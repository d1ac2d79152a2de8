"""Files of residents, from their message until seats can see them: fetched where a platform has them, looked at for what they
are, scanned, and made a small picture of. All of it is the queue's: it begins again after whatever has ended it."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot import conversation
from bot.channel import Fetch, FetchError
from bot.files import PICTURES, FileRefusal, FileRefusedError, checked
from bot.inbox import encode
from bot.live import Live
from bot.messages import Message
from bot.queue import Done, Failed, Kind, Later, Outcome
from bot.scanning import ScanError, Scanner
from bot.texts import Texts
from desk import children, pictures, replies
from desk.opening import found as ticket_of
from store import attachments, conversations, tickets
from store.attachments import ComingRow, Settled, Work
from store.conversations import ConversationRow
from store.database import ConflictError, Database
from store.queue import QueueRow
from store.ticket_events import TicketFileSettled, TicketSaid
from store.transaction import Transaction

log = logging.getLogger(__name__)
PATIENCE = 6  # times that a platform is asked: about a minute
REST = 15_000  # ms until a scanner that did not answer is asked again
CROWDED = 2_000  # ms until there may be a place for drawing
LEASE = 60_000  # ms
PREVIEW = 640  # pixels of the longer side of a small picture
DRAWN_WITHIN = 30  # seconds, waiting for a place too: less than the lease, or it would be tried to its end


@dataclass(frozen=True, slots=True)
class Intake:
    """What files of residents go through: `largest` in bytes, `fetches` by channel, a scanner where there is one."""

    largest: int
    fetches: Mapping[str, Fetch]
    scanner: Scanner | None


class Arriving:
    """`clock` is in seconds."""

    def __init__(
        self, database: Database, live: Live, texts: Texts, intake: Intake, clock: Callable[[], float]
    ) -> None:  # fmt: skip
        self.kind = Kind(self.work, at_once=4, patience=PATIENCE + 1, lease=LEASE)
        self._database = database
        self._live = live
        self._texts = texts
        self._intake = intake
        self._clock = clock
        self._silent = False  # the scanner, and it was told

    async def work(self, row: QueueRow) -> Outcome:
        """Sees to one file, as the queue asks for it."""
        work = attachments.work_of(row)
        file = await self._database.read(lambda t: attachments.coming(t, work.id))
        if file is None:
            return Done()
        try:
            body = file.body or await self._fetched(work, row.attempts)
            found = await self._looked_through(file.name, body)
        except FetchError:
            return Failed("unreachable")
        except FileRefusedError as error:
            found = Settled(file.name, "", why=error.why.value)
        except (ScanError, children.CrowdedError) as error:
            if not file.body:  # its platform is not asked again
                await self._database.write(lambda t: attachments.fetched(t, work.id, body))
            return self._put_off(error)
        return await self._settle(work, file, found)

    async def _fetched(self, work: Work, attempts: int) -> bytes:
        fetch = self._intake.fetches.get(work.channel)
        if fetch is None:
            raise FileRefusedError(FileRefusal.UNREACHABLE)
        try:
            return await fetch(work.ref, self._intake.largest)
        except FetchError as error:
            if error.why is None and attempts < PATIENCE:
                raise
            raise FileRefusedError(error.why or FileRefusal.UNREACHABLE) from error

    async def _looked_through(self, name: str, body: bytes) -> Settled:
        """Raises `FileRefusedError`, `ScanError`, `CrowdedError`."""
        if len(body) > self._intake.largest:
            raise FileRefusedError(FileRefusal.TOO_LARGE)
        name, kind = await asyncio.to_thread(checked, name, body)
        if self._intake.scanner is not None:
            if await self._intake.scanner.finds(body) is not None:
                raise FileRefusedError(FileRefusal.INFECTED)
            self._silent = False
        return Settled(name, kind, body, preview=await _preview(body) if kind in PICTURES else None)

    def _put_off(self, error: ScanError | children.CrowdedError) -> Later:
        if isinstance(error, children.CrowdedError):
            return Later(self._now() + CROWDED)
        if not self._silent:
            log.error("the scanner does not answer: files wait", extra={"error": str(error)})
        self._silent = True
        return Later(self._now() + REST)

    async def _settle(self, work: Work, file: ComingRow, found: Settled) -> Outcome:
        """Writes down what it is, for the seat that has it open too; who sent it is told where it was refused."""
        now = self._now()

        def write(transaction: Transaction) -> None:
            if not attachments.settle(transaction, work.id, found):
                return
            if (talk := conversations.get(transaction, file.conversation)) is not None:
                self._tell(transaction, talk, TicketFileSettled(work.id, found.why), found.name, now)

        try:
            await self._database.write(write)
        except ConflictError:
            return Later(now)  # something was said in that moment
        self._live.ring()
        self._live.wake(file.conversation)
        return Done()

    def _tell(
        self, transaction: Transaction, talk: ConversationRow, what: TicketFileSettled, name: str, now: int
    ) -> None:
        """The seat, of what has become of it; the resident, where it was refused."""
        row = tickets.get(transaction, talk.ticket) if talk.ticket else None
        if row is not None:
            row = tickets.record(transaction, row, what, "system", now)
        if not what.why:
            return
        if row is not None and replies.let_go(transaction, row, now):
            row, talk = ticket_of(transaction, row.ref), conversations.get(transaction, talk.id) or talk
        lang, megabytes = conversation.load(talk.state).lang, self._intake.largest // 1_000_000
        reply = self._texts.reply(lang, f"file.refused.{what.why}", name=name, megabytes=megabytes)
        seq = conversations.say(transaction, talk, [("system", encode(Message(reply=reply)))], now)
        if row is not None:
            tickets.record(transaction, row, TicketSaid("system", seq, seq, talk.id), "system", now)

    def _now(self) -> int:
        return int(self._clock() * 1000)


async def _preview(body: bytes) -> bytes | None:
    """A small picture; None of what cannot be drawn. Raises `FileRefusedError`, `CrowdedError`."""
    try:
        return await pictures.drawn(body, PREVIEW, DRAWN_WITHIN)
    except children.CrowdedError:
        raise
    except (children.ChildError, TimeoutError):
        return None
