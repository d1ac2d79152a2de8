"""What residents can ask of the credit bank, wherever it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from msgspec import Struct

from store.bank import AttendanceRow as AttendanceRow


class UnavailableError(Exception):
    """The platform that keeps the accounts does not answer."""


@dataclass(frozen=True, slots=True)
class Balance:
    """`credits` in tenths; `points` can be spent, `frozen` are set aside. `last` is the day of the newest line (ISO 8601),
    empty where there is none. `as_of` is when it was true (ms); None means now."""

    credits: int
    points: int
    frozen: int
    last: str
    as_of: int | None = None


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line as the learner may see it."""

    day: str
    type: str
    credits: int
    points: int
    frozen: int
    note: str
    rule: str
    source: str


@dataclass(frozen=True, slots=True)
class Order:
    """`state`: reserved, collected, cancelled, expired. `until` in ms."""

    ref: str
    name: str
    points: int
    state: str
    site: str
    at: int
    until: int


class Extract(Struct, frozen=True):
    """The ledger as it was when it was disputed."""

    learner: int
    credits: int
    points: int
    frozen: int
    lines: list[tuple[str, str, int, int, int, str, str]]  # day, type, credits, points, frozen, note, source


class CreditBank(Protocol):
    """What residents can ask, wherever the accounts are kept. All raise `UnavailableError` where that does not answer."""

    async def balance(self, learner: int) -> Balance: ...
    async def entries(self, learner: int, most: int) -> Sequence[StatementLine]: ...
    async def orders(self, learner: int, most: int) -> Sequence[Order]: ...
    async def lapsing(self, learner: int, today: date) -> tuple[int, date] | None: ...
    async def attended(self, learner: int, since: date, most: int) -> Sequence[AttendanceRow]: ...
    async def uncredited(self, learner: int, since: date) -> Sequence[AttendanceRow]: ...
    async def extract(self, learner: int) -> Extract: ...
