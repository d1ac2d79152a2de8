"""Webhooks against a real receiver; export and erasure of what we hold of a resident."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from typing import ClassVar

import msgspec
import pytest

from daoxue.app import App, compose
from daoxue.config import Config
from desk.hooks import PATIENCE, signature
from desk.opening import ALL
from desk.residents import ERASED
from store import conversations
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
    admin = await Desk(app).person("administrator")
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
    other = (await Resident(app).receipt("转人工")).ticket
    await app.desk.hooks.owe()
    for _ in range(6):
        await app.queue.work()
        passed[0] += 10**4
    told = [(each["ticket"], each["kind"]) for each in (json.loads(body) for _, body in Receiver.heard)]
    assert [kind for ticket, kind in told if ticket == ref] == ["opened", "opened", "noted"]
    assert told.index((other, "opened")) < told.index((ref, "noted"))
    app.database.close()


async def test_addresses_inside_are_refused(app: App) -> None:
    admin = await Desk(app).person("administrator")
    for url in (
        "http://127.0.0.1:8000/x",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "http://10.0.0.1/",
        "javascript:alert(1)",
    ):
        answer = await admin.ask("POST", "/webhooks", {"url": url})
        assert answer.status_code == 422, url


async def test_a_copy_of_everything_and_its_erasure_with_a_proof(either_app: App) -> None:
    app = either_app
    desk = Desk(app)
    li, admin, auditor = await desk.person(), await desk.person("administrator"), await desk.person("auditor")
    resident = Resident(app)
    await resident.say("登记候补临江街道的太极班")
    ref = (await resident.receipt("13800138000")).ticket
    assert ref
    await app.desk.search.index(list(app.live.changed))
    await admin.post(f"/residents/{ref}/erase", {"why": "本人申请"}, expect=422)  # still open
    await li.post(f"/tickets/{ref}/take")
    await li.post(f"/tickets/{ref}/note", {"text": "住在临江路，电话 13800138000"})
    await li.post(f"/tickets/{ref}/close", {"result": "registered", "note": "已打 13800138000"})
    copy = await admin.post(f"/residents/{ref}/export")
    assert "13800138000" in json.dumps(copy)
    proof = await admin.post(f"/residents/{ref}/erase", {"why": "本人申请"})
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
