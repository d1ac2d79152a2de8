"""Residents on the web chat, seats at the desk and followers of an official account, as the service meets them."""

import asyncio
import itertools
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.turn import QUESTIONS
from benchmarks.wire import Wire, ask, connected, request
from players.wechat.platform import WechatPlatform
from players.wechat.residents import Posted

ASKS = 10.0  # seconds from one question of a resident's to the next
WITHIN = 30.0  # seconds after which nobody waits any more
FOLLOWS = 10.0  # seconds in which all followers write
LISTENS = 5.0  # seconds that WeChat waits for a response
_numbers = itertools.count()


@dataclass
class Heard:
    """What people waited for, in ms, each with when (`time.monotonic`); and how often they waited in vain."""

    answers: list[tuple[float, float]] = field(default_factory=list)
    desk: list[tuple[float, float]] = field(default_factory=list)
    calls: list[tuple[float, float]] = field(default_factory=list)
    in_vain: int = 0

    def between(self, first: float, last: float) -> list[float]:
        return [took for at, took in self.answers if first <= at < last]


class Resident:
    """A page that is open, and asks something every ten seconds."""

    def __init__(self, url: str, number: int, heard: Heard) -> None:
        self._url = url
        self._visitor = f"{number:032d}"
        self._chance = random.Random(number)
        self._heard = heard

    async def live(self, opened: asyncio.Semaphore) -> None:
        async with opened:
            socket = await connect(self._url, compression=None, ping_interval=None, proxy=None, open_timeout=WITHIN)
            await socket.send(json.dumps({"type": "hello", "visitor": self._visitor, "since": None, "lang": "zh"}))
            await socket.recv()
        async with socket:
            await asyncio.sleep(self._chance.uniform(0.0, ASKS))
            while True:
                began = time.monotonic()
                await self._ask(socket, began)
                await asyncio.sleep(max(0.0, began + ASKS - time.monotonic()))

    async def _ask(self, socket: ClientConnection, began: float) -> None:
        id, text = f"m{next(_numbers)}", self._chance.choice(QUESTIONS)
        said = json.dumps({"type": "message", "id": id, "text": text}, ensure_ascii=False)
        await socket.send(said)
        try:
            async with asyncio.timeout(WITHIN):
                while not _answers(frame := json.loads(await socket.recv()), id):
                    if frame["type"] == "error":  # it is to come again
                        await asyncio.sleep(self._chance.uniform(1.0, 5.0))
                        await socket.send(said)
        except TimeoutError:
            self._heard.in_vain += 1
            return
        self._heard.answers.append((time.monotonic(), (time.monotonic() - began) * 1000))


def _answers(frame: dict[str, object], id: str) -> bool:
    """The answer, or, where a seat has the talk, that it is taken."""
    if frame["type"] == "ack":
        return frame["id"] == id and frame["speaker"] == "seat"
    return frame["type"] == "message" and frame["re"] == id


class Seat:
    """A page of the desk that is open, and takes, answers and closes what waits."""

    def __init__(self, client: httpx.AsyncClient, token: str, number: int, heard: Heard) -> None:
        self._client = client
        self._headers = {"authorization": f"Bearer {token}"}
        self._chance = random.Random(number)
        self._heard = heard

    async def live(self) -> None:
        url = f"ws{str(self._client.base_url).removeprefix('http').rstrip('/')}/api/live"
        opened = connect(url, additional_headers=self._headers, compression=None, ping_interval=None, proxy=None)
        async with opened as socket, asyncio.TaskGroup() as tasks:
            tasks.create_task(_hear(socket))
            while True:
                await asyncio.sleep(self._chance.uniform(5.0, 25.0))
                await self._work()

    async def _work(self) -> None:
        began = time.monotonic()
        waiting = (await self._ask("GET", "?state=waiting&most=20")).json()["tickets"]
        self._heard.desk.append((time.monotonic(), (time.monotonic() - began) * 1000))
        if not waiting:
            return
        ref = self._chance.choice(waiting)["ref"]
        if (await self._ask("POST", f"/{ref}/take", {})).status_code == 200:
            said = {"id": f"s{next(_numbers)}", "text": "您好，已经为您查过了。"}
            await self._ask("POST", f"/{ref}/messages", said)
            await self._ask("POST", f"/{ref}/close", {"result": "answered"})

    async def _ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self._client.request(method, f"/api/tickets{path}", json=body, headers=self._headers)


async def _hear(socket: ClientConnection) -> None:
    try:
        async for _ in socket:
            pass
    except WebSocketException:
        return


@dataclass
class Followed:
    """What became of what followers wrote: answered in the response, taken and answered later, or neither."""

    answered: int = 0
    later: int = 0
    failed: int = 0
    took: list[float] = field(default_factory=list)  # ms


class Platforms:
    """WeChat's servers: they bring messages over as many connections as they need, and cut one where no response comes in
    time."""

    def __init__(self, port: int) -> None:
        self.found = Followed()
        self._port = port
        self._idle: list[Wire] = []

    async def bring(self, letters: Sequence[Posted]) -> None:
        """All of them in ten seconds, whatever becomes of those before."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number, letter in enumerate(letters):
                if (early := began + FOLLOWS * number / len(letters) - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                tasks.create_task(self._hand_over(letter))
        for _, writer in self._idle:
            writer.close()

    async def _hand_over(self, letter: Posted) -> None:
        began, parts = time.monotonic(), urlsplit(letter.url)
        try:
            async with asyncio.timeout(LISTENS):
                wire = self._idle.pop() if self._idle else await connected(self._port)
                status, answer = await ask(wire, request(f"{parts.path}?{parts.query}", letter.body))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self.found.failed += 1
            return
        self._idle.append(wire)
        self.found.took.append((time.monotonic() - began) * 1000)
        if status != 200:
            self.found.failed += 1
        elif answer == b"success":
            self.found.later += 1
        else:
            self.found.answered += 1


def letters(platform: WechatPlatform, count: int) -> list[Posted]:
    """Of half as many followers: each writes twice."""
    found = []
    for number in range(count):
        who = platform.resident(f"o{number % max(1, count // 2):027d}")
        who.follows = True
        text = QUESTIONS[number * 7 % len(QUESTIONS)]
        body = f"<MsgType>text</MsgType><Content><![CDATA[{text}]]></Content><MsgId>{1_000_000 + number}</MsgId>"
        found.append(platform.letter(who, body))
    return found
