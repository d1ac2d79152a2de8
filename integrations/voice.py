"""The hotline: what is said is spoken, choices are keys, nothing needs eyes.

A voice plan is what a call does next, in words that no provider owns: say, listen, wait in the queue, be put through, leave
a message, hang up. It is written as TwiML for one provider, and could be driven over a switchboard's interface by another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages import Option, Reply
from integrations.speech import in_english, part, speech, without_chinese

CHANNEL = "voice"
CHOICES = 3  # a caller keeps no more in mind
LONGEST = 400  # characters: well over a minute of speech


@dataclass(frozen=True, slots=True)
class Say:
    """Speaks; slowly or loudly for those who ask for it."""

    text: str
    slow: bool = False
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Listen:
    """Speaks, and listens meanwhile and after: to `keys` keys (0: any number up to the hash sign), and to speech. What was
    heard, or nothing, goes to `then` (a path of ours)."""

    say: tuple[Say, ...]
    then: str
    keys: int = 1
    speech: bool = True
    seconds: int = 6
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Waits in a queue of this name; what is heard there comes from `during`, and `then` says how it ended."""

    queue: str
    during: str
    then: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Is put through to whoever waits in this queue, who first hears what `before` says; `then` says how it goes on.
    `recorded` is where a recording is told of; None where there is to be none."""

    queue: str
    before: str
    then: str
    recorded: str | None = None


@dataclass(frozen=True, slots=True)
class Dial:
    """Is put through to a number, which sees `caller` as who calls; `then` is told how it ended."""

    number: str
    caller: str
    then: str


@dataclass(frozen=True, slots=True)
class Meet:
    """Talks with whoever else is in the room. It is over for all when somebody leaves with whom it `ends`; `then` says how
    it goes on for this one, who is otherwise hung up."""

    room: str
    then: str | None
    ends: bool = False
    recorded: str | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """Plays what is at an address."""

    url: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Leaves the queue."""


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """Leaves a message of at most so many seconds."""

    then: str
    recorded: str
    seconds: int = 120


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """Ends the call."""


Step = Say | Listen | Wait | Connect | Dial | Meet | Play | Leave | RecordMessage | Pause | HangUp
Plan = tuple[Step, ...]


def render(replies: Sequence[Reply]) -> list[str]:
    """What is spoken, then what may be keyed in."""
    lines = [spoken(reply) for reply in replies]
    if replies and replies[-1].options:
        say_keys = _keys_in_english if replies[-1].lang == "en" else keys
        lines.append(say_keys(replies[-1].options[:CHOICES], lines[-1]))
    return lines


def spoken(reply: Reply) -> str:
    """What is read aloud, in its language."""
    text = reply.spoken or reply.text
    return in_english(text) if reply.lang == "en" else speech(text)


def _keys_in_english(options: Sequence[Option], said: str) -> str:
    labels = [without_chinese(option.label) for option in options]
    if len(labels) > 1 and all(f"Number {number}: {label}" in said for number, label in enumerate(labels, 1)):
        return "For one of them press its number. For a person press 0."
    return "; ".join(f"for {label} press {option.key}" for label, option in zip(labels, options, strict=True)) + (
        "; for a person press 0."
    )


def keys(options: Sequence[Option], said: str = "") -> str:
    """What may be keyed in. Names are not said twice: a list that was just read has its numbers."""
    if len(options) > 1 and all(f"第{'一二三'[at]}，{part(each.label)}" in said for at, each in enumerate(options)):
        return "想听哪一个的详情，请按它的数字。找人请按0。"
    return "；".join(f"{part(option.label)}，请按{option.key}" for option in options) + "。找人请按0。"


def problems(replies: Sequence[Reply]) -> list[str]:
    """What cannot be said on the phone."""
    found = []
    for reply in replies:
        if len(reply.options) > CHOICES:
            found.append(f"电话上一次最多 {CHOICES} 个选项")
        if len(spoken(reply)) > LONGEST:
            found.append(f"电话上要念 {len(reply.spoken or reply.text)} 个字，太长，请给 spoken 写短一点")
    return found
