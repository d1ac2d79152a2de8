"""What the world is told of the service, and what only those inside are."""

import dataclasses
import time

import httpx
import pytest
from msgspec.structs import replace

from bot.channel import Stanzas
from daoxue.app import App, compose
from daoxue.check import notes
from daoxue.config import Config, Server
from daoxue.outside import misfits, unreachable
from daoxue.serve import application
from daoxue.watch import Trouble
from desk.hours import DeskSettings
from desk.oidc import OidcSettings
from integrations.twilio.settings import TwilioSettings
from integrations.wechat.settings import WechatSettings

TOKEN = "of-the-operators"
INSIDE, OUTSIDE = "127.0.0.1", "203.0.113.7"
SHOWN_INSIDE = ("/metrics", "/api/openapi.json")


@pytest.fixture
def served(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("OPERATIONS_TOKEN", TOKEN)
    monkeypatch.setattr(app.watch, "troubles", lambda: [Trouble("outbox", "要发的", "ended", 0, "", 0)])
    return app


async def ask(app: App, path: str, address: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(application(app), client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.internal") as client:
        return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("path", SHOWN_INSIDE)
async def test_figures_and_the_description_are_shown_inside_alone(served: App, path: str) -> None:
    assert (await ask(served, path, INSIDE)).status_code == 200
    assert (await ask(served, path, OUTSIDE)).status_code == 403
    assert (await ask(served, path, OUTSIDE, authorization=f"Bearer {TOKEN}")).status_code == 200
    assert (await ask(served, path, OUTSIDE, authorization="Bearer wrong")).status_code == 403
    assert (await ask(served, path, OUTSIDE, authorization="Bearer ")).status_code == 403
    for said in ({"x_forwarded_for": INSIDE}, {"x_real_ip": INSIDE}, {"via": "1.1 front"}):
        passed_on = await ask(served, path, INSIDE, **said)
        assert passed_on.status_code == 403, "nobody trusts that proxy: it may be from anywhere"


@pytest.mark.parametrize(("host", "status"), [
    ("localhost:8000", 200), ("LOCALHOST", 200), ("127.0.0.1:8000", 200), ("[::1]:8000", 200), ("10.0.0.7", 200), ("app:8000", 200), ("", 200),
    ("host.docker.internal:8000", 200), ("desk.localhost", 200), ("bind.example.cn:8000", 200), ("daoxue.example.cn", 200), ("daoxue.example.cn.", 200),
    ("evil.example", 403), ("evil.example:8000", 403), ("127.0.0.1.evil.example", 403), ("localhost.evil.example", 403),
    ("evil.example:8000.internal", 403), ("notdaoxue.example.cn", 403), ("127.0.0.1@evil.example", 403),
])  # fmt: skip
async def test_a_page_of_the_world_does_not_ask_inside_under_its_own_name(served: App, host: str, status: int) -> None:
    """Whose name a stranger has made to point here: the browser that asks is inside, and the page that asks is not."""
    ours = Server(host="bind.example.cn", public_url="https://daoxue.example.cn/")
    elsewhere = dataclasses.replace(served, config=replace(served.config, server=ours))
    for path in SHOWN_INSIDE:
        assert (await ask(elsewhere, path, INSIDE, host=host)).status_code == status
    assert (await ask(elsewhere, "/metrics", INSIDE, host=host, authorization=f"Bearer {TOKEN}")).status_code == 200


async def test_the_world_is_told_that_it_answers_and_no_more(served: App) -> None:
    assert (await ask(served, "/healthz", OUTSIDE)).text == "ok\n"
    outside, inside = await ask(served, "/readyz", OUTSIDE), await ask(served, "/readyz", INSIDE)
    assert (outside.status_code, outside.text) == (200, "ready\n")
    assert "outbox" in inside.text


async def test_the_database_is_not_asked_each_time(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    async def refresh() -> None:
        nonlocal asked
        asked += 1

    monkeypatch.setattr(app.library, "refresh", refresh)
    transport = httpx.ASGITransport(application(app), client=(OUTSIDE, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.internal") as client:
        assert {(await client.get("/readyz")).status_code for _ in range(50)} == {200}
    assert asked <= 3


def test_what_needs_an_address_from_outside_says_so(config: Config) -> None:
    on = replace(config, channels=Stanzas(TwilioSettings(enabled=True), WechatSettings(enabled=True)))
    on = replace(on, desk=replace(on.desk, oidc=OidcSettings(issuer="https://login.example.cn")))
    told = unreachable(on)
    assert [next(name for name in ("channels.twilio", "channels.wechat", "desk.oidc") if name in line) for line in told]
    assert len(told) == 3
    assert all(line.startswith("server.public_url: ") for line in told)
    assert unreachable(replace(on, server=Server(public_url="https://learn.example.cn"))) == []
    assert unreachable(config) == []
    assert unreachable(replace(config, channels=Stanzas(TwilioSettings()), desk=DeskSettings())) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Server(), ""),
        (Server(public_url="http://10.0.0.8:8000"), ""),
        (Server(public_url="https://learn.example.cn", trusted_proxies=("127.0.0.1",)), ""),
        (Server(public_url="https://learn.example.cn/", trusted_proxies=("127.0.0.1",)), ""),
        (Server(trusted_proxies=("127.0.0.1",)), "server.public_url: 没有填"),
        (Server(public_url="https://learn.example.cn"), "server.trusted_proxies: 是空的"),
        (Server(public_url="http://learn.example.cn", trusted_proxies=("127.0.0.1",)), "server.public_url: 是 http"),
        (
            Server(public_url="https://example.cn/learn", trusted_proxies=("127.0.0.1",)),
            "server.public_url: 只写到域名",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_told(given: Server, told: str, config: Config) -> None:
    found = misfits(replace(config, server=given))
    assert [each[: len(told)] for each in found] == ([told] if told else [])
    assert set(found) <= set(notes(replace(config, server=given)))


SAID = {"x-forwarded-for": OUTSIDE, "x-forwarded-host": "learn.example.cn"}


@pytest.mark.parametrize(
    ("public_url", "said", "secure"),
    [
        ("", {}, False),
        ("", SAID | {"x-forwarded-proto": "http"}, False),
        ("", SAID | {"x-forwarded-proto": "https"}, True),
        ("", {"forwarded": f"for={OUTSIDE};proto=https"}, True),
        ("https://learn.example.cn", {}, True),
        ("https://learn.example.cn", SAID | {"x-forwarded-proto": "http"}, True),
    ],
)
async def test_cookies_are_secure_where_the_outside_is_https(
    public_url: str, said: dict[str, str], secure: bool, config: Config
) -> None:
    settings = Server(public_url=public_url, trusted_proxies=("127.0.0.1",))
    on = replace(config.desk, oidc=OidcSettings(issuer="https://login.example.cn"))
    app = await compose(replace(config, server=settings, desk=on))
    password = await app.desk.people.add("sun", "seat", int(time.time() * 1000), "test")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application(app), client=(INSIDE, 1)), base_url="http://desk.internal"
    ) as client:
        # What the proxy asks us as is no name that pages know: they are known by `public_url`.
        own = {"origin": public_url} if public_url else {}
        answer = await client.post("/api/login", json={"name": "sun", "password": password}, headers=said | own)
        assert answer.status_code == 200
        cookies = answer.headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert [("; Secure" in each) for each in cookies] == [secure, secure]
        foreign = await client.post("/api/logout", headers=said | {"origin": "https://evil.example"})
        assert foreign.status_code == 403
    app.database.close()
