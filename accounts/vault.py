"""What names a person is kept encrypted, and is looked up by keyed digests: whoever reads the database alone learns
nothing, not even by trying every number there is.

AES-256-GCM (NIST SP 800-38D) and HMAC-SHA-256. The key is 32 bytes in base64: `DATA_KEY` in the environment, else a file
beside the database that is made at the first start. Several keys, the newest first and separated by commas, all open
what they closed; the first one closes.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from store.leftovers import settle

SIZE = 32
NONCE = 12
MARK = "~"  # begins what is sealed
SHUT = b"~c1~"  # begins a document that is closed where others are not
WRONG = (
    "密钥不对：DATA_KEY 或密钥文件里的每一把都是 32 字节的 base64，新的在前，用逗号隔开"
    " · DATA_KEY or the key file: 32 bytes in base64 each, the newest first, separated by commas"
)


class VaultError(Exception):
    """The key is not there, or is not the one that closed what is to be opened."""


class Vault:
    """Closes and opens bytes, and makes digests."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != SIZE for key in keys):
            raise VaultError(WRONG)
        self._ciphers = {_name(key): AESGCM(key) for key in keys}
        self._newest = _name(keys[0])
        # Digests stay comparable when keys change: the oldest key makes them.
        self._digesting = hmac.new(hmac.digest(keys[-1], b"daoxue digests", "sha256"), digestmod="sha256")
        self.name = _name(keys[-1]).hex()  # of the key that makes digests and seals
        self._sealing = AESSIV(hmac.digest(keys[-1], b"daoxue addresses", "sha512"))
        self._sealed = lru_cache(maxsize=8192)(self._seal)

    def _seal(self, text: str) -> str:
        return MARK + base64.urlsafe_b64encode(self._sealing.encrypt(text.encode(), None)).decode()

    def close(self, content: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return self._newest + nonce + self._ciphers[self._newest].encrypt(nonce, content, None)

    def open(self, closed: bytes) -> bytes:
        """Raises `VaultError`."""
        cipher = self._ciphers.get(closed[:4])
        if cipher is None:
            raise VaultError("DATA_KEY: the key that closed this is not among the keys")
        try:
            return cipher.decrypt(closed[4 : 4 + NONCE], closed[4 + NONCE :], None)
        except InvalidTag as error:
            raise VaultError("what was stored has been changed") from error

    def shut(self, document: bytes) -> bytes:
        """Closed, and known as such; nothing stays nothing."""
        return SHUT + self.close(document) if document else document

    def unshut(self, document: bytes) -> bytes:
        """Opens what `shut` closed; what was never closed stays as it is. Raises `VaultError`."""
        return self.open(document[len(SHUT) :]) if document.startswith(SHUT) else document

    def seal(self, text: str) -> str:
        """Closed in such a way that the same text is always closed the same: it can be looked up (RFC 5297)."""
        return self._sealed(text)

    def unseal(self, text: str) -> str:
        """Opens what `seal` closed; what was never closed stays as it is. Raises `VaultError`."""
        if not text.startswith(MARK):
            return text
        try:
            return self._sealing.decrypt(base64.urlsafe_b64decode(text[len(MARK) :]), None).decode()
        except (InvalidTag, ValueError) as error:
            raise VaultError(
                "DATA_KEY: an address was closed by another key; daoxue accounts rekey changes keys"
            ) from error

    def digest(self, kind: str, text: str) -> str:
        """The same for the same text of the same kind; nothing leads back."""
        digesting = self._digesting.copy()
        digesting.update(f"{kind}\n{text}".encode())
        return digesting.hexdigest()[:32]


def is_marked(text: str) -> bool:
    """Whether it was sealed, or erased, and must not be sealed again."""
    return not text or text.startswith((MARK, "erased-"))


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"daoxue key" + key).digest()[:4]


def given(path: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """The keys of this installation; None where there are none yet. Raises `VaultError`."""
    if said := environment.get("DATA_KEY"):
        return said
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(f"{path}: 读不了密钥文件 · the key file cannot be read") from error


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Vault:
    """The vault of this installation, with a key made where there is none. Raises `VaultError`."""
    return of(given(path, environment) or _from_file(path))


def of(keys: str) -> Vault:
    """The vault of keys as `DATA_KEY` has them. Raises `VaultError`."""
    try:
        return Vault([base64.b64decode(part.strip(), validate=True) for part in keys.split(",")])
    except binascii.Error as error:
        raise VaultError(WRONG) from error


def _from_file(path: Path) -> str:
    """The key in a file that only we may read; made where there is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _put(path, base64.b64encode(secrets.token_bytes(SIZE)).decode())
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise VaultError(
            f"{path}: 密钥文件写不进去（{error.strerror}）：把它的文件夹改成可写，或在 accounts.key_file 换一个 · the key file cannot"
            " be made: its folder has to be writable"
        ) from error


def _put(path: Path, keys: str) -> None:
    """A file with these keys, there whole or not at all; one that is there already stays."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(keys + "\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(part, path)
    part.unlink()
    settle(path.parent)


# Which key closed a database is written in it (`store.sealing`), and changes with it in one transaction. So a key lies
# beside the present one under its own name before that, and is adopted after it, whoever comes first: at no moment is
# there a database without its key.


def new_key(path: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The key that is to be: the first of several in `DATA_KEY`; otherwise one that is kept beside the present one until
    it is adopted."""
    given = environment.get("DATA_KEY", "")
    if "," in given:
        return given.split(",")[0].strip()
    return _from_file(path.with_suffix(path.suffix + ".new"))


def put_beside(path: Path, keys: str) -> None:
    """Keeps other keys beside the present one, to be adopted or to open what is older. No key is ever written over."""
    if given(path, {}) != keys:
        path.parent.mkdir(parents=True, exist_ok=True)
        _put(_named(path, keys), keys)


def beside(path: Path, name: str) -> Path | None:
    """The file with the key of this name that lies beside the present one."""
    return next((each for each in sorted(path.parent.glob(f"{path.name}.*")) if _name_in(each) == name), None)


def adopt(path: Path, name: str) -> bool:
    """Makes the key of this name the one, where it lies beside it; the one that was lies there then under its own name.
    Whether there was such a key. Raises `VaultError`."""
    found = beside(path, name)
    if found is None:
        return False
    if (keys := given(path, {})) is not None:
        path.replace(_named(path, keys))
    found.replace(path)
    settle(path.parent)
    return True


def _named(path: Path, keys: str) -> Path:
    return path.with_name(f"{path.name}.{of(keys).name}")


def _name_in(path: Path) -> str | None:
    """The name of the key in a file; None for what is none."""
    try:
        return of(path.read_text(encoding="ascii").strip()).name
    except (OSError, UnicodeDecodeError, VaultError):
        return None
