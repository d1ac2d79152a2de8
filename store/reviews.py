"""What supervisors think of how a ticket was handled."""

from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, select

from store.schema import review
from store.transaction import Statement, Transaction, adding

_ADD_REVIEW = Statement(adding(review))
_REVIEWS = Statement(
    select(review.c.ticket, review.c.seat, review.c.by, review.c.body, review.c.at)
    .order_by(review.c.id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """`body` is JSON of the scores and the comment."""

    ticket: str
    seat: str
    by: str
    body: bytes
    at: int


def add(transaction: Transaction, new: ReviewRow) -> None:
    transaction.run(_ADD_REVIEW, **asdict(new))


def newest(transaction: Transaction, most: int) -> list[ReviewRow]:
    """The newest first."""
    return [ReviewRow(*row) for row in transaction.all(_REVIEWS, most=most)]  # type: ignore[arg-type]
