"""Who works at the desk, what each role may, and how one signs in."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import argon2
import pyotp

from desk.errors import Refusal, TicketError
from desk.routing import Free
from store import conversations, people
from store.database import ConflictError, Database, Transaction, Value
from store.people import SeatRow, SessionRow

Role = Literal["seat", "supervisor", "editor", "administrator", "auditor"]
ROLES: tuple[Role, ...] = ("seat", "supervisor", "editor", "administrator", "auditor")
# What may be done, and by whom. Every endpoint declares one of these; there is no other way in.
PERMISSIONS: Mapping[str, frozenset[str]] = {
    "self": frozenset(ROLES),
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
TRIES, LOCKED = 5, 15 * 60_000  # wrong passwords before an account is locked, and for how long (ms)
TOKEN_DAYS = 365
DAY = 86_400_000
SHORTEST = 10  # characters of a password
OIDC = "oidc"  # the label of a session for which the identity provider vouched
_HASHER = argon2.PasswordHasher()  # the library's defaults are RFC 9106's second recommendation


class SignInError(Exception):
    """Not let in; the message says why, without saying whether the name exists."""

    def __init__(self, code: Refusal, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Seat:
    """An account, or whoever is signed in; `one_time`: with a password that must be changed before anything else."""

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

    @property
    def version(self) -> str:
        """Another one, once somebody has changed the account."""
        given = (self.shown, self.role, self.skills, self.langs, self.capacity, self.place, self.phone, self.active)
        return digest(repr(given))

    def may(self, permission: str) -> bool:
        return self.active and self.role in PERMISSIONS[permission]

    @staticmethod
    def of(row: SeatRow) -> "Seat":
        return Seat(
            row.name, row.shown, row.role, tuple(json.loads(row.skills)), tuple(json.loads(row.langs)), row.capacity,
            row.place, row.phone, bool(row.one_time), row.totp is not None, bool(row.active),
        )  # fmt: skip


def digest(token: str) -> str:
    """What is kept of a token: whoever reads the database cannot sign in with it."""
    return hashlib.sha256(token.encode()).hexdigest()


def taking(transaction: Transaction, now: int) -> tuple[list[Free], frozenset[str]]:
    """The seats that take offers now, as if with nothing in hand; and the organisations that have seats of their own."""
    ready = {page.seat for page in people.present(transaction, now) if page.ready}
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


class People:
    """`lasts` is how long an unused session stays, in minutes."""

    def __init__(self, database: Database, lasts: int) -> None:
        self._database = database
        self._lasts = lasts * 60_000

    async def all(self) -> list[Seat]:
        return [Seat.of(row) for row in await self._database.read(people.everybody)]

    async def get(self, name: str) -> Seat | None:
        row = await self._database.read(lambda t: people.get(t, name))
        return Seat.of(row) if row else None

    # -- signing in

    async def sign_in(self, name: str, password: str, code: str, now: int) -> str:
        """A session's token. Raises `SignInError`."""
        row = await self._database.read(lambda t: people.get(t, name))
        right = await asyncio.to_thread(_matches, row.password if row else None, password)
        if row is not None and row.locked_until > now:
            raise SignInError("locked", "密码错得太多，账号锁定 15 分钟，请稍后再试或找管理员")
        if row is None or not right or not row.active:
            await self._failed(row, name, now)
            raise SignInError("wrong", "用户名或密码不对")
        if row.totp is not None:
            if not code:
                raise SignInError("code_needed", "请输入动态验证码")
            if not pyotp.TOTP(row.totp).verify(code, valid_window=1):
                await self._failed(row, name, now)
                raise SignInError("wrong_code", "动态验证码不对")
        return await self._open(row, "page", "", now, self._lasts)

    async def sign_in_as(self, subject: str, name: str, now: int) -> str:
        """For somebody whom the identity provider vouches for. Raises `SignInError` where nobody here is meant."""
        row = await self._database.read(lambda t: people.by_subject(t, subject) or people.get(t, name))
        if row is None or not row.active or row.subject not in (None, subject):
            raise SignInError("wrong", "统一身份认证通过了，但这里还没有您的账号，请找管理员")
        if row.subject is None:
            await self._database.write(lambda t: people.change(t, row.name, subject=subject))
        return await self._open(row, "page", OIDC, now, self._lasts)

    async def _failed(self, row: SeatRow | None, name: str, now: int) -> None:
        def work(transaction: Transaction) -> None:
            conversations.audited(transaction, row.name if row else "?", "sign_in.failed", "", "", now)
            current = people.get(transaction, name)
            if current is None:
                return
            failures = current.failures + 1
            locked = now + LOCKED if failures >= TRIES else current.locked_until
            people.change(transaction, name, failures=0 if failures >= TRIES else failures, locked_until=locked)

        await self._database.write(work)

    async def _open(self, row: SeatRow, kind: str, label: str, now: int, lasts: int) -> str:
        token = secrets.token_urlsafe(32)

        def work(transaction: Transaction) -> None:
            people.sign_in(transaction, SessionRow(digest(token), row.name, kind, label, now, now, now + lasts))
            if row.failures:
                people.change(transaction, row.name, failures=0)
            conversations.audited(transaction, row.name, f"sign_in.{kind}", "", label, now)

        await self._database.write(work)
        return token

    async def who(self, token: str, now: int) -> Seat | None:
        """Whose session this is; None where it has ended."""
        key = digest(token)
        found = await self._database.read(lambda t: people.whose(t, key))
        if found is None:
            return None
        session, row = found
        if session.expires_at < now:
            return None
        if session.kind == "page" and session.used_at + self._lasts < now:
            return None
        if now - session.used_at > 60_000:
            await self._database.write(lambda t: people.use(t, key, now))
        by_password = session.kind == "page" and session.label != OIDC
        return replace(Seat.of(row), one_time=bool(row.one_time) and by_password)

    async def sign_out(self, token: str, now: int) -> None:
        key = digest(token)
        await self._database.write(lambda t: people.sign_out(t, key))

    # -- accounts

    async def add(
        self, name: str, role: str, now: int, by: str, *, shown: str = "", skills: Sequence[str] = (),
        langs: Sequence[str] = ("zh",), capacity: int = 4, place: str | None = None, phone: str | None = None,
    ) -> str:  # fmt: skip
        """A new account; its one-time password. Raises `SignInError` when the name is taken."""
        password = secrets.token_urlsafe(9)
        row = SeatRow(
            name, shown or name, role, await asyncio.to_thread(_HASHER.hash, password), 1, None, None, _json(skills),
            _json(langs), capacity, place, phone, 1, 0, 0,
        )  # fmt: skip

        def work(transaction: Transaction) -> None:
            people.add(transaction, row)
            conversations.audited(transaction, by, "people.add", name, role, now)

        try:
            await self._database.write(work)
        except ConflictError as error:
            raise SignInError("taken", f"用户名 {name} 已经有人用了") from error
        return password

    async def change(self, name: str, by: str, now: int, *, version: str, **new: Value | list[str]) -> None:
        """Changes an account, if it still has the version that was looked at: role, shown, skills, langs, capacity, place,
        phone, active. An administrator remains."""
        values = {key: _json(value) if isinstance(value, list) else value for key, value in new.items()}

        def work(transaction: Transaction) -> None:
            transaction.alone("accounts")  # or two administrators take it from each other at once
            row = people.get(transaction, name)
            if row is None:
                raise SignInError("not_found", f"没有用户 {name}")
            if Seat.of(row).version != version:
                raise TicketError("outdated", "别人刚改过这个账号，请刷新")
            people.change(transaction, name, **values)
            if not any(Seat.of(row).may("people.write") for row in people.everybody(transaction)):
                raise TicketError("barred", "至少要留一位在用的管理员")
            if not values.get("active", 1):
                people.sign_out_everywhere(transaction, name)
            conversations.audited(transaction, by, "people.change", name, ",".join(sorted(values)), now)

        await self._database.write(work)

    async def set_password(self, name: str, old: str, new: str, now: int, token: str | None = None) -> None:
        """Raises `SignInError` where the old one is wrong or the new one too weak; ends all sessions but that of `token`."""
        row = await self._database.read(lambda t: people.get(t, name))
        if row is None or not await asyncio.to_thread(_matches, row.password, old):
            raise SignInError("wrong", "原密码不对")
        if len(new) < SHORTEST or new == old or len(set(new)) < 5:
            raise SignInError("weak", f"新密码至少 {SHORTEST} 个字符，不能太简单，也不能与原密码相同")
        hashed = await asyncio.to_thread(_HASHER.hash, new)

        def work(transaction: Transaction) -> None:
            people.change(transaction, name, password=hashed, one_time=0)
            people.sign_out_everywhere(transaction, name, but=digest(token) if token else "")
            conversations.audited(transaction, name, "password.change", name, "", now)

        await self._database.write(work)

    async def reset_password(self, name: str, by: str, now: int) -> str:
        """A new one-time password; unlocks the account, and takes its second factor away."""
        password = secrets.token_urlsafe(9)
        hashed = await asyncio.to_thread(_HASHER.hash, password)

        def work(transaction: Transaction) -> None:
            if people.get(transaction, name) is None:
                raise SignInError("not_found", f"没有用户 {name}")
            people.change(transaction, name, password=hashed, one_time=1, totp=None, failures=0, locked_until=0)
            people.sign_out_everywhere(transaction, name)
            conversations.audited(transaction, by, "password.reset", name, "", now)

        await self._database.write(work)
        return password

    # -- the second factor

    def new_secret(self, name: str) -> tuple[str, str]:
        """A secret, and the address that an authenticator reads from a picture of it."""
        secret = pyotp.random_base32()
        return secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Daoxue")

    async def set_totp(self, name: str, secret: str | None, code: str, now: int) -> None:
        """Switches the second factor on, once its first code is right; or off, with a code of it."""
        row = await self._database.read(lambda t: people.get(t, name))
        assert row is not None
        against = secret if secret is not None else row.totp
        if against is None or not pyotp.TOTP(against).verify(code, valid_window=1):
            raise SignInError("wrong_code", "动态验证码不对")

        def work(transaction: Transaction) -> None:
            people.change(transaction, name, totp=secret)
            conversations.audited(transaction, name, "totp.on" if secret else "totp.off", name, "", now)

        await self._database.write(work)

    # -- tokens for other systems

    async def add_token(self, name: str, label: str, by: str, now: int) -> str:
        """A token that acts as this account for a year. Raises `SignInError`."""
        row = await self._database.read(lambda t: people.get(t, name))
        if row is None or not row.active:
            raise SignInError("not_found", f"没有用户 {name}")
        token = await self._open(row, "token", label, now, TOKEN_DAYS * DAY)
        await self._database.write(lambda t: conversations.audited(t, by, "token.add", name, label, now))
        return token

    async def tokens(self) -> list[SessionRow]:
        return await self._database.read(lambda t: people.sessions(t, "token"))

    async def drop_token(self, digest: str, by: str, now: int) -> None:
        def work(transaction: Transaction) -> None:
            people.sign_out(transaction, digest)
            conversations.audited(transaction, by, "token.drop", digest[:8], "", now)

        await self._database.write(work)


@cache
def _nobody() -> str:
    """What is compared when there is no such name: it takes as long."""
    return _HASHER.hash(secrets.token_urlsafe(16))


def _matches(hashed: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(hashed or _nobody(), password)
    except argon2.exceptions.VerificationError:
        return False


def _json(values: Sequence[object]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
