"""A learner is found by the card that somebody shows at a counter. Cards that nobody has are written down, and soon refused
unread: that is guessing."""

import asyncio

from accounts.limits import HOUR_IN_SECONDS, Limit, Limits
from accounts.vault import Vault
from desk.errors import TicketError
from store import conversations, identity
from store.database import Database
from store.identity import LearnerRow

UNKNOWN = Limit("cards nobody has", 20, HOUR_IN_SECONDS)  # of a seat; one mistypes now and then


class Cards:
    """Raises `TicketError` where there is no such card."""

    def __init__(self, database: Database, vault: Vault, limits: Limits) -> None:
        self._database = database
        self._vault = vault
        self._limits = limits
        self._one_at_a_time = asyncio.Lock()  # else many at once are all looked up before one is counted

    async def find(self, card: str) -> LearnerRow:
        """For other systems, which say what was learnt."""
        row = await self._database.read(lambda t: identity.by_card(t, self._vault.digest("card", card)))
        if row is None:
            raise TicketError("not_found", "没有这张学习卡")
        return row

    async def shown(self, card: str, why: str, by: str, now: int) -> LearnerRow:
        """Of somebody who stands there; `now` in ms."""
        async with self._one_at_a_time:
            return await self._shown(card, why, by, now)

    async def _shown(self, card: str, why: str, by: str, now: int) -> LearnerRow:
        if (wait := self._limits.wait((UNKNOWN, by))) > 0:
            raise TicketError(
                "too_often", "一小时内没有的卡号查得太多了，请过一会儿再查",
                "Too many cards that nobody has were looked up within an hour; try again later", wait,
            )  # fmt: skip
        try:
            return await self.find(card)
        except TicketError:
            self._limits.take((UNKNOWN, by))
            await self._database.write(lambda t: conversations.audited(t, by, "learner.unknown", "", why, now))
            raise
