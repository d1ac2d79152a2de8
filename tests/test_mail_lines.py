"""LMTP as servers speak it, and SMTP as we do: several things in one go, and what is refused of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bot.admission import BusyError
from integrations.mail.lmtp import Letterbox
from integrations.mail.sending import MailRefusal, Postman, SendError
from integrations.mail.settings import MailSettings, SmtpSettings
from tests.conftest import free_port
from tests.mailing import CENTRE

ENVELOPE = f"MAIL FROM:<a@far.test> SIZE=10\r\nRCPT TO:<{CENTRE}>\r\nDATA\r\n".encode()


class Line:
    """A server's connection to the letterbox."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, taken: list[bytes]) -> None:
        self.taken = taken
        self._reader = reader
        self._writer = writer

    async def say(self, words: bytes, answers: int) -> list[str]:
        """The codes of so many answers."""
        self._writer.write(words)
        codes: list[str] = []
        while len(codes) < answers:
            line = (await asyncio.wait_for(self._reader.readuntil(b"\n"), 5)).decode()
            if line[3] != "-":
                codes.append(line[:3])
        return codes


@asynccontextmanager
async def letterbox(take: Callable[[bytes], Awaitable[bool]] | None = None, megabytes: int = 1) -> AsyncIterator[Line]:
    taken: list[bytes] = []

    async def keep(raw: bytes, cut: bool) -> bool:
        taken.append(raw)
        return await take(raw) if take is not None else True

    port = free_port()
    box = Letterbox(MailSettings(address=CENTRE, lmtp=f"127.0.0.1:{port}", megabytes=megabytes), keep)
    await box.work()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    line = Line(reader, writer, taken)
    assert await line.say(b"", 1) == ["220"]
    try:
        yield line
    finally:
        writer.close()
        await box.close()


async def test_what_a_letterbox_must_be_able_to_do_is_announced() -> None:
    async with letterbox() as line:
        line._writer.write(b"LHLO mx\r\n")
        said = (await asyncio.wait_for(line._reader.readuntil(b"250 SIZE 1048576\r\n"), 5)).decode()
        assert {"250-PIPELINING", "250-ENHANCEDSTATUSCODES"} <= set(said.split())  # RFC 2033


async def test_two_mails_in_one_go_are_two() -> None:
    async with letterbox() as line:
        go = b"LHLO mx\r\n" + ENVELOPE + b"one\r\n.\r\n" + ENVELOPE + b"\r\n..two\r\n.\r\nQUIT\r\n"
        assert await line.say(go, 10) == ["250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]
        assert line.taken == [b"one\r\n", b"\r\n.two\r\n"]


async def test_a_mail_in_single_bytes_is_the_same() -> None:
    async with letterbox() as line:
        for byte in ENVELOPE + b"..a\r\n.b\r\nc":
            line._writer.write(bytes([byte]))
            await line._writer.drain()
        await line.say(b"", 3)
        assert await line.say(b"\r\n.\r\n", 1) == ["250"]
        assert line.taken == [b".a\r\nb\r\nc\r\n"]


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (b"MAIL FROM:nobody\r\n", ["501"]),
        (b"MAIL FROM:<a@b.test> SIZE=99999999\r\n", ["552"]),
        (f"RCPT TO:<{CENTRE}>\r\n".encode(), ["503"]),
        (b"MAIL FROM:<>\r\nRCPT TO:<other@centre.test>\r\nDATA\r\n", ["250", "550", "503"]),
        (f"MAIL FROM:<>\r\nRCPT TO:<{CENTRE}>\r\nRCPT TO:<{CENTRE}>\r\n".encode(), ["250", "250", "452"]),
        (b"EHLO mx\r\nNOOP\r\nRSET\r\nVRFY x\r\n\r\n", ["500", "250", "250", "252", "500"]),
        (ENVELOPE + b".\r\n", ["250", "250", "354", "250"]),
        (b"x" * 5_000, ["500"]),
        (b"\xff\xfe\r\n", ["500"]),
    ],
)
async def test_what_does_not_fit_is_refused_and_the_line_goes_on(words: bytes, codes: list[str]) -> None:
    async with letterbox() as line:
        assert await line.say(words, len(codes)) == codes
        if codes != ["500"] or len(words) < 10:
            assert await line.say(b"NOOP\r\n", 1) == ["250"]


async def test_what_is_larger_than_said_is_refused_and_not_kept() -> None:
    async with letterbox() as line:
        assert await line.say(ENVELOPE, 3) == ["250", "250", "354"]
        assert await line.say((b"y" * 1_000 + b"\r\n") * 3_000 + b".\r\n", 1) == ["552"]
        assert await line.say(ENVELOPE + b"small\r\n.\r\n", 4) == ["250", "250", "354", "250"]
        assert line.taken == [b"small\r\n"]


async def test_a_hundred_thousand_recipients_are_told_to_come_one_by_one() -> None:
    async with letterbox() as line:
        many = f"RCPT TO:<{CENTRE}>\r\n".encode() * 100_000
        codes = await line.say(b"MAIL FROM:<a@far.test>\r\n" + many + b"DATA\r\nx\r\n.\r\n", 100_003)
        assert codes[:2] == ["250", "250"]
        assert set(codes[2:-2]) == {"452"}
        assert codes[-2:] == ["354", "250"]
        assert line.taken == [b"x\r\n"]


async def test_a_line_of_a_million_characters_is_a_line() -> None:
    async with letterbox(megabytes=2) as line:
        long = b"z" * 1_000_000
        assert await line.say(ENVELOPE + long + b"\r\n.\r\n", 4) == ["250", "250", "354", "250"]
        assert line.taken == [long + b"\r\n"]


async def test_what_is_not_committed_comes_again_and_who_is_nobody_is_refused() -> None:
    async def busy(_: bytes) -> bool:
        raise BusyError

    async def nobody(_: bytes) -> bool:
        return False

    for take, code in ((busy, "451"), (nobody, "550")):
        async with letterbox(take) as line:
            assert await line.say(ENVELOPE + b"x\r\n.\r\n", 4) == ["250", "250", "354", code]


async def test_a_line_end_of_another_kind_does_not_end_a_mail() -> None:
    async with letterbox() as line:
        smuggled = b"one\n.\nMAIL FROM:<x@y.test>\r.\r\n\n.\r\n"
        assert await line.say(ENVELOPE + smuggled + b".\r\n", 4) == ["250", "250", "354", "250"]
        assert len(line.taken) == 1


class Server:
    """A server that takes mail: what it says to each command, and what it heard in one go."""

    def __init__(self, pipelines: bool, **answers: str) -> None:
        self.heard: list[bytes] = []
        self.connections = self.open = 0
        self.left = asyncio.Event()
        self.left.set()
        self._answers = {"EHLO": "250-x\r\n250 PIPELINING" if pipelines else "250 x", "DATA": "354 go", **answers}

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.left.clear()
        writer.write(b"220 x\r\n")
        with contextlib.suppress(ConnectionError):
            await self._hear(reader, writer)
        writer.close()
        self.open -= 1
        if not self.open:
            self.left.set()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while got := await reader.read(1 << 16):
            self.heard.append(got)
            if got.endswith(b"\r\n.\r\n"):
                writer.write(self._answers.get("END", "250 queued").encode() + b"\r\n")
                continue
            for line in got.splitlines():
                command = line.split(b" ")[0].split(b":")[0].decode().upper()
                writer.write(self._answers.get(command, "250 ok").encode() + b"\r\n")


@asynccontextmanager
async def taking(server: Server) -> AsyncIterator[Postman]:
    port = free_port()
    listening = await asyncio.start_server(server, "127.0.0.1", port)
    postman = Postman(SmtpSettings("127.0.0.1", port, "none"), "")
    try:
        yield postman
    finally:
        await postman.close()
        listening.close()
        await asyncio.wait_for(server.left.wait(), 5)


@pytest.mark.parametrize(("pipelines", "turns"), [(True, 2), (False, 4)])
async def test_a_mail_takes_two_turns_where_the_server_can(pipelines: bool, turns: int) -> None:
    async with taking(server := Server(pipelines)) as postman:
        await postman.send(CENTRE, "wang@home.test", b"a\r\n.b\r\n")
        before = len(server.heard)
        await postman.send(CENTRE, "wang@home.test", b"a\r\n.b\r\n")
        assert len(server.heard) - before == turns
        assert server.connections == 1
        assert server.heard[-1] == b"a\r\n..b\r\n\r\n.\r\n"


@pytest.mark.parametrize("pipelines", [True, False])
@pytest.mark.parametrize(
    ("answers", "meaning"),
    [
        ({"RCPT": "550 5.1.1 nobody"}, MailRefusal.GONE),
        ({"RCPT": "450 4.2.0 greylisted"}, MailRefusal.LATER),
        ({"RCPT": "421 bye"}, MailRefusal.UNREACHABLE),
        ({"MAIL": "530 sign in", "RCPT": "503 no", "DATA": "503 no"}, MailRefusal.ACCOUNT),
        ({"MAIL": "550 not you", "RCPT": "503 no", "DATA": "503 no"}, MailRefusal.REFUSED),
        ({"DATA": "554 no"}, MailRefusal.REFUSED),
        ({"END": "554 spam"}, MailRefusal.REFUSED),
        ({"END": "<html>"}, MailRefusal.UNREACHABLE),
        ({"MAIL": "250-" + "x" * 9_000}, MailRefusal.UNREACHABLE),
    ],
)
async def test_what_each_refusal_is(pipelines: bool, answers: dict[str, str], meaning: MailRefusal) -> None:
    async with taking(Server(pipelines, **answers)) as postman:
        with pytest.raises(SendError) as refused:
            await postman.send(CENTRE, "wang@home.test", b"a\r\n")
        assert refused.value.meaning is meaning


async def test_after_a_refusal_the_next_mail_has_a_line_of_its_own() -> None:
    async with taking(server := Server(True, RCPT="550 nobody")) as postman:
        for _ in range(2):
            with pytest.raises(SendError):
                await postman.send(CENTRE, "wang@home.test", b"a\r\n")
        assert server.connections == 2


@pytest.mark.parametrize("to", ["a@b.test>\r\nRCPT TO:<c@d.test", "王@home.test", "a b@c.test"])
async def test_no_address_is_a_command(to: str) -> None:
    async with taking(server := Server(True)) as postman:
        with pytest.raises(SendError) as refused:
            await postman.send(CENTRE, to, b"a\r\n")
        assert refused.value.meaning is MailRefusal.GONE
        assert not any(b"RCPT" in each for each in server.heard)
