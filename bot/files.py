"""What files may be sent, by residents and by seats: few kinds, known by their content and not by what they are called or said
to be."""

import io
import re
import zipfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import PurePosixPath, PureWindowsPath

from bot.keeping import kept

_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\"<>|:*?\\/]")
LONGEST = 80  # characters of a name
ENTRIES = 4_000  # parts of an office document
_PART = b"PK\x01\x02"  # what each of them begins with in the list of an archive
# What a text begins with that is none: pages and drawings with scripts, programs.
_ACTIVE = re.compile(rb"\s*(?:<[!?a-z]|#!|@echo\b|MZ|%!PS|\{\\rtf)", re.IGNORECASE)
OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX = f"{OFFICE}wordprocessingml.document", f"{OFFICE}spreadsheetml.sheet"
TXT, TXT_CHINESE = TEXTS = "text/plain; charset=utf-8", "text/plain; charset=gb18030"
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})  # that we can make a small picture of


class FileRefusal(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    KIND = "kind"  # none of those that may be sent
    PIXELS = "pixels"  # a picture of so many that it cannot be drawn
    INFECTED = "infected"  # a scanner found something
    EXPIRED = "expired"  # the platform does not have it any more
    UNREACHABLE = "unreachable"  # the platform did not give it, however often it was asked
    TOO_MANY = "too_many"  # from one resident


class FileRefusedError(Exception):
    """It is not taken."""

    def __init__(self, why: FileRefusal) -> None:
        super().__init__(why.value)
        self.why = why


def _is_webp(body: bytes) -> bool:
    return body[:4] == b"RIFF" and body[8:12] == b"WEBP"


def _is_heic(body: bytes) -> bool:
    return body[4:8] == b"ftyp" and body[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis", b"hevc")


def _is_mp3(body: bytes) -> bool:
    """A tag, or the head of a frame of layer III that may be one."""
    if body[:3] == b"ID3":
        return True
    return len(body) > 3 and body[0] == 0xFF and body[1] & 0xE6 == 0xE2 and body[2] >> 4 not in (0, 15)


def _begins(magic: bytes) -> Callable[[bytes], bool]:
    return lambda body: body.startswith(magic)


_KINDS: tuple[tuple[str, str, Callable[[bytes], bool]], ...] = (
    ("image/png", ".png", _begins(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", ".jpg", _begins(b"\xff\xd8\xff")),
    ("image/gif", ".gif", lambda body: body[:6] in (b"GIF87a", b"GIF89a")),
    ("image/webp", ".webp", _is_webp),
    ("image/heic", ".heic", _is_heic),
    ("application/pdf", ".pdf", _begins(b"%PDF-")),
    ("audio/amr", ".amr", _begins(b"#!AMR")),
    ("audio/ogg", ".ogg", _begins(b"OggS")),
    ("audio/mpeg", ".mp3", _is_mp3),
)
_ENDINGS = {kind: (ending,) for kind, ending, _ in _KINDS} | {
    "image/jpeg": (".jpg", ".jpeg", ".jfif"), "image/heic": (".heic", ".heif"), "audio/ogg": (".ogg", ".oga", ".opus"),
    DOCX: (".docx",), XLSX: (".xlsx",), **dict.fromkeys(TEXTS, (".txt",)),
}  # fmt: skip


def checked(name: str, body: bytes) -> tuple[str, str]:
    """The name without what is no name, with an ending that says what it is, and the media type that the content has. Raises
    `FileRefusedError`. Documents are looked into: not for the event loop."""
    if not body:
        raise FileRefusedError(FileRefusal.EMPTY)
    plain = safe(name)
    kind = next((kind for kind, _, fits in _KINDS if fits(body)), None)
    if kind is None:
        kind = _office(body) if body.startswith(b"PK\x03\x04") else _text(plain, body)
    if kind is None:
        raise FileRefusedError(FileRefusal.KIND)
    endings = _ENDINGS[kind]
    suffix = PurePosixPath(plain).suffix.lower()
    return plain if suffix in endings else f"{plain[: LONGEST - len(endings[0])]}{endings[0]}", kind


def safe(name: str) -> str:
    """A name without folders, without what is not seen or turns the direction of writing, and without numbers that nobody
    keeps."""
    return kept(_ODD.sub("", PureWindowsPath(PurePosixPath(name).name).name).strip(". "))[-LONGEST:] or "file"


def _office(body: bytes) -> str | None:
    """Of what kind a document is; None for archives that are none, and for those with programs in them."""
    if body.count(_PART) > ENTRIES:
        return None  # before a list of a hundred thousand is read
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = {each.filename for each in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        # No archive, one of a later version, or with names that are no UTF-8; what is packed in it is not opened.
        return None
    if "[Content_Types].xml" not in names or any("vbaproject" in each.lower() for each in names):
        return None
    parts = (("word/document.xml", DOCX), ("xl/workbook.xml", XLSX))
    return next((kind for part, kind in parts if part in names), None)


def _text(name: str, body: bytes) -> str | None:
    """Only what is called one: any bytes may read as GB 18030."""
    if not name.lower().endswith(".txt") or b"\x00" in body or _ACTIVE.match(body.removeprefix(b"\xef\xbb\xbf")):
        return None
    for kind in TEXTS:
        try:
            body.decode(kind.partition("=")[2])
        except UnicodeDecodeError:
            continue
        return kind
    return None
