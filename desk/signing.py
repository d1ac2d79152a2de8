"""How somebody signs in at the desk, and what they change about that themselves: the password, and the second factor."""

import secrets
from dataclasses import dataclass, replace

import pyotp

from desk.attempts import NOWHERE, Attempts, Caller, Guess
from desk.errors import SignInError, TicketError
from desk.oidc import Vouched
from desk.passwords import Passwords
from desk.people import Ended, Seat, digest, end_sessions
from knowledge.words import Words
from store import conversations, people
from store.database import Database
from store.people import SeatRow, SessionRow, VouchedRow
from store.transaction import Transaction
from store.units import DAY

_THE_SAME = Words("和原来的一样", "it is the old one")
OIDC = "oidc"  # the label of a session for which the identity provider vouched
TOKEN_DAYS = 365
VOUCHED_DAYS = 30  # that somebody who was vouched for waits to be linked
WRONG = "用户名或密码不对"
WRONG_PASSWORD = "原密码不对"  # noqa: S105 - it says that it is not
WRONG_CODE = "动态验证码不对，或者已经用过：请等验证器显示下一个再输"
CHANGED = "这个账号刚刚有变动，请重新登录"


@dataclass(frozen=True, slots=True)
class Factor:
    """How the second factor is to be: `secret` the new one, None to have none; `code` of it; `old` of the present one."""

    secret: str | None
    code: str
    old: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is for, with the password, and a code where there is a second factor."""

    label: str
    password: str
    code: str = ""


class SignIn:
    """`lasts` is how long an unused session stays, in minutes; all other times are in ms. Raises `SignInError`."""

    def __init__(self, database: Database, passwords: Passwords, attempts: Attempts, lasts: int) -> None:
        self._database = database
        self._passwords = passwords
        self._attempts = attempts
        self._lasts = lasts * 60_000

    async def sign_in(self, name: str, password: str, code: str, now: int, caller: Caller = NOWHERE) -> str:
        """A session's token."""
        row = await self._database.read(lambda t: people.get(t, name))
        guess = self._attempts.guess(name, row.password if row else "", caller, now)
        right = await self._is_right(row, password, guess)
        if not (row is not None and right and _is_beyond_guessing(row, code, guess, now)):
            guess.check_anywhere()
        if row is None or not right or not row.active:
            raise await self._wrong(guess, row, now, SignInError("wrong", WRONG))
        if 0 < row.one_time < now:
            raise SignInError("expired", "这个一次性密码已经过期，请找管理员重置")
        if row.totp is not None and not code:
            raise SignInError("code_needed", "请输入动态验证码")
        renewed = await self._passwords.renewed(row.password, password)
        token = secrets.token_urlsafe(32)

        def work(transaction: Transaction) -> bool:
            _unchanged(transaction, row)
            if row.totp is not None and not _take_code(transaction, row, code, now):
                return False
            if renewed != row.password:
                people.change(transaction, name, password=renewed)
            self._open(transaction, row, "", token, now)
            return True

        if not await self._database.write(work):
            raise await self._wrong(guess, row, now, SignInError("wrong_code", WRONG_CODE))
        return token

    async def sign_in_as(self, vouched: Vouched, now: int) -> str:
        """A session's token, for somebody whom the identity provider vouches for and whom an administrator has linked. Whom
        nobody has, waits for that."""
        token = secrets.token_urlsafe(32)

        def work(transaction: Transaction) -> bool:
            transaction.alone("accounts")
            row = people.by_subject(transaction, vouched.subject)
            if row is not None and row.active:
                self._open(transaction, row, OIDC, token, now)
            elif row is not None:
                conversations.audited(transaction, row.name, "sign_in.failed", "", "inactive", now)
            else:
                people.forget_old_vouched(transaction, now - VOUCHED_DAYS * DAY)
                people.vouch(transaction, VouchedRow(vouched.subject, vouched.name, now))
            return row is not None and bool(row.active)

        if not await self._database.write(work):
            raise SignInError("unlinked", "统一身份认证通过了，但还没有和这里的账号连上，请找管理员")
        return token

    def _open(self, transaction: Transaction, row: SeatRow, label: str, token: str, now: int) -> None:
        session = SessionRow(digest(token), row.name, "page", label, now, now, now + self._lasts)
        people.sign_in(transaction, session)
        conversations.audited(transaction, row.name, "sign_in.page", "", label, now)

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
        is_program = session.kind == "token"
        by_password = not is_program and session.label != OIDC
        return replace(Seat.of(row), one_time=bool(row.one_time) and by_password, is_program=is_program)

    async def sign_out(self, token: str, now: int) -> None:
        """Ends the session, or the token itself where it is one for another system."""
        key = digest(token)

        def work(transaction: Transaction) -> None:
            found = people.whose(transaction, key)
            if found is not None and people.sign_out(transaction, key):
                session, row = found
                done = "token.drop" if session.kind == "token" else "sign_out"
                conversations.audited(transaction, row.name, done, row.name, session.label, now)

        await self._database.write(work)

    async def set_password(
        self, name: str, old: str, new: str, now: int, token: str = "", caller: Caller = NOWHERE
    ) -> Ended:
        """Changes it, if the old one is right and the new one not easily guessed; ends all sessions but that of `token`, and
        the tokens of other systems."""
        row = await self._proven(name, old, now, caller)
        if 0 < row.one_time < now:
            raise SignInError("expired", "这个一次性密码已经过期，请找管理员重置")
        wrong = _THE_SAME if new == old else await self._passwords.weakness(new, [name, row.shown])
        if wrong is not None:
            raise TicketError("weak", f"新密码不能用：{wrong.zh}", f"The new password will not do: {wrong.en}")
        hashed = await self._passwords.hash(new)

        def work(transaction: Transaction) -> Ended:
            _unchanged(transaction, row)
            people.change(transaction, name, password=hashed, one_time=0)
            conversations.audited(transaction, name, "password.change", name, "", now)
            return end_sessions(transaction, name, now, but=digest(token) if token else "")

        return await self._database.write(work)

    async def set_factor(self, name: str, factor: Factor, password: str, now: int, caller: Caller = NOWHERE) -> None:
        """Switches the second factor on, over to another secret, or off: with the password, and a code of each that is
        there."""
        row = await self._proven(name, password, now, caller)
        step = _step(factor.secret, factor.code, 0, now) if factor.secret is not None else row.totp_step

        def work(transaction: Transaction) -> bool:
            _unchanged(transaction, row)
            if step is None or (row.totp is not None and not _take_code(transaction, row, factor.old, now)):
                return False
            people.change(transaction, name, totp=factor.secret, totp_step=step)
            conversations.audited(transaction, name, "totp.on" if factor.secret else "totp.off", name, "", now)
            return True

        if not await self._database.write(work):
            guess = self._attempts.guess(name, row.password, caller, now)
            raise await self._wrong(guess, row, now, SignInError("wrong_code", WRONG_CODE))

    async def add_token(self, name: str, new: NewToken, now: int, caller: Caller = NOWHERE) -> str:
        """A token that acts as this account for a year: nobody makes one in another's name. It takes what signing in does,
        for it lasts longer than what is open on a page."""
        row = await self._proven(name, new.password, now, caller)
        token = secrets.token_urlsafe(32)

        def work(transaction: Transaction) -> bool:
            _unchanged(transaction, row)
            if row.totp is not None and not _take_code(transaction, row, new.code, now):
                return False
            session = SessionRow(digest(token), name, "token", new.label, now, now, now + TOKEN_DAYS * DAY)
            people.sign_in(transaction, session)
            conversations.audited(transaction, name, "token.add", name, new.label, now)
            return True

        if not await self._database.write(work):
            guess = self._attempts.guess(name, row.password, caller, now)
            raise await self._wrong(guess, row, now, SignInError("wrong_code", WRONG_CODE))
        return token

    # -- guesses

    async def _proven(self, name: str, password: str, now: int, caller: Caller) -> SeatRow:
        """The account, whose password this is."""
        row = await self._database.read(lambda t: people.get(t, name))
        guess = self._attempts.guess(name, row.password if row else "", caller, now)
        right = await self._is_right(row, password, guess)
        guess.check_anywhere()
        if row is None or not right:
            raise await self._wrong(guess, row, now, SignInError("wrong", WRONG_PASSWORD))
        return row

    async def _is_right(self, row: SeatRow | None, password: str, guess: Guess) -> bool:
        """Compared also where all guesses together are too many, so that nothing tells whose account may be let in then."""
        guess.check()
        right = await self._passwords.matches(row.password if row else None, password, known=guess.known)
        guess.check()  # others may have guessed wrong while this one waited
        return right

    async def _wrong(self, guess: Guess, row: SeatRow | None, now: int, error: SignInError) -> SignInError:
        """What to say, once the guess is counted and written down."""
        guess.was_wrong()
        whose = row.name if row else "?"
        await self._database.write(
            lambda t: conversations.audited(t, whose, "sign_in.failed", "", str(error.code), now)
        )
        return error


def _unchanged(transaction: Transaction, row: SeatRow) -> None:
    """That nobody has changed meanwhile what was proven by this row, nor does before the commit."""
    transaction.alone("accounts")
    now = people.get(transaction, row.name)
    if now is None or (now.password, now.totp, now.active) != (row.password, row.totp, row.active):
        raise SignInError("outdated", CHANGED)


def _is_beyond_guessing(row: SeatRow, code: str, guess: Guess, now: int) -> bool:
    """Whether a right password was not guessed: it is one of chance, or comes with a code that is good."""
    if row.totp is None:
        return row.one_time > now
    return bool(code) and guess.may_be_code(is_good=_step(row.totp, code, row.totp_step, now) is not None)


def _take_code(transaction: Transaction, row: SeatRow, code: str, now: int) -> bool:
    """Whether it is a code of the account's second factor that nobody has used; from here on it is used."""
    assert row.totp is not None
    step = _step(row.totp, code, row.totp_step, now)
    return step is not None and people.use_code(transaction, row.name, step)


def _step(secret: str, code: str, after: int, now: int) -> int | None:
    """Which thirty seconds since 1970 a code belongs to: these, those before or those that come, but later than those of
    the last that was used."""
    try:
        step = pyotp.TOTP(secret).verify_and_get_timecode(code.replace(" ", ""), for_time=now / 1000, valid_window=1)
    except pyotp.OTPVerificationError:
        return None
    return step if step > after else None


def new_secret(name: str) -> tuple[str, str]:
    """A secret, and the address that an authenticator reads from a picture of it."""
    secret = pyotp.random_base32()
    return secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Daoxue")
