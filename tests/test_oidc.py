"""Signing in with an identity provider: whom it vouches for is linked by an administrator, and what it says is checked."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from accounts.limits import Limit
from daoxue.app import App, compose
from daoxue.config import Config
from desk.oidc import OidcSettings
from tests.conftest import free_port
from tests.desk_client import Desk
from tests.official import behind

KEY, OTHER = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"})


def signed_by_hand(claims: dict[str, Any]) -> str:
    """With the provider's public key as if it were a secret that we share."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in ({"alg": "HS256"}, claims)]
    content = b".".join(parts)
    mark = hmac.digest(KEY.as_pem(private=False), content, "sha256")
    return (content + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


class Played:
    """A provider that says what it is told to say."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.key = KEY
        self.shown = [KEY]  # keys that it says are its own
        self.discovery: dict[str, Any] = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/auth", "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys", "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }  # fmt: skip
        self.form: dict[str, Any] = {}
        self.asked = 0  # times for what a code stands for
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery), Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
            ]
        )  # fmt: skip

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])

    async def _discovery(self, _: Request) -> JSONResponse:
        return JSONResponse(self.discovery)

    async def _keys(self, _: Request) -> JSONResponse:
        return JSONResponse({"keys": [each.as_dict(private=False) for each in self.shown]})

    async def _token(self, request: Request) -> JSONResponse:
        self.form = dict(await request.form())
        self.asked += 1
        claims = {name: value for name, value in self.claims.items() if value is not None}
        by_hand = self.header["alg"] == "HS256"  # no library of today signs with a public key
        token = signed_by_hand(claims) if by_hand else self._signed(claims)
        return JSONResponse({"access_token": "x", "token_type": "bearer", "id_token": token})


@pytest.fixture
async def provider() -> AsyncIterator[Played]:
    played = Played(port := free_port())
    async with behind(played.app, port):
        yield played


@pytest.fixture
async def vouching(config: Config, provider: Played) -> App:
    oidc = OidcSettings(issuer=provider.issuer, client_id="daoxue")
    return await compose(msgspec.structs.replace(config, desk=msgspec.structs.replace(config.desk, oidc=oidc)))


async def come_back(app: App, provider: Played, **claims: Any) -> httpx.Response:
    """Leaves for the provider, and comes back with what it says."""
    async with Desk(app).client() as client:
        away = await client.get("/api/login/oidc")
        assert away.status_code == 303
        asked = parse_qs(urlsplit(away.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        now = int(time.time())
        provider.claims = {
            "iss": provider.issuer, "aud": "daoxue", "sub": "u-1", "nonce": asked["nonce"][0], "iat": now, "exp": now + 60,
            "preferred_username": "admin",
        } | claims  # fmt: skip
        back = {"state": asked["state"][0], "code": "a-code"}
        return await client.get("/api/login/oidc/back", params=back)


async def test_a_name_that_somebody_chose_there_is_nobody_here(vouching: App, provider: Played) -> None:
    desk = Desk(vouching)
    admin, li = await desk.person("administrator", "admin"), await desk.person("seat", "li")
    for claims in ({}, {"sub": "li", "preferred_username": None}, {"sub": "admin"}):
        answer = await come_back(vouching, provider, **claims)
        assert answer.headers["location"] == "/desk/?refused=unlinked"
        assert "daoxue_seat" not in answer.headers.get("set-cookie", "")
    assert provider.form["code_verifier"]
    strangers = (await admin.get("/strangers"))["strangers"]
    assert sorted((each["subject"], each["name"]) for each in strangers) == [
        (f"{provider.issuer}#admin", "admin"), (f"{provider.issuer}#li", "li"), (f"{provider.issuer}#u-1", "admin"),
    ]  # fmt: skip

    subject = f"{provider.issuer}#u-1"
    assert (await li.get("/me"))["linked"] is False
    await admin.put("/people/li/link", {"subject": subject})
    assert (await li.get("/me"))["linked"] is True, "it is told to whose account it is"
    answer = await come_back(vouching, provider)
    assert answer.headers["location"] == "/desk/"
    me = (await desk.client(answer.cookies["daoxue_seat"]).get("/api/me")).json()
    assert (me["name"], me["role"]) == ("li", "seat")
    # One identity, one account; and only who has proven to be there.
    await admin.put("/people/admin/link", {"subject": subject}, expect=409)
    await admin.put("/people/admin/link", {"subject": f"{provider.issuer}#u-2"}, expect=404)
    await li.put("/people/li/link", {"subject": f"{provider.issuer}#li"}, expect=403)
    assert (await admin.ask("DELETE", "/people/li/link")).json()["pages"] >= 1
    assert (await desk.client(answer.cookies["daoxue_seat"]).get("/api/me")).status_code == 401
    assert (await come_back(vouching, provider)).headers["location"] == "/desk/?refused=unlinked"
    audit = (await admin.get("/audit"))["lines"]
    assert {("people.link", "li"), ("people.unlink", "li")} <= {(each["action"], each["subject"]) for each in audit}


async def test_who_is_switched_off_here_does_not_come_in_from_there(vouching: App, provider: Played) -> None:
    desk = Desk(vouching)
    admin, _ = await desk.person("administrator"), await desk.person("seat", "li")
    await come_back(vouching, provider)
    await admin.put("/people/li/link", {"subject": f"{provider.issuer}#u-1"})
    [whole] = [each for each in (await admin.get("/people"))["people"] if each["name"] == "li"]
    whole = {key: value for key, value in whole.items() if key not in ("name", "totp", "one_time", "subject")}
    await admin.put("/people/li", whole | {"active": False})
    assert (await come_back(vouching, provider)).headers["location"] == "/desk/?refused=unlinked"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://evil.example"}, {"aud": "other"}, {"aud": ["other"]}, {"nonce": "x"}, {"nonce": None}, {"exp": 1},
        {"exp": None}, {"exp": "soon"}, {"sub": None}, {"sub": 7}, {"iat": None}, {"sub": ""}, {"sub": " "}, {"sub": "li\0"},
        {"sub": "li\n"}, {"sub": "\u202eil"}, {"sub": "l" * 256},
        {"aud": ["daoxue", "evil"], "azp": "evil"}, {"aud": ["daoxue", "evil"]}, {"azp": "evil"}, {"aud": "other", "azp": "daoxue"},
    ],
)  # fmt: skip
async def test_a_token_that_is_not_for_us_is_refused(vouching: App, provider: Played, claims: dict[str, Any]) -> None:
    assert (await come_back(vouching, provider, **claims)).headers["location"] == "/desk/?refused=provider"
    assert await vouching.desk.people.vouched() == []


async def test_several_audiences_with_us_as_the_party(vouching: App, provider: Played) -> None:
    answer = await come_back(vouching, provider, aud=["daoxue", "board"], azp="daoxue")
    assert answer.headers["location"] == "/desk/?refused=unlinked", "known, and not linked yet"


@pytest.mark.parametrize("forged", ["other key", "none", "shared", "issuer"])
async def test_a_forged_token_is_refused(vouching: App, provider: Played, forged: str) -> None:
    if forged == "other key":
        provider.key = OTHER
    elif forged == "none":
        provider.header = {"alg": "none"}
    elif forged == "shared":
        provider.header = {"alg": "HS256"}
    else:
        provider.discovery["issuer"] = "http://127.0.0.1:1"
        answer = await Desk(vouching).client().get("/api/login/oidc")
        assert answer.headers["location"] == "/desk/?refused=unreachable"
        return
    assert (await come_back(vouching, provider)).headers["location"] == "/desk/?refused=provider"


@pytest.mark.parametrize("how", ["under the same name", "without names", "under another name"])
async def test_a_provider_that_changes_its_keys(vouching: App, provider: Played, how: str) -> None:
    names = {"without names": (None, None), "under another name": ("one", "two")}
    for name in names.get(how, ("one", "one")):
        provider.key = RSAKey.generate_key(2048, {"kid": name} if name else None)
        provider.shown, provider.header = [provider.key], {"alg": "RS256"} | ({"kid": name} if name else {})
        assert (await come_back(vouching, provider)).headers["location"] == "/desk/?refused=unlinked"


async def test_a_key_that_was_withdrawn_proves_nothing_any_more(vouching: App, provider: Played) -> None:
    assert (await come_back(vouching, provider)).headers["location"] == "/desk/?refused=unlinked"
    provider.shown = [RSAKey.generate_key(2048, {"kid": "two"})]
    assert (await come_back(vouching, provider)).headers["location"] == "/desk/?refused=provider"


async def test_who_left_once_comes_back_once(vouching: App, provider: Played) -> None:
    """Also where the provider takes a code twice, and the browser kept what it was to forget."""
    client, now = Desk(vouching).client(), int(time.time())
    away = await client.get("/api/login/oidc")
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    provider.claims = {
        "iss": provider.issuer, "aud": "daoxue", "sub": "u-1", "nonce": asked["nonce"][0], "iat": now, "exp": now + 60,
    }  # fmt: skip
    kept, found = client.cookies["daoxue_asked"], []
    for _ in range(2):
        client.cookies.clear()
        client.cookies.set("daoxue_asked", kept)
        back = {"state": asked["state"][0], "code": "a-code"}
        found.append((await client.get("/api/login/oidc/back", params=back)).headers["location"])
    assert found == ["/desk/?refused=unlinked", "/desk/?refused=provider"]


async def test_strangers_do_not_have_the_provider_asked_without_end(
    vouching: App, provider: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever forges the cookie need not even have left."""
    monkeypatch.setattr("desk.oidc.PROVIDER_FROM", Limit("few", 3, 3600))
    for n in range(6):
        client = Desk(vouching).client()
        client.cookies.set("daoxue_asked", f"a.nonce{n}.c")
        await client.get("/api/login/oidc/back", params={"state": "a", "code": "x"})
    assert provider.asked == 3


async def test_a_name_is_shown_as_it_is_read(vouching: App, provider: Played) -> None:
    await come_back(vouching, provider, preferred_username="\u202enimda\0\n")
    assert [each.name for each in await vouching.desk.people.vouched()] == ["nimda"]


@pytest.mark.parametrize("lacking", ["jwks_uri", "token_endpoint", "authorization_endpoint"])
async def test_a_provider_that_does_not_say_where_is_no_error_of_ours(
    vouching: App, provider: Played, lacking: str
) -> None:
    del provider.discovery[lacking]
    found = await Desk(vouching).client().get("/api/login/oidc")
    assert found.headers["location"] == "/desk/?refused=unreachable"


async def test_what_a_provider_answers_while_it_is_out_of_order_is_not_kept(vouching: App, provider: Played) -> None:
    right = provider.discovery
    for wrong in ({}, right | {"issuer": "http://127.0.0.1:1"}, {"issuer": provider.issuer}):
        provider.discovery = wrong
        answer = await Desk(vouching).client().get("/api/login/oidc")
        assert answer.headers["location"] == "/desk/?refused=unreachable"
    provider.discovery = right
    assert (await come_back(vouching, provider)).headers["location"] == "/desk/?refused=unlinked"


@pytest.mark.parametrize("answer", [[], {}, {"issuer": 7}, "x", None])
async def test_a_provider_that_answers_anything_is_no_error_of_ours(
    vouching: App, provider: Played, answer: Any
) -> None:
    provider.discovery = answer
    found = await Desk(vouching).client().get("/api/login/oidc")
    assert found.headers["location"] == "/desk/?refused=unreachable"


async def test_a_state_that_is_none(vouching: App) -> None:
    client = Desk(vouching).client()
    for state in ("é", "状态", "\n", "x" * 2001):
        answer = await client.get("/api/login/oidc/back", params={"state": state, "code": "x"})
        assert answer.status_code == 422, state
    for query in ("state=%ff&code=x", "state=x&code=%c3%a9"):
        assert (await client.get(f"/api/login/oidc/back?{query}")).status_code == 422
    client.cookies.set("daoxue_asked", "a.b.c")
    wrong = await client.get("/api/login/oidc/back", params={"state": "other", "code": "x"})
    assert wrong.headers["location"] == "/desk/?refused=provider"


async def test_nobody_comes_back_where_there_is_no_provider(app: App) -> None:
    answer = await Desk(app).client().get("/api/login/oidc/back", params={"state": "", "code": "x"})
    assert answer.headers["location"] == "/desk/?refused=provider"
