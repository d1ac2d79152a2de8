"""HTTP over connections that stay, with as little beside it as goes: what is measured is the other end."""

import asyncio

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connected(port: int) -> Wire:
    return await asyncio.open_connection("127.0.0.1", port)


def request(target: str, body: bytes, *headers: str) -> bytes:
    lines = (f"POST {target} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers)
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode() + body


async def ask(wire: Wire, asked: bytes) -> tuple[int, bytes]:
    """The status and the body that a request is answered with."""
    reader, writer = wire
    writer.write(asked)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    return int(head.split()[1]), await reader.readexactly(int(length.split(b":")[1]))


async def post(wire: Wire, target: str, body: bytes, *headers: str, expect: int = 200) -> None:
    status, said = await ask(wire, request(target, body, *headers))
    assert status == expect, (status, said)
