"""Signing in with the district's own identity provider: OpenID Connect's authorization code flow with PKCE.

OpenID Connect Core 1.0 sections 3.1 (code flow) and 3.1.3.7 (validation of the ID token), RFC 7636 (PKCE, S256). The
provider only says who it is; what somebody may do here is the account's, which an administrator made.
"""

import base64
import hashlib
import importlib
import secrets
import time
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Meta, Struct

WITHIN = 8.0  # seconds for the provider to answer
KEYS_KEPT = 600  # seconds


class OidcSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`issuer` empty switches it off. The client's secret comes from the environment, `OIDC_CLIENT_SECRET`."""

    issuer: Annotated[str, Meta(pattern=r"^(https?://[^\s]+)?$")] = ""
    client_id: str = ""
    name: str = "统一身份认证"


class OidcError(Exception):
    """The provider did not vouch for anybody."""


class _Provider(Struct):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(Struct):
    id_token: str


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What is remembered in the browser between leaving for the provider and coming back."""

    state: str
    nonce: str
    verifier: str

    @property
    def cookie(self) -> str:
        return ".".join((self.state, self.nonce, self.verifier))

    @staticmethod
    def of(cookie: str) -> "PendingSignIn":
        state, nonce, verifier = [*cookie.split("."), "", "", ""][:3]
        return PendingSignIn(state, nonce, verifier)


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who it is: `subject` for ever, `name` as people write it."""

    subject: str
    name: str


class Oidc:
    """`back` is the address that the provider sends people back to. Both methods raise `OidcError`."""

    def __init__(self, settings: OidcSettings, secret: str) -> None:
        self.settings = settings
        self._secret = secret
        self._provider: _Provider | None = None
        self._keys: tuple[float, bytes] | None = None

    @property
    def is_on(self) -> bool:
        return bool(self.settings.issuer and self.settings.client_id)

    async def leave(self, back: str) -> tuple[str, PendingSignIn]:
        """Where to send somebody who wants to sign in, and what to remember."""
        provider = await self._discover()
        asked = PendingSignIn(secrets.token_urlsafe(16), secrets.token_urlsafe(16), secrets.token_urlsafe(48))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode({
            "response_type": "code", "client_id": self.settings.client_id, "redirect_uri": back, "scope": "openid profile",
            "state": asked.state, "nonce": asked.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        })  # fmt: skip
        return f"{provider.authorization_endpoint}?{query}", asked

    async def come_back(self, asked: PendingSignIn, state: str, code: str, back: str) -> Vouched:
        """Who came back with this code."""
        if not asked.state or not secrets.compare_digest(asked.state, state) or not code:
            raise OidcError("state")
        provider = await self._discover()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": asked.verifier}
        async with httpx.AsyncClient(timeout=WITHIN) as client:
            try:
                answer = await client.post(
                    provider.token_endpoint, data=form, auth=(self.settings.client_id, self._secret)
                )
                answer.raise_for_status()
                tokens = msgspec.json.decode(answer.content, type=_Tokens)
            except (httpx.HTTPError, msgspec.DecodeError) as error:
                raise OidcError("token") from error
        return await self._check(provider, tokens.id_token, asked.nonce)

    async def _check(self, provider: _Provider, token: str, nonce: str) -> Vouched:
        # The libraries of cryptography are loaded where a provider is configured, and then only.
        tokens = importlib.import_module("desk.tokens")
        claims = tokens.claims_of(
            token,
            await self._key_set(provider),
            {"iss": provider.issuer, "aud": self.settings.client_id, "nonce": nonce},
        )
        if claims is None:
            raise OidcError("id_token")
        name = claims.get("preferred_username") or claims["sub"]
        return Vouched(f"{provider.issuer}#{claims['sub']}", name)

    async def _discover(self) -> _Provider:
        if self._provider is None:
            address = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
            found = await self._fetch(address)
            try:
                provider = msgspec.json.decode(found, type=_Provider)
            except msgspec.DecodeError as error:
                raise OidcError("discovery") from error
            if provider.issuer.rstrip("/") != self.settings.issuer.rstrip("/"):
                raise OidcError("issuer")
            self._provider = provider
        return self._provider

    async def _key_set(self, provider: _Provider) -> bytes:
        if self._keys is None or time.monotonic() - self._keys[0] > KEYS_KEPT:
            self._keys = time.monotonic(), await self._fetch(provider.jwks_uri)
        return self._keys[1]

    async def _fetch(self, address: str) -> bytes:
        async with httpx.AsyncClient(timeout=WITHIN) as client:
            try:
                answer = await client.get(address)
                answer.raise_for_status()
            except httpx.HTTPError as error:
                raise OidcError("unreachable") from error
        return answer.content
