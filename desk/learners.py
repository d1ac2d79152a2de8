"""What a seat or a counter clerk sees and does of a learner's affairs. Every look is written down, and a child's record is
the supervisor's."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from accounts.accounts import Accounts
from accounts.bank import Bank, BankError, Learnt, Wanted
from accounts.enrolment import EnrolError, EnrolmentStatus
from accounts.ledger import Balance, Extract, Order, StatementLine, UnavailableError
from desk.cards import Cards
from desk.errors import TicketError
from desk.opening import no_ticket
from knowledge.library import Library
from store import bank, conversations, identity, reversals, tickets
from store.database import Database
from store.reversals import ReversalRow
from store.transaction import Transaction

LINES = 20
_WORDS = {
    "not_enough": "积分不够", "out_of_stock": "这件物品没有库存了", "card_lost": "这张卡已挂失或注销，积分不能用",
    "no_learner": "没有这位学员", "two_persons": "冲正要由另一位同事复核", "not_open": "这个订单已经办结",
    "no_rules": "还没有登记学分规则，记不了：请在工作簿的“学分计算”表里写，再导入", "not_reversible": "这一笔不能冲正",
    "invalid": "没有这个订单，或者数目不对", "unknown_rule": "没有这条认定规则",
}  # fmt: skip


_ENROL = {
    "no_class": "没有这个班", "not_yet": "还没有开始报名", "closed": "报名已经截止", "begun": "班已经开课，退班请按退费流程办理",
    "no_learner": "没有这位学员", "only_adults": "这个班面向成人", "only_schools": "这个班只面向本校登记的学员",
    "none": "没有报这个班",
}  # fmt: skip


class LedgerLine(Struct, frozen=True):
    """`id` is null where the line stands in another system; `credits` whole ones."""

    id: int | None
    day: str
    type: str
    credits: float
    points: int
    frozen: int
    note: str


class ClassStanding(Struct, frozen=True, rename={"name": "class"}):
    """How the learner stands with a class. `ahead` wait in front of one who waits; `until` ends an offer (ms)."""

    id: str
    name: str
    state: str
    ahead: int
    until: int | None


@dataclass(frozen=True, slots=True)
class LearnerRecord:
    """A learner's affairs as staff see them: the name masked, no number."""

    id: int
    name: str
    tail: str
    status: str
    minor: bool
    balance: Balance | None  # None where the platform does not answer
    entries: list[LedgerLine]
    orders: list[Order]
    enrolments: list[ClassStanding]


@dataclass(frozen=True, slots=True)
class ByCard:
    """Somebody who stands at the counter with their card, and why something is done for them."""

    card: str
    reason: str


@dataclass(frozen=True, slots=True)
class ByTicket:
    """Whom the resident of a ticket has proven to be; of several, which."""

    ref: str
    learner: int | None = None


@dataclass(frozen=True, slots=True)
class Acting:
    """A seat that acts for a learner who is known to be there; it is for this one thing, and is written down with it."""

    learner: int
    by: str
    why: str  # a reason, or the ticket
    at: int


class Learners:
    """All methods raise `TicketError`. `now` is in ms."""

    def __init__(
        self, database: Database, accounts: Accounts, own: Bank, library: Library, cards: Cards, zone: ZoneInfo
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._bank = own
        self._library = library
        self.cards = cards
        self._zone = zone

    # -- looking

    async def of_ticket(self, ref: str, by: str, now: int, *, minors: bool) -> list[LearnerRecord]:
        """Whom the resident of a ticket has proven to be."""
        talk = await self._database.read(lambda t: _talk(t, ref))
        proven = self._accounts.identity
        bound = await proven.bound(talk.channel, talk.address, now, proven.since(talk.channel, now))
        return [await self._record(each.id, by, ref, now, minors=minors) for each in bound]

    async def of_card(self, card: str, reason: str, by: str, now: int, *, minors: bool) -> LearnerRecord:
        """Somebody who stands at the counter with their card."""
        row = await self.cards.shown(card, reason, by, now)
        return await self._record(row.id, by, reason, now, minors=minors)

    async def _record(self, id: int, by: str, why: str, now: int, *, minors: bool) -> LearnerRecord:
        row = await self._database.read(lambda t: identity.get(t, id))
        if row is None:
            raise TicketError("not_found", "没有这位学员")
        if row.minor and not minors:
            raise TicketError("not_yours", "这是未满14周岁的孩子，档案要由班长查看")
        await self._database.write(lambda t: conversations.audited(t, by, "learner.read", f"learner {id}", why, now))
        shown = await self._accounts.identity.shown(id)
        catalogue = self._library.catalogue
        try:
            balance: Balance | None = await self._accounts.bank.balance(id)
            entries, orders = await self._accounts.bank.entries(id, LINES), await self._accounts.bank.orders(id, LINES)
        except UnavailableError:
            balance, entries, orders = None, [], []
        ids = {each.source: each.id for each in await self._database.read(lambda t: bank.entries(t, id, LINES))}

        def named(each: EnrolmentStatus) -> ClassStanding:
            group = catalogue.classes.get(each.group)
            return ClassStanding(each.group, group.name if group else each.group, each.state, each.ahead, each.until)

        def line(each: StatementLine) -> LedgerLine:
            credits = each.credits / 10
            return LedgerLine(ids.get(each.source), each.day, each.type, credits, each.points, each.frozen, each.note)

        standings = [named(each) for each in await self._accounts.enrolments.of(id)]
        return LearnerRecord(
            id, shown.name if shown else "", shown.tail if shown else "", row.status, bool(row.minor), balance,
            [line(each) for each in entries], list(orders), standings,
        )  # fmt: skip

    async def disputes(self, ref: str, by: str, now: int) -> list[tuple[Extract, int]]:
        """The ledger as it was when the ticket's matter was disputed."""
        found = await self._accounts.disputes.of(ref)
        if found:
            await self._database.write(lambda t: conversations.audited(t, by, "dispute.read", ref, "", now))
        return found

    # -- at the counter

    async def acting(self, whom: ByCard | ByTicket, by: str, now: int, *, minors: bool) -> Acting:
        """What a seat acts with: nobody does anything for a learner whose number they made up."""
        if isinstance(whom, ByTicket):
            return Acting(await self._proven(whom, by, now), by, whom.ref, now)
        row = await self.cards.shown(whom.card, whom.reason, by, now)
        if row.minor and not minors:
            raise TicketError("not_yours", "这是未满14周岁的孩子，要由班长办理")
        return Acting(row.id, by, whom.reason, now)

    async def _proven(self, whom: ByTicket, by: str, now: int) -> int:
        row = await self._database.read(lambda t: tickets.get(t, whom.ref))
        if row is None or row.owner != by:
            raise TicketError("not_yours", f"工单 {whom.ref} 不在您手上，请先接单")
        talk = await self._database.read(lambda t: _talk(t, whom.ref))
        proven = self._accounts.identity
        bound = await proven.bound(talk.channel, talk.address, now, proven.since(talk.channel, now))
        meant = [each.id for each in bound if each.acts and whom.learner in (None, each.id)]
        if len(meant) != 1:
            raise TicketError("invalid", "居民还没有核验是这位学员，请先核验，或者带学习卡到服务台办理")
        return meant[0]

    async def _note(self, acting: Acting, action: str, what: str) -> None:
        """Written down before it is tried."""
        subject, detail = f"learner {acting.learner}", f"{what}; {acting.why}"
        await self._database.write(lambda t: conversations.audited(t, acting.by, action, subject, detail, acting.at))

    async def redeem(self, acting: Acting, item: str, site: str, id: str) -> Order:
        """Sets points aside for an item; the same `id` again is the same order."""
        await self._note(acting, "learner.redeem", item)
        found = self._library.catalogue.items.get(item)
        if found is None:
            raise TicketError("not_found", "没有这件物品")
        try:
            wanted = Wanted(found.id, found.name, found.points, found.stock, site, f"{acting.by}:{id}")
            return await self._bank.reserve(acting.learner, wanted, acting.at, self._day(acting.at), acting.by)
        except BankError as error:
            raise _told(error) from error

    async def settle(self, acting: Acting, ref: str, *, collected: bool) -> None:
        """The thing is handed out, or the order cancelled."""
        order = await self._database.read(lambda t: bank.order_of(t, ref))
        if order is None or order.learner != acting.learner:
            raise TicketError("invalid", _WORDS["invalid"])
        await self._note(acting, "learner.collect" if collected else "learner.cancel", ref)
        settle = self._bank.collect if collected else self._bank.cancel
        try:
            await settle(ref, acting.by, acting.at, self._day(acting.at))
        except BankError as error:
            raise _told(error) from error

    async def enrol(self, acting: Acting, group: str, id: str) -> EnrolmentStatus:
        """Takes a place, a number or a lot for somebody who asks a person; the same again changes nothing."""
        await self._note(acting, "learner.enrol", group)
        by, key = acting.by, f"{acting.by}:{id}"
        return await self._changed(self._accounts.enrolments.enrol(acting.learner, group, key, by, acting.at))

    async def withdraw(self, acting: Acting, group: str, id: str) -> EnrolmentStatus:
        await self._note(acting, "learner.withdraw", group)
        by, key = acting.by, f"{acting.by}:{id}"
        return await self._changed(self._accounts.enrolments.withdraw(acting.learner, group, key, by, acting.at))

    async def _changed(self, work: Awaitable[EnrolmentStatus]) -> EnrolmentStatus:
        try:
            found = await work
        except EnrolError as error:
            raise TicketError("invalid", _ENROL.get(error.code, "现在办不了")) from error
        await self._accounts.enrolments.refresh()
        return found

    async def earn(self, card: str, learnt: Learnt) -> float:
        """Enters what another system saw somebody do; the credits that came of it."""
        row = await self.cards.find(card)
        try:
            return await self._bank.earn(row.id, learnt) / 10
        except BankError as error:
            raise _told(error) from error

    # -- taking back, in front of four eyes

    async def ask_reversal(self, acting: Acting, entry: int, note: str) -> int:
        """Of the learner's own lines alone."""

        def work(transaction: Transaction) -> int:
            line = bank.entry(transaction, entry)
            if line is None or line.learner != acting.learner:
                raise TicketError("not_found", "这位学员没有这一笔")
            return reversals.ask(transaction, entry, note, acting.by, acting.at)

        await self._note(acting, "learner.reversal", str(entry))
        return await self._database.write(work)

    async def reversals(self) -> list[ReversalRow]:
        return await self._database.read(reversals.asked)

    async def decide(self, id: int, *, yes: bool, by: str, now: int) -> None:
        """The word of a supervisor who did not ask for it."""
        row = await self._database.read(lambda t: reversals.get(t, id))
        if row is None or row.state != "asked":
            raise TicketError("not_found", "没有等着复核的这一笔")
        if row.by == by:
            raise TicketError("not_yours", "自己提的冲正要由另一位同事复核")
        if yes:
            try:
                await self._bank.reverse(row.entry, row.by, by, row.note, self._day(now), now)
            except BankError as error:
                raise _told(error) from error
        await self._database.write(lambda t: reversals.decide(t, id, "done" if yes else "refused", by))

    def _day(self, now: int) -> date:
        return datetime.fromtimestamp(now / 1000, self._zone).date()


def _talk(transaction: Transaction, ref: str) -> conversations.ConversationRow:
    row = tickets.get(transaction, ref)
    talk = conversations.get(transaction, row.conversation) if row else None
    if talk is None:
        raise no_ticket(ref)
    return talk


def _told(error: BankError) -> TicketError:
    return TicketError("invalid", _WORDS.get(error.code, "现在办不了"))
