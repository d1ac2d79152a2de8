"""Numbers that nobody keeps, sent in pieces: what was kept of the first is covered when the last has come."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from bot.messages import Message
from nlu import proofs
from store import conversations
from store.conversations import ConversationRow, MessageRow
from store.transaction import Transaction
from store.units import MINUTE

LOOKED_AT = 12  # messages of a talk
BEFORE = 3  # of these the resident's, that may be pieces of the one that comes now
LATELY = 10 * MINUTE


def before(transaction: Transaction, read: ConversationRow) -> Sequence[MessageRow]:
    """The messages that may be looked at for it."""
    return conversations.messages(transaction, read.id, read.seq - LOOKED_AT + 1, read.seq) if read.version else ()


def together(rows: Sequence[MessageRow], text: str, at: int, *, lately: bool) -> tuple[str, Mapping[int, bytes]]:
    """A message without what is a piece of a number, and the bodies of those before it that have the other pieces, by their
    numbers. `lately` says that a code may be on its way."""
    theirs = [row for row in rows if row.author == "resident" and row.at > at - LATELY][-BEFORE:]
    said = [msgspec.json.decode(row.body, type=Message) for row in theirs]
    *others, text = proofs.together([*(each.reply.text for each in said), text], lately=lately)
    changed = {
        row.seq: msgspec.json.encode(replace(each, reply=replace(each.reply, text=covered)))
        for row, each, covered in zip(theirs, said, others, strict=True)
        if covered != each.reply.text
    }
    return text, changed
