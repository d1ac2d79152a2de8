"""The world of mail around us, played: a server that takes what is sent and keeps it for whom it is (SMTP), and hands on what is for
us (LMTP), as servers do: again and again, until it is told that we have it."""

import asyncio
import itertools
import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

TRIES, PAUSE = 200, 0.05  # seconds between two; real ones wait minutes
LARGEST = 10 * 1_048_576
_numbers = itertools.count(1)


class ReturnedError(Exception):
    """We have refused it for good: its sender would get it back."""


@dataclass
class PostOffice:
    """`faults` are what comes of the next mails that are handed in: an answer ("451 4.7.1 Greylisted"), "hang": nothing is ever
    said, or "lose": it is taken, and the line breaks before that is said. `known`: addresses that there are; all, where it is empty."""

    user: str = ""
    password: str = ""
    known: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    boxes: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    listeners: list[Callable[[str, bytes], None]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    _server: asyncio.Server | None = None

    async def open(self, port: int = 0) -> int:
        """The port where it listens."""
        self._server = await asyncio.get_running_loop().create_server(self._line, "127.0.0.1", port)
        listens: int = self._server.sockets[0].getsockname()[1]
        return listens

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _line(self) -> SMTP:
        self.connections += 1
        with warnings.catch_warnings(action="ignore"):  # a password without TLS: on loopback
            return SMTP(
                self, hostname="post.test", data_size_limit=LARGEST, auth_required=bool(self.user), auth_require_tls=False,
                authenticator=self._knows,
            )  # fmt: skip

    def _knows(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self.user.encode(),
            self.password.encode(),
        )
        return AuthResult(success=right, handled=right)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.known and address.lower() not in self.known:
            return "550 5.1.1 User unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "hang":
            await asyncio.Event().wait()
        if fault and fault != "lose":
            return fault
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        for each in envelope.rcpt_tos:
            self.boxes[each.lower()].append(content)
            for listener in self.listeners:
                listener(each.lower(), content)
        self.arrived.set()
        if fault and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return f"250 2.0.0 Queued as {next(_numbers)}"

    async def got(self, address: str, count: int = 1, seconds: float = 20) -> list[bytes]:
        """What has come for somebody, as soon as it is so much. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while len(self.boxes[address]) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return self.boxes[address]


async def hand_on(at: str, to: str, content: bytes, sender: str = "someone@far.test") -> str:
    """Hands a mail on, until it is taken; the answer. Raises `ReturnedError`."""
    said = ""
    for _ in range(TRIES):
        try:
            said = await _once(at, to, content, sender)
        except (OSError, asyncio.IncompleteReadError):
            said = ""  # nobody there, or gone in the middle
        if said.startswith("2"):
            return said
        if said.startswith("5"):
            raise ReturnedError(said)
        await asyncio.sleep(PAUSE)
    raise ReturnedError(said or "nobody there")


async def _once(at: str, to: str, content: bytes, sender: str) -> str:
    if "/" in at:
        reader, writer = await asyncio.open_unix_connection(at)
    else:
        host, _, port = at.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
    try:
        said = await _answer(reader)
        stuffed = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..")
        for line in (b"LHLO post.test", f"MAIL FROM:<{sender}>".encode(), f"RCPT TO:<{to}>".encode(), b"DATA"):
            writer.write(line + b"\r\n")
            said = await _answer(reader)
            if said[0] not in "23":
                return said
        writer.write(stuffed + b"\r\n.\r\n")
        return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> str:
    """The last line of an answer."""
    while True:
        line = (await reader.readuntil(b"\n")).decode("ascii", "replace").strip()
        if line[3:4] != "-":
            return line
