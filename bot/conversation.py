"""What is remembered of a conversation between two turns: plain data, stored as JSON, whole after every turn."""

import msgspec
from msgspec import Struct, field

from bot.about import NOTHING, Facts
from bot.messages import Reply

KEPT = 2  # turns on other matters after which nobody looks any more for what they looked for
REMEMBERED = 6  # turns that a focus stays understandable
JUST = 2  # turns after which what was told is just told
PROVING = 30 * 60_000  # ms in which a code may still be typed, also too late or in the wrong place
REOPENS = 24 * 3_600_000  # ms after its end in which a ticket is taken up again rather than a new one opened


class Task(Struct, omit_defaults=True):
    """Something a resident asked for, in the hands of the handler of `intent`. `asked` names the slot it waits for."""

    intent: str
    slots: dict[str, str] = field(default_factory=dict)
    asked: str | None = None
    tries: int = 0
    memo: dict[str, str] = field(default_factory=dict)  # what `Turn.once` has done, where a guide or a list stands


class Offer(Struct, frozen=True, omit_defaults=True):
    """An option with what it means: start the handler of `intent`, or fill `slots` of the open task. One that is not `shown` is
    on another page of a list: its number is enough to choose it."""

    key: str
    label: str
    intent: str | None = None
    slots: dict[str, str] = field(default_factory=dict)
    shown: bool = True


class Danger(Struct, frozen=True):
    """A danger that was told, to life or of a fraud, and the ticket that tells of it; it lasts as long as that is open."""

    kind: str
    ticket: str

    @property
    def red_line(self) -> str:
        """The red line that it is of; its kind says more exactly what it is: drowning, despair_beside."""
        if self.kind == "scam":
            return self.kind
        return "despair" if self.kind.startswith("despair") else "emergency"


class Conversation(Struct, omit_defaults=True):
    """`tasks` are open, the last one on top; `last` is the one that ended last, for "晚上的呢?"."""

    lang: str = "zh"
    page: str = "zh"  # what the page was set to last: only its being moved switches the talk
    warned: bool = False  # that some things are on record in Chinese only
    tasks: list[Task] = field(default_factory=list)
    last: Task | None = None
    wish: Task | None = None  # what is looked for, as it was wished and refused so far, for "晚上我看不清路"
    wish_age: int = 0  # turns on other matters since
    paused: list[Task] = field(default_factory=list)  # were open when the talk stopped, for "昨天那个接着弄"
    offers: list[Offer] = field(default_factory=list)
    near: list[Offer] = field(default_factory=list)  # what else the last message may have meant
    focus: dict[str, str] = field(default_factory=dict)  # last course, class, org, activity: its id
    shown: list[str] = field(default_factory=list)  # what was told last, as class:taichi-1, for "多少钱"
    before: list[str] = field(default_factory=list)  # what was told before that, for "这俩有啥不一样"
    listed: list[str] = field(default_factory=list)  # of what was told last, the several that it was one of
    asked: str = ""  # the aspect that was asked of it, for "养鱼呢"
    told: list[str] = field(default_factory=list)  # the entries that answered last
    focus_age: int = 0
    said: list[Reply] = field(default_factory=list)  # by the last turn that said something, for "再说一遍"
    confirming: bool = False  # the last thing said was a question that 好的 answers with the first offer
    failures: int = 0
    topic: str = "chitchat"
    at: int = 0  # of the last turn, ms
    closed: str | None = None  # reference of the ticket that was closed last
    closed_at: int = 0
    elsewhere: bool = False  # that is one of another conversation, into which the one of this was merged
    complaint: str = ""  # the ticket with which a complaint is noted: a name that comes later is of whom it is
    rings: str = ""  # the ticket with which a number to ring back is noted
    merged_for: str = ""  # whose that is, as tickets keep them
    thanked: bool = False
    proving_until: int = 0  # ms until which six digits may be a one-time code
    number_since: int = 0  # ms since when pieces may have come of a number that nobody keeps; 0 where none may
    danger: Danger | None = None
    people: dict[str, Facts] = field(default_factory=dict)  # what the talk says of whom; "" is whoever speaks
    person: str = ""  # of them, who is spoken of now

    @property
    def facts(self) -> Facts:
        """What is known of who is spoken of."""
        return self.people.get(self.person, NOTHING)

    @property
    def just_told(self) -> bool:
        """Whether something was told in one of the last turns, so that half a sentence may be about it."""
        return bool(self.shown) and self.focus_age <= JUST

    def just_closed(self, now: int) -> str | None:
        """The ticket that goes on when the resident is not done with it yet."""
        return self.closed if self.closed and now - self.closed_at < REOPENS else None

    def proves(self, now: int) -> None:
        """A code may be on its way: what looks like one is kept nowhere for a while."""
        self.proving_until = now + PROVING

    def forget(self) -> None:
        """Drops what is only understandable in the flow of talk; what was agreed stays in messages and tickets."""
        self.tasks, self.last, self.wish, self.offers, self.focus, self.said = [], None, None, [], {}, []
        self.paused, self.near, self.shown, self.told, self.confirming = [], [], [], [], False
        self.listed, self.asked, self.focus_age = [], "", 0
        self.people, self.person = {}, ""
        self.failures, self.warned = 0, False


_DECODER = msgspec.json.Decoder(Conversation)
_ENCODER = msgspec.json.Encoder()


def load(stored: bytes) -> Conversation:
    return _DECODER.decode(stored) if stored else Conversation()


def dump(conversation: Conversation) -> bytes:
    return _ENCODER.encode(conversation)
