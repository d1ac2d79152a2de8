"""The service as a process of its own, and a page that speaks to it as the real one does."""

import asyncio
import contextlib
import itertools
import json
import multiprocessing
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from daoxue.config import Config
from integrations.wechat.settings import WechatSettings
from tests import crashing
from tests.conftest import free_port
from tests.crashing import Streams

ROOT = Path(__file__).parent.parent
_ids = itertools.count(1)


# Each process is a fork of one that has imported everything and done nothing: hundreds of them start here.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["pytest", "tests.crashing"])


class Command:
    """`daoxue` with these words as a process of its own, as `crashing.command` says; used as a `Popen` is. Without `streams`
    what it says goes to `said` in its folder, and to `log`."""

    def __init__(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str], streams: Streams | None = None
    ) -> None:
        streams = streams or Streams(Path(os.devnull), folder / "said", folder / "log")
        self._process = _PROCESSES.Process(
            target=crashing.command, args=(words, folder, dict(environment), streams), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError
        return self._process.exitcode

    def send_signal(self, which: int) -> None:
        if self._process.exitcode is None:
            os.kill(self.pid, which)

    def kill(self) -> None:
        self._process.kill()


def ran(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], keyed: str = ""
) -> "subprocess.CompletedProcess[str]":
    """A command to its end, with `keyed` typed in: in a tenth of a second, where an interpreter that begins anew takes
    several."""
    with tempfile.TemporaryDirectory() as apart:
        streams = Streams(*(Path(apart) / name for name in Streams._fields))
        streams.keyed.write_text(keyed, "utf-8")
        status = Command(words, folder, environment, streams).wait(120)
        said, log = (each.read_text("utf-8") for each in (streams.said, streams.log))
    return subprocess.CompletedProcess(words, status, said, log)


class Service:
    """Starts, dies, starts again on the same database and port. `live` is what the process does."""

    live = staticmethod(crashing.live)

    def __init__(self, config: Config) -> None:
        wechat = config.channels.of(WechatSettings)
        self.config = replace(
            config, server=replace(config.server, port=free_port()), desk=replace(config.desk, always_open=True),
            channels=config.channels.having(replace(wechat, open_base=wechat.api_base) if wechat.enabled else wechat),
        )  # fmt: skip
        self.process: multiprocessing.context.ForkServerProcess | None = None
        self.ahead = 0.0  # seconds that the clock of the next one is ahead

    @property
    def port(self) -> int:
        return self.config.server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/channels/webchat"

    @property
    def is_dead(self) -> bool:
        return self.process is not None and not self.process.is_alive()

    def start(self, step: str = "never", nth: int = 1) -> None:
        given = (self.config, step, nth, self.ahead, dict(os.environ))
        self.process = _PROCESSES.Process(target=self.live, args=given, daemon=True)
        self.process.start()
        for _ in range(1200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/readyz", timeout=1).read()
                return
            if not self.process.is_alive():
                assert step != "never", "the service ended while starting"
                return  # it reached its step before it could be asked
            time.sleep(0.05)
        raise AssertionError("the service did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.wait_for_death()

    def wait_for_death(self) -> int:
        assert self.process is not None
        self.process.join(60)  # a mail that comes while its server begins to wait is looked for after 25 s
        assert self.process.exitcode is not None, "the service has not died"
        return self.process.exitcode

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.wait_for_death()


@contextlib.contextmanager
def running(config: Config, step: str = "never", nth: int = 1) -> Iterator[Service]:
    service = Service(config)
    try:
        service.start(step, nth)
        yield service
    finally:
        if service.process is not None:
            service.kill()


class Page:
    """Keeps what it says until it is acknowledged and says it again after a reconnect; checks that what it hears is
    numbered without gaps and comes once."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.visitor: str | None = None
        self.heard: list[dict[str, Any]] = []
        self.acknowledged: dict[str, int] = {}
        self.connection: ClientConnection | None = None

    @property
    def seen(self) -> int:
        return self.heard[-1]["seq"] if self.heard else 0

    async def open(self) -> None:
        self.connection = await connect(self.service.socket_url)
        await self.send({"type": "hello", "visitor": self.visitor, "since": self.seen or None, "lang": "zh"})
        welcome = await self.receive()
        assert welcome["type"] == "welcome", welcome
        self.visitor = welcome["visitor"]

    async def close(self) -> None:
        if self.connection is not None:
            await self.connection.close()

    async def send(self, frame: dict[str, Any]) -> None:
        assert self.connection is not None
        await self.connection.send(json.dumps(frame, ensure_ascii=False))

    async def receive(self) -> dict[str, Any]:
        assert self.connection is not None
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(self.connection.recv(), 10))
        if frame["type"] == "ack":
            assert self.acknowledged.setdefault(frame["id"], frame["seq"]) == frame["seq"]
        elif frame["type"] == "message":
            assert frame["seq"] == self.seen + 1, f"{frame['seq']} after {self.seen}"
            self.heard.append(frame)
        return frame

    async def say(self, text: str, id: str | None = None) -> str:
        """Says it until it is acknowledged and answered; starts the service again where it died."""
        id = id or f"p{next(_ids)}"
        while True:
            try:
                if self.connection is None:
                    await self.open()
                await self.send({"type": "message", "id": id, "text": text})
                while id not in self.acknowledged or not self.answers_to(id):
                    await self.receive()
                return "\n".join(frame["text"] for frame in self.answers_to(id))
            except (ConnectionClosed, ConnectionError):
                self.connection = None
                self.service.wait_for_death()
                self.service.start()

    def answers_to(self, id: str) -> list[dict[str, Any]]:
        return [frame for frame in self.heard if frame["re"] == id and frame["author"] == "bot"]
