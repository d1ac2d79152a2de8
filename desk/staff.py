"""Accounts of the desk as a list that a centre keeps: who works here, as they are to be."""

from collections.abc import Sequence
from typing import Annotated, cast

from msgspec import Meta, Struct

from desk.errors import TicketError
from desk.people import ONE_TIME, Role, Seat, as_json, check_called, end_sessions
from store import conversations, people
from store.people import SeatRow
from store.transaction import Transaction

Word = Annotated[str, Meta(min_length=1, max_length=32)]


class StaffAccount(Struct, frozen=True, kw_only=True):
    """An account without its secrets. No `skills` is any; `place` is the organisation it answers for."""

    name: Annotated[str, Meta(pattern=r"^\w[\w.@-]{0,63}$")]
    shown: Annotated[str, Meta(max_length=64)] = ""
    role: Role = "seat"
    skills: Annotated[tuple[Word, ...], Meta(max_length=30)] = ()
    langs: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=10)] = ("zh",)
    capacity: Annotated[int, Meta(ge=1, le=100)] = 4
    phone: Annotated[str, Meta(pattern=r"^\+?[0-9]{3,16}$")] | None = None
    place: Annotated[str, Meta(max_length=64)] | None = None
    active: bool = True


def known(transaction: Transaction) -> dict[str, StaffAccount]:
    """All accounts by name."""
    return {row.name: _account(Seat.of(row)) for row in people.everybody(transaction)}


def _account(seat: Seat) -> StaffAccount:
    return StaffAccount(
        name=seat.name, shown="" if seat.shown == seat.name else seat.shown, role=cast(Role, seat.role), skills=seat.skills,
        langs=seat.langs, capacity=seat.capacity, phone=seat.phone, place=seat.place, active=seat.active,
    )  # fmt: skip


def put(transaction: Transaction, accounts: Sequence[tuple[StaffAccount, str]], by: str, now: int) -> None:
    """Accounts as they are to be, each with what is kept of the one-time password of a new one, else empty. Where there
    was an administrator one remains, and nobody is called what somebody else is: raises `TicketError`."""
    transaction.alone("accounts")
    guarded = _administered(transaction)
    for account, password in accounts:
        check_called(transaction, account.name, account.shown)
        if password:
            _add(transaction, account, password, now)
        else:
            _change(transaction, account, now)
        action = "people.add" if password else "people.change"
        conversations.audited(transaction, by, action, account.name, account.role, now)
    if guarded and not _administered(transaction):
        raise TicketError("barred", "至少要留一位在用的管理员")


def _add(transaction: Transaction, account: StaffAccount, password: str, now: int) -> None:
    row = SeatRow(
        account.name, account.shown or account.name, account.role, password, now + ONE_TIME, None, 0, None,
        as_json(account.skills), as_json(account.langs), account.capacity, account.place, account.phone, int(account.active),
    )  # fmt: skip
    people.add(transaction, row)


def _change(transaction: Transaction, account: StaffAccount, now: int) -> None:
    """What was signed in under another role, or under none any more, ends."""
    before = people.get(transaction, account.name)
    people.change(
        transaction, account.name, shown=account.shown or account.name, role=account.role, skills=as_json(account.skills),
        langs=as_json(account.langs), capacity=account.capacity, place=account.place, phone=account.phone,
        active=int(account.active),
    )  # fmt: skip
    if not account.active or (before is not None and before.role != account.role):
        end_sessions(transaction, account.name, now)


def _administered(transaction: Transaction) -> bool:
    return any(Seat.of(row).may("people.write") for row in people.everybody(transaction))
