"""People at the desk, their sessions, and which of their pages are open."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import IntEnum
from functools import cache

from sqlalchemy import bindparam, case, delete, select, update

from store.engine import Row, Value
from store.schema import presence, seat, session, vouched
from store.transaction import Statement, Transaction, adding


@dataclass(frozen=True, slots=True)
class SeatRow:
    """The columns of `store.schema.seat`, in their order; `skills` and `langs` are JSON lists. `one_time` is until when a
    one-time password is good (ms), `totp_step` the last code that was taken (its thirty seconds since 1970)."""

    name: str
    shown: str
    role: str
    password: str
    one_time: int
    totp: str | None
    totp_step: int
    subject: str | None
    skills: str
    langs: str
    capacity: int
    place: str | None
    phone: str | None
    active: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """`kind` is page or token; `digest` is all that is kept of the token."""

    digest: str
    seat: str
    kind: str
    label: str
    created_at: int
    used_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class VouchedRow:
    """Somebody whom the identity provider vouched for: `subject` is who it is for ever, `name` what they chose."""

    subject: str
    name: str
    at: int


class Ready(IntEnum):
    """Whether a seat takes offers, by a page of theirs."""

    PAUSED = 0
    TAKING = 1
    GONE = 2  # did until the page went, and does again if it comes back within its lease


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """One open page of a seat, until its lease ends; `ready` is a `Ready`."""

    page: str
    seat: str
    ready: int
    until: int


_SEAT = [seat.c[each.name] for each in fields(SeatRow)]
_ADD = Statement(adding(seat))
_GET = Statement(select(*_SEAT).where(seat.c.name == bindparam("name")))
_BY_SUBJECT = Statement(select(*_SEAT).where(seat.c.subject == bindparam("subject")))
_ALL = Statement(select(*_SEAT).order_by(seat.c.name))
_SESSION = [session.c[each.name] for each in fields(SessionRow)]
_SIGN_IN = Statement(adding(session))
_WHOSE = Statement(
    select(*_SESSION, *_SEAT)
    .join(seat, seat.c.name == session.c.seat)
    .where(session.c.digest == bindparam("digest"), seat.c.active == 1)
)
_SESSIONS = Statement(
    select(*_SESSION).where(session.c.kind == bindparam("kind")).order_by(session.c.created_at.desc())
)
_USE = Statement(update(session).where(session.c.digest == bindparam("which")).values(used_at=bindparam("at")))
_SIGN_OUT = Statement(delete(session).where(session.c.digest == bindparam("digest")))
_LAPSE = Statement(delete(session).where(session.c.expires_at < bindparam("now")))
_SIGN_OUT_ALL = Statement(
    delete(session).where(session.c.seat == bindparam("seat"), session.c.digest != bindparam("but"))
)
_OF = Statement(
    select(*_SESSION)
    .where(session.c.seat == bindparam("seat"), session.c.digest != bindparam("but"))
    .order_by(session.c.created_at)
)
_USE_CODE = Statement(
    update(seat)
    .where(seat.c.name == bindparam("which"), seat.c.totp_step < bindparam("step"))
    .values(totp_step=bindparam("step"))
)
_VOUCHED = Statement(adding(vouched))
_FORGET_VOUCHED = Statement(delete(vouched).where(vouched.c.subject == bindparam("subject")))
_FORGET_OLD = Statement(delete(vouched).where(vouched.c.at < bindparam("before")))
_WAITING = Statement(
    select(*(vouched.c[each.name] for each in fields(VouchedRow)))
    .order_by(vouched.c.at.desc())
    .limit(bindparam("most"))
)
_PRESENT = Statement(
    select(*(presence.c[each.name] for each in fields(PresenceRow))).where(presence.c.until > bindparam("now"))
)
_LEAVE = Statement(delete(presence).where(presence.c.page == bindparam("page")))
_LEAVE_ALL = Statement(delete(presence).where(presence.c.seat == bindparam("seat")))
_EXTEND = Statement(update(presence).where(presence.c.until < bindparam("least")).values(until=bindparam("least")))
_COME = Statement(adding(presence))
_EXPIRED = Statement(
    select(*(presence.c[each.name] for each in fields(PresenceRow))).where(presence.c.until <= bindparam("now"))
)
_PAUSE = Statement(update(presence).where(presence.c.seat == bindparam("which")).values(ready=Ready.PAUSED.value))
_TAKE = Statement(  # a page that has gone takes nothing
    update(presence)
    .where(presence.c.seat == bindparam("which"), presence.c.ready != Ready.GONE.value)
    .values(ready=Ready.TAKING.value)
)
_READY_OF = Statement(select(presence.c.ready).where(presence.c.seat == bindparam("seat")))
_GO = Statement(
    update(presence)
    .where(presence.c.page == bindparam("which"))
    .values(
        until=bindparam("at"),
        ready=case((presence.c.ready == Ready.TAKING.value, Ready.GONE.value), else_=presence.c.ready),
    )
)


def _seat(row: Row) -> SeatRow:
    return SeatRow(*row)  # type: ignore[arg-type] # the columns are selected in this order


def add(transaction: Transaction, new: SeatRow) -> None:
    transaction.run(_ADD, **asdict(new))


@cache
def _change(columns: frozenset[str]) -> Statement:
    return Statement(
        update(seat)
        .where(seat.c.name == bindparam("which"))
        .values({column: bindparam(f"new_{column}") for column in columns})
    )


def change(transaction: Transaction, name: str, **new: Value) -> None:
    """Changes these columns of a seat and no others: they may have been changed since the row was read."""
    values = {f"new_{column}": value for column, value in new.items()}
    transaction.run(_change(frozenset(new)), which=name, **values)


def get(transaction: Transaction, name: str) -> SeatRow | None:
    row = transaction.one(_GET, name=name)
    return _seat(row) if row else None


def by_subject(transaction: Transaction, subject: str) -> SeatRow | None:
    row = transaction.one(_BY_SUBJECT, subject=subject)
    return _seat(row) if row else None


def everybody(transaction: Transaction) -> list[SeatRow]:
    return [_seat(row) for row in transaction.all(_ALL)]


def sign_in(transaction: Transaction, new: SessionRow) -> None:
    transaction.run(_SIGN_IN, **asdict(new))


def whose(transaction: Transaction, digest: str) -> tuple[SessionRow, SeatRow] | None:
    """The session with its seat, if that may still come in."""
    row = transaction.one(_WHOSE, digest=digest)
    width = len(_SESSION)
    return (SessionRow(*row[:width]), _seat(row[width:])) if row else None  # type: ignore[arg-type]


def sessions(transaction: Transaction, kind: str) -> list[SessionRow]:
    return [SessionRow(*row) for row in transaction.all(_SESSIONS, kind=kind)]  # type: ignore[arg-type]


def use(transaction: Transaction, digest: str, at: int) -> None:
    transaction.run(_USE, which=digest, at=at)


def sign_out(transaction: Transaction, digest: str) -> int:
    return transaction.run(_SIGN_OUT, digest=digest)


def lapse(transaction: Transaction, now: int) -> None:
    """Sessions and tokens that have ended go."""
    transaction.run(_LAPSE, now=now)


def sign_out_everywhere(transaction: Transaction, seat: str, *, but: str = "") -> list[SessionRow]:
    """Ends all sessions of a seat, but the one with this digest; those that it ended."""
    ended = [SessionRow(*row) for row in transaction.all(_OF, seat=seat, but=but)]  # type: ignore[arg-type]
    transaction.run(_SIGN_OUT_ALL, seat=seat, but=but)
    return ended


def use_code(transaction: Transaction, name: str, step: int) -> bool:
    """Takes a code of the second factor; False where that one or a later one was taken before."""
    return transaction.run(_USE_CODE, which=name, step=step) == 1


def vouch(transaction: Transaction, new: VouchedRow) -> None:
    """The identity provider vouched for somebody who has no account."""
    forget_vouched(transaction, new.subject)
    transaction.run(_VOUCHED, **asdict(new))


def forget_vouched(transaction: Transaction, subject: str) -> int:
    return transaction.run(_FORGET_VOUCHED, subject=subject)


def forget_old_vouched(transaction: Transaction, before: int) -> None:
    transaction.run(_FORGET_OLD, before=before)


def waiting(transaction: Transaction, most: int) -> list[VouchedRow]:
    """Whom the provider vouched for and nobody has linked, the newest first."""
    return [VouchedRow(*row) for row in transaction.all(_WAITING, most=most)]  # type: ignore[arg-type]


def present(transaction: Transaction, now: int) -> list[PresenceRow]:
    """The pages that are open."""
    return [PresenceRow(*row) for row in transaction.all(_PRESENT, now=now)]  # type: ignore[arg-type]


def here(transaction: Transaction, now: int) -> dict[str, bool]:
    """Who has a page open, and whether they take offers."""
    return {each.seat: each.ready == Ready.TAKING for each in present(transaction, now) if each.ready != Ready.GONE}


def come(transaction: Transaction, page: PresenceRow) -> None:
    """A page is open, until then at least. Whether its seat takes offers is what they have said on a page that is there: of
    what another process is about to write of them nothing is lost."""
    transaction.alone(f"pages of {page.seat}")
    said = [row[0] for row in transaction.all(_READY_OF, seat=page.seat)]
    if said:
        page = replace(page, ready=Ready.PAUSED if Ready.PAUSED in said else Ready.TAKING)
    transaction.run(_LEAVE, page=page.page)
    transaction.run(_COME, **asdict(page))


def go(transaction: Transaction, page: str, until: int) -> None:
    """The page has gone, and may be back until then; of one that has signed out nothing is left."""
    transaction.run(_GO, which=page, at=until)


def leave(transaction: Transaction, pages: Sequence[str]) -> None:
    for page in pages:
        transaction.run(_LEAVE, page=page)


def leave_all(transaction: Transaction, seat: str) -> None:
    transaction.run(_LEAVE_ALL, seat=seat)


def extend(transaction: Transaction, until: int) -> None:
    """Every page that was open counts as open until then at least."""
    transaction.run(_EXTEND, least=until)


def set_ready(transaction: Transaction, seat: str, ready: bool) -> None:
    transaction.alone(f"pages of {seat}")
    transaction.run(_TAKE if ready else _PAUSE, which=seat)


def expired(transaction: Transaction, now: int) -> list[PresenceRow]:
    """The pages that were open, and gave no sign of life."""
    return [PresenceRow(*row) for row in transaction.all(_EXPIRED, now=now)]  # type: ignore[arg-type]
