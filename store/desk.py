"""The small things of the desk: canned texts, reviews, settings, the audit, unanswered questions."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

from sqlalchemy import bindparam, delete, func, select, update

from store.schema import audit, canned, review, setting, unanswered, usage
from store.transaction import Statement, Transaction, adding

_CANNED = Statement(select(canned.c.id, canned.c.title, canned.c.text, canned.c.by).order_by(canned.c.id))
_ADD_CANNED = Statement(adding(canned))
_DROP_CANNED = Statement(delete(canned).where(canned.c.id == bindparam("id"), canned.c.by == bindparam("by")))
_ADD_REVIEW = Statement(adding(review))
_REVIEWS = Statement(
    select(review.c.ticket, review.c.seat, review.c.by, review.c.body, review.c.at)
    .order_by(review.c.id.desc())
    .limit(bindparam("most"))
)
_SETTING = Statement(select(setting.c.body).where(setting.c.name == bindparam("name")))
_DROP_SETTING = Statement(delete(setting).where(setting.c.name == bindparam("name")))
_SET = Statement(adding(setting))
_AUDITED = Statement(
    select(audit.c.id, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
    .where(audit.c.id < bindparam("before"))
    .order_by(audit.c.id.desc())
    .limit(bindparam("most"))
)
_UNANSWERED = Statement(
    select(unanswered.c.id, unanswered.c.text, unanswered.c.topic, unanswered.c.at)
    .where(unanswered.c.done == 0, unanswered.c.at >= bindparam("since"))
    .order_by(unanswered.c.id.desc())
    .limit(bindparam("most"))
)
_SETTLED = Statement(update(unanswered).where(unanswered.c.id == bindparam("which")).values(done=1))


_USE = Statement(
    update(usage)
    .where(usage.c.entry == bindparam("which"), usage.c.day == bindparam("on"))
    .values(
        said=usage.c.said + bindparam("more_said"), helped=usage.c.helped + bindparam("more_helped"),
        failed=usage.c.failed + bindparam("more_failed"),
    )
)  # fmt: skip
_FIRST_USE = Statement(adding(usage))
_USAGE = Statement(
    select(usage.c.entry, func.sum(usage.c.said), func.sum(usage.c.helped), func.sum(usage.c.failed))
    .where(usage.c.day >= bindparam("since"))
    .group_by(usage.c.entry)
)


@dataclass(frozen=True, slots=True)
class CannedRow:
    id: int
    title: str
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """`body` is JSON of the scores and the comment."""

    ticket: str
    seat: str
    by: str
    body: bytes
    at: int


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: int
    at: int
    actor: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class UnansweredRow:
    id: int
    text: str
    topic: str
    at: int


def all_canned(transaction: Transaction) -> list[CannedRow]:
    return [CannedRow(*row) for row in transaction.all(_CANNED)]  # type: ignore[arg-type]


def add_canned(transaction: Transaction, title: str, text: str, by: str) -> None:
    transaction.run(_ADD_CANNED, title=title, text=text, by=by)


def drop_canned(transaction: Transaction, id: int, by: str) -> bool:
    """False where there is none of this seat's."""
    return transaction.run(_DROP_CANNED, id=id, by=by) == 1


def add_review(transaction: Transaction, new: ReviewRow) -> None:
    transaction.run(_ADD_REVIEW, **asdict(new))


def reviews(transaction: Transaction, most: int) -> list[ReviewRow]:
    """The newest first."""
    return [ReviewRow(*row) for row in transaction.all(_REVIEWS, most=most)]  # type: ignore[arg-type]


def get_setting(transaction: Transaction, name: str) -> bytes | None:
    row = transaction.one(_SETTING, name=name)
    return cast(bytes, row[0]) if row else None


def put_setting(transaction: Transaction, name: str, body: bytes, by: str, at: int) -> None:
    transaction.run(_DROP_SETTING, name=name)
    transaction.run(_SET, name=name, body=body, by=by, at=at)


def audited(transaction: Transaction, before: int, most: int) -> list[AuditRow]:
    """The newest first."""
    return [AuditRow(*row) for row in transaction.all(_AUDITED, before=before, most=most)]  # type: ignore[arg-type]


def questions(transaction: Transaction, since: int, most: int) -> list[UnansweredRow]:
    """What nothing answered, the newest first."""
    return [UnansweredRow(*row) for row in transaction.all(_UNANSWERED, since=since, most=most)]  # type: ignore[arg-type]


def settle_questions(transaction: Transaction, ids: Sequence[int]) -> None:
    for id in ids:
        transaction.run(_SETTLED, which=id)


def add_usage(transaction: Transaction, entry: str, day: str, said: int, helped: int, failed: int) -> None:
    """Adds to an entry's figures of a day."""
    if not transaction.run(_USE, which=entry, on=day, more_said=said, more_helped=helped, more_failed=failed):
        transaction.run(_FIRST_USE, entry=entry, day=day, said=said, helped=helped, failed=failed)


def usage_since(transaction: Transaction, day: str) -> dict[str, tuple[int, int, int]]:
    """By entry: how often it answered, was thanked for, and did not do."""
    rows = transaction.all(_USAGE, since=day)
    return {cast(str, row[0]): cast(tuple[int, int, int], tuple(int(str(each)) for each in row[1:])) for row in rows}
