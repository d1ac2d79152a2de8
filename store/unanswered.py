"""What nothing answered, for editors."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update

from store.schema import unanswered
from store.transaction import Statement, Transaction

_UNANSWERED = Statement(
    select(unanswered.c.id, unanswered.c.text, unanswered.c.topic, unanswered.c.at, unanswered.c.conversation)
    .where(unanswered.c.done == 0, unanswered.c.at >= bindparam("since"))
    .order_by(unanswered.c.id.desc())
    .limit(bindparam("most"))
)
_DROP = Statement(
    delete(unanswered).where(unanswered.c.conversation == bindparam("which"), unanswered.c.at == bindparam("then"))
)
_SETTLED = Statement(update(unanswered).where(unanswered.c.id == bindparam("which")).values(done=1))


@dataclass(frozen=True, slots=True)
class UnansweredRow:
    id: int
    text: str
    topic: str
    at: int
    conversation: int


def newest(transaction: Transaction, since: int, most: int) -> list[UnansweredRow]:
    """What nothing answered, the newest first."""
    return [UnansweredRow(*row) for row in transaction.all(_UNANSWERED, since=since, most=most)]  # type: ignore[arg-type]


def drop(transaction: Transaction, conversation: int, at: int) -> None:
    """What was said in that moment (ms) was no question."""
    transaction.run(_DROP, which=conversation, then=at)


def settle(transaction: Transaction, ids: Sequence[int]) -> None:
    for id in ids:
        transaction.run(_SETTLED, which=id)
