"""A mail as bytes, read as far as it is good for anybody: bounded in size, depth, parts and headers. Nothing is opened that came
with it, and whatever is wrong with it, something is read."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message

from integrations.mail import headers, plain

LINES = 400_000  # of a mail that is read whole
CUT = 262_144  # bytes that are read of one that is larger, or has more lines
HEADERS = 65_536  # bytes of headers
DEPTH = 60  # boundaries and mails in mails: more of them nobody writes
PARTS = 100
LONGEST = 200_000  # characters of one part, as it is encoded
WORDS = 20_000  # characters that are kept
FILES = 20  # that are listed
TOO_LARGE, NO_END, STRANGE, BROKEN = ODD = (
    "邮件太大，只看了开头", "邮件头太长，没有看正文", "邮件结构异常，没有看正文", "邮件格式有误，没有看正文",
)  # fmt: skip
_END = re.compile(rb"\r?\n\r?\n")
_BROKEN = (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
# `is_multipart` and what goes down into it are the library's; of its messages only these are used.
Part = Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`id` is its Message-ID, made from its content where it has none; `refs` those that it goes on with. `sender` is empty
    where nobody can be written to. `headers` are the first of each name, in small letters. `odd` is what was not read of it,
    in words for people."""

    id: str
    refs: tuple[str, ...]
    sender: str
    subject: str
    words: str
    files: tuple[str, ...]
    headers: Mapping[str, str]
    report: bytes = b""  # of a delivery: what the server says
    odd: str = ""


def read(raw: bytes, *, cut: bool = False) -> Mail:
    """Never raises. `cut`: this is but the beginning."""
    odd = TOO_LARGE if cut else ""
    if raw.count(b"\n") > LINES:
        raw, odd = raw[:CUT], TOO_LARGE
    end = _END.search(raw, 0, HEADERS)
    if end is None and len(raw) > HEADERS:
        return _whole(raw[:HEADERS], NO_END)
    small = raw.lower()
    if small.count(b"boundary=") + small.count(b"message/") > DEPTH:
        return _whole(raw[: end.end() if end else HEADERS], STRANGE)
    try:
        return _whole(raw, odd)
    except _BROKEN:
        return _whole(raw[: end.start() if end else HEADERS], BROKEN, body=False)


def _whole(raw: bytes, odd: str, *, body: bool = True) -> Mail:
    message = message_from_bytes(raw)
    first = _first(message)
    words, files, report = _parts(message) if body else ("", (), b"")
    found = headers.names(first.get("message-id", ""))
    name = found[0] if found else f"<{hashlib.sha256(raw).hexdigest()[:32]}@unnamed.invalid>"
    return Mail(
        id=name,
        refs=headers.names(f"{first.get('references', '')} {first.get('in-reply-to', '')}"),
        sender=headers.address(first.get("from", "")),
        subject=headers.text(first.get("subject", "")),
        words=words[:WORDS],
        files=files,
        headers=first,
        report=report,
        odd=odd,
    )


def _first(message: "Part[str, str]") -> dict[str, str]:
    first: dict[str, str] = {}
    for name, value in message.raw_items():
        first.setdefault(name.lower(), value)
    return first


def _parts(message: "Part[str, str]") -> tuple[str, tuple[str, ...], bytes]:
    """What is to be read, what came with it, and what a server reports."""
    plains, htmls, files, report = [], [], [], b""
    for number, part in enumerate(_leaves(message)):
        if number >= PARTS:
            files.append("（其余没有列出）")
            break
        kind = part.get_content_type()
        name = _name_of(part)
        if kind in ("message/delivery-status", "text/rfc822-headers") and not report:
            report = part.as_bytes()[:CUT]
        elif name or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            files.append(_listed(part, name or kind))
        elif kind == "text/html":
            htmls.append(_text(part))
        else:
            plains.append(_text(part))
    words = "\n".join(plains).strip() or "\n".join(map(plain.words, htmls)).strip()
    listed = files if len(files) <= FILES else [*files[:FILES], f"（另有{len(files) - FILES}个）"]
    return words, tuple(listed), report


def _leaves(message: "Part[str, str]") -> Iterator["Part[str, str]"]:
    """Parts that hold no others; a mail in a mail is one."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inside = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting += [each for each in reversed(inside) if isinstance(each, Message)]
        else:
            yield part


def _text(part: "Part[str, str]") -> str:
    encoded = part.get_payload()
    if isinstance(encoded, str) and len(encoded) > LONGEST:
        part.set_payload(encoded[:LONGEST])
    content = part.get_payload(decode=True)
    charset = part.get_param("charset")
    return headers.decoded(content, charset if isinstance(charset, str) else None) if isinstance(content, bytes) else ""


def _name_of(part: "Part[str, str]") -> str:
    name = part.get_filename()
    return headers.text(name)[:120] if name else ""


def _listed(part: "Part[str, str]", name: str) -> str:
    inside = part.get_payload()
    if not isinstance(inside, str):
        return "一封转发的邮件"
    size = (
        len(inside) * 3 // 4 if part.get("content-transfer-encoding", "").strip().lower() == "base64" else len(inside)
    )
    return f"{name}（约 {max(1, size // 1024)} KB）"
