"""The identity provider, spoken to by Authlib: discovery, the code's exchange, and the validation of the ID token (OpenID
Connect Core 1.0 section 3.1.3.7, with `azp`)."""

import time
from collections.abc import Mapping
from typing import cast

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import StarletteIntegration, StarletteOAuth2App
from joserfc.errors import JoseError

from desk.oidc import OidcError, PendingSignIn

WITHIN = 8.0  # seconds for the provider to answer
LEEWAY = 60  # seconds that clocks may differ
KEPT = 600.0  # seconds for which what the provider says of its addresses is believed; its keys are asked for each time
ALGORITHMS = frozenset({"RS256", "ES256", "PS256", "EdDSA"})
ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# What the flow raises, and what comes of answers that are not what they should be.
WRONG = (
    AuthlibBaseError, JoseError, httpx2.HTTPError, httpx2.InvalidURL, ValueError, LookupError, TypeError, AttributeError
)  # fmt: skip


class AuthlibProvider:
    """`desk.oidc.IdentityProvider`."""

    def __init__(self, issuer: str, client: str, secret: str) -> None:
        self._issuer = issuer.rstrip("/")
        self._client = client
        self._secret = secret
        self._known: StarletteOAuth2App | None = None
        self._until = 0.0  # before which it is believed

    async def leave(self, back: str) -> tuple[str, PendingSignIn]:
        try:
            flow = await self._discover()
            asked = cast(Mapping[str, str], await flow.create_authorization_url(back))
        except WRONG as error:
            raise OidcError("discovery") from error
        return asked["url"], PendingSignIn(asked["state"], asked["nonce"], asked["code_verifier"])

    async def claims(self, asked: PendingSignIn, code: str, back: str) -> Mapping[str, object]:
        try:
            flow = await self._discover()
            form = {"code": code, "code_verifier": asked.verifier}
            token = await flow.fetch_access_token(back, **form)  # type: ignore[no-untyped-call] # nor do its stubs
            wanted = {
                "iss": {"essential": True, "value": flow.server_metadata["issuer"]},
                "aud": {"essential": True, "value": self._client},
                "nonce": {"essential": True, "value": asked.nonce},
            }
            # A key may be replaced under its old name, or withdrawn: Authlib alone would go by the first ones for ever.
            await flow.fetch_jwk_set(force=True)
            claims = await flow.parse_id_token(token, asked.nonce, claims_options=wanted, leeway=LEEWAY)
        except WRONG as error:
            raise OidcError("id_token") from error
        if claims is None:
            raise OidcError("id_token")
        return cast(Mapping[str, object], claims)

    async def _discover(self) -> StarletteOAuth2App:
        """The flow by what the provider says of itself."""
        if self._known is None or time.monotonic() > self._until:
            flow = StarletteOAuth2App(
                StarletteIntegration("daoxue"), name="daoxue", client_id=self._client, client_secret=self._secret,
                server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
                client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "timeout": WITHIN},
            )  # fmt: skip
            found = await flow.load_server_metadata()
            if found["issuer"].rstrip("/") != self._issuer or not all(found[each] for each in ADDRESSES):
                raise OidcError("issuer")
            offered = found.get("id_token_signing_alg_values_supported", [])
            found["id_token_signing_alg_values_supported"] = [each for each in offered if each in ALGORITHMS]
            self._known, self._until = flow, time.monotonic() + KEPT
        return self._known
