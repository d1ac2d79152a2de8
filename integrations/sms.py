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
PARTS, PERSONAL = 2, 7  # segments of a text of ours; of one with words of a person's, which stand nowhere else
LONGEST = PARTS * JOINED
LONGEST_OF_A_SEAT = 450  # characters that leave whole, with who says them before
MORE = "（未完，细问请回复人工）"
MORE_IN_ENGLISH = " (There is more: reply HUMAN to ask our staff.)"
# A mark within an address ends nothing (?id=1), nor does a stop before a small letter.
_END = re.compile(r"(?:[。；！？]|[!?](?![A-Za-z0-9&=/%#])|\.(?=\s+[^\sa-z]))[”’」』）)]*|\n")
# Nor one behind a short form, a letter alone, or a number of a list.
_SHORT = re.compile(
    r"(?:\b(?:[A-Za-z]|Mrs?|Ms|Dr|Prof|St|Rd|Ave|[Nn]os?|vs|etc|[Tt]el|[Ee]xt)|(?:^|[^\w\s]\s*|\n)\d{1,2})\.$"
)
_CLAUSE = re.compile("[，；、,;\n]")
_LEADS = ("：", ":")
_LATIN = str.maketrans(
    {"“": '"', "”": '"', "’": "'", "—": "-", "–": "-", "→": ">", "·": "-", "[": "(", "]": ")", "…": "..."}
)


def render(replies: Sequence[Reply]) -> list[str]:
    """One text of at most two segments for all that was said."""
    return [fitted(*_whole(replies))] if replies else []


def _whole(replies: Sequence[Reply]) -> tuple[str, str, str]:
    """All that was said, what has to stand at its end, and what points to the rest where not all of it fits."""
    english = replies[-1].lang == "en"
    options = [f"{option.key}.{option.label}" for option in replies[-1].options]
    tail = ("\nReply " if english else "\n回复") + " ".join(options) if options else ""
    text = "\n".join(reply.short or flat(reply.text) for reply in replies)
    if english and segments(text + tail) > 2:
        text, tail = latin(text), latin(tail)
    return text, tail, MORE_IN_ENGLISH if english else MORE


def latin(text: str) -> str:
    """An English text in the alphabet that telephones share, twice as long in the same two segments: without the Chinese in
    its brackets."""
    return without_chinese(text).translate(_LATIN)


def personal(replies: Sequence[Reply]) -> str:
    """What a person wrote, whole: as far as every carrier takes one text."""
    return fitted("\n".join(flat(reply.text) for reply in replies), parts=PERSONAL)


def fitted(text: str, tail: str = "", more: str = MORE, parts: int = PARTS) -> str:
    """A text with what has to stand at its end, in so many segments; what is left out is pointed to."""
    if segments(text + tail) <= parts:
        return text + tail
    room = _room(text, tail, more, parts)
    said = cut(text, room)
    if not said or said.endswith(_LEADS):  # the beginning of a list is more than what leads up to it
        said = _clipped(text, room) or said
    return (said + more).strip() + tail


def _room(text: str, tail: str, more: str, parts: int) -> int:
    """How many characters of a text there is room for, beside what stands at its end."""
    size = JOINED if any(char not in _BASIC for char in text + tail + more) else GSM_JOINED
    return parts * size - units(tail) - len(more)


def flat(text: str) -> str:
    """Line by line, without what only makes room."""
    return "\n".join(words for line in text.splitlines() if (words := " ".join(line.split())))


def _clipped(text: str, most: int) -> str:
    """As many whole clauses as fit."""
    ends = [match.start() for match in _CLAUSE.finditer(text) if units(text[: match.start()]) <= most]
    return text[: max(ends, default=0)].rstrip()


def cut(text: str, most: int) -> str:
    """As many whole sentences as so many UTF-16 units hold: none where the first one is longer."""
    if units(text) <= most:
        return text
    ends = [match.end() for match in _END.finditer(text[: most + 2]) if not _SHORT.search(text[: match.end()][-8:])]
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
    if replies and segments("".join(_whole(replies)[:2])) > PARTS:
        text, tail, more = _whole(replies)
        if not cut(text, _room(text, tail, more, PARTS)):
            found.append("短信放不下第一句，请另写一条短信")
    return found + [
        f"短信表只有 {len(reply.short)} 字以内才放得下"
        for reply in replies
        if reply.short and len(reply.short) > LONGEST
    ]
