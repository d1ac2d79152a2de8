"""The identity provider, spoken to by Authlib: discovery, the code's exchange, and the validation of the ID token (OpenID
Connect Core 1.0 section 3.1.3.7, with `azp`)."""

from collections.abc import Mapping
from typing import cast

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import StarletteIntegration, StarletteOAuth2App
from joserfc.errors import JoseError

from desk.oidc import OidcError, PendingSignIn

WITHIN = 8.0  # seconds for the provider to answer
LEEWAY = 60  # seconds that clocks may differ
ALGORITHMS = frozenset({"RS256", "ES256", "PS256", "EdDSA"})
# What the flow raises, and what comes of answers that are not what they should be.
WRONG = (AuthlibBaseError, JoseError, httpx2.HTTPError, ValueError, LookupError, TypeError, AttributeError)


class AuthlibProvider:
    """`desk.oidc.IdentityProvider`."""

    def __init__(self, issuer: str, client: str, secret: str) -> None:
        self._issuer = issuer.rstrip("/")
        self._client = client
        self._flow = StarletteOAuth2App(
            StarletteIntegration("daoxue"), name="daoxue", client_id=client, client_secret=secret,
            server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "timeout": WITHIN},
        )  # fmt: skip

    async def leave(self, back: str) -> tuple[str, PendingSignIn]:
        try:
            await self._discover()
            asked = cast(Mapping[str, str], await self._flow.create_authorization_url(back))
        except WRONG as error:
            raise OidcError("discovery") from error
        return asked["url"], PendingSignIn(asked["state"], asked["nonce"], asked["code_verifier"])

    async def claims(self, asked: PendingSignIn, code: str, back: str) -> Mapping[str, object]:
        try:
            issuer = await self._discover()
            form = {"code": code, "code_verifier": asked.verifier}
            token = await self._flow.fetch_access_token(back, **form)  # type: ignore[no-untyped-call] # nor do its stubs
            wanted = {
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": self._client},
                "nonce": {"essential": True, "value": asked.nonce},
            }
            claims = await self._flow.parse_id_token(token, asked.nonce, claims_options=wanted, leeway=LEEWAY)
        except WRONG as error:
            raise OidcError("id_token") from error
        if claims is None or not isinstance(claims.get("sub"), str):
            raise OidcError("id_token")
        return cast(Mapping[str, object], claims)

    async def _discover(self) -> str:
        """What the provider says of itself; its issuer."""
        found = await self._flow.load_server_metadata()
        issuer: str = found["issuer"]
        if issuer.rstrip("/") != self._issuer:
            raise OidcError("issuer")
        offered = found.get("id_token_signing_alg_values_supported", [])
        found["id_token_signing_alg_values_supported"] = [each for each in offered if each in ALGORITHMS]
        return issuer
