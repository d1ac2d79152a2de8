"""From outside, against a real process: what a provider's users choose, and what it did not sign, opens nothing."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn

from tests.attack.centre import Centre, laid, running
from tests.conftest import free_port
from tests.test_oidc import OTHER, Played

FORGED: dict[str, dict[str, Any]] = {
    "another's": {"aud": "evil"}, "several without a party": {"aud": ["daoxue", "evil"], "azp": "evil"}, "another party's": {"azp": "evil"},
    "of yesterday": {"exp": 1}, "without an end": {"exp": None}, "of another issuer": {"iss": "http://evil.example"},
    "of another leaving": {"nonce": "x"}, "of none": {"nonce": None}, "of nobody": {"sub": None}, "of a blank": {"sub": " "},
    "of a number": {"sub": 7}, "of one too long": {"sub": "a" * 300},
}  # fmt: skip


@pytest.fixture(scope="module")
def provider() -> Iterator[Played]:
    played = Played(port := free_port())
    web = uvicorn.Server(uvicorn.Config(played.app, port=port, log_config=None))
    thread = threading.Thread(target=lambda: asyncio.run(web.serve()), daemon=True)
    thread.start()
    while not web.started:
        time.sleep(0.01)
    yield played
    web.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def vouching(tmp_path_factory: pytest.TempPathFactory, sample_file: Path, provider: Played) -> Iterator[Centre]:
    settings = {"DAOXUE_DESK__OIDC__ISSUER": provider.issuer, "DAOXUE_DESK__OIDC__CLIENT_ID": "daoxue"}
    with running(laid(tmp_path_factory.mktemp("vouching"), sample_file), **settings) as started:
        yield started


@pytest.fixture(autouse=True)
def honest(provider: Played) -> None:
    provider.header, provider.key = {"alg": "RS256", "kid": "one"}, provider.shown[0]


def left(centre: Centre) -> tuple[httpx.Client, dict[str, list[str]]]:
    """A browser that has left for the provider, and with what."""
    browser = centre.visitor()
    away = browser.get("/api/login/oidc")
    assert away.status_code == 303
    return browser, parse_qs(urlsplit(away.headers["location"]).query)


def back(centre: Centre, provider: Played, **claims: Any) -> tuple[httpx.Client, str]:
    """The same come back, and where to."""
    browser, asked = left(centre)
    now = int(time.time())
    provider.claims = {
        "iss": provider.issuer, "aud": "daoxue", "sub": "u-1", "nonce": asked["nonce"][0], "iat": now, "exp": now + 60,
        "preferred_username": "admin",
    } | claims  # fmt: skip
    came = browser.get("/api/login/oidc/back", params={"state": asked["state"][0], "code": "a-code"})
    return browser, came.headers["location"]


def test_nobody_is_who_they_call_themselves(vouching: Centre, provider: Played) -> None:
    people = vouching.people  # they were here before
    for n, name in enumerate(("admin", "ban", "li")):
        for claims in ({"sub": f"u-evil{n}", "preferred_username": name}, {"sub": name, "preferred_username": None}):
            browser, where = back(vouching, provider, **claims)
            assert where == "/desk/?refused=unlinked"
            assert browser.get("/api/me").status_code == 401
    assert people["administrator"].ask("GET", "/me").status_code == 200
    assert vouching.sign_in("admin", people["administrator"].password).token, "and the real one is not kept out"


def test_who_was_linked_comes_in_and_nobody_with_their_name(vouching: Centre, provider: Played) -> None:
    admin = vouching.people["administrator"]
    assert back(vouching, provider, sub="u-li")[1].endswith("unlinked")
    [stranger] = [each for each in admin.get("/strangers")["strangers"] if each["subject"].endswith("#u-li")]
    assert admin.ask("PUT", "/people/li/link", {"subject": stranger["subject"]}).status_code == 200
    browser, where = back(vouching, provider, sub="u-li")
    assert where == "/desk/"
    assert browser.get("/api/me").json()["name"] == "li"
    assert admin.ask("PUT", "/people/ban/link", {"subject": f"{provider.issuer}#nobody-vouched"}).status_code >= 400


@pytest.mark.parametrize("how", FORGED)
def test_a_token_that_is(how: str, vouching: Centre, provider: Played) -> None:
    browser, where = back(vouching, provider, **FORGED[how])
    assert where == "/desk/?refused=provider"
    assert browser.get("/api/me").status_code == 401


def test_what_the_provider_did_not_sign(vouching: Centre, provider: Played) -> None:
    provider.key = OTHER
    assert back(vouching, provider)[1].endswith("=provider")
    provider.header = {"alg": "HS256", "kid": "one"}
    assert back(vouching, provider)[1].endswith("=provider")


def test_who_did_not_leave_does_not_come_back(vouching: Centre, provider: Played) -> None:
    browser, asked = left(vouching)
    stranger = vouching.visitor()
    for client, state in ((stranger, asked["state"][0]), (browser, "x"), (browser, ""), (browser, "%")):
        came = client.get("/api/login/oidc/back", params={"state": state, "code": "a-code"})
        assert came.headers["location"] == "/desk/?refused=provider"
    assert stranger.get("/api/login/oidc/back", params={"state": "é"}).status_code == 422
    assert stranger.get("/api/login/oidc/back?state=a&state=b&code=%00").status_code in (303, 422)
