"""What leaves: as few messages as it fits into, for there are five within 48 hours of the resident's last; the rest waits until
they write."""

from bot.channel import Core
from bot.queue import Done, Later, Lost, Outcome
from integrations.tencent.owed import allowed, move, of_rows, opened
from integrations.tencent.packing import Outgoing, Place, pack
from integrations.tencent.quota import Allowance
from integrations.wecom.api import Wecom
from integrations.wecom.faults import WecomError, WecomFault
from integrations.wecom.rendering import message as rendered
from integrations.wecom.settings import CHANNEL
from store import attachments, deliveries, outbox
from store.outbox import DueRow, OwedRow
from store.queue import HELD
from store.transaction import Transaction

SOON = 1_000  # ms until what waits for another row is tried


class WecomLeaving:
    """The outlet."""

    pulls = False

    def __init__(self, core: Core, api: Wecom) -> None:
        self._core = core
        self._api = api

    async def send(self, row: DueRow, now: int) -> Outcome:
        """Sends the next message of what the conversation is owed, as much as one takes."""
        rows, quota, lost = await self._core.database.read(lambda t: _state(t, row, now))
        if lost:
            return Lost("the resident wants no messages")
        if any(each.id != row.id and each.is_leaving(now) for each in rows):
            return Later(now + SOON)
        if quota.left == 0:
            return Later(HELD)
        if not any(each.id == row.id for each in rows):
            return Done()
        if rows[0].id != row.id:
            return Later(max(rows[0].due_at, now + SOON))  # in order: with what comes before it, or after that
        saying = await self._core.database.read(lambda t: of_rows(t, row.conversation, rows))
        outgoing, after = pack(
            opened(saying, self._core.public_url), Place(rows[0].first_seq, rows[0].part), images=True
        )
        if outgoing is not None:
            if quota.left == 1 and after is not None:
                outgoing = outgoing.unfinished()
            self._core.observe("sending")
            try:
                await self._push(row, outgoing, f"{rows[0].first_seq}.{rows[0].part}")
            except WecomError as error:
                return Later(HELD) if error.meaning is WecomFault.USED_UP else error.leads_to(now)
            self._core.observe("sent")
        last = after.seq if after else max(each.last_seq for each in rows)

        def settle(transaction: Transaction) -> None:
            deliveries.left(transaction, row.conversation, (rows[0].first_seq, last), now)
            move(transaction, row.conversation, rows, after, now, now)

        await self._core.database.insist(settle, quick=True)
        self._core.live.delivered(row.conversation, last - 1 if after else last)
        return Done()

    async def quota(self, conversation: int) -> Allowance:
        """How many messages a seat may still send, and until when."""
        now = self._core.now()
        return await self._core.database.read(lambda t: _allowed(t, conversation, now))

    async def _push(self, row: DueRow, outgoing: Outgoing, place: str) -> None:
        """Under an id of its place: where the answer to it was lost, it is not sent twice. Raises `WecomError`."""
        id, media = self._core.vault.digest(CHANNEL, f"{row.conversation}:{place}")[:32], ""
        if outgoing.image is not None:
            path = outgoing.image.path.rpartition("/")[2]
            found = await self._core.database.read(lambda t: attachments.get(t, path))
            if found is None:
                return  # deleted meanwhile: there is nothing to send
            media = await self._api.upload_image(*found)
        await self._api.send(row.address, id, rendered(outgoing, media))


def _state(transaction: Transaction, row: DueRow, now: int) -> tuple[list[OwedRow], Allowance, bool]:
    rows = [each for each in outbox.owed(transaction, row.conversation) if not each.is_given_up]
    lost = deliveries.is_lost(transaction, CHANNEL, row.address)
    return rows, _allowed(transaction, row.conversation, now), lost


def _allowed(transaction: Transaction, conversation: int, now: int) -> Allowance:
    return allowed(transaction, conversation, now, lambda id: True)
