"""Whatever fits the API's own description is answered as the description says; from outside, by somebody who may do it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from desk.api import described
from desk.people import PERMISSIONS
from tests.attack.centre import Centre, Resident
from tests.service import ROOT
from tests.test_permissions import permissions_of, routes_of

CASES = 4  # of each operation
ASKING = ("supervisor", "administrator", "editor", "seat", "auditor")  # the first of them that may
ENDS = "^/(logout|login.*|me/(password|totp.*|tokens))$"  # who asks would be somebody else afterwards
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_dict(json.loads(Path(ROOT / "web/desk/openapi.json").read_text("utf-8")))

CASE_BY_CASE = settings(
    max_examples=CASES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@cache
def roles() -> dict[tuple[str, str], str]:
    """Who may do what: of each method and path a role."""
    found: dict[tuple[str, str], str] = {}
    for route in routes_of(described()):
        [permission] = permissions_of(route) or {"self"}
        role = next(each for each in ASKING if each in PERMISSIONS[permission])
        found |= {(method, route.path): role for method in route.methods or ()}
    return found


@pytest.fixture(scope="module")
def ticket(centre: Centre) -> str:
    """One that the supervisor has."""
    ref = Resident(centre).ticket()
    centre.people["supervisor"].post(f"/tickets/{ref}/take")
    return ref


@schema.exclude(path_regex=ENDS).parametrize()
@CASE_BY_CASE
def test_each_operation_answers_as_it_is_described(case: schemathesis.Case[Any], centre: Centre, ticket: str) -> None:
    if case.path.startswith("/tickets/{ref}"):
        case.path_parameters["ref"] = ticket
    who = centre.people[roles()[case.method.upper(), case.path]]
    answer = case.call_and_validate(
        base_url=f"{centre.url}/api", headers={"authorization": f"Bearer {who.token}"}, checks=CHECKS
    )
    assert answer.status_code not in (401, 403), "else nothing of it is looked at"


@pytest.fixture(scope="module")
def tokens(centre: Centre) -> Iterator[str]:
    """Of one account, made before its password is guessed at."""
    who = centre.colleague
    wanted = {"label": "attack", "password": who.password}
    made = [who.post("/me/tokens", wanted)["token"] for _ in range(CASES * sum(1 for _ in ended()))]
    return iter(made)


def ended() -> Iterator[str]:
    """The operations that end a session, or guess at a password."""
    for path, methods in json.loads(Path(ROOT / "web/desk/openapi.json").read_text("utf-8"))["paths"].items():
        if re.match(ENDS, path):
            yield from (f"{method} {path}" for method in methods)


@schema.include(path_regex=ENDS).parametrize()
@CASE_BY_CASE
def test_those_that_end_a_session_do_so_too(
    case: schemathesis.Case[Any], centre: Centre, tokens: Iterator[str]
) -> None:
    """Each time with another one."""
    token = next(tokens)
    case.call_and_validate(
        base_url=f"{centre.url}/api",
        headers={"authorization": f"Bearer {token}"},
        allow_redirects=False,
        checks=CHECKS,
    )
