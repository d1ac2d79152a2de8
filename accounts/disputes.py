"""What a ledger looked like when it was disputed: frozen with the ticket, for the seat and the resident alike. Never an
edit: what is found wrong is reversed by two people (`accounts.bank.Bank.reverse`)."""

import msgspec

from accounts.ledger import Extract
from accounts.vault import Vault
from store import bank
from store.bank import NewDispute
from store.database import Database


class Disputes:
    """Extracts are kept encrypted."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def sealed(self, extract: Extract) -> NewDispute:
        """What is kept of it by the commit that opens the ticket."""
        return NewDispute(extract.learner, self._vault.close(msgspec.json.encode(extract)))

    async def of(self, ticket: str) -> list[tuple[Extract, int]]:
        """The extracts of a ticket, and when they were made (ms)."""
        rows = await self._database.read(lambda t: bank.dispute_of(t, ticket))
        return [(msgspec.json.decode(self._vault.open(body), type=Extract), at) for body, at in rows]
