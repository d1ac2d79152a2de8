"""What callbacks come in: parameters of the URL, a signature over everything, and a cipher that only we can open.

Two kinds of failure. What is not proven to come from the platform is refused: 403, nothing else. What is proven and cannot be
used is dropped: it is acknowledged, because the platform would only send it again.

Protocol: developers.weixin.qq.com/doc/service/guide/dev/push and developer.work.weixin.qq.com/document/path/90238.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.channel import SettingsError

FRESH = 300  # seconds that a signature may be away from our clock
BLOCK = 32  # bytes: the platform pads to these, not to AES's own
LONGEST = 4_096  # bytes of what follows the path
STAMP, NONCE, SIGNATURE = re.compile(r"[0-9]{10}"), re.compile(r"[0-9A-Za-z_-]{1,64}"), re.compile(r"[0-9a-f]{40}")
# Exactly ten digits of a timestamp: else digits could move between it and the nonce, and the signature would still be right.
_KEY = re.compile(r"[0-9A-Za-z+/]{43}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,64}")


class GateRefusedError(Exception):
    """Not proven to come from the platform. The message is a word for the counter."""


class DroppedError(Exception):
    """From the platform, and of no use. The message is a word for the counter."""


@dataclass(frozen=True, slots=True)
class Keys:
    """One token with its AES key (43 characters; empty where nothing is encrypted). `where` is what the variables of the
    environment that hold them begin with. Raises `SettingsError`."""

    where: str
    token: str
    aes: str = ""

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise SettingsError(f"{self.where}_TOKEN: the token as typed in the platform's console, without spaces")
        if self.aes and not _KEY.fullmatch(self.aes):
            raise SettingsError(f"{self.where}_AES_KEY: 43 letters and digits, as shown in the platform's console")

    @property
    def key(self) -> bytes:
        # The last of the 43 characters carries two bits too many, which old consoles filled at random.
        return base64.b64decode(self.aes + "=")


def parameters(query: bytes, shapes: Mapping[str, re.Pattern[str]]) -> dict[str, str]:
    """The URL's parameters, each once, and of its shape where it has one. Raises `GateRefusedError`."""
    if len(query) > LONGEST:
        raise GateRefusedError("query")
    try:
        pairs = parse_qsl(query.decode("ascii"), max_num_fields=16)
    except ValueError as error:
        raise GateRefusedError("query") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found or (name in shapes and not shapes[name].fullmatch(value)):
            raise GateRefusedError("query")
        found[name] = value
    return found


def check_age(stamp: str, now: float) -> None:
    """Raises `GateRefusedError` for what was signed too long ago, or is still to be."""
    if abs(now - int(stamp)) > FRESH:
        raise GateRefusedError("stale")


def sign(*parts: str) -> str:
    """SHA-1 over the sorted parts: the platform's signature of everything."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - the protocol's own


def same(one: str, other: str) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def encrypted(key: bytes, words: str, receiver: str) -> str:
    """Words for the platform, from whoever has this id."""
    content = words.encode()
    plain = os.urandom(16) + len(content).to_bytes(4, "big") + content + receiver.encode()
    padding = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()


def decrypted(key: bytes, cipher: str, receiver: str) -> str:
    """What was encrypted for whoever has this id. Raises `GateRefusedError`: whatever fails here was not encrypted for us."""
    try:
        raw = base64.b64decode(cipher, validate=True)
    except (binascii.Error, ValueError) as error:
        raise GateRefusedError("cipher") from error
    if not raw or len(raw) % 16:
        raise GateRefusedError("cipher")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(raw) + decryptor.finalize()
    padding = plain[-1]
    if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise GateRefusedError("cipher")
    plain = plain[:-padding]
    length = int.from_bytes(plain[16:20], "big")
    if len(plain) < 20 + length or not same(plain[20 + length :].decode("utf-8", "replace"), receiver):
        raise GateRefusedError("app_id")
    try:
        return plain[20 : 20 + length].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GateRefusedError("cipher") from error
