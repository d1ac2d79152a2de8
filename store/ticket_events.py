"""What can happen to a ticket: a class for each kind, with what is kept of it; and what the ticket is afterwards.

Everything that becomes of a ticket becomes of it by one of these, appended by `store.tickets.record`. As JSON in the
database each is its fields, beside its kind.
"""

import json
from collections.abc import Mapping
from typing import ClassVar

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from store.ticket_rows import Priority, TicketRow, TicketState, ranked

TO_CALL = frozenset({"callback", "voicemail"})  # reasons whose residents wait to be rung up
NO_CALL = "no_call"  # the reason of who wants no call any more
PASSED = 8  # seats that let it go by, the last of them, that are remembered


class Happened(Struct, frozen=True):
    """Something that happened to a ticket; `kind` is its name in the database and for whoever is told of it."""

    kind: ClassVar[str]

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        """What the ticket is then, apart from its version and the time."""
        return row


class TicketOpened(Happened, frozen=True):
    """The first of each. `barred` are seats that it complains of; `to_call` says that a call back is promised."""

    kind = "opened"
    ref: str
    conversation: int
    channel: str
    seq: int
    topic: str
    skill: str
    place: str | None
    priority: Priority
    lang: str
    person: str
    to_call: bool = False
    barred: tuple[str, ...] = ()


class TicketNoted(Happened, frozen=True):
    """A word that only the desk sees; `unsent` was an answer, and the resident never heard it."""

    kind = "noted"
    text: str
    mentions: tuple[str, ...] = ()
    unsent: bool = False


class TicketReviewed(Happened, frozen=True):
    """A supervisor has looked at how it was handled."""

    kind = "reviewed"
    scores: Mapping[str, int]


class TicketLinked(Happened, frozen=True):
    """Another ticket of the same resident has been merged into it."""

    kind = "linked"
    ref: str
    barred: tuple[str, ...] = ()

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return row.barring(self.barred)


class TicketRaised(Happened, frozen=True):
    """The resident has added something. `priority` counts where it is more urgent than what it was, and `skill` then."""

    kind = "raised"
    priority: Priority
    reason: str
    slots: Mapping[str, str] = field(default_factory=dict)
    skill: str = ""
    to_call: bool = False
    barred: tuple[str, ...] = ()

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        priority = min(Priority(row.priority), self.priority)
        skill = self.skill or row.skill if priority < row.priority else row.skill
        to_call = self.to_call or self.reason in TO_CALL
        since = None if self.reason == NO_CALL else row.call_since or (at if to_call else None)
        raised = replace(row, priority=priority, rank=ranked(priority, row.opened_at), skill=skill, call_since=since)
        return raised.barring(self.barred)


class TicketCalled(Happened, frozen=True):
    """The resident was rung up: `result` is the carrier's, `call` its id of the call."""

    kind = "called"
    result: str
    call: str = ""

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, attempts=row.attempts + 1, call_since=None if self.result == "completed" else at)


class TicketCallMoved(Happened, frozen=True):
    """The caller whom it is about is at another `stage` of the call (`store.calls.CallRow`)."""

    kind = "call"
    stage: str


class TicketFileSettled(Happened, frozen=True):
    """A file that the resident has sent was looked through: it can be seen; or it was refused, and `why`."""

    kind = "file"
    file: str
    why: str = ""


class TicketSaid(Happened, frozen=True):
    """Something was said in its conversation, from message `first` to `seq`; `by` resident, seat, bot or system.
    `conversation` is where, from when on a ticket can go on in another; 0 before that."""

    kind = "said"
    by: str
    first: int
    seq: int
    conversation: int = 0

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        if self.conversation in (0, row.conversation):  # elsewhere are other numbers
            row = replace(row, seq=self.seq)
        if self.by == "seat":
            return replace(row, answered_at=row.answered_at or at, unanswered_since=None)
        if self.by != "resident":
            return row
        if row.state == TicketState.SNOOZED:  # the resident is back: so is the ticket
            row = replace(row, state=row.awake, snoozed_until=None)
        return replace(row, unanswered_since=row.unanswered_since or at)


class TicketMoved(Happened, frozen=True):
    """Its resident goes on with it on another channel, in the conversation whose last message is `seq`."""

    kind = "moved"
    conversation: int
    channel: str
    seq: int

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, conversation=self.conversation, channel=self.channel, seq=self.seq)


class TicketProven(Happened, frozen=True):
    """Its resident has proven who they are: `person` as tickets keep it."""

    kind = "proven"
    person: str

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, person=self.person)


class TicketOffered(Happened, frozen=True):
    """A seat is asked, until then (ms)."""

    kind = "offered"
    to: str
    until: int

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, offered_to=self.to, offered_until=self.until)


class TicketAlarmed(Happened, frozen=True):
    """Danger to life: everybody who may is asked at once, until somebody takes it. `seats` are those who are there."""

    kind = "alarmed"
    seats: tuple[str, ...]

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row.free(), alarmed_at=at)


class TicketUnheeded(Happened, frozen=True):
    """Nobody has taken it for too long after the alarm: `supervisors` are called."""

    kind = "unheeded"
    supervisors: tuple[str, ...]

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, unheeded_at=at)


class TicketPassed(Happened, frozen=True):
    """A seat has let an offer go by: `why` declined, timeout or offline."""

    kind = "passed"
    seat: str
    why: str

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row.free(), passed=json.dumps([*json.loads(row.passed), self.seat][-PASSED:]))


class TicketTaken(Happened, frozen=True, rename={"owner": "from"}):
    """The actor has it now; `owner` had it before."""

    kind = "taken"
    owner: str | None = None

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(
            row.heeded(), state=TicketState.OPEN, owner=actor, last_seat=actor, taken_at=row.taken_at or at, passed="[]",
            snoozed_until=None,
        )  # fmt: skip


class TicketReturned(Happened, frozen=True):
    """Its seat has gone: it is back in its old place."""

    kind = "returned"
    why: str

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row.free(), state=TicketState.WAITING, owner=None, snoozed_until=None)


class TicketTransferred(Happened, frozen=True, rename={"owner": "from"}):
    """`owner` passes it with a `word` to a seat, who is asked `until` then, or to whoever has the skill."""

    kind = "transferred"
    to: str | None = None
    until: int | None = None
    skill: str | None = None
    word: str = ""
    owner: str | None = None

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(
            row, state=TicketState.WAITING, owner=None, offered_to=self.to, offered_until=self.until, passed="[]",
            skill=self.skill or row.skill,
        )  # fmt: skip


class TicketEscalated(Happened, frozen=True, rename={"before": "from"}):
    """Nobody at `before` took it in time: now it is the matter of `place`."""

    kind = "escalated"
    place: str | None
    before: str | None = None

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row.free(), place=self.place, level=row.level + 1, passed="[]")


class TicketSnoozed(Happened, frozen=True):
    """Put aside until then (ms)."""

    kind = "snoozed"
    until: int

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, state=TicketState.SNOOZED, snoozed_until=self.until)


class TicketWoken(Happened, frozen=True):
    """What was put aside is back."""

    kind = "woken"

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, state=row.awake, snoozed_until=None)


class TicketTagged(Happened, frozen=True):
    """These are its tags now."""

    kind = "tagged"
    tags: tuple[str, ...]

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, tags=json.dumps(self.tags, ensure_ascii=False))


class TicketClosed(Happened, frozen=True):
    """It has ended with this `result`; `survey` says whether the resident is to be asked how it was."""

    kind = "closed"
    result: str
    note: str = ""
    topic: str | None = None
    survey: bool = False

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row.ended(at, self.result), topic=self.topic or row.topic, survey=int(self.survey))


class TicketHandedBack(Happened, frozen=True):
    """The bot goes on where the seat stopped."""

    kind = "handed_back"
    survey: bool = False

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row.ended(at, self.kind), survey=int(self.survey))


class TicketMerged(Happened, frozen=True):
    """It goes on as part of another."""

    kind = "merged"
    into: str

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row.ended(at, self.kind), merged_into=self.into)


class TicketReopened(Happened, frozen=True):
    """The resident was not done."""

    kind = "reopened"

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, state=TicketState.WAITING, closed_at=None, result=None, survey=0, passed="[]")


class TicketAsked(Happened, frozen=True):
    """The resident was asked how it was."""

    kind = "asked"

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, survey=0)


class TicketRated(Happened, frozen=True):
    """One to five stars of the resident."""

    kind = "rated"
    stars: int

    def then(self, row: TicketRow, actor: str, at: int) -> TicketRow:
        return replace(row, stars=self.stars)


KINDS: Mapping[str, type[Happened]] = {each.kind: each for each in Happened.__subclasses__()}


def encode(happened: Happened) -> bytes:
    return msgspec.json.encode(happened)


def decode(kind: str, body: bytes) -> Happened:
    """Raises `KeyError` for a kind that there is not, `msgspec.ValidationError` for a body that is none of it."""
    return msgspec.json.decode(body, type=KINDS[kind])


def after(row: TicketRow, happened: Happened, actor: str, at: int) -> TicketRow:
    """What a ticket is once this has happened to it."""
    return replace(happened.then(row, actor, at), version=row.version + 1, updated_at=at)


def begun(first: TicketOpened, at: int, body: bytes) -> TicketRow:
    """A ticket as its first event makes it. `body` is JSON of `bot.messages.Handover`."""
    return TicketRow(
        ref=first.ref, conversation=first.conversation, version=1, state=TicketState.WAITING, owner=None,
        offered_to=None, offered_until=None, passed="[]", barred=json.dumps(list(first.barred)), last_seat=None,
        topic=first.topic, skill=first.skill, place=first.place, level=0, channel=first.channel, lang=first.lang,
        person=first.person, priority=first.priority, rank=ranked(first.priority, at), opened_at=at, taken_at=None,
        answered_at=None, closed_at=None, updated_at=at, unanswered_since=at, snoozed_until=None, seq=first.seq,
        result=None, stars=None, survey=0, tags="[]", merged_into=None, call_since=at if first.to_call else None,
        attempts=0, body=body, alarmed_at=None, unheeded_at=None,
    )  # fmt: skip
