"""`python -m benchmarks.backup [sqlite:///… | postgresql://…] [megabytes]`: a backup of a database of a gigabyte (limit a
minute, read back and all) beside a service that answers; how long its answers take meanwhile, as a ratio to before and
after. Twenty questions a second are asked, each new in its words. Then the backup is restored."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection

from benchmarks.turn import QUESTIONS, message, start, wait_for
from benchmarks.wire import connected, post
from daoxue.config import AccountsSettings, Config, DatabaseSettings
from daoxue.preparing import prepare
from store import whole
from tests.conftest import free_port

MESSAGES = 40  # of a conversation
A_SECOND = 20
QUIET = 20.0  # seconds before and after


def said(number: int) -> bytes:
    """What stands in the database of something that was said: a question, or an answer three times as long."""
    words = QUESTIONS[number % len(QUESTIONS)] + (QUESTIONS[number * 7 % len(QUESTIONS)] * 4 if number % 2 else "")
    return json.dumps(
        {"reply": {"text": f"{words}（{number}）", "options": [], "source": "学院办公室"}}, ensure_ascii=False
    ).encode()


def fill(connection: Connection, megabytes: int) -> int:
    """So many messages, in talks that nobody has gone on with."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    talk = f"INSERT INTO conversation (id, channel, address, version, seq, state, updated_at) VALUES ({', '.join([mark] * 7)})"
    whose = f"INSERT INTO correspondent (channel, address, conversation) VALUES ({', '.join([mark] * 3)})"
    line = f"INSERT INTO message (conversation, seq, author, body, at) VALUES ({', '.join([mark] * 5)})"
    size, id, now = 0, 0, int(time.time() * 1000)
    while size < megabytes << 20:
        ids = range(id + 1, id + 251)
        rows = [
            (n, seq, ("resident", "bot")[seq % 2], said(n * MESSAGES + seq), now)
            for n in ids
            for seq in range(1, MESSAGES + 1)
        ]
        connection.exec_driver_sql(
            talk, [(n + 1_000_000, "webchat", f"bench-{n}", 1, MESSAGES, os.urandom(600), now) for n in ids]
        )
        connection.exec_driver_sql(whose, [("webchat", f"bench-{n}", n + 1_000_000) for n in ids])
        connection.exec_driver_sql(line, [(n + 1_000_000, *rest) for n, *rest in rows])
        size, id = size + sum(len(row[3]) + 40 for row in rows) + 250 * 700, ids[-1]
    return id * MESSAGES


async def asked(port: int, until: "asyncio.Future[int]") -> list[float]:
    """Seconds that each answer took, until something else is done."""
    wire = await connected(port)
    times: list[float] = []
    began = time.perf_counter()
    while not until.done():
        await asyncio.sleep(max(0.0, began + len(times) / A_SECOND - time.perf_counter()))
        body, sent = message(True), time.perf_counter()
        await post(wire, "/channels/webchat", body)
        times.append(time.perf_counter() - sent)
    wire[1].close()
    return times


async def quiet() -> int:
    await asyncio.sleep(QUIET)
    return 0


async def command(*words: str) -> int:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "daoxue", *words)
    return await process.wait()


def figures(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile, in ms."""
    return statistics.median(times) * 1000, statistics.quantiles(times, n=20)[-1] * 1000


async def beside(folder: Path, url: str, file: str, key: str) -> None:
    port = free_port()
    service = start(
        "-m", "daoxue", "serve", DAOXUE_SERVER__PORT=str(port), DAOXUE_NLU__FOLDER=str(folder), DAOXUE_DATABASE__URL=url,
        DAOXUE_LOG__LEVEL="error", DAOXUE_SERVER__UNLIMITED="[127.0.0.1]",
    )  # fmt: skip
    try:
        await wait_for(port)
        await asked(port, asyncio.ensure_future(quiet()))  # warm
        before = await asked(port, asyncio.ensure_future(quiet()))
        began = time.perf_counter()
        backup = asyncio.ensure_future(command("backup", file, "--key-file", key))
        during = await asked(port, backup)
        took = time.perf_counter() - began
        after = await asked(port, asyncio.ensure_future(quiet()))
    finally:
        service.terminate()
        service.wait()
    assert backup.result() == 0
    size = os.path.getsize(file) >> 20  # noqa: ASYNC240 - nobody waits any more
    print(f"backup, read back    {took:6.1f} s of {size} MB, limit 60")
    for name, (median, late) in zip(
        ("before", "meanwhile", "after"), map(figures, (before, during, after)), strict=True
    ):
        print(f"an answer {name:10} {median:6.1f} ms, 95th percentile {late:.1f}")
    calm, busy = figures(before + after), figures(during)
    print(f"ratio                {busy[0] / calm[0]:6.2f}, 95th percentile {busy[1] / calm[1]:.2f}")


def timed(what: str, *words: str, **environment: str) -> None:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "daoxue", *words], check=True, env=os.environ | environment)
    print(f"{what:20} {time.perf_counter() - began:6.1f} s")


def places(folder: Path) -> Iterator[str]:
    yield sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/daoxue.db"
    yield f"sqlite:///{folder}/restored.db"


def main() -> None:
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        folder = Path(name)
        url, elsewhere = places(folder)
        os.environ |= {"DAOXUE_DATABASE__URL": url, "DAOXUE_ACCOUNTS__KEY_FILE": f"{folder}/data.key"}
        prepare(Config(database=DatabaseSettings(url), accounts=AccountsSettings(key_file=f"{folder}/data.key")))
        with whole.writing(url) as connection:
            print(f"{fill(connection, int(sys.argv[2]) if len(sys.argv) > 2 else 1000)} messages")
        (folder / "key").write_bytes(os.urandom(32))
        asyncio.run(beside(folder, url, f"{folder}/a.backup", f"{folder}/key"))
        timed(
            "restored", "restore", f"{folder}/a.backup", "--key-file", f"{folder}/key", DAOXUE_DATABASE__URL=elsewhere
        )


if __name__ == "__main__":
    main()
