"""Numbers that nobody keeps, sent in pieces: what was kept of the first is covered when the last has come."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from bot.messages import Message
from nlu import pieces
from store import conversations
from store.conversations import ConversationRow, MessageRow
from store.transaction import Transaction
from store.units import MINUTE

LOOKED_AT = 30  # messages of a talk
BEFORE = 9  # of these the resident's, that may be pieces of the one that comes now
LATELY = 10 * MINUTE


def before(transaction: Transaction, read: ConversationRow, since: int) -> Sequence[MessageRow]:
    """The resident's messages since then (ms) that may be looked at for it."""
    rows = conversations.messages(transaction, read.id, read.seq - LOOKED_AT + 1, read.seq) if read.version else ()
    return [row for row in rows if row.author == "resident" and row.at >= since][-BEFORE:]


def keep(
    rows: Sequence[MessageRow], text: str, *, lately: bool, asked: bool, answers: bool
) -> tuple[str, Mapping[int, bytes]]:
    """A message without numbers that nobody keeps, and without pieces of one; and the bodies of those before it that have the
    other pieces, by their numbers. The rest as in `nlu.pieces`."""
    said = [msgspec.json.decode(row.body, type=Message) for row in rows]
    before = [each.reply.text for each in said]
    *others, text = pieces.keep(before, text, lately=lately, asked=asked, answers=answers)
    changed = {
        row.seq: msgspec.json.encode(replace(each, reply=replace(each.reply, text=covered)))
        for row, each, covered in zip(rows, said, others, strict=True)
        if covered != each.reply.text
    }
    return text, changed
