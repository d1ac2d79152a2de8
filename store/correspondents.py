"""Whose conversation is which: each resident has one on a channel."""

from typing import cast

from sqlalchemy import bindparam, select

from store.schema import correspondent
from store.transaction import Statement, Transaction, adding

_WHOSE = Statement(
    select(correspondent.c.conversation).where(
        correspondent.c.channel == bindparam("channel"), correspondent.c.address == bindparam("address")
    )
)
_KNOW = Statement(adding(correspondent))


def conversation_of(transaction: Transaction, channel: str, address: str) -> int | None:
    """The number of somebody's conversation."""
    row = transaction.one(_WHOSE, channel=channel, address=address)
    return cast(int, row[0]) if row else None


def know(transaction: Transaction, channel: str, address: str, conversation: int) -> None:
    """From now on that is theirs. Raises the driver's integrity error where they have one."""
    transaction.run(_KNOW, channel=channel, address=address, conversation=conversation)
