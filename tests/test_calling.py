"""Whom we call may hang up at any moment: those who call hear of it as of every other failure."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import httpx
import pytest
import uvloop

from bot.calling import HttpClient

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing says RST


@contextlib.contextmanager
def hanging_up() -> Iterator[str]:
    """An address where each connection is reset in the moment that it is there."""

    def serve(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


def test_who_hangs_up_as_soon_as_it_is_connected_to_is_a_failure_like_others() -> None:
    async def call(url: str) -> int:
        heard = 0
        async with HttpClient(trust_env=False) as client:
            for _ in range(
                1_000
            ):  # of which a few in a hundred fall into the moment in which there is no socket any more
                with contextlib.suppress(httpx.HTTPError):
                    await client.get(url)
                    heard += 1
        return heard

    with hanging_up() as url:
        assert uvloop.run(call(url)) == 0


def test_a_socket_that_is_gone_is_a_connection_that_failed() -> None:
    """The moment itself, as anyio and uvloop have it."""

    def gone(request: httpx.Request) -> httpx.Response:
        raise AttributeError("'NoneType' object has no attribute 'getpeername'", name="getpeername", obj=None)

    async def call() -> None:
        async with HttpClient(transport=httpx.MockTransport(gone)) as client:
            await client.get("http://127.0.0.1/")

    with pytest.raises(httpx.ConnectError):
        uvloop.run(call())


def test_a_fault_of_ours_is_not_taken_for_theirs() -> None:
    async def work() -> None:
        def fault(request: httpx.Request) -> httpx.Response:
            raise AttributeError("a fault", name="family", obj=request)

        async with HttpClient(transport=httpx.MockTransport(fault)) as client:
            await client.get("http://127.0.0.1/")

    with pytest.raises(AttributeError):
        uvloop.run(work())
