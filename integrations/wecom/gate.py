"""What stands between the internet and the parser: a callback is believed where its signature holds and it opens with our key.

It says only that there is something to fetch. Protocol: developer.work.weixin.qq.com/document/path/90238 and 94670.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from integrations.wechat.gate import FRESH, DroppedError, GateRefusedError, decrypted, same, sign
from integrations.wechat.wire import MalformedError, cleaned, parse
from integrations.wecom.settings import WecomSecrets

LARGEST = 16_384  # bytes of a callback
_PARAMETERS = {
    "msg_signature": re.compile(r"[0-9a-f]{40}"),
    "timestamp": re.compile(r"[0-9]{10}"),
    "nonce": re.compile(r"[0-9A-Za-z_-]{1,64}"),
    "echostr": re.compile(r"[0-9A-Za-z+/=]{1,1024}"),
}
_SIGNED = {"msg_signature", "timestamp", "nonce"}
_TOKEN = re.compile(r"[\x21-\x7e]{0,128}")


@dataclass(frozen=True, slots=True)
class Notice:
    """There is something to fetch of an account; `token` is good for ten minutes."""

    account: str
    token: str


class WecomGate:
    """Decides what is believed. Its methods raise `GateRefusedError` for what is not proven to come from WeCom."""

    def __init__(self, secrets: WecomSecrets) -> None:
        self._corp = secrets.corp
        self._keys = secrets.keys

    def parameters(self, query: bytes, now: float) -> dict[str, str]:
        """Those of the URL, each of its shape and once."""
        try:
            pairs = parse_qsl(query[:4_096].decode("ascii"), max_num_fields=16)
        except ValueError as error:
            raise GateRefusedError("query") from error
        found = {name: value for name, value in pairs if name in _PARAMETERS}
        if len(found) != sum(name in _PARAMETERS for name, _ in pairs) or not found.keys() >= _SIGNED:
            raise GateRefusedError("query")
        if not all(_PARAMETERS[name].fullmatch(value) for name, value in found.items()):
            raise GateRefusedError("query")
        if abs(now - int(found["timestamp"])) > FRESH:
            raise GateRefusedError("stale")
        return found

    def opened(self, given: Mapping[str, str], cipher: object) -> str:
        """What was encrypted for us."""
        if not isinstance(cipher, str) or not cipher:
            raise GateRefusedError("cipher")
        signature = sign(self._keys.token, given["timestamp"], given["nonce"], cipher)
        if not same(signature, given["msg_signature"]):
            raise GateRefusedError("signature")
        return decrypted(self._keys.key, cipher, self._corp)

    def notice(self, given: Mapping[str, str], body: bytes) -> Notice | None:
        """What a callback tells; None where it is something else. Raises `DroppedError` for what is WeCom's and no XML."""
        try:
            outer = parse(cleaned(body))
        except MalformedError as error:
            raise GateRefusedError("body") from error
        xml = self.opened(given, outer.get("Encrypt"))
        try:
            fields = parse(xml)
        except MalformedError as error:
            raise DroppedError("xml") from error
        account, token = fields.get("OpenKfId", ""), fields.get("Token", "")
        if fields.get("Event") != "kf_msg_or_event" or not isinstance(account, str):
            return None
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise DroppedError("Token")
        return Notice(account, token)
