"""A push service, as browsers' makers run them (RFC 8030): takes a push only from whom the browser subscribed to (RFC 8292),
and hands it to the browser, which opens it (RFC 8291)."""

import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

LARGEST = 4096  # bytes of a push
DAY_IN_SECONDS = 86_400


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _raw(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class Subscribed:
    """A browser. `owner` is the public key of the only one who may push to it; `shown` is what its user was told."""

    owner: str
    key: EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    shown: list[str] = field(default_factory=list)

    @property
    def keys(self) -> dict[str, str]:
        """As `PushSubscription.toJSON()` has them."""
        return {"p256dh": _written(_raw(self.key.public_key())), "auth": _written(self.auth)}

    def open(self, body: bytes) -> bytes:
        """What a push says. Raises `ValueError` and `InvalidTag`."""
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        theirs = body[21 : 21 + length]
        if size < len(body) - 21 - length or length != 65:
            raise ValueError("not one record")
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        about = b"WebPush: info\0" + _raw(self.key.public_key()) + theirs
        secret = HKDF(SHA256(), 32, self.auth, about).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
        padded = AESGCM(key).decrypt(nonce, body[21 + length :], None).rstrip(b"\0")
        if padded[-1:] != b"\2":
            raise ValueError("not the last record")
        return padded[:-1]


@dataclass
class PushService:
    """`faults` are the statuses of the next answers, with a `Retry-After` where it is not empty."""

    url: str
    clock: Callable[[], float] = time.time
    browsers: dict[str, Subscribed] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)
    calls: int = 0

    def subscribe(self, owner: str) -> tuple[str, Subscribed]:
        """A browser's address, for `owner` alone."""
        id = secrets.token_urlsafe(24)
        self.browsers[id] = Subscribed(owner)
        return f"{self.url}/push/{id}", self.browsers[id]

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/push/{id}", self._push, methods=["POST"])])

    async def _push(self, request: Request) -> Response:
        self.calls += 1
        body = await request.body()
        if self.faults:
            status, wait = self.faults.pop(0)
            return Response(status_code=status, headers={"retry-after": wait} if wait else {})
        browser = self.browsers.get(request.path_params["id"])
        if browser is None:
            return Response(status_code=410)
        if (status := self._refused(request, browser)) or (status := 413 if len(body) > LARGEST else 0):
            return Response(status_code=status)
        try:
            browser.shown.append(browser.open(body).decode())
        except (ValueError, InvalidTag, IndexError):
            return Response(status_code=400)
        return Response(status_code=201, headers={"location": f"{self.url}/message/{secrets.token_hex(8)}"})

    def _refused(self, request: Request, browser: Subscribed) -> int:
        """The status where it is not taken; 0 where it is."""
        headers = request.headers
        topic = headers.get("topic", "")
        if not headers.get("ttl", "").isdecimal() or len(topic) > 32:
            return 400
        if headers.get("content-encoding") != "aes128gcm":
            return 415
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        given = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if scheme.lower() != "vapid" or not {"t", "k"} <= given.keys():
            return 401
        return 403 if given["k"] != browser.owner or not self._proves(given["t"], given["k"]) else 0

    def _proves(self, token: str, key: str) -> bool:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(key))
        pem = point.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        try:
            claims = jwt.decode(token, ECKey.import_key(pem), algorithms=["ES256"]).claims
        except (JoseError, ValueError):
            return False
        now, origin = self.clock(), urlsplit(self.url)
        in_time = isinstance(claims.get("exp"), int) and now < claims["exp"] <= now + DAY_IN_SECONDS
        reached = str(claims.get("sub", "")).startswith(("mailto:", "https:"))
        return in_time and reached and claims.get("aud") == f"{origin.scheme}://{origin.netloc}"
