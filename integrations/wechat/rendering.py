"""How what is said looks in an official account's conversation, and how much of it goes into one message."""

import time
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from bot.messages import Card, File, Numbered, Option, Reply
from integrations.wechat.wire import cdata

LARGEST = 1_800  # bytes: the platform was seen to cut texts at 2 048, and says nothing about it
MORE = "\n（还没说完，回复“继续”看下面的）"
MORE_IN_ENGLISH = "\n(There is more: answer “go on”)"
ROOM = LARGEST - len(MORE.encode())
ITEMS = 6  # of a menu in a message; the platform's own limit is not published
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


def passive(message: Outgoing, *, to: str, account: str, at: int | None = None) -> str:
    """The answer in the response: text, or one article."""
    head = (
        f"<xml><ToUserName><![CDATA[{cdata(to)}]]></ToUserName><FromUserName><![CDATA[{cdata(account)}]]></FromUserName>"
        f"<CreateTime>{int(time.time()) if at is None else at}</CreateTime>"
    )
    if message.article is None:
        text = cdata(message.lines)
        return f"{head}<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content></xml>"
    card = message.article
    about = cdata("\n".join([message.text, *card.lines]))
    return (
        f"{head}<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles><item>"
        f"<Title><![CDATA[{cdata(card.title)}]]></Title><Description><![CDATA[{about}]]></Description>"
        f"<PicUrl><![CDATA[]]></PicUrl><Url><![CDATA[{cdata(card.link or '')}]]></Url></item></Articles></xml>"
    )


def custom(message: Outgoing, to: str, *, menus: bool, media: str = "") -> dict[str, object]:
    """The same as a customer-service message; `media` is the platform's id of an uploaded image."""
    if message.image is not None:
        return {"touser": to, "msgtype": "image", "image": {"media_id": media}}
    if (card := message.article) is not None:
        article = {
            "title": card.title,
            "description": "\n".join([message.text, *card.lines]),
            "url": card.link,
            "picurl": "",
        }
        return {"touser": to, "msgtype": "news", "news": {"articles": [article]}}
    if message.options and menus and len(message.options) <= ITEMS:
        items = [{"id": option.key, "content": option.label} for option in message.options]
        tail = "Tap one, or answer with its number" if message.lang == "en" else "点上面的字，或回复序号"
        menu = {"head_content": message.text, "list": items, "tail_content": tail}
        return {"touser": to, "msgtype": "msgmenu", "msgmenu": menu}
    return {"touser": to, "msgtype": "text", "text": {"content": message.lines}}
