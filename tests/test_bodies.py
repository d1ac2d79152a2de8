"""What is read of a request before it is known who sends it, and how much at most after that."""

import json
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from starlette.types import Message, Scope

from daoxue.app import App
from desk.api import build
from desk.api.guard import LARGEST, LARGEST_FILE, LARGEST_OF_STRANGERS
from desk.api.session import Strict
from desk.people import PERMISSIONS
from tests.desk_client import Desk
from tests.talk import Resident
from tests.test_permissions import OPEN, permissions_of, routes

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


# What JSON could take for each, where nobody looks.
TAKEN_FOR = {"integer": (True, "5", 5.0), "boolean": (1, "true"), "string": (5, True)}


def fields(app: App) -> Iterator[tuple[str, APIRoute, str, object]]:
    """The fields of bodies, each with something that is not of their kind."""
    for method, route in writing(app):
        body = route.body_field.field_info.annotation if route.body_field is not None else None
        if isinstance(body, type) and issubclass(body, Strict):
            for name, described in body.model_json_schema()["properties"].items():
                kinds = {each.get("type") for each in (described, *described.get("anyOf", ()))}
                for kind in kinds & TAKEN_FOR.keys():
                    yield from ((method, route, name, value) for value in TAKEN_FOR[kind])


async def test_nothing_is_taken_for_something_else(app: App) -> None:
    desk = Desk(app)
    people = {role: await desk.person(role) for role in ("seat", "supervisor", "administrator", "editor")}
    ref, tried = str((await Resident(app).receipt("转人工")).ticket), 0
    await people["seat"].post(f"/tickets/{ref}/take")
    for method, route, name, value in fields(app):
        may = PERMISSIONS[next(iter(permissions_of(route)), "self")]
        who = next(person for role, person in people.items() if role in may)
        path = (
            route.path.replace("{ref}", ref).replace("{id}", "1").replace("{revision}", "1").replace("{name}", who.name)
        )
        answer = await who.ask(method, path, {name: value})
        assert answer.status_code == 422, (method, path, name, value, answer.text)
        assert f"body.{name}" in {each["where"] for each in answer.json()["errors"]}, (method, path, name, value)
        tried += 1
    assert tried > 100


async def test_an_address_is_text(app: App) -> None:
    seat = await Desk(app).person()
    for path in (
        "/search?q=%ff",
        "/search?q=%C3%28",
        "/search?q=a&%ff=1",
        "/search?q=%00",
        "/tickets/%ff",
        "/tickets/a%00",
    ):
        answer = await seat.ask("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), path
    assert (await seat.ask("GET", "/search?q=%E5%AD%A6%E5%88%86")).status_code == 200
    for id in ("9" * 40, "9" * 31 + "g", "1", "%20"):
        assert (await seat.ask("GET", f"/counter/invitations/{id}")).status_code == 422, id
    assert (await seat.get(f"/counter/invitations/{'0' * 32}")) == {"taken": False}
