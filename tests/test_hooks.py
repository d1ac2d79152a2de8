"""Webhooks against a real receiver; export and erasure of what we hold of a resident."""

import asyncio
import http.server
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from daoxue.app import App, compose
from daoxue.config import Config
from desk.errors import TicketError
from desk.hooks import PATIENCE, signature
from desk.opening import ALL, ERASED
from desk.receivers import Outside
from store import conversations, tickets, webhooks
from store.database import ConflictError
from store.ticket_events import TicketNoted
from tests.desk_client import Desk
from tests.history import check
from tests.talk import Resident


class Receiver(http.server.BaseHTTPRequestHandler):
    heard: ClassVar[list[tuple[dict[str, str], bytes]]] = []
    answers: ClassVar[list[int]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.answers.pop(0) if self.answers else 204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.heard.clear()
    Receiver.answers.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    server.shutdown()
    server.server_close()


async def test_signed_retried_and_logged(either_config: Config, receiver: str) -> None:
    desk, passed = msgspec.structs.replace(either_config.desk, webhooks_inside=True), [time.time()]
    app = await compose(msgspec.structs.replace(either_config, desk=desk), clock=lambda: passed[0])
    admin = await Desk(app, time.time).person("administrator")  # who is not signed out by then
    secret = (await admin.post("/webhooks", {"url": receiver, "kinds": ["opened", "closed"]}))["secret"]
    Receiver.answers[:] = [500, 503]
    ref = (await Resident(app).receipt("转人工")).ticket
    await app.tickets.note(ref or "", "x", "这个不通知", 1)
    hooks = app.desk.hooks
    await hooks.owe()
    await hooks.owe()  # a process that starts again owes nothing twice
    for _ in range(4):
        await app.queue.work()
        passed[0] += 10**4
    assert len(Receiver.heard) == 3, "twice refused, then taken; never after that"
    head, body = Receiver.heard[-1]
    content = json.loads(body)
    assert (content["kind"], content["ticket"]) == ("opened", ref)
    at = int(head["x-daoxue-signature"].split(",")[0].removeprefix("t="))
    assert head["x-daoxue-signature"] == signature(secret, at, body)
    assert len({each["x-daoxue-event"] for each, _ in Receiver.heard}) == 1
    [hook] = (await admin.get("/webhooks"))["webhooks"]
    assert secret not in str(hook)
    [line] = (await admin.get(f"/webhooks/{hook['id']}/deliveries"))["deliveries"]
    assert (line["state"], line["attempts"], line["outcome"]) == ("done", 3, "HTTP 204")
    Receiver.answers[:] = [500] * 20
    await app.tickets.take(ref or "", "x", 1)
    await app.tickets.close(ref or "", "x", "answered", 2)
    await hooks.owe()
    for _ in range(PATIENCE + 3):
        await app.queue.work()
        passed[0] += 10**4
    assert (await admin.get(f"/webhooks/{hook['id']}/deliveries"))["deliveries"][0]["state"] == "given_up"
    app.database.close()


async def test_who_tells_whom_of_tickets_is_written_down(either_config: Config, receiver: str) -> None:
    app = await compose(
        msgspec.structs.replace(either_config, desk=msgspec.structs.replace(either_config.desk, webhooks_inside=True))
    )
    admin, auditor = await Desk(app).person("administrator"), await Desk(app).person("auditor")
    await admin.post("/webhooks", {"url": receiver, "kinds": ["opened", "closed"]})
    [hook] = (await admin.get("/webhooks"))["webhooks"]
    assert (await admin.ask("DELETE", f"/webhooks/{hook['id']}")).status_code == 200
    assert (await admin.ask("DELETE", f"/webhooks/{hook['id']}")).status_code == 404
    lines = [each for each in (await auditor.get("/audit"))["lines"] if each["action"].startswith("webhook.")]
    assert [(each["actor"], each["action"], each["subject"], each["detail"]) for each in lines] == [
        (admin.name, "webhook.drop", receiver, ""), (admin.name, "webhook.add", receiver, "opened,closed"),
    ]  # fmt: skip
    app.database.close()


async def test_what_happened_to_a_ticket_is_told_in_order(either_config: Config, receiver: str) -> None:
    """A receiver that refuses the first hears nothing of that ticket before it takes that; of another it does."""
    desk, passed = msgspec.structs.replace(either_config.desk, webhooks_inside=True), [time.time()]
    app = await compose(msgspec.structs.replace(either_config, desk=desk), clock=lambda: passed[0])
    admin = await Desk(app).person("administrator")
    await admin.post("/webhooks", {"url": receiver, "kinds": ["opened", "noted"]})
    Receiver.answers[:] = [500]
    ref = (await Resident(app).receipt("转人工")).ticket
    await app.tickets.note(ref or "", "x", "一", 1)
    await app.desk.hooks.owe()
    await app.queue.work()
    other = (await Resident(app).receipt("转人工")).ticket
    await app.desk.hooks.owe()
    for _ in range(6):
        await app.queue.work()
        passed[0] += 10**4
    told = [(each["ticket"], each["kind"]) for each in (json.loads(body) for _, body in Receiver.heard)]
    assert told == [(ref, "opened"), (other, "opened"), (ref, "opened"), (ref, "noted")]
    app.database.close()


INSIDE = (
    "127.0.0.1:8000", "[::1]", "169.254.169.254", "10.0.0.1", "0.0.0.0", "100.64.0.1", "192.0.0.8", "192.88.99.1", "198.18.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "0x7f000001", "2130706433", "localhost", "[64:ff9b::7f00:1]",
    "[64:ff9b::808:808]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001:0:7f00::1]", "[::7f00:1]", "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]", "[fe80::1]", "[fec0::1]", "[fd00::1]", "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]",
    "[2600::5efe:7f00:1]",
)  # fmt: skip
NO_ADDRESS = (
    "file:///etc/passwd", "javascript:alert(1)", "https://1.1.1.1/hook\n", "https://1.1.1.1/\0x", "https://1.1.1.1/\r\nx", "https://1.1.1.1:99999/",
    "https://1.1.1.1:0/", "https://1.1.1.1:abc/", "https://a..b/", "https://exa mple.com/", "https://例子.测试/", "https://u:p@1.1.1.1/",
    "https:///hook", "https://[::1", "https://" + "a" * 64 + ".com/", "https://1.1.1.1/\u2028",
)  # fmt: skip


async def test_of_a_webhook_that_there_is_not_nothing_is_told(app: App) -> None:
    admin = await Desk(app).person("administrator")
    for method, path in (("GET", "/webhooks/4711/deliveries"), ("DELETE", "/webhooks/4711")):
        assert (await admin.ask(method, path)).status_code == 404


async def test_addresses_inside_and_what_is_none_are_refused(app: App) -> None:
    admin = await Desk(app).person("administrator")
    for url in (*(f"http://{host}/hook" for host in INSIDE), *NO_ADDRESS):
        answer = await admin.ask("POST", "/webhooks", {"url": url})
        assert answer.status_code == 422, url
    assert (await admin.get("/webhooks"))["webhooks"] == []
    for host in ("1.1.1.1", "[2606:4700::1111]"):
        await admin.post("/webhooks", {"url": f"https://{host}:8443/hook?x=1"})


async def test_events_can_be_chosen(app: App) -> None:
    admin = await Desk(app).person("administrator")
    kinds = (await admin.get("/webhooks"))["kinds"]
    assert {"opened", "closed", "said"} <= set(kinds)
    assert (await admin.ask("POST", "/webhooks", {"url": "https://1.1.1.1/", "kinds": ["opend"]})).status_code == 422
    await admin.post("/webhooks", {"url": "https://1.1.1.1/", "kinds": kinds[:2]})
    assert (await admin.get("/webhooks"))["webhooks"][0]["kinds"] == kinds[:2]


class NameServer:
    """What names stand for: this machine at the first look, another address of it at each later one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks = 0
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.look)

    def look(self, host: str, *asked: Any, **more: Any) -> list[Any]:
        if host != "hook.test":
            return self._real(host, *asked, **more)
        self.looks += 1
        return self._real("127.0.0.1" if self.looks == 1 else "127.0.0.9", *asked, **more)


async def test_what_was_looked_up_is_what_is_called(receiver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names, port = NameServer(monkeypatch), urlsplit(receiver).port
    assert await Outside(inside=True).post(f"http://hook.test:{port}/hook", b"{}", {"x-daoxue-event": "1"}) == (204, "")
    assert names.looks == 1
    [(heard, _)] = Receiver.heard
    assert heard["host"] == f"hook.test:{port}"


async def test_a_name_that_leads_inside_is_not_called(receiver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    NameServer(monkeypatch)
    with pytest.raises(TicketError):
        await Outside().post(f"http://hook.test:{urlsplit(receiver).port}/hook", b"{}", {})
    assert Receiver.heard == []


async def test_the_certificate_is_the_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Called at its number, the receiver is asked for by its name, and has to prove that."""
    NameServer(monkeypatch)
    certificate, key = _certificate("hook.test", tmp_path)
    asked: list[str | None] = []
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    serving.sni_callback = lambda _, name, __: asked.append(name)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]
    outside = Outside(inside=True)
    outside._tls = ssl.create_default_context(cafile=certificate)
    assert await outside.post(f"https://hook.test:{port}/", b"{}", {}) == (200, "")
    assert asked == ["hook.test"]
    with pytest.raises(httpx.ConnectError, match="certificate"):
        await outside.post(f"https://localhost:{port}/", b"{}", {})
    server.close()


def _certificate(name: str, folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


async def test_a_receiver_that_hangs_or_cannot_be_called_delays_no_other(config: Config, receiver: str) -> None:
    """Also one that was put there before its address was looked at so closely."""
    desk, passed = msgspec.structs.replace(config.desk, webhooks_inside=True), [time.time()]
    app = await compose(msgspec.structs.replace(config, desk=desk), clock=lambda: passed[0])
    hung = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hung.set()
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(hang, "127.0.0.1", 0)
    never = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"
    for url in ("https://1.1.1.1/hook\n", "http://a..b/", never, receiver):
        await app.database.write(lambda t, url=url: webhooks.add(t, url, "s", "[]"))  # type: ignore[misc]
    ref = (await Resident(app).receipt("转人工")).ticket
    for number in range(30):
        await app.tickets.note(ref or "", "x", f"第{number}句", 1)
    await app.desk.hooks.owe()
    begun = []
    for _ in range(200):
        begun += await app.queue.begin()
        await asyncio.sleep(0.01)
        if len(Receiver.heard) == 31:
            break
    assert len(Receiver.heard) == 31, "all, while another has not answered once"
    assert hung.is_set()
    for task in begun:
        task.cancel()
    await asyncio.gather(*begun, return_exceptions=True)
    silent.close()
    await silent.wait_closed()
    [newline, *_] = await app.desk.hooks.all()
    for _ in range(PATIENCE + 2):
        passed[0] += 10**4
        await asyncio.gather(*[each for each in await app.queue.begin() if not each.done()], return_exceptions=True)
    first = (await app.desk.hooks.log(newline.id))[-1]
    assert (first.state, first.attempts, first.outcome) == ("given_up", PATIENCE, "TicketError")
    app.database.close()


async def test_a_copy_of_everything_and_its_erasure_with_a_proof(either_app: App) -> None:
    app = either_app
    desk = Desk(app)
    li, admin, auditor = await desk.person(), await desk.person("administrator"), await desk.person("auditor")
    resident = Resident(app)
    await resident.say("登记候补临江街道的太极班")
    ref = (await resident.receipt("13800138000")).ticket
    assert ref
    await app.desk.search.index(list(app.live.changed))
    await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"}, expect=422)  # still open
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/note", {"text": "住在临江路，电话 13800138000"})
    await li.post(f"/tickets/{ref}/close", {"result": "registered", "note": "已打 13800138000"})
    copy = await admin.post(f"/residents/{ref}/export")
    assert "13800138000" in json.dumps(copy)
    proof = await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})
    assert (proof["tickets"], proof["conversations"]) == (1, 1)
    assert len(proof["digest"]) == 64
    whole = await li.get(f"/tickets/{ref}")
    assert {each["text"] for each in whole["messages"]} == {ERASED}
    assert whole["resident"]["slots"] == {}
    assert "临江路" not in json.dumps(whole, ensure_ascii=False)
    check(await app.tickets.show(ref, ALL))
    assert (await li.get("/search?q=太极"))["found"] == []
    assert "13800138000" not in json.dumps(await admin.post(f"/residents/{ref}/export"))
    lines = (await auditor.get("/audit"))["lines"]
    assert next(each for each in lines if each["action"] == "resident.erase")["detail"].endswith(proof["digest"])
    assert "太极" in await resident.say("太极班在哪里上课"), "who comes back is a new resident"


async def test_nothing_is_written_of_whom_was_erased_while_the_page_was_open(either_app: App) -> None:
    app = either_app
    desk = Desk(app)
    li, boss, admin = await desk.person(), await desk.person("supervisor"), await desk.person("administrator")
    ref = str((await Resident(app).receipt("转人工")).ticket)
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/close", {"result": "answered"})
    read = (await app.tickets.show(ref)).ticket
    await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})
    refused = await li.ask("POST", f"/tickets/{ref}/note", {"text": "张三住在临江路"})
    assert (refused.status_code, refused.json()["code"]) == (409, "outdated")
    scores = {"scores": {"right": 5}, "note": "张三很满意"}
    assert (await boss.ask("POST", f"/tickets/{ref}/review", scores)).status_code == 409
    with pytest.raises(ConflictError):  # as another process has read it before
        await app.database.write(lambda t: tickets.record(t, read, TicketNoted("张三"), li.name, 1))
    assert "张三" not in json.dumps(await li.get(f"/tickets/{ref}"), ensure_ascii=False)
    for _ in range(2):
        again = await admin.post(f"/residents/{ref}/erase", {"why": "own_wish"})
        assert (again["tickets"], again["messages"], again["digest"]) == (0, 0, "")
    lines = (await (await desk.person("auditor")).get("/audit?action=resident.erase"))["lines"]
    assert [each["detail"].endswith("nothing was left") for each in lines] == [True, True, False]


async def test_what_is_old_goes_by_itself(either_app: App) -> None:
    app = either_app
    old, fresh = Resident(app), Resident(app)
    old.wait(-60 * 24 * 200)
    await old.say("积分会过期吗")
    await fresh.say("积分会过期吗")
    now = (await app.database.read(lambda t: conversations.find(t, "webchat", fresh.address))).updated_at  # type: ignore[union-attr]
    assert await app.retaining.sweep(now) == 1
    assert await app.retaining.sweep(now) == 0
    assert await app.database.read(lambda t: conversations.find(t, "webchat", old.address)) is None
    row = await app.database.read(lambda t: conversations.find(t, "webchat", fresh.address))
    assert row is not None
