"""The credit bank: two balances over one ledger that is only ever appended to.

Credits are earned by rules and stay. Points come from credits, are set aside for an order, deducted when it is handed out,
and lapse. A balance is the sum of its lines, always; what was wrong is reversed by another line, never changed.

Every operation names its source, and the same source again changes nothing: whoever is not sure whether it was done does
it again. Each is one transaction that holds the learner's account, so no race and no crash can spend a point twice.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from accounts.ledger import Balance, Extract, Order, StatementLine
from accounts.rules import RuleError, Rules, RuleSet, half_year
from store import bank
from store.bank import AttendanceRow, LedgerEntryRow, NewEntry, OrderRow
from store.database import Database
from store.transaction import Transaction
from store.units import DAY

MOST = 1_000_000  # points or tenths of credits that one line may move
LINES = 200  # of an extract


class BankError(Exception):
    """It cannot be done; `code` says why: unknown_rule, not_enough, out_of_stock, card_lost, no_learner, two_persons,
    not_open, not_reversible, no_rules, invalid."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Learnt:
    """What somebody did on a `day`, `times` over, that a rule (`what`) gives credits for; entered by somebody at a time
    (ms)."""

    what: str
    source: str
    day: date
    note: str
    times: int = 1
    by: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item of the shop, of which there are so many, to be collected at a site; the same `key` is the same order."""

    item: str
    name: str
    points: int
    stock: int
    site: str
    key: str


class Bank:
    """The embedded one. `rules` are asked anew by each operation."""

    def __init__(self, database: Database, rules: Callable[[], Rules]) -> None:
        self._database = database
        self._rules = rules

    # -- looking

    async def balance(self, learner: int) -> Balance:
        found = await self._database.read(lambda t: bank.sums(t, learner))
        return Balance(found.credits, found.points, found.frozen, found.last)

    async def entries(self, learner: int, most: int) -> list[StatementLine]:
        """The newest lines first."""
        rows = await self._database.read(lambda t: bank.entries(t, learner, most))
        return [_shown(row) for row in rows]

    async def orders(self, learner: int, most: int) -> list[Order]:
        rows = await self._database.read(lambda t: bank.orders(t, learner, most))
        return [_order(row) for row in rows]

    async def lapsing(self, learner: int, today: date) -> tuple[int, date] | None:
        """The points that lapse next, and their last day; None where none will."""
        return await self._database.read(lambda t: self.lapsing_now(t, learner, today))

    def lapsing_now(self, transaction: Transaction, learner: int, today: date) -> tuple[int, date] | None:
        """`lapsing` as part of a larger transaction."""
        lots = lots_of(bank.all_entries(transaction, learner), self._rules())
        return next(((points, last) for last, points in sorted(lots.items()) if points > 0 and last >= today), None)

    @property
    def reckons(self) -> bool:
        """Whether there are rules at all; a new centre may have none yet."""
        return bool(self._rules().versions)

    def _reckoning(self, day: date) -> RuleSet:
        """The rules of a day. Raises `BankError`."""
        try:
            return self._rules().at(day)
        except RuleError as error:
            raise BankError("no_rules") from error

    async def attended(self, learner: int, since: date, most: int) -> list[AttendanceRow]:
        return await self._database.read(lambda t: bank.attended(t, learner, since.isoformat(), most))

    async def uncredited(self, learner: int, since: date) -> list[AttendanceRow]:
        return await self._database.read(lambda t: bank.uncredited(t, learner, since.isoformat()))

    # -- credits

    async def earn(self, learner: int, learnt: Learnt) -> int:
        """Enters what was earned by a rule, as far as its cap goes; the tenths of credits that came of it, also when it
        was entered before. Raises `BankError`."""
        day, rules = learnt.day.isoformat(), self._reckoning(learnt.day)
        rule = rules.earn.get(learnt.what)
        if rule is None:
            raise BankError("unknown_rule")
        if not 1 <= learnt.times <= 1000:
            raise BankError("invalid")

        def work(transaction: Transaction) -> int:
            _hold(transaction, learner)
            known = bank.by_source(transaction, learnt.source, "earn")
            if known is not None:
                if known.learner != learner:
                    raise BankError("invalid")
                return known.credits
            first, last = rule.period(learnt.day)
            before = bank.earned(transaction, learner, learnt.what, first.isoformat(), last.isoformat())
            amount = max(0, min(rule.tenths * learnt.times, round(rule.cap * 10) - before))
            bank.enter(
                transaction,
                NewEntry(
                    learner, day, "earn", learnt.source, learnt.note[:200], rules.version, credits=amount, what=learnt.what,
                    by=learnt.by, at=learnt.at,
                ),
            )  # fmt: skip
            return amount

        return await self._database.settle(work)

    async def convert(self, learner: int, day: date, begun: int, at: int = 0) -> int:
        """Credits of the half-years before the day's own that have not counted yet become points as well, once; how many
        points came of it. What is entered after the day's own half-year has `begun` (ms) waits for the next one: so it
        does not matter on which of its days this is done."""
        rules, first = self._reckoning(day), half_year(day)
        source = f"half-year:{learner}:{first.isoformat()}"

        def work(transaction: Transaction) -> int:
            _hold(transaction, learner)
            known = bank.by_source(transaction, source, "convert")
            if known is not None:
                return known.points
            counted = bank.unconverted(transaction, learner, first.isoformat(), begun)
            points = counted * rules.points_per_credit // 10
            if points == 0:
                return 0
            bank.enter(
                transaction,
                NewEntry(learner, day.isoformat(), "convert", source, "学分换积分", rules.version, points=points, counted=counted, at=at),
            )  # fmt: skip
            return points

        return await self._database.settle(work)

    async def lapse(self, learner: int, day: date, at: int = 0) -> int:
        """Takes out the points whose last day is over; how many."""
        rules = self._rules()

        def work(transaction: Transaction) -> int:
            _hold(transaction, learner)
            lots = lots_of(bank.all_entries(transaction, learner), rules)
            total = 0
            for last, points in sorted(lots.items()):
                source = f"expire:{learner}:{last.isoformat()}:{day.isoformat()}"
                if last >= day or points <= 0 or bank.by_source(transaction, source, "expire") is not None:
                    continue
                bank.enter(
                    transaction,
                    NewEntry(learner, day.isoformat(), "expire", source, f"{last.year}年底到期", rules.at(day).version, points=-points, at=at),
                )  # fmt: skip
                total += points
            return total

        return await self._database.settle(work)

    async def reverse(self, entry: int, by: str, second: str, note: str, day: date, at: int = 0) -> None:
        """Takes back a line by another, in front of four eyes. Raises `BankError`; what was spent meanwhile cannot be taken
        back."""
        if not by or not second or by == second:
            raise BankError("two_persons")

        def work(transaction: Transaction) -> None:
            row = bank.entry(transaction, entry)
            if row is None or row.type not in ("earn", "convert", "expire"):
                raise BankError("not_reversible")
            _hold(transaction, row.learner)
            if bank.by_source(transaction, f"entry:{row.id}", "reverse") is not None:
                return
            sums = bank.sums(transaction, row.learner)
            if sums.points - row.points < 0 or sums.credits - row.credits < 0:
                raise BankError("not_enough")
            bank.enter(
                transaction,
                NewEntry(
                    row.learner, day.isoformat(), "reverse", f"entry:{row.id}", note[:200], row.rule, credits=-row.credits,
                    points=-row.points, counted=-row.counted, what=row.what, by=by, second=second, at=at,
                ),
            )  # fmt: skip

        await self._database.settle(work)

    # -- orders

    async def reserve(self, learner: int, wanted: Wanted, now: int, day: date, by: str = "") -> Order:
        """Sets points aside for a thing; the same `key` again gives the same order. Raises `BankError`."""
        if not 0 < wanted.points <= MOST:
            raise BankError("invalid")
        rules = self._reckoning(day)

        def work(transaction: Transaction) -> OrderRow:
            status = _hold(transaction, learner)
            known = bank.order_by_key(transaction, wanted.key)
            if known is not None:
                return known
            if status != "active":
                raise BankError("card_lost")
            if bank.sums(transaction, learner).points < wanted.points:
                raise BankError("not_enough")
            if bank.gone(transaction, wanted.item) >= wanted.stock:
                raise BankError("out_of_stock")
            ref, until = f"D{secrets.token_hex(5).upper()}", now + rules.order_days * DAY
            row = OrderRow(
                ref,
                learner,
                wanted.item,
                wanted.name,
                wanted.points,
                "reserved",
                wanted.site,
                wanted.key,
                now,
                until,
                by,
            )
            bank.order(transaction, row)
            bank.enter(
                transaction,
                NewEntry(
                    learner, day.isoformat(), "freeze", f"order:{ref}", f"兑换{wanted.name}", rules.version,
                    points=-wanted.points, frozen=wanted.points, by=by, at=now,
                ),
            )  # fmt: skip
            return row

        return _order(await self._database.settle(work))

    async def collect(self, ref: str, by: str, now: int, day: date) -> None:
        """The thing is handed out: what was set aside is spent. Raises `BankError`."""
        await self._settle(ref, "collected", by, now, day)

    async def cancel(self, ref: str, by: str, now: int, day: date) -> None:
        """Nothing is handed out: what was set aside is there again. Raises `BankError`."""
        await self._settle(ref, "cancelled", by, now, day)

    async def expire_orders(self, now: int, day: date) -> int:
        """Cancels what nobody came for; how many."""
        late = await self._database.read(lambda t: bank.late_orders(t, now, 500))
        for row in late:
            await self._settle(row.ref, "expired", "system", now, day)
        return len(late)

    async def _settle(self, ref: str, state: str, by: str, now: int, day: date) -> None:
        rules = self._reckoning(day)

        def work(transaction: Transaction) -> None:
            row = bank.order_of(transaction, ref)
            if row is None:
                raise BankError("invalid")
            _hold(transaction, row.learner)
            if not bank.settle(transaction, ref, state, by):
                now_row = bank.order_of(transaction, ref)
                if now_row is not None and now_row.state == state:
                    return
                raise BankError("not_open")
            spent = state == "collected"
            bank.enter(
                transaction,
                NewEntry(
                    row.learner, day.isoformat(), "redeem" if spent else "reverse", f"order:{ref}",
                    f"领取{row.name}" if spent else f"退回{row.name}", rules.version, points=0 if spent else row.points,
                    frozen=-row.points, by=by, at=now,
                ),
            )  # fmt: skip

        await self._database.settle(work)

    async def extract(self, learner: int) -> Extract:
        """The ledger as it is now, for a dispute."""

        def look(transaction: Transaction) -> Extract:
            sums, rows = bank.sums(transaction, learner), bank.entries(transaction, learner, LINES)
            lines = [(row.day, row.type, row.credits, row.points, row.frozen, row.note, row.source) for row in rows]
            return Extract(learner, sums.credits, sums.points, sums.frozen, lines)

        return await self._database.read(look)


def lots_of(rows: Sequence[LedgerEntryRow], rules: Rules) -> dict[date, int]:
    """Points that are left of what arrived, by their last day: the oldest are spent first."""
    lots: dict[date, int] = {}
    spent = 0
    for row in rows:
        if row.points > 0 and row.type == "convert":
            arrived = date.fromisoformat(row.day)
            last = rules.at(arrived).lapses(arrived)
            lots[last] = lots.get(last, 0) + row.points
        else:
            spent -= row.points  # freezing, lapsing and reversing take, releasing gives back
    for last in sorted(lots):
        taken = min(lots[last], max(0, spent))
        lots[last] -= taken
        spent -= taken
    return lots


def _hold(transaction: Transaction, learner: int) -> str:
    status = bank.hold(transaction, learner)
    if status is None:
        raise BankError("no_learner")
    return status


def _order(row: OrderRow) -> Order:
    return Order(row.ref, row.name, row.points, row.state, row.site, row.at, row.until)


def _shown(row: LedgerEntryRow) -> StatementLine:
    return StatementLine(row.day, row.type, row.credits, row.points, row.frozen, row.note, row.rule, row.source)
