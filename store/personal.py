"""What of the database is personal: whose, what kind of thing, how long it is kept, and what becomes of it at an erasure.

Every column of `store.schema` carries such a decision in its `info`. Erasure, retention, export and the change of keys walk
them, and the table in docs/privacy.md is compared with them: there is no second list to forget a column in.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator


class Sealed(TypeDecorator[str]):
    """Text that is closed on its way into the database and opened on its way out (`store.database.Sealer`). The same text
    is always closed the same, so that it can be looked up."""

    impl = Text
    cache_ok = True


class Shut(TypeDecorator[bytes]):
    """Bytes that are closed on their way in and opened on their way out, never twice the same: nobody looks them up."""

    impl = LargeBinary
    cache_ok = True


class Whose(StrEnum):
    RESIDENT = "resident"  # found by the talk, or by a ticket of it
    LEARNER = "learner"  # found by the account
    SEAT = "seat"  # who works here
    CENTRE = "centre"  # nobody's: what opens the doors of other systems


class Sort(StrEnum):
    WORDS = "words"  # what was said or written, and what it was about
    ADDRESS = "address"  # by what somebody is reached: an openid, a number, a browser's token
    NAME = "name"  # who somebody is
    FACT = "fact"  # what one did, has or decided
    TRACE = "trace"  # by what a provider knows a message or call
    SECRET = "secret"  # noqa: S105 - what opens a door


class Lasting(StrEnum):
    """`TALK` and `AUDIT` are set at the desk (`desk.standing.Retention`)."""

    TALK = "talk"  # so many days after the last word of the talk
    AUDIT = "audit"  # so many days
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    ACCOUNT = "account"  # until the account ends
    UNTIL_CHANGED = "until changed"  # until it is taken back or replaced
    RECORDS = "records"  # as the rules on records demand: of nobody, once the account has ended


DAYS = {Lasting.DAY: 1, Lasting.WEEK: 7, Lasting.MONTH: 30, Lasting.YEAR: 365}


class End(StrEnum):
    """At an erasure."""

    GONE = "gone"  # the row goes
    BLANK = "blank"  # the row stays, and nothing of this in it
    STAYS = "stays"  # goes after its own time, or tells nothing about anybody whose name is gone


class StoredAs(StrEnum):
    CLEAR = "clear"  # whoever has the file can read it
    SEALED = "sealed"  # encrypted, equal for equal texts
    CLOSED = "closed"  # encrypted
    DIGEST = "digest"  # a keyed digest: tells nothing without the key
    HASH = "hash"  # of a secret, made so that it cannot be guessed


class Personal(NamedTuple):
    whose: Whose
    kind: Sort
    kept: Lasting
    end: End
    form: StoredAs  # where the column's type does not say it


Info = dict[str, Personal | None]
PLAIN: Info = {"personal": None}  # nothing personal


def of_resident(
    kind: Sort, end: End = End.GONE, kept: Lasting = Lasting.TALK, form: StoredAs = StoredAs.CLEAR
) -> Info:  # fmt: skip
    return {"personal": Personal(Whose.RESIDENT, kind, kept, end, form)}


def of_learner(
    kind: Sort, end: End = End.STAYS, kept: Lasting = Lasting.RECORDS, form: StoredAs = StoredAs.CLEAR
) -> Info:  # fmt: skip
    return {"personal": Personal(Whose.LEARNER, kind, kept, end, form)}


def of_seat(kind: Sort = Sort.NAME, kept: Lasting = Lasting.RECORDS, form: StoredAs = StoredAs.CLEAR) -> Info:
    return {"personal": Personal(Whose.SEAT, kind, kept, End.STAYS, form)}


SECRET: Info = {"personal": Personal(Whose.CENTRE, Sort.SECRET, Lasting.UNTIL_CHANGED, End.STAYS, StoredAs.CLEAR)}


def personal(column: "Column[object]") -> Personal | None:
    """The decision about a column, with the form that its type gives it. Raises `KeyError` where none was made."""
    tag: Personal | None = column.info["personal"]
    if tag is None:
        return None
    if isinstance(column.type, Sealed):
        return tag._replace(form=StoredAs.SEALED)
    return tag._replace(form=StoredAs.CLOSED) if isinstance(column.type, Shut) else tag


def tagged(table: Table, *whose: Whose) -> "list[tuple[Column[object], Personal]]":
    """The columns of a table that hold something of theirs."""
    found = [(column, personal(column)) for column in table.c]
    return [(column, tag) for column, tag in found if tag is not None and tag.whose in whose]


def is_closed_by_hand(column: "Column[object]") -> bool:
    """Whether it is closed and opened by whoever uses it, not by its type."""
    tag = personal(column)
    return tag is not None and tag.form is StoredAs.CLOSED and not isinstance(column.type, Shut)


def ending(table: Table, whose: Whose, end: End) -> "list[Column[object]]":
    """Those to which this happens when they are erased."""
    return [column for column, tag in tagged(table, whose) if tag.end is end]


def found_by(table: Table, whose: Whose) -> "Column[object] | None":
    """The column by which their rows are found: the talk's or ticket's, the account's. None where nothing leads there."""
    names = ("conversation", "ticket") if whose is Whose.RESIDENT else ("learner",)
    if table.name in (names[0], "learner"):
        return table.c.id if table.name == names[0] else None
    return next((table.c[name] for name in names if name in table.c), None)


def losing(metadata: MetaData) -> "list[Table]":
    """The tables out of which something of residents or learners goes, at an erasure or after its time."""
    stays = {Lasting.RECORDS, Lasting.ACCOUNT, Lasting.UNTIL_CHANGED}
    return [
        table
        for table in metadata.sorted_tables
        if any(
            tag.end is not End.STAYS or tag.kept not in stays for _, tag in tagged(table, Whose.RESIDENT, Whose.LEARNER)
        )
    ]


def tables_of(metadata: MetaData, whose: Whose, name: str) -> Sequence[Table]:
    """The tables with something of theirs in which it is found by the column `name`."""
    found = [(table, found_by(table, whose)) for table in metadata.sorted_tables if tagged(table, whose)]
    return [table for table, by in found if by is not None and by.name in (name, "id" if table.name == name else name)]
