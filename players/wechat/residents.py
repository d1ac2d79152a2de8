"""Residents with a telephone in hand, what is on its screen, and the ways that what they send may go."""

from dataclasses import dataclass, field


@dataclass
class OnScreen:
    """Something on a resident's screen. `way`: passive, custom, or broken where the account failed them."""

    way: str
    kind: str
    text: str
    options: list[str] = field(default_factory=list)
    url: str = ""


@dataclass
class Window:
    """So many messages, until then (seconds)."""

    left: int
    until: float


@dataclass
class Resident:
    """A follower with what is on their screen."""

    openid: str
    follows: bool = False
    seen: list[OnScreen] = field(default_factory=list)
    message: Window | None = None
    menu: Window | None = None
    typing_until: float = 0.0
    touched: float = 0.0


@dataclass(frozen=True)
class Passage:
    """What happens between the platform and the account: so many responses do not arrive; the first connection is cut
    after so many seconds; the platform's clock says something else."""

    lose: int = 0
    cut: float | None = None
    at: float | None = None


STRAIGHT = Passage()


@dataclass
class Posted:
    """One message on its way to the account: what is sent is the same each time."""

    url: str
    body: bytes
    responses: list[str] = field(default_factory=list)
