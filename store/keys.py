"""Everything that the data key closes or digests, row by row: for when the key changes."""

from collections.abc import Callable
from typing import cast

from sqlalchemy import bindparam, delete, select, true, update

from store import remote
from store.database import Statement, Transaction
from store.schema import (
    binding,
    consent,
    dispute,
    dropped,
    invitation,
    learner,
    notice,
    one_time_code,
    queue,
    remote_copy,
)

_LEARNERS = Statement(select(learner.c.id, learner.c.status, learner.c.body))
_REWRITE = Statement(
    update(learner)
    .where(learner.c.id == bindparam("which"))
    .values(card=bindparam("new_card"), phone=bindparam("new_phone"))
)
_BINDINGS = Statement(select(binding.c.channel, binding.c.person, binding.c.learner, binding.c.address))
_REBIND = Statement(
    update(binding)
    .where(
        binding.c.channel == bindparam("on"), binding.c.person == bindparam("was"), binding.c.learner == bindparam("which")
    )
    .values(person=bindparam("becomes"))
)  # fmt: skip
_RECONSENT = Statement(
    update(consent)
    .where(consent.c.channel == bindparam("on"), consent.c.person == bindparam("was"))
    .values(person=bindparam("becomes"))
)
_BODIES = [
    (
        Statement(select(table.c.id, table.c.body).where(condition)),
        Statement(update(table).where(table.c.id == bindparam("which")).values(body=bindparam("new_body"))),
    )
    for table, condition in (
        (learner, true()), (dispute, true()), (notice, true()), (queue, queue.c.kind == remote.COMMAND),
    )
]  # fmt: skip
_SHORT_LIVED = tuple(Statement(delete(each)) for each in (one_time_code, invitation, remote_copy, dropped))


def learners(transaction: Transaction) -> list[tuple[int, bytes]]:
    """Those who are still somebody: number and closed body."""
    rows = cast(list[tuple[int, str, bytes]], transaction.all(_LEARNERS))
    return [(id, body) for id, status, body in rows if status != "void"]


def redigest(transaction: Transaction, id: int, card: str, phone: str) -> None:
    """The digests that a learner is looked up by."""
    transaction.run(_REWRITE, which=id, new_card=card, new_phone=phone)


def rebind(transaction: Transaction, person: Callable[[str, str], str]) -> None:
    """Where learners are known, and what they agreed to there, under `person` of the channel and the closed address."""
    for row in transaction.all(_BINDINGS):
        channel, was, id, address = cast(tuple[str, str, int, str], row)
        becomes = person(channel, address)
        transaction.run(_REBIND, on=channel, was=was, which=id, becomes=becomes)
        transaction.run(_RECONSENT, on=channel, was=was, becomes=becomes)


def rewrite_bodies(transaction: Transaction, change: Callable[[bytes], bytes]) -> None:
    """Puts `change` of every closed body in its place."""
    for read, write in _BODIES:
        for id, body in transaction.all(read):
            transaction.run(write, which=id, new_body=change(cast(bytes, body)))


def forget_short_lived(transaction: Transaction) -> None:
    """Codes, invitations, copies from elsewhere and what could not be read go."""
    for statement in _SHORT_LIVED:
        transaction.run(statement)
