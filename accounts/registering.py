"""Learners as a centre writes them down: cards that check, with whose they are; names and numbers encrypted as they enter."""

from dataclasses import dataclass
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta, Struct

from accounts.learners import check_digit
from accounts.vault import Vault
from store import identity
from store.transaction import Transaction

Status = Literal["active", "lost", "void"]
NOBODY = "0" * 12  # the card of an account that was closed


class Person(Struct, frozen=True):
    """What names a learner; kept encrypted."""

    card: str
    name: str
    phone: str
    school: str

    @property
    def masked(self) -> str:
        return self.name[:1] + "*" * max(1, len(self.name) - 1)


class Registered(Struct, frozen=True, kw_only=True):
    """A card, and whose it is. `school` is the id of an organisation, or empty."""

    card: Annotated[str, Meta(pattern=r"^\d{12}$")]
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    phone: Annotated[str, Meta(pattern=r"^1[3-9]\d{9}$")]
    school: Annotated[str, Meta(max_length=64)] = ""
    minor: bool = False
    status: Status = "active"

    @property
    def checks(self) -> bool:
        """Whether the card's last digit fits the others."""
        return check_digit(self.card[:-1]) == self.card[-1]


@dataclass(frozen=True, slots=True)
class KnownLearner:
    """A learner that there is, by the number that the database knows them by."""

    id: int
    learner: Registered


def known(transaction: Transaction, vault: Vault) -> dict[str, KnownLearner]:
    """All learners by card; those whose account was closed are nobody's."""
    found = {}
    for row in identity.everybody(transaction):
        person = _opened(vault, row)
        if person.card != NOBODY:
            found[person.card] = KnownLearner(row.id, _registered(row.status, bool(row.minor), person))
    return found


def card(transaction: Transaction, vault: Vault, id: int) -> str | None:
    """A learner's card, while it is one."""
    row = identity.get(transaction, id)
    return _opened(vault, row).card if row is not None and row.status != "void" else None


def follow(transaction: Transaction, vault: Vault, learner: Registered) -> None:
    """A learner as another platform has them, for whom it keeps the account."""
    row = identity.by_card(transaction, vault.digest("card", learner.card))
    if row is None or _registered(row.status, bool(row.minor), _opened(vault, row)) != learner:
        put(transaction, vault, learner, row.id if row else None)


def _opened(vault: Vault, row: identity.LearnerRow) -> Person:
    return msgspec.json.decode(vault.open(row.body), type=Person)


def _registered(status: str, minor: bool, person: Person) -> Registered:
    return Registered(
        card=person.card, name=person.name, phone=person.phone, school=person.school, minor=minor,
        status=cast(Status, status),
    )  # fmt: skip


def put(transaction: Transaction, vault: Vault, learner: Registered, id: int | None) -> None:
    """A new learner, or one that there is (`id`) as they are now to be."""
    person = Person(learner.card, learner.name, learner.phone, learner.school)
    phone, body = vault.digest("phone", learner.phone), vault.close(msgspec.json.encode(person))
    if id is None:
        card = vault.digest("card", learner.card)
        identity.add(transaction, card, phone, learner.status, learner.minor, body)
    else:
        identity.change(transaction, identity.LearnerRow(id, learner.status, int(learner.minor), body), phone)
