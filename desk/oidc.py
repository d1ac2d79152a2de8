"""Signing in with the district's own identity provider: OpenID Connect's authorization code flow with PKCE.

The flow is Authlib's (decision 30). The provider only says who it is; what somebody may do here is the account's, to
which an administrator linked them.
"""

import importlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Protocol

from msgspec import Meta, Struct

from accounts.limits import PROVIDER_FROM, RETURNS, Limits

LONGEST = 255  # characters of who somebody is at the provider (OpenID Connect Core 1.0 section 2)


class OidcSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`issuer` empty switches it off. The client's secret comes from the environment, `OIDC_CLIENT_SECRET`."""

    issuer: Annotated[str, Meta(pattern=r"^(https?://[^\s]+)?$")] = ""
    client_id: str = ""
    name: str = "统一身份认证"


class OidcError(Exception):
    """The provider did not vouch for anybody."""


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
    """Who it is: `subject` of its issuer for ever, `name` as its people choose it, for the eye alone."""

    subject: str
    name: str


class IdentityProvider(Protocol):
    """The other side of the flow. Both raise `OidcError`."""

    async def leave(self, back: str) -> tuple[str, PendingSignIn]: ...
    async def claims(self, asked: PendingSignIn, code: str, back: str) -> Mapping[str, object]: ...


class Oidc:
    """`back` is the address that the provider sends people back to, `origin` the network address that somebody is at. Both
    methods raise `OidcError`."""

    def __init__(self, settings: OidcSettings, secret: str, limits: Limits) -> None:
        self.settings = settings
        self._secret = secret
        self._limits = limits
        self._found: IdentityProvider | None = None

    @property
    def is_on(self) -> bool:
        return bool(self.settings.issuer and self.settings.client_id)

    @property
    def _provider(self) -> IdentityProvider:
        # Its libraries are loaded where a provider is configured, and then only.
        if self._found is None:
            module = importlib.import_module("desk.provider")
            self._found = module.AuthlibProvider(self.settings.issuer, self.settings.client_id, self._secret)
        return self._found

    async def leave(self, back: str, origin: str = "") -> tuple[str, PendingSignIn]:
        """Where to send somebody who wants to sign in, and what to remember."""
        self._count(origin)
        return await self._provider.leave(back)

    async def come_back(self, asked: PendingSignIn, state: str, code: str, back: str, origin: str = "") -> Vouched:
        """Who came back with this code."""
        if not (self.is_on and asked.state and asked.nonce and code):
            raise OidcError("nobody asked")
        if not secrets.compare_digest(asked.state.encode(), state.encode()):
            raise OidcError("state")
        if self._limits.take((RETURNS, asked.nonce)) > 0:
            raise OidcError("again")
        self._count(origin)
        return _vouched(await self._provider.claims(asked, code, back))

    def _count(self, origin: str) -> None:
        """Strangers do not have us ask the provider as often as they like: what they bring may all be forged."""
        if self._limits.take(*self._limits.from_(PROVIDER_FROM, origin)) > 0:
            raise OidcError("too often")


def _vouched(claims: Mapping[str, object]) -> Vouched:
    """Raises `OidcError`."""
    subject, name = claims.get("sub"), claims.get("preferred_username")
    if not isinstance(subject, str) or not subject.strip() or len(subject) > LONGEST or not subject.isprintable():
        raise OidcError("sub")
    # What its people choose may be anything: marks that turn the writing round, too.
    shown = "".join(each for each in str(name or subject) if each.isprintable())
    return Vouched(f"{claims['iss']}#{subject}", shown[:64])
