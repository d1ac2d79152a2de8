"""What stands between the internet and the parser: nothing is parsed, decrypted or believed before the step ahead of it
has held.

Two kinds of failure. What is not proven to come from WeChat is refused: 403, nothing else. What is proven and cannot be
used is dropped: it is acknowledged, because WeChat would send it again and then tell the resident that the account is out
of order; it is counted and kept for whoever looks into it.

Protocol: developers.weixin.qq.com/doc/service/guide/dev/push and mp.weixin.qq.com/wiki?id=mp1434696670.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.channel import SettingsError
from integrations.wechat.settings import Mode, WechatSecrets
from integrations.wechat.wire import Fields, MalformedError, cdata, cleaned, parse, without_controls

LARGEST = 131_072  # bytes of a body: in compatible mode one carries itself twice
FRESH = 300  # seconds that a signature may be away from our clock
BLOCK = 32  # bytes: the platform pads to these, not to AES's own

_PARAMETERS = {
    "signature": re.compile(r"[0-9a-f]{40}"),
    # Exactly ten digits: else digits could move between the two, and the signature would still be right.
    "timestamp": re.compile(r"[0-9]{10}"),
    "nonce": re.compile(r"[0-9A-Za-z_-]{1,64}"),
    "msg_signature": re.compile(r"[0-9a-f]{40}"),
    "encrypt_type": re.compile(r"aes|raw"),
    "openid": re.compile(r"[0-9A-Za-z_-]{1,64}"),
    "echostr": re.compile(r"[\x21-\x7e]{1,256}"),
}
_KEY = re.compile(r"[0-9A-Za-z+/]{43}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,64}")
_CONTENT = re.compile(r"(<Content><!\[CDATA\[)(.*)(\]\]></Content>)", re.DOTALL)


class GateRefusedError(Exception):
    """Not proven to come from WeChat. The message is a word for the counter."""


class DroppedError(Exception):
    """From WeChat, and of no use. The message is a word for the counter."""


@dataclass(frozen=True, slots=True)
class Keys:
    """One token with its AES key (43 characters; empty in plain mode). Raises `SettingsError`."""

    token: str
    aes: str = ""

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise SettingsError("WECHAT_TOKEN: the token as typed in WeChat's console, without spaces")
        if self.aes and not _KEY.fullmatch(self.aes):
            raise SettingsError("WECHAT_AES_KEY: 43 letters and digits, as shown in WeChat's console")

    @property
    def key(self) -> bytes:
        # The last of the 43 characters carries two bits too many, which old consoles filled at random.
        return base64.b64decode(self.aes + "=")


@dataclass(frozen=True, slots=True)
class Received:
    """What came through. `fields` is the message as flat as WeChat sent it; `keys` and `encrypted` say how to answer."""

    fields: Fields
    keys: Keys
    encrypted: bool
    openid: str

    def text(self, name: str) -> str:
        """A field that is text; empty where there is none. Raises `DroppedError` where it is something else."""
        value = self.fields.get(name, "")
        if not isinstance(value, str):
            raise DroppedError(f"{name} is not text")
        return value

    def number(self, name: str) -> int | None:
        """A field of digits; None where there is none. Raises `DroppedError` where it is something else."""
        value = self.text(name).strip()
        if not value:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= 20):
            raise DroppedError(f"{name} is not a number")
        return int(value)


def sign(*parts: str) -> str:
    """SHA-1 over the sorted parts: the platform's signature of everything."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - the protocol's own


def keys_of(secrets: WechatSecrets) -> tuple[Keys, ...]:
    """The present keys, and the ones before a change. Raises `SettingsError`."""
    now = Keys(secrets.token, secrets.aes_key)
    if not (secrets.old_token or secrets.old_aes_key):
        return (now,)
    return now, Keys(secrets.old_token or secrets.token, secrets.old_aes_key or secrets.aes_key)


class Gate:
    """Decides what is believed. `keys` are tried in order: the present ones first, the ones before a change after them."""

    def __init__(self, mode: Mode, app_id: str, keys: Sequence[Keys]) -> None:
        if mode != "plain" and not all(each.aes for each in keys):
            raise SettingsError(f"WECHAT_AES_KEY: is needed in {mode} mode")
        self._mode = mode
        self._app_id = app_id
        self._keys = keys

    def parameters(self, query: bytes) -> dict[str, str]:
        """The URL's parameters, each of its shape and once. Raises `GateRefusedError`."""
        if len(query) > 2_048:
            raise GateRefusedError("query")
        try:
            pairs = parse_qsl(query.decode("ascii"), max_num_fields=16)
        except ValueError as error:
            raise GateRefusedError("query") from error
        found: dict[str, str] = {}
        for name, value in pairs:
            if name in found or (name in _PARAMETERS and not _PARAMETERS[name].fullmatch(value)):
                raise GateRefusedError("query")
            found[name] = value
        return found

    def check(self, parameters: Mapping[str, str], now: float) -> tuple[Keys, ...]:
        """The keys whose token made this URL's signature. Raises `GateRefusedError`."""
        if not {"signature", "timestamp", "nonce"} <= parameters.keys():
            raise GateRefusedError("query")
        stamp, nonce, signature = parameters["timestamp"], parameters["nonce"], parameters["signature"]
        holding = tuple(each for each in self._keys if same(sign(each.token, stamp, nonce), signature))
        if not holding:
            raise GateRefusedError("signature")
        if abs(now - int(stamp)) > FRESH:
            raise GateRefusedError("stale")
        return holding

    def open(self, parameters: Mapping[str, str], keys: Sequence[Keys], body: bytes) -> Received:
        """The message in a body, under keys that hold for its URL. Raises `GateRefusedError` and `DroppedError`."""
        try:
            outer = parse(cleaned(body))
        except MalformedError as error:
            raise GateRefusedError("body") from error
        encrypted = parameters.get("encrypt_type") == "aes"
        if not encrypted and (self._mode == "secure" or "msg_signature" in parameters):
            raise GateRefusedError("downgrade")
        openid = parameters.get("openid", "")
        if not encrypted:
            return _checked(Received(outer, keys[0], False, openid))
        holder, xml = self._opened(parameters, keys, outer.get("Encrypt"))
        return _checked(Received(_inner(xml), holder, True, openid))

    def _opened(self, parameters: Mapping[str, str], keys: Sequence[Keys], cipher: object) -> tuple[Keys, str]:
        """What was encrypted and under which keys: by its signature, and where the token stayed when the key changed,
        by what decrypts. Raises `GateRefusedError`."""
        given, failure = parameters.get("msg_signature", ""), "msg_signature"
        if not isinstance(cipher, str) or not cipher:
            raise GateRefusedError("downgrade")
        for each in keys:
            made = sign(each.token, parameters["timestamp"], parameters["nonce"], cipher)
            if each.aes and same(made, given):
                try:
                    return each, decrypted(each.key, cipher, self._app_id)
                except GateRefusedError as error:
                    failure = str(error)
        raise GateRefusedError(failure)

    def sealed(self, keys: Keys, xml: str, now: int, nonce: str) -> str:
        """An answer as secure mode wants it."""
        content = xml.encode()
        plain = os.urandom(16) + len(content).to_bytes(4, "big") + content + self._app_id.encode()
        padding = BLOCK - len(plain) % BLOCK
        encryptor = Cipher(algorithms.AES(keys.key), modes.CBC(keys.key[:16])).encryptor()
        raw = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        cipher = base64.b64encode(raw).decode()
        signature = sign(keys.token, str(now), nonce, cipher)
        return (
            f"<xml><Encrypt><![CDATA[{cipher}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{now}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )


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


def same(one: str, other: str) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _inner(xml: str) -> Fields:
    """What was encrypted. Nobody knows how WeChat writes `]]>` of a resident's own: where it breaks the XML, the content
    is everything between the outermost marks."""
    xml = without_controls(xml)
    try:
        return parse(xml)
    except MalformedError:
        pass
    try:
        return parse(_CONTENT.sub(lambda found: found[1] + cdata(found[2]) + found[3], xml, count=1))
    except MalformedError as error:
        raise DroppedError("xml") from error


def _checked(received: Received) -> Received:
    """Who wrote what kind of message when has to be there. Raises `GateRefusedError` and `DroppedError`."""
    if not received.text("MsgType").strip():
        raise DroppedError("MsgType")
    sender = received.text("FromUserName")
    if not _PARAMETERS["openid"].fullmatch(sender):
        raise DroppedError("FromUserName")
    if received.openid and received.openid != sender:
        raise GateRefusedError("openid")
    if len(str(received.number("CreateTime") or 0)) > 12:
        raise DroppedError("CreateTime")
    received.number("MsgId")
    received.number("MsgID")
    received.text("ToUserName"), received.text("Content"), received.text("Event"), received.text("EventKey")
    return received
