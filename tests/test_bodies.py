"""What is read of a request before it is known who sends it, and how much at most after that."""

import json
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from starlette.types import Message, Scope

from daoxue.app import App
from desk.api import build
from desk.api.guard import LARGEST, LARGEST_FILE, LARGEST_OF_STRANGERS
from tests.desk_client import Desk
from tests.test_permissions import OPEN, routes

UPLOADS = {"/centre/logo", "/tickets/{ref}/files", "/knowledge/import", "/knowledge/understood"}


class Sent:
    """A request handed to the application as the server hands it, and what was read of it."""

    def __init__(self, method: str, path: str, size: int, token: str = "", body: bytes = b"[]") -> None:
        self.read = 0
        self.status = 0
        self.answer = b""
        self._body = body
        headers = {"host": "desk.test", "content-type": "application/json", "content-length": str(size)}
        if token:
            headers["authorization"] = f"Bearer {token}"
        self.scope: Scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path,
            "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("192.0.2.1", 1), "server": ("desk.test", 80),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip

    async def receive(self) -> Message:
        self.read += 1
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.answer += message.get("body", b"")


def writing(app: App) -> Iterator[tuple[str, APIRoute]]:
    for route in routes(app):
        for method in route.methods or ():
            if method != "GET":
                yield method, route


async def test_of_strangers_nothing_is_read(app: App) -> None:
    api, tried = build(app.desk), 0
    for method, route in writing(app):
        if route.path not in OPEN:
            for size, status in ((100, 401), (LARGEST_FILE + 1, 413)):
                sent = Sent(method, route.path, size)
                await api(sent.scope, sent.receive, sent.send)
                assert (sent.status, sent.read) == (status, 0), (method, route.path)
            tried += 1
    assert tried > 50


async def test_of_who_may_not_nothing_is_read(app: App) -> None:
    auditor, api = await Desk(app).person("auditor"), build(app.desk)
    for path in ("/knowledge/import", "/people", "/canned"):
        sent = Sent("POST", path, 100, auditor.token)
        await api(sent.scope, sent.receive, sent.send)
        assert (sent.status, sent.read) == (403, 0), path


async def test_nothing_is_read_beyond_the_limit_of_an_operation(app: App) -> None:
    api, people = build(app.desk), [await Desk(app).person(role) for role in ("administrator", "supervisor", "seat")]
    for method, route in writing(app):
        most = LARGEST_OF_STRANGERS if route.path in OPEN else LARGEST_FILE if route.path in UPLOADS else LARGEST
        said = []
        for person in people:
            sent = Sent(method, route.path.replace("{id}", "1"), most + 1, person.token)
            await api(sent.scope, sent.receive, sent.send)
            said.append(sent.status)
            assert sent.read == 0, (method, route.path, sent.status)
            if sent.status == 413:
                assert json.loads(sent.answer)["code"] == "too_large"
        reads = route.body_field is not None
        assert 413 in said or not reads, (method, route.path, said)


@pytest.mark.parametrize("headers", [{"transfer-encoding": "chunked"}])
async def test_a_body_says_how_long_it_is(app: App, headers: dict[str, str]) -> None:
    answer = await Desk(app).client().post("/api/login", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
