"""Learners of the sample centre, read from a file as strictly as any other: cards that check, ledgers that add up."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct


class LedgerRow(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of an append-only ledger. `source` is unique within its `type`."""

    day: date
    type: Literal["earn", "convert", "redeem", "freeze", "expire", "reverse"]
    credits: int
    points: int
    source: Annotated[str, Meta(min_length=1, max_length=64)]
    note: str
    rule: str


class Learner(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An account with its card: twelve digits, the last of which is Luhn's check digit."""

    card: Annotated[str, Meta(pattern=r"^\d{12}$")]
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    phone: Annotated[str, Meta(pattern=r"^1[3-9]\d{9}$")]
    status: Literal["active", "lost", "void"]
    minor: bool
    school: str
    ledger: tuple[LedgerRow, ...]

    @property
    def credits(self) -> int:
        return sum(row.credits for row in self.ledger)

    @property
    def points(self) -> int:
        return sum(row.points for row in self.ledger)


def check_digit(body: str) -> str:
    """The digit that completes a card's number (ISO/IEC 7812-1 annex B)."""
    total = 0
    for position, char in enumerate(reversed(body)):
        doubled = int(char) * (1 if position % 2 else 2)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def read(document: object) -> tuple[list[Learner], list[str]]:
    """The learners in a document, and what is wrong with them."""
    try:
        learners = msgspec.convert(document, list[Learner])
    except msgspec.ValidationError as error:
        return [], [f"learners: {error}"]
    return learners, [problem for learner in learners for problem in _problems(learner)] + _twice(learners)


def _problems(learner: Learner) -> list[str]:
    place = f"learner …{learner.card[-4:]}"
    found = []
    if check_digit(learner.card[:-1]) != learner.card[-1]:
        found.append(f"{place}: card: the check digit does not fit")
    if learner.credits < 0 or learner.points < 0:
        found.append(f"{place}: ledger: a balance is below nought")
    sources = [(row.type, row.source) for row in learner.ledger]
    if len(set(sources)) < len(sources):
        found.append(f"{place}: ledger: a source stands twice")
    return found


def _twice(learners: Sequence[Learner]) -> list[str]:
    cards = [learner.card for learner in learners]
    return ["learners: a card stands twice"] if len(set(cards)) < len(cards) else []
