"""One mail for all that is said: a greeting, each question with its answer and where that stands, what goes to a person, and how to
go on."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from bot.messages import Reply
from bot.texts import Texts
from integrations.mail.settings import CHANNEL

QUESTION = 60  # characters of a question that are said back
_REPLIED = re.compile(
    r"^(?:\s{0,20}(?:re|回复|答复|回覆|fw|fwd|转发)\s{0,20}(?:\[\d+\])?\s{0,20}[:：]\s{0,20})+", re.IGNORECASE
)
_REFERENCE = re.compile(r"\s{0,20}\[\d{4}-\d{5}\]")


class Answered(NamedTuple):
    """A question in the resident's words, and what is said to it."""

    question: str
    replies: tuple[Reply, ...]


def render(replies: Sequence[Reply]) -> list[str]:
    """What a mail holds of replies, without what stands around it."""
    said = "\n\n".join(block(each) for each in replies)
    return [said] if said else []


def block(reply: Reply, base: str = "") -> str:
    """A reply in plain text; links of ours begin with `base`."""
    lines = [reply.text]
    for card in reply.cards:
        lines += ["", f"【{card.title}】", *(f"  {line}" for line in card.lines)]
        if card.link:
            lines.append(f"  {base}{card.link}" if card.link.startswith("/") else f"  {card.link}")
    if reply.source:
        lines.append(f"(Source: {reply.source})" if reply.lang == "en" else f"（出处：{reply.source}）")
    if reply.options:
        lines.append("You can reply with one of these:" if reply.lang == "en" else "可以直接回复下面的文字：")
        lines += [f"  · {option.label}" for option in reply.options]
    return "\n".join(lines)


def subject(theirs: str, ref: str | None) -> str:
    """Of an answer in their thread: with the ticket's reference, each once."""
    bare = _REFERENCE.sub("", _REPLIED.sub("", theirs)).strip()
    return f"Re: {bare}{f' [{ref}]' if ref else ''}"


def is_replied(theirs: str) -> bool:
    """Whether a subject goes on with another mail's."""
    return _REPLIED.match(theirs) is not None


class Writer:
    """`base` is where our own pages are reached."""

    def __init__(self, texts: Texts, base: str) -> None:
        self._texts = texts
        self._base = base

    def answers(self, parts: Sequence[Answered], ref: str | None, cut: str) -> str:
        """What the assistant answers to one mail; `cut` is what of it was not read."""
        lang = next((each.replies[-1].lang for each in reversed(parts) if each.replies), "zh")
        line = self._texts.line
        lines = [line(lang, self._texts.on(CHANNEL, "mail.hello")), ""]
        if len(parts) == 1:
            lines += [self._said(parts[0]), ""]
        else:
            lines += [line(lang, "mail.several", count=len(parts)), ""]
            for number, part in enumerate(parts, 1):
                lines += [f"{number}. {_short(part.question)}", self._said(part), ""]
        handed = [str(number) for number, part in enumerate(parts, 1) if ref and _mentions(part, ref)]
        if handed and len(parts) > 1:
            lines += [line(lang, "mail.person", which=("、" if lang == "zh" else ", ").join(handed), ref=ref), ""]
        if cut:
            lines += [line(lang, "mail.cut"), ""]
        return "\n".join([*lines, line(lang, "mail.goes_on"), "", "-- ", line(lang, "mail.signed")])

    def words(self, replies: Sequence[Reply], ref: str | None) -> str:
        """What a person, or the centre by itself, says."""
        lang = replies[-1].lang if replies else "zh"
        end = self._texts.line(lang, "mail.seat", ref=ref) if ref else self._texts.line(lang, "mail.goes_on")
        said = "\n\n".join(block(each, self._base) for each in replies)
        return "\n".join([said, "", "-- ", end])

    def _said(self, part: Answered) -> str:
        return "\n\n".join(block(each, self._base) for each in part.replies)


def _mentions(part: Answered, ref: str) -> bool:
    return any(ref in each.text for each in part.replies)


def _short(question: str) -> str:
    flat = " ".join(question.split())
    return flat if len(flat) <= QUESTION else f"{flat[: QUESTION - 1]}…"
