"""Connections that come to no end by themselves: they are ended, and nobody who is merely slow is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from daoxue import patience
from daoxue.patience import PatientProtocol, PatientSocket
from tests.conftest import free_port

LARGE = 40_000_000


async def take(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())}")


async def large(_: Request) -> Response:
    return Response(bytes(LARGE))


async def hear(websocket: WebSocket) -> None:
    await websocket.accept()
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    for name, value in (("HEAD_WITHIN", 0.4), ("BODY_WITHIN", 0.4), ("READ_WITHIN", 0.4)):
        monkeypatch.setattr(patience, name, value)
    served = Starlette(
        routes=[Route("/", take, methods=["GET", "POST"]), Route("/large", large), WebSocketRoute("/ws", hear)]
    )
    chosen = free_port()
    server = uvicorn.Server(
        uvicorn.Config(served, port=chosen, http=PatientProtocol, ws=PatientSocket, log_config=None, access_log=False)
    )
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it tells in no other way
        await asyncio.sleep(0.01)
    yield chosen
    server.should_exit = True
    await running


async def answered(port: int, *parts: bytes, every: float = 0.0) -> bytes:
    """What the server says until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def heard() -> bytes:
        told = b""
        with contextlib.suppress(ConnectionError):  # it ends while we still write: what was told before that counts
            while part := await reader.read(65_536):
                told += part
        return told

    async def send() -> None:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(every)

    sending = asyncio.create_task(send())
    try:
        return await asyncio.wait_for(heard(), 20)
    finally:
        await sending
        writer.close()


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (b"GET / HTTP/1.1\r\nHost: x\r\n",),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHo",),
    ],
)
async def test_what_is_not_finished_ends(port: int, parts: tuple[bytes, ...]) -> None:
    assert b" 408 " in await answered(port, *parts)


async def test_what_trickles_ends(port: int) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: "
    assert b" 408 " in await answered(port, head, *([b"a"] * 40), every=0.05)
    body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n"
    assert b" 408 " in await answered(port, body, *([b"a"] * 40), every=0.05)


async def test_blank_lines_keep_nothing_open(port: int) -> None:
    told = await answered(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", *([b"\r\n"] * 20), every=0.1)
    assert b" 200 " in told


@pytest.mark.parametrize("line", [b"X: " + b"a" * 30_000, b"X-A: a\r\n" * 4_000])
async def test_a_head_has_an_end(port: int, line: bytes) -> None:
    assert b" 431 " in await answered(port, b"GET / HTTP/1.1\r\n", *([line] * 20), every=0.001)


async def test_who_is_slow_and_goes_on_is_heard(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SLOWEST", 10)
    told = await answered(
        port,
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n",
        *([b"a" * 50] * 20),
        every=0.05,
    )
    assert b" 200 " in told
    assert told.endswith(b"1000")


async def test_one_request_after_another_goes_on(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head
        assert await reader.readexactly(1) == b"3"
        await asyncio.sleep(0.5)  # longer than a head may take: nothing is begun
    writer.close()


async def test_who_does_not_read_is_left(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.sleep(1.5)
    came = 0
    with contextlib.suppress(ConnectionError):
        while chunk := await asyncio.wait_for(reader.read(1 << 20), 10):
            came += len(chunk)
    assert came < LARGE
    writer.close()


async def test_signs_of_life_are_not_answered_without_end(port: int) -> None:
    async with connect(f"ws://127.0.0.1:{port}/ws", ping_interval=None) as page:
        await asyncio.wait_for(await page.ping(), 5)
        for _ in range(patience.PINGS - 1):
            await asyncio.wait_for(await page.ping(), 5)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(await page.ping(), 5)
