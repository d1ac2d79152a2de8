"""Files that seats send to residents: few kinds, known by their content and not by their name, kept in the database, and
fetched by whoever has the address, which cannot be guessed."""

import re
import secrets
from pathlib import PurePosixPath, PureWindowsPath
from typing import cast

from sqlalchemy import bindparam, select

from bot.messages import File
from desk.errors import TicketError
from store.database import Database, Statement, Transaction, adding
from store.schema import attachment

LARGEST = 8_000_000  # bytes
_ADD = Statement(adding(attachment))
_GET = Statement(
    select(attachment.c.name, attachment.c.type, attachment.c.body).where(attachment.c.id == bindparam("id"))
)
_KINDS: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)), (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")), (b"GIF8", "image/gif", (".gif",)),
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)),
    (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",)),
)  # fmt: skip
SHOWN = {"image/png", "image/jpeg", "image/gif"}  # what a browser may show by itself
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
    transaction.run(_ADD, id=id, conversation=conversation, name=name, type=kind, body=body, by=by, at=at)
    return File(name, kind, f"/files/{id}")


def get(transaction: Transaction, id: str) -> tuple[str, str, bytes] | None:
    """Name, type, content."""
    return cast(tuple[str, str, bytes] | None, transaction.one(_GET, id=id))


class Kept:
    """`bot.channel.Files` in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, path: str) -> tuple[str, str, bytes] | None:
        return await self._database.read(lambda t: get(t, path.rsplit("/", 1)[-1]))

    async def keep(self, conversation: int, name: str, kind: str, body: bytes, now: int) -> str:
        file = await self._database.write(lambda t: keep(t, conversation, name, kind, body, "resident", now))
        return file.path
