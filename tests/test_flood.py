"""More than may be: what is refused, by whom and from where it came, and that everybody else notices nothing of it."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from starlette.responses import Response
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from accounts.identity import TooOftenError
from accounts.limits import ALARMS_FROM, CARDS_FROM, FRAMES, MESSAGES, TICKETS_FROM, VISITORS_FROM, Limit
from bot import admission, turn
from bot.messages import Inbound
from daoxue.app import App, compose
from daoxue.config import Config, Server
from daoxue.serve import application
from integrations.webchat import channel, socket
from integrations.webchat.channel import PATH, Webchat
from integrations.webchat.frames import address_of
from integrations.webchat.socket import PORTION
from integrations.webchat.visitors import CHANNEL
from store import conversations
from store.conversations import MessageRow
from store.database import ConflictError
from store.transaction import Transaction
from tests.service import Page, running

HOME, OTHER = "203.0.113.7", "198.51.100.9"
_ids = itertools.count(1)
Client = Callable[[str], httpx.AsyncClient]


@pytest.fixture
async def client(app: App) -> AsyncIterator[Client]:
    """Somebody at a network address."""
    served, opened = application(app), []

    def at(address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(served, client=(address, 1))
        opened.append(httpx.AsyncClient(transport=transport, base_url="http://desk.internal"))
        return opened[-1]

    yield at
    for each in opened:
        await each.aclose()


async def say(
    client: httpx.AsyncClient, text: str, visitor: str | None = None, id: str = "", **headers: str
) -> httpx.Response:
    body = {"id": id or f"f{next(_ids)}", "text": text, "visitor": visitor}
    return await client.post(PATH, json=body, headers=headers)


def assert_refused(response: httpx.Response) -> None:
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    assert response.json()["code"] == "too_fast"


async def test_a_visitor_who_says_too_much_is_refused_and_nobody_else(client: Client) -> None:
    home, mine = client(HOME), "a" * 32
    answers = await asyncio.gather(*(say(home, "你好", mine) for _ in range(60)))
    taken = [each for each in answers if each.status_code == 200]
    assert MESSAGES.most <= len(taken) <= MESSAGES.most + 10
    assert_refused(next(each for each in answers if each.status_code != 200))
    assert (await say(home, "你好", "b" * 32)).status_code == 200
    elsewhere = [(await say(client(OTHER), "你好", mine)).status_code for _ in range(MESSAGES.most // 2)]
    assert 429 in elsewhere, "from elsewhere it is the same visitor"


async def test_what_was_answered_is_answered_again(client: Client, app: App) -> None:
    home, mine = client(HOME), "a" * 32
    first = await say(home, "你好", mine, id="first")
    while (await say(home, "你好", mine)).status_code == 200:
        pass
    again = await say(home, "你好", mine, id="first")
    assert again.json() == first.json()


async def test_new_visitors_from_one_address(client: Client) -> None:
    home = client(HOME)
    answers = await asyncio.gather(*(say(home, "你好") for _ in range(VISITORS_FROM.most + 20)))
    taken = sum(each.status_code == 200 for each in answers)
    assert VISITORS_FROM.most <= taken < VISITORS_FROM.most + 20
    assert_refused(next(each for each in answers if each.status_code != 200))
    assert (await say(client(OTHER), "你好")).status_code == 200
    known = answers[0].json()["visitor"]
    assert (await say(home, "积分会过期吗", known)).status_code == 200, "who is known goes on"


async def test_danger_is_heard_where_everybody_else_is_refused(client: Client) -> None:
    home = client(HOME)
    while (await say(home, "你好")).status_code == 200:
        pass
    heard = [await say(home, "救命，有人晕倒了，没有呼吸") for _ in range(3)]
    assert [each.json()["speaker"] for each in heard] == ["queue"] * 3
    assert_refused(await say(home, "你好"))
    mine = heard[0].json()["visitor"]
    while (await say(home, "你好", mine)).status_code == 200:
        pass
    assert (await say(home, "他没有呼吸了", mine)).status_code == 200


async def test_danger_is_no_way_around_all_limits(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "ALARMS_FROM", Limit(ALARMS_FROM.name, 2, 3600))
    monkeypatch.setattr(admission, "VISITORS_FROM", Limit("none", 1, 3600))
    home = client(HOME)
    answers = [(await say(home, "有人晕倒了，没有呼吸")).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]


async def test_a_turn_that_begins_anew_counts_once(client: Client, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "TICKETS", Limit("few", 1, 3600))
    commit, lost = conversations.commit_turn, [True, True]

    def races(transaction: Transaction, row: conversations.TurnRow) -> tuple[int, int] | None:
        if lost:
            lost.pop()
            raise ConflictError
        return commit(transaction, row)

    monkeypatch.setattr(conversations, "commit_turn", races)
    assert (await say(client(HOME), "转人工", "a" * 32)).json()["speaker"] == "queue"


async def test_tickets_from_one_address(client: Client, app: App) -> None:
    home = client(HOME)
    answers = [(await say(home, "转人工")).json() for _ in range(TICKETS_FROM.most + 5)]
    assert len(await app.tickets.in_state("waiting")) == TICKETS_FROM.most
    refused = answers[-1]
    assert refused["speaker"] == "bot"
    assert "太多" in refused["messages"][0]["text"]
    assert len(refused["messages"]) == 1
    danger = (await say(home, "有人晕倒了，没有呼吸")).json()
    assert danger["speaker"] == "queue", "a life in danger is never refused"
    assert (await say(client(OTHER), "转人工")).json()["speaker"] == "queue"


async def test_what_was_promised_is_not_said_where_nothing_is_put_down(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "TICKETS_FROM", Limit("none", 1, 3600))
    home = client(HOME)
    assert (await say(home, "转人工")).json()["speaker"] == "queue"
    asked = await say(home, "请给我回电话")
    [told] = (await say(home, "13912345678", asked.json()["visitor"])).json()["messages"]
    assert "太多" in told["text"]
    assert "5678" not in told["text"]


async def test_tickets_of_one_visitor(client: Client, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "TICKETS", Limit("few", 1, 3600))
    home, mine = client(HOME), "a" * 32
    assert (await say(home, "转人工", mine)).json()["speaker"] == "queue"
    [waiting] = await app.tickets.in_state("waiting")
    await app.tickets.take(waiting.ref, "li", 1)
    await app.tickets.hand_back(waiting.ref, "li", 2)
    assert (await say(home, "转人工", mine)).json()["speaker"] == "bot"
    assert (await say(home, "转人工", "b" * 32)).json()["speaker"] == "queue"


async def test_a_refused_card_opens_no_ticket(client: Client, app: App) -> None:
    for n in range(CARDS_FROM.most):
        await app.identity.request_code(CHANNEL, f"v{n}", "620801047296", 1, HOME)
    with pytest.raises(TooOftenError) as refused:
        await app.identity.request_code(CHANNEL, "v", "620801047296", 1, HOME)
    assert 0 < refused.value.seconds <= CARDS_FROM.seconds
    home, mine = client(HOME), "a" * 32
    await say(home, "我有多少学分", mine)
    told = (await say(home, "620801047296", mine)).json()
    assert "试得太多" in told["messages"][0]["text"]
    assert told["speaker"] == "bot"
    assert not await app.tickets.in_state("waiting")


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://desk.internal", 200), ("https://learn.example.cn", 200), ("https://evil.example", 403), ("null", 403)],
)
async def test_pages_of_other_sites_say_nothing(origin: str, status: int, config: Config) -> None:
    app = await compose(replace(config, server=Server(public_url="https://learn.example.cn/")))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application(app)), base_url="http://desk.internal"
    ) as home:
        assert (await say(home, "你好", Origin=origin)).status_code == status
    app.database.close()


async def test_behind_a_trusted_proxy_everybody_has_their_own(config: Config) -> None:
    app = await compose(replace(config, server=Server(trusted_proxies=("127.0.0.1",))))
    transport = httpx.ASGITransport(application(app), client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.internal") as proxy:
        for _ in range(VISITORS_FROM.most + 5):
            last = await say(proxy, "你好", **{"X-Forwarded-For": f"1.2.3.4, {HOME}"})
        assert last.status_code == 429
        assert (await say(proxy, "你好", **{"X-Forwarded-For": OTHER})).status_code == 200
    app.database.close()


async def test_where_nothing_is_limited(config: Config) -> None:
    app = await compose(replace(config, server=Server(unlimited=("203.0.113.0/24",))))
    transport = httpx.ASGITransport(application(app), client=(HOME, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.internal") as home:
        answers = [await say(home, "你好", "a" * 32) for _ in range(MESSAGES.most * 2)]
    assert {each.status_code for each in answers} == {200}
    app.database.close()


class PageThatStays:
    """A socket of a page that says hello and then listens, until it is let go."""

    def __init__(self, hello: str, address: str = HOME, origin: str = "") -> None:
        headers = [(b"host", b"desk.internal"), *([(b"origin", origin.encode())] if origin else [])]
        self.scope = {"headers": headers, "client": (address, 1)}
        self._events: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self._events.put_nowait({"type": "websocket.receive", "text": hello})
        self.told: list[dict[str, Any]] = []
        self.denied: Response | None = None
        self.closed: int | None = None
        self.heard = asyncio.Event()

    async def accept(self) -> None:
        pass

    async def receive(self) -> dict[str, object]:
        return await self._events.get()

    async def send_text(self, frame: str) -> None:
        self.told.append(json.loads(frame))
        self.heard.set()

    async def send_denial_response(self, response: Response) -> None:
        self.denied = response
        self.heard.set()

    async def close(self, status: int) -> None:
        self.closed = status

    def say(self, frame: dict[str, object]) -> None:
        self._events.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    def go(self) -> None:
        self._events.put_nowait({"type": "websocket.disconnect", "code": 1001})


HELLO = json.dumps({"type": "hello", "visitor": None, "lang": "zh"})


def outlet(app: App) -> Webchat:
    found = app.channels[CHANNEL].outlet
    assert isinstance(found, Webchat)
    return found


async def test_so_many_sockets_are_open_from_one_address(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "SOCKETS_FROM", 2)
    pages = [PageThatStays(HELLO) for _ in range(3)] + [PageThatStays(HELLO, OTHER)]
    served = [asyncio.create_task(outlet(app).socket(each)) for each in pages]  # type: ignore[arg-type] # as much of one as is used
    await asyncio.gather(*(each.heard.wait() for each in pages))
    assert [each.denied.status_code if each.denied else 101 for each in pages] == [101, 101, 429, 101]
    assert pages[2].denied is not None
    assert int(pages[2].denied.headers["retry-after"]) > 0
    for each in pages:
        each.go()
    await asyncio.gather(*served)
    later = PageThatStays(HELLO)
    later.go()
    await outlet(app).socket(later)  # type: ignore[arg-type]
    assert later.denied is None, "who is gone makes room"


async def test_pages_of_other_sites_open_no_socket(app: App) -> None:
    page = PageThatStays(HELLO, origin="https://evil.example")
    await outlet(app).socket(page)  # type: ignore[arg-type]
    assert page.denied is not None
    assert page.denied.status_code == 403


async def test_a_long_talk_is_sent_in_portions(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, read = "c" * 32, conversations.messages
    for n in range(PORTION):
        said = Inbound(channel=CHANNEL, address=address_of(visitor), id=f"m{n}", text="你好", at=n + 1)
        await app.inbox.receive(said)
    most = 0

    def counted(transaction: Transaction, conversation: int, first: int, last: int) -> list[MessageRow]:
        nonlocal most
        rows = read(transaction, conversation, first, last)
        most = max(most, len(rows))
        return rows

    monkeypatch.setattr(conversations, "messages", counted)
    page = PageThatStays(json.dumps({"type": "hello", "visitor": visitor, "since": 0, "lang": "zh"}))
    served = asyncio.create_task(outlet(app).socket(page))  # type: ignore[arg-type]
    while len(page.told) < 2 * PORTION + 1:
        page.heard.clear()
        await asyncio.wait_for(page.heard.wait(), 10)
    page.go()
    await served
    assert [each["seq"] for each in page.told[1:]] == list(range(1, 2 * PORTION + 1))
    assert most == PORTION


async def test_a_page_that_comes_back_without_end_has_to_wait(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "CATCHING_UP", Limit("few", 2, 60))
    visitor = "d" * 32
    await app.inbox.receive(Inbound(channel=CHANNEL, address=address_of(visitor), id="a", text="你好", at=1))
    pages = [PageThatStays(json.dumps({"type": "hello", "visitor": visitor, "since": 0})) for _ in range(3)]
    for each in pages:
        each.go()
        await outlet(app).socket(each)  # type: ignore[arg-type]
    assert [each.closed for each in pages] == [None, None, 1013]
    assert pages[2].told == [{"type": "error", "code": "too_fast", "text": pages[2].told[0]["text"]}]


@pytest.mark.parametrize("frame", [{"type": "ping"}, {"type": "typing"}])
async def test_signs_of_life_without_end_close_the_socket(frame: dict[str, str], config: Config) -> None:
    with running(config) as service:
        page = Page(service)
        await page.open()
        assert page.connection is not None
        for _ in range(FRAMES.most + 60):
            await page.send(frame)
        refused = 0
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012
            while True:
                refused += (await page.receive())["type"] == "error"
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        assert refused > 0
        async with connect(service.socket_url) as other:
            await other.send(HELLO)
            assert json.loads(await other.recv())["type"] == "welcome"
