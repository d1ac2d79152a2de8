"""Who is in which class, who waits, and how many places are taken."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, bindparam, func, or_, select, update

from store.engine import Row, Value
from store.schema import class_places, enrolment
from store.transaction import Statement, Transaction, adding

ACTIVE = ("pending", "admitted", "waiting", "offered")


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """The columns of `store.schema.enrolment`, in their order; `group` is the class."""

    id: int
    group: str
    learner: int
    state: str
    number: int
    key: str
    by: str
    at: int
    until: int | None

    @staticmethod
    def of(row: Row) -> "EnrolmentRow":
        return EnrolmentRow(*row)  # type: ignore[arg-type] # the columns are selected in this order


@dataclass(frozen=True, slots=True)
class PlacesRow:
    """`queue` is the last number given out on the waiting list; `told` the times and place that learners know."""

    group: str
    taken: int
    queue: int
    drawn: int
    told: str


_GROUP = enrolment.c["class"]


def _rows(*where: ColumnElement[bool], most: bool = False) -> Statement:
    found = select(*enrolment.c).where(*where).order_by(enrolment.c.number, enrolment.c.id)
    return Statement(found.limit(bindparam("most")) if most else found)


_ONE = _rows(bindparam("group") == _GROUP, enrolment.c.learner == bindparam("learner"))
_OF = Statement(select(*enrolment.c).where(enrolment.c.learner == bindparam("learner")).order_by(enrolment.c.at.desc()))
_IN_STATE = _rows(bindparam("group") == _GROUP, enrolment.c.state == bindparam("state"))
_NEXT = _rows(bindparam("group") == _GROUP, enrolment.c.state == "waiting", most=True)
_LATE = _rows(enrolment.c.state == "offered", enrolment.c.until < bindparam("now"), most=True)
_AHEAD = Statement(
    select(func.count()).where(
        bindparam("group") == _GROUP, enrolment.c.state == "waiting", enrolment.c.number < bindparam("number")
    )
)
_ADD = Statement(adding(enrolment))
_CHANGE = Statement(
    update(enrolment)
    .where(enrolment.c.id == bindparam("which"))
    .values(
        state=bindparam("new_state"), number=bindparam("new_number"), key=bindparam("new_key"), by=bindparam("who"),
        at=bindparam("now"), until=bindparam("new_until"),
    )
)  # fmt: skip
_PLACES = Statement(select(*class_places.c).where(class_places.c["class"] == bindparam("group")))
_ALL_PLACES = Statement(select(*class_places.c))
_WAITING = Statement(
    select(_GROUP, func.count())
    .where(or_(enrolment.c.state == "waiting", enrolment.c.state == "pending"))
    .group_by(_GROUP)
)
_UNSETTLED = Statement(
    select(_GROUP).where(or_(*(enrolment.c.state == each for each in ("pending", "waiting", "offered")))).distinct()
)
_OPEN = Statement(adding(class_places))
_COUNT = Statement(
    update(class_places)
    .where(class_places.c["class"] == bindparam("group"))
    .values(
        taken=bindparam("new_taken"), queue=bindparam("new_queue"), drawn=bindparam("new_drawn"), told=bindparam("new_told")
    )
)  # fmt: skip


def one(transaction: Transaction, group: str, learner: int) -> EnrolmentRow | None:
    row = transaction.one(_ONE, group=group, learner=learner)
    return EnrolmentRow.of(row) if row else None


def of(transaction: Transaction, learner: int) -> list[EnrolmentRow]:
    """All of a learner's, the newest first."""
    return [EnrolmentRow.of(row) for row in transaction.all(_OF, learner=learner)]


def in_state(transaction: Transaction, group: str, state: str) -> list[EnrolmentRow]:
    """In the order of their numbers."""
    return [EnrolmentRow.of(row) for row in transaction.all(_IN_STATE, group=group, state=state)]


def next_waiting(transaction: Transaction, group: str) -> EnrolmentRow | None:
    row = transaction.one(_NEXT, group=group, most=1)
    return EnrolmentRow.of(row) if row else None


def late(transaction: Transaction, now: int, most: int) -> list[EnrolmentRow]:
    """Offers whose time is over."""
    return [EnrolmentRow.of(row) for row in transaction.all(_LATE, now=now, most=most)]


def unsettled(transaction: Transaction) -> set[str]:
    """Classes in which somebody waits: for lots, for a place, or with the offer of one."""
    return {cast(str, row[0]) for row in transaction.all(_UNSETTLED)}


def ahead(transaction: Transaction, group: str, number: int) -> int:
    """How many wait in front of this number."""
    return transaction.number(_AHEAD, group=group, number=number)


def put(transaction: Transaction, row: EnrolmentRow) -> None:
    """Adds it (`id` 0), or changes it."""
    values: dict[str, Value] = {"new_state": row.state, "new_number": row.number, "new_key": row.key, "who": row.by,
                                "now": row.at, "new_until": row.until}  # fmt: skip
    if row.id:
        transaction.run(_CHANGE, which=row.id, **values)
        return
    added: dict[str, Value] = {
        "class": row.group, "learner": row.learner, "state": row.state, "number": row.number, "key": row.key, "by": row.by,
        "at": row.at, "until": row.until,
    }  # fmt: skip
    transaction.run(_ADD, **added)


def places(transaction: Transaction, group: str, taken: int, queue: int, told: str) -> PlacesRow:
    """The places of a class, held until the commit; begun with these where there are none yet."""
    transaction.alone(f"class {group}")
    row = transaction.one(_PLACES, group=group)
    if row is not None:
        return PlacesRow(*row)  # type: ignore[arg-type]
    begun: dict[str, Value] = {"class": group, "taken": taken, "queue": queue, "drawn": 0, "told": told}
    transaction.run(_OPEN, **begun)
    return PlacesRow(group, taken, queue, 0, told)


def count(transaction: Transaction, row: PlacesRow) -> None:
    """Writes the places of a class back."""
    transaction.run(
        _COUNT, group=row.group, new_taken=row.taken, new_queue=row.queue, new_drawn=row.drawn, new_told=row.told
    )


def all_places(transaction: Transaction) -> list[PlacesRow]:
    return [PlacesRow(*row) for row in transaction.all(_ALL_PLACES)]  # type: ignore[arg-type]


def waiting(transaction: Transaction) -> dict[str, int]:
    """How many of ours wait for each class."""
    return {cast(str, row[0]): cast(int, row[1]) for row in transaction.all(_WAITING)}
