"""What a turn may ask about the resident's own affairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.bank import Bank
from accounts.identity import Identity


@dataclass(frozen=True, slots=True)
class Accounts:
    """`ways` leads from a channel to the page on which one proves there who one is; most channels have none."""

    identity: Identity
    bank: Bank
    ways: Mapping[str, str] = field(default_factory=dict)
