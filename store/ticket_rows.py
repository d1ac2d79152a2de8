"""A ticket as it stands: the row that its events come to, and its place in the queue."""

import json
from enum import IntEnum, StrEnum

from msgspec import Struct
from msgspec.structs import replace

from store.engine import Row
from store.units import MINUTE


class Priority(IntEnum):
    """How much a ticket weighs, what weighs most first."""

    DANGER = 0  # to life: everybody is called to it
    TODAY = 1  # harm that grows by the hour: a scam, data that has leaked
    SOON = 2  # a complaint, a dispute, a right that is claimed
    ORDINARY = 3


# What a ticket's time of opening counts as later, in ms: a queue in the order of `rank` ages by itself, so nobody starves.
# Danger to life comes before everything, whatever waits.
HANDICAP = {
    Priority.DANGER: -1 << 50, Priority.TODAY: 0, Priority.SOON: 20 * MINUTE, Priority.ORDINARY: 45 * MINUTE,
}  # fmt: skip


class TicketState(StrEnum):
    """Where a ticket is."""

    WAITING = "waiting"  # in the queue
    OPEN = "open"  # with a seat
    SNOOZED = "snoozed"  # put aside by its seat until a time, or until the resident writes
    CLOSED = "closed"


class TicketRow(Struct, frozen=True, gc=False):
    """The columns of `store.schema.ticket`, in their order."""

    ref: str
    conversation: int
    version: int
    state: str  # of `TicketState`
    owner: str | None
    offered_to: str | None
    offered_until: int | None
    passed: str
    barred: str
    last_seat: str | None
    topic: str
    skill: str
    place: str | None
    level: int
    channel: str
    lang: str
    person: str
    priority: int  # of `Priority`
    rank: int
    opened_at: int
    taken_at: int | None
    answered_at: int | None
    closed_at: int | None
    updated_at: int
    unanswered_since: int | None
    snoozed_until: int | None
    seq: int
    result: str | None
    stars: int | None
    survey: int
    tags: str
    merged_into: str | None
    call_since: int | None
    attempts: int
    body: bytes
    alarmed_at: int | None
    unheeded_at: int | None

    @staticmethod
    def of(row: Row) -> "TicketRow":
        return TicketRow(*row)  # type: ignore[arg-type] # the columns are selected in this order

    def free(self) -> "TicketRow":
        """Offered to nobody."""
        return replace(self, offered_to=None, offered_until=None)

    def heeded(self) -> "TicketRow":
        """Nobody is called to it any more."""
        return replace(self.free(), alarmed_at=None, unheeded_at=None)

    @property
    def awake(self) -> TicketState:
        """Where it is when it is no longer put aside."""
        return TicketState.OPEN if self.owner else TicketState.WAITING

    def ended(self, at: int, result: str) -> "TicketRow":
        return replace(
            self.heeded(), state=TicketState.CLOSED, owner=None, last_seat=self.owner or self.last_seat, closed_at=at,
            snoozed_until=None, result=result, merged_into=None, survey=0, unanswered_since=None, call_since=None,
        )  # fmt: skip

    def barring(self, seats: tuple[str, ...]) -> "TicketRow":
        """Without those who are complained of now, an offer to one of them included."""
        barred = sorted({*json.loads(self.barred), *seats})
        return replace(self.free() if self.offered_to in barred else self, barred=json.dumps(barred))


def ranked(priority: int, opened_at: int) -> int:
    """The place in the queue, lowest first."""
    return opened_at + HANDICAP[Priority(priority)]
