"""What stands between the internet and the parser: a callback is believed where its signature holds and it opens with our key.

It says only that there is something to fetch. Protocol: developer.work.weixin.qq.com/document/path/90238 and 94670.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from integrations.tencent import envelope
from integrations.tencent.envelope import (
    NONCE,
    SIGNATURE,
    STAMP,
    DroppedError,
    GateRefusedError,
    decrypted,
    same,
    sign,
)
from integrations.tencent.wire import MalformedError, cleaned, parse
from integrations.wecom.settings import WecomSecrets

LARGEST = 16_384  # bytes of a callback
_PARAMETERS = {
    "msg_signature": SIGNATURE, "timestamp": STAMP, "nonce": NONCE, "echostr": re.compile(r"[0-9A-Za-z+/=]{1,1024}"),
}  # fmt: skip
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
        """Those of the URL: all that are signed."""
        found = envelope.parameters(query, _PARAMETERS)
        if not found.keys() >= _SIGNED:
            raise GateRefusedError("query")
        envelope.check_age(found["timestamp"], now)
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
