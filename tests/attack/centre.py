"""A centre under attack: its process, and who can get at it."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from daoxue.config import Config
from tests.conftest import copied, free_port
from tests.service import ROOT, Command

WITHIN = 30.0  # seconds that an answer may take before the row fails
PASSWORD = "导航-2026-lantern"
ROLES = {"seat": "li", "supervisor": "ban", "editor": "zhou", "administrator": "admin", "auditor": "shen"}
COLLEAGUE = "wang"  # another seat
_FIRST = re.compile(r"^  (\w+) +\w+ +(\S+)$", re.MULTILINE)


class Insider:
    """Somebody who works there, signed in."""

    def __init__(self, centre: "Centre", name: str, password: str, token: str) -> None:
        self.centre, self.name, self.password, self.token = centre, name, password, token
        self.client = centre.visitor(authorization=f"Bearer {token}")

    def ask(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        return self.client.request(method, f"/api{path}", json=body, **more)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def post(self, path: str, body: object = None) -> Any:
        answer = self.ask("POST", path, {} if body is None else body)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def listen(self, **headers: str) -> ClientConnection:
        """The socket of an open page."""
        return self.centre.socket("/api/live", authorization=f"Bearer {self.token}", **headers)


class Centre:
    """`daoxue serve` with an embedded database; `settings` are those of the environment."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder, self.port = folder, free_port()
        own = {"DAOXUE_SERVER__PORT": str(self.port), "DAOXUE_DESK__ALWAYS_OPEN": "true", "PYTHONPATH": str(ROOT)}
        self._environment = {**os.environ, **own, **settings}
        self._opened: list[httpx.Client] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    @property
    def kept(self) -> bytes:
        """Every byte of the database's files."""
        return b"".join(each.read_bytes() for each in sorted((self.folder / "var").glob("daoxue.db*")))

    def start(self) -> None:
        self.process = Command(["serve", "--config", str(ROOT / "config.yml")], self.folder, self._environment)
        for _ in range(1200):
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            assert self.process.poll() is None, self.log
            time.sleep(0.05)
        raise AssertionError("the service did not start")

    def stop(self) -> int:
        for each in self._opened:
            each.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def visitor(self, address: str = "127.0.0.1", **headers: str) -> httpx.Client:
        """Somebody at one of this machine's addresses."""
        transport = httpx.HTTPTransport(local_address=address)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._opened.append(httpx.Client(base_url=self.url, transport=transport, headers=named, timeout=WITHIN))
        return self._opened[-1]

    def socket(self, path: str = "/channels/webchat", address: str = "127.0.0.1", **headers: str) -> ClientConnection:
        url = f"ws://127.0.0.1:{self.port}{path}"
        return connect(
            url,
            additional_headers=headers,
            source_address=(address, 0),
            open_timeout=WITHIN,
            close_timeout=0.5,
            legacy=True,
        )

    def sign_in(self, name: str, password: str, **headers: str) -> Insider:
        answer = self.visitor(**headers).post("/api/login", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        return Insider(self, name, password, answer.json()["token"])

    def settled(self, name: str, one_time: str) -> Insider:
        """With a password of their own instead of the one-time password."""
        newcomer = self.sign_in(name, one_time)
        newcomer.post("/me/password", {"old": one_time, "new": f"{PASSWORD}-{name}"})
        newcomer.password = f"{PASSWORD}-{name}"
        return newcomer

    @cached_property
    def first(self) -> dict[str, str]:
        """The one-time passwords of the first start, by name."""
        return dict(_FIRST.findall((self.folder / "said").read_text("utf-8")))

    @cached_property
    def people(self) -> dict[str, Insider]:
        """One of each role."""
        return {role: self.settled(name, self.first[name]) for role, name in ROLES.items()}

    @cached_property
    def colleague(self) -> Insider:
        return self.settled(COLLEAGUE, self.first[COLLEAGUE])

    @cached_property
    def description(self) -> dict[str, Any]:
        """What the API says of itself."""
        found: dict[str, Any] = self.visitor().get("/api/openapi.json").json()
        return found

    @property
    def operations(self) -> list[tuple[str, str]]:
        """Method and path of each."""
        return [(method.upper(), path) for path, methods in self.description["paths"].items() for method in methods]

    @property
    def memory(self) -> int:
        """Bytes that the process has in memory."""
        found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024


class Resident:
    """A page of the web chat that posts."""

    def __init__(self, centre: Centre, address: str = "127.0.0.1", **headers: str) -> None:
        self.client, self.visitor, self._said = centre.visitor(address, **headers), None, 0

    def post(self, text: str) -> httpx.Response:
        self._said += 1
        body = {"id": f"a{self._said}", "text": text, "visitor": self.visitor}
        answer = self.client.post("/channels/webchat", json=body)
        if answer.status_code == 200:
            self.visitor = answer.json()["visitor"]
        return answer

    def say(self, text: str) -> str:
        """What is answered."""
        answer = self.post(text)
        assert answer.status_code == 200, answer.text
        return "\n".join(each["text"] for each in answer.json()["messages"])

    def ticket(self, text: str = "转人工") -> str:
        """The reference of the ticket that this opens."""
        found = re.search(r"\d{4}-\d{5}", self.say(text))
        assert found is not None
        return found[0]


def laid(folder: Path, sample_file: Path) -> Path:
    """The folder with the sample centre in it, and the key that closed what is personal there."""
    (folder / "var").mkdir()
    copied(sample_file, folder / "var" / "daoxue.db")
    shutil.copy(Config().accounts.key_file, folder / "var" / "data.key")
    return folder


@contextlib.contextmanager
def running(folder: Path, **settings: str) -> Iterator[Centre]:
    centre = Centre(folder, settings)
    centre.start()
    try:
        yield centre
    finally:
        with contextlib.suppress(TimeoutError):
            centre.stop()
        if centre.process.poll() is None:
            centre.process.kill()
            centre.process.wait(30)


def raw(centre: Centre, sent: bytes, within: float = WITHIN) -> bytes:
    """What is answered to bytes, until the other side closes."""
    with socket.create_connection(("127.0.0.1", centre.port), timeout=within) as connection:
        heard = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
            while part := connection.recv(65_536):
                heard += part
    return heard


def frame(connection: ClientConnection, within: float = WITHIN) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(connection.recv(within))
    return found
