"""The channel-neutral words: what comes in, what is said, what is handed over. No wire form, no statement."""

from msgspec import Struct

from store.ticket_rows import Priority as Priority  # of what is handed over: whoever hands over need not know the store

CONTINUE = "continue"  # an intent: the channel goes on with what did not fit, and there is nothing to think about
STOPPED = "texts_stopped"  # a resident wants no texts any more
RESUMED = "texts_resumed"  # and wants them again
LONGEST = 1000  # characters that are read as a question; longer ones are for a person


class Arrived(Struct, frozen=True):
    """A file that a resident sends: with its content, whose kind is known, or with `ref`, by which its channel fetches it."""

    name: str
    type: str = ""
    body: bytes = b""
    ref: str = ""


class Inbound(Struct, frozen=True, kw_only=True):
    """One message of one resident.

    `id` is the channel's own id of it: the same id again is the same message. `at` is in milliseconds UTC. `choice`
    is the key of an offered option where the resident pressed one. `intent` says what is meant where the channel knows it
    without words: an entry of a menu, a picture, a scan; `slots` what belongs to it. `position` (degrees north and east)
    is for this one answer and is never kept. `session` is what an identity is proven for where the address proves nothing:
    one call. `public` says that others read along: nothing personal is asked or told there, and no person called.

    `cards` are what the channel knows of a message beside its words (a mail's subject, what came with it): kept with it and
    shown to seats, never thought about. `refs` are the channel's own names of what it goes on with, itself last, so that an
    answer stands in its place (a mail's thread). `files` came with it.
    """

    channel: str
    address: str
    id: str
    text: str
    at: int
    choice: str | None = None
    lang: str | None = None
    intent: str | None = None
    slots: dict[str, str] = {}
    position: tuple[float, float] | None = None
    cards: tuple["Card", ...] = ()
    refs: tuple[str, ...] = ()
    files: tuple[Arrived, ...] = ()
    session: str | None = None
    public: bool = False
    origin: str = ""  # the resident's own network address, never that of a platform; for limits alone: never kept
    outbox: bool = False  # its answer leaves by the outbox, at once
    inline: bool = False  # its channel takes the answer in the response, and asks again until it has it


class Option(Struct, frozen=True):
    """Something to choose, by its key or by its label."""

    key: str
    label: str


class Card(Struct, frozen=True, omit_defaults=True):
    """A thing shown with its facts: a class, a school, an activity; `link` opens more of it (a path is one of ours)."""

    title: str
    lines: tuple[str, ...]
    link: str | None = None


class File(Struct, frozen=True, omit_defaults=True):
    """Something to open, at a path of ours: a resident's own for seats alone. `size` (bytes) where it is known."""

    name: str
    type: str
    path: str
    size: int = 0


class Reply(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing said. `spoken` and `short` are its forms for the ear and for an SMS; without them a channel makes its
    own from `text`. `source` says where the answer stands, `lang` what language it is in, so that what a channel adds to it
    is in the same."""

    text: str
    options: tuple[Option, ...] = ()
    cards: tuple[Card, ...] = ()
    spoken: str | None = None
    short: str | None = None
    source: str | None = None
    files: tuple[File, ...] = ()
    lang: str = "zh"


class Handover(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a seat needs to go on. `to_call` says that a call
    is promised; `against` are tickets of which it complains: none of their seats may get it, nor those that it has `named`."""

    topic: str
    reason: str
    skill: str
    priority: Priority
    summary: str
    place: str | None = None
    slots: dict[str, str] = {}
    tried: tuple[str, ...] = ()
    to_call: bool = False
    against: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


class Message(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A message as it is kept. `re` is the channel's id of the resident's message: of itself, or of the one that it
    answers. `refs` are those of a resident's `Inbound`."""

    reply: Reply
    re: str | None = None
    refs: tuple[str, ...] = ()


class Numbered(Struct, frozen=True, kw_only=True):
    """A message in its place: numbered without gaps within its conversation."""

    seq: int
    author: str  # resident, bot, seat, system
    message: Message
    at: int


def masked(phone: str) -> str:
    """138****5678, as a number is told back."""
    return f"{phone[:3]}****{phone[-4:]}"


def masked_mail(address: str) -> str:
    """z***@163.com, as an address of mail is told back."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"
