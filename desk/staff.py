"""Accounts of the desk as a list that a centre keeps: who works here, as they are to be."""

from collections.abc import Sequence
from typing import Annotated, cast

from msgspec import Meta, Struct

from desk.errors import TicketError
from desk.people import Role, Seat, as_json
from store import conversations, people
from store.database import Transaction
from store.people import SeatRow

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
    was an administrator one remains: raises `TicketError`."""
    transaction.alone("accounts")
    guarded = _administered(transaction)
    for account, password in accounts:
        row = SeatRow(
            account.name, account.shown or account.name, account.role, password, 1, None, None, as_json(account.skills),
            as_json(account.langs), account.capacity, account.place, account.phone, int(account.active), 0, 0,
        )  # fmt: skip
        if password:
            people.add(transaction, row)
        else:
            people.change(
                transaction, row.name, shown=row.shown, role=row.role, skills=row.skills, langs=row.langs,
                capacity=row.capacity, place=row.place, phone=row.phone, active=row.active,
            )  # fmt: skip
            if not account.active:
                people.sign_out_everywhere(transaction, account.name)
        conversations.audited(
            transaction, by, "people.add" if password else "people.change", account.name, account.role, now
        )
    if guarded and not _administered(transaction):
        raise TicketError("barred", "至少要留一位在用的管理员")


def _administered(transaction: Transaction) -> bool:
    return any(Seat.of(row).may("people.write") for row in people.everybody(transaction))
