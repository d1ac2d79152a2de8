"""Who works at the desk, what each role may, and what administrators do with accounts."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from desk.errors import SignInError, TicketError
from desk.names import unfit
from desk.passwords import Passwords, one_time
from desk.routing import Free
from store import conversations, people
from store.database import ConflictError, Database
from store.engine import Value
from store.people import SeatRow, SessionRow, VouchedRow
from store.transaction import Transaction
from store.units import DAY

Role = Literal["seat", "supervisor", "editor", "administrator", "auditor"]
ROLES: tuple[Role, ...] = ("seat", "supervisor", "editor", "administrator", "auditor")
# What may be done, and by whom. Every endpoint declares one of these; there is no other way in.
PERMISSIONS: Mapping[str, frozenset[str]] = {
    "self": frozenset(ROLES),
    "credentials.own": frozenset(ROLES),
    "ticket.read": frozenset({"seat", "supervisor"}),
    "ticket.work": frozenset({"seat", "supervisor"}),
    "ticket.direct": frozenset({"supervisor"}),
    "resident.reveal": frozenset({"seat", "supervisor"}),
    "resident.bind": frozenset({"seat", "supervisor"}),
    "resident.erase": frozenset({"administrator"}),
    "bank.read": frozenset({"seat", "supervisor"}),
    "bank.order": frozenset({"seat", "supervisor"}),
    "bank.dispute": frozenset({"seat", "supervisor"}),
    "bank.approve": frozenset({"supervisor"}),
    "bank.earn": frozenset({"administrator"}),
    "broadcast.write": frozenset({"editor", "supervisor"}),
    "broadcast.approve": frozenset({"supervisor", "administrator"}),
    "board.read": frozenset({"supervisor"}),
    "report.read": frozenset({"supervisor", "administrator", "auditor"}),
    "quality.write": frozenset({"supervisor"}),
    "hours.write": frozenset({"supervisor", "administrator"}),
    "knowledge.read": frozenset({"seat", "supervisor", "editor"}),
    "knowledge.draft": frozenset({"seat", "supervisor", "editor"}),
    "knowledge.review": frozenset({"editor", "supervisor"}),
    "catalogue.write": frozenset({"editor", "supervisor", "administrator"}),
    "canned.write": frozenset({"seat", "supervisor", "editor"}),
    "people.write": frozenset({"administrator"}),
    "token.write": frozenset({"administrator"}),
    "webhook.write": frozenset({"administrator"}),
    "system.read": frozenset({"administrator", "supervisor"}),
    "queue.retry": frozenset({"administrator", "supervisor"}),
    "audit.read": frozenset({"auditor", "administrator"}),
}
# What no program does in anybody's name: make others who may, tell others what happens, destroy.
BY_PEOPLE_ALONE = frozenset({"people.write", "credentials.own", "token.write", "webhook.write", "resident.erase"})
ONE_TIME = 7 * DAY  # ms that a one-time password is good
SHOWN = 50  # people whom the identity provider vouched for, and whom nobody has linked


@dataclass(frozen=True, slots=True)
class Seat:
    """An account, or whoever is signed in; `one_time`: with a password that must be changed before anything else;
    `is_program`: with a token, which other systems hold."""

    name: str
    shown: str
    role: str
    skills: tuple[str, ...]
    langs: tuple[str, ...]
    capacity: int
    place: str | None
    phone: str | None
    one_time: bool
    totp: bool
    active: bool
    subject: str | None  # who it is to the identity provider
    is_program: bool = False

    @property
    def version(self) -> str:
        """Another one, once somebody has changed the account."""
        given = (self.shown, self.role, self.skills, self.langs, self.capacity, self.place, self.phone, self.active)
        return digest(repr(given))

    def may(self, permission: str) -> bool:
        if self.is_program and permission in BY_PEOPLE_ALONE:
            return False
        return self.active and self.role in PERMISSIONS[permission]

    @staticmethod
    def of(row: SeatRow) -> "Seat":
        return Seat(
            row.name, row.shown, row.role, tuple(json.loads(row.skills)), tuple(json.loads(row.langs)), row.capacity,
            row.place, row.phone, bool(row.one_time), row.totp is not None, bool(row.active), row.subject,
        )  # fmt: skip


class Ended(Struct, frozen=True):
    """What a change of an account has ended: `pages` that were signed in, and `tokens` of other systems, by their labels."""

    pages: int
    tokens: list[str]


NOTHING_ENDED = Ended(0, [])


def end_sessions(transaction: Transaction, name: str, now: int, *, but: str = "") -> Ended:
    """Signs an account out everywhere but in the session with this digest, and ends its tokens."""
    ended = [each for each in people.sign_out_everywhere(transaction, name, but=but) if each.expires_at >= now]
    labels = [each.label for each in ended if each.kind == "token"]
    return Ended(len(ended) - len(labels), labels)


def digest(token: str) -> str:
    """What is kept of a token: whoever reads the database cannot sign in with it."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_called(transaction: Transaction, name: str, shown: str) -> None:
    """Raises `TicketError` where an account must not be called or shown that; nobody else changes one before the commit."""
    transaction.alone("accounts")
    there = {row.name: row.shown for row in people.everybody(transaction)}
    if (wrong := unfit(name, shown, there)) is not None:
        raise TicketError("taken" if wrong.is_taken else "invalid", wrong.said.zh, wrong.said.en)


def taking(transaction: Transaction, now: int) -> tuple[list[Free], frozenset[str]]:
    """The seats that take offers now, as if with nothing in hand; and the organisations that have seats of their own."""
    ready = {name for name, takes in people.here(transaction, now).items() if takes}
    everybody = [Seat.of(row) for row in people.everybody(transaction)] if ready else []
    free = [
        Free(each.name, each.capacity, skills=frozenset(each.skills), langs=frozenset(each.langs), place=each.place)
        for each in everybody
        if each.name in ready and each.may("ticket.work")
    ]
    return free, frozenset(each.place for each in everybody if each.place and each.active)


def at_the_desk(transaction: Transaction, now: int) -> frozenset[str]:
    """Who may work on tickets and has a page open, taking offers or not."""
    there = {page.seat for page in people.present(transaction, now)}
    return frozenset(
        row.name for row in people.everybody(transaction) if row.name in there and Seat.of(row).may("ticket.work")
    )


def supervisors(transaction: Transaction) -> list[Seat]:
    """Who answers for the desk, there or not."""
    return [seat for row in people.everybody(transaction) if (seat := Seat.of(row)).may("ticket.direct")]


@dataclass(frozen=True, slots=True)
class Profile:
    """How a seat is called (empty: by the name of the account), what they can do, how much at once, and where they are."""

    shown: str = ""
    skills: Sequence[str] = ()
    langs: Sequence[str] = ("zh",)
    capacity: int = 4
    place: str | None = None
    phone: str | None = None


class People:
    """What administrators do. Times are in ms."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    async def all(self) -> list[Seat]:
        return [Seat.of(row) for row in await self._database.read(people.everybody)]

    async def get(self, name: str) -> Seat | None:
        row = await self._database.read(lambda t: people.get(t, name))
        return Seat.of(row) if row else None

    async def add(self, name: str, role: str, now: int, by: str, profile: Profile = Profile()) -> str:
        """A new account; its one-time password. Raises `SignInError` when the name is taken, `TicketError` when nobody may be
        called that."""
        password = one_time()
        row = SeatRow(
            name, profile.shown or name, role, await self._passwords.hash(password), now + ONE_TIME, None, 0, None,
            as_json(profile.skills), as_json(profile.langs), profile.capacity, profile.place, profile.phone, 1,
        )  # fmt: skip

        def work(transaction: Transaction) -> None:
            check_called(transaction, name, profile.shown)
            people.add(transaction, row)
            conversations.audited(transaction, by, "people.add", name, role, now)

        try:
            await self._database.write(work)
        except ConflictError as error:
            raise SignInError("taken", f"用户名 {name} 已经有人用了") from error
        return password

    async def change(self, name: str, by: str, now: int, *, version: str, **new: Value | list[str]) -> Ended | None:
        """Changes an account, if it still has the version that was looked at: role, shown, skills, langs, capacity, place,
        phone, active. An administrator remains. Another role, or none any more, ends whatever was signed in under the
        former one; None where that goes on."""
        values = {key: as_json(value) if isinstance(value, list) else value for key, value in new.items()}

        def work(transaction: Transaction) -> Ended | None:
            row = self._account(transaction, name)
            if Seat.of(row).version != version:
                raise TicketError("outdated", "别人刚改过这个账号，请刷新")
            meant = {key: value for key, value in values.items() if getattr(row, key) != value}
            if not meant:
                return None
            check_called(transaction, name, str(meant.get("shown", "")))
            people.change(transaction, name, **meant)
            if not any(Seat.of(row).may("people.write") for row in people.everybody(transaction)):
                raise TicketError("barred", "至少要留一位在用的管理员")
            conversations.audited(transaction, by, "people.change", name, ",".join(sorted(meant)), now)
            return end_sessions(transaction, name, now) if meant.keys() & {"role", "active"} else None

        return await self._database.write(work)

    async def reset_password(self, name: str, by: str, now: int) -> tuple[str, Ended]:
        """A new one-time password, and what it ended; guesses are counted anew, and the second factor is taken away."""
        password = one_time()
        hashed = await self._passwords.hash(password)

        def work(transaction: Transaction) -> Ended:
            self._account(transaction, name)
            people.change(transaction, name, password=hashed, one_time=now + ONE_TIME, totp=None)
            conversations.audited(transaction, by, "password.reset", name, "", now)
            return end_sessions(transaction, name, now)

        return password, await self._database.write(work)

    def _account(self, transaction: Transaction, name: str) -> SeatRow:
        """The account, which nobody else changes before the commit. Raises `SignInError`."""
        transaction.alone("accounts")  # or two administrators take it from each other at once
        row = people.get(transaction, name)
        if row is None:
            raise SignInError("not_found", f"没有用户 {name}")
        return row

    # -- who it is to the identity provider

    async def vouched(self) -> list[VouchedRow]:
        """Whom the identity provider vouched for, and who has no account here."""
        return await self._database.read(lambda t: people.waiting(t, SHOWN))

    async def link(self, name: str, subject: str, by: str, now: int) -> None:
        """From here on somebody who was vouched for signs in to this account. Raises `SignInError`, `TicketError`."""

        def work(transaction: Transaction) -> None:
            self._account(transaction, name)
            if people.by_subject(transaction, subject) is not None:
                raise TicketError("taken", "这个身份已经和一个账号连上了")
            if not people.forget_vouched(transaction, subject):
                raise TicketError("not_found", "没有这个待连接的身份：请本人先用统一身份认证登录一次")
            people.change(transaction, name, subject=subject)
            conversations.audited(transaction, by, "people.link", name, subject, now)

        await self._database.write(work)

    async def unlink(self, name: str, by: str, now: int) -> Ended:
        """Nobody signs in to this account by the identity provider any more; who has, is out."""

        def work(transaction: Transaction) -> Ended:
            row = self._account(transaction, name)
            if row.subject is None:
                return NOTHING_ENDED
            people.change(transaction, name, subject=None)
            conversations.audited(transaction, by, "people.unlink", name, row.subject, now)
            return end_sessions(transaction, name, now)

        return await self._database.write(work)

    # -- tokens for other systems

    async def tokens(self) -> list[SessionRow]:
        return await self._database.read(lambda t: people.sessions(t, "token"))

    async def drop_token(self, digest: str, by: str, now: int, *, own: bool) -> None:
        """One's `own`, or anybody's. Raises `TicketError` where there is no such token."""

        def work(transaction: Transaction) -> None:
            known = next((each for each in people.sessions(transaction, "token") if each.digest == digest), None)
            if known is None or (own and known.seat != by) or not people.sign_out(transaction, digest):
                raise TicketError("not_found", "没有这个令牌")
            conversations.audited(transaction, by, "token.drop", known.seat, known.label, now)

        await self._database.write(work)


def as_json(values: Sequence[object]) -> str:
    """A list as a row keeps it."""
    return json.dumps(list(values), ensure_ascii=False)
