"""What a button carries: which message of the talk it stands under and what it chooses, signed, so that nobody makes one up
and nobody presses another's."""

import base64
import hashlib
import hmac

from msgspec import Struct


class Press(Struct, frozen=True):
    """A button of ours: the number of the message that it stands under, and the key of its choice."""

    seq: int
    key: str


class Buttons:
    """Of one bot: its token is what signs."""

    def __init__(self, token: str) -> None:
        self._key = hashlib.sha256(f"buttons {token}".encode()).digest()

    def write(self, address: str, press: Press) -> str:
        """At most 64 bytes, as the platform wants it."""
        return f"{press.seq}.{press.key}.{self._sign(address, press)}"

    def read(self, address: str, data: str) -> Press | None:
        """None for what we have not written for this address."""
        parts = data.split(".")
        if len(parts) != 3 or not (parts[0].isascii() and parts[0].isdigit()) or len(data) > 64:
            return None
        press = Press(int(parts[0]), parts[1])
        return press if hmac.compare_digest(self._sign(address, press).encode(), parts[2].encode()) else None

    def _sign(self, address: str, press: Press) -> str:
        said = f"{address}\n{press.seq}\n{press.key}".encode()
        return base64.urlsafe_b64encode(hmac.digest(self._key, said, "sha256")[:15]).decode()
