"""Learners, who has proven to be one of them, and what they agreed to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, delete, distinct, func, or_, select, update

from store import queue
from store.queue import NewRow
from store.schema import binding, consent, invitation, learner, one_time_code
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
class CodeRow:
    id: int
    learner: int | None
    digest: str
    body: bytes
    tries: int
    at: int


CODE = "code"  # a kind of the queue: the text for a code, by the number of its request
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
_ASK = Statement(adding(one_time_code).returning(one_time_code.c.id))
_CODE = (
    one_time_code.c.id, one_time_code.c.learner, one_time_code.c.digest, one_time_code.c.body, one_time_code.c.tries,
    one_time_code.c.at,
)  # fmt: skip
_LAST_CODE = Statement(
    select(*_CODE)
    .where(
        one_time_code.c.channel == bindparam("channel"), one_time_code.c.person == bindparam("person"),
        one_time_code.c.used == 0, one_time_code.c.at > bindparam("since"),
    )
    .order_by(one_time_code.c.id.desc())
    .limit(1)
    .with_for_update()
)  # fmt: skip
_LAST_CODES = Statement(
    select(*_CODE)
    .where(one_time_code.c.at > bindparam("since"), one_time_code.c.learner.is_not(None), one_time_code.c.used == 0)
    .order_by(one_time_code.c.id.desc())
    .limit(50)
)
_OPEN_CODE = Statement(
    select(*_CODE).where(
        one_time_code.c.id == bindparam("id"), one_time_code.c.learner.is_not(None), one_time_code.c.used == 0
    )
)
_FORGET_SESSIONS = Statement(
    delete(binding).where(binding.c.channel == bindparam("channel"), binding.c.bound_at < bindparam("before"))
)
_END_SESSIONS = Statement(
    delete(binding).where(
        binding.c.channel == bindparam("channel"), binding.c.person == bindparam("person"),
        binding.c.bound_at < bindparam("before"),
    )
)  # fmt: skip
_TRY = Statement(update(one_time_code).where(one_time_code.c.id == bindparam("which")).values(tries=bindparam("count")))
_USE = Statement(update(one_time_code).where(one_time_code.c.id == bindparam("which")).values(used=1))
_SENT_TO = Statement(
    select(func.count())
    .select_from(one_time_code)
    .where(one_time_code.c.phone == bindparam("phone"), one_time_code.c.at > bindparam("since"))
)
_TRIED_BY = Statement(
    select(func.count(distinct(one_time_code.c.card)), func.sum(one_time_code.c.tries), func.count()).where(
        one_time_code.c.person == bindparam("person"), one_time_code.c.at > bindparam("since")
    )
)
_BLANK_CODES = Statement(
    update(one_time_code).where(one_time_code.c.at < bindparam("before")).values(body=b"", digest="", used=1)
)
_INVITE = Statement(adding(invitation))
_INVITED = Statement(
    select(
        invitation.c.learner,
        invitation.c.by,
        invitation.c.until,
        invitation.c.person,
        invitation.c.role,
        invitation.c.scope,
        invitation.c.ends,
    ).where(invitation.c.scene == bindparam("scene"))
)
_ACCEPT = Statement(
    update(invitation)
    .where(invitation.c.scene == bindparam("which"), invitation.c.person.is_(None))
    .values(person=bindparam("who"))
)


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


def bind(
    transaction: Transaction, channel: str, person: str, address: str, learner: int, by: str, at: int, most: int, grant: Grant
) -> bool:  # fmt: skip
    """Binding again renews it; False when there are as many already as may be. Whoever has the key keeps the digest then."""
    known = set(proven_at(transaction, channel, person))
    if learner in known:
        transaction.run(_UNBIND_ONE, channel=channel, person=person, learner=learner)
    elif len(known) >= most:
        return False
    transaction.run(
        _BIND, channel=channel, person=person, learner=learner, bound_at=at, by=by, dormant=0, role=grant.role,
        scope=grant.scope, until=grant.until, address=address, digest="",
    )  # fmt: skip
    return True


def unbind(transaction: Transaction, channel: str, person: str) -> int:
    return transaction.run(_UNBIND, channel=channel, person=person)


def sleep(transaction: Transaction, channel: str, person: str, asleep: bool) -> None:
    """Bindings that mean nothing while the resident is away, or mean something again."""
    transaction.run(_SLEEP, of_channel=channel, of_person=person, asleep=int(asleep))


# -- consent


def agree(
    transaction: Transaction, channel: str, person: str, purpose: str, version: str, digest: str, given: bool, at: int
) -> None:  # fmt: skip
    transaction.run(
        _CONSENT,
        channel=channel,
        person=person,
        purpose=purpose,
        version=version,
        digest=digest,
        given=int(given),
        at=at,
    )


def last_word(transaction: Transaction, channel: str, person: str, purpose: str) -> bool | None:
    """Whether somebody agreed; None where they never said."""
    row = transaction.one(_CONSENTED, channel=channel, person=person, purpose=purpose)
    return bool(row[0]) if row else None


# -- one-time codes and invitations


def ask_code(
    transaction: Transaction, channel: str, person: str, card: str, phone: str, learner: int | None, digest: str, body: bytes, at: int
) -> None:  # fmt: skip
    """Keeps a request, and owes its text: also where none will leave, which takes as long as if one did."""
    row = transaction.one(
        _ASK, channel=channel, person=person, card=card, phone=phone, learner=learner, digest=digest, body=body, tries=0,
        at=at, used=0,
    )  # fmt: skip
    assert row is not None
    queue.put(transaction, NewRow(CODE, f"{CODE}:{cast(int, row[0])}", CODE, b"", at))


def last_code(transaction: Transaction, channel: str, person: str, since: int) -> CodeRow | None:
    """The one that counts: a newer one makes older ones worthless."""
    row = transaction.one(_LAST_CODE, channel=channel, person=person, since=since)
    return CodeRow(*cast(tuple[int, int | None, str, bytes, int, int], row)) if row else None


def last_codes(transaction: Transaction, since: int) -> list[CodeRow]:
    rows = transaction.all(_LAST_CODES, since=since)
    return [CodeRow(*cast(tuple[int, int | None, str, bytes, int, int], row)) for row in rows]


def open_code(transaction: Transaction, id: int) -> CodeRow | None:
    """What a text has to be sent for; None where none is wanted: no such card, or the code was used."""
    row = transaction.one(_OPEN_CODE, id=id)
    return CodeRow(*cast(tuple[int, int | None, str, bytes, int, int], row)) if row else None


def forget_sessions(transaction: Transaction, channel: str, before: int) -> None:
    """What was proven for one call is nothing afterwards."""
    transaction.run(_FORGET_SESSIONS, channel=channel, before=before)


def end_sessions(transaction: Transaction, channel: str, person: str, before: int) -> None:
    """What somebody proved before is nothing any more."""
    transaction.run(_END_SESSIONS, channel=channel, person=person, before=before)


def tried(transaction: Transaction, id: int, tries: int) -> None:
    transaction.run(_TRY, which=id, count=tries)


def used(transaction: Transaction, id: int) -> None:
    transaction.run(_USE, which=id)


def sent_to(transaction: Transaction, phone: str, since: int) -> int:
    """How many codes were asked for that number."""
    row = transaction.one(_SENT_TO, phone=phone, since=since)
    assert row is not None
    return cast(int, row[0])


def tried_by(transaction: Transaction, person: str, since: int) -> tuple[int, int, int]:
    """How many different cards, wrong codes and requests came from somebody."""
    row = transaction.one(_TRIED_BY, person=person, since=since)
    assert row is not None
    return cast(int, row[0] or 0), cast(int, row[1] or 0), cast(int, row[2] or 0)


def blank_codes(transaction: Transaction, before: int) -> None:
    """Codes from before go; that they were asked for stays, for the limits."""
    transaction.run(_BLANK_CODES, before=before)


def invite(transaction: Transaction, scene: str, learner: int, by: str, until: int, grant: Grant) -> None:
    transaction.run(
        _INVITE, scene=scene, learner=learner, by=by, until=until, person=None, role=grant.role, scope=grant.scope,
        ends=grant.until,
    )  # fmt: skip


def is_accepted(transaction: Transaction, scene: str) -> bool:
    row = transaction.one(_INVITED, scene=scene)
    return row is not None and row[3] is not None


def accept(transaction: Transaction, scene: str, person: str, now: int) -> tuple[int, str, Grant] | None:
    """The learner, who checked, and what was granted, for whoever scans first; and for the same one again. None for anybody else, and when
    it is too late."""
    row = transaction.one(_INVITED, scene=scene)
    if row is None:
        return None
    learner, by, until, taken = cast(tuple[int, str, int, str | None], row[:4])
    grant = Grant(*cast(tuple[str, str, int | None], row[4:]))
    if taken == person:
        return learner, by, grant
    if taken is not None or now > until or transaction.run(_ACCEPT, which=scene, who=person) == 0:
        return None
    return learner, by, grant
