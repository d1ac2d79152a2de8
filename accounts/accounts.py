"""What a turn may ask about the resident's own affairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.bank import CreditBank
from accounts.disputes import Disputes
from accounts.enrolment import Enrolments
from accounts.identity import Identity


@dataclass(frozen=True, slots=True)
class Accounts:
    """`ways` leads from a channel to the page on which one proves there who one is; on a `keyed` channel one does so by
    keys, for one call; on a `typed` one in the talk itself, for a quarter of an hour. Some channels have none of these."""

    identity: Identity
    bank: CreditBank
    enrolments: Enrolments
    disputes: Disputes
    ways: Mapping[str, str] = field(default_factory=dict)
    keyed: frozenset[str] = frozenset()
    typed: frozenset[str] = frozenset()
