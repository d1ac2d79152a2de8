"""What the API says of itself: every operation says what it answers, and the page's types are made of what it says now."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from daoxue.app import App
from desk.api import described
from tests.desk_client import Desk
from tests.service import ROOT

KEPT = ROOT / "web" / "desk" / "openapi.json"
REDIRECTS = {"/login/oidc", "/login/oidc/back"}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return described().openapi()


def test_every_operation_says_what_it_answers(schema: dict[str, Any]) -> None:
    operations = [
        (f"{method} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if path not in REDIRECTS
    ]
    assert len(operations) > 100
    for name, operation in operations:
        content = operation["responses"]["200"]["content"]
        assert content, name
        assert all(each["schema"] for each in content.values()), name


def test_what_an_operation_reads_itself_is_described_too(schema: dict[str, Any]) -> None:
    body = schema["paths"]["/hours"]["put"]["requestBody"]["content"]["application/json"]
    assert body == {"schema": {"$ref": "#/components/schemas/OpeningHours"}}


def test_the_frames_of_the_live_feed_are_described(schema: dict[str, Any]) -> None:
    frames = {name for name in schema["components"]["schemas"] if name.endswith("Frame")}
    assert frames >= {"HelloFrame", "ResetFrame", "EventFrame", "TypingFrame", "DeliveredFrame"}


def test_no_two_things_have_one_name(schema: dict[str, Any]) -> None:
    """A name that two types share is written with where each stands."""
    assert [name for name in schema["components"]["schemas"] if "." in name or "__" in name.strip("_")] == [
        "Body_send_file_tickets__ref__files_post"
    ]


def test_what_is_kept_for_the_page_is_what_is_said_now(schema: dict[str, Any]) -> None:
    assert json.loads(KEPT.read_text("utf-8")) == json.loads(json.dumps(schema)), (
        "the API has changed: npm run types in web/desk"
    )


def numbers(schema: dict[str, Any], part: Any) -> Iterator[dict[str, Any]]:
    """Every whole number in what is sent."""
    if isinstance(part, list):
        for each in part:
            yield from numbers(schema, each)
    elif isinstance(part, dict):
        if part.get("type") == "integer":
            yield part
        if "$ref" in part:
            yield from numbers(schema, schema["components"]["schemas"][part["$ref"].rpartition("/")[2]])
        yield from numbers(schema, list(part.values()))


def test_no_number_is_taken_that_a_database_cannot_hold(schema: dict[str, Any]) -> None:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            sent = [operation.get("parameters", []), operation.get("requestBody", {})]
            for number in numbers(schema, sent):
                assert number["maximum"] < 1 << 63, (method, path, number)


async def test_what_has_an_impossible_number_is_refused(app: App) -> None:
    people = {role: await Desk(app).person(role) for role in ("administrator", "supervisor")}
    addresses = 0
    for path, methods in described().openapi()["paths"].items():
        for method, operation in methods.items():
            named = {each["name"]: each for each in operation.get("parameters", []) if each["in"] == "path"}
            if any(each["schema"].get("type") == "integer" for each in named.values()):
                addresses += 1
                wrong = re.sub(r"{\w+}", "99999999999999999999", path)
                said = {(await each.ask(method.upper(), wrong, {})).status_code for each in people.values()}
                assert said <= {403, 404, 422}, (method, path, said)
                assert said != {403}, (method, path)
    assert addresses > 10


async def test_how_things_are_is_told_as_described_and_nothing_besides(app: App, schema: dict[str, Any]) -> None:
    told = await (await Desk(app).person("administrator")).get("/system")
    described = schema["components"]["schemas"]
    assert told.keys() == described["Health"]["properties"].keys()
    for each in told["channels"].values():
        assert each.keys() == described["ChannelHealth"]["properties"].keys()
