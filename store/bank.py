"""The ledger of credits and points, appended only, with the orders and the attendance that belong to it."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select, update

from store import past
from store.engine import Row
from store.schema import attendance, dispute, learner, ledger, ledger_source, redemption
from store.transaction import Statement, Transaction, adding


@dataclass(frozen=True, slots=True)
class LedgerEntryRow:
    """The columns of `store.schema.ledger`, in their order."""

    id: int
    learner: int
    day: str
    type: str
    credits: int
    points: int
    frozen: int
    counted: int
    source: str
    note: str
    rule: str
    what: str
    by: str
    second: str
    at: int


@dataclass(frozen=True, slots=True)
class NewDispute:
    """A ledger as it was when it was disputed: `body` is encrypted JSON of `accounts.bank.Extract`."""

    learner: int
    body: bytes


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A line to be appended: credits in tenths."""

    learner: int
    day: str
    type: str
    source: str
    note: str
    rule: str
    credits: int = 0
    points: int = 0
    frozen: int = 0
    counted: int = 0
    what: str = ""
    by: str = ""
    second: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class OrderRow:
    """The columns of `store.schema.redemption`, in their order."""

    ref: str
    learner: int
    item: str
    name: str
    points: int
    state: str
    site: str
    key: str
    at: int
    until: int
    by: str


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    day: str
    what: str
    minutes: int
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Sums:
    """What all lines of a learner come to; `last` is the day of the newest."""

    credits: int
    points: int
    frozen: int
    last: str


_ENTER = Statement(adding(ledger).returning(ledger.c.id))
_NOTE_SOURCE = Statement(adding(ledger_source))
_SUMS = past.reading(
    ledger,
    lambda line: (
        select(func.sum(line.credits), func.sum(line.points), func.sum(line.frozen), func.max(line.day))
        .where(line.learner == bindparam("learner"))
    ),
)  # fmt: skip
_COUNTED = past.reading(
    ledger,
    lambda line: (
        select(
            func.sum(line.counted), func.sum(line.credits),
            func.sum(case((and_(line.day < bindparam("day"), line.at < bindparam("moment")), line.credits), else_=0)),
        )
        .where(line.learner == bindparam("learner"))
    ),
)  # fmt: skip
_EARNED = past.reading(
    ledger,
    lambda line: (
        select(func.sum(line.credits))
        .where(
            line.learner == bindparam("learner"), line.what == bindparam("what"), line.day >= bindparam("first"),
            line.day <= bindparam("last"),
        )
    ),
)  # fmt: skip
_ENTRIES = past.reading(
    ledger,
    lambda line: (
        select(*line)
        .where(line.learner == bindparam("learner"))
        .order_by(line.day.desc(), line.id.desc())
        .limit(bindparam("most"))
    ),
)
_ALL = past.reading(
    ledger, lambda line: select(*line).where(line.learner == bindparam("learner")).order_by(line.day, line.id)
)
_ENTRY = past.reading(ledger, lambda line: select(*line).where(line.id == bindparam("id")))
_SOURCE = Statement(
    select(ledger_source.c.entry, ledger_source.c.at).where(
        ledger_source.c.source == bindparam("source"), ledger_source.c.type == bindparam("kind")
    )
)
_ENTRY_AT = past.reading(  # its month is known
    ledger, lambda line: select(*line).where(line.id == bindparam("id"), line.at == bindparam("at"))
)
# PostgreSQL lets two write at once: whoever changes a learner's account holds the learner. SQLite has one writer.
_HOLD = Statement(select(learner.c.status).where(learner.c.id == bindparam("learner")).with_for_update())
_ORDER = Statement(adding(redemption))


def _orders(*where: ColumnElement[bool]) -> Statement:
    return Statement(
        select(*redemption.c).where(*where).order_by(redemption.c.at.desc(), redemption.c.ref).limit(bindparam("most"))
    )


_ORDERS = _orders(redemption.c.learner == bindparam("learner"))
_BY_REF = _orders(redemption.c.ref == bindparam("ref"))
_BY_KEY = _orders(redemption.c.key == bindparam("key"))
_LATE = _orders(redemption.c.state == "reserved", redemption.c.until < bindparam("now"))
_OUT = Statement(
    select(func.count()).where(
        redemption.c.item == bindparam("item"), or_(redemption.c.state == "reserved", redemption.c.state == "collected")
    )
)
_SETTLE = Statement(
    update(redemption)
    .where(redemption.c.ref == bindparam("which"), redemption.c.state == "reserved")
    .values(state=bindparam("new_state"), by=bindparam("who"))
)
_ATTEND = Statement(adding(attendance))
_ATTENDED = Statement(
    select(attendance.c.day, attendance.c.what, attendance.c.minutes, attendance.c.note, attendance.c.source)
    .where(attendance.c.learner == bindparam("learner"), attendance.c.day >= bindparam("since"))
    .order_by(attendance.c.day.desc(), attendance.c.id.desc())
    .limit(bindparam("most"))
)
_UNCREDITED = Statement(
    select(attendance.c.day, attendance.c.what, attendance.c.minutes, attendance.c.note, attendance.c.source)
    .outerjoin_from(
        attendance, ledger_source, and_(ledger_source.c.source == attendance.c.source, ledger_source.c.type == "earn")
    )
    .where(
        attendance.c.learner == bindparam("learner"),
        attendance.c.day >= bindparam("since"),
        ledger_source.c.entry.is_(None),
    )
    .order_by(attendance.c.day)
)
_DISPUTE = Statement(adding(dispute))
_DISPUTED = Statement(
    select(dispute.c.body, dispute.c.at).where(dispute.c.ticket == bindparam("ticket")).order_by(dispute.c.id)
)
_LEARNERS = Statement(
    select(learner.c.id).where(learner.c.id > bindparam("after")).order_by(learner.c.id).limit(bindparam("most"))
)


def _entry(row: Row) -> LedgerEntryRow:
    return LedgerEntryRow(*row)  # type: ignore[arg-type] # the columns are selected in this order


def enter(transaction: Transaction, entry: NewEntry) -> None:
    """Appends a line. Raises the driver's integrity error where the source stands already."""
    row = transaction.one(_ENTER, **{name: getattr(entry, name) for name in NewEntry.__slots__})
    assert row is not None
    transaction.run(_NOTE_SOURCE, source=entry.source, type=entry.type, entry=row[0], at=entry.at)


def hold(transaction: Transaction, learner: int) -> str | None:
    """Nobody else changes this learner's account until the commit; the card's status, None where there is no learner."""
    row = transaction.one(_HOLD, learner=learner)
    return cast(str, row[0]) if row else None


def sums(transaction: Transaction, learner: int) -> Sums:
    row = transaction.one(_SUMS[transaction.dialect], learner=learner)
    assert row is not None
    return Sums(cast(int, row[0] or 0), cast(int, row[1] or 0), cast(int, row[2] or 0), cast(str, row[3] or ""))


def unconverted(transaction: Transaction, learner: int, day: str, moment: int) -> int:
    """Tenths of credits that have not become points yet, of those from before the day and entered before the moment (ms);
    what was taken back since is not among them."""
    row = transaction.one(_COUNTED[transaction.dialect], learner=learner, day=day, moment=moment)
    assert row is not None
    counted, all_of_it, of_before = (cast(int, each or 0) for each in row)
    return max(0, min(all_of_it, of_before) - counted)


def earned(transaction: Transaction, learner: int, what: str, first: str, last: str) -> int:
    """Tenths of credits by one rule within a period; what was taken back counts against."""
    row = transaction.one(_EARNED[transaction.dialect], learner=learner, what=what, first=first, last=last)
    return cast(int, row[0] or 0) if row else 0


def entries(transaction: Transaction, learner: int, most: int) -> list[LedgerEntryRow]:
    """The newest lines first."""
    return [_entry(row) for row in transaction.all(_ENTRIES[transaction.dialect], learner=learner, most=most)]


def all_entries(transaction: Transaction, learner: int) -> list[LedgerEntryRow]:
    """In the order of their days."""
    return [_entry(row) for row in transaction.all(_ALL[transaction.dialect], learner=learner)]


def entry(transaction: Transaction, id: int) -> LedgerEntryRow | None:
    row = transaction.one(_ENTRY[transaction.dialect], id=id)
    return _entry(row) if row else None


def by_source(transaction: Transaction, source: str, kind: str) -> LedgerEntryRow | None:
    """The line that was entered for this, if it was."""
    known = transaction.one(_SOURCE, source=source, kind=kind)
    if known is None:
        return None
    row = transaction.one(_ENTRY_AT[transaction.dialect], id=known[0], at=known[1])
    assert row is not None
    return _entry(row)


def order(transaction: Transaction, row: OrderRow) -> None:
    transaction.run(_ORDER, **{name: getattr(row, name) for name in OrderRow.__slots__})


def _found(transaction: Transaction, statement: Statement, most: int = 1, **values: str | int) -> list[OrderRow]:
    return [OrderRow(*row) for row in transaction.all(statement, most=most, **values)]  # type: ignore[arg-type]


def orders(transaction: Transaction, learner: int, most: int) -> list[OrderRow]:
    """The newest first."""
    return _found(transaction, _ORDERS, most, learner=learner)


def late_orders(transaction: Transaction, now: int, most: int) -> list[OrderRow]:
    """Reserved ones that nobody came for in time."""
    return _found(transaction, _LATE, most, now=now)


def order_of(transaction: Transaction, ref: str) -> OrderRow | None:
    return next(iter(_found(transaction, _BY_REF, ref=ref)), None)


def order_by_key(transaction: Transaction, key: str) -> OrderRow | None:
    return next(iter(_found(transaction, _BY_KEY, key=key)), None)


def gone(transaction: Transaction, item: str) -> int:
    """How many of an item are reserved or handed out; nobody else takes one until the commit."""
    transaction.alone(f"item {item}")
    return transaction.number(_OUT, item=item)


def settle(transaction: Transaction, ref: str, state: str, by: str) -> bool:
    """Ends a reserved order; False when it was ended before."""
    return transaction.run(_SETTLE, which=ref, new_state=state, who=by) == 1


def attend(transaction: Transaction, learner: int, row: AttendanceRow) -> None:
    transaction.run(
        _ATTEND, learner=learner, day=row.day, what=row.what, minutes=row.minutes, note=row.note, source=row.source
    )


def attended(transaction: Transaction, learner: int, since: str, most: int) -> list[AttendanceRow]:
    """The newest first."""
    return [AttendanceRow(*row) for row in transaction.all(_ATTENDED, learner=learner, since=since, most=most)]  # type: ignore[arg-type]


def uncredited(transaction: Transaction, learner: int, since: str) -> list[AttendanceRow]:
    """Attendance that no line of the ledger stands for."""
    return [AttendanceRow(*row) for row in transaction.all(_UNCREDITED, learner=learner, since=since)]  # type: ignore[arg-type]


def dispute_of(transaction: Transaction, ticket: str) -> list[tuple[bytes, int]]:
    """Extracts of the ledger as they were when they were disputed, and when."""
    return [cast(tuple[bytes, int], row) for row in transaction.all(_DISPUTED, ticket=ticket)]


def keep_dispute(transaction: Transaction, ticket: str, new: NewDispute, at: int) -> None:
    transaction.run(_DISPUTE, ticket=ticket, learner=new.learner, body=new.body, at=at)


def learners(transaction: Transaction, after: int, most: int) -> list[int]:
    """Ids above this one, in order."""
    return [cast(int, row[0]) for row in transaction.all(_LEARNERS, after=after, most=most)]
