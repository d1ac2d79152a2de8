"""A mailbox of a real Dovecot: news by IDLE, reconnects, and nothing is seen that is not committed."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import imapclient
import pytest

from bot.admission import BusyError
from daoxue.app import compose
from daoxue.config import Config
from integrations.mail import mailbox
from integrations.mail.mailbox import Mailbox
from integrations.mail.post import MAIL
from integrations.mail.settings import ImapSettings, Tls
from players.post_office import PostOffice
from tests.conftest import free_port
from tests.dovecot import PASSWORD, USER, Dovecot, dovecot
from tests.mailing import letter, on_mail, read


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


class Reader:
    """The worker's rounds, and what came of them."""

    def __init__(
        self, server: Dovecot, largest: int = 1 << 20, password: str = PASSWORD, done: str = "", tls: Tls = "none"
    ) -> None:
        port = server.secure if tls == "tls" else server.port
        settings = ImapSettings("127.0.0.1", port, tls, USER, done=done)
        self.ahead = 0.0  # seconds
        self.got: list[tuple[bytes, bool]] = []
        self.come = asyncio.Event()
        self.outcome: Callable[[bytes], bool] = lambda raw: True
        self.box = Mailbox(settings, password, largest, self.take, lambda: time.time() + self.ahead)
        self.task: asyncio.Task[None] | None = None

    async def take(self, raw: bytes, cut: bool) -> bool:
        taken = self.outcome(raw)
        self.got.append((raw, cut))
        self.come.set()
        return taken

    async def __aenter__(self) -> "Reader":
        self.task = asyncio.create_task(self._rounds())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.box.close()

    async def _rounds(self) -> None:
        while True:
            await self.box.work()
            self.ahead += 1
            await asyncio.sleep(0.01)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not true():
                self.come.clear()
                await self.come.wait()


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 - the mailbox tells nobody
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
async def test_news_come_by_idle_and_are_seen_when_they_are_taken(
    server: Dovecot, monkeypatch: pytest.MonkeyPatch, tls: Tls
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "cert.pem"))
    waiting, asked = asyncio.Event(), mailbox.told_already
    loop = asyncio.get_running_loop()

    def told(client: mailbox.ImapClient) -> bool:
        answer = asked(client)
        loop.call_soon_threadsafe(waiting.set)
        return answer

    monkeypatch.setattr(mailbox, "told_already", told)
    monkeypatch.setattr(mailbox, "WAITING", 300.0)
    server.bring(first := letter("一"))
    async with Reader(server, tls=tls) as reader:
        await waiting.wait()
        assert [read(raw)["Message-ID"] for raw, _ in reader.got] == [read(first)["Message-ID"]]
        await asyncio.to_thread(server.bring, letter("二"))
        await reader.until(lambda: len(reader.got) == 2)
        await eventually(lambda: server.flags() == [r"\Seen", r"\Seen"])


async def test_what_comes_while_another_is_taken_in_waits_for_nothing(server: Dovecot) -> None:
    """The server tells of it meanwhile, and says nothing when it is asked for news afterwards."""
    reader = Reader(server)

    def taken(raw: bytes) -> bool:
        if not reader.got:
            server.bring(letter("二"))
        return True

    reader.outcome = taken
    server.bring(letter("一"))
    async with reader:
        await reader.until(lambda: len(reader.got) == 2)


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
async def test_what_comes_between_the_search_and_the_wait_is_waited_for_by_nobody(
    server: Dovecot, monkeypatch: pytest.MonkeyPatch, tls: Tls
) -> None:
    """The server tells of it in one go with its answer to IDLE: no socket shows it any more."""
    monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "cert.pem"))
    monkeypatch.setattr(mailbox, "WAITING", 300.0)
    search, brought = imapclient.IMAPClient.search, [letter("二"), letter("一")]

    def searched(client: imapclient.IMAPClient, criteria: object) -> object:
        found = search(client, criteria)
        if not found and brought:
            server.bring(brought.pop())
        return found

    monkeypatch.setattr(imapclient.IMAPClient, "search", searched)
    async with Reader(server, tls=tls) as reader:
        await reader.until(lambda: len(reader.got) == 2)


async def test_a_server_that_tells_of_a_mail_before_it_answers_idle_is_heard(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Any server may, at any time."""
    searches = iter([b"", b" 1", b""])
    fetched: dict[bytes, bytes] = {
        b"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n", b"IDLE": b"* 1 EXISTS\r\n+ idling\r\n",
        b"(RFC822.SIZE)": b"* 1 FETCH (UID 1 RFC822.SIZE 2)\r\n", b"(BODY.PEEK[])": b"* 1 FETCH (UID 1 BODY[] {2}\r\nhi)\r\n",
    }  # fmt: skip

    async def serve(lines: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        out.write(b"* OK ready\r\n")
        idle = b""
        while line := (await lines.readline()).split():
            tag = idle if line == [b"DONE"] else line[0]
            idle = tag if line[1:] == [b"IDLE"] else b""
            out.write(b"* SEARCH%b\r\n" % next(searches) if b"SEARCH" in line else fetched.get(line[-1], b""))
            out.write(b"" if idle else tag + b" OK done\r\n")
        out.close()

    monkeypatch.setattr(mailbox, "WAITING", 300.0)
    port = free_port()
    async with await asyncio.start_server(serve, "127.0.0.1", port), Reader(Dovecot(Path(), port, port)) as reader:
        await reader.until(lambda: reader.got == [(b"hi", False)])
    assert caplog.messages == [], "nothing failed"


async def test_what_is_not_taken_stays_unseen_and_comes_again(server: Dovecot) -> None:
    failures = [BusyError(), RuntimeError("disk"), BusyError()]

    def outcome(raw: bytes) -> bool:
        if failures:
            assert server.flags() == [""]
            raise failures.pop()
        return True

    server.bring(letter("一"))
    reader = Reader(server)
    reader.outcome = outcome
    async with reader:
        await reader.until(lambda: len(reader.got) == 1)
        await eventually(lambda: server.flags() == [r"\Seen"])


async def test_what_nobody_can_read_is_put_aside_and_holds_up_nothing(
    server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "ATTEMPTS", 3)
    monkeypatch.setattr(mailbox, "WAITING", 0.01)

    def outcome(raw: bytes) -> bool:
        if b"poison" in raw:
            raise RuntimeError
        return b"undisclosed" not in raw

    for raw in (letter("poison"), letter("x", From="undisclosed"), letter("gut")):
        server.bring(raw)
    reader = Reader(server)
    reader.outcome = outcome
    async with reader:
        await eventually(lambda: server.flags() == [r"\Flagged", r"\Flagged", r"\Seen"])
        assert reader.box.aside == 2


async def test_of_what_is_too_large_the_beginning_is_read(server: Dovecot) -> None:
    server.bring(letter("一" * 400_000))
    async with Reader(server, largest=1_000_000) as reader:
        await reader.until(lambda: len(reader.got) == 1)
    [(raw, cut)] = reader.got
    assert (len(raw), cut) == (262_144, True)


async def test_a_server_that_comes_back_is_read_again_and_told_of_once(
    server: Dovecot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "LONGEST_REST", 20.0)
    async with Reader(server) as reader:
        await eventually(lambda: reader.box.alarm is None and reader.box._client is not None)
        await asyncio.to_thread(server.stop)
        await eventually(lambda: reader.box.alarm is not None)
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(server.bring, letter("二"))
        await reader.until(lambda: len(reader.got) == 1)
        await eventually(lambda: reader.box.alarm is None)
    assert [each.message for each in caplog.records].count("the mailbox is not read") == 1


async def test_a_wrong_password_is_told_and_rested_upon(server: Dovecot, caplog: pytest.LogCaptureFixture) -> None:
    reader = Reader(server, password="wrong")
    await reader.box.work()
    assert reader.box.alarm == "IMAP: LoginError"
    await reader.box.work()
    assert [each.message for each in caplog.records] == ["the mailbox is not read"], "not tried again at once"


async def test_what_was_taken_may_go_into_a_folder(server: Dovecot) -> None:
    server.bring(letter("一"))
    async with Reader(server, done="Done") as reader:
        await reader.until(lambda: len(reader.got) == 1)
        await eventually(lambda: server.flags() == [])
    client = server.client()
    assert client.select("Done")[1] == [b"1"]
    client.logout()


async def test_from_the_mailbox_to_the_answer(server: Dovecot, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    office = PostOffice()
    port = await office.open()
    box = ImapSettings("127.0.0.1", server.port, "none", USER)
    app = await compose(on_mail(config, "", port, imap=box))
    opened = app.channels[MAIL.name]
    server.bring(letter("积分会过期吗？"))
    reading = asyncio.ensure_future(opened.work[0].work())
    async with asyncio.timeout(20):
        while not office.boxes["wang@home.test"]:
            await app.queue.work()
            await asyncio.sleep(0.01)
    await eventually(lambda: server.flags() == [r"\Seen"])
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert (await opened.health(0)).alarm is None
    await opened.close()
    await office.close()
    app.database.close()


async def test_a_certificate_that_nobody_vouches_for_is_refused(server: Dovecot) -> None:
    reader = Reader(server, tls="tls")
    await reader.box.work()
    reader.ahead = 600
    await reader.box.work()
    assert reader.box.alarm == "IMAP: SSLCertVerificationError"
    assert reader.got == []
