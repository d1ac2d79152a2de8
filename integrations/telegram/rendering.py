"""How what is said looks in a talk with a bot: text in HTML, what can be chosen under it, files by themselves.

Limits: core.telegram.org/bots/api#sendmessage (4 096 characters after the markup is read, counted in UTF-16).
"""

import html
from collections.abc import Iterator, Sequence

from msgspec import Struct

from bot.messages import Card, File, Message, Numbered, Option, Reply
from integrations.sms import units

LONGEST = 4_096
PICTURES = ("image/jpeg", "image/png")  # what goes as a photograph; all else as a document
_ENDS = "。！？；!?\n"


class Line(Struct, frozen=True):
    """A line as it is read, and as HTML."""

    plain: str
    html: str


class Piece(Struct, frozen=True, omit_defaults=True):
    """One message of the bot's: lines with their choices, of the message `seq` of the talk, or a file."""

    lines: tuple[Line, ...] = ()
    options: tuple[Option, ...] = ()
    file: File | None = None
    seq: int = 0
    lang: str = "zh"

    @property
    def plain(self) -> str:
        return "\n".join(line.plain for line in self.lines)

    @property
    def html(self) -> str:
        return "\n".join(line.html for line in self.lines)


def pieces(said: Sequence[Numbered], base: str) -> list[Piece]:
    """The messages for what was said, as few as hold it; `base` is what our paths begin with. What can be chosen is what
    was said last: of what was asked before, nothing is to be chosen any more."""
    found: list[Piece] = []
    for each in said:
        reply = each.message.reply
        for lines in _filled(_lines(reply, base)):
            found = _with(found, Piece(lines=tuple(lines), seq=each.seq, lang=reply.lang))
        found += [Piece(file=file, seq=each.seq, lang=reply.lang) for file in reply.files]
    last = said[-1].message.reply if said else None
    if last is None or not last.options:
        return found
    if not found or found[-1].file:
        found.append(Piece(lines=(_line("👇"),), lang=last.lang))
    end = found[-1]
    return [*found[:-1], Piece(lines=end.lines, options=last.options, seq=said[-1].seq, lang=last.lang)]


def _with(found: list[Piece], new: Piece) -> list[Piece]:
    """One more, in the last one where it fits."""
    if found and not found[-1].file:
        last = found[-1]
        if units(last.plain) + 2 + units(new.plain) <= LONGEST:
            lines = (*last.lines, _line(""), *new.lines)
            return [*found[:-1], Piece(lines=lines, seq=new.seq, lang=new.lang)]
    return [*found, new]


def _line(text: str) -> Line:
    return Line(text, html.escape(text, quote=False))


def _lines(reply: Reply, base: str) -> Iterator[Line]:
    if reply.text and not (reply.files and reply.text == "、".join(file.name for file in reply.files)):
        yield from map(_line, reply.text.split("\n"))
    for card in reply.cards:
        yield _title(card, base)
        yield from map(_line, card.lines)
    if reply.source:
        yield Line(f"—— {reply.source}", f"<i>—— {html.escape(reply.source, quote=False)}</i>")


def _title(card: Card, base: str) -> Line:
    title = html.escape(card.title, quote=False)
    if not card.link:
        return Line(card.title, f"<b>{title}</b>")
    link = base + card.link if card.link.startswith("/") else card.link
    return Line(f"{card.title} {link}", f'<a href="{html.escape(link)}">{title}</a>')


def _filled(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """As many lines at a time as one message takes."""
    taken: list[Line] = []
    size = -1
    for line in lines:
        for part in [line] if units(line.plain) <= LONGEST else map(_line, cut(line.plain, LONGEST)):
            more = units(part.plain) + 1
            if taken and size + more > LONGEST:
                yield taken
                taken, size = [], -1
            taken.append(part)
            size += more
    if taken:
        yield taken


def cut(text: str, room: int) -> list[str]:
    """A text in parts of at most so many UTF-16 units, each ended at a sentence's end where there is one."""
    parts = []
    while units(text) > room:
        head = text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore")
        end = max(head.rfind(mark) for mark in _ENDS) + 1
        if end <= len(head) // 2:
            end = len(head)
        parts.append(text[:end])
        text = text[end:]
    return [*parts, text]


def numbered(options: Sequence[Option]) -> str:
    """Choices as lines, where there can be no buttons."""
    return "".join(f"\n[{option.key}] {option.label}" for option in options)


def render(replies: Sequence[Reply]) -> list[str]:
    """All messages for what was said, as they read one after the other."""
    said = [Numbered(seq=seq, author="bot", message=Message(reply=reply), at=0) for seq, reply in enumerate(replies, 1)]
    return [f"〔{each.file.name}〕" if each.file else each.plain + numbered(each.options) for each in pieces(said, "")]
