"""The web chat's wire: what the contract says, and what those do who keep to none."""

import asyncio
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from accounts.limits import FRAMES, Asked, TooManyError
from bot.admission import BusyError, OverloadError
from bot.inbox import Receipt
from bot.messages import Inbound
from daoxue.app import App, compose
from daoxue.config import Config
from desk.replies import Answer
from integrations.webchat.channel import Webchat
from integrations.webchat.frames import address_of
from integrations.webchat.socket import PATIENCE, Socket
from integrations.webchat.visitors import CHANNEL
from store import conversations, outbox
from store.conversations import ConversationRow
from store.transaction import Transaction
from tests.service import Page, Service, running
from tests.test_flood import PageThatStays, outlet
from tests.test_privacy import holds


@pytest.fixture
def service(config: Config) -> Iterator[Service]:
    with running(config) as started:
        yield started


@pytest.fixture
async def page(service: Service) -> AsyncIterator[Page]:
    opened = Page(service)
    await opened.open()
    yield opened
    await opened.close()


async def listen(page: Page) -> None:
    while True:
        await page.receive()


def post(service: Service, body: bytes) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(f"{service.url}/channels/webchat", data=body, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


async def test_a_message_is_acknowledged_and_answered_once(page: Page) -> None:
    assert "会。积分到账后" in await page.say("积分会过期吗", "a")
    await page.send({"type": "message", "id": "a", "text": "积分会过期吗"})
    assert await page.receive() == {"type": "ack", "id": "a", "seq": 1, "speaker": "bot"}
    await page.send({"type": "ping"})
    assert await page.receive() == {"type": "pong"}  # and nothing else came
    assert [frame["author"] for frame in page.heard] == ["resident", "bot"]


async def test_a_key_chooses(page: Page) -> None:
    await page.say("有书法班吗")
    await page.send({"type": "choice", "id": "c", "key": "1"})
    while not page.answers_to("c"):
        await page.receive()
    assert page.answers_to("c")[0]["cards"][0]["title"] == "书法班（学院）"
    assert next(frame for frame in page.heard if frame.get("id") == "c")["text"] == "书法班（学院）"


async def test_a_page_that_comes_back_gets_what_it_lacks(service: Service, page: Page) -> None:
    await page.say("你好")
    seen = page.seen
    await page.close()
    other = Page(service)
    other.visitor = page.visitor
    await other.open()
    await other.say("积分会过期吗")
    await page.open()
    while page.seen < other.seen:
        await page.receive()
    assert page.seen > seen
    await other.close()


async def test_two_pages_of_one_visitor_hear_the_same(service: Service, page: Page) -> None:
    await page.say("你好")
    other = Page(service)
    other.visitor = page.visitor
    await other.open()
    await page.say("积分会过期吗")
    while other.seen < page.seen:
        await other.receive()
    assert other.heard == page.heard
    await other.close()


async def test_a_seat_of_another_process_is_heard(service: Service, config: Config, page: Page) -> None:
    await page.say("转人工")
    desk = await compose(config)
    ref = (await desk.tickets.in_state("waiting"))[0].ref
    await desk.tickets.take(ref, "小李", 1)
    await desk.tickets.reply(ref, "小李", Answer("您好，我是小李", "s1"), 2)
    while page.heard[-1]["author"] != "seat":
        await page.receive()
    assert page.heard[-1]["text"] == "您好，我是小李"
    assert {frame["re"] for frame in page.heard if frame["author"] in ("resident", "seat")} == {None}, (
        "they answer none"
    )
    await page.send({"type": "message", "id": "quiet", "text": "积分会过期吗"})
    while page.acknowledged.get("quiet") is None:
        await page.receive()
    await asyncio.sleep(0.5)
    assert not page.answers_to("quiet")
    desk.database.close()


@pytest.mark.parametrize(
    "frame",
    [
        "", "null", "[]", "{", '{"type":"nonsense"}', '{"type":"message","id":"x"}', '{"type":"message","id":"","text":"a"}',
        '{"type":"message","id":"x","text":"a","more":1}', '{"type":"message","id":7,"text":"a"}', '{"type":"hello","visitor":null}',
        '{"type":"message","id":"' + "x" * 65 + '","text":"a"}', '{"type":"choice","id":"x","key":"123456789"}',
        r'{"type":"message","id":"a\u0000","text":"a"}', r'{"type":"choice","id":"\u0000b","key":"1"}',
    ],
)  # fmt: skip
async def test_a_bad_frame_is_refused_and_the_talk_goes_on(frame: str, page: Page) -> None:
    assert page.connection is not None
    await page.connection.send(frame)
    refused = await page.receive()
    assert refused["type"] == "error"
    assert refused["code"] == "bad_frame"
    assert await page.say("你好")


async def test_binary_and_oversize_frames_are_refused(page: Page) -> None:
    assert page.connection is not None
    await page.connection.send(b"\x00\xff")
    assert (await page.receive())["code"] == "bad_frame"
    await page.send({"type": "message", "id": "long", "text": "书" * 8_000})
    assert (await page.receive())["code"] == "too_long"
    assert await page.say("你好")
    await page.send({"type": "message", "id": "huge", "text": "书" * 100_000})
    with pytest.raises(ConnectionClosed):
        await listen(page)


async def test_a_flood_is_slowed_and_loses_nothing(page: Page) -> None:
    for number in range(30):
        await page.send({"type": "message", "id": f"f{number}", "text": "你好"})
    refused = 0
    for _ in range(30):
        frame = await page.receive()
        while frame["type"] == "message":
            frame = await page.receive()
        refused += frame["type"] == "error" and frame["code"] == "too_fast"
    assert 5 <= refused <= 10
    await asyncio.sleep(5)
    for number in range(30):
        assert await page.say("你好", f"f{number}")
    assert [frame["id"] for frame in page.heard if frame["author"] == "resident"] == [f"f{n}" for n in range(30)]


async def test_what_was_said_behind_a_refused_message_is_not_accepted_before_it(app: App) -> None:
    """The first is refused (the disk was full for a moment): both come again, in their order."""
    receive, refused = app.inbox.receive, [True]

    async def busy_once(inbound: Inbound, *, waits: bool = False) -> Receipt:
        if refused.pop() if refused else False:
            raise BusyError
        return await receive(inbound, waits=waits)

    app.inbox.receive = busy_once  # type: ignore[method-assign]
    page = PageThatStays(json.dumps({"type": "hello", "visitor": "o" * 32}))
    for id in "abab":
        page.say({"type": "message", "id": id, "text": "你好"})
    page.go()
    await outlet(app).socket(page)  # type: ignore[arg-type]
    told = [
        (each["type"], each.get("id") or each.get("code")) for each in page.told if each["type"] in {"ack", "error"}
    ]
    assert told == [("error", "too_fast"), ("error", "too_fast"), ("ack", "a"), ("ack", "b")]


async def test_the_first_message_over_the_limit_waits_for_nobody(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else was over it: what comes again first is answered, and what was said behind it after it."""
    limits, refused = outlet(app).visitors.core.limits, [True, True, True, False]
    take = limits.take

    def three_over(*asked: Asked) -> float:
        return 1.0 if asked[0][0] is FRAMES and (refused.pop() if refused else False) else take(*asked)

    monkeypatch.setattr(limits, "take", three_over)
    page = PageThatStays(json.dumps({"type": "hello", "visitor": "q" * 32}))
    page.say({"type": "message", "id": "a", "text": "你好"})
    page.say({"type": "typing"})
    page.say({"type": "message", "id": "b", "text": "你好"})
    for id in "bab":
        page.say({"type": "message", "id": id, "text": "你好"})
    page.go()
    await outlet(app).socket(page)  # type: ignore[arg-type]
    told = [each.get("id") or each.get("code") for each in page.told if each["type"] in {"ack", "error"}]
    assert told == ["too_fast"] * 4 + ["a", "b"]


@pytest.mark.parametrize(("error", "closed"), [(OverloadError(), None), (TooManyError(1.0), 1008)])
async def test_what_is_too_much_for_us_is_not_held_against_a_page(
    app: App, error: Exception, closed: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is closed connects again, which is more to do than to ask again on the same line."""

    async def refused(*_: object) -> Receipt:
        raise error

    monkeypatch.setattr(app.inbox, "receive", refused)
    page = PageThatStays(json.dumps({"type": "hello", "visitor": "w" * 32, "since": 0}))
    for number in range(PATIENCE + 5):
        page.say({"type": "message", "id": f"{number // 2}", "text": "你好"})
    page.go()
    await outlet(app).socket(page)  # type: ignore[arg-type]
    assert page.closed == closed
    assert {each["code"] for each in page.told if each["type"] == "error"} == {"too_fast"}


@pytest.mark.parametrize("how", [TimeoutError(), OSError("no room"), ValueError("of ours")])
async def test_a_writer_that_dies_ends_its_socket(app: App, how: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the page would sit before a line on which nothing comes any more, and every sign of life is answered."""

    async def dies(*_: object) -> None:
        raise how

    visitor = "w" * 32
    await app.inbox.receive(Inbound(channel=CHANNEL, address=address_of(visitor), id="a", text="积分会过期吗", at=1))
    monkeypatch.setattr(Socket, "_deliver", dies)
    page = PageThatStays(json.dumps({"type": "hello", "visitor": visitor, "since": 0}))
    async with asyncio.timeout(5):
        with contextlib.suppress(BaseExceptionGroup):  # what is no fault of the line goes on to the server
            await outlet(app).socket(page)  # type: ignore[arg-type] # as much of one as is used
    assert not outlet(app).sockets


async def test_what_is_no_token_is_not_taken(service: Service) -> None:
    for forged in ("me", "../../etc/passwd", "a" * 31, "' OR 1=1 --", "\u202e" * 32):
        page = Page(service)
        page.visitor = forged
        await page.open()
        assert page.visitor != forged
        await page.close()


class PageThatGoes:
    """A socket on which a page says one thing and goes."""

    scope: Mapping[str, Any] = MappingProxyType({"headers": (), "client": None})

    def __init__(self, frame: str) -> None:
        self._events: list[dict[str, object]] = [
            {"type": "websocket.receive", "text": frame},
            {"type": "websocket.disconnect", "code": 1001},
        ]
        self.told: list[dict[str, Any]] = []

    async def accept(self) -> None:
        pass

    async def receive(self) -> dict[str, object]:
        return self._events.pop(0)

    async def send_text(self, frame: str) -> None:
        self.told.append(json.loads(frame))


async def test_a_page_comes_back_while_its_talk_is_erased(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, find = "b" * 32, conversations.find
    await app.inbox.receive(Inbound(channel=CHANNEL, address=address_of(visitor), id="a", text="积分会过期吗", at=1))
    looks = 0

    def erased_after_a_look(transaction: Transaction, channel: str, address: str) -> ConversationRow | None:
        nonlocal looks
        looks += 1
        return find(transaction, channel, address) if looks == 1 else None

    monkeypatch.setattr(conversations, "find", erased_after_a_look)
    outlet = app.channels[CHANNEL].outlet
    assert isinstance(outlet, Webchat)
    page = PageThatGoes(json.dumps({"type": "hello", "visitor": visitor, "lang": "zh"}))
    await outlet.socket(page)  # type: ignore[arg-type] # as much of one as is used here
    assert page.told[0] == {"type": "welcome", "visitor": visitor, "seq": 2, "speaker": "bot"}


async def test_a_history_that_is_gone_is_told(service: Service) -> None:
    async with connect(service.socket_url) as connection:
        await connection.send(json.dumps({"type": "hello", "visitor": "b" * 32, "since": 5, "lang": "zh"}))
        assert json.loads(await connection.recv())["code"] == "gone"
        assert json.loads(await connection.recv())["seq"] == 0


async def test_an_id_that_is_a_number_is_not_kept_and_still_known_again(service: Service, config: Config) -> None:
    names = ["620801047296", "card-6208-0104-7296", "330802195803120427", "6591156779840000"]
    for name in names:
        said = json.dumps({"id": name, "text": "学费多少钱", "visitor": "v" * 32}).encode()
        (_, first), (_, again) = [await asyncio.to_thread(post, service, said) for _ in range(2)]
        assert first["ack"] == again["ack"]
        assert first["ack"]["id"] == name
    assert holds(config, *names) == []


async def test_the_same_over_http(service: Service) -> None:
    status, first = await asyncio.to_thread(
        post, service, b'{"id":"1","text":"\xe5\x87\xa0\xe7\x82\xb9\xe5\xbc\x80\xe9\x97\xa8"}'
    )
    assert status == 200
    assert first["messages"][0]["author"] == "bot"
    body = json.dumps({"id": "1", "text": "几点开门", "visitor": first["visitor"]}).encode()
    _, again = await asyncio.to_thread(post, service, body)
    assert again == first


@pytest.mark.parametrize(("body", "status"), [(b"", 400), (b"{}", 400), (b"\xff\xfe", 400), (b'{"id":"1","text":1}', 400),
                                              (b'{"id":"1","text":"\xff"}', 400), (b'{"id":"1","unknown":1}', 400),
                                              (rb'{"id":"a\u0000b","text":"a"}', 400), (rb'{"id":"a\n","text":"a"}', 400), (b'{"id":"<b>","text":"a"}', 400),
                                              (b"x" * 20_000, 413)])  # fmt: skip
def test_bad_posts_are_refused(body: bytes, status: int, service: Service) -> None:
    answered, told = post(service, body)
    assert answered == status
    assert told["type"] == "error"
    assert "Traceback" not in told["text"]


def test_operations(service: Service) -> None:
    for path, expected in (("/healthz", b"ok"), ("/readyz", b"ready"), ("/metrics", b"daoxue_queue_due")):
        with urllib.request.urlopen(service.url + path, timeout=5) as response:
            assert expected in response.read()


async def test_what_a_page_says_to_have_is_owed_to_it_no_more(app: App) -> None:
    """The process that wrote it to the page may have died before it could note that."""
    receipt = await app.inbox.receive(Inbound(channel=CHANNEL, address=address_of("h" * 32), id="a", text="你好", at=1))
    page = PageThatStays(json.dumps({"type": "hello", "visitor": "h" * 32, "since": receipt.last_seq}))
    page.go()
    await outlet(app).socket(page)  # type: ignore[arg-type]
    await app.outbox.flush()
    assert app.database.look(lambda t: outbox.undelivered(t, receipt.conversation)) is None
