"""The live socket of somebody who is to hear nothing any more."""

import asyncio
import contextlib
import importlib
import json
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bot.messages import Inbound
from daoxue.app import App, compose
from daoxue.config import Config, Server
from daoxue.serve import server
from store import people, tickets
from store.database import Database
from store.transaction import Transaction
from tests.conftest import created, free_port
from tests.desk_client import PASSWORD, Desk, Person
from tests.official import up
from tests.test_people import account

live = importlib.import_module("desk.api.live")  # the package has a function of that name


@pytest.fixture
async def serving(config: Config) -> AsyncIterator[App]:
    """The service's own server, in this process."""
    app = await compose(msgspec.structs.replace(config, server=Server(port=free_port())))
    web = server(app)
    async with up(web):
        yield app


async def opened(app: App, token: str) -> ClientConnection:
    url = f"ws://127.0.0.1:{app.config.server.port}/api/live"
    socket = await connect(url, additional_headers={"authorization": f"Bearer {token}"}, proxy=None)
    assert json.loads(await socket.recv())["type"] == "hello"
    return socket


async def closed(socket: ClientConnection, within: float = 3) -> int:
    """How it was closed; whatever it heard of tickets before that is an error."""

    async def listen() -> None:
        async with asyncio.timeout(within):
            while True:
                assert json.loads(await socket.recv())["type"] == "changed"

    with pytest.raises(ConnectionClosed) as ended:
        await listen()
    assert ended.value.rcvd is not None
    return ended.value.rcvd.code


def by_demotion(whole: dict[str, object]) -> dict[str, object]:
    return whole | {"role": "editor"}


def by_switching_off(whole: dict[str, object]) -> dict[str, object]:
    return whole | {"active": False}


@pytest.mark.parametrize("change", [by_demotion, by_switching_off])
async def test_it_is_closed_at_once(
    serving: App, change: Callable[[dict[str, object]], dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RENEWED", 1000.0)  # not because somebody looked by and by
    desk = Desk(serving)
    li, admin = await desk.person(), await desk.person("administrator")
    socket = await opened(serving, li.token)
    await admin.put(f"/people/{li.name}", change(await account(admin, li)))
    assert await closed(socket) == 4401


async def test_a_new_password_closes_those_of_other_sessions(serving: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RENEWED", 1000.0)
    desk = Desk(serving)
    li, admin = await desk.person(), await desk.person("administrator")
    login = await desk.client().post("/api/login", json={"name": li.name, "password": li.password})
    here, elsewhere = await opened(serving, li.token), await opened(serving, login.json()["token"])
    await li.post("/me/password", {"old": li.password, "new": f"{PASSWORD}-new"})
    assert await closed(elsewhere) == 4401
    with pytest.raises(TimeoutError):
        await closed(here, within=0.3)
    await admin.post(f"/people/{li.name}/reset")
    assert await closed(here) == 4401


@pytest.mark.parametrize("renewed", [0.05, 1000.0])
async def test_what_another_process_changed_is_seen_before_anything_is_told(
    serving: App, renewed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role alone, with the session left as it is: nobody in this process knows of it."""
    monkeypatch.setattr(live, "RENEWED", renewed)
    monkeypatch.setattr(live, "CHECKED", 0.0)
    li: Person = await Desk(serving).person()
    socket = await opened(serving, li.token)
    await serving.database.write(lambda t: people.change(t, li.name, role="editor"))
    if renewed > 1:
        await serving.inbox.receive(Inbound(channel="webchat", address="visitor", id="1", text="转人工", at=1))
        await serving.desk.feed.look()
    assert await closed(socket) == 4403


async def test_a_page_that_fell_behind_hears_on_of_the_ticket_it_has_open(serving: App) -> None:
    li, resident = (
        await Desk(serving).person(),
        Inbound(channel="webchat", address="visitor", id="1", text="转人工", at=1),
    )
    ref = (await serving.inbox.receive(resident)).ticket
    assert ref
    socket = await opened(serving, li.token)
    await socket.send(json.dumps({"type": "watch", "ref": ref}))
    await socket.send(json.dumps({"type": "ping"}))
    async with asyncio.timeout(3):
        while json.loads(await socket.recv())["type"] != "pong":
            pass
    [page] = serving.desk.feed.pages
    page.lost = True
    page.put(b"{}")
    row = await serving.database.read(lambda t: tickets.get(t, ref))
    assert row is not None
    async with asyncio.timeout(3):
        assert json.loads(await socket.recv())["type"] == "reset"
        serving.desk.live.typing(row.conversation, "resident")
        assert json.loads(await socket.recv())["type"] == "typing"


async def test_who_reads_no_tickets_hears_of_announcements_and_of_no_ticket(serving: App) -> None:
    desk = Desk(serving)
    editor, supervisor = await desk.person("editor"), await desk.person("supervisor")
    socket = await opened(serving, editor.token)
    asked = Inbound(channel="webchat", address="visitor", id="1", text="转人工", at=1)
    ref = (await serving.inbox.receive(asked)).ticket
    await socket.send(json.dumps({"type": "watch", "ref": ref}))
    await serving.desk.feed.look()
    id = (await supervisor.post("/broadcasts", {"title": "招生", "text": "秋季班开始报名"}))["id"]
    await supervisor.post(f"/broadcasts/{id}/submit")
    async with asyncio.timeout(5):
        assert json.loads(await socket.recv()) == {"type": "changed", "what": "broadcasts"}
    await socket.close()


async def test_a_page_hears_who_came_and_went(serving: App) -> None:
    desk = Desk(serving)
    supervisor, li = await desk.person("supervisor"), await desk.person()
    socket = await opened(serving, supervisor.token)
    seats = {"type": "changed", "what": "seats"}
    async with asyncio.timeout(5):
        assert json.loads(await socket.recv()) == seats  # itself
        other = await opened(serving, li.token)
        assert json.loads(await socket.recv()) == seats
        await li.post("/me/ready", {"ready": False})
        assert json.loads(await socket.recv()) == seats
        await other.close()
        assert json.loads(await socket.recv()) == seats
    await socket.close()


async def test_who_has_gone_is_offered_nothing_and_who_is_back_takes_as_before(serving: App) -> None:
    desk = Desk(serving)
    supervisor, li = await desk.person("supervisor"), await desk.person()

    async def on_board(*expected: bool) -> None:
        """Whether the seat is there, and takes offers: at last, and from then on."""
        async with asyncio.timeout(5):
            while seen := [each for each in (await supervisor.get("/board"))["seats"] if each["name"] == li.name]:
                if (seen[0]["here"], seen[0]["ready"]) == expected:
                    break
        await asyncio.sleep(0.2)
        [seen] = [each for each in (await supervisor.get("/board"))["seats"] if each["name"] == li.name]
        assert (seen["here"], seen["ready"]) == expected

    socket = await opened(serving, li.token)
    await on_board(True, True)
    await socket.close()
    await on_board(False, False)
    socket = await opened(serving, li.token)  # it was a reload
    await on_board(True, True)
    await li.post("/me/ready", {"ready": False})
    await socket.close()
    socket = await opened(serving, li.token)
    await on_board(True, False)
    assert not (await li.get("/me"))["ready"]
    await li.post("/me/ready", {"ready": True})
    await on_board(True, True)
    await li.post("/logout")
    await on_board(False, False)
    await socket.wait_closed()
    await on_board(False, False)


async def test_a_page_that_has_gone_takes_nothing_again(app: App) -> None:
    """Their other page is paused and taken up again meanwhile, and goes as well."""

    def work(transaction: Transaction) -> dict[str, bool]:
        people.come(transaction, people.PresenceRow("a", "wang", 1, 10_000))
        people.go(transaction, "a", 9_000)
        people.come(transaction, people.PresenceRow("b", "wang", 1, 10_000))
        people.set_ready(transaction, "wang", False)
        people.come(transaction, people.PresenceRow("a", "wang", 1, 10_000))
        people.go(transaction, "a", 9_000)
        people.set_ready(transaction, "wang", True)
        people.go(transaction, "a", 9_000)
        people.set_ready(transaction, "wang", True)
        people.go(transaction, "b", 9_000)
        return people.here(transaction, 1_000)

    assert await app.database.write(work) == {}


async def test_a_pause_is_not_undone_by_a_page_that_comes_in_that_moment(
    postgres: str, sample_in_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is another process's."""
    url, read, paused = created(postgres, sample_in_postgres), threading.Event(), threading.Event()
    with contextlib.closing(Database(url)) as one, contextlib.closing(Database(url)) as other:
        for each in "ab":
            await one.write(lambda t, of=each: people.come(t, people.PresenceRow(of, "wang", 1, 10_000)))  # type: ignore[misc]

        def between(page: people.PresenceRow, *, ready: int) -> people.PresenceRow:
            read.set()
            paused.wait(0.5)
            return replace(page, ready=ready)

        monkeypatch.setattr(people, "replace", between)
        coming = asyncio.create_task(one.write(lambda t: people.come(t, people.PresenceRow("a", "wang", 1, 10_000))))
        await asyncio.to_thread(read.wait, 5)
        await other.write(lambda t: people.set_ready(t, "wang", False))
        paused.set()
        await coming
        assert [each.ready for each in await one.read(lambda t: people.present(t, 1))] == [people.Ready.PAUSED] * 2
