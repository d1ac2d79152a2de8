"""The credit bank added up anew: whether any account holds what must not be."""

from dataclasses import dataclass

from store import bank
from store.bank import LedgerEntryRow
from store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that must not be, in a learner's account."""

    learner: int
    text: str


def audit(transaction: Transaction) -> tuple[int, list[Problem]]:
    """Adds up every account anew; how many there are, and what does not add up."""
    count, found, after = 0, list[Problem](), 0
    while ids := bank.learners(transaction, after, 1000):
        for id in ids:
            found += [Problem(id, text) for text in _wrong(transaction, id)]
        count, after = count + len(ids), ids[-1]
    return count, found


def _moves(row: LedgerEntryRow) -> bool:
    """Whether what a line of an order does is one of three: points are set aside, given back, or spent as they lie there."""
    return row.points + row.frozen == 0 if row.type != "redeem" else row.points == 0 and row.frozen < 0


def _wrong(transaction: Transaction, learner: int) -> list[str]:
    rows = sorted(bank.all_entries(transaction, learner), key=lambda row: row.id)
    credits = points = frozen = counted = 0
    found = []
    for row in rows:
        credits, points, frozen = credits + row.credits, points + row.points, frozen + row.frozen
        counted += row.counted
        if min(credits, points, frozen) < 0:
            found.append(f"line {row.id}: a balance is below nought")
        if row.source.startswith("order:") and not _moves(row):
            found.append(f"line {row.id}: an order moves points that come from nowhere, or go there")
        if row.type == "reverse" and row.source.startswith("entry:") and (not row.second or row.by == row.second):
            found.append(f"line {row.id}: reversed by one person")
    if counted > credits and not any(row.type == "reverse" for row in rows):
        found.append("more credits became points than there are")
    if len({(row.type, row.source) for row in rows}) < len(rows):
        found.append("a source stands twice")
    reserved = sum(row.points for row in bank.orders(transaction, learner, 1 << 30) if row.state == "reserved")
    if reserved != frozen:
        found.append(f"{frozen} points are frozen, orders want {reserved}")
    sums = bank.sums(transaction, learner)
    if (sums.credits, sums.points, sums.frozen) != (credits, points, frozen):
        found.append("a balance is not the sum of its lines")
    return found
