"""The hotline: what is said is spoken, choices are keys, nothing needs eyes.

A voice plan is what a call does next, in words that no provider owns: say, listen, wait in the queue, be put through, leave
a message, hang up. It is written as TwiML for one provider, and could be driven over a switchboard's interface by another.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages import Reply

CHOICES = 3  # a caller keeps no more in mind
LONGEST = 400  # characters: well over a minute of speech
_DIGITS = str.maketrans("0123456789", "零幺二三四五六七八九")
_PHONE = re.compile(
    r"(?<!\d)(?:0\d{2,3}-)?\d{4} ?\d{4}(?!\d)|(?<!\d)1\d{10}(?!\d)|(?<!\d)(?:1[12]\d|12\d{3}|96110|95598)(?!\d)|\d{3}\*{4}\d{4}|(?<!\d)\d{4}-\d{5}(?!\d)"
)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})")
_LINK = re.compile(r"https?://\S+")


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
class Record:
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


Step = Say | Listen | Wait | Connect | Dial | Meet | Play | Leave | Record | Pause | HangUp
Plan = tuple[Step, ...]


def render(replies: Sequence[Reply]) -> list[str]:
    """What is spoken, then what may be keyed in."""
    lines = [speech(reply.spoken or reply.text) for reply in replies]
    if replies and replies[-1].options:
        lines.append(
            "，".join(f"{speech(option.label)}请按{option.key}" for option in replies[-1].options[:CHOICES])
            + "，找人请按0。"
        )
    return lines


def speech(text: str) -> str:
    """The text as a voice should read it: numbers to ring digit by digit, clock times in words, no signs."""
    text = _LINK.sub("", text)
    text = _PHONE.sub(lambda match: re.sub(r"[-* ]+", "，", match[0]).translate(_DIGITS), text)
    text = _CLOCK.sub(
        lambda match: (
            f"{int(match[1])}点" + ("" if match[2] == "00" else "半" if match[2] == "30" else f"{int(match[2])}分")
        ),
        text,
    )
    text = text.replace("—", "到").replace("→", "，").replace("·", "")
    text = re.sub(r"[“”《》「」【】（）()]", "，", text)
    text = re.sub(r"\s*\n\s*", "。", text)
    text = re.sub(r"(\d+)\. ", r"第\1，", text)
    return re.sub(r"[，、；]*([。！？：])[，。]*|，{2,}", lambda match: match[1] or "，", text).strip("，")


def problems(replies: Sequence[Reply]) -> list[str]:
    """What cannot be said on the phone."""
    found = []
    for reply in replies:
        if len(reply.options) > CHOICES:
            found.append(f"电话上一次最多 {CHOICES} 个选项")
        if len(speech(reply.spoken or reply.text)) > LONGEST:
            found.append(f"电话上要念 {len(reply.spoken or reply.text)} 个字，太长，请给 spoken 写短一点")
    return found
