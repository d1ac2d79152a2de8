"""A learner's own copy of what is kept of them, the end of an account, and the change of keys.

What an account held stays as bare figures where records must be kept (PIPL 47, 19); who it was goes, for good.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import cast

import msgspec

from accounts.identity import of_learner, person_digest, reached
from accounts.registering import Person
from accounts.vault import MARK, SHUT, Vault, is_marked
from store import conversations, copying, deliveries, erasing, identity, keys, remote, sealing
from store.personal import Whose
from store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Closed:
    """What went, and the digest over the copy as it was."""

    lines: int
    digest: str
    at: int


class ErasureReason(StrEnum):
    """Why somebody's data goes; the audit keeps this and no words, which might tell what is to be gone."""

    OWN_WISH = "own_wish"
    WITHDRAWN = "withdrawn"  # the consent to keep it
    GUARDIAN = "guardian"  # wishes it, of a child
    FAMILY = "family"  # wishes it, of somebody who has died
    NEEDLESS = "needless"  # nobody needs it any more
    UNLAWFUL = "unlawful"  # it should never have been kept


def copy(transaction: Transaction, vault: Vault, id: int) -> dict[str, object]:
    """Everything that is kept of a learner, table by table."""
    found = copying.rows(transaction, Whose.LEARNER, "learner", id, vault.open)
    [account] = found.pop("learner") or [{}]
    agreed = copying.consents(transaction, id)
    return {"person": account.pop("body", {}), **account, **found, "consents": agreed}


def close(transaction: Transaction, vault: Vault, id: int, by: str, why: ErasureReason, now: int) -> Closed:
    """Ends an account: who it was is gone, the ledger stays as figures of nobody."""
    before = copy(transaction, vault, id)
    digest = hashlib.sha256(json.dumps(before, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    nobody = vault.close(msgspec.json.encode(Person("0" * 12, "已注销", "", "")))
    erasing.forget_learner(transaction, id, nobody)
    conversations.audited(transaction, by, "account.closed", f"learner {id}", f"{why}; sha256 {digest}", now)
    return Closed(len(cast(list[object], before["ledger"])), digest, now)


# -- keys


def rekey(transaction: Transaction, old: Vault, new: Vault, now: int) -> int:
    """Closes with the new key whatever the old ones closed, all of it or nothing; how many learners. Codes and invitations
    that are open end by it, and kept messages that could not be read go. The transaction opens and closes with the new one."""
    keys.forget_short_lived(transaction)
    sealing.reseal(
        transaction,
        lambda text: new.seal(old.unseal(text)) if text.startswith(MARK) else text,
        lambda document: new.shut(old.unshut(document)) if document.startswith(SHUT) else document,
    )
    sealing.reclose(transaction, lambda body: new.close(old.open(body)))
    people = keys.learners(transaction)
    known = {}
    for id, body in people:
        person = msgspec.json.decode(new.open(body), type=Person)
        keys.redigest(transaction, id, new.digest("card", person.card), new.digest("phone", person.phone))
        known[of_learner(old, id)] = of_learner(new, id)
    _keep_digests(transaction, new, [id for id, _ in people])
    keys.rebind(transaction, partial(person_digest, old), partial(person_digest, new))
    keys.reperson(transaction, lambda was, channel, address: known.get(was) or reached(new, channel, address))
    sealing.keep_key_name(transaction, new.name, now)
    conversations.audited(transaction, "cli", "keys.changed", "", f"{len(people)} learners", now)
    return len(people)


def bring_up(transaction: Transaction, vault: Vault, revision: str, now: int) -> None:
    """Closes what a database from before migration `revision` holds in clear and digests what it does not, all of it or
    nothing."""
    if sealing.closed_for(transaction) is None:
        sealing.open_queued(transaction, deliveries.ANSWER, lambda body: vault.unseal(body.decode()).encode())
        sealing.open_queued(transaction, remote.COMMAND, vault.open)
    sealing.reseal(
        transaction,
        lambda text: text if is_marked(text) else vault.seal(text),
        lambda document: document if document.startswith(SHUT) else vault.shut(document),
    )
    if sealing.closed_for(transaction) is None:  # a number that was told made one person of strangers
        keys.reperson(transaction, lambda was, channel, address: reached(vault, channel, address))
    _keep_digests(transaction, vault, identity.undigested(transaction))
    sealing.keep_closed_for(transaction, revision, now)


def _keep_digests(transaction: Transaction, vault: Vault, learners: Iterable[int]) -> None:
    for id in learners:
        identity.keep_digest(transaction, id, of_learner(vault, id))
