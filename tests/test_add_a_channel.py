"""The channel of docs/add-a-channel.md, built from that page, and talked through."""

import importlib.util
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from accounts.limits import TooManyError
from bot.admission import BusyError, OverloadError
from bot.channel import Channel
from daoxue import check
from daoxue.app import App, compose
from daoxue.chat import Talk
from daoxue.config import Config, read
from daoxue.serve import application
from integrations.channels import CHANNELS
from tests.desk_client import Desk

PAGE = (Path(__file__).parent.parent / "docs/add-a-channel.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Channel]:
    """The row, from a module that is the page's code."""
    path = tmp_path / "kiosk.py"
    path.write_text(block("python"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("kiosk_of_the_page", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    row = module.KIOSK
    assert isinstance(row, Channel)
    yield row
    del sys.modules[spec.name]


@pytest.fixture
async def app(config: Config, kiosk: Channel, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    monkeypatch.setenv("KIOSK_KEY", "k1")
    on = kiosk.stanzas[0].settings(enabled=True)
    composed = await compose(
        replace(config, channels=config.channels.having(on)), channels={**CHANNELS, kiosk.name: kiosk}
    )
    yield composed
    composed.database.close()


async def ask(app: App, method: str, key: str = "k1", **more: object) -> httpx.Response:
    transport = httpx.ASGITransport(application(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://house.test", headers={"key": key}) as terminal:
        return await terminal.request(method, "/channels/kiosk", **more)  # type: ignore[arg-type]


def typed(id: str, text: str) -> dict[str, str]:
    return {"id": id, "visitor": "v1", "text": text}


def test_its_settings_are_those_of_the_page(kiosk: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, channels = tmp_path / "config.yml", {**CHANNELS, kiosk.name: kiosk}
    file.write_text(block("yaml").replace("false", "true"), encoding="utf-8")
    config = read(file, {}, channels)
    assert kiosk.is_on(config.channels)
    monkeypatch.delenv("KIOSK_KEY", raising=False)
    assert any("KIOSK_KEY" in each for each in check.problems(config, channels))


async def test_a_resident_talks_through_it_and_a_seat_answers(app: App) -> None:
    assert (await ask(app, "POST", key="x", json=typed("1", "积分会过期吗"))).status_code == 403
    assert (await ask(app, "POST", content=b"{")).status_code == 400
    assert (await ask(app, "POST", content=b"x" * 20_000)).status_code == 413
    answer = (await ask(app, "POST", json=typed("1", "积分会过期吗"))).json()
    assert answer[0].startswith("会。积分")
    assert (await ask(app, "POST", json=typed("1", "积分会过期吗"))).json() == answer
    await ask(app, "POST", json=typed("2", "转人工"))
    seat = await Desk(app).person()
    [listed] = (await seat.get("/tickets?state=waiting"))["tickets"]
    assert listed["channel"] == "kiosk"
    await seat.post(f"/tickets/{listed['ref']}/take")
    await seat.post(f"/tickets/{listed['ref']}/messages", {"id": "m1", "text": "您好，请到二号窗口"})
    while await app.queue.work():
        pass
    assert "您好，请到二号窗口" in (await ask(app, "GET", params={"visitor": "v1"})).json()


@pytest.mark.parametrize(
    "refused", [BusyError(), TooManyError(1.0), OverloadError()], ids=lambda each: type(each).__name__
)
async def test_what_is_not_accepted_is_not_acknowledged(
    refused: Exception, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive(*_: object) -> None:
        raise refused

    monkeypatch.setattr(app.inbox, "receive", receive)
    assert (await ask(app, "POST", json=typed("1", "积分会过期吗"))).status_code == 503


async def test_the_terminal_and_the_previews_know_it(app: App) -> None:
    receipt = await Talk(app).say("积分会过期吗", "kiosk")
    assert app.desk.channels["kiosk"].render([each.message.reply for each in receipt.answers])[0].startswith("会。积分")
    editor = await Desk(app).person("editor")
    asked = await editor.post("/knowledge/ask", {"text": "积分会过期吗", "channel": "kiosk"})
    assert asked["rendered"][0].startswith("会。积分")
