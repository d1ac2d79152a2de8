"""Background workers that fail, hang and end: each is named while it lasts, and none takes anything with it."""

import asyncio
import socket
import sqlite3
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed

from bot.worker import Worker
from daoxue import watch
from daoxue.app import App
from daoxue.serve import application
from daoxue.watch import Trouble, Watch
from daoxue.workers import workers
from store import conversations, outbox, people, queue
from store.transaction import Transaction
from tests.service import Page
from tests.talk import Resident
from tests.test_webchat import listen


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "FIRST", 0.01)
    monkeypatch.setattr(watch, "LONGEST", 0.05)


@pytest.fixture
async def started() -> AsyncIterator[Watch]:
    found = Watch()
    yield found
    await found.stop()


class Running:
    """The parts as `daoxue serve` runs them, in this process."""

    def __init__(self, app: App) -> None:
        self.app = app
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        self.url, self.socket_url = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}/channels/webchat"
        settings = uvicorn.Config(application(app), log_config=None, ws="websockets-sansio", loop="none")
        self.web = uvicorn.Server(settings)
        self._serving = asyncio.create_task(self.web.serve([listening]))

    async def ready(self) -> tuple[int, str]:
        async with httpx.AsyncClient() as client:
            found = await client.get(f"{self.url}/readyz")
        return found.status_code, found.text

    async def stop(self) -> None:
        self.web.should_exit = True
        await self._serving


class Breaking:
    """Fails as long as it is told to; `again` is set by each round."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error
        self.again = asyncio.Event()

    async def work(self) -> None:
        self.again.set()
        if self.error is not None:
            raise self.error

    async def round(self) -> None:
        self.again.clear()
        await asyncio.wait_for(self.again.wait(), 5)
        await asyncio.sleep(0)


@pytest.mark.parametrize("error", [ValueError("王小明"), asyncio.CancelledError()])
async def test_who_fails_is_named_counted_and_tried_again(
    started: Watch, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    breaking = Breaking(error)
    failed = watch.ROUNDS.labels("breaking", "failed")._value
    before = failed.get()
    started.start([Worker("breaking", "试验", 0.01, breaking.work)])
    await breaking.round()
    await breaking.round()
    (found,) = started.troubles()
    assert (found.name, found.state, found.error) == ("breaking", "failed", type(error).__name__)
    assert found.words.startswith("后台任务“试验”出错，正在重试（worker breaking failed")
    assert "王小明" not in found.words
    assert failed.get() - before >= 2
    assert any(record.getMessage() == "worker breaking" for record in caplog.records)
    assert watch.TROUBLED.labels("breaking")._value.get() == 1
    breaking.error = None
    await breaking.round()
    assert started.troubles() != [], "one good round among bad ones is no order"
    for _ in range(watch.STEADY):
        await breaking.round()
    assert started.troubles() == []
    assert watch.TROUBLED.labels("breaking")._value.get() == 0


async def test_who_is_woken_in_its_last_moment_ends_all_the_same(started: Watch) -> None:
    for ticks in range(4):
        wake = asyncio.Event()
        started.start([Worker("woken", "试验", 60, Breaking(None).work, wake)])
        await asyncio.sleep(0.01)
        wake.set()
        for _ in range(ticks):
            await asyncio.sleep(0)
        await asyncio.wait_for(started.stop(), watch.TO_END / 2)


async def test_who_hangs_is_named_until_it_goes_on(started: Watch) -> None:
    go, entered = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        entered.set()
        await go.wait()

    started.start([Worker("hanging", "试验", 60, hang, within=0.0)])
    await entered.wait()
    (found,) = started.troubles()
    assert (found.name, found.state) == ("hanging", "stalled")
    assert "卡住了" in found.words
    go.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert started.troubles() == []


async def test_a_wake_begins_a_round_at_once(started: Watch) -> None:
    wake, rounds = asyncio.Event(), asyncio.Semaphore(0)

    async def work() -> None:
        rounds.release()

    started.start([Worker("woken", "试验", 3600, work, wake)])
    await asyncio.wait_for(rounds.acquire(), 5)
    wake.set()
    await asyncio.wait_for(rounds.acquire(), 5)


async def test_stopping_waits_for_nobody_who_does_not_end(
    started: Watch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watch, "TO_END", 0.05)
    entered, go = asyncio.Event(), asyncio.Event()

    async def stay() -> None:
        entered.set()
        try:
            await go.wait()
        except asyncio.CancelledError:
            await go.wait()

    started.start([Worker("staying", "试验", 1, stay)])
    await entered.wait()
    await started.stop()
    assert "worker staying does not end" in caplog.text
    go.set()


async def test_every_row_has_a_name_of_its_own_and_does_a_round(app: App) -> None:
    rows = workers(app)
    assert len({each.name for each in rows}) == len(rows)
    for each in rows:
        await each.work()


async def test_the_first_write_of_dispatch_fails_and_offers_are_made_all_the_same(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, broken, may_go_on = people.extend, asyncio.Event(), asyncio.Event()

    def extend(transaction: Transaction, until: int) -> None:
        if not may_go_on.is_set():
            broken.set()
            raise sqlite3.OperationalError("disk I/O error")
        real(transaction, until)

    monkeypatch.setattr(people, "extend", extend)
    running = Running(app)
    await asyncio.wait_for(broken.wait(), 5)
    status, text = await running.ready()
    while "dispatch" not in text:
        status, text = await running.ready()
    assert status == 200
    assert text.startswith("ready\n后台任务“派单”出错，正在重试")
    assert [each.name for each in (await app.desk.health()).workers] == ["dispatch"]
    may_go_on.set()
    while app.watch.troubles():
        status, text = await running.ready()
    assert await running.ready() == (200, "ready\n")
    await running.stop()


async def test_the_end_writes_what_is_kept_and_closes_though_a_worker_had_failed(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    resident = Resident(app)
    receipt = await resident.receipt("积分会过期吗")

    async def broken() -> None:
        raise RuntimeError

    for part, round_ in ((app.desk.search, "work"), (app.desk.hooks, "owe")):
        monkeypatch.setattr(part, round_, broken)
    monkeypatch.setattr(app.inbox.usage, "flush", broken)
    running = Running(app)
    while len(app.watch.troubles()) < 3:
        await running.ready()
    app.outbox.taken(receipt.conversation, receipt.last_seq)
    closed = asyncio.Event()
    real = app.database.close
    left: list[object] = []

    def close() -> None:
        left.append(app.database.look(lambda t: outbox.undelivered(t, receipt.conversation)))
        real()
        closed.set()

    monkeypatch.setattr(app.database, "close", close)
    await running.stop()
    assert closed.is_set()
    assert left == [None]
    with pytest.raises(sqlite3.ProgrammingError):
        app.database.look(lambda t: outbox.undelivered(t, receipt.conversation))
    monkeypatch.setattr(app.database, "close", lambda: None)


async def test_a_page_that_cannot_be_written_to_is_let_go_and_comes_back(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running(app)
    await running.ready()
    page = Page(running)  # type: ignore[arg-type] # it asks for the address alone
    await page.open()
    real = conversations.messages

    def broken(*_: object) -> list[conversations.MessageRow]:
        raise sqlite3.OperationalError("disk I/O error")

    await page.say("你好")
    monkeypatch.setattr(conversations, "messages", broken)
    app.live.wake(1)
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(listen(page), 5)
    monkeypatch.setattr(conversations, "messages", real)
    await page.open()
    assert await page.say("积分会过期吗")
    await page.close()
    await running.stop()
    monkeypatch.setattr(app.database, "close", lambda: None)


async def test_what_is_overdue_is_counted_and_not_read(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    await app.database.write(lambda t: queue.put(t, queue.NewRow("of the test", "key", "lane", b"", 0)))

    def read(*_: object) -> list[object]:
        raise AssertionError("rows were read, and their addresses unsealed, to be counted")

    monkeypatch.setattr(queue, "due", read)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(app)), base_url="http://test") as client:
        found = await client.get("/metrics")
    assert 'daoxue_queue_due{lane="lane"} 1.0' in found.text


async def test_a_page_of_figures_comes_though_the_queue_cannot_be_read(app: App) -> None:
    with sqlite3.connect(app.config.database.url.removeprefix("sqlite:///")) as other:
        other.execute("ALTER TABLE queue RENAME TO away")
    other.close()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(app)), base_url="http://x") as client:
        found = await client.get("/metrics")
    assert found.status_code == 200
    assert "daoxue_queue_given_up NaN" in found.text
    assert "daoxue_queue_due{" not in found.text
    assert (await app.desk.health()).undelivered is None


def test_what_a_trouble_says() -> None:
    assert Trouble("feed", "实时", "ended", 0, "", 0).words == "后台任务“实时”停了（worker feed ended）"
