"""The credit bank: two balances over one ledger that is only ever appended to."""

from dataclasses import dataclass

from store import identity
from store.database import Database


@dataclass(frozen=True, slots=True)
class Balance:
    """`as_of` is the day of the last line (ISO 8601); empty where there is none."""

    credits: int
    points: int
    as_of: str


class Bank:
    """The embedded one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def balance(self, learner: int) -> Balance:
        return Balance(*await self._database.read(lambda t: identity.balance(t, learner)))
