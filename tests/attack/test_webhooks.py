"""From outside, against a real process: webhooks that lead inside, that are no address, that hang, and what proves who calls."""

import contextlib
import hashlib
import hmac
import http.server
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from tests.attack.centre import Centre, Resident, laid, running

INSIDE = (
    "http://127.0.0.1/", "http://localhost/", "http://0.0.0.0/", "http://10.1.2.3/", "http://192.168.1.1/", "http://172.16.0.1/",
    "http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/", "http://[fe80::1]/", "http://[fc00::1]/", "http://224.0.0.1/", "http://255.255.255.255/", "http://192.0.0.8/",
    "http://100.64.0.1/", "http://198.18.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/",
)  # fmt: skip
NO_ADDRESS = (
    "http://1.1.1.1/\u0001x", "https://1.1.1.1/hook\n", "http://1.1.1.1:99999/", "http://1.1.1.1:0/", "http://a..b/", "http://a b/",
    "ftp://1.1.1.1/", "file:///etc/passwd", "http://u:p@1.1.1.1/", "http://", "javascript:alert(1)", "http://１２７.0.0.1/", "gopher://1.1.1.1",
    "http://1.1.1.1/" + "a" * 600,
)  # fmt: skip


class Receiver(http.server.BaseHTTPRequestHandler):
    heard: ClassVar[list[tuple[dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture(scope="module")
def trying(tmp_path_factory: pytest.TempPathFactory, sample_file: Path) -> Iterator[Centre]:
    """One that may call receivers on this machine."""
    with running(laid(tmp_path_factory.mktemp("hooks"), sample_file), DAOXUE_DESK__WEBHOOKS_INSIDE="true") as started:
        yield started


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.heard.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("url", [*INSIDE, *NO_ADDRESS])
def test_what_leads_inside_or_nowhere_is_refused_at_the_form(url: str, centre: Centre) -> None:
    admin = centre.people["administrator"]
    said = admin.ask("POST", "/webhooks", {"url": url, "kinds": []})
    assert said.status_code == 422, (url, said.text)
    assert admin.get("/webhooks")["webhooks"] == []


def test_one_that_hangs_or_refuses_starves_no_other_and_each_is_signed(trying: Centre, receiver: str) -> None:
    admin = trying.people["administrator"]
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as gone:
        urls = [f"http://127.0.0.1:{each.getsockname()[1]}/" for each in (silent, gone)]
        gone.close()
        secrets = [admin.post("/webhooks", {"url": each, "kinds": []})["secret"] for each in (*urls, receiver)]
        ref = Resident(trying).ticket()
        seat = trying.people["seat"]
        seat.post(f"/tickets/{ref}/take")
        for n in range(40):
            seat.post(f"/tickets/{ref}/note", {"text": f"第{n}句"})
        ends = time.monotonic() + 30
        while len(Receiver.heard) < 42 and time.monotonic() < ends:
            time.sleep(0.1)
    assert len(Receiver.heard) >= 42, "opened, taken, and forty notes"
    for headers, body in Receiver.heard:
        at, seal = (each.partition("=")[2] for each in headers["x-daoxue-signature"].split(","))
        assert abs(int(at) / 1000 - time.time()) < 120
        assert hmac.compare_digest(
            seal, hmac.new(secrets[-1].encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        )
        assert "第3句" not in json.dumps(json.loads(body), ensure_ascii=False), "bodies hold no words"
    assert len({headers["x-daoxue-event"] for headers, _ in Receiver.heard}) == len(Receiver.heard)


def answering(*parts: bytes, then: float = 0.0) -> Iterator[tuple[str, list[bytes]]]:
    """A receiver that says just these bytes, one part after the other, to whatever comes; its address, and what came."""
    came: list[bytes] = []

    def speak(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            came.append(connection.recv(65_536))
            for part in itertools.chain(parts[:1], itertools.cycle(parts[1:]) if then else parts[1:]):
                connection.sendall(part)
                time.sleep(then)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=speak, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", came


NASTY = {
    "sends us on": (b"HTTP/1.1 307 x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",),
    "never ends": (b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"a" * 65_536 + b"\r\n"),
    "trickles": (b"HTTP/1.1 200 x\r\n", b"X-A: b\r\n"),
    "is packed": (b"HTTP/1.1 200 x\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n", b"\x1f\x8bnogzip!"),
    "is none": (b"\x00\xff SMTP 220\r\n",),
    "is half one": (b"HTTP/1.1 ",),
}


@pytest.mark.parametrize("how", NASTY)
def test_one_that(how: str, trying: Centre, receiver: str) -> None:
    """Whatever it answers: it is not followed, not read to its end, and keeps nobody else from hearing."""
    admin, before = trying.people["administrator"], trying.memory
    parts = (NASTY[how][0].replace(b"%s", receiver.encode()), *NASTY[how][1:])
    with contextlib.contextmanager(answering)(*parts, then={"never ends": 0.001, "trickles": 2.0}.get(how, 0.0)) as (
        url,
        came,
    ):
        known = [admin.post("/webhooks", {"url": each, "kinds": ["opened"]}) for each in (url, receiver)]
        assert len(known) == 2
        Resident(trying, f"127.90.{list(NASTY).index(how)}.1").ticket()
        ends = time.monotonic() + 20
        while not (Receiver.heard and came) and time.monotonic() < ends:
            time.sleep(0.1)
        assert len(came) >= 1
        assert len(Receiver.heard) == 1, "what it sends us on to is not called"
        time.sleep(2)
        assert trying.memory - before < 30_000_000
        for each in admin.get("/webhooks")["webhooks"]:
            admin.ask("DELETE", f"/webhooks/{each['id']}")
    assert "trace" not in trying.log


def test_who_tells_whom_is_written_down_and_bounded(trying: Centre, receiver: str) -> None:
    admin = trying.people["administrator"]
    assert admin.ask("POST", "/webhooks", {"url": receiver, "kinds": ["no-such-kind"]}).status_code == 422
    admin.post("/webhooks", {"url": receiver, "kinds": ["closed"]})
    [*_, made] = admin.get("/webhooks")["webhooks"]
    assert "secret" not in made
    assert admin.ask("DELETE", f"/webhooks/{made['id']}").status_code == 200
    lines = trying.people["auditor"].get("/audit")["lines"]
    assert {each["action"] for each in lines} >= {"webhook.add", "webhook.drop"}
