"""The file of a backup: everything of a database, the key that opens it, and the centre's own files, encrypted.

    magic, how the key is made (1 byte), salt (16), then chunks: AES-256-GCM of a megabyte each, of less at the end

A chunk's nonce is its number and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár,
2015): one that is missing, moved or cut off is noticed. The file's key is made anew for each file by its salt, from a
passphrase with scrypt (RFC 7914) or from a key file with HKDF (RFC 5869). Within: MessagePack, each record after its length.
"""

import contextlib
import glob
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Raw, Struct

from store.leftovers import hold, settle, sweep
from store.whole import Counts, TableRows, counted

NAMED = "daoxue-%Y%m%dT%H%M%SZ.backup"  # in a folder, by its time (UTC)
MAGIC = b"daoxue backup 1\n"
SALT = 16
CHUNK = 1 << 20
TAG = 16
COST = 1 << 17  # of scrypt: 128 MB and half a second for each guess
LEAST = 32  # bytes of a key file
SHORTEST = 12  # characters of a passphrase


Show = Callable[
    [str, Iterable[TableRows]], Iterator[TableRows]
]  # passes on what comes by, and tells how far that has come


class ArchiveError(Exception):
    """The backup cannot be written, or is not to be trusted."""


class Opener(NamedTuple):
    """What opens a backup: a passphrase, or what a key file holds."""

    secret: bytes
    is_passphrase: bool

    def key(self, salt: bytes) -> bytes:
        if self.is_passphrase:
            return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(self.secret)
        return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"daoxue backup").derive(self.secret)


class Head(Struct, frozen=True, tag="head"):
    """What comes first: the database's newest migration, the keys of what is closed in it as `DATA_KEY` has them, when it
    was (ms), and the settings with the files they name, by their paths."""

    revision: str
    keys: str
    at: int
    files: dict[str, bytes]


class Rows(Struct, frozen=True, tag="rows"):
    """A `TableRows`."""

    table: str
    columns: list[str]
    rows: list[Raw]


class Total(Struct, frozen=True, tag="total"):
    """What comes last: by table, how many rows and their digest in hexadecimal."""

    tables: dict[str, tuple[int, str]]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Head | Rows | Total)
Record = Head | Rows | Total


def write(path: Path, opener: Opener, head: Head, found: Iterable[TableRows], show: Show) -> Counts:
    """Writes a backup that is there whole or not at all, after it was read back; what it holds. Raises `ArchiveError`:
    nothing is written over."""
    if path.exists():
        raise ArchiveError(f"{path} 已经有了，换一个文件名 · exists already: choose another name")
    part, seen = path.with_name(path.name + ".part"), Counts()
    with _told(path), contextlib.ExitStack() as undone:
        sweep(part.parent, glob.escape(part.name))
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            hold(file)
            undone.callback(part.unlink, missing_ok=True)
            _encrypt(file, opener, _records(head, show("备份 backup", found), seen))
            file.flush()
            os.fsync(file.fileno())
        look(part, opener, show)
        part.rename(path)
        settle(path.parent)
    return seen


def look(path: Path, opener: Opener, show: Show) -> tuple[Head, Counts]:
    """Reads through a whole backup; what it says first, and what it holds. Raises `ArchiveError` for whatever is not as it
    was written."""
    seen: Counts = {}
    with opened(path, opener, seen) as (head, found):
        for _ in show("核对 verify", found):
            pass
    return head, seen


@contextlib.contextmanager
def opened(path: Path, opener: Opener, seen: Counts) -> Iterator[tuple[Head, Iterator[TableRows]]]:
    """What a backup says first, and its rows, which `seen` counts as they go by. At their end they have been compared;
    nothing of them may be kept before. Raises `ArchiveError` for whatever is not as it was written."""
    with _told(path), path.open("rb") as file:
        records = _unframed(_decrypt(file, path, opener))
        head = next(records, None)
        if not isinstance(head, Head):
            raise ArchiveError(_broken(path))
        yield head, _checked(records, path, seen)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"{path}: 读写不了 · {error.strerror}") from error


# -- out


def _records(head: Head, found: Iterable[TableRows], seen: Counts) -> Iterator[bytes]:
    yield _encoder.encode(head)
    for part in counted(found, seen):
        yield _encoder.encode(Rows(part.table, list(part.columns), [Raw(row) for row in part.rows]))
    yield _encoder.encode(_total(seen))


def _encrypt(file: IO[bytes], opener: Opener, records: Iterable[bytes]) -> None:
    salt = secrets.token_bytes(SALT)
    begin = MAGIC + bytes([opener.is_passphrase]) + salt
    file.write(begin)
    cipher, number, waiting = AESGCM(opener.key(salt)), 0, bytearray()

    def put(chunk: bytes, last: bool) -> None:
        file.write(cipher.encrypt(_nonce(number, last), chunk, begin))

    for record in records:
        waiting += len(record).to_bytes(4, "big") + record
        while len(waiting) > CHUNK:
            put(bytes(waiting[:CHUNK]), False)
            del waiting[:CHUNK]
            number += 1
    put(bytes(waiting), True)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


# -- in


def _checked(records: Iterator[Record], path: Path, seen: Counts) -> Iterator[TableRows]:
    for record in records:
        if isinstance(record, Rows):
            yield from counted([TableRows(record.table, record.columns, [bytes(row) for row in record.rows])], seen)
        elif isinstance(record, Total):
            if record == _total(seen):
                return
            break
    raise ArchiveError(_broken(path))


def _total(seen: Counts) -> Total:
    return Total({name: (rows, f"{digest:032x}") for name, (rows, digest) in seen.items()})


def _unframed(chunks: Iterable[bytes]) -> Iterator[Record]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        at = 0
        while len(held) - at >= 4 and len(held) - at - 4 >= (size := int.from_bytes(held[at : at + 4], "big")):
            yield _decoder.decode(bytes(held[at + 4 : at + 4 + size]))
            at += 4 + size
        del held[:at]


def _decrypt(file: IO[bytes], path: Path, opener: Opener) -> Iterator[bytes]:
    begin = file.read(len(MAGIC) + 1 + SALT)
    if not begin.startswith(MAGIC) or len(begin) != len(MAGIC) + 1 + SALT:
        raise ArchiveError(f"{path}: 不是 daoxue backup 写的文件 · not a backup")
    if bool(begin[len(MAGIC)]) != opener.is_passphrase:
        ours = "口令 (a passphrase)" if begin[len(MAGIC)] else "密钥文件 (a key file, --key-file)"
        raise ArchiveError(f"{path}: 要用{ours}打开")
    cipher, number, closed = AESGCM(opener.key(begin[-SALT:])), 0, file.read(CHUNK + TAG)
    while closed or not number:
        coming = file.read(CHUNK + TAG)
        try:
            yield cipher.decrypt(_nonce(number, not coming), closed, begin)
        except InvalidTag as error:
            raise ArchiveError(_broken(path) if number else _refused(path)) from error
        closed, number = coming, number + 1


def _refused(path: Path) -> str:
    return f"{path}: 口令或密钥文件不对，或者文件被改过 · wrong passphrase or key file, or the file was changed"


def _broken(path: Path) -> str:
    return f"{path}: 备份不完整或被改过，请用另一份 · the backup is cut or was changed: use another one"
