"""A learner's own copy of what is kept of them, the end of an account, and the change of keys.

What an account held stays as bare figures where records must be kept (PIPL 47, 19); who it was goes, for good.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import cast

import msgspec

from accounts.registering import Person
from accounts.vault import Vault
from store import bank, conversations, enrolments, erasing, identity, keys, sealing
from store.database import Transaction


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
        "bindings": erasing.bindings(transaction, id),
        "consents": erasing.consents(transaction, id),
    }  # fmt: skip


def close(transaction: Transaction, vault: Vault, id: int, by: str, why: str, now: int) -> Closed:
    """Ends an account: who it was is gone, the ledger stays as figures of nobody."""
    before = copy(transaction, vault, id)
    digest = hashlib.sha256(json.dumps(before, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    nobody = vault.close(msgspec.json.encode(Person("0" * 12, "已注销", "", "")))
    erasing.forget_learner(transaction, id, nobody)
    conversations.audited(transaction, by, "account.closed", f"learner {id}", f"{why}; sha256 {digest}", now)
    return Closed(len(cast(list[object], before["ledger"])), len(cast(list[object], before["bindings"])), digest, now)


# -- keys


def rekey(transaction: Transaction, old: Vault, new: Vault, now: int) -> int:
    """Closes with the new key whatever the old ones closed, all of it or nothing; how many learners. Codes and invitations
    that are open end by it, and kept messages that could not be read go."""
    people = keys.learners(transaction)
    for id, body in people:
        person = msgspec.json.decode(old.open(body), type=Person)
        keys.redigest(transaction, id, new.digest("card", person.card), new.digest("phone", person.phone))
    keys.rewrite_bodies(transaction, lambda body: new.close(old.open(body)))
    keys.rebind(transaction, lambda channel, address: new.digest(f"person {channel}", old.unseal(address)))
    keys.forget_short_lived(transaction)
    sealing.reseal(transaction, lambda text: new.seal(old.unseal(text)) if text.startswith("~") else text)
    sealing.keep_key_name(transaction, new.name, now)
    conversations.audited(transaction, "cli", "keys.changed", "", f"{len(people)} learners", now)
    return len(people)
