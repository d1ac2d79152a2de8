"""What a turn may ask about the resident's own affairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.bank import Bank
from accounts.identity import Identity


@dataclass(frozen=True, slots=True)
class Accounts:
    """`ways` leads from a channel to the page on which one proves there who one is; on a `keyed` channel one does so by
    keys, for one call. Most channels have neither."""

    identity: Identity
    bank: Bank
    ways: Mapping[str, str] = field(default_factory=dict)
    keyed: frozenset[str] = frozenset()
