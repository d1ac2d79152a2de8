"""What a conversation is owed: the messages that its rows stand for, what is left of them when some have gone, and how many
the platform still takes."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from bot.inbox import numbered
from bot.messages import Numbered
from integrations.tencent.packing import Place, absolute
from integrations.tencent.quota import Allowance, Heard, allowance
from store import conversations, deliveries, outbox
from store.outbox import OwedRow
from store.transaction import Transaction


def of_rows(transaction: Transaction, conversation: int, rows: Sequence[OwedRow]) -> list[Numbered]:
    """The messages that rows of the outbox stand for."""
    found = [
        message for row in rows for message in conversations.messages(transaction, conversation, row.first_seq, row.last_seq)
    ]  # fmt: skip
    return [numbered(message) for message in found if message.author != "resident"]


def opened(said: Sequence[Numbered], base: str) -> list[Numbered]:
    """With the paths of ours as addresses that open from anywhere."""
    return [replace(each, message=replace(each.message, reply=absolute(each.message.reply, base))) for each in said]


def move(
    transaction: Transaction, conversation: int, rows: Sequence[OwedRow], after: Place | None, due_at: int, now: int
) -> None:
    """What was taken is owed no more. What was begun goes on then (`due_at`), and what comes behind it leaves next."""
    outbox.drop(transaction, [row for row in rows if after is None or row.last_seq < after.seq])
    if after is None:
        return
    for row in rows:
        if row.first_seq <= after.seq <= row.last_seq:
            outbox.advance(transaction, row, conversation, (after.seq, after.part), due_at)
        elif row.first_seq > after.seq:
            outbox.release(transaction, row, conversation, now)


def allowed(transaction: Transaction, conversation: int, now: int, is_message: Callable[[str], bool]) -> Allowance:
    """How many messages may still be sent by themselves; `is_message` tells by its id whether the resident wrote something."""
    heard = [Heard(at, is_message(id)) for id, at in deliveries.last_heard(transaction, conversation)]
    since = min((each.at for each in heard), default=now)
    return allowance(heard, deliveries.pushes(transaction, conversation, since - 1), now)
