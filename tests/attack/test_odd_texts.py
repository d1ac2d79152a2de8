"""From outside, against a real process on each database: texts that no database keeps, wherever a text may stand."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.attack.centre import Centre
from tests.attack.test_the_door import assert_refusal, filled

ODD = {
    "a zero": "a\0b",
    "half a character": "a\ud800b",
    "what turns words round": "\u202eevil\u2066",
    "very long": "长" * 70_000,
    "not composed": "e\u0301" * 40,
}
ENDS = {"/login", "/login/oidc", "/login/oidc/back", "/logout", "/me/password", "/me/totp"}


def example(centre: Centre, schema: dict[str, Any], odd: str, depth: int = 0) -> object:
    """Something of the right form, every text of it odd."""
    if "$ref" in schema:
        return example(
            centre, centre.description["components"]["schemas"][schema["$ref"].rpartition("/")[2]], odd, depth
        )
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return example(centre, options[0], odd, depth)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            return {
                name: example(centre, each, odd, depth + 1)
                for name, each in schema.get("properties", {}).items()
                if depth < 4
            }
        case "array":
            return [example(centre, schema["items"], odd, depth + 1)] if schema.get("items") and depth < 4 else []
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return False
    return odd


def bodies(centre: Centre, odd: str) -> Iterator[tuple[str, str, object]]:
    for path, methods in centre.description["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if path not in ENDS and "application/json" in content:
                yield method.upper(), path, example(centre, content["application/json"]["schema"], odd)


@pytest.mark.parametrize("kind", ODD)
def test_in_every_field_of_every_form(kind: str, either: Centre) -> None:
    people = [either.people["administrator"].client, either.people["seat"].client, either.people["supervisor"].client]
    tried = 0
    for method, path, body in bodies(either, ODD[kind]):
        for client in people:
            headers = {"content-type": "application/json"}
            answer = client.request(method, f"/api{filled(path)}", content=json.dumps(body), headers=headers)
            assert answer.status_code < 500 or answer.status_code == 502, (method, path, answer.text)
            if answer.status_code >= 400:
                assert_refusal(answer)
            tried += 1
    assert tried > 120


@pytest.mark.parametrize("odd", ["%00", "a%00b", "%ED%A0%80", "%ff", "%E2%80%AE", "%C2%85"])
def test_in_every_address(odd: str, either: Centre) -> None:
    """In the path, and where something is asked for."""
    people = [either.people["administrator"].client, either.people["seat"].client]
    for method, path in either.operations:
        named = either.description["paths"][path][method.lower()].get("parameters", [])
        asked = "&".join(f"{each['name']}={odd}" for each in named if each["in"] == "query")
        odd_path = "/".join(odd if part.startswith("{") else part for part in path.split("/"))
        for client in people if path not in ENDS else ():
            for where in {f"/api{odd_path}", f"/api{filled(path)}?{asked}"}:
                answer = client.request(method, where, json={} if method in ("POST", "PUT") else None)
                assert answer.status_code < 500 or answer.status_code == 502, (method, where, answer.text)


def test_residents_may_write_what_they_like(either: Centre) -> None:
    stranger = either.visitor("127.50.1.1")
    for number, odd in enumerate(ODD.values()):
        for text in (odd, json.loads(json.dumps(odd))):
            for id in (f"i{number}", odd):
                body = json.dumps({"id": id, "text": text, "visitor": "v" * 32})
                answer = stranger.post("/channels/webchat", content=body)
                assert answer.status_code in (200, 400, 413, 429), (odd[:10], answer.text)
        for header in ("x-id", "x-name", "x-visitor"):
            named = {"x-visitor": "v" * 32, "x-id": "f", "x-name": "a.txt"} | {header: "%00%ED%A0%80"}
            assert stranger.post("/channels/webchat/files", content=b"a", headers=named).status_code < 500
    with either.socket("/api/live?since=%C2%B2", authorization=f"Bearer {either.people['seat'].token}") as page:
        assert json.loads(page.recv(10))["type"] == "hello", "a two that stands above the line is no number"


def test_who_signs_in_may_be_called_anything(either: Centre) -> None:
    stranger = either.visitor("127.50.2.1")
    for odd in ODD.values():
        for body in ({"name": odd, "password": "x"}, {"name": "admin", "password": odd[:200]}):
            answer = stranger.post("/api/login", content=json.dumps(body), headers={"content-type": "application/json"})
            assert answer.status_code in (401, 413, 422, 429), answer.text
    for cookie in ("daoxue_devices=\\000", "daoxue_devices=a.b.c", "daoxue_seat=%00; daoxue_asked=%00.%00.%00"):
        answer = stranger.get("/api/me", headers={"cookie": cookie})
        assert answer.status_code == 401
        assert stranger.get("/api/login/oidc/back", headers={"cookie": cookie}).status_code == 303
