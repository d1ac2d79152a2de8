"""The validation of an ID token (OpenID Connect Core 1.0 section 3.1.3.7)."""

import json
from collections.abc import Mapping

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import ClaimsOption

ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
LEEWAY = 60  # seconds that clocks may differ


def claims_of(token: str, keys: bytes, wanted: Mapping[str, str]) -> dict[str, str] | None:
    """What the token says, where one of these keys signed it, it has not expired, and it says what is wanted; else
    None. `keys` is a JWK set as the provider serves it."""
    try:
        found = jwt.decode(token, KeySet.import_key_set(json.loads(keys)), algorithms=ALGORITHMS).claims
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            exp={"essential": True},
            sub={"essential": True},
            **{name: ClaimsOption(essential=True, value=value) for name, value in wanted.items()},  # type: ignore[arg-type]
        )
        registry.validate(found)
    except (JoseError, ValueError):
        return None
    return {name: str(value) for name, value in found.items()}
