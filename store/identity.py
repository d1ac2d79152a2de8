"""Learners, who has proven to be one of them, and what they agreed to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, delete, func, or_, select, update

from store.schema import binding, consent, learner
from store.transaction import Statement, Transaction, adding


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """`body` is encrypted."""

    id: int
    status: str
    minor: int
    body: bytes


@dataclass(frozen=True, slots=True)
class BoundRow:
    """A learner with what somebody is to them: `role` self, proxy, guardian; `scope` all or read."""

    learner: LearnerRow
    role: str
    scope: str


@dataclass(frozen=True, slots=True)
class Grant:
    """As what somebody is bound: a proxy for a time, to look or to act."""

    role: str = "self"
    scope: str = "all"
    until: int | None = None


@dataclass(frozen=True, slots=True)
class NewBinding:
    """Somebody on a channel has proven to be a learner, or to speak for one; `by` says how, or who has seen to it."""

    channel: str
    person: str
    address: str
    learner: int
    by: str
    at: int
    grant: Grant


@dataclass(frozen=True, slots=True)
class NewConsent:
    """What somebody on a channel agrees to, or takes back: `digest` is of the words, of which `version` is the number."""

    channel: str
    person: str
    purpose: str
    version: str
    digest: str
    given: bool
    at: int


FOREVER = 1 << 60  # ms
_LEARNER = (learner.c.id, learner.c.status, learner.c.minor, learner.c.body)
_ADD = Statement(adding(learner).returning(learner.c.id))
_COUNT = Statement(select(func.count()).select_from(learner))
_EVERYBODY = Statement(select(*_LEARNER).order_by(learner.c.id))
_CHANGE = Statement(
    update(learner)
    .where(learner.c.id == bindparam("which"))
    .values(
        phone=bindparam("new_phone"), status=bindparam("new_status"), minor=bindparam("new_minor"),
        body=bindparam("new_body"),
    )
)  # fmt: skip
_BY_CARD = Statement(select(*_LEARNER).where(learner.c.card == bindparam("card")))
_BY_PHONE = Statement(select(learner.c.id).where(learner.c.phone == bindparam("phone"), learner.c.status != "void"))
_GET = Statement(select(*_LEARNER).where(learner.c.id == bindparam("id")))
_BIND = Statement(adding(binding))
_BOUND = Statement(
    select(*_LEARNER, binding.c.role, binding.c.scope)
    .join(binding, binding.c.learner == learner.c.id)
    .where(
        binding.c.channel == bindparam("channel"),
        binding.c.person == bindparam("person"),
        binding.c.dormant == 0,
        binding.c.bound_at >= bindparam("since"),
        func.coalesce(binding.c.until, FOREVER) > bindparam("now"),
    )
    .order_by(binding.c.bound_at, learner.c.id)
)
_PLACES = Statement(
    select(binding.c.channel, binding.c.address)
    .where(binding.c.learner == bindparam("learner"), binding.c.role == "self")
    .order_by(binding.c.bound_at)
)
_PROVEN = Statement(
    select(binding.c.learner).where(or_(binding.c.digest == bindparam("digest"), binding.c.digest == "")).distinct()
)
_UNDIGESTED = Statement(select(binding.c.learner).where(binding.c.digest == "").distinct())
_KEEP_DIGEST = Statement(
    update(binding).where(binding.c.learner == bindparam("which")).values(digest=bindparam("new_digest"))
)
_BINDINGS = Statement(
    select(binding.c.learner).where(binding.c.channel == bindparam("channel"), binding.c.person == bindparam("person"))
)
_UNBIND_ONE = Statement(
    delete(binding).where(
        binding.c.channel == bindparam("channel"), binding.c.person == bindparam("person"),
        binding.c.learner == bindparam("learner"),
    )
)  # fmt: skip
_UNBIND = Statement(
    delete(binding).where(binding.c.channel == bindparam("channel"), binding.c.person == bindparam("person"))
)
_SLEEP = Statement(
    update(binding)
    .where(binding.c.channel == bindparam("of_channel"), binding.c.person == bindparam("of_person"))
    .values(dormant=bindparam("asleep"))
)
_CONSENT = Statement(adding(consent))
_CONSENTED = Statement(
    select(consent.c.given)
    .where(
        consent.c.channel == bindparam("channel"), consent.c.person == bindparam("person"),
        consent.c.purpose == bindparam("purpose"),
    )
    .order_by(consent.c.id.desc())
    .limit(1)
)  # fmt: skip
_FORGET_SESSIONS = Statement(
    delete(binding).where(binding.c.channel == bindparam("channel"), binding.c.bound_at < bindparam("before"))
)
_END_SESSIONS = Statement(
    delete(binding).where(
        binding.c.channel == bindparam("channel"), binding.c.person == bindparam("person"),
        binding.c.bound_at < bindparam("before"),
    )
)  # fmt: skip


# -- learners


def add(transaction: Transaction, card: str, phone: str, status: str, minor: bool, body: bytes) -> int:
    row = transaction.one(_ADD, card=card, phone=phone, status=status, minor=int(minor), body=body)
    assert row is not None
    return cast(int, row[0])


def count(transaction: Transaction) -> int:
    row = transaction.one(_COUNT)
    assert row is not None
    return cast(int, row[0])


def everybody(transaction: Transaction) -> list[LearnerRow]:
    """All learners, in the order in which they came."""
    return [LearnerRow(*cast(tuple[int, str, int, bytes], row)) for row in transaction.all(_EVERYBODY)]


def change(transaction: Transaction, row: LearnerRow, phone: str) -> None:
    """A learner as they are now, with the digest of their telephone; the card stays."""
    transaction.run(
        _CHANGE, which=row.id, new_phone=phone, new_status=row.status, new_minor=row.minor, new_body=row.body
    )


def by_card(transaction: Transaction, card: str) -> LearnerRow | None:
    row = transaction.one(_BY_CARD, card=card)
    return LearnerRow(*cast(tuple[int, str, int, bytes], row)) if row else None


def by_phone(transaction: Transaction, phone: str) -> list[int]:
    return [cast(int, row[0]) for row in transaction.all(_BY_PHONE, phone=phone)]


def get(transaction: Transaction, id: int) -> LearnerRow | None:
    row = transaction.one(_GET, id=id)
    return LearnerRow(*cast(tuple[int, str, int, bytes], row)) if row else None


# -- who has proven to be whom


def bound(transaction: Transaction, channel: str, person: str, now: int, since: int = 0) -> list[BoundRow]:
    """For whom somebody may ask, as proven since then."""
    rows = transaction.all(_BOUND, channel=channel, person=person, since=since, now=now)
    return [BoundRow(LearnerRow(*row[:4]), *row[4:]) for row in rows]  # type: ignore[arg-type]


def places(transaction: Transaction, learner: int) -> list[tuple[str, str]]:
    """The channels and addresses at which somebody has proven to be this learner, whether or not that holds still."""
    return cast(list[tuple[str, str]], transaction.all(_PLACES, learner=learner))


def proven_at(transaction: Transaction, channel: str, person: str) -> list[int]:
    """The learners whom somebody has proven to be or to speak for, whether or not that holds still."""
    return [cast(int, row[0]) for row in transaction.all(_BINDINGS, channel=channel, person=person)]


def proven(transaction: Transaction, digest: str) -> Iterator[int]:
    """The learners for whom anything was proven and who may be the one of this digest."""
    yield from (cast(int, row[0]) for row in transaction.all(_PROVEN, digest=digest))


def keep_digest(transaction: Transaction, learner: int, digest: str) -> None:
    """Whoever has proven to be this learner is found by this digest from now on."""
    transaction.run(_KEEP_DIGEST, which=learner, new_digest=digest)


def undigested(transaction: Transaction) -> list[int]:
    """The learners who cannot be found by a digest: a version that kept none has written what was proven."""
    return [cast(int, row[0]) for row in transaction.all(_UNDIGESTED)]


def bind(transaction: Transaction, new: NewBinding, most: int) -> bool:
    """Binding again renews it; False when there are as many already as may be. Whoever has the key keeps the digest then."""
    known = set(proven_at(transaction, new.channel, new.person))
    if new.learner in known:
        transaction.run(_UNBIND_ONE, channel=new.channel, person=new.person, learner=new.learner)
    elif len(known) >= most:
        return False
    grant = new.grant
    transaction.run(
        _BIND, channel=new.channel, person=new.person, learner=new.learner, bound_at=new.at, by=new.by, dormant=0,
        role=grant.role, scope=grant.scope, until=grant.until, address=new.address, digest="",
    )  # fmt: skip
    return True


def unbind(transaction: Transaction, channel: str, person: str) -> int:
    return transaction.run(_UNBIND, channel=channel, person=person)


def sleep(transaction: Transaction, channel: str, person: str, asleep: bool) -> None:
    """Bindings that mean nothing while the resident is away, or mean something again."""
    transaction.run(_SLEEP, of_channel=channel, of_person=person, asleep=int(asleep))


# -- consent


def agree(transaction: Transaction, new: NewConsent) -> None:
    transaction.run(
        _CONSENT, channel=new.channel, person=new.person, purpose=new.purpose, version=new.version, digest=new.digest,
        given=int(new.given), at=new.at,
    )  # fmt: skip


def last_word(transaction: Transaction, channel: str, person: str, purpose: str) -> bool | None:
    """Whether somebody agreed; None where they never said."""
    row = transaction.one(_CONSENTED, channel=channel, person=person, purpose=purpose)
    return bool(row[0]) if row else None


def forget_sessions(transaction: Transaction, channel: str, before: int) -> None:
    """What was proven for one call is nothing afterwards."""
    transaction.run(_FORGET_SESSIONS, channel=channel, before=before)


def end_sessions(transaction: Transaction, channel: str, person: str, before: int) -> None:
    """What somebody proved before is nothing any more."""
    transaction.run(_END_SESSIONS, channel=channel, person=person, before=before)
