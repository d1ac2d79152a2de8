"""What is asked for to prove who one is: one-time codes that go to a telephone, and invitations that are scanned."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, distinct, func, select, update

from store import queue
from store.identity import Grant
from store.queue import NewRow
from store.schema import invitation, one_time_code
from store.transaction import Statement, Transaction, adding


@dataclass(frozen=True, slots=True)
class NewCode:
    """A request for a code: `card` and `phone` are digests, `body` is encrypted. `learner` is None where no text shall
    leave."""

    channel: str
    person: str
    card: str
    phone: str
    learner: int | None
    digest: str
    body: bytes
    at: int


@dataclass(frozen=True, slots=True)
class CodeRow:
    id: int
    learner: int | None
    digest: str
    body: bytes
    tries: int
    at: int


CODE = "code"  # a kind of the queue: the text for a code, by the number of its request
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


def ask_code(transaction: Transaction, new: NewCode) -> None:
    """Keeps a request, and owes its text: also where none will leave, which takes as long as if one did."""
    row = transaction.one(
        _ASK, channel=new.channel, person=new.person, card=new.card, phone=new.phone, learner=new.learner,
        digest=new.digest, body=new.body, tries=0, at=new.at, used=0,
    )  # fmt: skip
    assert row is not None
    queue.put(transaction, NewRow(CODE, f"{CODE}:{cast(int, row[0])}", CODE, b"", new.at))


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
