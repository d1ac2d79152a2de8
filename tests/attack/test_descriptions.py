"""Whatever fits the API's own description is answered as the description says; from outside, by who may do most."""

import json
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.attack.centre import COLLEAGUE, Centre
from tests.service import ROOT

CASES = 6  # of each operation
ENDS = "^/(logout|login.*|me/(password|totp.*))$"  # who asks would be somebody else afterwards
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_dict(json.loads(Path(ROOT / "web/desk/openapi.json").read_text("utf-8")))

CASE_BY_CASE = settings(
    max_examples=CASES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@schema.exclude(path_regex=ENDS).parametrize()
@CASE_BY_CASE
def test_each_operation_answers_as_it_is_described(case: schemathesis.Case[Any], centre: Centre) -> None:
    case.call_and_validate(
        base_url=f"{centre.url}/api",
        headers={"authorization": f"Bearer {centre.people['administrator'].token}"},
        checks=CHECKS,
    )


@schema.include(path_regex=ENDS).parametrize()
@CASE_BY_CASE
def test_those_that_end_a_session_do_so_too(case: schemathesis.Case[Any], centre: Centre) -> None:
    """Each time with another one."""
    assert centre.colleague
    token = centre.people["administrator"].post("/tokens", {"seat": COLLEAGUE, "label": "attack"})["token"]
    case.call_and_validate(
        base_url=f"{centre.url}/api",
        headers={"authorization": f"Bearer {token}"},
        allow_redirects=False,
        checks=CHECKS,
    )
