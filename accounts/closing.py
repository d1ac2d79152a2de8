"""A learner's own copy of what is kept of them, the end of an account, and the change of keys.

What an account held stays as bare figures where records must be kept (PIPL 47, 19); who it was goes, for good.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import cast

import msgspec
from sqlalchemy import bindparam, delete, select, update

from accounts.identity import Person
from accounts.vault import Vault
from store import bank, conversations, enrolments, identity, sealing
from store.database import Statement, Transaction
from store.schema import (
    binding,
    command,
    consent,
    dispute,
    dropped,
    enrolment,
    invitation,
    learner,
    notice,
    one_time_code,
    remote_copy,
)

_BLANK = Statement(
    update(learner)
    .where(learner.c.id == bindparam("which"))
    .values(card=bindparam("no_card"), phone=bindparam("no_phone"), status="void", body=bindparam("nobody"))
)
_FORGET = tuple(
    Statement(delete(each).where(each.c.learner == bindparam("which")))
    for each in (binding, notice, dispute, one_time_code, invitation, remote_copy)
)
_CONSENTS = Statement(
    select(consent.c.purpose, consent.c.version, consent.c.given, consent.c.at)
    .where(consent.c.channel == "learner", consent.c.person == bindparam("person"))
    .order_by(consent.c.id)
)
_BINDINGS = Statement(
    select(binding.c.channel, binding.c.role, binding.c.scope, binding.c.bound_at, binding.c.until).where(
        binding.c.learner == bindparam("which")
    )
)
_END_ENROLMENTS = Statement(
    update(enrolment)
    .where(enrolment.c.learner == bindparam("which"), enrolment.c.state != "admitted")
    .values(state="withdrawn", until=None)
)


@dataclass(frozen=True, slots=True)
class Closed:
    """What went, and the digest over the copy as it was."""

    lines: int
    bindings: int
    digest: str
    at: int


def copy(transaction: Transaction, vault: Vault, id: int) -> dict[str, object]:
    """Everything that is kept of a learner."""
    row = identity.get(transaction, id)
    person = msgspec.json.decode(vault.open(row.body), type=Person) if row is not None else None
    return {
        "person": {"card": person.card, "name": person.name, "phone": person.phone, "school": person.school} if person else {},
        "status": row.status if row else "",
        "ledger": [
            {"day": each.day, "type": each.type, "credits": each.credits / 10, "points": each.points, "frozen": each.frozen,
             "note": each.note, "rule": each.rule, "source": each.source}
            for each in bank.all_entries(transaction, id)
        ],
        "orders": [asdict(each) for each in bank.orders(transaction, id, 1 << 30)],
        "attendance": [asdict(each) for each in bank.attended(transaction, id, "", 1 << 30)],
        "enrolments": [asdict(each) for each in enrolments.of(transaction, id)],
        "bindings": [list(each) for each in transaction.all(_BINDINGS, which=id)],
        "consents": [list(each) for each in transaction.all(_CONSENTS, person=str(id))],
    }  # fmt: skip


def close(transaction: Transaction, vault: Vault, id: int, by: str, why: str, now: int) -> Closed:
    """Ends an account: who it was is gone, the ledger stays as figures of nobody."""
    before = copy(transaction, vault, id)
    digest = hashlib.sha256(json.dumps(before, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    nobody = vault.close(msgspec.json.encode(Person("0" * 12, "已注销", "", "")))
    transaction.run(_BLANK, which=id, no_card=f"erased-{id}", no_phone=f"erased-{id}", nobody=nobody)
    for statement in _FORGET:
        transaction.run(statement, which=id)
    transaction.run(_END_ENROLMENTS, which=id)
    conversations.audited(transaction, by, "account.closed", f"learner {id}", f"{why}; sha256 {digest}", now)
    return Closed(len(cast(list[object], before["ledger"])), len(cast(list[object], before["bindings"])), digest, now)


# -- keys

_PEOPLE = Statement(select(learner.c.id, learner.c.body).where(learner.c.status != "void"))
_VOID = Statement(select(learner.c.id, learner.c.body).where(learner.c.status == "void"))
_REWRITE = Statement(
    update(learner)
    .where(learner.c.id == bindparam("which"))
    .values(card=bindparam("new_card"), phone=bindparam("new_phone"), body=bindparam("new_body"))
)
_REBODY = Statement(update(learner).where(learner.c.id == bindparam("which")).values(body=bindparam("new_body")))
_BOUND = Statement(select(binding.c.channel, binding.c.person, binding.c.learner, binding.c.address))
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
_BODIES = [(table, Statement(select(table.c.id, table.c.body))) for table in (dispute, notice, command)]
_REBODIES = [
    Statement(update(table).where(table.c.id == bindparam("which")).values(body=bindparam("new_body")))
    for table, _ in _BODIES
]
_SHORT_LIVED = tuple(Statement(delete(each)) for each in (one_time_code, invitation, remote_copy, dropped))


def rekey(transaction: Transaction, old: Vault, new: Vault, now: int) -> int:
    """Closes with the new key whatever the old ones closed, all of it or nothing; how many learners. Codes and invitations
    that are open end by it, and kept messages that could not be read go."""
    people = transaction.all(_PEOPLE)
    for id, body in people:
        raw = old.open(cast(bytes, body))
        person = msgspec.json.decode(raw, type=Person)
        transaction.run(
            _REWRITE, which=id, new_card=new.digest("card", person.card), new_phone=new.digest("phone", person.phone),
            new_body=new.close(raw),
        )  # fmt: skip
    for id, body in transaction.all(_VOID):
        transaction.run(_REBODY, which=id, new_body=new.close(old.open(cast(bytes, body))))
    for channel, who, id, address in transaction.all(_BOUND):
        was, becomes = cast(str, who), new.digest(f"person {cast(str, channel)}", old.unseal(cast(str, address)))
        transaction.run(_REBIND, on=channel, was=was, which=id, becomes=becomes)
        transaction.run(_RECONSENT, on=channel, was=was, becomes=becomes)
    for (_, read), write in zip(_BODIES, _REBODIES, strict=True):
        for id, body in transaction.all(read):
            transaction.run(write, which=id, new_body=new.close(old.open(cast(bytes, body))))
    for statement in _SHORT_LIVED:
        transaction.run(statement)
    sealing.reseal(transaction, lambda text: new.seal(old.unseal(text)) if text.startswith("~") else text)
    sealing.keep_key_name(transaction, new.name, now)
    conversations.audited(transaction, "cli", "keys.changed", "", f"{len(people)} learners", now)
    return len(people)
