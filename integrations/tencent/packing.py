"""How what is said looks in WeChat, and how much of it goes into one message."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from bot.messages import Card, File, Numbered, Option, Reply

LARGEST = 1_800  # bytes: the platform was seen to cut texts at 2 048, and says nothing about it
MORE = "\n（还没说完，回复“继续”看下面的）"
MORE_IN_ENGLISH = "\n(There is more: answer “go on”)"
ROOM = LARGEST - len(MORE.encode())
IMAGES = ("image/jpeg", "image/png")
_ENDS = "。！？；!?\n"


class Chunk(Struct, frozen=True, omit_defaults=True):
    """A stretch of a message that is never divided. A link card and an image stand alone; `options` come with the last
    of a message's."""

    text: str = ""
    options: tuple[Option, ...] = ()
    article: Card | None = None
    image: File | None = None
    lang: str = "zh"


class Place(Struct, frozen=True):
    """How far a conversation has been delivered: the message and its chunk that come next."""

    seq: int
    part: int


class Outgoing(Struct, frozen=True, omit_defaults=True):
    """One message as WeChat takes it: a text with its choices, a link card, or an image."""

    text: str = ""
    options: tuple[Option, ...] = ()
    article: Card | None = None
    image: File | None = None
    lang: str = "zh"

    @property
    def lines(self) -> str:
        """The text with its choices as numbered lines."""
        return self.text + _numbered(self.options, self.lang) if self.options else self.text

    @property
    def how_to_choose(self) -> str:
        """What stands below choices that can be touched."""
        return "Tap one, or answer with its number" if self.lang == "en" else "点上面的字，或回复序号"

    def ending(self, note: str) -> "Outgoing":
        """The same with a word at its end; a picture or a link card stays as it is."""
        return self if self.article or self.image else Outgoing(text=self.lines + note, lang=self.lang)

    def unfinished(self) -> "Outgoing":
        """The same, with how to hear the rest."""
        return self.ending(MORE_IN_ENGLISH if self.lang == "en" else MORE)


def _numbered(options: Sequence[Option], lang: str) -> str:
    if lang == "en":
        return "\n\n" + "\n".join(f"[{option.key}] {option.label}" for option in options) + "\n(Answer with a number)"
    return "\n\n" + "\n".join(f"【{option.key}】{option.label}" for option in options) + "\n（回复序号即可）"


def absolute(reply: Reply, base: str) -> Reply:
    """With the paths of ours as addresses that open from anywhere."""
    if not reply.files and not any(card.link for card in reply.cards):
        return reply
    cards = tuple(replace(card, link=_at(base, card.link)) if card.link else card for card in reply.cards)
    files = tuple(file if file.type in IMAGES else replace(file, path=_at(base, file.path)) for file in reply.files)
    return replace(reply, cards=cards, files=files)


def _at(base: str, path: str) -> str:
    return base + path if path.startswith("/") else path


def chunks(reply: Reply, *, images: bool = False) -> list[Chunk]:
    """A message in stretches that fit. With `images`, pictures go as such; else as links."""
    pictures = [file for file in reply.files if images and file.type in IMAGES]
    article = reply.cards[0] if len(reply.cards) == 1 and reply.cards[0].link and not reply.options else None
    if article is not None:
        return [Chunk(text=reply.text, article=article, lang=reply.lang)]
    lines = [reply.text] if reply.text and not (pictures and reply.text == _names(reply.files)) else []
    lines += [line for card in reply.cards for line in _card(card)]
    lines += [f"{file.name}：{file.path}" for file in reply.files if file not in pictures]
    found = [Chunk(text=part, lang=reply.lang) for part in cut("\n".join(lines), ROOM)] if lines else []
    found += [Chunk(image=file) for file in pictures]
    if reply.options:
        found = _with_options(found, reply.options, reply.lang)
    return found


def _names(files: Sequence[File]) -> str:
    return "、".join(file.name for file in files)


def _card(card: Card) -> list[str]:
    return [*card.lines, f'<a href="{card.link}">{card.title}</a>'] if card.link else list(card.lines)


def _with_options(found: list[Chunk], options: tuple[Option, ...], lang: str) -> list[Chunk]:
    last = found[-1].text if found else ""
    if len((last + _numbered(options, lang)).encode()) <= ROOM:
        return [*found[:-1], Chunk(text=last, options=options, lang=lang)]
    return [*found, Chunk(options=options, lang=lang)]


def cut(text: str, room: int) -> list[str]:
    """A text in parts of at most so many bytes, each ended at a sentence's end where there is one."""
    parts = []
    while len(text.encode()) > room:
        head = text.encode()[:room].decode("utf-8", "ignore")
        end = max(head.rfind(mark) for mark in _ENDS) + 1
        if end <= len(head) // 2:
            end = len(head)
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*parts, text] if text else parts


def pack(said: Sequence[Numbered], at: Place, *, images: bool = False) -> tuple[Outgoing | None, Place | None]:
    """The next message to send of what was said, from a place on, as much as fits into it; and the place after it,
    None where that is all."""
    flat = [
        (Place(each.seq, part), chunk)
        for each in said
        for part, chunk in enumerate(chunks(each.message.reply, images=images))
        if (each.seq, part) >= (at.seq, at.part)
    ]
    taken: list[Chunk] = []
    for place, chunk in flat:
        if taken and not _fits(taken, chunk):
            return _joined(taken), place
        taken.append(chunk)
    return (_joined(taken), None) if taken else (None, None)


def _fits(taken: list[Chunk], chunk: Chunk) -> bool:
    if taken[-1].article or taken[-1].image or chunk.image:
        return False
    if chunk.article:
        return False
    return len(_joined([*taken, chunk]).lines.encode()) <= ROOM


def _joined(taken: list[Chunk]) -> Outgoing:
    """Choices are those of the last: of what was asked before, nothing is to be chosen any more."""
    first, last = taken[0], taken[-1]
    if first.article or first.image:
        return Outgoing(text=first.text, article=first.article, image=first.image, lang=last.lang)
    text = "\n\n".join(chunk.text for chunk in taken if chunk.text)
    return Outgoing(text=text, options=last.options, lang=last.lang)


def render(replies: Sequence[Reply]) -> list[str]:
    """All messages for what was said, as they read one after the other."""
    said = [chunk for reply in replies for chunk in chunks(reply)]
    parts: list[str] = []
    taken: list[Chunk] = []
    for chunk in said:
        if taken and not _fits(taken, chunk):
            parts.append(_read(_joined(taken).unfinished()))
            taken = []
        taken.append(chunk)
    return [*parts, _read(_joined(taken))] if taken else parts


def _read(message: Outgoing) -> str:
    if message.article:
        card = message.article
        return "\n".join([f"〔{card.title}〕", message.text, *card.lines, card.link or ""])
    return f"〔{message.image.name}〕" if message.image else message.lines


def problems(replies: Sequence[Reply]) -> list[str]:
    """What cannot be sent."""
    return [
        f"微信的选项 {len(_numbered(reply.options, reply.lang).encode())} 字节，超过 {ROOM}"
        for reply in replies
        if reply.options and len(_numbered(reply.options, reply.lang).encode()) > ROOM
    ]
