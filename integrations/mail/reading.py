"""A mail as bytes, read as far as it is good for anybody: bounded in size, depth, parts and headers. Nothing is opened that came
with it, and whatever is wrong with it, something is read."""

import hashlib
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser

from integrations.mail import headers, mending, plain

LINES = 400_000  # of a mail that is read whole
CUT = 262_144  # bytes that are read of one that is larger, or has more lines
HEADERS = 65_536  # bytes of headers
FIELD = 4_096  # bytes of a header that says what a part is
DEPTH = 60  # boundaries and mails in mails: more of them nobody writes
PARTS = 100
LONGEST = 200_000  # bytes of one part that are read
WORDS = 20_000  # characters that are kept
FILES = 20  # that are listed
TAKEN = 10  # of them that are kept
PICTURE = 8_192  # bytes of a picture in the text that is kept: those of signatures are smaller
TOO_LARGE, NO_END, STRANGE, BROKEN, SEALED = ODD = (
    "邮件太大，只看了开头", "邮件头太长，没有看正文", "邮件结构异常，没有看正文", "邮件格式有误，没有看正文", "邮件加密了，没有看正文",
)  # fmt: skip
_SEALED = ("application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_OTHER_FORMS = ("text/x-amp-html", "text/watch-html")  # of what is there as a text as well
_PLAIN = ("text/plain", "plain/text", "text/markdown", "text/x-markdown")
_HTML = ("text/html", "text/enriched", "text/richtext", "application/xhtml+xml")
_CALLED = {"text/calendar": "invite.ics"}  # what comes without a name
_Named = tuple[str, "Message[str, str]"]
_Parameters = dict[str, str | tuple[str | None, str | None, str]]
_HEADERS = BytesHeaderParser()
_END = re.compile(rb"\r?\n\r?\n")
_BROKEN = (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)


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
    attached: tuple[tuple[str, bytes], ...] = ()  # name and content, of files that are taken
    report: bytes = b""  # of a delivery: what the server says
    calendar: str = ""  # what it does with a date, in small letters: request, reply, cancel
    odd: str = ""


def read(raw: bytes, *, cut: bool = False) -> Mail:
    """Never raises. `cut`: this is but the beginning."""
    raw, odd = mending.lines(raw), TOO_LARGE if cut else ""
    if raw.count(b"\n") > LINES:
        raw, odd = raw[:CUT], TOO_LARGE
    end = _END.search(raw, 0, HEADERS)
    head = raw[: end.end() if end else HEADERS]
    if end is None and len(raw) > HEADERS:
        return _headers_alone(head, NO_END)
    if _is_strange(raw):
        return _headers_alone(head, STRANGE)
    try:
        message = message_from_bytes(raw)
        parts = _parts(message)
        return replace(
            _headers_alone(raw, odd or (SEALED if parts.sealed else ""), message),
            words=parts.words[:WORDS], files=parts.listed, report=parts.report, calendar=parts.calendar,
            attached=() if odd else tuple(_attached(parts.came)),
        )  # fmt: skip
    except _BROKEN:
        return _headers_alone(head, BROKEN)


def _is_strange(raw: bytes) -> bool:
    """Whether the library would go too deep, or take a header apart in ever longer steps."""
    small = b"\n" + raw.lower().replace(b"\r", b"\n")
    if small.count(b"boundary") + small.count(b"message/") > DEPTH:
        return True
    for name in (b"\ncontent-type:", b"\ncontent-disposition:"):
        at = small.find(name)
        while at >= 0:
            end = _end_of_header(small, at + 1)
            if end - at > FIELD:
                return True
            at = small.find(name, end - 1)
    return False


def _end_of_header(raw: bytes, at: int) -> int:
    """Where the header that begins there ends, with the lines that it goes on in."""
    while True:
        at = raw.find(b"\n", at) + 1
        if at == 0:
            return len(raw)
        if raw[at : at + 1] not in (b" ", b"\t", b"\n"):
            return at


def _headers_alone(raw: bytes, odd: str, message: "Message[str, str] | None" = None) -> Mail:
    """A mail without what is in it; its parser never looks at what that would be."""
    first = _first(message or _HEADERS.parsebytes(raw))
    found = headers.names(first.get("message-id", ""))
    return Mail(
        id=found[0] if found else f"<{hashlib.sha256(raw).hexdigest()[:32]}@unnamed.invalid>",
        refs=headers.names(f"{first.get('references', '')} {first.get('in-reply-to', '')}"),
        sender=headers.address(first.get("from", "")),
        subject=headers.text(first.get("subject", "")),
        words="",
        files=(),
        headers=first,
        odd=odd,
    )


def _first(message: "Message[str, str]") -> dict[str, str]:
    first: dict[str, str] = {}
    for name, value in message.raw_items():
        first.setdefault(name.lower(), value)
    return first


@dataclass(slots=True)
class _Parts:
    """What is to be read, what came with it, as it is listed and by its names, what a server reports; `sealed` where something
    of it is for who has the key."""

    words: str = ""
    files: list[str] = field(default_factory=list)
    came: list[_Named] = field(default_factory=list)
    report: bytes = b""
    calendar: str = ""
    sealed: bool = False

    @property
    def listed(self) -> tuple[str, ...]:
        files = self.files
        return tuple(files if len(files) <= FILES else [*files[:FILES], f"（另有{len(files) - FILES}个）"])

    def add_file(self, part: "Message[str, str]", name: str) -> None:
        kind = part.get_content_type()
        self.sealed |= kind in _SEALED
        self.files.append(_listed(part, name or kind))
        self.came.append((name, part))


def _parts(message: "Message[str, str]") -> _Parts:
    plains, htmls, found = [], [], _Parts()
    for number, part in enumerate(_leaves(message)):
        if number >= PARTS:
            found.files.append("（其余没有列出）")
            break
        kind, about = part.get_content_type(), _parameters(part, "content-type")
        if kind.startswith("multipart/"):
            kind = "text/plain"  # it says that it holds others, and nothing tells which
        alone = part is message and kind in _PLAIN  # a mail that is a text is no file, whatever it is called
        name = "" if alone else _name_of(part, about) or _CALLED.get(kind, "")
        if kind == "text/calendar":
            found.calendar = found.calendar or str(about.get("method", "")).lower()
        if kind in ("message/delivery-status", "text/rfc822-headers") and not found.report:
            found.report = part.as_bytes()[:CUT]
        elif kind in _OTHER_FORMS:
            continue
        elif name or part.get_content_disposition() == "attachment" or kind not in _PLAIN + _HTML:
            found.add_file(part, name)
        elif kind in _HTML:
            htmls.append((part, about))
        else:
            words, sealed = plain.unarmoured(_plain(part, about))
            plains.append(words)
            found.sealed |= sealed
    # What is there as plain text as well is not taken apart: it is the most of a mail.
    found.words = "\n".join(plains).strip() or "\n".join(plain.words(_text(*each)) for each in htmls).strip()
    return found


def _attached(came: "list[_Named]") -> Iterator[tuple[str, bytes]]:
    """What came as a file, name and content; also what stands in the text (telephones send photographs so, and who pastes what
    is on the screen), but for the small pictures of signatures."""
    taken = 0
    for name, part in came:
        pictured = part.get_content_maintype() == "image" and part.get_content_disposition() != "attachment"
        content = mending.content(part)
        if len(content) >= (PICTURE if pictured else 1):
            yield name, content
            taken += 1
            if taken == TAKEN:
                return


def _leaves(message: "Message[str, str]") -> Iterator["Message[str, str]"]:
    """Parts that hold no others; a mail in a mail is one."""
    waiting, mended = [message], False
    while waiting:
        part = waiting.pop()
        is_multiple = part.get_content_maintype() == "multipart"
        if is_multiple and not part.is_multipart() and not mended:
            part, mended = mending.parted(part) or part, True  # once: else it could be done again and again
        inside = part.get_payload() if is_multiple and part.is_multipart() else None
        if isinstance(inside, list):
            waiting += [each for each in reversed(inside) if isinstance(each, Message)]
        else:
            yield part


def _parameters(part: "Message[str, str]", header: str) -> "_Parameters":
    """What a header says of a part behind its first word, by names in small letters; the first of each."""
    found: _Parameters = {}
    if ";" in str(part.get(header, "")):  # which may be no text, where its bytes are none
        for name, value in part.get_params(header=header) or ():
            found.setdefault(name.lower(), value)
    return found


def _text(part: "Message[str, str]", about: "_Parameters") -> str:
    charset = about.get("charset")
    return headers.decoded(mending.content(part)[:LONGEST], charset if isinstance(charset, str) else None)


def _plain(part: "Message[str, str]", about: "_Parameters") -> str:
    """Of text that is no HTML, as it was written: QQ Mail's holds what is left of its HTML."""
    words = _text(part, about)
    if str(about.get("format", "")).lower() == "flowed":
        words = plain.flowed(words, joined=str(about.get("delsp", "")).lower() == "yes")
    return html.unescape(words).replace("\xa0", " ") if "&nbsp;" in words else words


def _name_of(part: "Message[str, str]", about: "_Parameters") -> str:
    named = _parameters(part, "content-disposition").get("filename") or about.get("name")
    if isinstance(named, tuple):  # in pieces, with its charset: not always the one that it is called
        charset, _, value = named
        return headers.text(headers.decoded(value.encode("latin-1", "replace"), charset))[:120]
    return headers.text(named)[:120] if named else ""


def _listed(part: "Message[str, str]", name: str) -> str:
    if part.is_multipart():
        return "一封转发的邮件"
    return f"{name}（{max(1, len(mending.content(part)) // 1024)} KB）"
