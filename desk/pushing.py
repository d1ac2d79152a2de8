"""Web push: a browser whose page is closed is told that there is a new reply, and no word of it (RFC 8030, 8291, 8292).

The push service is the browser's maker's, chosen by the browser: its address is checked as a webhook's is.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from bot.queue import Done, Failed, Kind, Later, Lost, Outcome
from desk.errors import TicketError
from desk.receivers import Outside, ReceiverAnswer
from store import outbox, pushes
from store.database import Database
from store.pushes import OwedPush, PushKeys, PushRow
from store.queue import QueueRow

WORDS = {"zh": "有新回复", "en": "You have a new reply"}
DAY = 86_400_000  # ms after which nobody needs to be told any more
PROVEN = 12 * 3600  # seconds that a proof of ours is good; RFC 8292 allows a day
RECORD = 4096  # bytes; one is all that a push may be
LONGEST_WAIT = 3_600_000  # ms that a push service may ask for at once
NAMES = ("VAPID_PRIVATE_KEY", "VAPID_SUBJECT")
_P256 = ec.SECP256R1()


class VapidError(ValueError):
    """The keys of web push in the environment cannot be used; the message names which."""


def unpadded(data: bytes) -> str:
    """base64url, as push services write it."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def padded(text: str) -> bytes:
    """What `unpadded` wrote. Raises `ValueError`."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, slots=True)
class Vapid:
    """Who we are to push services. `subject` is where they reach us: mailto: or https:."""

    key: EllipticCurvePrivateKey
    subject: str

    @property
    def public(self) -> str:
        """What a page subscribes with."""
        return unpadded(_point(self.key))

    def proof(self, endpoint: str, at: int) -> str:
        """The header that says to a push service who pushes; `at` is in seconds."""
        whole = urlsplit(endpoint)
        claims = {"aud": f"{whole.scheme}://{whole.netloc}", "exp": at + PROVEN, "sub": self.subject}
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, ECKey.import_key(pem))
        return f"vapid t={token}, k={self.public}"


def vapid_of(environment: Mapping[str, str]) -> Vapid | None:
    """None where web push is not set up. Raises `VapidError` where half of it is, or wrong."""
    secret, subject = (environment.get(name, "") for name in NAMES)
    if not secret and not subject:
        return None
    if not secret or not subject:
        raise VapidError(f"web push: {NAMES[bool(secret)]} is not set in the environment")
    if not subject.startswith(("mailto:", "https://")):
        raise VapidError("web push: VAPID_SUBJECT must begin with mailto: or https://")
    try:
        raw = padded(secret)
        if len(raw) != 32:
            raise ValueError(len(raw))
        return Vapid(ec.derive_private_key(int.from_bytes(raw), _P256), subject)
    except ValueError as error:
        raise VapidError(
            "web push: VAPID_PRIVATE_KEY must be 32 bytes of base64url: daoxue push-keys makes one"
        ) from error


def new_key() -> str:
    """A private key for `VAPID_PRIVATE_KEY`."""
    return unpadded(ec.generate_private_key(_P256).private_numbers().private_value.to_bytes(32))


def encrypted(keys: PushKeys, text: bytes, own: EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """The body of a push to a browser (RFC 8291): `own` and `salt` (16 bytes) are fresh for each. Raises `ValueError` for keys
    that are none."""
    theirs = padded(keys.p256dh)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_P256, theirs))
    ours = _point(own)
    secret = _derived(shared, padded(keys.auth), b"WebPush: info\0" + theirs + ours, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(key).encrypt(nonce, text + b"\2", None)  # the one record, and the last
    return salt + RECORD.to_bytes(4) + bytes([len(ours)]) + ours + sealed


def _point(key: EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, what: bytes, size: int) -> bytes:
    return HKDF(SHA256(), size, salt, what).derive(secret)


class Pushing:
    """`kind` is what the queue does with a push that is owed. `clock` is in seconds."""

    def __init__(
        self, database: Database, outside: Outside, vapid: Vapid | None, observe: Callable[[str], None], clock: Callable[[], float]
    ) -> None:  # fmt: skip
        self._database = database
        self._outside = outside
        self._vapid = vapid
        self._observe = observe
        self._clock = clock
        self.kind = Kind(self._tell)

    async def _tell(self, row: QueueRow) -> Outcome:
        owed, now = pushes.opened(row), int(self._clock() * 1000)
        browser = await self._database.read(lambda t: pushes.get(t, owed.subscription))
        if browser is None or self._vapid is None or browser.conversation != owed.conversation:
            return Done("nobody")
        if now - owed.said_at > DAY:
            return Done("too late")
        if await self._is_taken(owed):
            return Done("taken")
        try:
            answer = await self._push(self._vapid, browser, now)
        except httpx.HTTPError as error:
            return Failed(type(error).__name__)
        except (TicketError, ValueError):  # an address that may not be called, or keys that are none
            return await self._forget(browser, Done("unusable"))
        self._observe("pushed")
        match answer.status:
            case status if 200 <= status < 300:
                return Done()
            case 404 | 410:
                return await self._forget(browser, Done("gone"))
            case 429 | 503 if (wait := _wait(answer.retry_after, now)) is not None:
                return Later(now + wait)
            case 403:  # made for another key of ours
                return await self._forget(browser, Lost("HTTP 403"))
            case status if status == 429 or status >= 500:
                return Failed(f"HTTP {status}")
        return Lost(f"HTTP {answer.status}")

    async def _is_taken(self, owed: OwedPush) -> bool:
        """Whether a page of theirs has it by now."""
        rows = await self._database.read(lambda t: outbox.owed(t, owed.conversation))
        return not any(row.first_seq <= owed.seq <= row.last_seq for row in rows)

    async def _push(self, vapid: Vapid, browser: PushRow, now: int) -> ReceiverAnswer:
        self._outside.check_secret(browser.endpoint)
        keys = msgspec.json.decode(browser.secret, type=PushKeys)
        own = ec.generate_private_key(_P256)
        body = encrypted(keys, WORDS.get(keys.lang, WORDS["zh"]).encode(), own, os.urandom(16))
        headers = {
            "content-encoding": "aes128gcm", "content-type": "application/octet-stream", "ttl": str(DAY // 1000),
            "urgency": "high", "topic": "daoxue", "authorization": vapid.proof(browser.endpoint, now // 1000),
        }  # fmt: skip
        return await self._outside.post(browser.endpoint, body, headers)

    async def _forget(self, browser: PushRow, outcome: Outcome) -> Outcome:
        await self._database.write(lambda t: pushes.drop(t, browser.id))
        return outcome


def _wait(asked: str, now: int) -> int | None:
    """How long (ms) a `Retry-After` asks for, in seconds or until a date; None where it says nothing that can be read."""
    if asked.isdecimal():
        wait = int(asked[:9]) * 1000
    else:
        try:
            wait = int(parsedate_to_datetime(asked).timestamp() * 1000) - now
        except ValueError:
            return None
    return min(LONGEST_WAIT, max(1000, wait))
