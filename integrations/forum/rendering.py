"""How what is said looks in a topic: Markdown in which nothing but ours is markup, signed, and with a mark by which a post of
ours is known again."""

import re
from collections.abc import Sequence

from bot.messages import Card, Reply
from bot.texts import Texts

MARKED = "<!-- dx:"  # begins the mark; no reader of the forum sees it
_LINK = re.compile(r"(https?://[^\s，。；！？、（）《》“”<>]+)")
_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_BEGINS = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))", re.MULTILINE)
_CALLS = re.compile(r"(?<![\w.])@(?=\w)")


def render(replies: Sequence[Reply]) -> list[str]:
    """What a post holds of replies, without how it is signed."""
    said = "\n\n".join(block(each, "") for each in replies)
    return [said] if said else []


def plain(text: str) -> str:
    """A text in Markdown as it reads: no sign in it is markup, and nobody is called by name. Links stay links."""
    parts = _LINK.split(text)
    return "".join(part if at % 2 else _escaped(part) for at, part in enumerate(parts))


def _escaped(text: str) -> str:
    quiet = _CALLS.sub("@\u200b", _SIGNS.sub(r"\\\1", text))
    return _BEGINS.sub(lambda found: f"{found[1]}\\{found[2]}" if found[2] in "-+=" else f"{found[0]}\\", quiet)


def block(reply: Reply, base: str) -> str:
    """A reply; links of ours begin with `base`."""
    parts = [plain(reply.text), *(_card(each, base) for each in reply.cards)]
    if reply.source:
        source = plain(reply.source)
        parts.append(f"*(Source: {source})*" if reply.lang == "en" else f"*（出处：{source}）*")
    if reply.options:
        parts.append("You can reply with one of these:" if reply.lang == "en" else "可以直接回复下面的文字：")
        parts[-1] += "\n\n" + "\n".join(f"- {plain(option.label)}" for option in reply.options)
    return "\n\n".join(parts)


def _card(card: Card, base: str) -> str:
    link = base + card.link if card.link and card.link.startswith("/") else card.link
    title = f"[{plain(card.title)}](<{link}>)" if link else plain(card.title)
    return "\n".join([f"**{title}**", *map(plain, card.lines)])


class PostWriter:
    """`base` is where our own pages are reached: there what is personal is asked."""

    def __init__(self, texts: Texts, base: str) -> None:
        self._texts = texts
        self._base = base

    def post(self, replies: Sequence[Reply], mark: str, ref: str) -> str:
        """A whole post: a seat's where there is the `ref` of its ticket, else the assistant's."""
        lang = replies[-1].lang
        said = "\n\n".join(block(each, self._base) for each in replies)
        line = self._texts.line
        signed = line(lang, "forum.seat", ref=ref) if ref else line(lang, "forum.signed", url=self._base)
        return f"{said}\n\n---\n{plain(signed)}\n\n{MARKED}{mark} -->"
