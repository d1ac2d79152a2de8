"""Files under attack and in accidents: too many at once, cut off, no room on the disk, `kill -9`. What was acknowledged is there
once, what was not is nowhere."""

import asyncio
import secrets
import sqlite3
import time
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from daoxue.app import App, compose
from daoxue.config import Config
from daoxue.serve import application
from integrations.webchat import uploads
from store.database import Database
from store.outages import Outage, OutageError
from tests.desk_client import Desk
from tests.service import Service, running
from tests.test_files import Visitor, picture

MANY = 1_000


def kept(config: Config) -> list[tuple[str, int]]:
    """The state of each file, and of which talk."""
    with sqlite3.connect(config.database.embedded) as raw:
        return raw.execute("SELECT state, conversation FROM attachment ORDER BY at").fetchall()


def count(config: Config, of: str) -> int:
    """How many rows there are of a table."""
    with sqlite3.connect(config.database.embedded) as raw:
        [found] = raw.execute(f"SELECT count(*) FROM {of}").fetchone()
        return int(found)


async def test_a_thousand_at_once(config: Config) -> None:
    app = await compose(replace(config, server=replace(config.server, unlimited=("127.0.0.0/8",))))
    desk = Desk(app)
    answers = await asyncio.gather(
        *(Visitor(desk).send("a.png", b"\x89PNG\r\n\x1a\n" + bytes(999)) for _ in range(MANY))
    )
    taken = [each for each in answers if each.status_code == 200]
    assert {each.status_code for each in answers} == {200, 503}
    assert all(each.headers["retry-after"] for each in answers if each.status_code == 503)
    assert len(taken) >= uploads.FROM_ONE
    assert len(kept(config)) == len({talk for _, talk in kept(config)}) == len(taken)
    app.database.close()


@pytest.mark.parametrize(
    "events", [[{"type": "http.disconnect"}], [{"type": "http.request", "body": b"x", "more_body": False}]]
)
async def test_what_is_cut_off_is_kept_nowhere(app: App, events: list[dict[str, Any]]) -> None:
    coming = [{"type": "http.request", "body": b"\xff\xd8\xff" + bytes(50), "more_body": True}, *events]
    headers = {"content-length": "1000", "x-visitor": secrets.token_urlsafe(24), "x-id": "a", "x-name": "a.jpg"}
    told: list[Any] = []

    async def receive() -> Any:
        return coming.pop(0)

    async def send(event: Any) -> None:
        told.append(event)

    scope = {
        "type": "http", "method": "POST", "path": "/channels/webchat/files", "client": ("192.0.2.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    await application(app)(scope, receive, send)
    assert told[0]["status"] == 400
    assert kept(app.config) == []


async def test_no_room_on_the_disk(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor(Desk(app))

    async def full(self: Database, *_: Any, **__: Any) -> None:
        raise OutageError(Outage.FULL)

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", full)
        answer = await visitor.send("a.png", picture("PNG"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, str(uploads.AGAIN))
    assert kept(app.config) == []
    assert (await visitor.send("a.png", picture("PNG"))).status_code == 200
    assert len(kept(app.config)) == 1


def put(service: Service, visitor: str, id: str) -> None:
    """Sends a file until it is acknowledged; starts the service again where it died."""
    headers = {"x-visitor": visitor, "x-id": id, "x-name": "a.jpg"}
    while True:
        try:
            answer = httpx.post(
                f"{service.url}/channels/webchat/files", content=picture(), headers=headers, trust_env=False
            )
            assert answer.status_code == 200, answer.text
            return
        except httpx.TransportError:
            service.wait_for_death()
            service.start()


@pytest.mark.parametrize("step", ["thought", "committed"])
def test_killed_while_a_file_is_taken(step: str, config: Config) -> None:
    visitor = secrets.token_urlsafe(24)
    with running(config, step) as service:
        put(service, visitor, "a")
        put(service, visitor, "a")
        service.kill()  # whatever the queue was doing with it
        assert [talk for _, talk in kept(config)] == [1]
        service.ahead = 120.0  # the lease of the process that died has ended
        service.start()
        for _ in range(400):
            if kept(config) == [("kept", 1)] and count(config, "queue WHERE kind = 'file'") == 0:
                break
            time.sleep(0.05)
    assert kept(config) == [("kept", 1)]
    assert count(config, "message WHERE author = 'resident'") == 1
    assert count(config, "queue WHERE kind = 'file'") == 0
