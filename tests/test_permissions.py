"""Who may do what: every endpoint of the API with every role, and with nobody."""

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from daoxue.app import App
from daoxue.serve import _first_accounts
from desk.api import build
from desk.api.guard import _Guard
from desk.people import PERMISSIONS, ROLES
from tests.desk_client import Desk
from tests.service import ROOT

# The matrix as it was decided: whoever gives or takes a right does it here too.
MATRIX = """
                   seat  supervisor  editor  administrator  auditor
self               yes   yes         yes     yes            yes
credentials.own    yes   yes         yes     yes            yes
ticket.read        yes   yes         -       -              -
ticket.work        yes   yes         -       -              -
ticket.direct      -     yes         -       -              -
resident.reveal    yes   yes         -       -              -
resident.bind      yes   yes         -       -              -
resident.erase     -     -           -       yes            -
bank.read          yes   yes         -       -              -
bank.order         yes   yes         -       -              -
bank.dispute       yes   yes         -       -              -
bank.approve       -     yes         -       -              -
bank.earn          -     -           -       yes            -
broadcast.write    -     yes         yes     -              -
broadcast.approve  -     yes         -       yes            -
board.read         -     yes         -       -              -
report.read        -     yes         -       yes            yes
quality.write      -     yes         -       -              -
hours.write        -     yes         -       yes            -
knowledge.read     yes   yes         yes     -              -
knowledge.draft    yes   yes         yes     -              -
knowledge.review   -     yes         yes     -              -
catalogue.write    -     yes         yes     yes            -
canned.write       yes   yes         yes     -              -
people.write       -     -           -       yes            -
token.write        -     -           -       yes            -
webhook.write      -     -           -       yes            -
system.read        -     yes         -       yes            -
queue.retry        -     yes         -       yes            -
audit.read         -     -           -       yes            yes
"""
_HEAD, *_ROWS = [line.split() for line in MATRIX.strip().splitlines()]
MAY = {
    name: {role for role, may in zip(_HEAD, marks, strict=True) if may == "yes"} for name, *marks in _ROWS
}  # fmt: skip
OPEN = {"/login", "/login/ways", "/login/oidc", "/login/oidc/back"}


def routes(app: App) -> list[APIRoute]:
    return routes_of(build(app.desk))


def routes_of(api: FastAPI) -> list[APIRoute]:
    found: list[APIRoute] = []
    waiting = list(api.routes)
    while waiting:
        route = waiting.pop(0)
        if isinstance(route, APIRoute):
            found.append(route)
        else:
            waiting += getattr(getattr(route, "original_router", None), "routes", [])
    return found


def permissions_of(route: APIRoute) -> set[str]:
    return {each.call.permission for each in route.dependant.dependencies if isinstance(each.call, _Guard)}


async def test_every_endpoint_declares_exactly_one_permission(app: App) -> None:
    found = routes(app)
    assert len(found) > 60
    for route in found:
        if route.path not in OPEN:
            assert len(permissions_of(route)) == 1, route.path


def test_each_role_may_what_the_matrix_says() -> None:
    assert tuple(_HEAD) == ROLES
    assert {name: set(roles) for name, roles in PERMISSIONS.items()} == MAY


async def test_every_permission_guards_something(app: App) -> None:
    used = set().union(*(permissions_of(route) for route in routes(app)))
    assert used == set(PERMISSIONS)


@pytest.mark.parametrize("role", [*ROLES, None])
async def test_the_whole_matrix(app: App, role: str | None) -> None:
    desk = Desk(app)
    client = (await desk.person(role)).client if role else desk.client()
    for route in routes(app):
        if route.path in OPEN or route.path in ("/logout",):
            continue
        path = "/api" + route.path.replace("{ref}", "0000-00000").replace("{name}", "nobody").replace(
            "{revision}", "1"
        ).replace("{kind}", "xlsx").replace("{id}", "1")
        for method in route.methods or ():
            status = (await client.request(method, path, json={})).status_code
            [permission] = permissions_of(route)
            if role is None:
                assert status == 401, (method, path, status)
            elif role in MAY[permission]:
                assert status not in (401, 403, 500), (role, method, path, status)
            else:
                assert status == 403, (role, method, path, status)


@pytest.mark.parametrize("role", ROLES)
async def test_a_one_time_password_opens_nothing_else(app: App, role: str) -> None:
    newcomer = await Desk(app).newcomer(role)
    for route in routes(app):
        if route.path not in OPEN | {"/logout", "/me", "/me/password"}:
            for method in route.methods or ():
                answer = await newcomer.ask(method, route.path, {})
                assert (answer.status_code, answer.json()["code"]) == (403, "must_change"), route.path


async def test_a_token_of_nobody_is_nobody(app: App) -> None:
    client = Desk(app).client("x" * 43)
    assert (await client.get("/api/me")).status_code == 401


def test_every_permission_has_its_words_on_the_page() -> None:
    words = (ROOT / "web/desk/src/admin/rights.ts").read_text("utf-8")
    assert re.findall(r"^  '?([a-z.]+)'?: \[", words, re.M) == list(PERMISSIONS)


async def test_the_sample_has_somebody_of_each_role(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    await _first_accounts(app)
    assert {each.role for each in await app.desk.people.all()} == set(ROLES)
    assert "auditor" in capsys.readouterr().out
