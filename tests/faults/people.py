"""Residents and seats of the real thing: over sockets, WeChat's webhook and the desk's API, through the balancer."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from players.wechat.platform import WechatPlatform
from players.wechat.residents import Resident
from tests.simulation.page import Said, Stage, Wire
from tests.simulation.people import SAYS, Seat, Words

OFTEN = (0.05, 0.6)  # seconds between what a seat does


class Socket:
    """A page's connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.is_cut = False
        self._connection = connection
        self._saying: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task = asyncio.create_task(self._say_all())

    def say(self, frame: dict[str, Any]) -> None:
        self._saying.put_nowait(frame)

    async def hear(self) -> dict[str, Any] | None:
        """As the page does, it takes a connection that is silent for long as cut."""
        try:
            heard: dict[str, Any] = json.loads(await asyncio.wait_for(self._connection.recv(), 20))
        except (OSError, WebSocketException, TimeoutError):
            await self.close()
            return None
        return heard

    async def close(self) -> None:
        self.is_cut = True
        self._task.cancel()
        await self._connection.close()

    async def _say_all(self) -> None:
        try:
            while True:
                await self._connection.send(json.dumps(await self._saying.get()))
        except (OSError, WebSocketException):
            self.is_cut = True


@dataclass
class Sockets:
    """Connections to an address; `cut` ends those that are open."""

    url: str

    async def open(self) -> Wire | None:
        try:
            return Socket(await connect(self.url, open_timeout=5, ping_interval=None))
        except (OSError, WebSocketException, TimeoutError):
            return None


class Follower:
    """Writes to the official account; what WeChat tells them was not delivered, they write again. Who writes `hesitates`
    so many seconds before each text, on average."""

    def __init__(self, world: Stage, platform: WechatPlatform, number: int, texts: int, hesitates: float) -> None:
        self.world = world
        self.name = f"follower{number}"
        self.who: Resident = platform.resident(f"o{number:027d}")
        self.who.follows = True
        self.said: list[Said] = []
        self.is_done = False
        self.failed = 0
        self._platform = platform
        self._number = number
        self._texts = texts
        self._longest = 2 * hesitates

    async def live(self) -> None:
        tries = 0
        while len(self.said) < self._texts:
            await asyncio.sleep(self.world.chance.uniform(0.0, self._longest))
            tries += 1
            said = Said(str(8_000_000_000_000_000_000 + self._number * 10_000 + tries), self.world.chance.choice(SAYS))
            self.world.note(self.name, f"writes {said.id}: {said.text}")
            seen = await self._platform.say(self.who, said.text, id=said.id)
            if any(each.way == "broken" for each in seen):
                self.failed += 1
                self.world.note(self.name, f"is told that {said.id} was not delivered")
                continue
            said.seq = 0  # WeChat tells no numbers
            self.said.append(said)
            self.world.note(self.name, f"hears that {said.id} is taken")
        self.is_done = True


@dataclass(kw_only=True)
class ApiSeat(Seat):
    """Takes what waits, answers, and closes, gives back or passes on; over the API, again with the same id until it is
    answered."""

    world: Stage
    client: httpx.AsyncClient
    mine: list[str] = field(default_factory=list)

    async def live(self) -> None:
        while True:
            await asyncio.sleep(self.world.chance.uniform(*OFTEN))
            await self._take()
            if self.mine:
                await self._work(self.world.chance.choice(self.mine))

    async def _take(self) -> None:
        status, found = await self._ask("GET", "/tickets?state=waiting&most=20")
        waiting = [each["ref"] for each in found.get("tickets", ())] if status == 200 else []
        if not waiting or (len(self.mine) > 3 and not self.is_finishing):
            return
        ref = self.world.chance.choice(waiting[:3])
        status, _ = await self._ask("POST", f"/tickets/{ref}/take", {})
        if status == 200:
            self.took.append(ref)
            self.mine.append(ref)
            self.world.note(self.name, f"has taken {ref}")

    async def _work(self, ref: str) -> None:
        if self.world.chance.random() < 0.6 and not self.is_finishing:
            return await self._answer(ref)
        way, body = self.world.chance.choice(
            (("close", {"result": "answered"}), ("close", {"result": "answered"}), ("hand-back", {}), ("transfer", {"skill": "general"}))
        )  # fmt: skip
        if self.is_finishing:
            way, body = "close", {"result": "answered"}
        status, _ = await self._ask("POST", f"/tickets/{ref}/{way}", body)
        self.world.note(self.name, f"{way} {ref}: {status}")
        self.mine.remove(ref)

    async def _answer(self, ref: str) -> None:
        number = len(self.said) + 1
        words = Words(f"{self.name}-{number}", f"{self.name}的第{number}句")
        self.said.append(words)
        status, _ = await self._ask("POST", f"/tickets/{ref}/messages", {"id": words.id, "text": words.text})
        words.is_accepted = status == 200
        self.world.note(self.name, f"says {words.id} in {ref}: {status}")
        if status != 200:
            self.mine.remove(ref)

    async def _ask(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Until somebody answers; what it was."""
        while True:
            try:
                answer = await self.client.request(method, f"/api{path}", json=body)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code < 429:
                return answer.status_code, answer.json()
            await asyncio.sleep(self.world.chance.uniform(0.1, 1.0))
