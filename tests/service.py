"""The service as a process of its own, and a page that speaks to it as the real one does."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.json import encode
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from daoxue.config import Config
from integrations.mail.settings import MailSettings
from integrations.telegram.settings import TelegramSettings
from integrations.wechat.settings import WechatSettings
from tests.conftest import free_port

ROOT = Path(__file__).parent.parent
_ids = itertools.count(1)


class Service:
    """Starts, dies, starts again on the same database and port."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.ahead = 0.0  # seconds that the clock of the next one is ahead

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/channels/webchat"

    def start(self, step: str = "never", nth: int = 1) -> None:
        arguments = [str(self.port), self.config.database.url, self.config.nlu.folder, step, str(nth)]
        arguments.append(str(self.config.desk.recall_seconds))
        wechat = self.config.channels.of(WechatSettings)
        if wechat.enabled:
            arguments.append(wechat.api_base)
        mail, telegram = self.config.channels.of(MailSettings), self.config.channels.of(TelegramSettings)
        told = {"SERVER": encode(self.config.server).decode(), "MAIL": encode(mail).decode()}
        told |= {"TELEGRAM": encode(telegram).decode(), "AHEAD": str(self.ahead)}
        environment = {**os.environ, **told}
        self.process = subprocess.Popen([sys.executable, "-m", "tests.crashing", *arguments], cwd=ROOT, env=environment)
        for _ in range(1200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/readyz", timeout=1).read()
                return
            assert self.process.poll() is None, "the service ended while starting"
            time.sleep(0.05)
        raise AssertionError("the service did not start")

    def wait_for_death(self) -> int:
        assert self.process is not None
        return self.process.wait(20)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextlib.contextmanager
def running(config: Config, step: str = "never", nth: int = 1) -> Iterator[Service]:
    service = Service(config)
    try:
        service.start(step, nth)
        yield service
    finally:
        if service.process is not None and service.process.poll() is None:
            service.process.kill()
            service.process.wait()


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
