"""SMS: what is said fits two segments, choices are numbered, links and cards are left out.

Segments: GSM 03.38's alphabet has 160 characters of a message alone and 153 of a part; anything else makes the whole text
UCS-2 with 70 and 67 (3GPP TS 23.038 and 23.040).
"""

import re
from collections.abc import Sequence

from bot.messages import Reply
from integrations.speech import without_chinese

CHANNEL = "sms"
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # each takes the place of two
GSM, GSM_JOINED = 160, 153
SEGMENT, JOINED = 70, 67
LONGEST = 2 * JOINED
MORE = "（详情见公众号或打热线）"
MORE_IN_ENGLISH = " (More in the official account or on the hotline.)"
_END = re.compile(r"(?:[。；！？!?]|\.(?=\s))[”’」』）)]*|\n")
_LATIN = str.maketrans(
    {"“": '"', "”": '"', "’": "'", "—": "-", "–": "-", "→": ">", "·": "-", "[": "(", "]": ")", "…": "..."}
)


def render(replies: Sequence[Reply]) -> list[str]:
    """One text of at most two segments for all that was said."""
    if not replies:
        return []
    english = replies[-1].lang == "en"
    options = [f"{option.key}.{option.label}" for option in replies[-1].options]
    tail = ("\nReply " if english else "\n回复") + " ".join(options) if options else ""
    text = "\n".join(reply.short or flat(reply.text) for reply in replies)
    if english and segments(text + tail) > 2:
        text, tail = latin(text), latin(tail)
    return [fitted(text, tail, MORE_IN_ENGLISH if english else MORE)]


def latin(text: str) -> str:
    """An English text in the alphabet that telephones share, twice as long in the same two segments: without the Chinese in
    its brackets."""
    return without_chinese(text).translate(_LATIN)


def fitted(text: str, tail: str = "", more: str = MORE) -> str:
    """A text with what has to stand at its end, in two segments; what is left out is pointed to."""
    if segments(text + tail) <= 2:
        return text + tail
    room = (LONGEST if any(char not in _BASIC for char in text + tail + more) else 2 * GSM_JOINED) - len(tail)
    return (cut(text, room - len(more)) + more).strip() + tail


def flat(text: str) -> str:
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """As many whole sentences as so many UTF-16 units hold: none where the first one is longer."""
    if units(text) <= most:
        return text
    ends = [match.end() for match in _END.finditer(text)]
    return text[: max((end for end in ends if units(text[:end].rstrip()) <= most), default=0)].rstrip()


def units(text: str) -> int:
    """How many UTF-16 units it takes: two for an emoji."""
    return len(text.encode("utf-16-be")) // 2


def segments(text: str) -> int:
    """How many an SMS of this text is billed as."""
    if all(char in _BASIC or char in _EXTENDED for char in text):
        size, alone, joined = len(text) + sum(char in _EXTENDED for char in text), GSM, GSM_JOINED
    else:
        size, alone, joined = units(text), SEGMENT, JOINED
    return 1 if size <= alone else -(-size // joined)


def problems(replies: Sequence[Reply]) -> list[str]:
    """What does not fit."""
    found = [f"短信 {segments(text)} 段" for text in render(replies) if segments(text) > 2]
    if any(text.startswith((MORE, MORE_IN_ENGLISH.strip())) for text in render(replies)):
        found.append("短信放不下第一句，请另写一条短信")
    return found + [
        f"短信表只有 {len(reply.short)} 字以内才放得下"
        for reply in replies
        if reply.short and len(reply.short) > LONGEST
    ]
