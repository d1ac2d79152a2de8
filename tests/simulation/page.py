"""The web chat's page, simulated or over a real socket."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Stage(Protocol):
    """Where a history takes place: its dice, what is told of it, and what must not be."""

    chance: random.Random

    def note(self, who: str, what: str) -> None: ...
    def wrong(self, what: str) -> None: ...


class Wire(Protocol):
    """One connection; `hear` gives None when there will be no frame any more."""

    @property
    def is_cut(self) -> bool: ...
    def say(self, frame: dict[str, Any]) -> None: ...
    async def hear(self) -> dict[str, Any] | None: ...


Connect = Callable[[], Awaitable[Wire | None]]
PAUSES = (0.0, 0.2, 1.0, 5.0, 12.0)  # seconds before a text
PAUSE = sum(PAUSES) / len(PAUSES)


@dataclass
class Said:
    """A resident's message, and the number under which it was acknowledged."""

    id: str
    text: str
    seq: int | None = None


class Page:
    """The web chat's page, as `web/chat/link.js` is: all that is not acknowledged goes out again with every connection. Who
    types there `hesitates` so many seconds before each text, on average."""

    def __init__(self, world: Stage, connect: Connect, number: int, texts: list[str], hesitates: float = PAUSE) -> None:
        self.world = world
        self._pace = hesitates / PAUSE
        self._connect = connect
        self.name = f"page{number}"
        self.visitor = f"{number:032d}"
        self.said = [Said(f"{self.name}-{n}", text) for n, text in enumerate(texts, 1)]
        self.heard: list[dict[str, Any]] = []
        self.is_closing = False
        self._begun = 0  # how many it has said
        self._link: Wire | None = None
        self._again: asyncio.TimerHandle | None = None

    @property
    def seen(self) -> int:
        return self.heard[-1]["seq"] if self.heard else 0

    def pending(self) -> list[Said]:
        return [each for each in self.said[: self._begun] if each.seq is None]

    @property
    def is_done(self) -> bool:
        return self._begun == len(self.said) and not self.pending()

    async def type(self) -> None:
        """Says one thing after another, without waiting for an answer."""
        for each in self.said:
            await asyncio.sleep(self._pace * self.world.chance.choice(PAUSES))
            self._begun += 1
            self.world.note(self.name, f"types {each.id}: {each.text}")
            if self._link is not None and self._again is None:
                self._post(each)

    async def live(self) -> None:
        while not self.is_closing:
            link = await self._connect()
            if link is not None:
                await self._talk(link)
            await asyncio.sleep(self.world.chance.uniform(0.2, 1.5))

    async def _talk(self, link: Wire) -> None:
        """Until it is cut; what comes over one connection is numbered without gaps."""
        expected, known = 0, self.seen
        link.say({"type": "hello", "visitor": self.visitor, "since": known or None, "lang": "zh"})
        while (frame := await link.hear()) is not None:
            if frame["type"] == "message":
                expected = expected or known
                if frame["seq"] != expected + 1:
                    self.world.wrong(f"{self.name} hears message {frame['seq']} after {expected}")
                expected = frame["seq"]
            self._take(frame, link)
        self._link = None

    def _take(self, frame: dict[str, Any], link: Wire) -> None:
        match frame["type"]:
            case "welcome":
                self._link = link
                self._post_all()
            case "ack":
                self._acknowledged(frame["id"], frame["seq"])
            case "message" if frame["seq"] > self.seen:
                self.heard.append(frame)
            case "error" if frame["code"] == "too_fast" and self._again is None:
                self._again = asyncio.get_running_loop().call_later(3.0, self._post_all)

    def _acknowledged(self, id: str, seq: int) -> None:
        [said] = [each for each in self.said if each.id == id]
        if said.seq not in (None, seq):
            self.world.wrong(f"{id} was acknowledged as {said.seq} and as {seq}")
        if said.seq is None:
            self.world.note(self.name, f"hears that {id} is accepted as {seq}")
        said.seq = seq

    def _post_all(self) -> None:
        self._again = None
        for each in self.pending():
            self._post(each)

    def _post(self, said: Said) -> None:
        if self._link is not None and not self._link.is_cut:
            self._link.say({"type": "message", "id": said.id, "text": said.text})
