"""The web chat's wire form: the frames that a page sends, what it gets, and how a reply looks on it."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from bot.keeping import NAME
from bot.messages import Numbered, Reply

Id = Annotated[str, Meta(pattern=rf"^{NAME}\Z")]
Lang = Literal["zh", "en"]


@lru_cache(maxsize=8192)
def address_of(token: str) -> str:
    """What is stored of a visitor's token: whoever reads the database cannot speak as the visitor."""
    return hashlib.sha256(token.encode()).hexdigest()[:40]


class Hello(Struct, tag="hello", forbid_unknown_fields=True):
    visitor: Annotated[str, Meta(max_length=200)] | None = None
    since: Annotated[int, Meta(ge=0)] | None = None
    lang: Lang = "zh"


class PageMessage(Struct, tag="message", forbid_unknown_fields=True):
    """`lang` is what the page is set to by now, where that is not what its `hello` said."""

    id: Id
    text: str
    lang: Lang | None = None


class Chosen(Struct, tag="choice", forbid_unknown_fields=True):
    id: Id
    key: Annotated[str, Meta(min_length=1, max_length=8)]
    lang: Lang | None = None


class PageTyping(Struct, tag="typing", forbid_unknown_fields=True):
    pass


class PagePing(Struct, tag="ping", forbid_unknown_fields=True):
    pass


class Pong(Struct, tag="pong", forbid_unknown_fields=True):
    pass


Frame = Hello | PageMessage | Chosen | PageTyping | PagePing | Pong
decode_frame = msgspec.json.Decoder(Frame).decode
encode = msgspec.json.encode


class Post(Struct, forbid_unknown_fields=True):
    """One message over HTTP. `visitor` is a token as `webchat` describes it: a client that makes one before its first
    message may send that again too; without one, each sending is a new visitor's, who is told a token with the answer."""

    id: Id
    text: str = ""
    choice: Annotated[str, Meta(min_length=1, max_length=8)] | None = None
    visitor: Annotated[str, Meta(max_length=200)] | None = None
    lang: Lang = "zh"


decode_post = msgspec.json.Decoder(Post).decode

_ERRORS: Mapping[str, str] = {
    "bad_frame": "消息格式不对，没有收下。This frame was not understood.",
    "too_long": "消息太长，没有收下，请分几次说。The message is too long.",
    "too_large": "文件太大，没有收下，请压缩或者分开再发。The file is too large.",
    "empty": "文件是空的，没有收下。The file is empty.",
    "kind": "这种文件收不了。可以发图片、PDF、DOCX、XLSX、TXT 和语音。Files of this kind cannot be taken.",
    "too_fast": "发得太快了，请稍等再发。Too many messages, please wait.",
    "gone": "以前的对话已经不在了，我们重新开始。The earlier conversation is gone.",
    "foreign": "这个网页不是我们的，没有收下。A page of another site may not do this.",
    "busy": "现在比较忙，请稍后再发。Busy, please send again.",
}


_ANSWERING = frozenset({"bot", "system"})  # whose messages may be the answer to one


def frame_of(each: Numbered) -> bytes:
    """A message as the page gets it: `id` of the resident's own, `re` where it answers one."""
    reply = each.message.reply
    own = each.author == "resident"
    which = {"id": each.message.re} if own else {}
    return encode(
        which
        | {
            "type": "message", "seq": each.seq, "author": each.author, "text": reply.text,
            "options": [{"key": option.key, "label": option.label} for option in reply.options],
            "cards": [{"title": card.title, "lines": card.lines, "link": card.link} for card in reply.cards],
            "files": [{"name": file.name, "type": file.type, "path": None if own else file.path} for file in reply.files],
            "source": reply.source, "at": each.at, "re": each.message.re if each.author in _ANSWERING else None, "lang": reply.lang,
        }
    )  # fmt: skip


def error(code: str) -> bytes:
    """Says what was not taken, and why."""
    return encode({"type": "error", "code": code, "text": _ERRORS[code]})


def render(replies: Sequence[Reply]) -> list[str]:
    """What the page shows, as lines of text."""
    lines = []
    for reply in replies:
        lines.append(reply.text)
        between = "; " if reply.lang == "en" else "；"
        lines += [f"  [{card.title}] " + between.join(card.lines) for card in reply.cards]
        if reply.options:
            lines.append("  ".join(f"({option.key}) {option.label}" for option in reply.options))
        if reply.source:
            lines.append(f"  —— {reply.source}")
    return lines
