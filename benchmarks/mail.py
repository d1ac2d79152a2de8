"""`python -m benchmarks.mail`: what a mail costs beyond the same turn in the web chat: brought by LMTP, parsed, answered, and handed in
by SMTP; all in one run and counted as CPU time of the service's process."""

import asyncio
import itertools
import time
from base64 import encodebytes
from collections.abc import Callable
from pathlib import Path

from accounts.vault import load
from benchmarks.turn import CONNECTIONS, QUESTIONS, beside_the_page, centre, cpu_seconds, served, wait_for
from bot.messages import Reply
from bot.texts import Texts
from integrations.mail import questions, quoting, reading
from integrations.mail.letters import Letters, OwnLetter, SentMail
from integrations.mail.rendering import Answered, Writer
from integrations.mail.sorting import sort
from tests.conftest import free_port

REQUESTS, ROUNDS = 1_536, 5
CENTRE = "study@centre.test"
_numbers = itertools.count(1)


def mail() -> bytes:
    """A question as QQ Mail writes it: both forms, GB18030, what was written before beneath. 64 residents at a time, and each writes
    eight mails."""
    number = next(_numbers)
    who = f"r{number % CONNECTIONS + CONNECTIONS * (number // (CONNECTIONS * 8))}@home.test"
    text = f"{QUESTIONS[number * 7 % len(QUESTIONS)]}\n\n------------------ 原始邮件 ------------------\n发件人: 中心\n旧的"
    carried = b"Content-Transfer-Encoding: base64\r\n\r\n" + encodebytes(text.encode("gb18030")).replace(b"\n", b"\r\n")
    part = b'Content-Type: text/%s; charset="gb18030"\r\n' + carried
    head = (
        f"From: =?gb18030?B?zfU=?= <{who}>\r\nTo: {CENTRE}\r\nSubject: Re: =?gb18030?B?1tDQxA==?=\r\n"
        f"Message-ID: <{number}@home.test>\r\nDate: Fri, 27 Nov 2026 10:00:00 +0800\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="x"\r\n\r\n'
    )
    return head.encode() + b"--x\r\n" + part % b"plain" + b"--x\r\n" + part % b"html" + b"--x--\r\n"


class Sink:
    """Takes whatever is handed in, with as little as can be, and tells who waits for it."""

    def __init__(self) -> None:
        self.waiting: dict[bytes, asyncio.Event] = {}

    async def line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        to = b""
        while command := await _line_of(reader):
            if command[:4].upper() == b"RCPT":
                to = command[command.index(b"<") + 1 : command.index(b">")]
            elif command[:4].upper() == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                self.waiting[to].set()
            greeted = command[:4].upper() == b"EHLO"
            writer.write(b"250-sink\r\n250 PIPELINING\r\n" if greeted else b"250 ok\r\n")


async def _line_of(reader: asyncio.StreamReader) -> bytes:
    """Empty at the end, also where that is the benchmark's."""
    try:
        return await reader.readline()
    except asyncio.CancelledError:
        return b""


async def bring(port: int, some: list[bytes], sink: Sink) -> None:
    """One after the other, each when the one before was answered, as Postfix does: what goes in one go in one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await _said(reader)
    writer.write(b"LHLO x\r\n")
    await _said(reader)
    for raw in some:
        who = raw[raw.index(b"<") + 1 : raw.index(b">")]
        come = sink.waiting[who] = asyncio.Event()
        writer.write(f"MAIL FROM:<r@home.test>\r\nRCPT TO:<{CENTRE}>\r\nDATA\r\n".encode())
        said = [await _said(reader) for _ in range(3)]
        writer.write(raw + b".\r\n")
        said.append(await _said(reader))
        assert all(each[:1] in b"23" for each in said), said
        await asyncio.wait_for(come.wait(), 60)
    writer.close()


async def _said(reader: asyncio.StreamReader) -> bytes:
    while True:
        line = await reader.readline()
        if line[3:4] != b"-":
            return line


async def answered(port: int, pid: int, sink: Sink) -> float:
    """CPU µs a mail, until its answer has left."""
    mails = [mail() for _ in range(REQUESTS)]
    before = cpu_seconds(pid)
    await asyncio.gather(*(bring(port, mails[number::CONNECTIONS], sink) for number in range(CONNECTIONS)))
    return (cpu_seconds(pid) - before) / REQUESTS * 1e6


def alone(work: Callable[[bytes], object]) -> float:
    """µs a mail, without a network."""
    waiting = [mail() for _ in range(2_000)]
    began = time.process_time()
    for each in waiting:
        work(each)
    return (time.process_time() - began) / len(waiting) * 1e6


def _ours(folder: Path) -> Callable[[bytes], object]:
    """What is our own of it, without database and network: read, sorted, parted, and an answer written."""
    texts = Texts()
    writer, letters = Writer(texts, ""), Letters(texts, load(folder / "data.key"), CENTRE)
    reply = Reply(text="会。积分到账后满两年没用的，在当年12月31日失效。", source="《积分兑换办法》")

    def work(raw: bytes) -> object:
        found = reading.read(raw)
        asked = questions.asked(quoting.parted(found.words).words)
        words = writer.answers([Answered(each, (reply,)) for each in asked], None, "")
        draft = OwnLetter(to=found.sender, subject=found.subject, words=words, refs=(found.id,), automatic=True)
        return sort(found, ()), letters.letter(SentMail(1, 2), draft)

    return work


async def run(folder: Path) -> None:
    port, lmtp, smtp, sink = free_port(), free_port(), free_port(), Sink()
    prefix = "DAOXUE_CHANNELS__MAIL__"
    server = await asyncio.start_server(sink.line, "127.0.0.1", smtp)
    serving = served(
        folder, port,
        **{f"{prefix}ENABLED": "true", f"{prefix}ADDRESS": CENTRE, f"{prefix}LMTP": f"127.0.0.1:{lmtp}", f"{prefix}SMTP__HOST": "127.0.0.1",
           f"{prefix}SMTP__PORT": str(smtp), f"{prefix}SMTP__TLS": "none"},
    )  # fmt: skip
    async with server, serving as service:
        await wait_for(lmtp)
        await beside_the_page(port, service.pid, ROUNDS, lambda: answered(lmtp, service.pid, sink))
        print(
            f"of that our own, no network, no database {alone(_ours(folder)):.0f} µs (the rest: four round trips, the queue)"
        )


def main() -> None:
    with centre() as (folder, _):
        asyncio.run(run(folder))


if __name__ == "__main__":
    main()
