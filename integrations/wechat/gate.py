"""What stands between the internet and the parser: nothing is parsed, decrypted or believed before the step ahead of it
has held.

What is proven and cannot be used is dropped: WeChat would send it again and then tell the resident that the account is out
of order; it is counted and kept for whoever looks into it.

Protocol: developers.weixin.qq.com/doc/service/guide/dev/push and mp.weixin.qq.com/wiki?id=mp1434696670.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.channel import SettingsError
from integrations.tencent import envelope
from integrations.tencent.envelope import (
    NONCE,
    SIGNATURE,
    STAMP,
    DroppedError,
    GateRefusedError,
    Keys,
    decrypted,
    same,
    sign,
)
from integrations.tencent.wire import Fields, MalformedError, cdata, cleaned, parse, without_controls
from integrations.wechat.settings import Mode, WechatSecrets

LARGEST = 131_072  # bytes of a body: in compatible mode one carries itself twice
_OPENID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_PARAMETERS = {
    "signature": SIGNATURE, "timestamp": STAMP, "nonce": NONCE, "msg_signature": SIGNATURE, "openid": _OPENID,
    "encrypt_type": re.compile(r"aes|raw"), "echostr": re.compile(r"[\x21-\x7e]{1,256}"),
}  # fmt: skip
_CONTENT = re.compile(r"(<Content><!\[CDATA\[)(.*)(\]\]></Content>)", re.DOTALL)


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


def keys_of(secrets: WechatSecrets) -> tuple[Keys, ...]:
    """The present keys, and the ones before a change. Raises `SettingsError`."""
    now = Keys("WECHAT", secrets.token, secrets.aes_key)
    if not (secrets.old_token or secrets.old_aes_key):
        return (now,)
    return now, Keys("WECHAT", secrets.old_token or secrets.token, secrets.old_aes_key or secrets.aes_key)


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
        return envelope.parameters(query, _PARAMETERS)

    def check(self, parameters: Mapping[str, str], now: float) -> tuple[Keys, ...]:
        """The keys whose token made this URL's signature. Raises `GateRefusedError`."""
        if not {"signature", "timestamp", "nonce"} <= parameters.keys():
            raise GateRefusedError("query")
        stamp, nonce, signature = parameters["timestamp"], parameters["nonce"], parameters["signature"]
        holding = tuple(each for each in self._keys if same(sign(each.token, stamp, nonce), signature))
        if not holding:
            raise GateRefusedError("signature")
        envelope.check_age(stamp, now)
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
        cipher = envelope.encrypted(keys.key, xml, self._app_id)
        signature = sign(keys.token, str(now), nonce, cipher)
        return (
            f"<xml><Encrypt><![CDATA[{cipher}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{now}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )


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
    if not _OPENID.fullmatch(sender):
        raise DroppedError("FromUserName")
    if received.openid and received.openid != sender:
        raise GateRefusedError("openid")
    if len(str(received.number("CreateTime") or 0)) > 12:
        raise DroppedError("CreateTime")
    received.number("MsgId")
    received.number("MsgID")
    received.text("ToUserName"), received.text("Content"), received.text("Event"), received.text("EventKey")
    return received
