"""SMS: what is said fits two segments, choices are numbered, links and cards are left out."""

from collections.abc import Sequence

from bot.messages import Reply

SEGMENT, JOINED = 70, 67  # UCS-2 characters of a message alone, and of a part of a longer one (3GPP TS 23.038)
LONGEST = 2 * JOINED


def render(replies: Sequence[Reply]) -> list[str]:
    """One text of at most two segments for all that was said."""
    if not replies:
        return []
    options = [f"{option.key}.{option.label}" for option in replies[-1].options]
    tail = "\n回复" + " ".join(options) if options else ""
    text = "\n".join(reply.short or flat(reply.text) for reply in replies)
    return [cut(text, LONGEST - len(tail)) + tail]


def flat(text: str) -> str:
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """At most so many characters, ended at a sentence where there is one."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    end = max(head.rfind(mark) for mark in "。；！？\n")
    return head[: end + 1] if end > most // 2 else head + "…"


def segments(text: str) -> int:
    """How many an SMS of this text is billed as."""
    return 1 if len(text) <= SEGMENT else -(-len(text) // JOINED)


def problems(replies: Sequence[Reply]) -> list[str]:
    """What does not fit."""
    found = [f"短信 {segments(text)} 段" for text in render(replies) if segments(text) > 2]
    return found + [
        f"短信表只有 {len(reply.short)} 字以内才放得下"
        for reply in replies
        if reply.short and len(reply.short) > LONGEST
    ]
