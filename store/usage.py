"""How often an entry answered, by day."""

from typing import cast

from sqlalchemy import bindparam, func, select, update

from store.schema import usage
from store.transaction import Statement, Transaction, adding

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


def add(transaction: Transaction, entry: str, day: str, said: int, helped: int, failed: int) -> None:
    """Adds to an entry's figures of a day."""
    if not transaction.run(_USE, which=entry, on=day, more_said=said, more_helped=helped, more_failed=failed):
        transaction.run(_FIRST_USE, entry=entry, day=day, said=said, helped=helped, failed=failed)


def since(transaction: Transaction, day: str) -> dict[str, tuple[int, int, int]]:
    """By entry: how often it answered, was thanked for, and did not do."""
    rows = transaction.all(_USAGE, since=day)
    return {cast(str, row[0]): cast(tuple[int, int, int], tuple(int(str(each)) for each in row[1:])) for row in rows}
