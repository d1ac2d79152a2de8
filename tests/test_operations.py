"""What the world is told of the service, what only those inside are, and all of it behind a real proxy."""

import contextlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from websockets.asyncio.client import connect

from accounts.limits import VISITORS_FROM
from bot.channel import Stanzas
from daoxue.app import App
from daoxue.check import unreachable
from daoxue.config import Config, Server
from daoxue.serve import application
from daoxue.watch import Trouble
from desk.hours import DeskSettings
from desk.oidc import OidcSettings
from integrations.twilio.settings import TwilioSettings
from integrations.webchat import PATH
from integrations.wechat.settings import WechatSettings
from tests.conftest import free_port, lacking
from tests.service import ROOT, Service, running

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
    passed_on = await ask(served, path, INSIDE, x_forwarded_for=INSIDE)
    assert passed_on.status_code == 403, "nobody trusts that proxy: it may be from anywhere"


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


async def test_a_locked_database_is_told(served: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.database, "locked", lambda: 7.0)
    inside, outside = await ask(served, "/readyz", INSIDE), await ask(served, "/readyz", OUTSIDE)
    assert (inside.status_code, outside.status_code) == (503, 503)
    assert "locked by another process (7 s)" in inside.text
    assert outside.text == "not ready\n"


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


# -- behind nginx, set up as docs/proxy.md says


@pytest.fixture
def service(config: Config) -> Iterator[Service]:
    own = Server(trusted_proxies=("127.0.0.1",), inside=("127.0.0.1",))
    with running(replace(config, server=own)) as started:
        yield started


@pytest.fixture
def nginx(service: Service, tmp_path: Path) -> Iterator[str]:
    """The host and port of a proxy."""
    found = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(found).exists():
        lacking("nginx")
    blocks = re.search(r"```nginx\n(.*?)```", (ROOT / "docs" / "proxy.md").read_text("utf-8"), re.DOTALL)
    assert blocks is not None
    port, written = free_port(), blocks[1]
    for ours, theirs in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port}"),
        ("127.0.0.1:8000", f"127.0.0.1:{service.port}"),
    ):
        assert ours in written
        written = written.replace(ours, theirs)
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = tmp_path / "nginx.conf"
    path.write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\nevents {{}}\n"
        f"http {{ access_log off;\n{folders}{written} }}"
    )
    with subprocess.Popen([found, "-p", tmp_path, "-c", path, "-e", tmp_path / "error.log"]) as proxy:
        try:
            for _ in range(600):
                with contextlib.suppress(httpx.HTTPError):
                    httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
                    break
            yield f"127.0.0.1:{port}"
        finally:
            proxy.terminate()
            proxy.wait(10)


def resident(nginx: str, address: str) -> httpx.AsyncClient:
    """Somebody who comes from an address of this machine."""
    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(local_address=address), base_url=f"http://{nginx}", timeout=30
    )


async def test_behind_nginx_everybody_has_their_own_limits_and_nobody_a_name_they_chose(nginx: str) -> None:
    forged = {"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.2", "X-Forwarded-Host": "evil.example"}
    async with resident(nginx, "127.0.0.2") as one, resident(nginx, "127.0.0.3") as other:
        codes = [
            (
                await one.post(
                    PATH, json={"id": f"n{n}", "text": "你好"}, headers=forged | {"X-Forwarded-For": f"1.1.1.{n}"}
                )
            ).status_code
            for n in range(VISITORS_FROM.most * 2)
        ]
        assert codes[: VISITORS_FROM.most] == [200] * VISITORS_FROM.most
        assert 429 in codes
        assert (await other.post(PATH, json={"id": "o", "text": "你好"}, headers=forged)).status_code == 200
        assert (await other.get("/metrics", headers=forged | {"X-Forwarded-For": "127.0.0.1"})).status_code == 403
        assert (await other.get("/readyz")).text == "ready\n"


async def test_behind_nginx_a_page_talks_and_other_sites_do_not(nginx: str) -> None:
    async with connect(f"ws://{nginx}{PATH}", additional_headers={"Origin": f"http://{nginx}"}) as page:
        await page.send(json.dumps({"type": "hello", "visitor": None, "since": None, "lang": "zh"}))
        assert json.loads(await page.recv())["type"] == "welcome"
    async with resident(nginx, "127.0.0.2") as evil:
        foreign = {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}
        assert (await evil.post(PATH, json={"id": "e", "text": "你好"}, headers=foreign)).status_code == 403
        signing_in = await evil.post("/api/login", json={"name": "x", "password": "y"}, headers=foreign)
        assert signing_in.status_code == 403
