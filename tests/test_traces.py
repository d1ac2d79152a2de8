"""Traces: webhook, turn, queue and delivery are one, whatever process does them; and nobody's words or number are in it."""

import asyncio
import contextlib
import gzip
import http.server
import json
import sys
import threading
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext

from bot.queue import Done, Failed
from bot.turn import Turn
from daoxue.app import App, compose
from daoxue.config import Config, ConfigError, Server, TracesSettings
from daoxue.following import NOBODY, Following, following
from daoxue.serve import server
from daoxue.traces import Traces
from integrations.wechat import channel
from players.wechat import api as wechat_api
from players.wechat.platform import WechatPlatform
from store import outbox
from store.outages import Outage, OutageError
from store.outbox import Span
from store.queue import QueueRow
from tests.conftest import free_port
from tests.official import behind, connected, environment, up
from tests.pages import serving
from tests.service import Page, Service

SAID = "我叫王小明，电话13800138000，书法班的学费"


@dataclass
class Told:
    """A process's traces, and what they have told so far."""

    out: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    follows: Following = NOBODY

    def __post_init__(self) -> None:
        traces = Traces(SimpleSpanProcessor(self.out))
        self.follows = Following(traces.observe, traces.follow, traces.webhooks, traces.close)

    def spans(self, name: str) -> list[ReadableSpan]:
        return [each for each in self.out.get_finished_spans() if each.name == name]

    def span(self, name: str) -> ReadableSpan:
        [one] = self.spans(name)
        return one


def place(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    assert isinstance(context, SpanContext)
    return context


def above(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


@contextlib.asynccontextmanager
async def composed(config: Config, told: Told) -> AsyncIterator[App]:
    app = await compose(config, told.follows.observe, follow=told.follows.follow)
    try:
        yield app
    finally:
        for each in app.channels.values():
            await each.close()
        app.database.close()


@contextlib.asynccontextmanager
async def served(config: Config, told: Told) -> AsyncIterator[App]:
    """Without its workers: the queue is worked by hand."""
    async with composed(config, told) as app:
        web = server(app, told.follows)
        web.config.lifespan = "off"
        async with up(web):
            yield app


async def test_a_message_its_turn_and_its_answer_are_one_trace(config: Config) -> None:
    told, own = Told(), replace(config, server=Server(port=free_port()))
    async with served(own, told), httpx.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{own.server.port}/channels/webchat"
        body = {"visitor": "v" * 32, "id": "1", "text": SAID}
        assert (await client.post(url, json=body)).status_code == 200
        root, turn, out = (told.span(name) for name in ("webhook webchat", "turn", "deliver"))
        assert above(root) is None
        assert above(turn) == place(root).span_id
        assert above(out) == place(turn).span_id
        steps = [told.span(name) for name in ("understood", "thought", "committed")]
        assert {above(each) for each in steps} == {place(turn).span_id}
        assert len({place(each).trace_id for each in (root, turn, out, *steps)}) == 1
        assert root.attributes == {"channel": "webchat", "http.response.status_code": 200}
        assert [each.start_time for each in steps[1:]] == [each.end_time for each in steps[:-1]]
        told.out.clear()
        assert (await client.post(url, json=body)).status_code == 200
        again = told.span("turn")
        assert again.attributes is not None
        assert again.attributes["again"]
        assert place(again).trace_id == place(turn).trace_id
        assert place(again).span_id != place(turn).span_id
        told.out.clear()
        assert (await client.post(url, content=b"{")).status_code == 400
        assert told.span("webhook webchat").attributes == {"channel": "webchat", "http.response.status_code": 400}


@dataclass
class Account:
    """The official account, in its process."""

    platform: WechatPlatform
    app: App
    told: Told


@pytest.fixture
async def account(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Account]:
    port, api_port, told = free_port(), free_port(), Told()
    platform = WechatPlatform(webhook=f"http://127.0.0.1:{port}/channels/wechat")
    for name, value in environment(platform).items():
        monkeypatch.setenv(name, value)
    async with (
        behind(wechat_api.server(platform), api_port),
        served(connected(config, platform, port, api_port), told) as app,
    ):
        yield Account(platform, app, told)


async def late(account: Account, monkeypatch: pytest.MonkeyPatch) -> ReadableSpan:
    """The turn of a message that is acknowledged before it is answered."""
    who, told = account.platform.resident(), account.told
    await account.platform.subscribe(who)
    monkeypatch.setattr(channel, "BUDGET", 0.3)
    account.platform.patience = 0.7
    respond = account.app.inbox._mind.dialogue.respond

    async def slowly(turn: Turn) -> None:
        await asyncio.sleep(0.6)
        await respond(turn)

    monkeypatch.setattr(account.app.inbox._mind.dialogue, "respond", slowly)
    told.out.clear()
    assert await account.platform.say(who, SAID) == [], "acknowledged"
    await told_of("turn", told)
    return told.span("turn")


async def told_of(name: str, told: Told) -> None:
    """Until there is such a span."""
    for _ in range(200):
        if told.spans(name):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"no {name}")


async def test_what_leaves_later_joins_its_turn_from_another_process(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await late(account, monkeypatch)
    webhook = account.told.span("webhook wechat")
    assert [each.context.span_id for each in turn.links] == [place(webhook).span_id], "which had ended before"
    other = Told()
    async with composed(account.app.config, other) as app:
        for _ in range(50):
            if not await app.queue.work() and other.spans("queue message"):
                break
            await asyncio.sleep(0.1)
    out, sent = other.span("queue message"), other.span("send")
    assert (place(out).trace_id, above(out)) == (place(turn).trace_id, place(turn).span_id)
    assert above(sent) == place(out).span_id
    assert out.attributes is not None
    assert (out.attributes["lane"], out.attributes["outcome"], out.attributes["attempt"]) == ("wechat", "done", 1)
    words = json.dumps(
        [json.loads(each.to_json()) for told in (account.told, other) for each in told.out.get_finished_spans()]
    )
    openid = next(iter(account.platform.residents))
    for secret in (openid, "13800138000", "王小明", "书法", "小明", account.platform.secret):
        assert secret not in words.encode().decode("unicode_escape", "ignore")
        assert secret not in words


async def test_what_fails_in_the_queue_is_told_as_an_error(app: App) -> None:
    told = Told()

    async def fails(row: object) -> Failed:
        return Failed("45015")

    async def raises(row: object) -> Failed:
        raise ConnectionError

    row = QueueRow(1, "webhook", "webhook:1:1", "webhook:1", None, 0, b"secret", 0, 1, 0, "due", "")
    await told.follows.follow(app.database, row, fails)
    with pytest.raises(ConnectionError):
        await told.follows.follow(app.database, row, raises)
    assert [each.status.is_ok for each in told.spans("queue webhook")] == [False, False]
    assert all(above(each) is None for each in told.spans("queue webhook"))


async def test_a_message_leaves_though_its_trace_cannot_be_looked_up(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()

    async def away(work: object) -> object:
        raise OutageError(Outage.LOST)

    async def leaves(row: object) -> Done:
        return Done()

    monkeypatch.setattr(app.database, "read", away)
    row = QueueRow(
        1, outbox.KIND, "1:2:2", "wechat", outbox.order_key(1), 2, msgspec.json.encode(Span(2, 2)), 0, 1, 0, "due", ""
    )
    assert await told.follows.follow(app.database, row, leaves) == Done()
    assert above(told.span("queue message")) is None


async def test_the_messages_of_a_socket_are_a_trace_each(config: Config) -> None:
    told, own = Told(), replace(config, server=Server(port=free_port()))
    async with served(own, told):
        service = Service.__new__(Service)
        service.config = own
        page = Page(service)
        await page.say("你们几点开门")
        await page.say("书法班的学费")
        await page.close()
    turns = told.spans("turn")
    assert len({place(each).trace_id for each in turns}) == len(turns) == 2
    assert {above(each) for each in told.spans("deliver")} == {place(each).span_id for each in turns}


# A real collector.


class Collector:
    """Takes OTLP over HTTP."""

    def __init__(self) -> None:
        self.names: list[str] = []
        told = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                request = ExportTraceServiceRequest.FromString(body)
                told.names += [
                    span.name for each in request.resource_spans for scope in each.scope_spans for span in scope.spans
                ]
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/traces"


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def ask(url: str) -> None:
    body = json.dumps({"visitor": None, "id": "1", "text": "你们几点开门"}).encode()
    urllib.request.urlopen(
        urllib.request.Request(f"{url}/channels/webchat", body, {"content-type": "application/json"}), timeout=20
    ).close()


def test_the_service_tells_a_collector_and_lets_go_at_its_end(
    tmp_path: Path, models: Path, collector: Collector
) -> None:
    with serving(tmp_path, DAOXUE_TRACES__ENDPOINT=collector.url, DAOXUE_NLU__FOLDER=str(models)) as (url, _):
        ask(url)
    assert {"webhook webchat", "turn", "committed", "deliver"} <= set(collector.names)


def test_a_collector_that_is_away_delays_nobody(tmp_path: Path, models: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}/v1/traces"
    with serving(tmp_path, DAOXUE_TRACES__ENDPOINT=away, DAOXUE_NLU__FOLDER=str(models)) as (url, _):
        ask(url)


def test_what_is_lacking_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert following(Config()) is NOBODY
    monkeypatch.delitem(sys.modules, "daoxue.traces")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(ConfigError, match=r"daoxue\[traces\]"):
        following(Config(traces=TracesSettings("http://127.0.0.1:4318/v1/traces")))
