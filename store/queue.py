"""Whatever leaves or is due, in one table: put there by the transaction that is its reason, worked by `bot/queue.py`."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple, cast

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import and_, bindparam, delete, func, or_, select, update

from store.engine import Row, Value
from store.schema import queue
from store.transaction import Statement, Transaction, adding

HELD = 1 << 60  # due_at of what waits until somebody asks for it; it holds up nothing that comes after it


class QueueState(StrEnum):
    DUE = "due"  # to be done, or being done
    DONE = "done"  # kept for the log of its kind
    GIVEN_UP = "given_up"  # for people to see, and to try again


class NewRow(Struct, frozen=True, gc=False):
    """What is put into the queue. Rows with the same `order_key` are done one at a time, by their `number`."""

    kind: str
    key: str
    lane: str
    body: bytes
    due_at: int  # ms
    order_key: str | None = None
    number: int = 0


class QueueRow(Struct, frozen=True, gc=False):
    """A row as it was read or leased; times in ms."""

    id: int
    kind: str
    key: str
    lane: str
    order_key: str | None
    number: int
    body: bytes
    due_at: int
    attempts: int
    leased_until: int
    state: str
    outcome: str

    @staticmethod
    def of(row: Row) -> "QueueRow":
        return QueueRow(*cast(tuple[int, str, str, str, str | None, int, bytes, int, int, int, str, str], row))


class LaneBacklog(NamedTuple):
    """Rows of a kind in a lane that are due, or were given up; since when (ms) the one that has waited longest is due."""

    kind: str
    lane: str
    state: str
    rows: int
    oldest: int


class Backlog(NamedTuple):
    """How many rows are due and how many were given up; since when (ms) the one that is late longest is due."""

    due: int
    given_up: int
    oldest: int | None

    @staticmethod
    def of(lanes: "Iterable[LaneBacklog]") -> "Backlog":
        there = list(lanes)
        due = [each for each in there if each.state == QueueState.DUE]
        given_up = sum(each.rows for each in there if each.state == QueueState.GIVEN_UP)
        return Backlog(sum(each.rows for each in due), given_up, min((each.oldest for each in due), default=None))


_COLUMNS = [queue.c[name] for name in QueueRow.__struct_fields__]
_ADD = Statement(adding(queue))
_KNOWN = Statement(select(queue.c.id).where(queue.c.key == bindparam("key")))
_earlier = queue.alias("earlier")
_FIRST = or_(
    queue.c.order_key.is_(None),
    ~select(_earlier.c.id)
    .where(
        _earlier.c.order_key == queue.c.order_key, _earlier.c.number < queue.c.number, _earlier.c.state == QueueState.DUE.value,
        _earlier.c.due_at != HELD,
    )
    .exists(),
)  # fmt: skip
# Lane by lane from one to the next in the index, however many rows each has.
_first = (
    select(func.min(queue.c.lane).label("lane"))
    .where(queue.c.state == QueueState.DUE.value)
    .cte("lanes", recursive=True)
)
_next = (
    select(func.min(_earlier.c.lane))
    .where(_earlier.c.state == QueueState.DUE.value, _earlier.c.lane > _first.c.lane)
    .correlate(_first)
    .scalar_subquery()
)
_lanes = _first.union_all(select(_next).where(_first.c.lane.is_not(None)))
_LANES = Statement(
    select(_lanes.c.lane).where(
        _lanes.c.lane.is_not(None),
        select(queue.c.id)
        .where(
            queue.c.state == QueueState.DUE.value,
            queue.c.lane == _lanes.c.lane,
            queue.c.due_at <= bindparam("now"),
            queue.c.leased_until <= bindparam("now"),
        )
        .exists(),
    )
)
_CAN_BE_DONE = and_(
    queue.c.state == QueueState.DUE.value, queue.c.lane == bindparam("lane"), queue.c.due_at <= bindparam("now"),
    queue.c.leased_until <= bindparam("now"), _FIRST,
)  # fmt: skip
# In the order of the index, so that looking ends with the last row that is wanted (with an equation instead of `< 1`,
# SQLite would sort). Where several processes look at the same moment (PostgreSQL), each passes over what another is
# about to lease: they share the work instead of waiting for each other.
_FRESH, _TRIED = (
    Statement(
        select(*_COLUMNS)
        .where(_CAN_BE_DONE, how_often)
        .order_by(queue.c.due_at, queue.c.attempts, queue.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
    for how_often in (queue.c.attempts < 1, queue.c.attempts > 0)
)
_LEASE = Statement(
    update(queue)
    .where(
        queue.c.id == bindparam("which"), queue.c.leased_until == bindparam("read_leased_until"),
        queue.c.due_at == bindparam("read_due_at"), queue.c.state == QueueState.DUE.value,
    )
    .values(leased_until=bindparam("until"), attempts=queue.c.attempts + 1)
)  # fmt: skip
_MINE = and_(
    queue.c.id == bindparam("which"),
    queue.c.leased_until == bindparam("read_leased_until"),
    queue.c.state == QueueState.DUE.value,
)
_REMOVE = Statement(delete(queue).where(_MINE))
_PUT_BACK = Statement(
    update(queue)
    .where(_MINE)
    .values(
        state=bindparam("new_state"), due_at=bindparam("then"), attempts=bindparam("count"), outcome=bindparam("what"),
        leased_until=0,
    )
)  # fmt: skip
_later = queue.alias("later")
_RETRY = Statement(
    update(queue)
    .where(
        queue.c.id == bindparam("which"), queue.c.state == QueueState.GIVEN_UP.value,
        or_(
            queue.c.kind == bindparam("any_order"),
            ~select(_later.c.id)
            .where(
                _later.c.order_key == queue.c.order_key, _later.c.number > queue.c.number,
                _later.c.state == QueueState.DONE.value,
            )
            .exists(),
        ),
    )
    .values(state=QueueState.DUE.value, due_at=bindparam("at"), attempts=0, leased_until=0)
)  # fmt: skip
_ANY = or_(*(queue.c.state == each.value for each in QueueState))  # the index of lanes begins with the state
_GET = Statement(select(*_COLUMNS).where(queue.c.id == bindparam("id")))
_OF_ORDER = Statement(select(*_COLUMNS).where(queue.c.order_key == bindparam("order_key")).order_by(queue.c.number))
_OF_LANE = Statement(
    select(*_COLUMNS)
    .where(_ANY, queue.c.lane == bindparam("lane"))
    .order_by(queue.c.id.desc())
    .limit(bindparam("most"))
)
_GIVEN_UP = Statement(
    select(*_COLUMNS)
    .where(queue.c.state == QueueState.GIVEN_UP.value)
    .order_by(queue.c.due_at.desc(), queue.c.id.desc())
    .limit(bindparam("most"))
)
_LANES_OWED = Statement(
    select(queue.c.kind, queue.c.lane, queue.c.state, func.count(), func.min(queue.c.due_at))
    .where(
        or_(queue.c.state == QueueState.DUE.value, queue.c.state == QueueState.GIVEN_UP.value),
        queue.c.due_at <= bindparam("now"),
    )
    .group_by(queue.c.kind, queue.c.lane, queue.c.state)
)
_SETTLE = Statement(
    delete(queue).where(queue.c.order_key == bindparam("order_key"), queue.c.number <= bindparam("number"))
)
_DROP = Statement(delete(queue).where(queue.c.id == bindparam("id")))
_DROP_KEY = Statement(delete(queue).where(queue.c.key == bindparam("key")))
_DROP_LANE = Statement(delete(queue).where(_ANY, queue.c.lane == bindparam("lane")))
_FORGET = Statement(
    delete(queue).where(
        queue.c.due_at < bindparam("before"),
        or_(
            queue.c.state == QueueState.DONE.value,
            and_(queue.c.state == QueueState.GIVEN_UP.value, queue.c.kind != bindparam("but")),
        ),
    )
)


# -- owing


def add(transaction: Transaction, new: NewRow) -> None:
    """Puts it there with what else the transaction adds; a key that is there already is a conflict."""
    transaction.add(_ADD, **_values(new))


def put(transaction: Transaction, new: NewRow) -> bool:
    """Puts it there once; False where it was before."""
    if transaction.one(_KNOWN, key=new.key) is not None:
        return False
    transaction.run(_ADD, **_values(new))
    return True


def _values(new: NewRow) -> dict[str, Value]:
    fresh: dict[str, Value] = {"attempts": 0, "leased_until": 0, "state": QueueState.DUE.value, "outcome": ""}
    return cast(dict[str, Value], asdict(new)) | fresh


# -- working


def lanes(transaction: Transaction, now: int) -> list[str]:
    """Those in which something may have to be done."""
    return [cast(str, row[0]) for row in transaction.all(_LANES, now=now)]


def due(transaction: Transaction, now: int, most: int) -> list[QueueRow]:
    """What can be done at this moment, nobody else's until the transaction ends: of each lane at most so many, what was not
    tried yet first, and of that what waits longest."""
    return [row for lane in lanes(transaction, now) for row in _due(transaction, lane, now, most)]


def _due(transaction: Transaction, lane: str, now: int, most: int) -> list[QueueRow]:
    found = transaction.all(_FRESH, lane=lane, now=now, most=most)
    if len(found) < most:
        found += transaction.all(_TRIED, lane=lane, now=now, most=most - len(found))
    return [QueueRow.of(row) for row in found]


def lease(transaction: Transaction, row: QueueRow, until: int) -> bool:
    """Takes a row for oneself until then (ms), which counts as an attempt; False when somebody else has changed it."""
    read = {"which": row.id, "read_leased_until": row.leased_until, "read_due_at": row.due_at}
    return transaction.run(_LEASE, **read, until=until) == 1


def remove(transaction: Transaction, row: QueueRow) -> None:
    """It is done. Without effect where the row is not leased as it was: somebody else has changed it."""
    transaction.run(_REMOVE, which=row.id, read_leased_until=row.leased_until)


def put_back(transaction: Transaction, row: QueueRow) -> None:
    """Ends a lease with the row as it is now; without effect as above."""
    transaction.run(
        _PUT_BACK, which=row.id, read_leased_until=row.leased_until, new_state=row.state, then=row.due_at,
        count=row.attempts, what=row.outcome,
    )  # fmt: skip


# -- seeing, and trying again


def get(transaction: Transaction, id: int) -> QueueRow | None:
    row = transaction.one(_GET, id=id)
    return QueueRow.of(row) if row else None


def in_order(transaction: Transaction, order_key: str) -> list[QueueRow]:
    """All rows of an order key, also those that were given up."""
    return [QueueRow.of(row) for row in transaction.all(_OF_ORDER, order_key=order_key)]


def of_lane(transaction: Transaction, lane: str, most: int) -> list[QueueRow]:
    """The newest rows of a lane, whatever became of them."""
    return [QueueRow.of(row) for row in transaction.all(_OF_LANE, lane=lane, most=most)]


def given_up(transaction: Transaction, most: int) -> list[QueueRow]:
    """What was given up, the latest first."""
    return [QueueRow.of(row) for row in transaction.all(_GIVEN_UP, most=most)]


def owed(transaction: Transaction, now: int) -> list[LaneBacklog]:
    """How much there is to do in each lane."""
    return [LaneBacklog(*cast(tuple[str, str, str, int, int], row)) for row in transaction.all(_LANES_OWED, now=now)]


def retry(transaction: Transaction, id: int, now: int, any_order: str = "") -> bool:
    """What was given up is due again, as if it were new; False where it was not given up, or what comes after
    it in its order is done: that counts for all kinds but `any_order`."""
    return transaction.run(_RETRY, which=id, at=now, any_order=any_order) == 1


# -- taking out


def settle(transaction: Transaction, order_key: str, number: int) -> int:
    """Takes out the rows of an order key up to this number; how many."""
    return transaction.run(_SETTLE, order_key=order_key, number=number)


def drop(transaction: Transaction, ids: Sequence[int]) -> int:
    """How many of them were there."""
    return sum(transaction.run(_DROP, id=id) for id in ids)


def drop_key(transaction: Transaction, key: str) -> bool:
    """Whether it was there."""
    return transaction.run(_DROP_KEY, key=key) > 0


def drop_lane(transaction: Transaction, lane: str) -> None:
    transaction.run(_DROP_LANE, lane=lane)


def forget(transaction: Transaction, before: int, but: str) -> None:
    """Lets go of what was done or given up before; of one kind what was given up stays."""
    transaction.run(_FORGET, before=before, but=but)
