"""Groups that have become another chat: a talk keeps the number that it began under."""

from store import deliveries
from store.database import Database
from store.transaction import Transaction


class Chats:
    """Which chat is which; told to all processes through the database. Only groups move."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def move(self, old: int, new: int) -> None:
        """A group goes on as another chat."""

        def write(transaction: Transaction) -> None:
            first = _read(transaction, "was", old)
            _write(transaction, "was", new, first)
            _write(transaction, "is", first, new)

        await self._database.write(write)

    async def first(self, chat: int) -> int:
        """The number that a chat had when we met it."""
        return await self._look("was", chat)

    async def now(self, chat: int) -> int:
        """The number that a chat has by now."""
        return await self._look("is", chat)

    async def _look(self, way: str, chat: int) -> int:
        if chat > 0:
            return chat
        return await self._database.read(lambda t: _read(t, way, chat))


def _name(way: str, chat: int) -> str:
    return f"telegram:{way}:{chat}"


def _read(transaction: Transaction, way: str, chat: int) -> int:
    row = deliveries.get_shared(transaction, _name(way, chat))
    return int(row.value) if row is not None and row.value else chat


def _write(transaction: Transaction, way: str, chat: int, other: int) -> None:
    name = _name(way, chat)
    deliveries.lease_shared(transaction, name, deliveries.get_shared(transaction, name), 0)
    deliveries.put_shared(transaction, name, str(other).encode(), 0, 0)
