"""Whom a request is from: what proxies say of it, and which of that is believed."""

import logging
import time
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from accounts.limits import networks
from daoxue.proxies import CLEAR, CLOSED, ELSEWHERE, Forwarding

PROXY, OTHER, RESIDENT = "10.0.0.2", "10.0.0.3", "203.0.113.7"


async def read(
    headers: dict[str, str] | list[tuple[str, str]],
    peer: str = PROXY,
    kind: str = "http",
    trusted: tuple[str, ...] = ("10.0.0.0/8",),
) -> dict[str, Any]:
    """The request as the service sees it."""
    seen: dict[str, Any] = {}

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(scope)

    given = headers.items() if isinstance(headers, dict) else headers
    scope = {
        "type": kind, "client": (peer, 1234), "scheme": "http",
        "headers": [(b"host", b"127.0.0.1:8000"), *((name.encode(), value.encode()) for name, value in given)],
    }  # fmt: skip

    async def never(*_: object) -> Any:
        raise AssertionError

    await Forwarding(serve, networks(trusted))(scope, never, never)
    return {"client": seen["client"][0], "scheme": seen["scheme"], "headers": dict(seen["headers"])}


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        ({"x-forwarded-for": RESIDENT}, RESIDENT),
        ({"x-forwarded-for": f"198.51.100.1, {RESIDENT}"}, RESIDENT),  # the first one is what the resident says
        ({"x-forwarded-for": f"127.0.0.1,{RESIDENT} , {OTHER}"}, RESIDENT),
        ([("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", RESIDENT)], RESIDENT),
        ({"x-forwarded-for": f"{RESIDENT}:4711"}, RESIDENT),
        ({"x-forwarded-for": "[2001:db8::7]:4711"}, "2001:db8::7"),
        ({"x-forwarded-for": "2001:db8::7"}, "2001:db8::7"),
        ({"x-forwarded-for": OTHER}, OTHER),  # all of them are ours
        ({"x-forwarded-for": f"{RESIDENT}, nonsense, {OTHER}"}, OTHER),
        ({"x-forwarded-for": f"{RESIDENT}, unknown"}, PROXY),
        ({"x-forwarded-for": ""}, PROXY),
        ({"x-forwarded-proto": "https"}, PROXY),
        ({"forwarded": f"for={RESIDENT};proto=https"}, RESIDENT),
        ({"forwarded": f'for="198.51.100.1:1", For="{RESIDENT}:4711";by=10.0.0.2'}, RESIDENT),
        ({"forwarded": 'for="[2001:db8::7]:4711"'}, "2001:db8::7"),
        ({"forwarded": f'for={RESIDENT};host="a,b", for={OTHER}'}, RESIDENT),
        ({"forwarded": f"for={RESIDENT}, for=_hidden"}, PROXY),
        ({"forwarded": "for=unknown"}, PROXY),
        # A proxy that writes one kind passes the other on as the resident sent it.
        ({"x-forwarded-for": RESIDENT, "forwarded": "for=198.51.100.1"}, PROXY),
        ({"x-forwarded-for": RESIDENT, "forwarded": f"for={RESIDENT}"}, RESIDENT),
    ],
)
async def test_the_last_hop_that_is_none_of_ours(headers: Any, client: str) -> None:
    assert (await read(headers))["client"] == client


@pytest.mark.parametrize("piece", ["for=", 'for="', "for = ", "for;", ",for", "host=a ", '"'])
async def test_what_is_said_is_read_in_the_time_that_it_is_long(piece: str) -> None:
    began = time.monotonic()
    await read({"forwarded": piece * (60_000 // len(piece)) + " x"})
    assert time.monotonic() - began < 1


async def test_nobody_else_is_believed() -> None:
    headers = {"x-forwarded-for": RESIDENT, "x-forwarded-host": "evil.example", "x-forwarded-proto": "https"}
    seen = await read(headers, peer="192.0.2.1")
    assert (seen["client"], seen["scheme"], seen["headers"][b"host"]) == ("192.0.2.1", "http", b"127.0.0.1:8000")
    assert (await read(headers, trusted=()))["client"] == PROXY


async def test_how_and_as_what_we_were_asked() -> None:
    headers = {"x-forwarded-for": RESIDENT, "x-forwarded-proto": "https", "x-forwarded-host": "learn.example.cn"}
    seen = await read(headers)
    assert (seen["scheme"], seen["headers"]) == ("https", {b"host": b"learn.example.cn"})
    assert (await read(headers, kind="websocket"))["scheme"] == "wss"
    seen = await read({"forwarded": f'for={RESIDENT};proto=https;host="learn.example.cn"'})
    assert (seen["scheme"], seen["headers"]) == ("https", {b"host": b"learn.example.cn"})
    odd = {"x-forwarded-for": RESIDENT, "x-forwarded-proto": "gopher", "x-forwarded-host": "a b\r\n"}
    seen = await read(odd)
    assert (seen["client"], seen["scheme"], seen["headers"]) == (RESIDENT, "http", {b"host": b"127.0.0.1:8000"})


async def test_each_hop_has_its_own(caplog: pytest.LogCaptureFixture) -> None:
    seen = await read({"x-forwarded-for": f"1.1.1.1, {RESIDENT}, {OTHER}", "x-forwarded-proto": "gopher, https, http"})
    assert (seen["client"], seen["scheme"]) == (RESIDENT, "https")
    assert not caplog.records


@pytest.mark.parametrize(("trusted", "peer"), [((), PROXY), (("10.0.0.0/8",), "192.0.2.1")])
async def test_a_proxy_that_nobody_trusts_is_told_of_once(
    trusted: tuple[str, ...], peer: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    async def never(*_: object) -> Any:
        raise AssertionError

    forwarding = Forwarding(serve, networks(trusted))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", RESIDENT.encode())]}
            await forwarding(scope, never, never)
        await forwarding({"type": "http", "client": (peer, 1), "headers": []}, never, never)
    assert len(caplog.records) == 1
    assert "server.trusted_proxies" in caplog.text
    assert RESIDENT not in caplog.text
    assert peer not in caplog.text


@pytest.mark.parametrize(
    ("public_url", "scheme", "host", "told"),
    [
        ("", "http", "learn.example.cn", []),
        ("https://learn.example.cn/", "https", "learn.example.cn", []),
        ("https://learn.example.cn", "https", "Learn.example.cn:443", []),
        ("https://learn.example.cn:8443", "https", "learn.example.cn:8443", []),
        ("https://learn.example.cn:8443", "https", "learn.example.cn", [ELSEWHERE]),
        ("https://learn.example.cn", "http", "learn.example.cn", [CLEAR]),
        ("http://learn.example.cn", "https", "learn.example.cn", [CLOSED]),
        ("http://10.0.0.8:8000", "https", "learn.example.cn", [CLOSED, ELSEWHERE]),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_an_address_that_pages_do_not_bear_is_told_once(
    public_url: str, scheme: str, host: str, told: list[str], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    async def never(*_: object) -> Any:
        raise AssertionError

    forwarding = Forwarding(serve, networks(["10.0.0.0/8"]), public_url)
    said = {"x-forwarded-for": RESIDENT, "x-forwarded-proto": scheme, "x-forwarded-host": host}
    for origin in ({}, {"origin": "null"}, {"origin": "null"}):
        headers = [(name.encode(), value.encode()) for name, value in (said | origin).items()]
        await forwarding({"type": kind, "client": (PROXY, 1), "scheme": "http", "headers": headers}, never, never)
        assert [record.getMessage() for record in caplog.records] == (told if origin else [])
