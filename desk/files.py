"""Files that seats send to residents: few kinds, known by their content and not by their name, kept in the database, and
fetched by whoever has the address, which cannot be guessed."""

import re
import secrets
from pathlib import PurePosixPath, PureWindowsPath

from bot.messages import File
from desk.errors import TicketError
from store import attachments
from store.attachments import AttachmentRow
from store.transaction import Transaction

LARGEST = 8_000_000  # bytes
_KINDS: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)), (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")), (b"GIF8", "image/gif", (".gif",)),
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)),
    (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",)),
)  # fmt: skip
SHOWN = {"image/png", "image/jpeg", "image/gif"}  # what a browser may show by itself
_AT = "/files/"
_ODD = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\"<>|:*?\\/]")


def checked(name: str, body: bytes) -> tuple[str, str]:
    """The name without what is no name, and the type that the content has. Raises `TicketError`."""
    if not body:
        raise TicketError("invalid", "文件是空的")
    if len(body) > LARGEST:
        raise TicketError("invalid", f"文件不能超过 {LARGEST // 1_000_000} MB")
    plain = _ODD.sub("", PureWindowsPath(PurePosixPath(name).name).name).strip(". ")[-80:] or "file"
    suffix = PurePosixPath(plain).suffix.lower()
    for magic, kind, suffixes in _KINDS:
        if suffix in suffixes and body.startswith(magic):
            return plain, kind
    if suffix == ".txt" and b"\x00" not in body:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise TicketError("invalid", "文本文件要用 UTF-8 编码") from error
        return plain, "text/plain; charset=utf-8"
    raise TicketError("invalid", "可以发 PNG、JPG、GIF、PDF、DOCX、XLSX、TXT；内容要和后缀一致")


def keep(transaction: Transaction, conversation: int, name: str, kind: str, body: bytes, by: str, at: int) -> File:
    """Keeps it, under an address that nobody guesses."""
    id = secrets.token_urlsafe(24)
    attachments.add(transaction, AttachmentRow(id, conversation, name, kind, body, by, at))
    return File(name, kind, f"{_AT}{id}")


def id_of(file: File) -> str:
    """The attachment that it is."""
    return file.path.removeprefix(_AT)
