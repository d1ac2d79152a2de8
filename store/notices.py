"""What residents are told without having asked: written with its reason, with a row of the queue that says it once."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, func, or_, select, update

from store import queue
from store.queue import NewRow
from store.schema import binding, learner, notice
from store.transaction import Statement, Transaction, adding

KIND = "notice"  # of the queue, by the number of the notice
FOREVER = 1 << 60


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """`body` is encrypted; `until` (ms) ends its worth."""

    id: int
    learner: int
    purpose: str
    body: bytes
    until: int
    state: str  # due, or held with its broadcast


@dataclass(frozen=True, slots=True)
class Reached:
    """Where somebody who is bound to a learner is reached."""

    channel: str
    address: str
    role: str


_COLUMNS = (
    notice.c.id, notice.c.learner, notice.c.purpose, notice.c.body, notice.c.until, notice.c.state,
)  # fmt: skip
_ADD = Statement(adding(notice).returning(notice.c.id))
_KNOWN = Statement(select(notice.c.id).where(notice.c.key == bindparam("key")))
_ONE = Statement(
    select(*_COLUMNS)
    .where(notice.c.id == bindparam("id"), or_(notice.c.state == "due", notice.c.state == "held"))
    .with_for_update()
)
_END = Statement(
    update(notice)
    .where(notice.c.id == bindparam("which"))
    .values(state=bindparam("new_state"), why=bindparam("because"), at=bindparam("now"))
)
_SENT = Statement(
    select(func.count()).where(
        notice.c.learner == bindparam("learner"), notice.c.purpose == bindparam("purpose"), notice.c.state == "sent",
        notice.c.at > bindparam("since"),
    )
)  # fmt: skip
_REACHED = Statement(
    select(binding.c.channel, binding.c.address, binding.c.role)
    .where(
        binding.c.learner == bindparam("learner"), binding.c.dormant == 0,
        func.coalesce(binding.c.until, bindparam("forever")) > bindparam("now"),
    )
    .order_by(binding.c.role.desc(), binding.c.bound_at)
)  # fmt: skip
_COUNTS = Statement(
    select(notice.c.state, notice.c.why, func.count())
    .where(notice.c.broadcast == bindparam("broadcast"))
    .group_by(notice.c.state, notice.c.why)
)
_ALL_LEARNERS = Statement(
    select(learner.c.id, learner.c.body, learner.c.minor)
    .where(learner.c.id > bindparam("after"), learner.c.status != "void")
    .order_by(learner.c.id)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class NewNotice:
    """Something to be told a learner who has not asked: once for each `key`, and not after `until` (ms). `broadcast` is what
    it is part of."""

    learner: int
    purpose: str
    key: str
    until: int
    broadcast: int | None = None


def add(transaction: Transaction, new: NewNotice, body: bytes, now: int) -> bool:
    """Owes a notice; False where it was owed before."""
    if transaction.one(_KNOWN, key=new.key) is not None:
        return False
    row = transaction.one(
        _ADD, key=new.key, learner=new.learner, purpose=new.purpose, body=body, until=new.until, state="due", why="",
        broadcast=new.broadcast, at=now,
    )  # fmt: skip
    assert row is not None
    id = cast(int, row[0])
    queue.put(transaction, NewRow(KIND, f"{KIND}:{id}", KIND, b"", now, number=id))
    return True


def due(transaction: Transaction, id: int) -> NoticeRow | None:
    """A notice that nobody has sent or dropped, held until the commit; None where there is none."""
    row = transaction.one(_ONE, id=id)
    return NoticeRow(*row) if row else None  # type: ignore[arg-type]


def end(transaction: Transaction, id: int, state: str, why: str, now: int) -> None:
    """sent or dropped, with the channel or the reason."""
    transaction.run(_END, which=id, new_state=state, because=why, now=now)


def sent(transaction: Transaction, learner: int, purpose: str, since: int) -> int:
    """How many of a purpose a learner got since then."""
    return transaction.number(_SENT, learner=learner, purpose=purpose, since=since)


def reached(transaction: Transaction, learner: int, now: int) -> list[Reached]:
    """Everybody who speaks for a learner; the learner before others."""
    rows = transaction.all(_REACHED, learner=learner, now=now, forever=FOREVER)
    return [Reached(*cast(tuple[str, str, str], row)) for row in rows if row[1]]


def counts(transaction: Transaction, broadcast: int) -> dict[tuple[str, str], int]:
    """How many notices of a broadcast there are in each state, for each reason."""
    rows = transaction.all(_COUNTS, broadcast=broadcast)
    return {(cast(str, row[0]), cast(str, row[1])): cast(int, row[2]) for row in rows}


def learners(transaction: Transaction, after: int, most: int) -> list[tuple[int, bytes, int]]:
    """Learners above this id: id, encrypted person, whether a minor."""
    return [cast(tuple[int, bytes, int], row) for row in transaction.all(_ALL_LEARNERS, after=after, most=most)]
