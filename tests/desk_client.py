"""People at the desk as tests have them: signed in over the real API, in process."""

import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx

from daoxue.app import App
from daoxue.serve import application
from desk.people import Profile

_numbers = itertools.count(1)
PASSWORD = "学习导航-2026-test"


class Desk:
    """The service's HTTP side around composed parts; at another time where a clock (seconds) is given."""

    def __init__(self, app: App, clock: Callable[[], float] | None = None) -> None:
        self.app = app
        served = app if clock is None else replace(app, desk=replace(app.desk, clock=clock))
        self.transport = httpx.ASGITransport(application(served))

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(transport=self.transport, base_url="http://desk.internal", headers=headers)

    async def person(self, role: str = "seat", name: str | None = None, **more: Any) -> "Person":
        came = await self.newcomer(role, name, **more)
        password = f"{PASSWORD}-{came.name}"
        await came.post("/me/password", {"old": came.password, "new": password})
        came.password = password
        return came

    async def newcomer(self, role: str = "seat", name: str | None = None, **more: Any) -> "Person":
        """With a one-time password that is still to be changed."""
        name = name or f"{role}{next(_numbers)}"
        password = await self.app.desk.people.add(name, role, int(time.time() * 1000), "test", Profile(**more))
        async with self.client() as client:
            answer = await client.post("/api/login", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        return Person(self, name, answer.json()["token"], password)


class Person:
    """Somebody who is signed in."""

    def __init__(self, desk: Desk, name: str, token: str, password: str) -> None:
        self.name = name
        self.token = token
        self.password = password
        self.client = desk.client(token)

    async def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self.client.request(method, f"/api{path}", json=body)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    async def post(self, path: str, body: object = None, *, expect: int = 200) -> Any:
        answer = await self.ask("POST", path, {} if body is None else body)
        assert answer.status_code == expect, (path, answer.text)
        return answer.json()

    async def token_for(self, label: str, code: str = "") -> str:
        """A token of their own for another system."""
        made: str = (await self.post("/me/tokens", {"label": label, "password": self.password, "code": code}))["token"]
        return made

    async def put(self, path: str, body: object, *, expect: int = 200) -> Any:
        answer = await self.ask("PUT", path, body)
        assert answer.status_code == expect, (path, answer.text)
        return answer.json()
