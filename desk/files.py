"""Files that seats send to residents: few kinds, kept in the database, and fetched by whoever has the address, which cannot be
guessed."""

import secrets
from typing import NamedTuple

from bot.files import DOCX, TXT, XLSX, FileRefusal, FileRefusedError, safe
from bot.files import checked as known
from bot.messages import File
from desk.errors import TicketError
from store import attachments
from store.attachments import AttachmentRow
from store.transaction import Transaction

LARGEST = 8_000_000  # bytes
SHOWN = {"image/png", "image/jpeg", "image/gif"}  # what a browser may show by itself
_SENT = {*SHOWN, "application/pdf", DOCX, XLSX, TXT}  # what every channel takes
_NO = {
    FileRefusal.EMPTY: "文件是空的",
    FileRefusal.TOO_LARGE: f"文件不能超过 {LARGEST // 1_000_000} MB",
    FileRefusal.KIND: "可以发 PNG、JPG、GIF、PDF、DOCX、XLSX、TXT；内容要和后缀一致",
}
_AT = "/files/"


class SeatFile(NamedTuple):
    """A file of a seat's: `kind` is the type that its content has."""

    name: str
    kind: str
    body: bytes


def checked(name: str, body: bytes) -> SeatFile:
    """With the name without what is no name. Raises `TicketError`."""
    try:
        if len(body) > LARGEST:
            raise FileRefusedError(FileRefusal.TOO_LARGE)
        plain, kind = known(name, body)
        if kind not in _SENT or plain != safe(name):
            raise FileRefusedError(FileRefusal.KIND)
    except FileRefusedError as error:
        raise TicketError("invalid", _NO[error.why]) from error
    return SeatFile(plain, kind, body)


def keep(transaction: Transaction, conversation: int, file: SeatFile, by: str, at: int) -> File:
    """Keeps it, under an address that nobody guesses."""
    id = secrets.token_urlsafe(24)
    attachments.add(transaction, AttachmentRow(id, conversation, *file, by, at))
    return File(file.name, file.kind, f"{_AT}{id}")


def id_of(file: File) -> str:
    """The attachment that it is."""
    return file.path.removeprefix(_AT)
