"""Taking out what was written of somebody: of a talk, of its tickets, of a learner, and what is old. What goes, and what
stays with nothing in it that tells who it was, the tags of the columns say (`store.personal`).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from sqlalchemy import Column, ColumnElement, Delete, Table, Text, Update, bindparam, delete, select, update

from store import conversations, deliveries, outbox, past, replies
from store.engine import Value
from store.personal import DAYS, End, Lasting, Sealed, Whose, ending, found_by, tables_of, tagged
from store.schema import conversation, enrolment, learner, message, metadata, ticket
from store.transaction import Statement, Transaction
from store.units import DAY

NEVER = 1 << 60  # ms: what is erased is not looked at again as something old
# By what time the rows go that are kept for a fixed time.
_CLOCKS = ("at", "as_of", "until")


def _leaving(table: Table, by: Column[object]) -> Statement:
    return Statement(delete(table).where(by == bindparam("which")))


def _blanking(table: Table, whose: Whose, by: Column[object], **more: Value | ColumnElement[int]) -> Update:
    """Puts `blank_…` into every column that is to be blank; what is sealed takes it as it is."""
    blanks = {
        column.name: bindparam(f"blank_{column.name}", type_=Text() if isinstance(column.type, Sealed) else column.type)
        for column in ending(table, whose, End.BLANK)
    }
    return update(table).where(by == bindparam("which")).values(**blanks, **more)


def _gone(whose: Whose, name: str) -> list[Statement]:
    """The rows of a talk, a ticket or an account that go, in all tables."""
    return [
        _leaving(table, cast("Column[object]", found_by(table, whose)))
        for table in tables_of(metadata, whose, name)
        if ending(table, whose, End.GONE)
    ]


_OF_CONVERSATION = _gone(Whose.RESIDENT, "conversation")
_OF_LEARNER = _gone(Whose.LEARNER, "learner")
_MESSAGES = past.changing(message, lambda said: _blanking(said, Whose.RESIDENT, said.c.conversation))
_MESSAGE = past.changing(
    message,
    lambda said: (
        update(said)
        .where(said.c.conversation == bindparam("which"), said.c.seq == bindparam("number"))
        .values(body=bindparam("blank_body"))
    ),
)
_CONVERSATION = Statement(
    _blanking(conversation, Whose.RESIDENT, conversation.c.id, version=conversation.c.version + 1, updated_at=NEVER)
)
_LEARNER = Statement(_blanking(learner, Whose.LEARNER, learner.c.id))
# What was written of tickets, row by row: of each something stays.
OF_TICKETS: Mapping[str, Table] = {
    table.name: table
    for table in (ticket, *tables_of(metadata, Whose.RESIDENT, "ticket"))
    if ending(table, Whose.RESIDENT, End.BLANK)
}
_KEYS = {name: next(iter(table.primary_key.columns)).name for name, table in OF_TICKETS.items()}


def _writing(table: Table) -> Mapping[str, Statement]:
    """What stands in a table of a ticket."""
    names = [_KEYS[table.name], *(column.name for column in ending(table, Whose.RESIDENT, End.BLANK))]
    names += ["kind"] if "kind" in table.c else []
    by = "ref" if table is ticket else "ticket"
    return past.reading(
        table,
        lambda row: (
            select(*(row[name] for name in names)).where(row[by] == bindparam("ref")).order_by(row[_KEYS[table.name]])
        ),
    )


_WRITTEN = {name: _writing(table) for name, table in OF_TICKETS.items()}
_BLANK = {
    name: past.changing(table, lambda each, key=_KEYS[name]: _blanking(each, Whose.RESIDENT, each.c[key]))  # type: ignore[misc]
    for name, table in OF_TICKETS.items()
}


def _lapsing() -> dict[str, tuple[Sequence[Statement], Lasting]]:
    """By table, what goes by itself after a fixed time, or that of the audit."""
    found = {}
    for table in metadata.sorted_tables:
        kept = {tag.kept for _, tag in tagged(table, *Whose)}
        clock = next((name for name in _CLOCKS if name in table.c), None)
        if clock is not None and len(kept) == 1 and (only := kept.pop()) in {*DAYS, Lasting.AUDIT}:
            found[table.name] = (past.changing(table, partial(_lapsed, clock)), only)
    return found


def _lapsed(clock: str, table: Table) -> Delete:
    return delete(table).where(table.c[clock] < bindparam("before"))


LAPSING = _lapsing()
_OLD = Statement(
    select(conversation.c.id)
    .where(
        conversation.c.updated_at < bindparam("before"),
        conversation.c.ticket.is_(None),
    )
    .order_by(conversation.c.updated_at)
    .limit(bindparam("most"))
)
_END_ENROLMENTS = Statement(
    update(enrolment)
    .where(enrolment.c.learner == bindparam("which"), enrolment.c.state != "admitted")
    .values(state="withdrawn", until=None)
)


def forget_conversation(transaction: Transaction, id: int, blank: bytes) -> None:
    """Every message becomes `blank`; the address, the state and all that hangs on the talk go."""
    past.change(transaction, _MESSAGES, which=id, blank_body=blank)
    for statement in _OF_CONVERSATION:
        transaction.run(statement, which=id)
    outbox.settle(transaction, id, 1 << 60)
    replies.forget(transaction, id)
    if (talk := conversations.get(transaction, id)) is not None:
        deliveries.forget_deferred(transaction, talk.channel, talk.address)
    transaction.run(_CONVERSATION, which=id, blank_address=f"erased-{id}", blank_state=b"")


def forget_message(transaction: Transaction, conversation: int, seq: int, blank: bytes) -> None:
    """One message becomes `blank`."""
    past.change(transaction, _MESSAGE, which=conversation, number=seq, blank_body=blank)


def written(transaction: Transaction, table: str, ref: str) -> list[dict[str, Value]]:
    """What is written of a ticket in one of `OF_TICKETS`: by column, with the `key` of its row."""
    statement = _WRITTEN[table][transaction.dialect]
    names = ["key", *[column.name for column in ending(OF_TICKETS[table], Whose.RESIDENT, End.BLANK)], "kind"]
    return [dict(zip(names, row, strict=False)) for row in transaction.all(statement, ref=ref)]


def blank(transaction: Transaction, table: str, key: Value, **blanks: Value) -> None:
    """Puts into a row of `OF_TICKETS` what is to stand there instead."""
    past.change(transaction, _BLANK[table], which=key, **{f"blank_{name}": value for name, value in blanks.items()})


def old_conversations(transaction: Transaction, before: int, most: int) -> list[int]:
    """Those without a ticket in which nothing was said since then (ms)."""
    return [cast(int, row[0]) for row in transaction.all(_OLD, before=before, most=most)]


def lapse(transaction: Transaction, now: int, audit: int) -> int:
    """What is kept for a fixed time, or of the audit for so many days, goes; how many lines of the audit did."""
    gone = {
        name: past.change(transaction, statements, before=now - (audit if kept is Lasting.AUDIT else DAYS[kept]) * DAY)
        for name, (statements, kept) in LAPSING.items()
    }
    return gone["audit"]


def forget_learner(transaction: Transaction, id: int, nobody: bytes) -> None:
    """Who it was goes, with all that the ledger does not need; enrolments that were no admission end."""
    mark = f"erased-{id}"
    transaction.run(_LEARNER, which=id, blank_card=mark, blank_phone=mark, blank_status="void", blank_body=nobody)
    for statement in _OF_LEARNER:
        transaction.run(statement, which=id)
    transaction.run(_END_ENROLMENTS, which=id)
