"""What is old is taken out by itself: residents' words after their time, the audit after its own; each time with a line
in the audit that says how much went."""

from collections.abc import Callable, Collection, Sequence

from desk.residents import forget, forget_ticket
from desk.standing import LiveSettings
from store import codes, conversations, erasing, identity, outbox, people, queue, ticket_lists
from store.database import Database
from store.transaction import Transaction
from store.units import DAY

TOGETHER = 50  # conversations in one commit
DONE = 30  # days that is kept what was delivered elsewhere, or could not be
CODES = 600_000  # ms that a one-time code is kept


class Retaining:
    """`work` is the worker's round. `passing` are the channels on which a proof of who one is does not last."""

    def __init__(
        self, database: Database, standing: LiveSettings, passing: Collection[str], clock: Callable[[], float]
    ) -> None:
        self._passing = passing
        self._database = database
        self._standing = standing
        self._clock = clock

    async def work(self) -> None:
        await self.sweep(int(self._clock() * 1000))

    async def sweep(self, now: int) -> int:
        """Takes out what is older than it may be; the number of conversations."""
        keep = await self._standing.retention()
        before, gone = now - keep.messages * DAY, 0
        while True:
            old = await self._database.read(lambda t: erasing.old_conversations(t, before, TOGETHER))
            if not old:
                break
            await self._database.write(lambda t, old=old: _expire(t, old))  # type: ignore[misc]
            gone += len(old)

        def work(transaction: Transaction) -> None:
            codes.blank_codes(transaction, now - CODES)
            for channel in self._passing:
                identity.forget_sessions(transaction, channel, now - DAY)
            queue.forget(transaction, now - DONE * DAY, but=outbox.KIND)  # that it never arrived, tickets show
            people.lapse(transaction, now)
            lines = erasing.lapse(transaction, now, keep.audit)
            if gone or lines:
                detail = f"{gone} conversations, {lines} audit lines"
                conversations.audited(transaction, "system", "retention", "", detail, now)

        await self._database.write(work)
        return gone


def _expire(transaction: Transaction, old: Sequence[int]) -> None:
    """Their words go, and those of their tickets that are done with."""
    for id in old:
        forget(transaction, id)
        for row in ticket_lists.of_conversation(transaction, id):
            if row.state == "closed":
                forget_ticket(transaction, row, f"erased-{id}")
