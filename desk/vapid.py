"""The cryptography of web push: who we are to push services (RFC 8292), and what only one browser reads (RFC 8291). Loaded
where web push is set up."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from desk.pushing import SECRETS, VapidError
from store.pushes import PushKeys

PROVEN = 12 * 3600  # seconds that a proof of ours is good; RFC 8292 allows a day
RECORD = 4096  # bytes; one is all that a push may be
_P256 = ec.SECP256R1()


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

    def sealed(self, keys: PushKeys, text: str) -> bytes:
        """A text for one browser. Raises `ValueError` for keys that are none."""
        return encrypted(keys, text.encode(), ec.generate_private_key(_P256), os.urandom(16))


def vapid_of(environment: Mapping[str, str]) -> Vapid:
    """Raises `VapidError` where half of it is lacking, or wrong."""
    secret, subject = (environment.get(name, "") for name in SECRETS)
    if not secret or not subject:
        raise VapidError(f"web push: {SECRETS[bool(secret)]} is not set in the environment")
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
