"""A process that dies while a seat's answer goes out by text, or is told to a browser: nothing lost, no text twice."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daoxue.app import App, compose
from daoxue.config import Config
from desk.vapid import new_key, vapid_of
from integrations.gateway_settings import GatewaySettings, TemplateSettings
from players.gateway import TextGateway
from players.push_service import PushService
from store import conversations, pushes
from store.pushes import PushKeys
from tests.conftest import free_port
from tests.desk_client import Desk
from tests.official import behind
from tests.service import Service
from tests.talk import Resident

PHONE = "13812345678"
SEAT = "坐席回复：{words}"


async def survive(service: Service, step: str, done: Callable[[], bool]) -> None:
    """Starts it to die at the step, and again; until it is done."""
    with contextlib.suppress(AssertionError):  # it may be dead before it is there
        await asyncio.to_thread(service.start, step)
    assert await asyncio.to_thread(service.wait_for_death) == -9
    service.ahead += 40  # the lease of what it had in hand is over
    await asyncio.to_thread(service.start)
    for _ in range(200):
        if done():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("not done")


def own(config: Config, *channels: GatewaySettings) -> tuple[Config, Service]:
    closed = replace(config.desk, hours=(), always_open=False, recall_seconds=0, webhooks_inside=True)
    service = Service(replace(config, channels=config.channels.having(*channels)))
    service.config = replace(service.config, desk=closed)
    return service.config, service


async def answered(app: App, *said: str) -> Resident:
    """Somebody who has said this, and whom a seat has answered."""
    resident = Resident(app)
    for each in said:
        await resident.say(each)
    seat = await Desk(app).person("seat")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"text": "已经补上", "id": "a"})
    return resident


async def test_a_text_leaves_once(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway, port = TextGateway({"SEAT": SEAT, "LOOK": "有答复了"}), free_port()
    monkeypatch.setenv("GATEWAY_KEY", gateway.key)
    monkeypatch.setenv("GATEWAY_SECRET", gateway.secret)
    templates = (TemplateSettings("SEAT", SEAT), TemplateSettings("LOOK", "有答复了"))
    config, service = own(config, GatewaySettings(True, f"http://127.0.0.1:{port}", gateway.sign, templates))
    app = await compose(config)
    resident = await answered(app, "转人工", f"发短信到{PHONE}")
    try:
        async with behind(gateway.app(), port):
            await survive(service, "sending", lambda: bool(gateway.arrived))
        assert [each.text for each in gateway.arrived] == ["【示范社区学院】坐席回复：已经补上"]
        talk = await app.database.read(lambda t: conversations.find(t, "webchat", resident.address))
        assert talk is not None
        said = await app.database.read(lambda t: conversations.messages(t, talk.id, 1, talk.seq))
        assert sum(each.author == "seat" for each in said) == 1
    finally:
        service.kill()
        app.database.close()


async def test_a_browser_is_told_though_the_process_died_after_telling_it(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    monkeypatch.setenv("VAPID_PRIVATE_KEY", key)
    monkeypatch.setenv("VAPID_SUBJECT", "mailto:desk@daoxue.test")
    port = free_port()
    push = PushService(f"http://127.0.0.1:{port}")
    vapid = vapid_of({"VAPID_PRIVATE_KEY": key, "VAPID_SUBJECT": "mailto:desk@daoxue.test"})
    endpoint, browser = push.subscribe(vapid.public)
    config, service = own(config)
    app = await compose(config)
    resident = Resident(app)
    await resident.say("转人工")
    keys = PushKeys(browser.keys["p256dh"], browser.keys["auth"])
    await app.database.write(lambda t: pushes.keep(t, 1, endpoint, keys, int(time.time() * 1000)))
    seat = await Desk(app).person("seat")
    ref = (await seat.get("/tickets?state=waiting"))["tickets"][0]["ref"]
    await seat.post(f"/tickets/{ref}/take")
    await seat.post(f"/tickets/{ref}/messages", {"text": "已经补上", "id": "a"})
    service.ahead = 10
    push.clock = lambda: time.time() + service.ahead
    try:
        async with behind(push.app(), port):
            await survive(service, "pushed", lambda: push.calls == 2)
        assert browser.shown == ["有新回复", "有新回复"]  # under one tag: one notification on the screen
    finally:
        service.kill()
        app.database.close()
