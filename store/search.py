"""The words of what was said, in the database's own full-text index: FTS5 of SQLite, GIN over tsvector of PostgreSQL.

Both take words ready made. That Chinese has no spaces is settled by whoever makes them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import cast

from sqlalchemy import bindparam, delete, func, or_, select, text

from store.engine import Row
from store.schema import conversation, passage, ticket, ticket_talk
from store.transaction import Statement, Transaction, adding, highest

Words = Callable[[int, int], Sequence[str]]  # of the messages from first to last

_ADD = Statement(adding(passage).returning(passage.c.id))
_INDEX: Mapping[str, Statement] = {
    "sqlite": Statement(text("INSERT INTO passage_words (rowid, words) VALUES (:id, :words)")),
    "postgresql": Statement(
        text(
            "INSERT INTO passage_words (rowid, words)"
            " VALUES (:id, array_to_tsvector(array_remove(string_to_array(:words, ' '), '')))"
        )
    ),
}
RECENT = 20_000  # passages, the newest, that are looked through one by one for words that are everywhere
_FOUND = (
    "SELECT passage.conversation, passage.first_seq, passage.last_seq FROM passage_words"
    " JOIN passage ON passage.id = passage_words.rowid WHERE "
)
# FTS5 walks its lists from the newest on and stops when it has enough. PostgreSQL cannot know which words are rare, so
# it is told: first the newest passages in their order; when those had too few, the words are not common, and their
# index is the way (the addition keeps the planner from walking through all passages in order).
_FIND: Mapping[str, Sequence[Statement]] = {
    "sqlite": [
        Statement(text(_FOUND + "passage_words MATCH :query ORDER BY passage_words.rowid DESC LIMIT :most")),
    ],
    "postgresql": [
        Statement(
            text(
                _FOUND + "passage_words.words @@ CAST(:query AS tsquery)"
                f" AND passage_words.rowid > (SELECT max(rowid) - {RECENT} FROM passage_words)"
                " ORDER BY passage_words.rowid DESC LIMIT :most"
            )
        ),
        Statement(
            text(
                _FOUND + "passage_words.words @@ CAST(:query AS tsquery)"
                " ORDER BY passage_words.rowid + 0 DESC LIMIT :most"
            )
        ),
    ],
}
_DROP_WORDS: Mapping[str, Statement] = {
    # Told to take out what it does not have, the index miscounts until it is broken: words of a talk that was erased before.
    "sqlite": Statement(
        text(
            "INSERT INTO passage_words (passage_words, rowid, words) SELECT 'delete', :id, :words"
            " WHERE EXISTS (SELECT 1 FROM passage_words_docsize WHERE id = :id)"
        )
    ),
    "postgresql": Statement(text("DELETE FROM passage_words WHERE rowid = :id AND :words <> ''")),
}
_PASSAGES = Statement(
    select(passage.c.id, passage.c.first_seq, passage.c.last_seq).where(passage.c.conversation == bindparam("id"))
)
_DROP = Statement(delete(passage).where(passage.c.conversation == bindparam("id")))
_KEEP_PLACE = Statement(
    text(
        "INSERT INTO passage (conversation, first_seq, last_seq)"
        " SELECT id, 1, seq FROM conversation WHERE id = :conversation"
    )
)
_INDEXED = Statement(
    select(func.coalesce(func.max(passage.c.last_seq), 0)).where(passage.c.conversation == bindparam("id"))
)
_NEWEST = highest(conversation.c.id)
_known = select(func.max(passage.c.last_seq)).where(passage.c.conversation == conversation.c.id).scalar_subquery()
_BEHIND = Statement(
    select(conversation.c.id).where(
        conversation.c.id >= bindparam("first"),
        conversation.c.id < bindparam("end"),
        conversation.c.seq > func.coalesce(_known, 0),
        or_(
            select(ticket.c.ref).where(ticket.c.conversation == conversation.c.id).exists(),
            select(ticket_talk.c.ticket).where(ticket_talk.c.conversation == conversation.c.id).exists(),
        ),
    )
)


def index(transaction: Transaction, conversation: int, first: int, last: int, words: Sequence[str]) -> None:
    """Makes these messages findable by their words."""
    row = transaction.one(_ADD, conversation=conversation, first_seq=first, last_seq=last)
    assert row is not None
    transaction.run(_INDEX[transaction.dialect], id=row[0], words=" ".join(words))


def find(transaction: Transaction, words: Sequence[str], most: int) -> list[tuple[int, int, int]]:
    """Passages that have all the words, the newest first: conversation, first and last message."""
    if transaction.dialect == "sqlite":
        query = " ".join('"' + word.replace('"', "") + '"' for word in words)
    else:
        query = " & ".join("'" + word.replace("'", "").replace("\\", "") + "'" for word in words)
    found: list[Row] = []
    for statement in _FIND[transaction.dialect]:
        found = transaction.all(statement, query=query, most=most)
        if len(found) == most:
            break
    return [cast(tuple[int, int, int], row) for row in found]


def forget(transaction: Transaction, conversation: int, words: Words) -> None:
    """Makes a conversation unfindable. `words` gives those of the messages from first to last: SQLite's index keeps
    none, and has to be told what to take out."""
    for id, first, last in transaction.all(_PASSAGES, id=conversation):
        out = " ".join(words(cast(int, first), cast(int, last)))
        transaction.run(_DROP_WORDS[transaction.dialect], id=id, words=out)
    transaction.run(_DROP, id=conversation)
    transaction.run(_KEEP_PLACE, conversation=conversation)


def rewrite(
    transaction: Transaction, conversation: int, seqs: Collection[int], change: Callable[[], None], words: Words
) -> None:
    """Makes findable by other words what `change` makes of these messages."""
    found = [cast(tuple[int, int, int], row) for row in transaction.all(_PASSAGES, id=conversation)]
    theirs = [each for each in found if any(each[1] <= seq <= each[2] for seq in seqs)]
    for id, first, last in theirs:
        transaction.run(_DROP_WORDS[transaction.dialect], id=id, words=" ".join(words(first, last)))
    change()
    for id, first, last in theirs:
        transaction.run(_INDEX[transaction.dialect], id=id, words=" ".join(words(first, last)))


def indexed(transaction: Transaction, conversation: int) -> int:
    """The number of the last message that can be found."""
    return transaction.number(_INDEXED, id=conversation)


def newest(transaction: Transaction) -> int:
    """The highest number of a conversation; 0 where there is none."""
    return transaction.number(_NEWEST)


def behind(transaction: Transaction, first: int, end: int) -> list[int]:
    """Conversations of tickets with messages that cannot be found yet, from number `first` to before `end`."""
    return [cast(int, row[0]) for row in transaction.all(_BEHIND, first=first, end=end)]
