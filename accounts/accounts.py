"""What a turn may ask about the resident's own affairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.disputes import Disputes
from accounts.enrolment import Enrolments
from accounts.identity import Identity, Proof
from accounts.ledger import CreditBank


@dataclass(frozen=True, slots=True)
class Accounts:
    """`proofs` are the ways that are open on channels to prove who one is; on some there is none."""

    identity: Identity
    bank: CreditBank
    enrolments: Enrolments
    disputes: Disputes
    proofs: Mapping[str, Proof] = field(default_factory=dict)

    def proof(self, channel: str) -> Proof:
        return self.proofs.get(channel, Proof())
