"""The path of a message (docs/path-of-a-message.md), followed through a real turn."""

import json
import sys
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from bot.inbox import Receipt
from bot.messages import Inbound
from bot.turn import Turn
from daoxue.app import App
from store.conversations import TurnRow
from tests.test_layers import ROOT, modules

MOST = 14
MESSAGE = (Inbound, Turn, TurnRow, Receipt)  # what a message is on its way
ONE = ("bot/rules/", "handlers/")  # the ladder is one place, whatever its rungs are; so is the handler with its words


@contextmanager
def followed(places: list[str]) -> Iterator[None]:
    """Notes each module of ours that is handed the message, in the order in which it is."""
    ours = {str(path): path.relative_to(ROOT).as_posix() for _, path in modules()}

    def look(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or (name := ours.get(code.co_filename)) is None:
            return
        given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if any(isinstance(frame.f_locals.get(each), MESSAGE) for each in given):
            place = next((one for one in ONE if name.startswith(one)), name)
            if place not in places:
                places.append(place)

    sys.setprofile(look)
    threading.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


async def post(app: App, id: str, text: str) -> None:
    body = json.dumps({"id": id, "text": text, "visitor": "v" * 32}).encode()
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event: MutableMapping[str, Any]) -> None:
        sent.append(event)

    scope = {"type": "http", "method": "POST", "headers": [], "client": ("127.0.0.1", 1)}
    await app.channels["webchat"].posts["/channels/webchat"](scope, receive, send)
    assert sent[0]["status"] == 200


async def test_a_web_message_passes_few_places(app: App) -> None:
    await post(app, "1", "你好")
    places: list[str] = []
    with followed(places):
        await post(app, "2", "你们周末开门吗")
    assert places[:2] == ["integrations/webchat/visitors.py", "bot/inbox.py"]
    assert {"bot/dialogue.py", "bot/rules/", "bot/running.py", "handlers/", "store/conversations.py"} <= set(places)
    assert len(places) <= MOST, places
    page = (ROOT / "docs/path-of-a-message.md").read_text(encoding="utf-8")
    assert [each for each in places if Path(each).name not in page and each not in page] == []
