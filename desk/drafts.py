"""Drafts of answers that were made from a ticket: they go with the words that they were made of.

What an editor has published is the centre's, reviewed like others, and stays after a talk's time; when its resident wants to
be erased, their sentence goes out of it and its older versions go.
"""

import json
import re
from collections.abc import Sequence

import msgspec

from knowledge.entries import Entry
from store import conversations
from store import knowledge as rows
from store.knowledge import EntryRow
from store.ticket_rows import TicketRow
from store.transaction import Transaction

_ID = re.compile(r"seat-(\d{4}-\d{5})-\d+")
NAMELESS = "（原问句已按居民要求删除，请重写）"  # the title of an answer whose own was a resident's sentence
SOURCE = "坐席回答"


def id_of(ref: str, seq: int) -> str:
    """The draft from message `seq` of a ticket's talk."""
    return f"{_begins(ref)}{seq}"


def ticket_of(id: str) -> str | None:
    """The ticket that an entry was made of."""
    found = _ID.fullmatch(id)
    return found[1] if found else None


def _begins(ref: str) -> str:
    return f"seat-{ref}-"


def of(transaction: Transaction, ref: str) -> list[object]:
    """What was made of a ticket, as it stands now."""
    return [json.loads(body) for body in rows.beginning(transaction, _begins(ref)).values()]


def forget(transaction: Transaction, row: TicketRow, *, asked_for: bool) -> None:
    """Takes out what was made of this ticket, and nobody published. Where the resident has `asked_for` it, their sentence
    goes out of what was published, too; an answer that was found by nothing else is withdrawn until an editor names it."""
    for id in rows.beginning(transaction, _begins(row.ref)):
        live, first = rows.get(transaction, id), rows.versions(transaction, id)[-1]
        if live is None or live.status not in ("published", "expired"):
            rows.drop_versions(transaction, id)
            rows.drop_entry(transaction, id)
        elif asked_for:
            rows.drop_versions(transaction, id)
            _without(transaction, live, msgspec.json.decode(first.body, type=Entry).questions, row.updated_at)


def _without(transaction: Transaction, live: EntryRow, theirs: Sequence[str], now: int) -> None:
    entry = msgspec.json.decode(live.body, type=Entry)
    own = tuple(each for each in entry.questions if each not in theirs)
    is_found = bool(own or entry.standard)
    kept = msgspec.structs.replace(entry, questions=own if is_found else (NAMELESS,), source=SOURCE)
    body, status = msgspec.json.encode(kept), live.status if is_found else "expired"
    rows.put(transaction, EntryRow(live.id, 0, status, body), "system", now)
    conversations.audited(transaction, "system", f"knowledge.{status}", live.id, "", now)
